"""All that the gateway ever sends to a vehicle, built by one function.

It shows that it is there (as an onboard computer, never as a ground station: that would defeat the failsafe for a lost
ground station), asks who the vehicle is, and asks for message rates. Nothing here can arm, move or reconfigure a
vehicle, and nothing else in this package encodes MAVLink.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

OWN_SYSTEM: Final = 245
OWN_COMPONENT: Final[int] = dialect.MAV_COMP_ID_ONBOARD_COMPUTER
_AUTOPILOT_COMPONENT: Final = 1


@dataclass(frozen=True, slots=True)
class Presence:
    """The heartbeat of an onboard computer."""


@dataclass(frozen=True, slots=True)
class AskVersion:
    """Ask `system` for AUTOPILOT_VERSION."""

    system: int


@dataclass(frozen=True, slots=True)
class AskInterval:
    """Ask `system` to send a message every `interval_us`."""

    system: int
    message_id: int
    interval_us: int


@dataclass(frozen=True, slots=True)
class AskStream:
    """Ask `system` for a group of messages, as autopilots before SET_MESSAGE_INTERVAL understand it."""

    system: int
    stream_id: int
    rate_hz: int


Outgoing = Presence | AskVersion | AskInterval | AskStream


class Encoder:
    """Numbers and encodes what is sent on one link."""

    def __init__(self) -> None:
        self._state = dialect.MAVLink(None, srcSystem=OWN_SYSTEM, srcComponent=OWN_COMPONENT)

    def encode(self, what: Outgoing, *, version: int = 2) -> bytes:
        """Return the frame; `version` 1 for a vehicle that speaks only MAVLink 1."""
        frame = bytes(_build(what).pack(self._state, force_mavlink1=version == 1))
        self._state.seq = (self._state.seq + 1) & 255
        return frame


def _build(what: Outgoing) -> Any:
    match what:
        case Presence():
            return dialect.MAVLink_heartbeat_message(
                dialect.MAV_TYPE_ONBOARD_CONTROLLER,
                dialect.MAV_AUTOPILOT_INVALID,
                0,
                0,
                dialect.MAV_STATE_ACTIVE,
                3,
            )
        case AskVersion():
            wanted = dialect.MAVLINK_MSG_ID_AUTOPILOT_VERSION
            return _command(what.system, dialect.MAV_CMD_REQUEST_MESSAGE, wanted, 0)
        case AskInterval():
            return _command(what.system, dialect.MAV_CMD_SET_MESSAGE_INTERVAL, what.message_id, what.interval_us)
        case AskStream():
            return dialect.MAVLink_request_data_stream_message(
                what.system, _AUTOPILOT_COMPONENT, what.stream_id, what.rate_hz, 1
            )


def _command(system: int, command: int, first: float, second: float) -> Any:
    return dialect.MAVLink_command_long_message(system, _AUTOPILOT_COMPONENT, command, 0, first, second, 0, 0, 0, 0, 0)
