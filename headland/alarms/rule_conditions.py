"""The tests of a rule, joined: at which instants it is bad, over, or neither, and where nobody knows. Pure.

Each part of a rule is one of five at an instant: bad, over, in between (hysteresis), unknown, or not there: nothing of
it was heard within the rule's `lost_after_s`. Joined they follow Kleene's three-valued logic, so that what nobody knows
is no evidence for or against anything; what is not there is left out where an alarm ends, never where one is raised,
so that a sensor that is gone for good can neither raise an alarm nor keep one from ending.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Mask, Times, Values
from headland.alarms.rule_values import (
    MAY_USE,
    NOTHING,
    Column,
    Samples,
    has_all,
    is_beyond,
    is_estimated,
    is_heard,
    needs_of,
    value_of,
)
from headland.registry.models.alarms import AlarmRule, AlarmTest, Group
from headland.registry.validation.alarm_rules import GATEWAY_VALUES, tests_of
from headland.units_of_time import HOUR_MS

#: The device that a rule is for, among those that it looks at.
OWN: Final = ""
_NO_SAMPLES: Final[Samples] = {}


@dataclass(frozen=True, slots=True)
class RuleInputs:
    """What a rule sees on one subject: its own channels, other devices by name, and who is in its zone."""

    own: Samples = field(default_factory=dict)
    others: Mapping[str, Samples] = field(default_factory=dict)
    members: tuple[str, ...] = ()

    def of(self, device: str) -> Samples:
        """Return the samples of a device, of its own for `OWN`."""
        return self.own if device == OWN else self.others.get(device, _NO_SAMPLES)


@dataclass(frozen=True, slots=True)
class Tristate:
    """What a part of a rule is at each instant; one that is not there is neither bad, over nor known.

    A part is bad by what is known alone, and over also where what is not there is left out: the one raises, the other
    ends. `none_of` swaps the two, so each part says as well whether it is `surely_over` and `maybe_bad`: over by what
    is known alone, and bad where what is not there is left out.
    """

    is_bad: Mask
    is_over: Mask
    is_known: Mask
    is_there: Mask
    surely_over: Mask
    maybe_bad: Mask


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test on one device: what it looked at, where it was bad, and whether that is estimated."""

    test: AlarmTest
    device: str
    value: Values
    is_bad: Mask
    estimated: bool


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """What a rule says at each instant; `bads` and `leaves` are of its outer groups."""

    time_ms: Times
    is_bad: Mask
    is_over: Mask
    is_known: Mask
    bads: tuple[Mask, ...]
    leaves: tuple[tuple[Leaf, ...], ...]

    @property
    def values(self) -> tuple[tuple[Values, ...], ...]:
        """What the tests of each group look at, NaN where unknown."""
        return tuple(tuple(leaf.value for leaf in group) for group in self.leaves)

    def leaf_at(self, row: int | None) -> Leaf | None:
        """Return what made it bad at a row: the test that says most, and of several devices the one furthest beyond."""
        group = 0 if row is None else next((group for group, bad in enumerate(self.bads) if bad[row]), 0)
        leaves = self.leaves[group]
        if row is None:
            return leaves[0] if leaves else None
        bad = [leaf for leaf in leaves if leaf.is_bad[row] and leaf.test.what != "local_hour"]
        if not bad:
            return leaves[0] if leaves else None
        sign = -1.0 if bad[0].test.below is not None else 1.0
        return max((leaf for leaf in bad if leaf.test == bad[0].test), key=lambda leaf: sign * leaf.value[row])


def is_of_gateways(rule: AlarmRule) -> bool:
    """Return whether a rule looks at gateways rather than at devices."""
    return any(test.what in GATEWAY_VALUES for test in tests_of(rule.any_of))


def is_of_zones(rule: AlarmRule) -> bool:
    """Return whether a rule is for the zones of greenhouses: it looks across their devices."""
    return any(test.across is not None for test in tests_of(rule.any_of))


def runs_on_the_clock(rule: AlarmRule) -> bool:
    """Return whether the passing of time alone can raise it: silence sends no sample."""
    return is_of_gateways(rule) or any(test.what == "age_s" for test in tests_of(rule.any_of))


def channels_of(rule: AlarmRule) -> frozenset[str]:
    """Return the channels that a rule needs or may use, of any device; `ANY` stands for each that there is."""
    return frozenset(channel for test in tests_of(rule.any_of) for channel in _channels(test))


def wants_of(rule: AlarmRule, own: str, members: Sequence[str] = ()) -> dict[str, frozenset[str]]:
    """Return by device which channels a rule needs or may use on a subject `own`, a zone's being its members'."""
    found: dict[str, set[str]] = {}
    for test in tests_of(rule.any_of):
        for device in [own] if test.device is None and not test.across else devices_of(test, members):
            found.setdefault(device, set()).update(_channels(test))
    return {device: frozenset(channels) for device, channels in found.items() if channels}


def devices_of(test: AlarmTest, members: Sequence[str]) -> list[str]:
    """Return the devices that a test looks at; `OWN` is the one that the rule is for."""
    if test.across is not None:
        return list(members)
    return [OWN if test.device is None else test.device]


def lookback_ms(rule: AlarmRule) -> int:
    """Return how far before an instant the samples lie that a rule needs to judge it."""
    tests = tests_of(rule.any_of)
    back = rule.hold_s * 1000.0
    for test in tests:
        hours = max(test.of_hours or 0.0, test.rise_h or 0.0)
        if test.what == "dli_mol_m2":
            hours += 25.0  # the longest local day
        back = max(back, hours * HOUR_MS + rule.hold_s * 1000.0)
    if _leaves_out(rule.any_of):
        # Whether a part is there, and left out if not, is seen by whether anything of it was heard.
        back = max(back, rule.lost_after_s * 1000.0)
    return round(back)


def axis_of(rule: AlarmRule, sight: RuleInputs, after_ms: int, until_ms: int) -> Times:
    """Return the instants in (after_ms, until_ms] at which any channel of the rule has a sample."""
    found = [
        sight.of(device)[channel].time_ms
        for device, channels in wants_of(rule, OWN, sight.members).items()
        for channel in channels
        if channel in sight.of(device)
    ]
    if not found:
        return NOTHING.time_ms
    axis = found[0] if len(found) == 1 else np.unique(np.concatenate(found))
    return axis[np.searchsorted(axis, after_ms, "right") : np.searchsorted(axis, until_ms, "right")]


def judge(rule: AlarmRule, sight: RuleInputs, axis_ms: Times, utc_offset_ms: int = 0) -> ConditionResult:
    """Judge a rule at each instant of `axis_ms`; `utc_offset_ms` makes local hours and days of it."""
    look = _Look(rule, sight, axis_ms, utc_offset_ms)
    groups, leaves = [], []
    for group in rule.any_of:
        found: list[Leaf] = []
        groups.append(look.all_of(group, found))
        leaves.append(tuple(found))
    whole = any_of(groups)
    bads = tuple(group.is_bad for group in groups)
    return ConditionResult(axis_ms, whole.is_bad, whole.is_over, whole.is_known, bads, tuple(leaves))


def judge_values(rule: AlarmRule, told: Mapping[str, float], time_ms: int) -> ConditionResult:
    """Judge a rule at one instant by values that are told, such as a gateway's status."""
    now = np.array([time_ms], np.int64)
    return judge(rule, RuleInputs({name: Column(now, np.array([value])) for name, value in told.items()}), now)


class _Look:
    """One look at a rule: its parts, joined; `found` collects the leaves that are met."""

    def __init__(self, rule: AlarmRule, sight: RuleInputs, axis_ms: Times, utc_offset_ms: int) -> None:
        self._rule = rule
        self._sight = sight
        self._axis_ms = axis_ms
        self._utc_offset_ms = utc_offset_ms
        self._leaves_out = _leaves_out(rule.any_of)

    def all_of(self, group: Group, found: list[Leaf]) -> Tristate:
        """Return what a group is."""
        return all_of([self._part(test, found) for test in group])

    def _part(self, test: AlarmTest, found: list[Leaf]) -> Tristate:
        if test.parts:
            inner = any_of([self.all_of(group, found) for group in test.parts])
            return none_of(inner) if test.none_of else inner
        devices = devices_of(test, self._sight.members)
        truths = [self._leaf(test, device, found) for device in devices]
        if test.across == "all" or not truths:
            return all_there(truths, len(self._axis_ms))
        return any_of(truths)

    def _leaf(self, test: AlarmTest, device: str, found: list[Leaf]) -> Tristate:
        samples = self._sight.of(device)
        nowhere = np.zeros(len(self._axis_ms), np.bool_)
        if not has_all(test, samples):
            found.append(Leaf(test, device, np.full(len(self._axis_ms), np.nan), nowhere, estimated=False))
            return _absent(len(self._axis_ms))
        value = value_of(self._rule, test, samples, self._axis_ms, self._utc_offset_ms)
        there = ~nowhere
        if self._leaves_out:
            there = is_heard(self._rule, test, samples, self._axis_ms)
        bad, over = _is_bad(test, value) & there, _is_over(test, value) & there
        found.append(Leaf(test, device, value, bad, is_estimated(test, samples)))
        return Tristate(bad, over, np.isfinite(value) & there, there, over, bad)


def all_of(parts: Sequence[Tristate]) -> Tristate:
    """Join parts of which all must be bad; one that is over decides."""
    if len(parts) == 1:
        return parts[0]
    over = _one([part.is_over for part in parts])
    return Tristate(
        is_bad=_each([part.is_bad for part in parts]),
        is_over=over,
        is_known=over | _each([part.is_known for part in parts]),
        is_there=over | _each([part.is_there for part in parts]),
        surely_over=_one([part.surely_over for part in parts]),
        maybe_bad=_each([part.maybe_bad for part in parts]),
    )


def any_of(parts: Sequence[Tristate]) -> Tristate:
    """Join parts of which one bad is enough; it is over when all that are there are."""
    if len(parts) == 1:
        return parts[0]
    there = _one([part.is_there for part in parts])
    bad = _one([part.is_bad for part in parts])
    return Tristate(
        is_bad=bad,
        is_over=there & _each([part.is_over | ~part.is_there for part in parts]),
        is_known=bad | (there & _each([part.is_known | ~part.is_there for part in parts])),
        is_there=there,
        surely_over=_each([part.surely_over for part in parts]),
        maybe_bad=_one([part.maybe_bad for part in parts]),
    )


def all_there(parts: Sequence[Tristate], count: int) -> Tristate:
    """Join the places of a zone that must all be bad; a device of it that is not there is no place of it."""
    if not parts:
        return _absent(count)
    there = _one([part.is_there for part in parts])
    over = _one([part.is_over for part in parts])
    return Tristate(
        is_bad=there & _each([part.is_bad | ~part.is_there for part in parts]),
        is_over=over,
        is_known=over | (there & _each([part.is_known | ~part.is_there for part in parts])),
        is_there=there,
        surely_over=_one([part.surely_over for part in parts]),
        maybe_bad=there & _each([part.maybe_bad | ~part.is_there for part in parts]),
    )


def none_of(part: Tristate) -> Tristate:
    """Turn a part around: it is bad where the part is surely over, beyond its hysteresis."""
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


def _one(truths: Sequence[Mask]) -> Mask:
    return np.asarray(np.logical_or.reduce(truths))


def _each(truths: Sequence[Mask]) -> Mask:
    return np.asarray(np.logical_and.reduce(truths))


def _is_bad(test: AlarmTest, value: Values) -> Mask:
    return np.asarray(value >= test.hours) if test.hours is not None else is_beyond(test, value)


def _is_over(test: AlarmTest, value: Values) -> Mask:
    if test.hours is not None:
        return np.asarray(value < test.hours)
    if test.below is not None:
        return np.asarray(value >= test.below + test.hysteresis)
    return np.asarray(value <= (test.above or 0.0) - test.hysteresis)


def _channels(test: AlarmTest) -> Iterator[str]:
    yield from needs_of(test)
    yield from MAY_USE.get(test.what, ())


def _leaves_out(groups: Sequence[Group]) -> bool:
    """Return whether a rule goes on with what is left where a part of it is not there."""
    plain = [test for group in groups for test in group]
    return len(groups) > 1 or any(test.across is not None or _leaves_out(test.parts) for test in plain)
