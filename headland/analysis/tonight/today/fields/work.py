"""Work on fields: the newest pass of each and its state, and the strips that the newest finished one missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from headland.agronomy.prescription.weather_window import Kind
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import FieldPass, list_passes_of_fields
from headland.analysis.passes.pass_state import PassState, PassStates
from headland.analysis.passes.plan import PlanRequest
from headland.analysis.passes.verdict.strips import MissedStrips, find_missed_strips
from headland.registry.models.models import Field
from headland.units_of_time import DAY_MS, MINUTE_MS

#: Passes that are looked through.
_BACK_MS: Final = 7 * DAY_MS
#: They are looked for again after so long.
_FRESH_MS: Final = MINUTE_MS


@dataclass(frozen=True, slots=True)
class FieldWork:
    """The newest pass of a field, its state and its vehicle, and what the newest finished one missed."""

    pass_id: str
    device: str
    state: PassState
    start_ms: int
    end_ms: int
    kind: Kind
    missed: MissedStrips | None = None


def read_work(scope: OrgScope, fields: Sequence[Field]) -> Mapping[str, FieldWork]:
    """Return the newest work of each field that any was done on in the last week."""
    family = ("today-work", scope.organisation, scope.person)
    key = (*family, tuple((field.id, field.version) for field in fields), scope.now_ms // _FRESH_MS)
    return scope.cache.get(key, lambda: _read(scope, fields), family)


def _read(scope: OrgScope, fields: Sequence[Field]) -> Mapping[str, FieldWork]:
    states, found = PassStates(scope), {}
    window = Window(scope.now_ms - _BACK_MS, scope.now_ms + 1)
    for field, passes in list_passes_of_fields(scope, fields, window):
        if passes:
            found[field.id] = _newest(scope, passes, states)
    return found


def _newest(scope: OrgScope, passes: Sequence[FieldPass], states: PassStates) -> FieldWork:
    last = passes[-1]
    state = states.of(last)
    missed = _missed(scope, last, passes) if state == "finished" else None
    kind: Kind = "granular" if last.unit == "kg" else "liquid"
    return FieldWork(last.id, _name_of(last), state, last.start_ms, last.end_ms, kind, missed)


def _name_of(field_pass: FieldPass) -> str:
    """Return the name of a pass's vehicle for people, its id where it has none."""
    ref = field_pass.telemetry
    return field_pass.device if ref is None else ref.record.descriptor.name or field_pass.device


def _missed(scope: OrgScope, last: FieldPass, passes: Sequence[FieldPass]) -> MissedStrips | None:
    """Return what a finished pass left untreated, by what its remaining mission would fly; None for nothing known."""
    family = ("today-missed", scope.organisation, last.id)
    key = (*family, tuple(each.key for each in passes))
    return scope.cache.get(key, lambda: _find(scope, last), family)


def _find(scope: OrgScope, last: FieldPass) -> MissedStrips | None:
    missed = find_missed_strips(scope, last, PlanRequest())
    return missed if missed is not None and missed.strips else None
