"""All messages that the gateway sends to a vehicle, built by one function.

They are its heartbeat (as an onboard computer, never as a ground station: that would defeat the failsafe for a lost
ground station) and requests for the vehicle's version, message rates and parameters of its outputs. Nothing here can
arm, move or reconfigure a vehicle, and nothing else in this package encodes MAVLink.
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
class RequestVersion:
    """Request AUTOPILOT_VERSION from `system`."""

    system: int


@dataclass(frozen=True, slots=True)
class RequestInterval:
    """Request a message every `interval_us` from `system`."""

    system: int
    message_id: int
    interval_us: int


@dataclass(frozen=True, slots=True)
class RequestStream:
    """Request a group of messages from `system`, for autopilots without SET_MESSAGE_INTERVAL."""

    system: int
    stream_id: int
    rate_hz: int


@dataclass(frozen=True, slots=True)
class RequestParameter:
    """Request the value of a parameter from `system`; nothing here can set one."""

    system: int
    name: str


Outgoing = GroundHeartbeat | RequestVersion | RequestInterval | RequestStream | RequestParameter


class Encoder:
    """Numbers, encodes and, with a key, signs the messages sent on one link."""

    def __init__(self, key: bytes | None = None) -> None:
        self._state = dialect.MAVLink(None, srcSystem=OWN_SYSTEM, srcComponent=OWN_COMPONENT)
        self._signing = self._state.signing
        if key is not None:
            self._signing.secret_key = key
            self._signing.link_id = SIGNING_LINK
            self._signing.sign_outgoing = True

    def encode(self, message: Outgoing, *, version: int = 2, now_ms: int = 0, newest: int = 0) -> bytes:
        """Return the frame; `version` 1 for a vehicle that reads only MAVLink 1, which has no signatures.

        A signature's time stamp is `now_ms`, but always above the last one and above `newest`, which was received.
        """
        self._signing.timestamp = max(timestamp_of(now_ms), newest + 1, self._signing.timestamp)
        frame = bytes(_build(message).pack(self._state, force_mavlink1=version == 1))
        self._state.seq = (self._state.seq + 1) & 255
        return frame


def _build(request: Outgoing) -> Any:
    match request:
        case GroundHeartbeat():
            return dialect.MAVLink_heartbeat_message(
                dialect.MAV_TYPE_ONBOARD_CONTROLLER,
                dialect.MAV_AUTOPILOT_INVALID,
                0,
                0,
                dialect.MAV_STATE_ACTIVE,
                3,
            )
        case RequestVersion():
            wanted = dialect.MAVLINK_MSG_ID_AUTOPILOT_VERSION
            return _command(request.system, dialect.MAV_CMD_REQUEST_MESSAGE, wanted, 0)
        case RequestInterval():
            return _command(
                request.system, dialect.MAV_CMD_SET_MESSAGE_INTERVAL, request.message_id, request.interval_us
            )
        case RequestParameter():
            return dialect.MAVLink_param_request_read_message(
                request.system, _AUTOPILOT_COMPONENT, request.name.encode("ascii"), _BY_NAME
            )
        case RequestStream():
            return dialect.MAVLink_request_data_stream_message(
                request.system, _AUTOPILOT_COMPONENT, request.stream_id, request.rate_hz, 1
            )


def _command(system: int, command: int, first: float, second: float) -> Any:
    return dialect.MAVLink_command_long_message(system, _AUTOPILOT_COMPONENT, command, 0, first, second, 0, 0, 0, 0, 0)
