"""Answers of the routes of the ledger that have no record of their own in the library."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.weather.spray_window import MeasuredHour
from headland.registry.repositories.ledger.entries import LedgerEntry


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """A table by columns of `rows` values; null for unknown values."""

    rows: Annotated[int, Meta(ge=0, extra_json_schema={"example": 1}), "Number of rows."]
    columns: Annotated[dict[str, list[str | float | bool | None]], "Values of the rows by name of the column."]


class WeatherBody(msgspec.Struct, frozen=True, kw_only=True):
    """The hours of a window, measured by the site's own devices; no forecast."""

    field: str
    kind: Annotated[str, "What is to be applied."]
    devices: list[str]
    altitude_m: Annotated[
        float | None,
        "Of the site, or a device there: Delta-T is at its pressure. Null: not known, sea level.",
    ] = None
    left_out: Annotated[list[DeviceFinding], "Findings about faulty sensors, and what was left out for them."]
    hours: Annotated[list[MeasuredHour], "Hours by time."]


class EntryList(msgspec.Struct, frozen=True, kw_only=True):
    """Entries in order of writing; `next` is the cursor of the next page, null on the last."""

    items: list[LedgerEntry]
    next: str | None


class LedgerCheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """Verification of the ledger: `broken_at` is the first altered entry. Store `hash` elsewhere."""

    entries: Annotated[int, "Number of entries."]
    whole: Annotated[bool, "Whether no entry was altered or removed."]
    broken_at: int | None
    hash: str
