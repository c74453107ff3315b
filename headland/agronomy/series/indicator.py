"""An index over many periods: columns, one value a period, that become answers where somebody looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.arrays import Counts, Values
from headland.agronomy.series.qartod import MISSING
from headland.agronomy.series.time_grid import Periods, count_true, highest, lowest, sum_up

#: Below this share of a period a mean says more about the hole than about the house.
MEAN_BAR: Final = 0.5
#: What counts hours needs nearly all of them: a missed one would be told as a dry one.
SUM_BAR: Final = 0.9


@dataclass(frozen=True, slots=True)
class Index:
    """One index: `value` by period, NaN below the coverage bar or where it has no meaning.

    coverage
        The share 0..1 of the period that is known, or of the part that counts; the method says which.
    known
        How many steps were known.
    low, high
        The smallest and largest value within each period, where that has a meaning.
    bar
        The coverage below which there is no value.
    assumed
        What it rests on beside its channels: an answer shows it among its inputs, and no samples are counted of it.
    """

    name: str
    unit: str
    method: Method
    inputs: tuple[str, ...]
    value: Values
    coverage: Values
    known: Counts
    bar: float
    low: Values | None = None
    high: Values | None = None
    assumed: tuple[str, ...] = ()


def mean_index(name: str, unit: str, method: Method, inputs: tuple[str, ...], periods: Periods, value: Values) -> Index:
    """Return the mean of a quantity over each period, with its lowest and highest; from half of the period on."""
    known = count_true(periods, np.isfinite(value))
    coverage = known / periods.lengths
    enough = coverage >= MEAN_BAR
    return Index(
        name,
        unit,
        method,
        inputs,
        np.where(enough, sum_up(periods, value) / np.maximum(known, 1), np.nan),
        coverage,
        known,
        MEAN_BAR,
        np.where(enough, lowest(periods, value), np.nan),
        np.where(enough, highest(periods, value), np.nan),
    )


def precomputed_index(
    name: str,
    unit: str,
    method: Method,
    inputs: tuple[str, ...],
    value: Values,
    coverage: Values,
    known: Counts,
    bar: float = SUM_BAR,
    assumed: tuple[str, ...] = (),
) -> Index:
    """Return an index whose values are computed already; those below the bar become NaN."""
    return Index(
        name, unit, method, inputs, np.where(coverage >= bar, value, np.nan), coverage, known, bar, assumed=assumed
    )


def answer_of(
    index: Index, at: int, window: tuple[int, int], *, n: int, quality: int, evidence: str = "measured"
) -> Answer:
    """Return one period of an index as an answer; `n` and `quality` are those of the samples behind it."""
    value = float(index.value[at])
    told = np.isfinite(value)
    coverage = float(index.coverage[at])
    reason = None if told else INSUFFICIENT_DATA if coverage < index.bar else "not_defined"
    return Answer(
        value=value if told else None,
        unit=index.unit,
        window=window,
        n=n,
        coverage=min(max(coverage, 0.0), 1.0),
        quality=quality if n else MISSING,
        method=index.method,
        inputs=(*index.inputs, *index.assumed),
        evidence=evidence if told else None,
        reason=reason,
        low=_number(index.low, at) if told else None,
        high=_number(index.high, at) if told else None,
    )


def _number(column: Values | None, at: int) -> float | None:
    return None if column is None or not np.isfinite(column[at]) else float(column[at])
