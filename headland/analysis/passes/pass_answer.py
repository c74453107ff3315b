"""Passes as the API lists them: who flew when, with what, and in which state."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from headland.agronomy.application.pass_detection import Segment
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.pass_state import PassState
from headland.analysis.passes.reported_width import ReportedWidths
from headland.analysis.passes.vehicle_visits import ImplementBasis


class PassItem(msgspec.Struct, frozen=True, kw_only=True):
    """A pass of a field, declared or detected in telemetry; `id` depends on its start."""

    id: str
    field: str
    device: str
    start_ms: int
    end_ms: int
    declared: Annotated[bool, "Whether somebody declared it; else it was found in telemetry."]
    state: Annotated[
        PassState,
        "flying: the vehicle is heard, has not landed and may go on: nothing is skipped or settled yet. "
        "interrupted: the link was lost at work, or the mission was left before its last item.",
    ]
    simulated: bool
    implement: str | None
    implement_basis: Annotated[
        ImplementBasis | None,
        "Where the implement is known from: declared with the pass, mounted on the vehicle, last_used (of the "
        "vehicle's last declared pass), only (the farm's only one that suits it); null without one.",
    ]
    product: Annotated[str | None, "Id of the product; null where none is declared."]
    season: str | None
    prescription: str | None
    planned_rate_ha: float | None
    note: str
    evidence: Annotated[str | None, "The weakest class among its work; null where nothing was heard of it."]
    work_s: float
    work_m: float


class ListedPass(PassItem, frozen=True, kw_only=True):
    """A pass in a list, with the width at which the machine itself said that it worked."""

    reported_width_m: Annotated[
        float | None,
        "A `swath_m` for a pass without an implement; null where the machine reports none.",
    ]


class PassDetail(PassItem, frozen=True, kw_only=True):
    """A pass with its segments, including the flights to and from the field."""

    segments: Annotated[tuple[Segment, ...], "Segments by time."]


def pass_of(field_pass: FieldPass, state: PassState) -> PassItem:
    """Return a pass without its segments."""
    return PassItem(**_fields_of(field_pass, state))


def listed_pass_of(field_pass: FieldPass, state: PassState, widths: ReportedWidths) -> ListedPass:
    """Return a pass as an item of a list, with the width that the machine reported."""
    return ListedPass(**_fields_of(field_pass, state), reported_width_m=widths.of(field_pass))


def pass_detail_of(field_pass: FieldPass, state: PassState) -> PassDetail:
    """Return a pass with its segments."""
    return PassDetail(**_fields_of(field_pass, state), segments=_segments_of(field_pass))


def _segments_of(field_pass: FieldPass) -> tuple[Segment, ...]:
    return () if field_pass.detected is None else field_pass.detected.segments


def _fields_of(field_pass: FieldPass, state: PassState) -> dict[str, Any]:
    declared = field_pass.declared
    work = [segment for segment in _segments_of(field_pass) if segment.kind in {"work", "off_field"}]
    told = ("product", "season", "prescription", "planned_rate_ha")
    return {
        **{name: getattr(field_pass, name) for name in ("id", "device", "start_ms", "end_ms", "simulated")},
        **{name: getattr(declared, name, None) for name in told},
        "field": field_pass.field.id,
        "declared": declared is not None,
        "state": state,
        "implement": None if field_pass.implement is None else field_pass.implement.id,
        "implement_basis": field_pass.implement_basis,
        "note": "" if declared is None else declared.note,
        "evidence": None if field_pass.detected is None else field_pass.detected.evidence,
        "work_s": sum(segment.end_ms - segment.start_ms for segment in work) / 1000.0,
        "work_m": sum(segment.length_m for segment in work),
    }
