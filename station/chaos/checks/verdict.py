"""Holds the store against the truth: pure. What was lost, what was doubled, and what was never accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from station.chaos.traffic.truth import SentNumber

#: How old a number may be that a killed gateway had not yet saved: batch age, group commit and a busy disk.
UNSAVED_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill -9 of a gateway: when, and which numbers of a device its spool held then."""

    at_s: float
    spooled: frozenset[int] = frozenset()


@dataclass(slots=True)
class Verdict:
    """The numbers of a device (or the sums of several) between two moments.

    `unread`: answers on a connection that broke, of which nobody knows whether the gateway read them, and which are
    not stored. `unsaved`: read by a gateway that was killed before it could save them. Neither was accepted.
    """

    said: int = 0
    stored: int = 0
    unread: int = 0
    unsaved: int = 0
    hidden: int = 0
    lost: list[int] = field(default_factory=list)
    duplicated: list[int] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """How many numbers the store owes."""
        return self.said - self.unread - self.unsaved

    def add(self, other: Verdict) -> None:
        """Add another device's verdict."""
        self.said += other.said
        self.stored += other.stored
        self.unread += other.unread
        self.unsaved += other.unsaved
        self.hidden += other.hidden
        self.lost += other.lost
        self.duplicated += other.duplicated


def judge(
    said: Sequence[SentNumber], stored: Mapping[int, int], kills: Sequence[Kill], *, sees_hidden: bool
) -> Verdict:
    """Return the verdict on what a device has `said`; `stored` counts how often each number is in the store.

    A killed gateway may have taken with it the end of what it had read, and no more: numbers without a gap up to the
    kill, none older than `UNSAVED_S`, none that its spool held. With `sees_hidden` false a hidden number that is not
    found is only counted.
    """
    unsaved = _unsaved(said, stored, kills)
    verdict = Verdict(said=len(said))
    for one in said:
        times = stored.get(one.number, 0)
        verdict.stored += times > 0
        if times > 1:
            verdict.duplicated.append(one.number)
        if times > 0:
            continue
        if any(one.number in kill.spooled for kill in kills):
            verdict.lost.append(one.number)
        elif one.number in unsaved:
            verdict.unsaved += 1
        elif not one.was_read:
            verdict.unread += 1
        elif one.hidden and not sees_hidden:
            verdict.hidden += 1
        else:
            verdict.lost.append(one.number)
    return verdict


def find_strangers(last: int, stored: Mapping[int, int]) -> list[int]:
    """Return what is stored of a device that never said it."""
    return sorted(number for number in stored if not 1 <= number <= last)


def _unsaved(said: Sequence[SentNumber], stored: Mapping[int, int], kills: Sequence[Kill]) -> set[int]:
    """Return the numbers that kills took from the gateway's memory: walk back from each kill to the last one kept."""
    found: set[int] = set()
    for kill in kills:
        for one in reversed([one for one in said if one.said_s <= kill.at_s]):
            kept = stored.get(one.number, 0) > 0 or one.number in kill.spooled
            if kept or kill.at_s - one.said_s > UNSAVED_S:
                break
            found.add(one.number)
    return found
