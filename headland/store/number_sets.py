"""Sets of record numbers as ranges. Pure. A set is in order, and its ranges neither overlap nor touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Range = tuple[int, int]
Ranges = tuple[Range, ...]

#: Above this number of ranges of one kind the lowest remain as a count only.
MAX_RANGES: Final = 500


def merge(ranges: Iterable[Range]) -> Ranges:
    """Return the set of all numbers in `ranges`, which may be unordered, overlapping or empty."""
    merged: list[Range] = []
    for low, high in sorted(part for part in ranges if part[0] <= part[1]):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def subtract(ranges: Ranges, taken: Ranges) -> Ranges:
    """Return the numbers of `ranges` that are not in `taken`."""
    left: list[Range] = []
    at = 0
    for first, high in ranges:
        low = first
        while at < len(taken) and taken[at][1] < low:
            at += 1
        for taken_low, taken_high in taken[at:]:
            if taken_low > high:
                break
            if low < taken_low:
                left.append((low, taken_low - 1))
            low = max(low, taken_high + 1)
        if low <= high:
            left.append((low, high))
    return tuple(left)


def intersect(ranges: Ranges, others: Ranges) -> Ranges:
    """Return the numbers of both sets."""
    return subtract(ranges, subtract(ranges, others))


def count(ranges: Ranges) -> int:
    """Return the number of elements of a set."""
    return sum(high - low + 1 for low, high in ranges)


@dataclass(frozen=True, slots=True)
class Counts:
    """Records of one kind: `ranges`, and `older` more, none above `older_upto`, whose ranges were discarded."""

    ranges: Ranges = ()
    older: int = 0
    older_upto: int = 0

    def add(self, ranges: Iterable[Range]) -> Counts:
        """Return the counts with `ranges` added; adding twice is adding once."""
        return Counts(merge([*self.ranges, *ranges]), self.older, self.older_upto).fold(MAX_RANGES)

    def fold(self, most: int) -> Counts:
        """Return the counts with at most `most` ranges, the highest; what they had is counted."""
        if len(self.ranges) <= most:
            return self
        folded, recent = self.ranges[:-most], self.ranges[-most:]
        return Counts(recent, self.older + count(folded), max(self.older_upto, folded[-1][1]))

    def remove(self, ranges: Ranges) -> Counts:
        """Return the counts without `ranges`."""
        rest = subtract(ranges, self.ranges)
        older = min(self.older, count(intersect(rest, ((1, self.older_upto),)))) if self.older_upto else 0
        return Counts(subtract(self.ranges, ranges), self.older - older, self.older_upto)

    def join(self, other: Counts) -> Counts:
        """Return the counts of both, which have no record in common."""
        older, upto = self.older + other.older, max(self.older_upto, other.older_upto)
        return Counts(self.ranges, older, upto).add(other.ranges)

    def count_in(self, accounted: Ranges) -> int:
        """Return how many of the records are in a set; those whose ranges were discarded are taken to be."""
        return self.older + count(intersect(self.ranges, accounted))

    @property
    def total(self) -> int:
        """The number of records."""
        return self.older + count(self.ranges)
