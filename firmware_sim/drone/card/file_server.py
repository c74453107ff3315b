"""Server of MAVLink FTP for the logs on a simulated card: ArduPilot's numbered .BIN files, PX4's folders of days.

Reading requests only: what writes, removes or renames is refused as a protected file. One session at a time; a burst
sends some parts a step, at most a hundred. While the motors are armed nothing is read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.card.flight_recorder import FlightRecorder, Log
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.mavlink.encoder import Message
from firmware_sim.drone.mavlink.handler import Responses

#: The begin of paths that are no files, such as @PARAM/param.pck.
_VIRTUAL: Final = "@"
_HEAD: Final = struct.Struct("<HBBBBBBI")
_PAYLOAD_BYTES: Final = 251
_DATA_BYTES: Final = 239
_ACK, _NAK = 128, 129
_NONE, _TERMINATE, _RESET, _LIST, _OPEN, _READ, _CRC, _BURST = 0, 1, 2, 3, 4, 5, 14, 15
_WRITES: Final = (6, 7, 8, 9, 10, 11, 12, 13)
_FAIL, _INVALID_SESSION, _NO_SESSIONS, _END, _UNKNOWN, _PROTECTED, _NOT_FOUND = 1, 4, 5, 6, 7, 9, 10
_PARTS_A_STEP: Final = 5
_BURST_PARTS: Final = 100
_SESSION: Final = 3
#: A session in which nothing is asked is given up after this.
_IDLE_MS: Final = 3000


class _Request(NamedTuple):
    """A request, and who sent it."""

    number: int
    session: int
    kind: int
    size: int
    offset: int
    data: bytes
    sender: tuple[int, int]

    @property
    def path(self) -> str:
        """The path in its data."""
        return self.data[: self.size].split(b"\0", 1)[0].decode("utf-8", "replace").rstrip("/")


class FileServer:
    """Serves the card of one vehicle."""

    def __init__(self, vehicle: SimulatedVehicle, recorder: FlightRecorder) -> None:
        self._vehicle = vehicle
        self._recorder = recorder
        #: The last request and its answer, which is sent again where it was lost.
        self._last: tuple[_Request, Responses] | None = None
        self._open: Log | None = None
        self._used_ms = 0
        #: The burst under way: its request, how many parts it has sent, the number of its next answer.
        self._burst: tuple[_Request, int, int] | None = None
        self.kinds: Mapping[str, Callable[[Message], Responses]] = {"FILE_TRANSFER_PROTOCOL": self._respond}

    def step(self) -> Responses:
        """Return the parts of a burst that are due."""
        messages: Responses = []
        while self._burst is not None and len(messages) < _PARTS_A_STEP:
            request, sent, number = self._burst
            data = b"" if self._open is None else self._open.read(request.offset, min(request.size, _DATA_BYTES))
            if not data:
                self._burst = None
                messages.append(_answer(request, number, _NAK, bytes((_END,))))
                break
            is_last = sent + 1 >= _BURST_PARTS
            messages.append(_answer(request, number, _ACK, data, ends_burst=is_last))
            after = request._replace(offset=request.offset + len(data))
            self._burst = None if is_last else (after, sent + 1, number + 1)
        return messages

    def _respond(self, message: Message) -> Responses:
        payload = bytes(message.payload)
        number, session, kind, size, _, _, _, offset = _HEAD.unpack_from(payload)
        sender = (message.get_srcSystem(), message.get_srcComponent())
        request = _Request(number, session, kind, size, offset, payload[_HEAD.size :], sender)
        if self._last is not None and request == self._last[0] and kind != _BURST:
            return self._last[1]
        answers = self._answer(request)
        self._last = (request, answers)
        return answers

    def _answer(self, request: _Request) -> Responses:
        kind = request.kind
        if self._vehicle.time_ms - self._used_ms > _IDLE_MS and self._burst is None:
            self._open = None
        self._used_ms = self._vehicle.time_ms
        if kind in (_LIST, _OPEN, _CRC) and request.path.startswith(_VIRTUAL):
            return [_refuse(request, _UNKNOWN)]  # ground stations then read parameters one by one at once
        if kind in _WRITES:
            return [_refuse(request, _PROTECTED)]
        if self._vehicle.autopilot.armed and kind in (_OPEN, _READ, _BURST):
            return [_refuse(request, _FAIL)]
        handlers = {
            _NONE: self._close,
            _TERMINATE: self._close,
            _RESET: self._close,
            _LIST: self._list,
            _OPEN: self._open_file,
            _READ: self._read,
            _CRC: self._sum,
            _BURST: self._begin_burst,
        }
        return handlers[kind](request) if kind in handlers else [_refuse(request, _UNKNOWN)]

    def _close(self, request: _Request) -> Responses:
        if request.kind != _NONE:
            self._open = self._burst = None
        return [_answer(request, request.number + 1, _ACK, b"")]

    def _list(self, request: _Request) -> Responses:
        entries = self._entries(request.path)
        if entries is None:
            return [_refuse(request, _NOT_FOUND)]
        data = b""
        for entry in entries[request.offset :]:
            if len(data) + len(entry) + 1 > _DATA_BYTES:
                break
            data += entry + b"\0"
        return [_answer(request, request.number + 1, _ACK, data)] if data else [_refuse(request, _END)]

    def _entries(self, path: str) -> list[bytes] | None:
        """Return the entries of a folder, None where there is none."""
        entries: dict[str, None] = {}
        for name, log in self._recorder.files().items():
            if name.startswith(path + "/"):
                first, _, rest = name.removeprefix(path + "/").partition("/")
                entries[f"D{first}" if rest else f"F{first}\t{log.size_bytes}"] = None
        folder = self._recorder.folder
        if not entries and folder.startswith(path + "/"):  # of a card without logs
            entries["D" + folder.removeprefix(path + "/").partition("/")[0]] = None
        return [entry.encode() for entry in entries] if entries or path == folder else None

    def _find(self, path: str) -> Log | None:
        return self._recorder.files().get(path)

    def _open_file(self, request: _Request) -> Responses:
        if self._open is not None:
            return [_refuse(request, _NO_SESSIONS)]
        self._open = self._find(request.path)
        if self._open is None:
            return [_refuse(request, _NOT_FOUND)]
        size = self._open.size_bytes.to_bytes(4, "little")
        return [_answer(request._replace(session=_SESSION), request.number + 1, _ACK, size)]

    def _read(self, request: _Request) -> Responses:
        if self._open is None or request.session != _SESSION:
            return [_refuse(request, _INVALID_SESSION)]
        data = self._open.read(request.offset, min(request.size, _DATA_BYTES))
        return [_answer(request, request.number + 1, _ACK, data) if data else _refuse(request, _END)]

    def _begin_burst(self, request: _Request) -> Responses:
        if self._open is None or request.session != _SESSION:
            return [_refuse(request, _INVALID_SESSION)]
        self._burst = (request, 0, request.number + 1)
        return []

    def _sum(self, request: _Request) -> Responses:
        log = self._find(request.path)
        if log is None:
            return [_refuse(request, _NOT_FOUND)]
        total = zlib.crc32(log.read(0, log.size_bytes))
        return [_answer(request, request.number + 1, _ACK, total.to_bytes(4, "little"))]


def _refuse(request: _Request, error: int) -> Message:
    return _answer(request, request.number + 1, _NAK, bytes((error,)))


def _answer(request: _Request, number: int, kind: int, data: bytes, *, ends_burst: bool = False) -> Message:
    head = _HEAD.pack(number & 0xFFFF, request.session, kind, len(data), request.kind, ends_burst, 0, request.offset)
    payload = (head + data).ljust(_PAYLOAD_BYTES, b"\0")
    return dialect.MAVLink_file_transfer_protocol_message(0, *request.sender, list(payload))
