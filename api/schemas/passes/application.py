"""Answer on an amount applied."""

from __future__ import annotations

from typing import Annotated

import msgspec

from headland.agronomy.application.product_answers import Application, Spreading
from headland.analysis.inputs.answers import SourcedAnswer, answer_of
from headland.store.port import DeviceRecord


class ApplicationAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """Amount that a sprayer or spreader applied over a window: metered litres or kilograms, or null."""

    device: str
    simulated: bool
    swath_m: Annotated[float, "Width of a swath that the areas rest on [m]."]
    swath_basis: Annotated[str, "given, pass (its implement's), implement (mounted), last_used, only, or assumed."]
    product_applied_l: Annotated[SourcedAnswer | None, "Of a sprayer."]
    product_applied_kg: Annotated[SourcedAnswer | None, "For a granule spreader."]
    area_treated_m2: Annotated[SourcedAnswer, "Area worked: the union of the swaths, beside fields too."]
    area_treated_ha: Annotated[SourcedAnswer, "The same in hectares."]
    overlap_m2: Annotated[SourcedAnswer, "Ground that swaths covered again, beside fields too."]
    mean_rate_l_ha: Annotated[SourcedAnswer | None, "Of a sprayer."]
    mean_rate_kg_ha: Annotated[SourcedAnswer | None, "For a granule spreader."]


def application_of(
    record: DeviceRecord, swath_m: float, swath_basis: str, application: Application | Spreading
) -> ApplicationAnswers:
    """Return what a sprayer applied, in litres, or a spreader, in kilograms."""
    simulated, given = record.descriptor.simulated, application.__slots__
    amounts = ("product_applied_l", "product_applied_kg", "mean_rate_l_ha", "mean_rate_kg_ha")
    return ApplicationAnswers(
        device=record.descriptor.device,
        simulated=simulated,
        swath_m=swath_m,
        swath_basis=swath_basis,
        **{name: None for name in amounts if name not in given},  # type: ignore[arg-type]
        **{name: answer_of(getattr(application, name), simulated) for name in given},
    )
