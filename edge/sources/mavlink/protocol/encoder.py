"""All that the gateway ever sends to a vehicle, built by one function.

It shows that it is there (as an onboard computer, never as a ground station: that would defeat the failsafe for a lost
ground station), asks who the vehicle is, for message rates, and what the parameters of its outputs are set to. Nothing
here can arm, move or reconfigure a vehicle, and nothing else in this package encodes MAVLink.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.protocol.signing import timestamp_of

OWN_SYSTEM: Final = 245
OWN_COMPONENT: Final[int] = dialect.MAV_COMP_ID_ONBOARD_COMPUTER
_AUTOPILOT_COMPONENT: Final = 1
#: The link id in our signatures: a vehicle keeps a time stamp for each (link, system, component).
SIGNING_LINK: Final = 191
#: PARAM_REQUEST_READ's index where the name counts.
_BY_NAME: Final = -1


@dataclass(frozen=True, slots=True)
class GroundHeartbeat:
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


@dataclass(frozen=True, slots=True)
class AskParameter:
    """Ask `system` what a parameter is set to; nothing here can set one."""

    system: int
    name: str


Outgoing = GroundHeartbeat | AskVersion | AskInterval | AskStream | AskParameter


class Encoder:
    """Numbers, encodes and, with a key, signs what is sent on one link."""

    def __init__(self, key: bytes | None = None) -> None:
        self._state = dialect.MAVLink(None, srcSystem=OWN_SYSTEM, srcComponent=OWN_COMPONENT)
        self._signing = self._state.signing
        if key is not None:
            self._signing.secret_key = key
            self._signing.link_id = SIGNING_LINK
            self._signing.sign_outgoing = True

    def encode(self, what: Outgoing, *, version: int = 2, now_ms: int = 0, newest: int = 0) -> bytes:
        """Return the frame; `version` 1 for a vehicle that speaks only MAVLink 1, which knows no signature.

        A signature's time stamp is `now_ms`, but always above the last and above `newest`, which was heard.
        """
        self._signing.timestamp = max(timestamp_of(now_ms), newest + 1, self._signing.timestamp)
        frame = bytes(_build(what).pack(self._state, force_mavlink1=version == 1))
        self._state.seq = (self._state.seq + 1) & 255
        return frame


def _build(what: Outgoing) -> Any:
    match what:
        case GroundHeartbeat():
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
        case AskParameter():
            return dialect.MAVLink_param_request_read_message(
                what.system, _AUTOPILOT_COMPONENT, what.name.encode("ascii"), _BY_NAME
            )
        case AskStream():
            return dialect.MAVLink_request_data_stream_message(
                what.system, _AUTOPILOT_COMPONENT, what.stream_id, what.rate_hz, 1
            )


def _command(system: int, command: int, first: float, second: float) -> Any:
    return dialect.MAVLink_command_long_message(system, _AUTOPILOT_COMPONENT, command, 0, first, second, 0, 0, 0, 0, 0)
