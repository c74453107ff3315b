"""A record's columns are what its fields say."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
import sqlalchemy as sa

from headland.registry.db.table_forms import METADATA, optional, record_table
from headland.registry.models.models import VersionedRecord


class Shade(StrEnum):
    RED = "red"


class Flag(VersionedRecord, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(max_length=9), "A name."]
    shade: Shade
    side: Literal["left", "right"]
    raised: bool
    height_m: Annotated[float, msgspec.Meta(ge=0)] | None
    sewn: Annotated[date | None, "The day."]
    stripes: Annotated[int, msgspec.Meta(ge=1, le=20)]
    grams: int
    poles: tuple[str, ...]
    price: int | str


def test_a_column_has_the_kind_and_nulls_of_its_field_unless_another_is_named() -> None:
    table = record_table("flags_of_a_test", Flag, optional("grams", sa.Integer))
    METADATA.remove(table)
    assert {column.name: (str(column.type), column.nullable) for column in list(table.columns)[6:]} == {
        "name": ("TEXT", False),
        "shade": ("TEXT", False),
        "side": ("TEXT", False),
        "raised": ("BOOLEAN", False),
        "height_m": ("DOUBLE", True),
        "sewn": ("DATE", True),
        "stripes": ("INTEGER", False),
        "grams": ("INTEGER", True),
        "poles": ("JSON", False),
        "price": ("JSON", False),
    }
