"""Catalogue of common fertilizers, each with the source of its figures."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated

import msgspec
from msgspec import Meta

from headland.registry.models.errors import NotFound
from headland.registry.models.models import Percent, Product, ProductKind, Text


class CatalogProduct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fertilizer with the fields of `Product`, and the source of its figures."""

    name: Text
    kind: Annotated[ProductKind, "Form of the product."]
    n_pct: Percent
    p2o5_pct: Percent = 0.0
    k2o_pct: Percent = 0.0
    nitrate_n_pct: Percent | None = None
    ammonium_n_pct: Percent | None = None
    amide_n_pct: Percent | None = None
    s_pct: Percent = 0.0
    density_kg_l: Annotated[float, Meta(ge=0.3, le=3)] | None = None
    source: Annotated[Text, "Source of its figures."]

    def product(self) -> Product:
        """Return it as a product of a farm."""
        values = msgspec.structs.asdict(self)
        del values["source"]
        return Product(**values)


class _Catalog(msgspec.Struct, frozen=True):
    product: tuple[CatalogProduct, ...]


@cache
def list_catalog() -> tuple[CatalogProduct, ...]:
    """Return all fertilizers of the catalog."""
    text = resources.files("headland.registry.models").joinpath("fertilizer_catalog.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Catalog).product


def find_in_catalog(name: str) -> CatalogProduct:
    """Return the fertilizer of a name; raises NotFound."""
    for product in list_catalog():
        if product.name == name:
            return product
    raise NotFound("catalog product", name)
