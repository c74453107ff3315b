"""Groups of means that are not told apart, written as letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from headland.agronomy.series.answer import Method

MEAN_GROUPS: Final = Method(
    "trial_mean_groups",
    1,
    "two means share a letter where the p of their difference is not below 1 less the level: each pair by itself, as "
    "by the least significant difference, with no correction for their number; letters by insertion and absorption "
    "(Piepho 2004)",
)
_LETTERS: Final = 26


def mean_groups(means: Sequence[float], differs: Callable[[int, int], bool]) -> list[str]:
    """Return the letters of each mean: two share one exactly where `differs` of their indices is False.

    The largest mean has `a`. After `z` come `a1` to `z1`, then `a2`. `differs` must be symmetric.
    """
    order = sorted(range(len(means)), key=lambda index: (-means[index], index))
    groups: list[frozenset[int]] = [frozenset(order)] if order else []
    for at, first in enumerate(order):
        for second in order[at + 1 :]:
            if differs(first, second):
                groups = _separate(groups, first, second)
    place = {index: at for at, index in enumerate(order)}
    groups.sort(key=lambda group: sorted(place[index] for index in group))
    return ["".join(_letter(at) for at, group in enumerate(groups) if index in group) for index in range(len(means))]


def _separate(groups: list[frozenset[int]], first: int, second: int) -> list[frozenset[int]]:
    """Return the groups with none that holds both; none lies within another one."""
    made: list[frozenset[int]] = []
    for group in groups:
        made += [group - {second}, group - {first}] if first in group and second in group else [group]
    distinct = list(dict.fromkeys(made))
    return [group for group in distinct if not any(group < other for other in distinct)]


def _letter(index: int) -> str:
    turn, place = divmod(index, _LETTERS)
    return f"{chr(ord('a') + place)}{turn or ''}"
