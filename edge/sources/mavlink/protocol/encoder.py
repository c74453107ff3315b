"""All messages that the gateway sends to a vehicle, built by one function.

They are its heartbeat (as an onboard computer, never as a ground station: that would defeat the failsafe for a lost
ground station) and requests for the vehicle's version, message rates, parameters of its outputs, and parts of the logs
on its card. Nothing here can arm, move or reconfigure a vehicle, nor erase, write or rename a file on its card, and
nothing else in this package encodes MAVLink.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from fastcrc.crc16 import mcrf4xx

from edge.sources.mavlink.mapping.dialect import definition_of, id_of, number_of
from edge.sources.mavlink.protocol.frame import MAGIC_V1, MAGIC_V2, SIGNED
from edge.sources.mavlink.protocol.signing import SIGNATURE_HASH_BYTES, timestamp_of

OWN_SYSTEM: Final = 245
OWN_COMPONENT: Final = number_of("MAV_COMP_ID_ONBOARD_COMPUTER")
#: The link id in our signatures: a vehicle keeps a time stamp for each (link, system, component).
SIGNING_LINK: Final = 191
#: PARAM_REQUEST_READ's index where the name counts.
_BY_NAME: Final = -1
_HEARTBEAT: Final = id_of("HEARTBEAT")
_COMMAND_LONG: Final = id_of("COMMAND_LONG")
_PARAM_REQUEST_READ: Final = id_of("PARAM_REQUEST_READ")
_REQUEST_DATA_STREAM: Final = id_of("REQUEST_DATA_STREAM")
_LOG_REQUEST_LIST: Final = id_of("LOG_REQUEST_LIST")
_LOG_REQUEST_DATA: Final = id_of("LOG_REQUEST_DATA")
_LOG_REQUEST_END: Final = id_of("LOG_REQUEST_END")
_FILE_TRANSFER_PROTOCOL: Final = id_of("FILE_TRANSFER_PROTOCOL")
_FILE_PAYLOAD_BYTES: Final = 251
#: An array of bytes, which is packed as a whole.
_BYTES: Final = re.compile(r"(\d+)B")
#: Number, session, request, size, the request that is answered, end of a burst, padding, offset.
FILE_HEAD: Final = struct.Struct("<HBBBBBBI")
_AUTOPILOT_VERSION: Final = id_of("AUTOPILOT_VERSION")
_REQUEST_MESSAGE: Final = number_of("MAV_CMD_REQUEST_MESSAGE")
_SET_MESSAGE_INTERVAL: Final = number_of("MAV_CMD_SET_MESSAGE_INTERVAL")
_MAVLINK_VERSION: Final = 3


@dataclass(frozen=True, slots=True)
class GroundHeartbeat:
    """The heartbeat of an onboard computer."""


@dataclass(frozen=True, slots=True)
class RequestVersion:
    """Request AUTOPILOT_VERSION from an autopilot."""

    system: int
    component: int


@dataclass(frozen=True, slots=True)
class RequestInterval:
    """Request a message every `interval_us` from an autopilot."""

    system: int
    component: int
    message_id: int
    interval_us: int


@dataclass(frozen=True, slots=True)
class RequestStream:
    """Request a group of messages from an autopilot without SET_MESSAGE_INTERVAL."""

    system: int
    component: int
    stream_id: int
    rate_hz: int


@dataclass(frozen=True, slots=True)
class RequestParameter:
    """Request the value of a parameter from an autopilot; nothing here can set one."""

    system: int
    component: int
    name: str


@dataclass(frozen=True, slots=True)
class RequestLogList:
    """Request LOG_ENTRY of the logs `first`..`last` on an autopilot's card."""

    system: int
    component: int
    first: int = 0
    last: int = 0xFFFF


@dataclass(frozen=True, slots=True)
class RequestLogData:
    """Request `count` bytes of a log from `offset` on."""

    system: int
    component: int
    log: int
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class RequestLogEnd:
    """End the transfer of a log: an autopilot goes on with its own logging."""

    system: int
    component: int


class FileRequest(IntEnum):
    """The requests of the file transfer protocol that are sent; all of them only read."""

    TERMINATE = 1
    LIST = 3
    OPEN_TO_READ = 4
    READ = 5
    BURST_READ = 15


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request of the file transfer protocol; `size` is that of `data`, or how many bytes to read."""

    system: int
    component: int
    request: FileRequest
    number: int
    session: int = 0
    offset: int = 0
    size: int = 0
    data: bytes = b""


Outgoing = (
    GroundHeartbeat
    | RequestVersion
    | RequestInterval
    | RequestStream
    | RequestParameter
    | RequestLogList
    | RequestLogData
    | RequestLogEnd
    | RequestFile
)


class Encoder:
    """Numbers, encodes and, with a key, signs the messages sent on one link."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key
        self._sequence = 0
        self._timestamp = 0

    def encode(self, message: Outgoing, *, version: int = 2, now_ms: int = 0, newest: int = 0) -> bytes:
        """Return the frame; `version` 1 for a vehicle that reads only MAVLink 1, which has no signatures.

        A signature's time stamp is `now_ms`, but always above the last one and above `newest`, which was received.
        """
        self._timestamp = max(timestamp_of(now_ms), newest + 1, self._timestamp)
        message_id, fields = _fields(message)
        definition = definition_of(message_id)
        codes = _BYTES.sub(r"\1s", definition.codes)
        payload = struct.pack(codes, *(fields[name] for name in definition.fields))
        sender = (self._sequence, OWN_SYSTEM, OWN_COMPONENT)
        self._sequence = (self._sequence + 1) & 255
        if version == 1:
            body = bytes((len(payload), *sender, message_id)) + payload
            return bytes((MAGIC_V1,)) + body + _crc(body, definition.crc_extra)
        payload = payload.rstrip(b"\0") or payload[:1]  # a payload without its last zeros, of at least one byte
        flags = 0 if self._key is None else SIGNED
        body = bytes((len(payload), flags, 0, *sender)) + message_id.to_bytes(3, "little") + payload
        frame = bytes((MAGIC_V2,)) + body + _crc(body, definition.crc_extra)
        return frame if self._key is None else self._signed(frame, self._key)

    def _signed(self, frame: bytes, key: bytes) -> bytes:
        frame += bytes((SIGNING_LINK,)) + self._timestamp.to_bytes(6, "little")
        self._timestamp += 1
        return frame + hashlib.sha256(key + frame).digest()[:SIGNATURE_HASH_BYTES]


def _crc(body: bytes, crc_extra: int) -> bytes:
    return int(mcrf4xx(body + bytes((crc_extra,)))).to_bytes(2, "little")


def _fields(request: Outgoing) -> tuple[int, dict[str, int | float | bytes]]:
    """Return the id of the request's message, and its fields."""
    match request:
        case GroundHeartbeat():
            return _HEARTBEAT, {
                "type": number_of("MAV_TYPE_ONBOARD_CONTROLLER"),
                "autopilot": number_of("MAV_AUTOPILOT_INVALID"),
                "base_mode": 0,
                "custom_mode": 0,
                "system_status": number_of("MAV_STATE_ACTIVE"),
                "mavlink_version": _MAVLINK_VERSION,
            }
        case RequestVersion():
            return _COMMAND_LONG, _command(request, _REQUEST_MESSAGE, _AUTOPILOT_VERSION, 0)
        case RequestInterval():
            return _COMMAND_LONG, _command(request, _SET_MESSAGE_INTERVAL, request.message_id, request.interval_us)
        case RequestParameter():
            return _PARAM_REQUEST_READ, {
                "target_system": request.system,
                "target_component": request.component,
                "param_id": request.name.encode("ascii"),
                "param_index": _BY_NAME,
            }
        case RequestStream():
            return _REQUEST_DATA_STREAM, {
                "target_system": request.system,
                "target_component": request.component,
                "req_stream_id": request.stream_id,
                "req_message_rate": request.rate_hz,
                "start_stop": 1,
            }
        case RequestLogList() | RequestLogData() | RequestLogEnd() | RequestFile():
            return _card_fields(request)


def _card_fields(
    request: RequestLogList | RequestLogData | RequestLogEnd | RequestFile,
) -> tuple[int, dict[str, int | float | bytes]]:
    """Return the id and fields of a message that reads from a vehicle's card."""
    target: dict[str, int | float | bytes] = {
        "target_system": request.system,
        "target_component": request.component,
    }
    match request:
        case RequestLogList():
            return _LOG_REQUEST_LIST, {**target, "start": request.first, "end": request.last}
        case RequestLogData():
            return _LOG_REQUEST_DATA, {**target, "id": request.log, "ofs": request.offset, "count": request.count}
        case RequestLogEnd():
            return _LOG_REQUEST_END, target
        case RequestFile():
            head = FILE_HEAD.pack(
                request.number, request.session, request.request, request.size, 0, 0, 0, request.offset
            )
            payload = (head + request.data).ljust(_FILE_PAYLOAD_BYTES, b"\0")
            return _FILE_TRANSFER_PROTOCOL, {"target_network": 0, **target, "payload": payload}


def _command(
    request: RequestVersion | RequestInterval, command: int, first: float, second: float
) -> dict[str, int | float | bytes]:
    """Return the fields of a COMMAND_LONG with two parameters."""
    return {
        "target_system": request.system,
        "target_component": request.component,
        "command": command,
        "confirmation": 0,
        "param1": first,
        "param2": second,
        **{f"param{number}": 0.0 for number in range(3, 8)},
    }
