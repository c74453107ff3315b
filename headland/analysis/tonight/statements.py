"""Statements about the next 24 hours: what they say, their level, their record and their advice. Pure values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from msgspec import Meta

from headland.agronomy.series.answer import Method
from headland.analysis.tonight.orders import Order, Span, Withheld
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin

HOURS: Final = 24
#: A statement, and what came of one, needs so many of its 24 hours.
LEAST_HOURS: Final = 20
#: A record is of so many statements at most, and tells how sure one is from so many on.
MOST_STATEMENTS: Final = 30
LEAST_STATEMENTS: Final = 10

Level = Literal["high", "moderate", "low", "unknown"]
#: How much trouble a level is: what is not known comes before what is known to be well.
RANKS: Final[dict[Level, int]] = {"high": 3, "moderate": 2, "unknown": 1, "low": 0}

Hours = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class StatementRecord:
    """What came of the last such statements. A chance is told from `least` on; `n` says how many there are."""

    n: Annotated[int, f"Statements that can be compared, at most {MOST_STATEMENTS}; hours of a window."] = 0
    least: Annotated[int, "Number of statements from which on a chance is told."] = LEAST_STATEMENTS
    right: Annotated[int, "It came as it was said."] = 0
    missed: Annotated[int, "It came and was not said."] = 0
    false_alarms: Annotated[int, "It was said and did not come."] = 0
    mean_abs_error: Annotated[float | None, "Of the value, in the statement's unit."] = None
    chance: Annotated[Annotated[float, Meta(ge=0, le=1)] | None, "That it comes, by the errors of the past values."] = (
        None
    )

    @property
    def is_enough(self) -> bool:
        """Whether it tells how sure a statement is."""
        return self.n >= LEAST_STATEMENTS


NO_RECORD: Final = StatementRecord()


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, by the identifier of its text, and until when; `until_ms` is None where any time is as good.

    spans
        The times that it is for.
    grave
        Those of them in which what it is about comes, or would come if vents were open, and does not only come near.
    orders, withheld
        What it asks of actuators, once weighed against the others of the card, and what of it yields to these.
    """

    rule: str
    until_ms: int | None = None
    spans: tuple[Span, ...] = ()
    grave: tuple[Span, ...] = ()
    orders: tuple[Order, ...] = ()
    withheld: tuple[Withheld, ...] = ()


@dataclass(frozen=True, slots=True)
class OutlookStatement:
    """One sentence about the next 24 hours of a subject.

    occurs
        Whether what it is about will come, by the value; None where too little is known, with the `reason`.
    value
        The worst value, or the amount, in `unit`.
    start_ms, end_ms, hours
        From the first to the last affected hour, and their number; None and 0 without one.
    basis
        What it rests on: `forecast` of the station about a greenhouse, the weather to come as its `provider` says it or
        as it is `corrected` by the farm's station, or `as_yesterday` where nothing forecasts it.
    source
        Whose weather forecast it is, or why there is none; None for a forecast of the station.
    """

    kind: str
    level: Level
    occurs: bool | None
    value: float | None
    unit: str
    method: Method
    basis: Literal["forecast", "provider", "corrected", "as_yesterday"]
    start_ms: int | None = None
    end_ms: int | None = None
    hours: int = 0
    reason: str | None = None
    record: StatementRecord = NO_RECORD
    advice: Advice | None = None
    source: ForecastOrigin | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What 24 hours hold, forecast or measured: the worst value and the hours that are affected.

    `severity` orders levels where the value alone does not, as of wet hours by their warmth. `near` are the hours in
    which to act, those close to the limit as well, and `grave` those of them that are affected, or would be if vents
    were open.
    """

    value: float
    affected: tuple[int, ...]
    severity: float
    near: tuple[int, ...] = ()
    grave: tuple[int, ...] = ()

    @property
    def occurs(self) -> bool:
        """Whether any hour is affected."""
        return bool(self.affected)


def lowest(values: Hours, limit: float, near: float | None = None, grave: float | None = None) -> Outcome | None:
    """Return the lowest of 24 hours, and those at or below a limit, near it and grave; None where too few are known."""
    known = known_hours(values)
    if known is None:
        return None
    value = float(np.nanmin(known))
    affected, close, worst = (
        tuple(np.flatnonzero(known <= (limit if bar is None else bar)).tolist()) for bar in (limit, near, grave)
    )
    return Outcome(value, affected, -value, close, worst)


def known_hours(values: Hours) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Return 24 hours with NaN for unknown ones; None where too few are known."""
    known = np.array([math.nan if value is None else value for value in values[:HOURS]], np.float64)
    return known if np.count_nonzero(np.isfinite(known)) >= LEAST_HOURS else None


def hours_before(values: Hours) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the 24 hours before, NaN for unknown ones; all of them where they are not told."""
    known = [math.nan if value is None else value for value in values[:HOURS]]
    return np.array([math.nan] * (HOURS - len(known)) + known, np.float64)


def record_of(
    pairs: Sequence[tuple[Outcome, Outcome]], now: Outcome | None, limit: float | None, *, is_low_bad: bool = True
) -> StatementRecord:
    """Return the record of statements by what was said and what came, the newest last.

    With a `limit` of the value, the chance that it is passed now is that share of the past errors with which it would
    be. Below `LEAST_STATEMENTS` there is no chance.
    """
    last = pairs[-MOST_STATEMENTS:]
    if not last:
        return NO_RECORD
    errors = np.array([said.value - came.value for said, came in last])
    chance = None
    if now is not None and limit is not None and len(last) >= LEAST_STATEMENTS:
        expected = now.value - errors
        chance = float(np.mean(expected <= limit if is_low_bad else expected >= limit))
    return StatementRecord(
        n=len(last),
        right=sum(said.occurs == came.occurs for said, came in last),
        missed=sum(came.occurs and not said.occurs for said, came in last),
        false_alarms=sum(said.occurs and not came.occurs for said, came in last),
        mean_abs_error=float(np.mean(np.abs(errors))),
        chance=chance,
    )
