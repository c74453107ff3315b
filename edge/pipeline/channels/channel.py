"""One channel of one device: from the number that a source says to the value that goes on, with what the tests say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from edge.pipeline.channels.calibration import Calibration, make_calibration
from edge.pipeline.channels.limit_tables import Limits, find_mistake, merge_checks
from edge.pipeline.channels.quality_tests import FlatCheck, GapCheck, RateCheck, judge_range
from edge.pipeline.channels.reporting import Reporter, due_s, make_reporter
from edge.pipeline.channels.settings import ChannelSettings, Checks, GrossRange
from edge.pipeline.channels.time_order import DataTime, Turn
from edge.sources.mapping.units import Conversion, NoConversion, convert_to_channel
from headland.contract.quantities import quantity_of, split_channel
from headland.contract.records import ChannelInfo, Quality

#: A sample is late when so many times the expected interval have passed.
GAP_INTERVALS: Final = 3.0
_RAW: Final = "raw_"


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """What is done with a channel, checked: made once, shared by all devices it fits."""

    channel: str
    settings: ChannelSettings
    checks: Checks
    conversion: Conversion | None
    calibration: Calibration | None

    @property
    def raw_channel(self) -> str | None:
        """The channel that keeps the raw value, None where none does."""
        return _RAW + self.channel if self.calibration is not None and self.settings.keep_raw else None

    @property
    def does_nothing(self) -> bool:
        """Whether every sample goes on as it is."""
        bare = self.conversion is None and self.calibration is None and self.settings.report == "all"
        return bare and self.checks == Checks() and self.settings.interval_s is None


def make_plan(settings: ChannelSettings, limits: Limits) -> ChannelPlan | str:
    """Return the plan of a channel, or the sentence that says what is wrong with its settings."""
    parts = split_channel(settings.channel)
    if parts is None:
        return f"{settings.channel!r} is not written as a channel"
    calibration = make_calibration(settings.calibration)
    if isinstance(calibration, str):
        return calibration
    conversion = None if settings.unit is None else convert_to_channel(settings.channel, settings.unit)
    if isinstance(conversion, NoConversion):
        return conversion.sentence
    if (settings.report == "deadband") != (settings.deadband is not None):
        return 'deadband and report = "deadband" go together'
    if (settings.report == "periodic") != (settings.every_s is not None):
        return 'every_s and report = "periodic" go together'
    wrong = find_mistake(settings.quality)
    if wrong is not None:
        return wrong
    checks = merge_checks(limits.get(parts[0]), settings.quality)
    bare = conversion is None or conversion.is_identity
    return ChannelPlan(settings.channel, settings, checks, None if bare else conversion, calibration)


@dataclass(slots=True)
class Judged:
    """A sample on its way: `flags` by test, `late_since_ms` where a gap came before it, which may be news."""

    value: float | None
    raw: float | None
    flags: dict[str, Quality]
    late_since_ms: int | None = None
    is_news: bool = False


class ChannelState:
    """A plan at work on one device's channel; times that do not go forward are judged by their value alone."""

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
        self._time = DataTime()
        self.expect(plan.settings.interval_s)

    def expect(self, interval_s: float | None) -> None:
        """Take how often a sample is due, where the settings do not say how long a gap is."""
        own_s = self.plan.checks.gap_s
        due = self.plan.settings.interval_s or interval_s
        gap_s = own_s if own_s is not None else None if due is None else GAP_INTERVALS * due
        if gap_s is not None and (self._gap is None or self._gap.gap_s != gap_s):
            self._gap = GapCheck(gap_s, None if self._gap is None else self._gap.last_ms)

    def take(self, time_ms: int, said: float | None) -> Judged:
        """Return the next sample, in the channel's unit, corrected and judged."""
        raw = said if said is None or self.plan.conversion is None else self.plan.conversion.apply(said)
        if raw is not None and not math.isfinite(raw):
            raw = None
        value = raw
        if raw is not None and self.plan.calibration is not None:
            value = self.plan.calibration.correct(raw, time_ms)
        if value is not None and not math.isfinite(value):
            value = None
        judged = Judged(value, raw, {"gross_range": judge_range(value, self._range)})
        turn = self._time.take(time_ms)
        if turn is Turn.BEHIND:
            return judged
        if turn is Turn.ANEW:
            self._forget()
            self._gap = None if self._gap is None else GapCheck(self._gap.gap_s)
        if value is not None and self._gap is not None:
            judged.late_since_ms = self._gap.judge(time_ms)
            judged.is_news = self._gap.is_news
        if judged.late_since_ms is not None:
            self._forget()
        judged.flags.update(self._judge_in_time(time_ms, value))
        self.before, self.last = self.last, value
        return judged

    def _judge_in_time(self, time_ms: int, value: float | None) -> Iterator[tuple[str, Quality]]:
        if self._rate is not None:
            yield "rate_of_change", self._rate.judge(time_ms, value)
        if self._flat is not None:
            yield "flat_line", self._flat.judge(time_ms, value)

    def _forget(self) -> None:
        self.before = self.last = None
        if self._rate is not None:
            self._rate.forget()
        if self._flat is not None:
            self._flat.forget()


def physical_range(plan: ChannelPlan) -> GrossRange:
    """Return the channel's gross range, which ends at the latest where its quantity is physically possible."""
    limits = plan.checks.gross_range or GrossRange()
    quantity = quantity_of(plan.channel)
    if quantity is None or limits.fail is not None:
        return limits
    return GrossRange(fail=(quantity.low, quantity.high), suspect=limits.suspect)


def describe_channels(
    channels: dict[str, ChannelInfo], states: dict[str, ChannelState | None]
) -> dict[str, ChannelInfo]:
    """Return what a descriptor says of channels after their settings: when a sample is due, and the raw ones."""
    said = {}
    for channel, info in channels.items():
        said[channel] = info
        state = states.get(channel)
        if state is None:
            continue
        settings = state.plan.settings
        due = due_s(settings) if settings.report != "all" or settings.interval_s is not None else info.interval_s
        raw = msgspec.structs.replace(info, interval_s=due)
        calibration = state.plan.calibration
        said[channel] = raw if calibration is None else msgspec.structs.replace(raw, calibration=str(calibration))
        if state.plan.raw_channel is not None:
            said[state.plan.raw_channel] = raw
    return said
