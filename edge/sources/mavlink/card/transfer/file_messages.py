"""Messages of MAVLink FTP: answers as values, requests with running numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.mapping.dialect import PAYLOAD_BYTES, id_of
from edge.sources.mavlink.protocol.encoder import FILE_HEAD, OWN_COMPONENT, OWN_SYSTEM, FileRequest, RequestFile
from edge.sources.mavlink.protocol.frame import RawFrame

FILE_TRANSFER_PROTOCOL: Final = id_of("FILE_TRANSFER_PROTOCOL")
DATA_BYTES: Final = 239
#: network, system and component to which an answer goes, before its payload.
_TARGET_BYTES: Final = 3
_ACK: Final = 128
_NAK: Final = 129
#: Errors of a NAK, its first byte of data.
INVALID_SESSION: Final = 4
NO_SESSIONS: Final = 5
END_OF_FILE: Final = 6
UNKNOWN_COMMAND: Final = 7


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """An answer to a request; `error` is 0 for an ACK."""

    request: int
    error: int
    session: int
    offset: int
    ends_burst: bool
    data: bytes


def read_answer(frame: RawFrame) -> FileAnswer | None:
    """Return the answer in a FILE_TRANSFER_PROTOCOL to this gateway, None for anything else."""
    if frame[0] != FILE_TRANSFER_PROTOCOL:
        return None
    payload = frame[4].ljust(PAYLOAD_BYTES[FILE_TRANSFER_PROTOCOL], b"\0")
    if payload[1] != OWN_SYSTEM or payload[2] not in (0, OWN_COMPONENT):
        return None
    _, session, kind, size, request, ends, _, offset = FILE_HEAD.unpack_from(payload, _TARGET_BYTES)
    begin = _TARGET_BYTES + FILE_HEAD.size
    data = payload[begin : begin + min(size, DATA_BYTES)]
    if kind == _ACK:
        return FileAnswer(request, 0, session, offset, bool(ends), data)
    return FileAnswer(request, data[0] if data else 1, session, offset, True, data) if kind == _NAK else None


class FileRequests:
    """Makes the requests to one vehicle."""

    def __init__(self, system: int, component: int) -> None:
        self._system = system
        self._component = component
        self._number = 0

    def of_path(self, request: FileRequest, path: str, offset: int = 0) -> RequestFile:
        """Return a request about a path."""
        data = path.encode()[:DATA_BYTES]
        return self._make(request, offset=offset, size=len(data), data=data)

    def of_session(self, request: FileRequest, session: int, offset: int = 0, size: int = 0) -> RequestFile:
        """Return a request about an open file."""
        return self._make(request, session=session, offset=offset, size=size)

    def _make(self, request: FileRequest, **fields: int | bytes) -> RequestFile:
        self._number = (self._number + 2) & 0xFFFF  # an answer has the number after its request's
        return RequestFile(self._system, self._component, request, self._number, **fields)  # type: ignore[arg-type]
