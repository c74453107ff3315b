"""The stage between the sources and the queue behind them: each row is converted, corrected, judged, watched, thinned.

source threads --rows--> stage (one lock) --rows with flags, events of gaps and alarms--> intake
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from edge.pipeline.channels.alarm_evaluator import EdgeAlarmEvaluator, RaisedAlarm
from edge.pipeline.channels.channel import ChannelPlan, ChannelState, Judged, describe_channels, make_plan
from edge.pipeline.channels.limit_tables import Limits
from edge.pipeline.channels.output import report_row, say_gaps
from edge.pipeline.channels.quality_tests import GOOD, NOT_EVALUATED, combine, judge_spike, judge_twin
from edge.pipeline.channels.settings import ChannelSettings
from edge.sources.source import DeviceId, Reading, Readings, Sink
from headland.contract.quantities import split_channel
from headland.contract.records import ChannelInfo, Clock, Descriptor, Event, Quality
from headland.errors import SettingsError

#: So many devices have a state of their own; a stream of invented names must not fill the memory.
_MOST_DEVICES: Final = 2000
_MOST_CHANNELS: Final = 1000


class FlagCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many samples of a channel a test has flagged."""

    device: str
    channel: str
    test: str
    flag: str
    samples: int


@dataclass(slots=True)
class _Held:
    """A row that waits for the next one, which the spike test needs."""

    reading: Reading
    judged: dict[str, Judged]
    before: dict[str, float | None]
    since_s: float


@dataclass(slots=True)
class _Device:
    """The states of a device's channels; None for a channel of which every sample goes on as it is."""

    states: dict[str, ChannelState | None] = field(default_factory=dict)
    held: dict[tuple[str, ...], _Held] = field(default_factory=dict)
    intervals_s: dict[str, float | None] = field(default_factory=dict)


class _Key(NamedTuple):
    source: str
    device: str


class ChannelProcessor:
    """Rows in, rows out; safe to call from any thread.

    `settings` are the `[[channel]]` tables, `limits` what holds for channels that they do not name. `spike_wait_s` is
    how long a row may wait for the next one of its kind. `clock_s` is any clock that never goes back.
    """

    def __init__(
        self,
        settings: Sequence[ChannelSettings],
        limits: Limits,
        desk: EdgeAlarmEvaluator,
        *,
        spike_wait_s: float = 0.0,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Check the settings. Raises SettingsError."""
        self._lock = threading.Lock()
        self._limits = limits
        self._desk = desk
        self._spike_wait_s = spike_wait_s
        self._clock_s = clock_s
        self._plans = [(one, _checked(one, limits)) for one in settings]
        self._default_plans: dict[str, ChannelPlan | None] = {}
        self._devices: dict[_Key, _Device] = {}
        self._twins: dict[tuple[str, str], tuple[int, float]] = {}
        every = [*(plan.checks for _, plan in self._plans), *limits.values()]
        self._twin_channels = frozenset(one.twin.channel for one in every if one.twin is not None)
        self._flags: Counter[tuple[str, str, str, Quality]] = Counter()
        self._counters = dict.fromkeys(("rows", "held_back", "gaps", "devices_unjudged"), 0)

    def sink(self, source: str, behind: Sink, *, has_limits: bool = True) -> Sink:
        """Return where a source puts what it has; without `has_limits` only its own settings and alarms hold.

        Where nothing would be done with any row, that is `behind` itself.
        """
        named = any(settings.source in (None, source) for settings, _ in self._plans)
        if not has_limits and not named and not self._desk.has_rules:
            return behind
        return _SourceSink(self, source, behind, has_limits=has_limits)

    def expect(self, site: str, clock: Clock, now_ms: int) -> None:
        """Wait from now on for the devices that a rule of silence names; `now_ms` is the gateway's own time."""
        with self._lock:
            self._desk.expect(site, clock, now_ms, self._clock_s())

    def tick(self, behind: Sink) -> None:
        """Let go what has waited long enough, and say what silence means; call it every few seconds."""
        now_s = self._clock_s()
        with self._lock:
            out: list[Reading | Event] = []
            for device in self._devices.values():
                for names, held in list(device.held.items()):
                    if now_s - held.since_s >= self._spike_wait_s:
                        del device.held[names]
                        out += self._release(device, held, None, now_s)
            out += self._desk.tick(now_s)
        _deliver(out, behind)

    def finish(self, behind: Sink) -> None:
        """Let go all that waits; call it when no source runs any more."""
        with self._lock:
            out = [
                one
                for device in self._devices.values()
                for held in device.held.values()
                for one in self._release(device, held, None, self._clock_s())
            ]
            for device in self._devices.values():
                device.held.clear()
        _deliver(out, behind)

    def flags(self) -> list[FlagCount]:
        """Return how many samples each test has flagged, the most first."""
        with self._lock:
            counted = self._flags.most_common()
        return [
            FlagCount(device=device, channel=channel, test=test, flag=flag.name.lower(), samples=samples)
            for (device, channel, test, flag), samples in counted
        ]

    def raised(self) -> tuple[list[RaisedAlarm], int]:
        """Return the alarms that stand, and a number that grows whenever one is said."""
        with self._lock:
            return self._desk.raised(), self._desk.changes

    def counters(self) -> Mapping[str, int]:
        """Return what went through and what was said so far, by name."""
        with self._lock:
            return {**self._counters, **self._desk.counters()}

    def take(self, source: str, reading: Reading, *, has_limits: bool) -> list[Reading | Event]:
        """Return what a row becomes: rows, and events of gaps and alarms."""
        now_s = self._clock_s()
        with self._lock:
            self._counters["rows"] += 1
            device = self._device(source, reading.source)
            if device is None:
                return [reading, *self._desk.take(reading, now_s)]
            whose = reading.source.device
            states = {name: self._state(device, source, whose, name, has_limits) for name in reading.values}
            if not any(states.values()):
                self._note_twins(reading, {})
                return [reading, *self._desk.take(reading, now_s)]
            judged = {
                name: state.take(reading.time_ms, reading.values[name])
                for name, state in states.items()
                if state is not None
            }
            self._note_twins(reading, judged)
            out: list[Reading | Event] = []
            names = tuple(reading.values)
            before = device.held.pop(names, None)
            if before is not None:
                after = judged if reading.time_ms > before.reading.time_ms else None
                out += self._release(device, before, after, now_s)
            held = _Held(reading, judged, self._before(device, judged), now_s)
            if self._spike_wait_s > 0 and any(state and state.plan.checks.spike for state in states.values()):
                device.held[names] = held
                return out
            return out + self._release(device, held, None, now_s)

    def part(self, source: str, runs: Sequence[Readings], *, has_limits: bool) -> tuple[list[Readings], list[Readings]]:
        """Return the runs with which nothing would be done, and those of which each row must be taken."""
        through: list[Readings] = []
        looked_at: list[Readings] = []
        with self._lock:
            for run in runs:
                device = self._device(source, run.source)
                is_judged = device is not None and any(
                    self._state(device, source, run.source.device, name, has_limits) for name in run.columns
                )
                if is_judged or self._desk.watches(run.source) or self._twin_channels & run.columns.keys():
                    looked_at.append(run)
                else:
                    through.append(run)
                    self._counters["rows"] += len(run)
        return through, looked_at

    def describe(self, source: str, descriptor: Descriptor, *, has_limits: bool) -> Descriptor:
        """Return the descriptor as it is after the settings of its channels."""
        identity = DeviceId(descriptor.device, descriptor.kind, descriptor.site, descriptor.simulated)
        with self._lock:
            device = self._device(source, identity)
            if device is None:
                return descriptor
            for name, info in descriptor.channels.items():
                device.intervals_s[name] = info.interval_s
                state = device.states.get(name)
                if state is None:
                    state = self._make_state(device, source, identity.device, name, has_limits)
                elif info.interval_s is not None:
                    state.expect(info.interval_s)
            channels: dict[str, ChannelInfo] = describe_channels(dict(descriptor.channels), device.states)
        return msgspec.structs.replace(descriptor, channels=channels)

    def _device(self, source: str, identity: DeviceId) -> _Device | None:
        key = _Key(source, identity.device)
        found = self._devices.get(key)
        if found is None:
            if len(self._devices) >= _MOST_DEVICES:
                self._counters["devices_unjudged"] += 1
                return None
            found = self._devices[key] = _Device()
        return found

    def _state(self, device: _Device, source: str, whose: str, channel: str, has_limits: bool) -> ChannelState | None:
        if channel in device.states:
            return device.states[channel]
        return self._make_state(device, source, whose, channel, has_limits)

    def _make_state(
        self, device: _Device, source: str, name: str, channel: str, has_limits: bool
    ) -> ChannelState | None:
        plan = self._plan(source, name, channel, has_limits)
        state = None if plan is None else ChannelState(plan)
        if state is not None:
            state.expect(device.intervals_s.get(channel))
        if len(device.states) < _MOST_CHANNELS:
            device.states[channel] = state
            return state
        return None

    def _plan(self, source: str, device: str, channel: str, has_limits: bool) -> ChannelPlan | None:
        for settings, plan in self._plans:
            if settings.channel == channel and settings.device in (None, device) and settings.source in (None, source):
                return plan
        if not has_limits:
            return None
        if channel not in self._default_plans:
            parts = split_channel(channel)
            known = parts is not None and parts[0] in self._limits
            made = make_plan(ChannelSettings(channel=channel), self._limits) if known else None
            self._default_plans[channel] = made if isinstance(made, ChannelPlan) else None
        return self._default_plans[channel]

    def _before(self, device: _Device, judged: Mapping[str, Judged]) -> dict[str, float | None]:
        states = {name: device.states.get(name) for name in judged}
        return {name: None if state is None else state.before for name, state in states.items()}

    def _note_twins(self, reading: Reading, judged: Mapping[str, Judged]) -> None:
        """Keep the newest value of each channel that may be somebody's twin, before any of the row is judged by it."""
        for name in self._twin_channels & reading.values.keys():
            one = judged.get(name)
            value = reading.values[name] if one is None else one.value
            if value is not None and (one is None or one.flags["gross_range"] < Quality.FAIL):
                self._twins[reading.source.device, name] = (reading.time_ms, value)

    def _release(
        self, device: _Device, held: _Held, after: Mapping[str, Judged] | None, now_s: float
    ) -> list[Reading | Event]:
        """Judge what needed neighbours, count the flags, say gaps and alarms; return what is reported of the row."""
        reading, flags = held.reading, dict(held.reading.quality)
        values = dict(reading.values)
        for name, judged in held.judged.items():
            state = device.states[name]
            if state is None:
                continue
            self._judge_beside_others(reading, state.plan, name, judged, held, after)
            flag = combine(judged.flags.values())
            for test, said in judged.flags.items():
                if said not in (GOOD, NOT_EVALUATED, Quality.MISSING):
                    self._flags[reading.source.device, name, test, said] += 1
            values[name] = judged.value
            if judged.value is not None:
                # What a source flagged stays at least as bad, unless it took the number to be in another unit.
                said_before = GOOD if state.plan.conversion is not None else flags.get(name, GOOD)
                flags[name] = int(max(flag, said_before))
        whole = msgspec.structs.replace(
            reading, values=values, quality={name: flag for name, flag in flags.items() if flag != GOOD}
        )
        self._counters["gaps"] += sum(one.late_since_ms is not None for one in held.judged.values())
        rows = report_row(device.states, whole, held.judged)
        reported = {name for row in rows for name in row.values}
        self._counters["held_back"] += len(whole.values.keys() - reported)
        return [*say_gaps(reading, held.judged), *rows, *self._desk.take(whole, now_s)]

    def _judge_beside_others(
        self,
        reading: Reading,
        plan: ChannelPlan,
        name: str,
        judged: Judged,
        held: _Held,
        after: Mapping[str, Judged] | None,
    ) -> None:
        checks = plan.checks
        if checks.spike is not None and after is not None and name in after and after[name].late_since_ms is None:
            judged.flags["spike"] = judge_spike(held.before[name], judged.value, after[name].value, checks.spike)
        if checks.twin is not None:
            found = self._twins.get((checks.twin.device or reading.source.device, checks.twin.channel))
            near = found is not None and abs(reading.time_ms - found[0]) <= checks.twin.within_s * 1000
            other = found[1] if found is not None and near else None
            judged.flags["twin"] = judge_twin(judged.value, other, checks.twin.suspect)


class _SourceSink:
    """The stage as one source sees it."""

    def __init__(self, stage: ChannelProcessor, source: str, behind: Sink, *, has_limits: bool) -> None:
        self._stage = stage
        self._source = source
        self._behind = behind
        self._has_limits = has_limits

    def reading(self, reading: Reading) -> None:
        """Take a row."""
        _deliver(self._stage.take(self._source, reading, has_limits=self._has_limits), self._behind)

    def runs(self, runs: Sequence[Readings]) -> None:
        """Take rows by column: those that nobody looks at go on as they are, the others one by one, in time's order."""
        through, looked_at = self._stage.part(self._source, runs, has_limits=self._has_limits)
        if through:
            self._behind.runs(through)
        for reading in sorted((row for run in looked_at for row in run.rows()), key=lambda row: row.time_ms):
            self.reading(reading)

    def event(self, event: Event) -> None:
        """Pass an event on."""
        self._behind.event(event)

    def describe(self, descriptor: Descriptor) -> None:
        """Pass on what a device is, with what became of its channels."""
        self._behind.describe(self._stage.describe(self._source, descriptor, has_limits=self._has_limits))


def _deliver(out: Sequence[Reading | Event], behind: Sink) -> None:
    for one in out:
        if isinstance(one, Event):
            behind.event(one)
        else:
            behind.reading(one)


def _checked(settings: ChannelSettings, limits: Limits) -> ChannelPlan:
    plan = make_plan(settings, limits)
    if isinstance(plan, str):
        raise SettingsError(f"channel {settings.channel}: {plan}")
    return plan
