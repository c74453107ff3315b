"""State of the rules on one device: its newest values, and the phase of each rule."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from edge.pipeline.alarms.raised_alarms import RaisedAlarm
from edge.pipeline.alarms.rule_tables import AlarmRule
from edge.pipeline.channels.time_order import TimeOrder
from edge.sources.source import DeviceId
from headland.contract.alarm import AlarmState
from headland.contract.leaf import HOLD_S
from headland.contract.records import Clock

#: How far apart in time temperature, humidity and surface may be to be combined.
_TOGETHER_MS: Final = round(HOLD_S * 1000)


@dataclass(slots=True)
class WatchedRule:
    """State of one rule on one device. `valid_ms`, for silence rules: the last valid sample; `limit_s`: its most age.

    `estimated`: whether the last value is that of an estimated surface.
    """

    rule: AlarmRule
    state: AlarmState = field(default_factory=AlarmState)
    value: float = 0.0
    valid_ms: int | None = None
    limit_s: float | None = None
    estimated: bool = False


@dataclass(slots=True)
class WatchedDevice:
    """A device with its rules. `newest_ms` is its latest time, received when the gateway had run for `received_s`."""

    identity: DeviceId
    clock: Clock
    newest_ms: int
    received_s: float
    rules: list[WatchedRule]
    latest: dict[str, tuple[int, float]] = field(default_factory=dict)
    time: TimeOrder = field(default_factory=TimeOrder)

    def current(self, channel: str, time_ms: int) -> float | None:
        """Return the newest value of a channel that is valid at an instant."""
        sample = self.latest.get(channel)
        return None if sample is None or abs(time_ms - sample[0]) > _TOGETHER_MS else sample[1]

    def reset_times(self) -> None:
        """Forget all times after the device's clock was set. Active alarms remain active."""
        self.latest.clear()
        for rule in self.rules:
            rule.valid_ms, rule.state = None, replace(rule.state, last_ms=None)


def take_over(state: WatchedRule, before: WatchedRule | None, device: WatchedDevice) -> None:
    """Go on with the phase of a rule that was edited; a rule on another quantity begins anew, its alarm stays."""
    if before is None:
        if state.rule.is_silence:
            state.valid_ms = device.newest_ms
        return
    is_same = before.rule.what == state.rule.what and before.rule.is_silence == state.rule.is_silence
    if is_same or before.state.is_raised:
        state.state, state.value, state.estimated = before.state, before.value, before.estimated
    state.valid_ms = before.valid_ms if is_same else device.newest_ms if state.rule.is_silence else None


def is_silent(rule: WatchedRule, silent_s: float) -> bool:
    """Return whether a channel is silent by a rule; by the freshness of its interval only beyond the limit."""
    if rule.limit_s is None:
        return False
    return silent_s > rule.limit_s if rule.rule.silent_s is None else silent_s >= rule.limit_s


def describe_alarm(device: WatchedDevice, rule_state: WatchedRule) -> RaisedAlarm:
    """Return the alarm of a rule on a device as it is now."""
    rule, state, identity = rule_state.rule, rule_state.state, device.identity
    return RaisedAlarm(
        rule=rule.name,
        device=identity.device,
        severity=rule.severity,
        channel=rule.what,
        condition=rule.condition,
        value=rule_state.value,
        threshold=rule.threshold if rule_state.limit_s is None else rule_state.limit_s,
        unit=rule.unit,
        since_ms=state.began_ms,
        raised_ms=state.raised_ms,
        device_kind=identity.kind,
        site=identity.site,
        clock=device.clock,
        simulated=identity.simulated,
        said_ms=state.said_ms,
        repeats=state.repeats,
        text=rule.text,
        estimated=rule.margin is not None and rule_state.estimated,
    )
