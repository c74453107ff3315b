"""Requests to one vehicle and when they are due: its version, message rates and parameters, until it complies.

Autopilots forget rates when they restart, other ground stations change them, and old ones have only data streams.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, get_args

from edge.sources.mavlink.mapping.dialect import id_of, number_of
from edge.sources.mavlink.protocol.encoder import (
    Outgoing,
    RequestInterval,
    RequestParameter,
    RequestStream,
    RequestVersion,
)
from edge.sources.mavlink.protocol.frame import AUTOPILOT
from edge.sources.mavlink.settings import RatedMessage

_SET_INTERVAL: Final = number_of("MAV_CMD_SET_MESSAGE_INTERVAL")
_UNSUPPORTED: Final = number_of("MAV_RESULT_UNSUPPORTED")
#: How long a round of requests waits for its answers.
_ROUND_S: Final = 3.0
#: Rounds of requests for messages that never came; then only messages that were slowed down are requested again.
_ROUNDS: Final = 3
#: How often rates are checked afterwards.
_WATCH_S: Final = 30.0
#: Below this part of the requested rate a message was slowed down by another station.
_SLOW: Final = 0.5
_MAX_VERSION_WAIT_S: Final = 30.0
#: Parameters are requested a few at a time, each so often in a session: some do not exist on a vehicle.
_PARAMETERS_AT_ONCE: Final = 4
_PARAMETER_PAUSE_S: Final = 0.5
_PARAMETER_TRIES: Final = 3

_IDS: Final[dict[RatedMessage, int]] = {name: id_of(name) for name in get_args(RatedMessage)}
#: The data stream that carries a message on ArduPilot before 4.0.
_STREAMS: Final[dict[RatedMessage, int]] = {
    "ATTITUDE": number_of("MAV_DATA_STREAM_EXTRA1"),
    "BATTERY_STATUS": number_of("MAV_DATA_STREAM_EXTRA3"),
    "DISTANCE_SENSOR": number_of("MAV_DATA_STREAM_EXTRA3"),
    "EKF_STATUS_REPORT": number_of("MAV_DATA_STREAM_EXTRA3"),
    "ESC_TELEMETRY_1_TO_4": number_of("MAV_DATA_STREAM_EXTRA3"),
    "GLOBAL_POSITION_INT": number_of("MAV_DATA_STREAM_POSITION"),
    "GPS2_RAW": number_of("MAV_DATA_STREAM_EXTENDED_STATUS"),
    "GPS_RAW_INT": number_of("MAV_DATA_STREAM_EXTENDED_STATUS"),
    "MISSION_CURRENT": number_of("MAV_DATA_STREAM_EXTENDED_STATUS"),
    "RANGEFINDER": number_of("MAV_DATA_STREAM_EXTRA3"),
    "RC_CHANNELS": number_of("MAV_DATA_STREAM_RC_CHANNELS"),
    "RPM": number_of("MAV_DATA_STREAM_EXTRA3"),
    "SERVO_OUTPUT_RAW": number_of("MAV_DATA_STREAM_RC_CHANNELS"),
    "SYSTEM_TIME": number_of("MAV_DATA_STREAM_EXTRA3"),
    "SYS_STATUS": number_of("MAV_DATA_STREAM_EXTENDED_STATUS"),
    "TERRAIN_REPORT": number_of("MAV_DATA_STREAM_EXTRA3"),
    "VFR_HUD": number_of("MAV_DATA_STREAM_EXTRA2"),
    "WIND": number_of("MAV_DATA_STREAM_EXTRA3"),
}


class Requester:
    """The requests that one vehicle still needs. Times are monotonic seconds and come in with every call."""

    def __init__(self, system: int, rates_hz: Mapping[RatedMessage, float], component: int = AUTOPILOT) -> None:
        self._system = system
        self._component = component
        self._rates_hz = dict(rates_hz)
        self._session = -1
        self._version_at_s = 0.0
        self._version_wait_s = 1.0
        self._round = 0
        self._check_at_s = 0.0
        self._requested_at_s = 0.0
        self._received_before: dict[int, int] = {}
        self._parameters_at_s = 0.0
        self._parameter_tries: Counter[str] = Counter()

    def due(
        self,
        now_s: float,
        *,
        session: int,
        has_version: bool,
        received: Mapping[int, int],
        acks: Mapping[int, int],
        parameters: Sequence[str] = (),
    ) -> list[Outgoing]:
        """Return what to send now.

        `received` counts messages by id and `acks` has command results of this session; `parameters` are missing ones.
        """
        if session != self._session:
            self._session = session
            self._version_at_s, self._version_wait_s = now_s, 1.0
            self._round, self._check_at_s = 0, now_s
            self._parameter_tries.clear()
        requests: list[Outgoing] = []
        if not has_version and now_s >= self._version_at_s:
            requests.append(RequestVersion(self._system, self._component))
            self._version_at_s = now_s + self._version_wait_s
            self._version_wait_s = min(2 * self._version_wait_s, _MAX_VERSION_WAIT_S)
        if now_s >= self._check_at_s:
            requests += self._rate_requests(now_s, received, acks)
        if parameters and now_s >= self._parameters_at_s:
            requests += self._parameter_requests(now_s, parameters)
        return requests

    def _parameter_requests(self, now_s: float, parameters: Sequence[str]) -> list[Outgoing]:
        self._parameters_at_s = now_s + _PARAMETER_PAUSE_S
        tries = self._parameter_tries
        due = sorted((name for name in parameters if tries[name] < _PARAMETER_TRIES), key=lambda name: tries[name])
        for name in due[:_PARAMETERS_AT_ONCE]:
            tries[name] += 1
        return [RequestParameter(self._system, self._component, name) for name in due[:_PARAMETERS_AT_ONCE]]

    def _rate_requests(self, now_s: float, received: Mapping[int, int], acks: Mapping[int, int]) -> list[Outgoing]:
        missing = self._missing(now_s, received)
        # ArduPilot often complies without an acknowledgement: no answer counts only where few of the messages came.
        answer = acks.get(_SET_INTERVAL)
        absent_count = sum(not received[_IDS[name]] for name in missing)
        is_unsupported = answer == _UNSUPPORTED or (answer is None and 2 * absent_count >= len(self._rates_hz))
        is_unsupported = is_unsupported and self._round > 0 and bool(missing)
        self._round += 1
        self._received_before = dict(received)
        self._requested_at_s = now_s
        self._check_at_s = now_s + (_ROUND_S if self._round <= _ROUNDS else _WATCH_S)
        if is_unsupported:
            return self._streams()
        return [
            RequestInterval(self._system, self._component, _IDS[name], round(1e6 / self._rates_hz[name]))
            for name in missing
        ]

    def _missing(self, now_s: float, received: Mapping[int, int]) -> list[RatedMessage]:
        """Return the messages to request: all at first, then those that never came, in the end the slowed ones."""
        if self._round == 0:
            return list(self._rates_hz)
        elapsed_s = max(now_s - self._requested_at_s, 0.1)
        missing: list[RatedMessage] = []
        for name, rate_hz in self._rates_hz.items():
            message_id = _IDS[name]
            count = received[message_id] - self._received_before.get(message_id, 0)
            if self._round < _ROUNDS:
                is_missing = count == 0 and elapsed_s * rate_hz >= 1
            else:
                is_missing = received[message_id] > 0 and count < _SLOW * rate_hz * elapsed_s
            if is_missing or (self._round >= _ROUNDS and not any(received.values())):
                missing.append(name)
        return missing

    def _streams(self) -> list[Outgoing]:
        rates_hz: dict[int, float] = {}
        for name, rate_hz in self._rates_hz.items():
            stream = _STREAMS.get(name)
            if stream is not None:
                rates_hz[stream] = max(rate_hz, rates_hz.get(stream, 0.0))
        return [
            RequestStream(self._system, self._component, stream, math.ceil(rate_hz))
            for stream, rate_hz in rates_hz.items()
        ]
