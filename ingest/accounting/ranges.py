"""Sets of record numbers as ranges. Pure. A set is in order, and its ranges neither overlap nor touch."""

from __future__ import annotations

from collections.abc import Iterable

from headland.store.port import MarkState

Range = tuple[int, int]
Ranges = tuple[Range, ...]


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


def accounted_in(state: MarkState) -> Ranges:
    """Return the records that a mark state accounts for."""
    return merge([(1, state.high_water), *state.ahead])
