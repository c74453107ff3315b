"""Record numbers that were published, as ranges. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Above this number of ranges the two highest become one: a gap between them then counts as published.
_MOST_RANGES: Final = 100


class Published:
    """Ranges (first, last) of numbers, in order, that neither touch nor overlap."""

    __slots__ = ("_ranges",)

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._ranges: list[tuple[int, int]] = []
        for first, last in ranges:
            self.add(first, last)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The ranges in order."""
        return list(self._ranges)

    def add(self, first: int, last: int) -> None:
        """Add the numbers `first`..`last`."""
        ranges = self._ranges
        if ranges and ranges[-1][0] <= first <= ranges[-1][1] + 1:  # the usual case: the next numbers
            if last > ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], last)
            return
        start = next((at for at, (_, high) in enumerate(ranges) if high + 1 >= first), len(ranges))
        end = next((at for at in range(start, len(ranges)) if ranges[at][0] > last + 1), len(ranges))
        touched = ranges[start:end]
        low = min(first, touched[0][0]) if touched else first
        high = max(last, touched[-1][1]) if touched else last
        ranges[start:end] = [(low, high)]
        if len(ranges) > _MOST_RANGES:
            ranges[-2:] = [(ranges[-2][0], ranges[-1][1])]

    def covers(self, first: int, last: int) -> bool:
        """Return whether each number of `first`..`last` is in a range."""
        return first > last or any(low <= first and last <= high for low, high in reversed(self._ranges))

    def drop(self, upto: int) -> None:
        """Forget the numbers up to `upto`."""
        while self._ranges and self._ranges[0][1] <= upto:
            del self._ranges[0]

    def clip(self, last: int) -> Published:
        """Return the numbers up to `last`."""
        return Published((low, min(high, last)) for low, high in self._ranges if low <= last)
