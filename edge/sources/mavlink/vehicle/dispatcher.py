"""Where each message of one vehicle goes: to its state, to its clock, to its spray profile, or to rows."""

from __future__ import annotations

from collections import Counter
from typing import Final

from edge.sources.mavlink.mapping.field_table import FIX_3D
from edge.sources.mavlink.mapping.row_compiler import Raw
from edge.sources.mavlink.mapping.rows import SYSTEM_BATTERY_KIND, RowKind
from edge.sources.mavlink.output.output import DeviceOutput
from edge.sources.mavlink.protocol.messages import LAYOUTS, CommandAck, MissionCurrent, ParamValue, SystemTime
from edge.sources.mavlink.spray.channels import NAMED_VALUES
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.timestamper import Timeline
from edge.sources.mavlink.vehicle.handlers import NO_ROW, MessageHandler, Note, Tap, make_lanes
from edge.sources.mavlink.vehicle.spray_recorder import SprayRecorder
from edge.sources.mavlink.vehicle.state_events import StateEvents

_HEARTBEAT: Final = 0
_SYSTEM_TIME: Final = 2
_SYS_STATUS: Final = 1
_GPS_RAW_INT: Final = 24
_GLOBAL_POSITION_INT: Final = 33
_BATTERY_STATUS: Final = 147
_AUTOPILOT_VERSION: Final = 148
_HIGH_LATENCY2: Final = 235
#: Where BATTERY_STATUS has its id and GPS_RAW_INT its fix among their flat values.
_BATTERY_ID_AT: Final = 14
_FIX_AT: Final = 8


class MessageDispatcher:
    """Knows the way of every message; `note_version` takes AUTOPILOT_VERSION."""

    def __init__(
        self,
        timeline: Timeline,
        outlet: DeviceOutput,
        chronicle: StateEvents,
        sprayer: SprayerSettings | None,
        counts: Counter[str],
        note_version: Note,
    ) -> None:
        #: How often each message id was heard in this session: what the link still has to ask for.
        self.heard = dict.fromkeys(LAYOUTS, 0)
        #: Command -> result, as the vehicle acknowledged them in this session.
        self.acks: dict[int, int] = {}
        self._timeline = timeline
        self._chronicle = chronicle
        self._counts = counts
        self._flight_battery = False
        self._recorder: SprayRecorder | None = None
        if sprayer is not None:
            self._recorder = SprayRecorder(sprayer, timeline, outlet, chronicle, counts, self._tap_battery)
        self.lanes = self._make_lanes(note_version)
        #: Without the one message that can tell of another autopilot.
        self.plain_lanes = {number: lane for number, lane in self.lanes.items() if number != _AUTOPILOT_VERSION}

    @property
    def missing_parameters(self) -> list[str]:
        """What the profile would still know of the vehicle's parameters."""
        return [] if self._recorder is None else self._recorder.spray.outputs.missing()

    def restart(self) -> None:
        """Begin a session: what was known of the old one may not be true of the new one."""
        self.heard.update(dict.fromkeys(LAYOUTS, 0))
        self.acks.clear()
        if self._recorder is not None:
            self._recorder.restart()

    def _make_lanes(self, note_version: Note) -> dict[int, MessageHandler]:
        """Return how each message is taken: some say something of the vehicle's state, some are looked at as rows."""
        chronicle = self._chronicle
        notes: dict[int, Note] = {
            _HEARTBEAT: chronicle.note_heartbeat,
            _SYSTEM_TIME: self._note_time,
            22: self._note_parameter,
            42: self._note_mission,
            46: chronicle.note_reached,
            73: chronicle.note_item,
            77: self._note_ack,
            _AUTOPILOT_VERSION: note_version,
            242: chronicle.note_home,
            245: chronicle.note_landed,
            253: chronicle.note_text,
        }
        taps: dict[int, Tap] = {
            _SYS_STATUS: self._tap_status,
            _GPS_RAW_INT: self._tap_gps,
            _BATTERY_STATUS: self._tap_battery,
            _HIGH_LATENCY2: self._tap_high_latency,
            **dict.fromkeys(NAMED_VALUES, self._tap_unnamed),
        }
        if self._recorder is not None:
            taps.update(self._recorder.taps())
        return make_lanes(notes, taps)

    def _note_time(self, message: SystemTime, now_ms: int) -> None:
        self._timeline.take_time(message.time_unix_usec, message.time_boot_ms, now_ms)

    def _note_ack(self, message: CommandAck, _: int) -> None:
        self.acks[message.command] = message.result

    def _note_mission(self, message: MissionCurrent, now_ms: int) -> None:
        before = self._chronicle.mission_seq
        self._chronicle.note_mission(message, now_ms)
        if self._recorder is not None and self._chronicle.mission_seq != before:
            self._recorder.note_mission(message.seq, now_ms)

    def _note_parameter(self, message: ParamValue, _: int) -> None:
        if self._recorder is not None:
            self._recorder.spray.note_parameter(message.param_id.decode("ascii", "replace"), message.param_value)

    def _tap_gps(self, _: int, values: Raw, _now_ms: int) -> None:
        if values[_FIX_AT] >= FIX_3D:
            self._timeline.note_fix()

    def _tap_battery(self, _: int, values: Raw, _now_ms: int) -> None:
        if values[_BATTERY_ID_AT] == 0:
            self._flight_battery = True

    def _tap_status(self, _: int, values: Raw, now_ms: int) -> None:
        """SYS_STATUS also tells of the flight pack, less well than BATTERY_STATUS does."""
        if not self._flight_battery:
            self._timeline.take_ambient(SYSTEM_BATTERY_KIND, values, now_ms)

    def _tap_high_latency(self, _: int, _values: Raw, _now_ms: int) -> RowKind | None:
        return NO_ROW if self.heard[_GLOBAL_POSITION_INT] else None  # else it is the same track, said less well

    def _tap_unnamed(self, _: int, _values: Raw, _now_ms: int) -> RowKind:
        """Only a profile can say what a named value is."""
        self._counts["unnamed_value"] += 1
        return NO_ROW
