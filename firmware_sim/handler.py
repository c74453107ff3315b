"""What ground stations ask of the autopilot, and its answers: one table of messages, one of commands."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.encoder import Encoder, Message, Streams
from firmware_sim.mission import COMMAND_RETURN, Item, list_items
from firmware_sim.vehicle import Vehicle

_ACCEPTED: Final = 0
_DENIED: Final = 2
_UNSUPPORTED: Final = 3
_MISSION_ACCEPTED: Final = 0
_MISSION_INVALID_SEQUENCE: Final = 13
_FRAME_GLOBAL: Final = 0
_FRAME_RELATIVE: Final = 3

Answers = list[Message]


class Handler:
    """Answers the messages that are meant for this vehicle; `counters` says what was heard and what was not read."""

    def __init__(self, vehicle: Vehicle, encoder: Encoder, streams: Streams, system_id: int) -> None:
        self._vehicle = vehicle
        self._encoder = encoder
        self._streams = streams
        self._system_id = system_id
        self._parser = dialect.MAVLink(None)
        self._parser.robust_parsing = True
        self._items = list_items(vehicle.scenario)
        self._parameters = _parameters(vehicle, system_id)
        self.counters: dict[str, int] = {"heard": 0, "bad": 0, "ignored": 0}
        self._messages: dict[str, Callable[[Message], Answers]] = {
            "HEARTBEAT": lambda _: [],
            "COMMAND_LONG": self._command,
            "COMMAND_INT": self._command,
            "PARAM_REQUEST_READ": self._read_parameter,
            "PARAM_REQUEST_LIST": self._list_parameters,
            "MISSION_REQUEST_LIST": self._count_items,
            "MISSION_REQUEST_INT": self._send_item_int,
            "MISSION_REQUEST": self._send_item,
            "MISSION_ACK": lambda _: [],
        }
        self._commands: dict[int, Callable[[Message], tuple[int, Answers]]] = {
            dialect.MAV_CMD_REQUEST_MESSAGE: self._request_message,
            dialect.MAV_CMD_SET_MESSAGE_INTERVAL: self._set_interval,
            dialect.MAV_CMD_GET_MESSAGE_INTERVAL: self._get_interval,
            dialect.MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES: self._capabilities,
        }

    def hear(self, chunk: bytes) -> Answers:
        """Read the bytes that came and return the answers; bytes that are no frames are counted."""
        if not chunk:
            return []
        answers: Answers = []
        for message in self._parser.parse_buffer(chunk) or []:
            kind = message.get_type()
            if kind == "BAD_DATA":
                self.counters["bad"] += 1
            elif kind not in self._messages or not self._is_mine(message):
                self.counters["ignored"] += 1
            else:
                self.counters["heard"] += 1
                answers += self._messages[kind](message)
        return answers

    def _is_mine(self, message: Message) -> bool:
        return getattr(message, "target_system", 0) in {0, self._system_id} and getattr(
            message, "target_component", 0
        ) in {0, 1}

    def _command(self, message: Message) -> Answers:
        """Carry out a COMMAND_LONG or COMMAND_INT and acknowledge it, whatever it is."""
        carry_out = self._commands.get(message.command)
        result, answers = (_UNSUPPORTED, []) if carry_out is None else carry_out(message)
        ack = dialect.MAVLink_command_ack_message(
            message.command,
            result,
            target_system=message.get_srcSystem(),
            target_component=message.get_srcComponent(),
        )
        return [ack, *answers]

    def _request_message(self, message: Message) -> tuple[int, Answers]:
        make = self._encoder.makers.get(_whole(message.param1))
        return (_UNSUPPORTED, []) if make is None else (_ACCEPTED, [make()])

    def _set_interval(self, message: Message) -> tuple[int, Answers]:
        if not math.isfinite(message.param2):
            return _DENIED, []
        known = self._streams.set_interval(_whole(message.param1), message.param2)
        return _ACCEPTED if known else _UNSUPPORTED, []

    def _get_interval(self, message: Message) -> tuple[int, Answers]:
        message_id = _whole(message.param1)
        interval_ms = self._streams.intervals_ms.get(message_id)
        if interval_ms is None:
            return _UNSUPPORTED, []
        return _ACCEPTED, [dialect.MAVLink_message_interval_message(message_id, interval_ms * 1000 or -1)]

    def _capabilities(self, _: Message) -> tuple[int, Answers]:
        return _ACCEPTED, [self._encoder.autopilot_version()]

    def _read_parameter(self, message: Message) -> Answers:
        names = list(self._parameters)
        name = message.param_id.rstrip("\0")
        index = message.param_index if message.param_index >= 0 else names.index(name) if name in names else -1
        return [self._parameter(index)] if 0 <= index < len(names) else []

    def _list_parameters(self, _: Message) -> Answers:
        return [self._parameter(index) for index in range(len(self._parameters))]

    def _parameter(self, index: int) -> Message:
        name, (value, kind) = list(self._parameters.items())[index]
        return dialect.MAVLink_param_value_message(name.encode(), value, kind, len(self._parameters), index)

    def _count_items(self, message: Message) -> Answers:
        kind = message.mission_type
        count = len(self._items) if kind == 0 else 0
        return [dialect.MAVLink_mission_count_message(message.get_srcSystem(), message.get_srcComponent(), count, kind)]

    def _send_item_int(self, message: Message) -> Answers:
        return self._item(message, dialect.MAVLink_mission_item_int_message, 1e7)

    def _send_item(self, message: Message) -> Answers:
        return self._item(message, dialect.MAVLink_mission_item_message, 0)

    def _item(self, message: Message, kind: Any, scale: float) -> Answers:
        """Return item `seq`: degrees for MISSION_ITEM (`scale` 0), else integers of 1e-7 degrees."""
        target = (message.get_srcSystem(), message.get_srcComponent())
        if message.mission_type != 0 or not 0 <= message.seq < len(self._items):
            return [dialect.MAVLink_mission_ack_message(*target, _MISSION_INVALID_SEQUENCE, message.mission_type)]
        item = self._items[message.seq]
        latitude, longitude, height_m = self._place(item, message.seq)
        x, y = (round(latitude * scale), round(longitude * scale)) if scale else (latitude, longitude)
        frame = _FRAME_GLOBAL if message.seq == 0 else _FRAME_RELATIVE
        current = int(message.seq == self._vehicle.mission_seq)
        return [
            kind(*target, message.seq, frame, item.command, current, 1, item.param1, 0, 0, 0, x, y, height_m),
        ]

    def _place(self, item: Item, seq: int) -> tuple[float, float, float]:
        vehicle = self._vehicle
        height_m = vehicle.scenario.altitude_m if seq == 0 else item.height_m
        if item.east_north is None or item.command == COMMAND_RETURN:
            return 0.0, 0.0, height_m
        return (*vehicle.frame.to_degrees(*item.east_north), height_m)


def _parameters(vehicle: Vehicle, system_id: int) -> dict[str, tuple[float, int]]:
    """Return the parameter table: value and MAV_PARAM_TYPE (2 int8, 4 int16, 6 int32, 9 float)."""
    scenario = vehicle.scenario
    pump_rate_pct = 100 * scenario.rate_l_ha * scenario.swath_m * 0.006 / scenario.pump_max_l_min
    return {
        "BATT_CAPACITY": (round(vehicle.battery.capacity_mah), 6),
        "BATT2_CAPACITY": (round(scenario.tank_l * 1000), 6),
        "BATT2_MONITOR": (11, 2),
        "FRAME_CLASS": (1, 2),
        "SERVO9_FUNCTION": (22, 4),
        "SERVO9_MAX": (1900, 4),
        "SERVO9_MIN": (1100, 4),
        "SERVO9_REVERSED": (0, 2),
        "SERVO9_TRIM": (1000, 4),
        "SPRAY_ENABLE": (1, 2),
        "SPRAY_PUMP_MIN": (10, 2),
        "SPRAY_PUMP_RATE": (pump_rate_pct, 9),
        "SPRAY_SPEED_MIN": (100, 4),
        "SYSID_THISMAV": (system_id, 4),
        "WPNAV_SPEED": (scenario.speed_m_s * 100, 9),
    }


def _whole(number: float) -> int:
    """Return a float parameter as a whole number, -1 where it is none."""
    return int(number) if math.isfinite(number) else -1
