"""Indices over many periods as columns with one value a period; `answer_of` makes an answer of one period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.cadence import SLOWEST_MS
from headland.agronomy.series.qartod import GOOD, MISSING
from headland.agronomy.series.time_grid import Periods, count_true, highest, lowest, sum_up
from headland.units_of_time import MINUTE_MS

#: The coverage from which a mean is given.
MEAN_BAR: Final = 0.5
#: The coverage from which a sum of hours is given: a missing hour would count as none.
SUM_BAR: Final = 0.9


@dataclass(frozen=True, slots=True)
class Index:
    """One index: `value` by period, NaN below the coverage limit or where it is not defined.

    coverage
        The known share 0..1 of the period, or of the part that counts, as the method defines it.
    known
        The number of known steps.
    low, high
        The smallest and largest value within each period, where defined.
    bar
        The coverage limit.
    assumed
        Inputs beside its channels, such as declared figures: an answer lists them, but counts no samples of them.
    slowest_ms
        The slowest interval of samples [ms] that it is given from.
    reasons
        By period why a value is unknown, where it is not for its coverage.
    windows
        The window of each value, where it is not that of the period.
    estimated
        By period whether a quantity that it rests on was estimated, not measured.
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
    slowest_ms: int = SLOWEST_MS
    reasons: tuple[str | None, ...] | None = None
    windows: tuple[tuple[int, int], ...] | None = None
    estimated: tuple[bool, ...] | None = None


def mean_index(name: str, unit: str, method: Method, inputs: tuple[str, ...], periods: Periods, value: Values) -> Index:
    """Return the mean of a quantity over each period with its lowest and highest, from half of the period on."""
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
    """Return an index of given values; those below the coverage limit become NaN."""
    return Index(
        name, unit, method, inputs, np.where(coverage >= bar, value, np.nan), coverage, known, bar, assumed=assumed
    )


def need_interval(indices: Iterable[Index], minutes: int) -> list[Index]:
    """Return indices that are given from samples at an interval of so many minutes or less, with a tenth for clocks."""
    need = f"; from samples every {minutes} min or faster"
    return [
        replace(
            index,
            slowest_ms=minutes * MINUTE_MS * 11 // 10,
            method=replace(index.method, source=f"{index.method.source}{need}"),
        )
        for index in indices
    ]


def unknown_where(index: Index, unknown: Mask, reason: str) -> Index:
    """Return an index without the values of some periods, with the reason; what was unknown before keeps its own."""
    lost = unknown & np.isfinite(index.value) | unknown & (index.coverage >= index.bar)
    if not lost.any():
        return index
    before = index.reasons or (None,) * len(index.value)
    reasons = tuple(reason if is_lost else told for is_lost, told in zip(lost.tolist(), before, strict=True))
    return replace(index, value=np.where(lost, np.nan, index.value), reasons=reasons)


def part_of(index: Index, first: int, end: int) -> Index:
    """Return an index of the periods from `first` to before `end`."""
    low, high = (None if column is None else column[first:end] for column in (index.low, index.high))
    return replace(
        index,
        value=index.value[first:end],
        coverage=index.coverage[first:end],
        known=index.known[first:end],
        low=low,
        high=high,
        reasons=None if index.reasons is None else index.reasons[first:end],
        windows=None if index.windows is None else index.windows[first:end],
        estimated=None if index.estimated is None else index.estimated[first:end],
    )


def answer_of(
    index: Index, at: int, window: tuple[int, int], *, n: int, quality: int, evidence: str = "measured"
) -> Answer:
    """Return one period of an index as an answer; `n` and `quality` are those of the samples used."""
    value = float(index.value[at])
    is_known = np.isfinite(value)
    coverage = float(index.coverage[at])
    reason = None if is_known else _reason_of(index, at, coverage)
    return Answer(
        value=value if is_known else None,
        unit=index.unit,
        window=window,
        n=n,
        coverage=min(max(coverage, 0.0), 1.0),
        quality=quality if n else GOOD if is_known else MISSING,
        method=index.method,
        inputs=(*index.inputs, *index.assumed),
        evidence=None
        if not is_known
        else "estimated"
        if index.estimated is not None and index.estimated[at]
        else evidence,
        reason=reason,
        low=_number(index.low, at) if is_known else None,
        high=_number(index.high, at) if is_known else None,
    )


def _reason_of(index: Index, at: int, coverage: float) -> str:
    told = None if index.reasons is None else index.reasons[at]
    return told or (INSUFFICIENT_DATA if coverage < index.bar else "not_defined")


def _number(column: Values | None, at: int) -> float | None:
    return None if column is None or not np.isfinite(column[at]) else float(column[at])
