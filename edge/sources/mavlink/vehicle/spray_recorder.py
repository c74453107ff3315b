"""Spraying of one vehicle: messages that its profile names become rows, with evidence and warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge.sources.mavlink.mapping.row_compiler import Raw
from edge.sources.mavlink.mapping.rows import ROW_KINDS, Columns, RowKind, Stamp, kind_of_values
from edge.sources.mavlink.spray.channels import BATTERY_STATUS, NAMED_VALUES, RPM, SERVO_OUTPUT_RAW, Spray
from edge.sources.mavlink.spray.monitor import SprayMonitor
from edge.sources.mavlink.spray.parameters import Output
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.pending import EventBody
from edge.sources.mavlink.vehicle.handlers import (
    NO_ROW,
    UNNAMED,
    DerivedRow,
    Effect,
    EvidenceUpdate,
    OnValues,
    RowResult,
    Signal,
)
from edge.sources.mavlink.vehicle.state_events import StateEvents

_GLOBAL_POSITION_INT: Final = 33


class SprayRecorder:
    """Reads one vehicle's spraying from the values of its messages."""

    def __init__(self, profile: SprayerSettings, state: StateEvents) -> None:
        self.spray = Spray(profile)
        self._monitor = SprayMonitor(profile)
        self._profile = profile
        self._state = state
        self._outputs: Sequence[Output] = ()
        self._outputs_row = RowResult(NO_ROW)
        self._outputs_count = 0
        self._kinds: dict[str, RowKind] = {}

    def handlers(self) -> dict[int, OnValues]:
        """Return the handler of each message that a profile may name."""
        handlers: dict[int, OnValues] = dict.fromkeys((BATTERY_STATUS, RPM, *NAMED_VALUES), self.read)
        handlers[SERVO_OUTPUT_RAW] = self._read_outputs
        if self._profile.fields:
            handlers[_GLOBAL_POSITION_INT] = self._read_place
        return handlers

    def restart(self) -> None:
        """Forget the session before: another machine may be under the vehicle."""
        self.spray, self._monitor = Spray(self._profile), SprayMonitor(self._profile)

    def note_mission(self, plan: Mapping[int, tuple[int, float]], seq: int) -> list[Effect]:
        """Return the effects of another current mission item."""
        rows = self.spray.note_mission(plan, seq)
        return [
            EvidenceUpdate(self.spray.evidence),
            *(DerivedRow(self._kind(series), values) for series, values in rows),
        ]

    def read(self, message_id: int, values: Raw, boot_ms: int) -> RowResult | None:
        """Return what a BATTERY_STATUS, RPM or NAMED_VALUE is besides, or instead of, a row of its own.

        Its rows may advance the time since boot, so conditions are checked after them.
        """
        is_row, rows = self.spray.read(message_id, values, boot_ms)
        kind = None if is_row else NO_ROW
        if not rows:
            return None if is_row else RowResult(NO_ROW)
        own = ROW_KINDS.get(message_id, UNNAMED)
        derived = (DerivedRow(self._kind(series, own.stamp), row, values[own.stamp_at]) for series, row in rows)
        return RowResult(kind, (EvidenceUpdate(self.spray.evidence), *derived, Signal.CHECK_SPRAY))

    def check(self, boot_ms: int) -> list[EventBody]:
        """Return the warnings that begin or end at a time since boot."""
        return self._monitor.check(self.spray, self._state.mode, boot_ms)

    def _read_place(self, _: int, values: Raw, boot_ms: int) -> None:
        if values[1] or values[2]:
            self._monitor.note_place(values[1] / 1e7, values[2] / 1e7, boot_ms)

    def _read_outputs(self, _: int, values: Raw, boot_ms: int) -> RowResult | None:
        """Add the channels of pump and spinner to the row of all outputs."""
        spray, was_on = self.spray, self.spray.pump_on
        outputs = spray.read_outputs(values)
        if not outputs:
            return None
        self._outputs_count += 1
        events: Sequence[EventBody] = ()
        if spray.pump_on is not was_on or not self._outputs_count & 1:  # flow and place are checked in between
            events = self._monitor.check(spray, self._state.mode, boot_ms)
        if outputs is not self._outputs:
            self._outputs = outputs
            kind = ROW_KINDS[SERVO_OUTPUT_RAW].variant(values[9]).with_more(_columns_of(outputs))
            self._outputs_row = RowResult(kind)
            return RowResult(kind, (EvidenceUpdate(spray.evidence), *events))
        return RowResult(self._outputs_row.kind, events) if events else self._outputs_row

    def _kind(self, series: str, stamp: int = Stamp.NONE) -> RowKind:
        """Return the kind of a series' rows: the same object each time, so that they are gathered."""
        return self._kinds.get(series) or self._kinds.setdefault(series, kind_of_values(series, stamp))


def _columns_of(outputs: Sequence[Output]) -> Callable[[Sequence[Raw]], Columns]:
    """Return the function from the values of many SERVO_OUTPUT_RAW to the channels of pump and spinner."""

    def columns(raws: Sequence[Raw]) -> Columns:
        columns_by_channel: dict[str, Sequence[float | None]] = {}
        for output in outputs:
            columns_by_channel.update(output.columns([raw[output.place] for raw in raws]))
        return columns_by_channel

    return columns
