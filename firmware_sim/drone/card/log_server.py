"""Server of LOG_REQUEST_LIST, LOG_REQUEST_DATA, LOG_REQUEST_END and LOG_ERASE, as ArduPilot's.

Logs are numbered by their place in the list, ArduPilot's from 1, PX4's from 0. One transfer runs at a time, some parts
a step; while the motors are armed nothing is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.card.flight_recorder import FlightRecorder
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.encoder import Message
from firmware_sim.drone.mavlink.handler import Responses

_PART_BYTES: Final = 90
#: Parts and list entries that are sent at one step of 20 ms.
_PARTS_A_STEP: Final = 5


class LogServer:
    """Serves the logs of one vehicle."""

    def __init__(self, vehicle: SimulatedVehicle, recorder: FlightRecorder) -> None:
        self._vehicle = vehicle
        self._recorder = recorder
        self._listing: list[int] = []
        #: Number of the log, next byte and end of the transfer under way.
        self._sending: tuple[int, int, int] | None = None
        self.kinds: Mapping[str, Callable[[Message], Responses]] = {
            "LOG_REQUEST_LIST": self._list,
            "LOG_REQUEST_DATA": self._send,
            "LOG_REQUEST_END": self._end,
            "LOG_ERASE": self._erase,
        }

    def step(self) -> Responses:
        """Return the entries or parts that are due."""
        if self._vehicle.autopilot.armed:
            self._listing, self._sending = [], None
            return []
        if self._listing:
            numbers, self._listing = self._listing[:_PARTS_A_STEP], self._listing[_PARTS_A_STEP:]
            return [self._entry(number) for number in numbers]
        messages: Responses = []
        while self._sending is not None and len(messages) < _PARTS_A_STEP:
            messages.append(self._part(*self._sending))
        return messages

    def _list(self, message: Message) -> Responses:
        count = len(self._recorder.logs)
        self._sending = None
        if self._vehicle.autopilot.armed:
            return []
        if count == 0:
            return [dialect.MAVLink_log_entry_message(0, 0, 0, 0, 0)]
        first = self._recorder.first_number
        self._listing = list(range(max(first, message.start), min(first + count - 1, message.end) + 1))
        return []

    def _entry(self, number: int) -> Message:
        count, first = len(self._recorder.logs), self._recorder.first_number
        last, at = first + count - 1, number - first
        if at >= count:
            return dialect.MAVLink_log_entry_message(number, count, last, 0, 0)
        log = self._recorder.logs[at]
        return dialect.MAVLink_log_entry_message(number, count, last, log.utc_s, log.size_bytes)

    def _send(self, message: Message) -> Responses:
        if not self._listing and 0 <= message.id - self._recorder.first_number < len(self._recorder.logs):
            self._sending = (message.id, message.ofs, message.ofs + message.count)
        return []

    def _part(self, number: int, offset: int, end: int) -> Message:
        """Return the next part; a short one ends the transfer."""
        data = self._recorder.logs[number - self._recorder.first_number].read(offset, min(_PART_BYTES, end - offset))
        offset_after = offset + len(data)
        is_last = len(data) < _PART_BYTES or offset_after >= end
        self._sending = None if is_last else (number, offset_after, end)
        return dialect.MAVLink_log_data_message(number, offset, len(data), list(data.ljust(_PART_BYTES, b"\0")))

    def _end(self, _message: Message) -> Responses:
        self._listing, self._sending = [], None
        return []

    def _erase(self, _message: Message) -> Responses:
        self._end(_message)
        self._recorder.erase()
        return []
