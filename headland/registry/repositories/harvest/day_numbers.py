"""Numbers within a day, such as those of batches and certificates."""

from __future__ import annotations

from collections.abc import Callable


def find_free_number(is_used: Callable[[int], bool]) -> int:
    """Return a number from 1 on that is not used, where all below it are: the next; with gaps, one of those.

    It asks some twenty times for a thousand numbers. Whether one is used, an index of the numbers answers on every
    database; how many begin with a day it does not.
    """
    low, high = 0, 1
    while is_used(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_used(middle) else (low, middle)
    return high
