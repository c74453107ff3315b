"""All rules at work on all devices: samples and the passing of time in, events of alarms out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from edge.pipeline.channels.alarm_rules import AlarmRule, Margin
from edge.pipeline.channels.condensation import condensation_margin_k
from edge.pipeline.channels.time_order import DataTime, Turn
from edge.sources.source import DeviceId, Reading
from headland.contract.alarm import AlarmState, Phase, step
from headland.contract.records import ALARM_CLEARED, Clock, Event, Quality, Scalar

#: How long temperature, humidity and surface may lie apart to be taken together.
_TOGETHER_MS: Final = 600_000
#: So many devices are watched by device-blind rules; a stream of invented names must not fill the memory.
_MOST_DEVICES: Final = 2000


class RaisedAlarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alarm that stands: what status shows and what outlives a restart. `estimated`: of a surface without sensor."""

    rule: str
    device: str
    severity: str
    channel: str
    condition: str
    value: float
    threshold: float
    unit: str
    since_ms: int
    raised_ms: int
    device_kind: str
    site: str
    clock: Clock
    simulated: bool = False
    said_ms: int = 0
    repeats: int = 0
    text: str = ""
    estimated: bool = False


@dataclass(slots=True)
class _Watch:
    """One rule on one device."""

    rule: AlarmRule
    state: AlarmState = field(default_factory=AlarmState)
    value: float = 0.0
    heard_ms: int | None = None  # the last valid sample, for silence


@dataclass(slots=True)
class _Device:
    """A device with its watches. `newest_ms` is its latest time, heard when the gateway ran for `heard_s`."""

    identity: DeviceId
    clock: Clock
    newest_ms: int
    heard_s: float
    watches: list[_Watch]
    latest: dict[str, tuple[int, float]] = field(default_factory=dict)
    time: DataTime = field(default_factory=DataTime)

    def begin_anew(self) -> None:
        """Forget all times: the device's clock stands elsewhere now. What is raised stays raised."""
        self.latest.clear()
        for watch in self.watches:
            watch.heard_ms, watch.state = None, replace(watch.state, last_ms=None)


class EdgeAlarmEvaluator:
    """Not safe to call from several threads at once. `now_s` is any clock that never goes back.

    Time is the data's: a device's latest time, and while it is silent that time plus what has passed since. A value
    that failed its tests, or is missing, is no evidence for or against anything.
    """

    def __init__(self, rules: Sequence[AlarmRule], raised: Iterable[RaisedAlarm] = ()) -> None:
        """Begin with what was raised before the last stop."""
        self._rules = rules
        self._channels = frozenset(channel for rule in rules for channel in rule.channels)
        self._devices: dict[str, _Device] = {}
        self._absent: dict[str, _Device] = {}
        self._waiting = {(one.rule, one.device): one for one in raised}
        self.changes = 0
        self._counters = dict.fromkeys(("alarms_raised", "alarms_repeated", "alarms_cleared", "devices_unwatched"), 0)

    def take(self, reading: Reading, now_s: float) -> list[Event]:
        """Return the events of alarms that a row leads to."""
        device = self._device(reading, now_s)
        if device is None:
            return []
        time_ms = reading.time_ms
        turn = device.time.take(time_ms)
        if turn is Turn.ANEW:
            device.begin_anew()
        if turn is not Turn.BEHIND:
            device.newest_ms, device.heard_s, device.clock = time_ms, now_s, reading.clock
        for channel in self._channels & reading.values.keys():
            value = reading.values[channel]
            if value is not None and reading.quality.get(channel, Quality.GOOD) < Quality.FAIL:
                known = device.latest.get(channel)
                if known is None or time_ms >= known[0]:
                    device.latest[channel] = (time_ms, value)
        events = [event for watch in device.watches for event in self._judge(device, watch, reading)]
        return events + self._look_for_silence(device, time_ms)

    def watches(self, identity: DeviceId) -> bool:
        """Tell whether any rule is about a device, so that each of its rows must be taken."""
        return any(rule.fits(identity.device, identity.kind) for rule in self._rules)

    @property
    def has_rules(self) -> bool:
        """Whether there is anything to watch."""
        return bool(self._rules)

    def expect(self, site: str, clock: Clock, now_ms: int, now_s: float) -> None:
        """Wait from now on for the devices that a rule of silence names with their kind: they may never be heard."""
        for rule in self._rules:
            if rule.silent_s is None or rule.device is None or rule.kind is None or rule.device in self._absent:
                continue
            identity = DeviceId(rule.device, rule.kind, site)
            self._absent[rule.device] = _Device(identity, clock, now_ms, now_s, self._watches(identity))
            for watch in self._absent[rule.device].watches:
                watch.heard_ms = now_ms if watch.rule.silent_s is not None else None

    def tick(self, now_s: float) -> list[Event]:
        """Return the events that silence leads to; call it every few seconds."""
        events = self._drop_ruleless()
        for device in (*self._devices.values(), *self._absent.values()):
            waited_ms = round((now_s - device.heard_s) * 1000)
            events += self._look_for_silence(device, device.newest_ms + waited_ms)
        return events

    def raised(self) -> list[RaisedAlarm]:
        """Return the alarms that stand, the oldest first."""
        standing = [
            _describe(device, watch)
            for device in (*self._devices.values(), *self._absent.values())
            for watch in device.watches
            if watch.state.is_raised
        ]
        return sorted([*standing, *self._waiting.values()], key=lambda one: (one.raised_ms, one.rule, one.device))

    def counters(self) -> dict[str, int]:
        """Return what was said so far, by name."""
        return dict(self._counters)

    def _device(self, reading: Reading, now_s: float) -> _Device | None:
        found = self._devices.get(reading.source.device)
        if found is not None:
            found.identity = reading.source  # it may turn out to be simulated
            return found
        if len(self._devices) >= _MOST_DEVICES:
            self._counters["devices_unwatched"] += 1
            return None
        identity = reading.source
        absent = self._absent.pop(identity.device, None)
        watches = self._watches(identity) if absent is None else absent.watches
        made = self._devices[identity.device] = _Device(identity, reading.clock, reading.time_ms, now_s, watches)
        made.begin_anew()  # from now on its own clock counts
        return made

    def _watches(self, identity: DeviceId) -> list[_Watch]:
        """Return a watch for each rule that fits, as it stood before the last stop."""
        watches = [_Watch(rule) for rule in self._rules if rule.fits(identity.device, identity.kind)]
        for watch in watches:
            before = self._waiting.pop((watch.rule.name, identity.device), None)
            if before is not None:
                watch.state, watch.value = _state_of(before), before.value
        return watches

    def _judge(self, device: _Device, watch: _Watch, reading: Reading) -> Iterator[Event]:
        rule = watch.rule
        if rule.silent_s is not None:
            if watch.heard_ms is None:
                watch.heard_ms = reading.time_ms
            found = device.latest.get(rule.what)
            if found is not None and found[0] == reading.time_ms > watch.heard_ms:
                silent_s = (reading.time_ms - watch.heard_ms) / 1000
                # What came after too long a silence was silent until just before it.
                if silent_s >= rule.silent_s:
                    yield from self._step(device, watch, reading.time_ms - 1, silent_s)
                watch.heard_ms = reading.time_ms
                yield from self._step(device, watch, reading.time_ms, 0.0)
            return
        value = _value_of(device, rule, reading)
        if value is not None:
            yield from self._step(device, watch, reading.time_ms, value)

    def _look_for_silence(self, device: _Device, time_ms: int) -> list[Event]:
        events: list[Event] = []
        for watch in device.watches:
            silent_s = None if watch.heard_ms is None else (time_ms - watch.heard_ms) / 1000
            if watch.rule.silent_s is not None and silent_s is not None and silent_s >= watch.rule.silent_s:
                events += self._step(device, watch, time_ms, silent_s)
        return events

    def _step(self, device: _Device, watch: _Watch, time_ms: int, value: float) -> Iterator[Event]:
        rule = watch.rule
        is_bad, is_over = judge(rule, value)
        watch.state, said = step(watch.state, rule.timing, time_ms, is_bad=is_bad, is_over=is_over)
        if watch.state.is_raised or said is not None:
            watch.value = value
        if said is None:
            return
        self.changes += 1
        is_again = "repeated" if watch.state.repeats else "raised"
        self._counters[f"alarms_{'cleared' if said == ALARM_CLEARED else is_again}"] += 1
        yield _event(_describe(device, watch), said, time_ms)

    def _drop_ruleless(self) -> list[Event]:
        """Clear what stood before the last stop and has no rule any more."""
        names = {rule.name for rule in self._rules}
        gone = [key for key in self._waiting if key[0] not in names]
        self.changes += len(gone)
        self._counters["alarms_cleared"] += len(gone)
        return [_event(one, ALARM_CLEARED, one.raised_ms, why="rule removed") for one in map(self._waiting.pop, gone)]


def judge(rule: AlarmRule, value: float) -> tuple[bool, bool]:
    """Return whether a value is beyond the rule's threshold, and whether it is back beyond its hysteresis."""
    if rule.below is not None:
        return value < rule.below, value >= rule.below + rule.hysteresis
    bound = rule.threshold
    if rule.silent_s is not None:
        return value >= bound, value < bound
    return value > bound, value <= bound - rule.hysteresis


def _value_of(device: _Device, rule: AlarmRule, reading: Reading) -> float | None:
    """Return what the rule looks at, where this row says something new about it."""
    if rule.margin is None:
        found = device.latest.get(rule.what)
        return found[1] if found is not None and found[0] == reading.time_ms and rule.what in reading.values else None
    return _margin_of(device, rule.margin, reading)


def _margin_of(device: _Device, margin: Margin, reading: Reading) -> float | None:
    channels = margin.channels
    found = [device.latest.get(channel) for channel in channels]
    if not any(channel in reading.values for channel in channels):
        return None
    together = [one[1] for one in found if one is not None and abs(reading.time_ms - one[0]) <= _TOGETHER_MS]
    if len(together) < len(channels):
        return None
    air, humidity, surface = together
    return condensation_margin_k(surface if margin.surface is not None else air + margin.estimate_k, air, humidity)


def _describe(device: _Device, watch: _Watch) -> RaisedAlarm:
    rule, state, identity = watch.rule, watch.state, device.identity
    return RaisedAlarm(
        rule=rule.name,
        device=identity.device,
        severity=rule.severity,
        channel=rule.what,
        condition=rule.condition,
        value=watch.value,
        threshold=rule.threshold,
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
        estimated=rule.margin is not None and rule.margin.surface is None,
    )


def _state_of(raised: RaisedAlarm) -> AlarmState:
    return AlarmState(
        phase=Phase.RAISED,
        since_ms=raised.raised_ms,
        began_ms=raised.since_ms,
        raised_ms=raised.raised_ms,
        said_ms=raised.said_ms,
        last_ms=raised.said_ms,
        repeats=raised.repeats,
    )


def _event(alarm: RaisedAlarm, kind: str, time_ms: int, why: str = "") -> Event:
    data: dict[str, Scalar] = {
        "rule": alarm.rule,
        "severity": alarm.severity,
        "channel": alarm.channel,
        "condition": alarm.condition,
        "value": alarm.value,
        "threshold": alarm.threshold,
        "unit": alarm.unit,
        "since_ms": alarm.since_ms,
        "raised_ms": alarm.raised_ms,
        "repeats": alarm.repeats,
    }
    if alarm.text:
        data["text"] = alarm.text
    if alarm.estimated:
        data["estimated"] = True
    if why:
        data["why"] = why
    return Event(
        t=time_ms,
        device=alarm.device,
        kind=kind,
        device_kind=alarm.device_kind,
        site=alarm.site,
        clock=alarm.clock,
        data=data,
        simulated=alarm.simulated,
    )
