"""The twelve questions of TSBS IoT: what each asks, with windows and fleets drawn by a seed, and when answers agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.bench.tsbs.fleet import FLEETS

TEN_MINUTES_MS: Final = 10 * MINUTE_MS

#: An answer: rows of names and numbers, in any order.
Answer = list[tuple[str | float, ...]]


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a truck counts as low on fuel, heavily loaded, driving and so on."""

    low_fuel: float = 0.1
    high_load: float = 0.9
    stationary: float = 1.0
    driving: float = 1.0
    session: float = 5.0
    in_use: float = 1.0
    broken_share: float = 0.5
    #: Minutes of rest in an hour up to which a session of four hours, or a day, is a long one.
    rest_min: float = 5.0
    daily_rest_min: float = 35.0


#: Those of TSBS. Its walks seldom reach some of them, so answers are also compared where about half of all trucks do.
TSBS: Final = Limits()
MIDDLE: Final = Limits(0.5, 0.5, 50.0, 50.0, 50.0, 2.5, 0.3, 30.0, 30.0)


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its name, the fleet and the window that it asks about, and the limits.

    Questions about all time have the window of all data.
    """

    name: str
    fleet: str
    start_ms: int
    end_ms: int
    limits: Limits = TSBS

    @property
    def ten_minutes(self) -> int:
        """The number of ten minutes that a long session exceeds."""
        hours = (self.end_ms - self.start_ms) / HOUR_MS
        rest_min = self.limits.rest_min if self.name == "long-driving-sessions" else self.limits.daily_rest_min
        return int((hours * 60 - rest_min * hours) / 10)


#: Length of the window of the questions that ask about one.
WINDOWS_MS: Final = {
    "stationary-trucks": TEN_MINUTES_MS,
    "long-driving-sessions": 4 * HOUR_MS,
    "long-daily-sessions": DAY_MS,
}
NAMES: Final = (
    "last-loc",
    "low-fuel",
    "high-load",
    *WINDOWS_MS,
    "avg-vs-projected-fuel-consumption",
    "avg-daily-driving-duration",
    "avg-daily-driving-session",
    "avg-load",
    "daily-activity",
    "breakdown-frequency",
)


def make_questions(
    name: str, count: int, start_ms: int, end_ms: int, seed: int, limits: Limits = TSBS
) -> list[Question]:
    """Return so many questions of a name about data of [start_ms, end_ms), by a seed."""
    random = np.random.default_rng([seed, NAMES.index(name)])
    length_ms = min(WINDOWS_MS.get(name, end_ms - start_ms), end_ms - start_ms)
    made = []
    for _ in range(count):
        begin_ms = int(random.integers(start_ms, end_ms - length_ms + 1))
        made.append(Question(name, str(random.choice(FLEETS)), begin_ms, begin_ms + length_ms, limits))
    return made


def differences(one: Answer, other: Answer, tolerance: float = 1e-9) -> list[str]:
    """Return sentences about how two answers differ; numbers may, by a share of `tolerance`."""
    ordered = [sorted(answer, key=_order) for answer in (one, other)]
    if len(one) != len(other):
        return [f"{len(one)} rows against {len(other)}: {_only(*ordered)}"]
    return [
        f"{mine} against {theirs}" for mine, theirs in zip(*ordered, strict=True) if not _agree(mine, theirs, tolerance)
    ]


def _order(row: Sequence[str | float]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    return tuple(part for part in row if isinstance(part, str)), tuple(
        part for part in row if not isinstance(part, str)
    )


def _only(one: Answer, other: Answer) -> str:
    names = [{_order(row)[0] for row in answer} for answer in (one, other)]
    return f"only in one of them: {sorted(names[0] ^ names[1])[:5]}"


def _agree(one: Sequence[str | float], other: Sequence[str | float], tolerance: float) -> bool:
    return len(one) == len(other) and all(
        mine == theirs
        if isinstance(mine, str) or isinstance(theirs, str)
        else math.isclose(mine, theirs, rel_tol=tolerance, abs_tol=1e-12)
        for mine, theirs in zip(one, other, strict=True)
    )
