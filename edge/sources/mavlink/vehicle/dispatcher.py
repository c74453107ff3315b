"""Dispatch of one vehicle's messages: which handler reads each, and what it returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from edge.sources.mavlink.mapping.field_table import FIX_3D
from edge.sources.mavlink.mapping.row_compiler import Raw
from edge.sources.mavlink.mapping.rows import SYSTEM_BATTERY_KIND
from edge.sources.mavlink.protocol.enum_names import HIL_FLAG, is_simulator_parameter
from edge.sources.mavlink.protocol.messages import (
    LAYOUTS,
    SIMULATOR_MESSAGES,
    AutopilotVersion,
    CommandAck,
    Heartbeat,
    Message,
    MissionCurrent,
    ParamValue,
    SystemTime,
)
from edge.sources.mavlink.spray.channels import NAMED_VALUES
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.mavlink.timing.pending import EventBody
from edge.sources.mavlink.vehicle.handlers import (
    HAS_FIX,
    NO_ROW,
    SKIP_ROW,
    DerivedRow,
    Effect,
    MessageHandler,
    OnMessage,
    OnValues,
    RowResult,
    Signal,
    make_handlers,
)
from edge.sources.mavlink.vehicle.spray_recorder import SprayRecorder
from edge.sources.mavlink.vehicle.state_events import PlanMessage, StateReader

_HEARTBEAT: Final = 0
_SYS_STATUS: Final = 1
_SYSTEM_TIME: Final = 2
_PARAM_VALUE: Final = 22
_GPS_RAW_INT: Final = 24
_GLOBAL_POSITION_INT: Final = 33
_MISSION_CURRENT: Final = 42
_MISSION_ITEM: Final = 39
_MISSION_COUNT: Final = 44
_MISSION_ITEM_REACHED: Final = 46
_MISSION_ACK: Final = 47
_MISSION_ITEM_INT: Final = 73
_COMMAND_ACK: Final = 77
_BATTERY_STATUS: Final = 147
_AUTOPILOT_VERSION: Final = 148
_HIGH_LATENCY: Final = 234
_HIGH_LATENCY2: Final = 235
_HOME_POSITION: Final = 242
_EXTENDED_SYS_STATE: Final = 245
_STATUSTEXT: Final = 253
#: Where BATTERY_STATUS has its id and GPS_RAW_INT its fix among their flat values.
_BATTERY_ID_AT: Final = 14
_FIX_AT: Final = 8


class MessageDispatcher:
    """The handlers of one vehicle's messages and the state that they read."""

    def __init__(self, sprayer: SprayerSettings | None) -> None:
        self.counts: Counter[str] = Counter()
        #: How many messages of each id came in this session: what is missing is requested on the link.
        self.received = dict.fromkeys(LAYOUTS, 0)
        #: Command -> result, as the vehicle acknowledged them in this session.
        self.acks: dict[int, int] = {}
        self._state = StateReader()
        self._has_flight_battery = False
        self._recorder = None if sprayer is None else SprayRecorder(sprayer, self._state.events)
        self.handlers = make_handlers(self._message_handlers(), self._values_handlers())
        #: Without the one message that can reveal another autopilot.
        self.plain_handlers: dict[int, MessageHandler] = {
            message_id: handler for message_id, handler in self.handlers.items() if message_id != _AUTOPILOT_VERSION
        }

    @property
    def missing_parameters(self) -> list[str]:
        """The parameters of the vehicle that the profile still needs."""
        return [] if self._recorder is None else self._recorder.spray.outputs.missing()

    @property
    def is_armed(self) -> bool | None:
        """Whether the motors are armed, None before a HEARTBEAT."""
        return self._state.events.armed

    def restart(self) -> None:
        """Begin a session: what was known of the old one may not hold for the new one."""
        self.received.update(dict.fromkeys(LAYOUTS, 0))
        self.acks.clear()
        if self._recorder is not None:
            self._recorder.restart()

    def read_upload(self, message: PlanMessage) -> Sequence[Effect]:
        """Return the effects of a message that a ground station sends to the vehicle."""
        return self._state.read_upload(message)

    def check_spray(self, boot_ms: int) -> list[EventBody]:
        """Return the spray warnings that begin or end at a time since boot."""
        return [] if self._recorder is None else self._recorder.check(boot_ms)

    def expire(self, now_ms: int) -> list[EventBody]:
        """Return the events of what was waited for in vain."""
        return self._state.expire(now_ms)

    def finish(self) -> list[EventBody]:
        """Return the events of what is incomplete at the end of the stream."""
        return self._state.finish()

    def _message_handlers(self) -> dict[int, OnMessage]:
        """Return the handlers of messages that are no rows, by message id."""
        state = self._state
        return {
            _HEARTBEAT: self._read_heartbeat,
            _SYSTEM_TIME: _read_time,
            _PARAM_VALUE: self._read_parameter,
            _MISSION_CURRENT: self._read_mission,
            _MISSION_ITEM_REACHED: state.read_reached,
            _MISSION_ITEM: state.read_item,
            _MISSION_ITEM_INT: state.read_item,
            _MISSION_COUNT: state.read_count,
            _MISSION_ACK: state.read_ack,
            _COMMAND_ACK: self._read_ack,
            _AUTOPILOT_VERSION: _read_version,
            _HOME_POSITION: state.read_home,
            _EXTENDED_SYS_STATE: state.read_landed,
            _STATUSTEXT: state.read_text,
            **dict.fromkeys(SIMULATOR_MESSAGES, _read_simulator),
        }

    def _values_handlers(self) -> dict[int, OnValues]:
        """Return the handlers of messages that may be rows, by message id; others are always rows."""
        return {
            **({} if self._recorder is None else self._recorder.handlers()),
            _SYS_STATUS: self._read_status,
            _GPS_RAW_INT: _read_gps,
            _BATTERY_STATUS: self._read_battery,
            _HIGH_LATENCY: self._read_high_latency,
            _HIGH_LATENCY2: self._read_high_latency,
            **dict.fromkeys(NAMED_VALUES, self._read_named),
        }

    def _read_heartbeat(self, message: Heartbeat, now_ms: int) -> Sequence[Effect]:
        events = self._state.read_heartbeat(message, now_ms)
        return [*events, Signal.SIMULATED] if message.base_mode & HIL_FLAG else events

    def _read_ack(self, message: CommandAck, _now_ms: int) -> Sequence[Effect]:
        self.acks[message.command] = message.result
        return ()

    def _read_mission(self, message: MissionCurrent, now_ms: int) -> Sequence[Effect]:
        before = self._state.mission_seq
        events = self._state.read_mission(message, now_ms)
        if self._recorder is None or self._state.mission_seq == before:
            return events
        return [*events, *self._recorder.note_mission(self._state.plan, message.seq)]

    def _read_parameter(self, message: ParamValue, _now_ms: int) -> Sequence[Effect]:
        if self._recorder is not None:
            self._recorder.spray.note_parameter(message.param_id.decode("ascii", "replace"), message.param_value)
        is_simulator = is_simulator_parameter(self._state.autopilot, message.param_id)
        return (Signal.SIMULATED,) if is_simulator else ()

    def _read_status(self, _: int, values: Raw, _boot_ms: int) -> RowResult | None:
        """SYS_STATUS also reports the flight battery, less well than BATTERY_STATUS does."""
        return None if self._has_flight_battery else RowResult(None, (DerivedRow(SYSTEM_BATTERY_KIND, values),))

    def _read_battery(self, message_id: int, values: Raw, boot_ms: int) -> RowResult | None:
        result = None if self._recorder is None else self._recorder.read(message_id, values, boot_ms)
        if values[_BATTERY_ID_AT] == 0 and (result is None or result.kind is not NO_ROW):
            self._has_flight_battery = True
        return result

    def _read_high_latency(self, message_id: int, values: Raw, _boot_ms: int) -> RowResult | None:
        """Read the summary of a high latency link; it repeats the track of GLOBAL_POSITION_INT, less exactly."""
        read = self._state.read_high_latency2 if message_id == _HIGH_LATENCY2 else self._state.read_high_latency
        events = read(values, has_heartbeat=self.received[_HEARTBEAT] > 0)
        kind = NO_ROW if self.received[_GLOBAL_POSITION_INT] else None
        return RowResult(kind, events) if events or kind is NO_ROW else None

    def _read_named(self, message_id: int, values: Raw, boot_ms: int) -> RowResult | None:
        """Only a profile can give a named value its meaning."""
        result = SKIP_ROW if self._recorder is None else self._recorder.read(message_id, values, boot_ms)
        if result is not None and not result.effects:
            self.counts["unnamed_value"] += 1
        return result


def _read_time(message: SystemTime, _now_ms: int) -> Sequence[Effect]:
    return (message,)


def _read_simulator(_message: Message, _now_ms: int) -> Sequence[Effect]:
    return (Signal.SIMULATED,)


def _read_version(message: AutopilotVersion, _now_ms: int) -> Sequence[Effect]:
    return (message,)


def _read_gps(_: int, values: Raw, _boot_ms: int) -> RowResult | None:
    return HAS_FIX if values[_FIX_AT] >= FIX_3D else None
