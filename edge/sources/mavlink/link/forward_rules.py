"""Rules of what a ground station may send to the vehicles of a shared link.

`all` lets every frame pass, `read` what only reads, `nothing` none at all. Messages and commands in `refuse` never
pass. A frame that a vehicle of the link has sent itself never returns to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge.sources.mavlink.link.whole_frames import FrameHead
from edge.sources.mavlink.mapping.dialect import CRC_EXTRA, definition_of, id_of, names_of, number_of
from edge.sources.mavlink.settings import Permission

#: What reads and changes nothing on a vehicle but the rates of its messages.
READ_MESSAGES: Final = (
    "HEARTBEAT",
    "SYSTEM_TIME",
    "PING",
    "TIMESYNC",
    "PARAM_REQUEST_READ",
    "PARAM_REQUEST_LIST",
    "MISSION_REQUEST_LIST",
    "MISSION_REQUEST_INT",
    "MISSION_REQUEST",
    "MISSION_ACK",
    "REQUEST_DATA_STREAM",
    "LOG_REQUEST_LIST",
    "LOG_REQUEST_DATA",
    "LOG_REQUEST_END",
)
READ_COMMANDS: Final = (
    "MAV_CMD_GET_MESSAGE_INTERVAL",
    "MAV_CMD_SET_MESSAGE_INTERVAL",
    "MAV_CMD_REQUEST_MESSAGE",
    "MAV_CMD_REQUEST_PROTOCOL_VERSION",
    "MAV_CMD_REQUEST_AUTOPILOT_CAPABILITIES",
    "MAV_CMD_REQUEST_CAMERA_INFORMATION",
    "MAV_CMD_REQUEST_CAMERA_SETTINGS",
    "MAV_CMD_REQUEST_STORAGE_INFORMATION",
)
#: Requests of the file transfer protocol that only read: end and reset of sessions, list, open, read, CRC, burst.
READ_FILE_REQUESTS: Final = frozenset((0, 1, 2, 3, 4, 5, 14, 15))
_FILE_TRANSFER: Final = id_of("FILE_TRANSFER_PROTOCOL")
#: Place of the request's code in the message's payload, whose first three bytes are the target.
_FILE_REQUEST_AT: Final = 3 + 3


class Rules:
    """The rules of one ground station."""

    def __init__(self, may: Permission, refuse: Sequence[str] = ()) -> None:
        self._may = may
        self._messages = {id_of(name) for name in refuse if not name.startswith("MAV_CMD_")}
        self._commands = {number_of(name) for name in refuse if name.startswith("MAV_CMD_")}

    def refused(self, head: FrameHead) -> str | None:
        """Return the name of a frame that may not pass, for a person; None for one that may."""
        command = head.command
        is_refused = head.message_id in self._messages or command in self._commands
        if not is_refused and self._may != "nothing" and (self._may == "all" or _only_reads(head, command)):
            return None
        return name_of(head)


def name_of(head: FrameHead) -> str:
    """Return the name of a frame's command or message, as `refuse` has it; the number of an unknown one."""
    if head.command is not None:
        name = names_of("MAV_CMD").get(head.command)
        return f"MAV_CMD_{name}" if name is not None else f"command {head.command}"
    return definition_of(head.message_id).name if head.message_id in CRC_EXTRA else f"message {head.message_id}"


def _only_reads(head: FrameHead, command: int | None) -> bool:
    if command is not None:
        return command in _READ_COMMANDS
    if head.message_id == _FILE_TRANSFER:
        return head.payload[_FILE_REQUEST_AT : _FILE_REQUEST_AT + 1] in _READ_FILE_CODES
    return head.message_id in _READ_MESSAGES


_READ_MESSAGES: Final = frozenset(map(id_of, READ_MESSAGES))
_READ_COMMANDS: Final = frozenset(map(number_of, READ_COMMANDS))
_READ_FILE_CODES: Final = frozenset((b"", *(bytes((code,)) for code in READ_FILE_REQUESTS)))
