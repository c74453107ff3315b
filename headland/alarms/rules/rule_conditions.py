"""Conditions of a rule over time: at which instants it is bad, over, neither or unknown. Pure.

At each instant a part of a rule is in one of five states: bad, over, in between (hysteresis), unknown, or absent, which
means without samples within the rule's `lost_after_s`. Parts are joined by Kleene's three-valued logic, so an unknown
value is no evidence for or against anything. An absent part is left out where an alarm ends, never where one is raised:
a sensor that was removed can neither raise an alarm nor prevent its end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from headland.agronomy.series.arrays import Mask, Times, Values
from headland.alarms.rules.forecast_values import Outlook, OutlookVerdict, judge_forecast
from headland.alarms.rules.rule_values import (
    NO_SAMPLES,
    OPTIONAL_CHANNELS,
    ChannelSamples,
    Samples,
    SiteConditions,
    has_channels,
    has_recent_samples,
    is_beyond,
    is_estimated,
    required_channels,
    values_of,
)
from headland.registry.models.alarms import AlarmRule, AlarmTest, Group
from headland.registry.validation.alarm_rules import AGES, GATEWAY_VALUES, tests_of
from headland.units_of_time import HOUR_MS

#: The device that a rule is for, among those that it uses.
OWN: Final = ""
_NONE: Final[Samples] = {}
#: UTC at sea level, the sun not known.
_ANYWHERE: Final = SiteConditions()
#: Rules of which is kept what follows from their tests: it is asked for each device, several times a round.
_MOST_RULES: Final = 1024


@dataclass(frozen=True, slots=True)
class RuleInputs:
    """Samples of a rule on one subject: its own channels, other devices by name, and the devices of its zone.

    `forecast` is the weather to come at a site.
    """

    own: Samples = field(default_factory=dict)
    others: Mapping[str, Samples] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    forecast: Outlook | None = None

    def of(self, device: str) -> Samples:
        """Return the samples of a device, of the rule's own for `OWN`."""
        return self.own if device == OWN else self.others.get(device, _NONE)


@dataclass(frozen=True, slots=True)
class Tristate:
    """The state of a part of a rule at each instant; an absent part is neither bad, over nor known.

    A part is bad by known values alone, and over also where absent parts are left out: the first raises an alarm, the
    second ends it. `none_of` swaps the two, so each part also has `surely_over`, by known values alone, and
    `maybe_bad`, where absent parts are left out.
    """

    is_bad: Mask
    is_over: Mask
    is_known: Mask
    is_there: Mask
    surely_over: Mask
    maybe_bad: Mask


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test on one device: its value, where it was bad, and where the value is estimated.

    `verdict` is that of a test of a forecast.
    """

    test: AlarmTest
    device: str
    value: Values
    is_bad: Mask
    estimated: Mask
    verdict: OutlookVerdict | None = None


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """The state of a rule at each instant; `group_bad` and `tests` are of its outer groups."""

    time_ms: Times
    is_bad: Mask
    is_over: Mask
    is_known: Mask
    group_bad: tuple[Mask, ...]
    tests: tuple[tuple[TestResult, ...], ...]

    @property
    def values(self) -> tuple[tuple[Values, ...], ...]:
        """The values of the tests of each group, NaN where unknown."""
        return tuple(tuple(test.value for test in group) for group in self.tests)

    def cause_at(self, row: int | None) -> TestResult | None:
        """Return the test that made it bad at a row, and of several devices the one furthest beyond the threshold."""
        group = 0 if row is None else next((group for group, bad in enumerate(self.group_bad) if bad[row]), 0)
        results = self.tests[group]
        if row is None:
            return results[0] if results else None
        bad = [result for result in results if result.is_bad[row] and result.test.what != "local_hour"]
        if not bad:
            return results[0] if results else None
        sign = -1.0 if bad[0].test.below is not None else 1.0
        return max((result for result in bad if result.test == bad[0].test), key=lambda each: sign * each.value[row])


class _RuleFacts(NamedTuple):
    """What follows from the tests of a rule; `channels_of_own` is None where it also tests other devices."""

    is_for_gateways: bool
    is_for_zones: bool
    is_for_sites: bool
    is_clock_driven: bool
    channels_of_own: frozenset[str] | None


@lru_cache(_MOST_RULES)
def _facts_of(groups: tuple[Group, ...]) -> _RuleFacts:
    tests = tests_of(groups)
    is_for_gateways = any(test.what in GATEWAY_VALUES for test in tests)
    is_for_sites = any(test.within_h is not None for test in tests)
    is_of_own = all(test.device is None and test.across is None for test in tests)
    return _RuleFacts(
        is_for_gateways,
        any(test.across is not None for test in tests),
        is_for_sites,
        is_for_gateways or is_for_sites or any(test.what in AGES for test in tests),
        frozenset(channel for test in tests for channel in _channels(test)) if is_of_own else None,
    )


def is_for_gateways(rule: AlarmRule) -> bool:
    """Return whether a rule is for gateways rather than for devices."""
    return _facts_of(rule.any_of).is_for_gateways


def is_for_zones(rule: AlarmRule) -> bool:
    """Return whether a rule is for zones of greenhouses: it tests across their devices."""
    return _facts_of(rule.any_of).is_for_zones


def is_for_sites(rule: AlarmRule) -> bool:
    """Return whether a rule is for sites: it tests the weather to come."""
    return _facts_of(rule.any_of).is_for_sites


def is_clock_driven(rule: AlarmRule) -> bool:
    """Return whether time alone can raise it: a silent device sends no sample."""
    return _facts_of(rule.any_of).is_clock_driven


def channels_of(rule: AlarmRule) -> frozenset[str]:
    """Return the channels that a rule needs or may use, of any device; `ANY_CHANNEL` for all of them."""
    return frozenset(channel for test in tests_of(rule.any_of) for channel in _channels(test))


def channels_by_device(rule: AlarmRule, own: str, members: Sequence[str] = ()) -> dict[str, frozenset[str]]:
    """Return by device the channels that a rule needs or may use on a subject `own`; of a zone those of its members."""
    of_own = _facts_of(rule.any_of).channels_of_own
    if of_own is not None:
        return {own: of_own} if of_own else {}
    by_device: dict[str, set[str]] = {}
    for test in tests_of(rule.any_of):
        for device in [own] if test.device is None and not test.across else devices_of(test, members):
            by_device.setdefault(device, set()).update(_channels(test))
    return {device: frozenset(channels) for device, channels in by_device.items() if channels}


def devices_of(test: AlarmTest, members: Sequence[str]) -> list[str]:
    """Return the devices of a test; `OWN` is the one that the rule is for."""
    if test.across is not None:
        return list(members)
    return [OWN if test.device is None else test.device]


def lookback_ms(rule: AlarmRule) -> int:
    """Return how far back the samples reach that a rule needs at an instant."""
    tests = tests_of(rule.any_of)
    back = rule.hold_s * 1000.0
    for test in tests:
        hours = max(test.of_hours or 0.0, test.rise_h or 0.0)
        if test.what == "dli_mol_m2":
            hours += 25.0  # the longest local day
        back = max(back, hours * HOUR_MS + rule.hold_s * 1000.0)
    if _leaves_out(rule.any_of):
        # A part is absent, and left out, if it has no samples in this time.
        back = max(back, rule.lost_after_s * 1000.0)
    return round(back)


def hours_ahead(rule: AlarmRule) -> int:
    """Return how many hours of a forecast a rule looks at, with that of the instant itself."""
    return 1 + math.ceil(max((test.within_h or 0.0 for test in tests_of(rule.any_of)), default=0.0))


def sample_times(rule: AlarmRule, inputs: RuleInputs, after_ms: int, until_ms: int) -> Times:
    """Return the instants in (after_ms, until_ms] at which any channel of the rule has a sample."""
    times = [
        inputs.of(device)[channel].time_ms
        for device, channels in channels_by_device(rule, OWN, inputs.members).items()
        for channel in channels
        if channel in inputs.of(device)
    ]
    if not times:
        return NO_SAMPLES.time_ms
    axis = times[0] if len(times) == 1 else np.unique(np.concatenate(times))
    return axis[np.searchsorted(axis, after_ms, "right") : np.searchsorted(axis, until_ms, "right")]


def evaluate_rule(
    rule: AlarmRule,
    inputs: RuleInputs,
    axis_ms: Times,
    site: SiteConditions = _ANYWHERE,
) -> ConditionResult:
    """Return the state of a rule at each instant of `axis_ms`, by the conditions of the site."""
    evaluation = _RuleEvaluation(rule, inputs, axis_ms, site)
    groups, tests = [], []
    for group in rule.any_of:
        results: list[TestResult] = []
        groups.append(evaluation.all_of(group, results))
        tests.append(tuple(results))
    whole = any_of(groups)
    group_bad = tuple(group.is_bad for group in groups)
    return ConditionResult(axis_ms, whole.is_bad, whole.is_over, whole.is_known, group_bad, tuple(tests))


def evaluate_values(rule: AlarmRule, values: Mapping[str, float], time_ms: int) -> ConditionResult:
    """Return the state of a rule at one instant for given values, such as a gateway's status."""
    now = np.array([time_ms], np.int64)
    return evaluate_rule(
        rule, RuleInputs({name: ChannelSamples(now, np.array([value])) for name, value in values.items()}), now
    )


class _RuleEvaluation:
    """One evaluation of a rule: its parts, joined; `results` collects the tests on the way."""

    def __init__(self, rule: AlarmRule, inputs: RuleInputs, axis_ms: Times, site: SiteConditions) -> None:
        self._rule = rule
        self._inputs = inputs
        self._axis_ms = axis_ms
        self._site = site
        self._leaves_out = _leaves_out(rule.any_of)

    def all_of(self, group: Group, results: list[TestResult]) -> Tristate:
        """Return the state of a group."""
        return all_of([self._part(test, results) for test in group])

    def _part(self, test: AlarmTest, results: list[TestResult]) -> Tristate:
        if test.parts:
            inner = any_of([self.all_of(group, results) for group in test.parts])
            return none_of(inner) if test.none_of else inner
        devices = devices_of(test, self._inputs.members)
        states = [self._test(test, device, results) for device in devices]
        if test.across == "all" or not states:
            return all_there(states, len(self._axis_ms))
        return any_of(states)

    def _test(self, test: AlarmTest, device: str, results: list[TestResult]) -> Tristate:
        if test.within_h is not None:
            return self._forecast(test, results)
        samples = self._inputs.of(device)
        nowhere = np.zeros(len(self._axis_ms), np.bool_)
        if not has_channels(test, samples):
            results.append(TestResult(test, device, np.full(len(self._axis_ms), np.nan), nowhere, nowhere))
            return _absent(len(self._axis_ms))
        value = values_of(self._rule, test, samples, self._axis_ms, self._site)
        is_there = ~nowhere
        if self._leaves_out:
            is_there = has_recent_samples(self._rule, test, samples, self._axis_ms)
        bad, over = _is_bad(test, value) & is_there, _is_over(test, value) & is_there
        results.append(TestResult(test, device, value, bad, is_estimated(self._rule, test, samples, self._axis_ms)))
        return Tristate(bad, over, np.isfinite(value) & is_there, is_there, over, bad)

    def _forecast(self, test: AlarmTest, results: list[TestResult]) -> Tristate:
        """Return the state of a test of the forecast, which is of one instant; without one it is unknown."""
        everywhere = np.ones(len(self._axis_ms), np.bool_)
        verdict = judge_forecast(test, self._inputs.forecast, int(self._axis_ms[-1]))
        bad, over = everywhere & verdict.is_bad, everywhere & verdict.is_over
        value = np.full(len(self._axis_ms), np.nan if verdict.value is None else verdict.value)
        results.append(TestResult(test, OWN, value, bad, ~everywhere, verdict))
        # What is unknown is not absent: it is never left out.
        return Tristate(bad, over, bad | (everywhere & verdict.is_known), everywhere, over, bad)


def all_of(parts: Sequence[Tristate]) -> Tristate:
    """Return the state of parts of which all must be bad; a part that is over decides."""
    if len(parts) == 1:
        return parts[0]
    over = _any([part.is_over for part in parts])
    return Tristate(
        is_bad=_all([part.is_bad for part in parts]),
        is_over=over,
        is_known=over | _all([part.is_known for part in parts]),
        is_there=over | _all([part.is_there for part in parts]),
        surely_over=_any([part.surely_over for part in parts]),
        maybe_bad=_all([part.maybe_bad for part in parts]),
    )


def any_of(parts: Sequence[Tristate]) -> Tristate:
    """Return the state of parts of which one must be bad; it is over when all present parts are."""
    if len(parts) == 1:
        return parts[0]
    there = _any([part.is_there for part in parts])
    bad = _any([part.is_bad for part in parts])
    return Tristate(
        is_bad=bad,
        is_over=there & _all([part.is_over | ~part.is_there for part in parts]),
        is_known=bad | (there & _all([part.is_known | ~part.is_there for part in parts])),
        is_there=there,
        surely_over=_all([part.surely_over for part in parts]),
        maybe_bad=_any([part.maybe_bad for part in parts]),
    )


def all_there(parts: Sequence[Tristate], count: int) -> Tristate:
    """Return the state of the devices of a zone that must all be bad; an absent device does not count."""
    if not parts:
        return _absent(count)
    there = _any([part.is_there for part in parts])
    over = _any([part.is_over for part in parts])
    return Tristate(
        is_bad=there & _all([part.is_bad | ~part.is_there for part in parts]),
        is_over=over,
        is_known=over | (there & _all([part.is_known | ~part.is_there for part in parts])),
        is_there=there,
        surely_over=_any([part.surely_over for part in parts]),
        maybe_bad=there & _all([part.maybe_bad | ~part.is_there for part in parts]),
    )


def none_of(part: Tristate) -> Tristate:
    """Return the negation of a part: bad where the part is surely over, beyond its hysteresis."""
    return Tristate(
        is_bad=part.surely_over,
        is_over=part.maybe_bad,
        is_known=part.is_known,
        is_there=part.is_there,
        surely_over=part.is_bad,
        maybe_bad=part.is_over,
    )


def _absent(count: int) -> Tristate:
    nowhere = np.zeros(count, np.bool_)
    return Tristate(nowhere, nowhere, nowhere, nowhere, nowhere, nowhere)


def _any(masks: Sequence[Mask]) -> Mask:
    return np.asarray(np.logical_or.reduce(masks))


def _all(masks: Sequence[Mask]) -> Mask:
    return np.asarray(np.logical_and.reduce(masks))


def _is_bad(test: AlarmTest, value: Values) -> Mask:
    return np.asarray(value >= test.hours) if test.hours is not None else is_beyond(test, value)


def _is_over(test: AlarmTest, value: Values) -> Mask:
    if test.hours is not None:
        return np.asarray(value < test.hours)
    if test.below is not None:
        return np.asarray(value >= test.below + test.hysteresis)
    return np.asarray(value <= (test.above or 0.0) - test.hysteresis)


def _channels(test: AlarmTest) -> Iterator[str]:
    if test.within_h is not None:
        return
    yield from required_channels(test)
    yield from OPTIONAL_CHANNELS.get(test.what, ())


def _leaves_out(groups: Sequence[Group]) -> bool:
    """Return whether a rule continues without an absent part."""
    plain = [test for group in groups for test in group]
    return len(groups) > 1 or any(test.across is not None or _leaves_out(test.parts) for test in plain)
