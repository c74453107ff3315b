"""Processing state of one channel of one device: raw numbers in, corrected and tested samples out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from edge.pipeline.channels.plans import ChannelPlan, physical_range
from edge.pipeline.channels.quality_tests import FlatCheck, GapCheck, RateCheck, check_range
from edge.pipeline.channels.reporting import Reporter, due_s, make_reporter
from edge.pipeline.channels.time_order import TimeOrder, TimeStep
from headland.contract.records import ChannelInfo, Quality

#: A sample is late after so many times the expected interval.
GAP_INTERVALS: Final = 3.0


@dataclass(slots=True)
class CheckedSample:
    """A sample with its flags by test. `late_since_ms`: when a gap began; `is_reported`: whether to report it."""

    value: float | None
    raw: float | None
    flags: dict[str, Quality]
    late_since_ms: int | None = None
    is_reported: bool = False


class ChannelState:
    """State of one device's channel under its plan; a time that does not go forward is tested by its value alone."""

    def __init__(self, plan: ChannelPlan) -> None:
        checks = plan.checks
        self.plan = plan
        self.reporter: Reporter | None = make_reporter(plan.settings)
        self.before: float | None = None  # the last two values, for the spike test
        self.last: float | None = None
        self._range = physical_range(plan)
        self._rate = None if checks.rate_of_change is None else RateCheck(checks.rate_of_change)
        self._flat = None if checks.flat_line is None else FlatCheck(checks.flat_line)
        self._gap: GapCheck | None = None
        self._time = TimeOrder()
        self.set_interval(plan.settings.interval_s)

    def set_interval(self, interval_s: float | None) -> None:
        """Set how often a sample is due, where the settings do not define a gap."""
        own_s = self.plan.checks.gap_s
        due = self.plan.settings.interval_s or interval_s
        gap_s = own_s if own_s is not None else None if due is None else GAP_INTERVALS * due
        if gap_s is not None and (self._gap is None or self._gap.gap_s != gap_s):
            self._gap = GapCheck(gap_s, None if self._gap is None else self._gap.last_ms)

    def process(
        self, time_ms: int, number: float | None, arrived_s: float = 0.0, off_ms: float = math.inf
    ) -> CheckedSample:
        """Return the next sample, in the channel's unit, corrected and tested; `number` is the source's.

        It arrived at `arrived_s` of a clock that is never set, `off_ms` from its own time.
        """
        raw = number if number is None or self.plan.conversion is None else self.plan.conversion.apply(number)
        if raw is not None and not math.isfinite(raw):
            raw = None
        value = raw
        if raw is not None and self.plan.calibration is not None:
            value = self.plan.calibration.correct(raw, time_ms)
        if value is not None and not math.isfinite(value):
            value = None
        sample = CheckedSample(value, raw, {"gross_range": check_range(value, self._range)})
        step = self._time.classify(time_ms)
        if step is TimeStep.LATE:
            if value is not None and self._gap is not None:
                self._gap.note_arrival(arrived_s, off_ms)
            return sample
        if step is TimeStep.RESET:
            self._reset()
            self._gap = None if self._gap is None else GapCheck(self._gap.gap_s)
        if value is not None and self._gap is not None:
            sample.late_since_ms = self._gap.check(time_ms, arrived_s, off_ms)
            sample.is_reported = self._gap.is_reported
        if sample.late_since_ms is not None:
            self._reset()
        sample.flags.update(self._check_in_time(time_ms, value))
        self.before, self.last = self.last, value
        return sample

    def _check_in_time(self, time_ms: int, value: float | None) -> Iterator[tuple[str, Quality]]:
        if self._rate is not None:
            yield "rate_of_change", self._rate.check(time_ms, value)
        if self._flat is not None:
            yield "flat_line", self._flat.check(time_ms, value)

    def _reset(self) -> None:
        self.before = self.last = None
        if self._rate is not None:
            self._rate.reset()
        if self._flat is not None:
            self._flat.reset()


def describe_channels(
    channels: Mapping[str, ChannelInfo], states: Mapping[str, ChannelState | None]
) -> dict[str, ChannelInfo]:
    """Return a descriptor's channels after processing: with the reported interval, calibrations and raw channels."""
    described: dict[str, ChannelInfo] = {}
    for channel, info in channels.items():
        described[channel] = info
        state = states.get(channel)
        if state is None:
            continue
        settings = state.plan.settings
        due = due_s(settings) if settings.report != "all" or settings.interval_s is not None else info.interval_s
        raw = msgspec.structs.replace(info, interval_s=due)
        calibration = state.plan.calibration
        described[channel] = raw if calibration is None else msgspec.structs.replace(raw, calibration=str(calibration))
        if state.plan.raw_channel is not None:
            described[state.plan.raw_channel] = raw
    return described
