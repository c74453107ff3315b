"""Recent actions on a greenhouse or field: notes, acknowledged alarms, passes, water given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np

from headland.agronomy.series.qartod import NOT_EVALUATED
from headland.analysis.inputs.origin import of_one_origin
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.subjects import OutlookSubject
from headland.registry.models.alarms import Alarm
from headland.registry.models.models import GrowerNote, Pass
from headland.store.port import SeriesFilter
from headland.units_of_time import DAY_MS, HOUR_MS

_WATER: Final = "irrigation_volume_total_l"

#: What was done counts for so long; a pass for a week.
LATELY_MS: Final = DAY_MS
PASSES_MS: Final = 7 * DAY_MS
#: The newest of them that a card has.
MOST_DONE: Final = 5


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done: `text` is a note's, an alarm's rule or a pass's id, `value` litres of water."""

    kind: Annotated[Literal["note", "acknowledgement", "pass", "irrigation"], "What was done."]
    time_ms: Annotated[int, "Time, epoch milliseconds UTC."]
    text: Annotated[str, "Text of a note, rule of an alarm, or id of a pass."] = ""
    by: Annotated[str, "Who did it."] = ""
    value: Annotated[float | None, "Litres of water."] = None


def collect_done(
    now_ms: int,
    notes: Iterable[GrowerNote] = (),
    alarms: Iterable[Alarm] = (),
    passes: Iterable[Pass] = (),
    irrigation_l: float | None = None,
) -> Sequence[Done]:
    """Return what was done before `now_ms`, the newest first."""
    since_ms = now_ms - LATELY_MS
    done = [Done("note", note.time_ms, note.text, note.author) for note in notes if since_ms <= note.time_ms <= now_ms]
    done += [
        Done("acknowledgement", alarm.acknowledged_ms, alarm.rule, alarm.acknowledged_by or "")
        for alarm in alarms
        if alarm.acknowledged_ms is not None and since_ms <= alarm.acknowledged_ms <= now_ms
    ]
    done += [Done("pass", one.start_ms, one.id) for one in passes if now_ms - PASSES_MS <= one.start_ms <= now_ms]
    if irrigation_l:
        done.append(Done("irrigation", now_ms, value=irrigation_l))
    return sorted(done, key=lambda one: one.time_ms, reverse=True)[:MOST_DONE]


def water_given(scope: OrgScope, subject: OutlookSubject) -> float | None:
    """Return the water of the last 24 h by the meters of a greenhouse [L], None without one."""
    litres = None
    for device in subject.devices:
        if _WATER not in device.descriptor.channels:
            continue
        which = SeriesFilter(scope.organisation, device.descriptor.device, frozenset((_WATER,)))
        start_ms = scope.now_ms - LATELY_MS
        for buckets in of_one_origin(scope.store.buckets(which, start_ms, scope.now_ms, HOUR_MS, NOT_EVALUATED)):
            # A meter that was reset counts from its new beginning.
            given = float(np.maximum(np.diff(buckets.last), 0.0).sum())
            litres = (litres or 0.0) + given
    return litres
