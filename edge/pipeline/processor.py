"""Channel processor between the sources and the intake queue.

Each row is converted, calibrated, tested, checked for alarms and reduced to what is reported:

source threads --rows--> processor (one lock) --rows with flags, events of gaps and alarms--> intake
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from edge.pipeline.alarms.evaluator import EdgeAlarmEvaluator
from edge.pipeline.alarms.farm_rules import UsableRules
from edge.pipeline.alarms.raised_alarms import RaisedAlarm
from edge.pipeline.channels.channel import CheckedSample, describe_channels
from edge.pipeline.channels.device_states import DeviceState, DeviceStates, WaitingRow
from edge.pipeline.channels.limit_tables import Limits
from edge.pipeline.channels.output import gap_events, report_row
from edge.pipeline.channels.plans import ChannelPlan, ChannelPlans
from edge.pipeline.channels.quality_tests import GOOD, MISSING, NOT_EVALUATED, check_spike, check_twin, combine
from edge.pipeline.channels.settings import ChannelSettings
from edge.pipeline.channels.time_order import WallClock
from edge.sources.source import Reading, Readings, Sink
from headland.clock import since_boot_s, wall_clock_ms
from headland.contract.records import ChannelInfo, Clock, Descriptor, Event, Quality


class FlagCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many samples of a channel a test has flagged."""

    device: str
    channel: str
    test: str
    flag: str
    samples: int


class ChannelProcessor:
    """Rows in, rows out; safe to call from any thread.

    `settings` are the `[[channel]]` tables, `limits` apply to channels without a table. `spike_wait_s` is how long a
    row may wait for the next one of its kind. With `takes_rules` alarm rules may come for any source. `clock_s` is any
    monotonic clock. Gaps are judged by
    `now_ms`, the gateway's own clock, beside `passed_s`, which goes on while it sleeps and is never set.
    """

    def __init__(
        self,
        settings: Sequence[ChannelSettings],
        limits: Limits,
        alarms: EdgeAlarmEvaluator,
        *,
        spike_wait_s: float = 0.0,
        takes_rules: bool = False,
        clock_s: Callable[[], float] = time.monotonic,
        now_ms: Callable[[], int] = wall_clock_ms,
        passed_s: Callable[[], float] = since_boot_s,
    ) -> None:
        """Check the settings. Raises SettingsError."""
        self._lock = threading.Lock()
        self._plans = ChannelPlans(settings, limits)
        self._alarms = alarms
        self._takes_rules = takes_rules
        self._spike_wait_s = spike_wait_s
        self._clock_s = clock_s
        self._now_ms = now_ms
        self._passed_s = passed_s
        self._wall = WallClock()
        self._devices = DeviceStates(self._plans)
        self._twins: dict[tuple[str, str], tuple[int, float]] = {}
        self._twin_channels = self._plans.twin_channels()
        self._flags: Counter[tuple[str, str, str, Quality]] = Counter()
        self._counters = dict.fromkeys(("rows", "held_back", "gaps"), 0)

    def sink(self, source: str, behind: Sink, *, has_limits: bool = True) -> Sink:
        """Return the sink for a source; without `has_limits` only `[[channel]]` tables and alarm rules apply.

        Where no row would be changed or checked, that is `behind` itself.
        """
        has_rules = self._takes_rules or self._alarms.has_rules
        if not has_limits and not self._plans.names_source(source) and not has_rules:
            return behind
        return _SourceSink(self, source, behind, has_limits=has_limits)

    def expect_devices(self, site: str, clock: Clock, now_ms: int) -> None:
        """Wait from now on for the devices that a silence rule names; `now_ms` is the gateway's own time."""
        with self._lock:
            self._alarms.expect_devices(site, clock, now_ms, self._clock_s())

    def replace_rules(self, rules: UsableRules, site: str, clock: Clock, now_ms: int) -> None:
        """Evaluate other alarm rules from now on; an active alarm of a rule that goes is cleared by the next `tick`."""
        with self._lock:
            self._alarms.replace_rules(rules.rules, rules.place_deg, rules.inactive)
            self._alarms.expect_devices(site, clock, now_ms, self._clock_s())

    def tick(self, behind: Sink) -> None:
        """Release rows that have waited long enough, and evaluate silence rules; call it every few seconds."""
        now_s = self._clock_s()
        with self._lock:
            output: list[Reading | Event] = []
            for device in self._devices:
                for names, row in list(device.waiting.items()):
                    if now_s - row.since_s >= self._spike_wait_s:
                        del device.waiting[names]
                        output += self._release(device, row, None, now_s)
            output += self._alarms.tick(now_s)
        _deliver(output, behind)

    def finish(self, behind: Sink) -> None:
        """Release all waiting rows; call it when no source runs any more."""
        with self._lock:
            output = [
                item
                for device in self._devices
                for row in device.waiting.values()
                for item in self._release(device, row, None, self._clock_s())
            ]
            for device in self._devices:
                device.waiting.clear()
        _deliver(output, behind)

    def flags(self) -> list[FlagCount]:
        """Return how many samples each test has flagged, the highest count first."""
        with self._lock:
            counts = self._flags.most_common()
        return [
            FlagCount(device=device, channel=channel, test=test, flag=flag.name.lower(), samples=samples)
            for (device, channel, test, flag), samples in counts
        ]

    def raised(self) -> tuple[list[RaisedAlarm], int]:
        """Return the active alarms, and a number that grows with every alarm event."""
        with self._lock:
            return self._alarms.raised(), self._alarms.changes

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of rows, gaps and alarm events so far, by name."""
        with self._lock:
            return {**self._counters, "devices_unjudged": self._devices.refused, **self._alarms.counters()}

    def process(self, source: str, reading: Reading, *, has_limits: bool) -> list[Reading | Event]:
        """Return the rows to report for a row, and the events of gaps and alarms."""
        now_s = self._clock_s()
        with self._lock:
            self._counters["rows"] += 1
            device = self._devices.find(source, reading.source.device)
            if device is None:
                return [reading, *self._alarms.evaluate(reading, now_s)]
            states = {name: self._devices.channel(device, name, has_limits) for name in reading.values}
            if not any(states.values()):
                self._note_twins(reading, {})
                return [reading, *self._alarms.evaluate(reading, now_s)]
            arrived_s = self._passed_s()
            self._wall.note(self._now_ms(), arrived_s)
            off_ms = self._wall.distance_ms(reading.time_ms, arrived_s)
            samples = {
                name: state.process(reading.time_ms, reading.values[name], arrived_s, off_ms)
                for name, state in states.items()
                if state is not None
            }
            self._note_twins(reading, samples)
            output: list[Reading | Event] = []
            names = tuple(reading.values)
            before = device.waiting.pop(names, None)
            if before is not None:
                after = samples if reading.time_ms > before.reading.time_ms else None
                output += self._release(device, before, after, now_s)
            row = WaitingRow(reading, samples, device.values_before(samples), now_s)
            if self._spike_wait_s > 0 and any(state and state.plan.checks.spike for state in states.values()):
                device.waiting[names] = row
                return output
            return output + self._release(device, row, None, now_s)

    def split_runs(
        self, source: str, runs: Sequence[Readings], *, has_limits: bool
    ) -> tuple[list[Readings], list[Readings]]:
        """Return the runs that pass unchanged, and those whose rows must be processed one by one."""
        unchanged: list[Readings] = []
        processed: list[Readings] = []
        with self._lock:
            for run in runs:
                device = self._devices.find(source, run.source.device)
                has_state = device is not None and any(
                    self._devices.channel(device, name, has_limits) for name in run.columns
                )
                if has_state or self._alarms.has_rules_for(run.source) or self._twin_channels & run.columns.keys():
                    processed.append(run)
                else:
                    unchanged.append(run)
                    self._counters["rows"] += len(run)
        return unchanged, processed

    def describe(self, source: str, descriptor: Descriptor, *, has_limits: bool) -> Descriptor:
        """Return the descriptor with its channels as they are after processing."""
        with self._lock:
            device = self._devices.find(source, descriptor.device)
            if device is None:
                return descriptor
            for name, info in descriptor.channels.items():
                device.intervals_s[name] = info.interval_s
                state = device.channels.get(name)
                if state is None:
                    self._devices.make_channel(device, name, has_limits)
                elif info.interval_s is not None:
                    state.set_interval(info.interval_s)
            channels: dict[str, ChannelInfo] = describe_channels(descriptor.channels, device.channels)
            self._alarms.set_intervals(descriptor.device, channels)
        return msgspec.structs.replace(descriptor, channels=channels)

    def _note_twins(self, reading: Reading, samples: Mapping[str, CheckedSample]) -> None:
        """Note the newest value of each channel that may be a twin, before samples of the row are compared with it."""
        for name in self._twin_channels & reading.values.keys():
            sample = samples.get(name)
            value = reading.values[name] if sample is None else sample.value
            if value is not None and (sample is None or sample.flags["gross_range"] < Quality.FAIL):
                self._twins[reading.source.device, name] = (reading.time_ms, value)

    def _release(
        self, device: DeviceState, row: WaitingRow, after: Mapping[str, CheckedSample] | None, now_s: float
    ) -> list[Reading | Event]:
        """Make the tests that need neighbours, count the flags, and return the reported rows and the events."""
        reading, flags = row.reading, dict(row.reading.quality)
        values = dict(reading.values)
        for name, sample in row.samples.items():
            state = device.channels[name]
            if state is None:
                continue
            self._check_neighbours(state.plan, name, sample, row, after)
            flag = combine(sample.flags.values())
            for test, test_flag in sample.flags.items():
                if test_flag not in (GOOD, NOT_EVALUATED, MISSING):
                    self._flags[reading.source.device, name, test, test_flag] += 1
            values[name] = sample.value
            if sample.value is not None:
                # A source's own flag remains at least as bad, unless the source assumed another unit.
                source_flag = GOOD if state.plan.conversion is not None else flags.get(name, GOOD)
                flags[name] = int(max(flag, source_flag))
        checked = msgspec.structs.replace(
            reading, values=values, quality={name: flag for name, flag in flags.items() if flag != GOOD}
        )
        self._counters["gaps"] += sum(sample.late_since_ms is not None for sample in row.samples.values())
        rows = report_row(device.channels, checked, row.samples)
        reported = {name for reported_row in rows for name in reported_row.values}
        self._counters["held_back"] += len(checked.values.keys() - reported)
        return [*gap_events(reading, row.samples), *rows, *self._alarms.evaluate(checked, now_s)]

    def _check_neighbours(
        self,
        plan: ChannelPlan,
        name: str,
        sample: CheckedSample,
        row: WaitingRow,
        after: Mapping[str, CheckedSample] | None,
    ) -> None:
        """Make the spike test with the samples before and after, and the twin test with the twin's newest value."""
        checks, reading = plan.checks, row.reading
        if checks.spike is not None and after is not None and name in after and after[name].late_since_ms is None:
            sample.flags["spike"] = check_spike(row.before[name], sample.value, after[name].value, checks.spike)
        if checks.twin is not None:
            twin = self._twins.get((checks.twin.device or reading.source.device, checks.twin.channel))
            is_near = twin is not None and abs(reading.time_ms - twin[0]) <= checks.twin.within_s * 1000
            other = twin[1] if twin is not None and is_near else None
            sample.flags["twin"] = check_twin(sample.value, other, checks.twin.suspect)


class _SourceSink:
    """Sink of one source in front of the processor."""

    def __init__(self, processor: ChannelProcessor, source: str, behind: Sink, *, has_limits: bool) -> None:
        self._processor = processor
        self._source = source
        self._behind = behind
        self._has_limits = has_limits

    def reading(self, reading: Reading) -> None:
        """Process a row."""
        _deliver(self._processor.process(self._source, reading, has_limits=self._has_limits), self._behind)

    def runs(self, runs: Sequence[Readings]) -> None:
        """Pass on the runs that no step applies to, and process the rows of the others one by one, in time order."""
        unchanged, processed = self._processor.split_runs(self._source, runs, has_limits=self._has_limits)
        if unchanged:
            self._behind.runs(unchanged)
        for reading in sorted((row for run in processed for row in run.rows()), key=lambda row: row.time_ms):
            self.reading(reading)

    def event(self, event: Event) -> None:
        """Pass an event on."""
        self._behind.event(event)

    def describe(self, descriptor: Descriptor) -> None:
        """Pass a descriptor on, with its channels as they are after processing."""
        self._behind.describe(self._processor.describe(self._source, descriptor, has_limits=self._has_limits))


def _deliver(output: Sequence[Reading | Event], behind: Sink) -> None:
    for item in output:
        if isinstance(item, Event):
            behind.event(item)
        else:
            behind.reading(item)
