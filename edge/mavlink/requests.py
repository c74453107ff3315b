"""When to ask a vehicle for what: who it is, and the message rates, until it does what was asked.

Autopilots forget rates when they restart, other ground stations overrule them, and old ones know only data streams.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.mavlink.messages import MESSAGE_BY_ID, Message
from edge.mavlink.outgoing import AskInterval, AskStream, AskVersion, Outgoing
from edge.mavlink.settings import RatedMessage

_SET_INTERVAL: Final[int] = dialect.MAV_CMD_SET_MESSAGE_INTERVAL
#: How long the answers to a round of requests are waited for.
_ROUND_S: Final = 3.0
#: So many rounds for what was never heard, then only what was heard and slowed down is asked for again.
_ROUNDS: Final = 3
#: How often rates are looked at afterwards.
_WATCH_S: Final = 30.0
#: Below this part of the wanted rate a message has been slowed down by someone.
_SLOW: Final = 0.5
_MAX_VERSION_WAIT_S: Final = 30.0

_IDS: Final[dict[RatedMessage, int]] = {
    "ATTITUDE": 30,
    "BATTERY_STATUS": 147,
    "EXTENDED_SYS_STATE": 245,
    "GLOBAL_POSITION_INT": 33,
    "GPS_RAW_INT": 24,
    "SERVO_OUTPUT_RAW": 36,
    "SYSTEM_TIME": 2,
    "SYS_STATUS": 1,
    "VFR_HUD": 74,
}
#: The data stream that carries a message on ArduPilot before 4.0.
_STREAMS: Final[dict[RatedMessage, int]] = {
    "ATTITUDE": dialect.MAV_DATA_STREAM_EXTRA1,
    "BATTERY_STATUS": dialect.MAV_DATA_STREAM_EXTRA3,
    "GLOBAL_POSITION_INT": dialect.MAV_DATA_STREAM_POSITION,
    "GPS_RAW_INT": dialect.MAV_DATA_STREAM_EXTENDED_STATUS,
    "SERVO_OUTPUT_RAW": dialect.MAV_DATA_STREAM_RC_CHANNELS,
    "SYSTEM_TIME": dialect.MAV_DATA_STREAM_EXTRA3,
    "SYS_STATUS": dialect.MAV_DATA_STREAM_EXTENDED_STATUS,
    "VFR_HUD": dialect.MAV_DATA_STREAM_EXTRA2,
}


class Requester:
    """What is still to be asked of one vehicle. Times are monotonic seconds and come in with every call."""

    def __init__(self, system: int, rates_hz: Mapping[RatedMessage, float]) -> None:
        self._system = system
        self._rates_hz = dict(rates_hz)
        self._session = -1
        self._version_at_s = 0.0
        self._version_wait_s = 1.0
        self._round = 0
        self._look_at_s = 0.0
        self._asked_at_s = 0.0
        self._heard_before: Counter[type[Message]] = Counter()

    def due(
        self,
        now_s: float,
        *,
        session: int,
        has_version: bool,
        heard: Counter[type[Message]],
        acks: Mapping[int, int],
    ) -> list[Outgoing]:
        """Return what to send now. `heard` counts messages and `acks` holds command results of this session."""
        if session != self._session:
            self._session = session
            self._version_at_s, self._version_wait_s = now_s, 1.0
            self._round, self._look_at_s = 0, now_s
        requests: list[Outgoing] = []
        if not has_version and now_s >= self._version_at_s:
            requests.append(AskVersion(self._system))
            self._version_at_s = now_s + self._version_wait_s
            self._version_wait_s = min(2 * self._version_wait_s, _MAX_VERSION_WAIT_S)
        if now_s >= self._look_at_s:
            requests += self._ask_rates(now_s, heard, acks)
        return requests

    def _ask_rates(self, now_s: float, heard: Counter[type[Message]], acks: Mapping[int, int]) -> list[Outgoing]:
        missing = self._missing(now_s, heard)
        is_deaf = self._round > 0 and _SET_INTERVAL not in acks and len(missing) == len(self._rates_hz)
        self._round += 1
        self._heard_before = heard.copy()
        self._asked_at_s = now_s
        self._look_at_s = now_s + (_ROUND_S if self._round <= _ROUNDS else _WATCH_S)
        if is_deaf:
            return self._streams()
        return [AskInterval(self._system, _IDS[name], round(1e6 / self._rates_hz[name])) for name in missing]

    def _missing(self, now_s: float, heard: Counter[type[Message]]) -> list[RatedMessage]:
        """Return the messages to ask for: all at first, then the unheard ones, in the end the slowed ones."""
        if self._round == 0:
            return list(self._rates_hz)
        elapsed_s = max(now_s - self._asked_at_s, 0.1)
        missing: list[RatedMessage] = []
        for name, rate_hz in self._rates_hz.items():
            kind = MESSAGE_BY_ID[_IDS[name]]
            got = heard[kind] - self._heard_before[kind]
            if self._round < _ROUNDS:
                is_missing = got == 0 and elapsed_s * rate_hz >= 1
            else:
                is_missing = heard[kind] > 0 and got < _SLOW * rate_hz * elapsed_s
            if is_missing or (self._round >= _ROUNDS and not heard.total()):
                missing.append(name)
        return missing

    def _streams(self) -> list[Outgoing]:
        rates_hz: dict[int, float] = {}
        for name, rate_hz in self._rates_hz.items():
            stream = _STREAMS.get(name)
            if stream is not None:
                rates_hz[stream] = max(rate_hz, rates_hz.get(stream, 0.0))
        return [AskStream(self._system, stream, math.ceil(rate_hz)) for stream, rate_hz in rates_hz.items()]
