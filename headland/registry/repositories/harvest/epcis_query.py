"""Queries of EPCIS events: conditions on the tables of events, terms and figures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from headland.registry.db.tables.proof_tables import epcis_events, epcis_figures, epcis_terms

Comparison = Literal["EQ", "GT", "GE", "LT", "LE"]


class TermCondition(msgspec.Struct, frozen=True, kw_only=True):
    """An event has one of the terms with one of the values; without values, any term of that name."""

    names: tuple[str, ...]
    values: tuple[str, ...] = ()


class FigureCondition(msgspec.Struct, frozen=True, kw_only=True):
    """An event has a figure that compares like this with `value`."""

    name: str
    comparison: Comparison
    value: float


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a query asks for: all conditions hold. Times are half-open [from, until)."""

    terms: tuple[TermCondition, ...] = ()
    figures: tuple[FigureCondition, ...] = ()
    event_from_ms: int | None = None
    event_until_ms: int | None = None
    record_from_ms: int | None = None
    record_until_ms: int | None = None
    order_by: Literal["", "eventTime", "recordTime"] = ""
    ascends: bool = True
    most: Annotated[int, Meta(ge=1)] | None = None


def conditions_of(asked: EventQuery, organisation: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on an event's row."""
    table = epcis_events.c
    found: list[sa.ColumnElement[bool]] = []
    for column, start_ms, end_ms in (
        (table.event_ms, asked.event_from_ms, asked.event_until_ms),
        (table.record_ms, asked.record_from_ms, asked.record_until_ms),
    ):
        if start_ms is not None:
            found.append(column >= start_ms)
        if end_ms is not None:
            found.append(column < end_ms)
    for term in asked.terms:
        named = [epcis_terms.c.organisation == organisation, epcis_terms.c.name.in_(term.names)]
        if term.values:
            named.append(epcis_terms.c.value.in_(term.values))
        found.append(table.seq.in_(sa.select(epcis_terms.c.seq).where(*named)))
    for figure in asked.figures:
        value = epcis_figures.c.value
        compared = {
            "EQ": value == figure.value,
            "GT": value > figure.value,
            "GE": value >= figure.value,
            "LT": value < figure.value,
            "LE": value <= figure.value,
        }[figure.comparison]
        of_name = [epcis_figures.c.organisation == organisation, epcis_figures.c.name == figure.name, compared]
        found.append(table.seq.in_(sa.select(epcis_figures.c.seq).where(*of_name)))
    return found


def order_of(asked: EventQuery) -> tuple[sa.Column[Any], bool]:
    """Return the column by which the events are ordered, and whether upwards; without one the order of capture."""
    column = {"": epcis_events.c.seq, "eventTime": epcis_events.c.event_ms, "recordTime": epcis_events.c.record_ms}
    return column[asked.order_by], asked.ascends
