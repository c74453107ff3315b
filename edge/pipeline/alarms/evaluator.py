"""Evaluator of alarm rules on the gateway: samples and timer ticks in, alarm events out.

Source of the dew point: Allen, Pereira, Raes, Smith (1998), FAO Irrigation and Drainage Paper 56, equation 11
(saturation vapour pressure) and equation 10 (relative humidity), solved for the temperature at which the air's vapour
saturates. In plain Python, because a Raspberry Pi has no numpy.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from edge.pipeline.alarms.device_rules import WatchedDevice, WatchedRule, describe_alarm, is_silent, take_over
from edge.pipeline.alarms.raised_alarms import RaisedAlarm, alarm_event, state_of
from edge.pipeline.alarms.rule_tables import AlarmRule, Margin
from edge.pipeline.channels.time_order import TimeStep
from edge.sources.source import DeviceId, Reading
from headland.contract.alarm import step
from headland.contract.freshness import silent_after_s
from headland.contract.leaf import SCREEN_CLOSED_PCT, estimate_leaf_degc
from headland.contract.records import ALARM_CLEARED, ChannelInfo, Clock, Event, Quality
from headland.contract.sun import is_day

#: The most devices that are evaluated: a stream of invented names must not fill the memory.
_MOST_DEVICES: Final = 2000
#: Validity of equation 11; nothing is extrapolated.
_LOW_DEGC, _HIGH_DEGC = -40.0, 60.0
#: Sensors read slightly above saturation; up to this value the air counts as saturated.
_HIGH_HUMIDITY_PCT = 103.0


class EdgeAlarmEvaluator:
    """Evaluates all rules on all devices; not thread-safe. `now_s` is any monotonic clock.

    Time is that of the data: a device's latest time, and while it is silent that time plus the time passed since. A
    value that failed its tests, or is missing, changes no alarm.
    """

    def __init__(
        self,
        rules: Sequence[AlarmRule],
        raised: Iterable[RaisedAlarm] = (),
        *,
        place_deg: tuple[float, float] | None = None,
        inactive: Collection[str] = (),
    ) -> None:
        """Start with the alarms that were active at the last stop. `place_deg`: latitude and longitude, if known.

        `inactive` are devices that no rule is for.
        """
        self._rules = rules
        self._place_deg = place_deg
        self._inactive = inactive
        self._removed: list[RaisedAlarm] = []
        self._intervals_s: dict[str, dict[str, float | None]] = {}
        self._channels = _channels_of(rules)
        self._devices: dict[str, WatchedDevice] = {}
        self._absent: dict[str, WatchedDevice] = {}
        self._restored = {(alarm.rule, alarm.device): alarm for alarm in raised}
        self.changes = 0
        self._counters = dict.fromkeys(("alarms_raised", "alarms_repeated", "alarms_cleared", "devices_unwatched"), 0)

    def evaluate(self, reading: Reading, now_s: float) -> list[Event]:
        """Return the alarm events caused by a row."""
        device = self._device(reading, now_s)
        if device is None:
            return []
        time_ms = reading.time_ms
        time_step = device.time.classify(time_ms)
        if time_step is TimeStep.RESET:
            device.reset_times()
        if time_step is not TimeStep.LATE:
            device.newest_ms, device.received_s, device.clock = time_ms, now_s, reading.clock
        for channel in self._channels & reading.values.keys():
            value = reading.values[channel]
            if value is not None and reading.quality.get(channel, Quality.GOOD) < Quality.FAIL:
                latest = device.latest.get(channel)
                if latest is None or time_ms >= latest[0]:
                    device.latest[channel] = (time_ms, value)
        events = [event for rule in device.rules for event in self._evaluate_rule(device, rule, reading)]
        return events + self._check_silence(device, time_ms)

    def has_rules_for(self, identity: DeviceId) -> bool:
        """Return whether any rule applies to a device, so that each of its rows must be evaluated."""
        return any(True for _ in self._rules_of(identity))

    def replace_rules(
        self, rules: Sequence[AlarmRule], place_deg: tuple[float, float] | None, inactive: Collection[str]
    ) -> None:
        """Evaluate other rules from now on.

        A rule of the same name on the same quantity goes on in its phase, so that an edit neither delays an alarm nor
        raises an active one again. An active alarm that no rule is for any more is cleared by the next `tick`.
        """
        self._rules, self._place_deg, self._inactive = rules, place_deg, inactive
        self._channels = _channels_of(rules)
        for device in (*self._devices.values(), *self._absent.values()):
            before = {state.rule.name: state for state in device.rules}
            device.rules = self._rules_for(device.identity)
            for state in device.rules:
                take_over(state, before.pop(state.rule.name, None), device)
            self._removed += [describe_alarm(device, state) for state in before.values() if state.state.is_raised]

    def set_intervals(self, device: str, channels: Mapping[str, ChannelInfo]) -> None:
        """Take over how often the channels of a device are due: it tells when they are silent."""
        if len(self._intervals_s) < _MOST_DEVICES or device in self._intervals_s:
            self._intervals_s[device] = {channel: info.interval_s for channel, info in channels.items()}
        known = self._devices.get(device)
        for rule in () if known is None else known.rules:
            rule.limit_s = self._limit_s(rule.rule, device, "" if known is None else known.identity.kind)

    @property
    def has_rules(self) -> bool:
        """Whether there is any rule."""
        return bool(self._rules)

    def expect_devices(self, site: str, clock: Clock, now_ms: int, now_s: float) -> None:
        """Wait from now on for the devices that a silence rule names with their kind: they may never send a row."""
        for rule in self._rules:
            if not rule.is_silence or rule.device is None or rule.kind is None or rule.device in self._inactive:
                continue
            if rule.device in self._absent or rule.device in self._devices:
                continue
            identity = DeviceId(rule.device, rule.kind, site)
            device = self._absent[rule.device] = WatchedDevice(
                identity, clock, now_ms, now_s, self._rules_for(identity)
            )
            for rule_state in device.rules:
                rule_state.valid_ms = now_ms if rule_state.rule.is_silence else None

    def tick(self, now_s: float) -> list[Event]:
        """Return the events caused by silence; call it every few seconds."""
        events = self._clear_removed_rules()
        for device in (*self._devices.values(), *self._absent.values()):
            waited_ms = round((now_s - device.received_s) * 1000)
            events += self._check_silence(device, device.newest_ms + waited_ms)
        return events

    def raised(self) -> list[RaisedAlarm]:
        """Return the active alarms, the oldest first."""
        active = [
            describe_alarm(device, rule)
            for device in (*self._devices.values(), *self._absent.values())
            for rule in device.rules
            if rule.state.is_raised
        ]
        alarms = [*active, *self._restored.values(), *self._removed]
        return sorted(alarms, key=lambda alarm: (alarm.raised_ms, alarm.rule, alarm.device))

    def counters(self) -> dict[str, int]:
        """Return the numbers of alarm events so far, by name."""
        return dict(self._counters)

    def _device(self, reading: Reading, now_s: float) -> WatchedDevice | None:
        device = self._devices.get(reading.source.device)
        if device is not None:
            device.identity = reading.source  # a device may be found to be simulated later
            return device
        if len(self._devices) >= _MOST_DEVICES:
            self._counters["devices_unwatched"] += 1
            return None
        identity = reading.source
        absent = self._absent.pop(identity.device, None)
        rules = self._rules_for(identity) if absent is None else absent.rules
        device = self._devices[identity.device] = WatchedDevice(identity, reading.clock, reading.time_ms, now_s, rules)
        device.reset_times()  # from now on the device's own clock counts
        return device

    def _rules_for(self, identity: DeviceId) -> list[WatchedRule]:
        """Return a state for each rule that applies, with the alarms of the last run restored."""
        rules = [
            WatchedRule(rule, limit_s=self._limit_s(rule, identity.device, identity.kind))
            for rule in self._rules_of(identity)
        ]
        for rule in rules:
            alarm = self._restored.pop((rule.rule.name, identity.device), None)
            if alarm is not None:
                rule.state, rule.value = state_of(alarm), alarm.value
        return rules

    def _rules_of(self, identity: DeviceId) -> Iterator[AlarmRule]:
        is_active = identity.device not in self._inactive
        return (rule for rule in self._rules if is_active and rule.fits(identity.device, identity.kind))

    def _limit_s(self, rule: AlarmRule, device: str, kind: str) -> float | None:
        """Return the age from which on a channel is silent by a rule; None for another rule."""
        if rule.overdue_s is None:
            return rule.silent_s
        return rule.overdue_s + silent_after_s(self._intervals_s.get(device, {}).get(rule.what), kind)

    def _evaluate_rule(self, device: WatchedDevice, rule: WatchedRule, reading: Reading) -> Iterator[Event]:
        if rule.limit_s is None:
            value = self._value_of(device, rule, reading)
            if value is not None:
                yield from self._step(device, rule, reading.time_ms, value)
            return
        if rule.valid_ms is None:
            rule.valid_ms = reading.time_ms
        latest = device.latest.get(rule.rule.what)
        if latest is not None and latest[0] == reading.time_ms > rule.valid_ms:
            silent_s = (reading.time_ms - rule.valid_ms) / 1000
            # A sample that ends too long a silence: the channel was silent until just before it.
            if is_silent(rule, silent_s):
                yield from self._step(device, rule, reading.time_ms - 1, silent_s)
            rule.valid_ms = reading.time_ms
            yield from self._step(device, rule, reading.time_ms, 0.0)

    def _value_of(self, device: WatchedDevice, rule: WatchedRule, reading: Reading) -> float | None:
        """Return the value that the rule compares, None where this row does not change it."""
        if rule.rule.margin is not None:
            return self._margin_of(device, rule, rule.rule.margin, reading)
        latest = device.latest.get(rule.rule.what)
        is_new = latest is not None and latest[0] == reading.time_ms and rule.rule.what in reading.values
        return latest[1] if latest is not None and is_new else None

    def _margin_of(self, device: WatchedDevice, rule: WatchedRule, margin: Margin, reading: Reading) -> float | None:
        """Return the margin of a surface: measured where a sensor is current, else estimated if the rule says so."""
        if not any(channel in reading.values for channel in margin.channels):
            return None
        at_ms = reading.time_ms
        air, humidity = (device.current(channel, at_ms) for channel in (margin.temperature, margin.humidity))
        surface = None if margin.surface is None else device.current(margin.surface, at_ms)
        if air is None or humidity is None or (surface is None and not margin.is_estimated):
            return None
        rule.estimated = surface is None
        if surface is not None:
            return condensation_margin_k(surface, air, humidity)
        if margin.estimate_k is not None:
            return condensation_margin_k(air + margin.estimate_k, air, humidity)
        by_day = self._place_deg is not None and is_day(at_ms, *self._place_deg)
        screen_pct = device.current(margin.screen, at_ms)
        closed = screen_pct is not None and screen_pct > SCREEN_CLOSED_PCT
        return condensation_margin_k(estimate_leaf_degc(air, by_day, closed), air, humidity)

    def _check_silence(self, device: WatchedDevice, time_ms: int) -> list[Event]:
        events: list[Event] = []
        for rule in device.rules:
            silent_s = None if rule.valid_ms is None else (time_ms - rule.valid_ms) / 1000
            if silent_s is not None and is_silent(rule, silent_s):
                events += self._step(device, rule, time_ms, silent_s)
        return events

    def _step(self, device: WatchedDevice, rule: WatchedRule, time_ms: int, value: float) -> Iterator[Event]:
        is_bad, is_over = compare(rule.rule, value)
        if rule.limit_s is not None:
            is_bad = is_silent(rule, value)
            is_over = not is_bad
        rule.state, kind = step(rule.state, rule.rule.timing, time_ms, is_bad=is_bad, is_over=is_over)
        if rule.state.is_raised or kind is not None:
            rule.value = value
        if kind is None:
            return
        self.changes += 1
        change = "cleared" if kind == ALARM_CLEARED else "repeated" if rule.state.repeats else "raised"
        self._counters[f"alarms_{change}"] += 1
        yield alarm_event(describe_alarm(device, rule), kind, time_ms)

    def _clear_removed_rules(self) -> list[Event]:
        """Clear the alarms whose rule no longer exists, of this run and of the last."""
        names = {rule.name for rule in self._rules}
        removed = [key for key in self._restored if key[0] not in names or key[1] in self._inactive]
        alarms = [*self._removed, *(self._restored.pop(key) for key in removed)]
        self._removed = []
        self.changes += len(alarms)
        self._counters["alarms_cleared"] += len(alarms)
        return [alarm_event(alarm, ALARM_CLEARED, alarm.raised_ms, why="rule removed") for alarm in alarms]


def compare(rule: AlarmRule, value: float) -> tuple[bool, bool]:
    """Return whether a value is beyond the rule's threshold, and whether it is back beyond its hysteresis."""
    if rule.below is not None:
        return value < rule.below, value >= rule.below + rule.hysteresis
    threshold = rule.threshold
    return value > threshold, value <= threshold - rule.hysteresis


def dew_point_degc(temperature_degc: float, relative_humidity_pct: float) -> float | None:
    """Return the dew point over water [degC] of air at -40..60 degC and 0..103 %; None outside, and without vapour."""
    if not (_LOW_DEGC <= temperature_degc <= _HIGH_DEGC and 0.0 < relative_humidity_pct <= _HIGH_HUMIDITY_PCT):
        return None
    log_ratio = math.log(min(relative_humidity_pct, 100.0) / 100.0)
    log_ratio += 17.27 * temperature_degc / (temperature_degc + 237.3)
    return 237.3 * log_ratio / (17.27 - log_ratio)


def condensation_margin_k(surface_degc: float, temperature_degc: float, relative_humidity_pct: float) -> float | None:
    """Return how far a surface is above the dew point of the air at it [K]; at or below 0 the surface becomes wet."""
    dew_degc = dew_point_degc(temperature_degc, relative_humidity_pct)
    return None if dew_degc is None else surface_degc - dew_degc


def _channels_of(rules: Iterable[AlarmRule]) -> frozenset[str]:
    return frozenset(channel for rule in rules for channel in rule.channels)
