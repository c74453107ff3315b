"""Where a vehicle's messages meet its profile: rows of spraying, how they came about, and what should not be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from edge.sources.mavlink.mapping.row_compiler import Raw
from edge.sources.mavlink.mapping.rows import ROW_KINDS, Columns, RowKind, Stamp, kind_of_values
from edge.sources.mavlink.output.output import DeviceOutput
from edge.sources.mavlink.spray.channels import BATTERY_STATUS, NAMED_VALUES, RPM, SERVO_OUTPUT_RAW, Rows, Spray
from edge.sources.mavlink.spray.monitor import SprayWatch
from edge.sources.mavlink.spray.parameters import Output
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.timestamper import Timeline
from edge.sources.mavlink.vehicle.handlers import NAMELESS, NO_ROW, Tap
from edge.sources.mavlink.vehicle.state_events import StateEvents

_GLOBAL_POSITION_INT: Final = 33


class SprayRecorder:
    """One vehicle's spraying, from values of messages to rows and events in its timeline."""

    def __init__(
        self,
        profile: SprayerSettings,
        timeline: Timeline,
        outlet: DeviceOutput,
        chronicle: StateEvents,
        counts: Counter[str],
        note_battery: Tap,
    ) -> None:
        self.spray = Spray(profile)
        self._watch = SprayWatch(profile)
        self._profile = profile
        self._timeline = timeline
        self._outlet = outlet
        self._chronicle = chronicle
        self._counts = counts
        self._note_battery = note_battery
        self._outputs: Sequence[Output] = ()
        self._outputs_kind = NO_ROW
        self._outputs_heard = 0
        self._kinds: dict[str, RowKind] = {}

    def taps(self) -> dict[int, Tap]:
        """Return who looks at which message."""
        taps: dict[int, Tap] = dict.fromkeys((BATTERY_STATUS, RPM, *NAMED_VALUES), self._tap)
        taps[SERVO_OUTPUT_RAW] = self._tap_outputs
        if self._profile.fields:
            taps[_GLOBAL_POSITION_INT] = self._tap_place
        return taps

    def restart(self) -> None:
        """Forget what was known of the session before: another machine may be under the vehicle."""
        self.spray, self._watch = Spray(self._profile), SprayWatch(self._profile)

    def note_mission(self, seq: int, now_ms: int) -> None:
        """Take that another item of the mission is flown to."""
        rows = self.spray.note_mission(self._chronicle.plan, seq)
        self._outlet.learn_evidence(self.spray.evidence)
        for family, row in rows:
            self._timeline.take_ambient(self._kind(family), row, now_ms)

    def _tap_place(self, _: int, values: Raw, now_ms: int) -> None:
        if values[1] or values[2]:
            self._watch.note_place(values[1] / 1e7, values[2] / 1e7, self._moment_ms(now_ms))

    def _tap_outputs(self, _: int, values: Raw, now_ms: int) -> RowKind | None:
        """What the outputs of pump and spinner say stands in the row of all outputs."""
        spray, was_on = self.spray, self.spray.pump_on
        outputs = spray.read_outputs(values)
        if not outputs:
            return None
        if outputs is not self._outputs:
            self._outlet.learn_evidence(spray.evidence)
            self._outputs = outputs
            self._outputs_kind = ROW_KINDS[SERVO_OUTPUT_RAW].variant(values[9]).with_more(_columns_of(outputs))
        self._outputs_heard += 1
        if spray.pump_on is not was_on or not self._outputs_heard & 1:  # between, flow and place look, too
            self._look(now_ms)
        return self._outputs_kind

    def _tap(self, message_id: int, values: Raw, now_ms: int) -> RowKind | None:
        is_row, rows = self.spray.read(message_id, values, self._moment_ms(now_ms))
        if rows:
            self._take(message_id, rows, values, now_ms)
        elif message_id in NAMED_VALUES:
            self._counts["unnamed_value"] += 1
        if is_row and message_id == BATTERY_STATUS:
            self._note_battery(message_id, values, now_ms)
        return None if is_row else NO_ROW

    def _take(self, message_id: int, rows: Rows, values: Raw, now_ms: int) -> None:
        said = ROW_KINDS.get(message_id, NAMELESS)
        self._outlet.learn_evidence(self.spray.evidence)
        for family, row in rows:
            self._timeline.take_row(self._kind(family, said.stamp), row, values[said.stamp_at], now_ms)
        self._look(now_ms)

    def _kind(self, family: str, stamp: int = Stamp.NONE) -> RowKind:
        """Return the kind of a family's rows: the same each time, so that they are gathered."""
        return self._kinds.get(family) or self._kinds.setdefault(family, kind_of_values(family, stamp))

    def _look(self, now_ms: int) -> None:
        for alarm, data in self._watch.look(self.spray, self._chronicle.mode, self._moment_ms(now_ms)):
            self._timeline.take_event(alarm, data, now_ms)

    def _moment_ms(self, now_ms: int) -> int:
        """Return the vehicle's own clock where it has one: it goes on evenly, whatever the link does."""
        boot_ms = self._timeline.boot_ms
        return now_ms if boot_ms is None else boot_ms


def _columns_of(outputs: Sequence[Output]) -> Callable[[Sequence[Raw]], Columns]:
    """Return what makes the channels of pump and spinner of many SERVO_OUTPUT_RAW."""

    def columns(raws: Sequence[Raw]) -> Columns:
        found: dict[str, Sequence[float | None]] = {}
        for output in outputs:
            found.update(output.columns([raw[output.place] for raw in raws]))
        return found

    return columns
