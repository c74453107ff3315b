"""Route of the catalogue: units, channels and indices with their names in both languages."""

from __future__ import annotations

from functools import cache

from fastapi import Request
from starlette.responses import Response

from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.schemas.model import fill
from api.schemas.station.catalogue import (
    CatalogueAnswer,
    CatalogueChannel,
    CatalogueIndex,
    CatalogueUnit,
    Labels,
)
from headland.contract.catalogue import CATALOGUE, IndexSpec, Quantity, Unit
from headland.contract.indices import LABELS, METHOD_LABELS, decimals_of, unit_of_index
from headland.contract.units import unit_labels

router = Router(prefix="/v1/catalogue", tags=["registry"], responses=declare_problems(503))


@router.get("", response_model=CatalogueAnswer)
def get_catalogue(request: Request) -> Response:
    """Return all units, channels and indices with their names in both languages, for people and for forms.

    It changes with the station's software only: ask again with its ETag.
    """
    return reply(request, _catalogue())


@cache
def _catalogue() -> CatalogueAnswer:
    return CatalogueAnswer(
        units=[_unit(unit) for unit in CATALOGUE.units],
        channels=[_channel(quantity) for quantity in CATALOGUE.quantities],
        indices=[_index(index) for index in CATALOGUE.indices],
    )


def _unit(unit: Unit) -> CatalogueUnit:
    return fill(CatalogueUnit, unit, labels=Labels(**unit_labels(unit)))


def _channel(quantity: Quantity) -> CatalogueChannel:
    return fill(
        CatalogueChannel,
        quantity,
        labels=fill(Labels, quantity),
        decimals=decimals_of(quantity.name, quantity.unit),
    )


def _index(index: IndexSpec) -> CatalogueIndex:
    unit = unit_of_index(index.name)
    return fill(
        CatalogueIndex,
        index,
        unit=unit,
        labels=Labels(**LABELS[index.name]),
        decimals=decimals_of(index.name, unit),
        chart=index.chart or None,
        method=index.method or None,
        method_labels=None if index.method not in METHOD_LABELS else Labels(**METHOD_LABELS[index.method]),
    )
