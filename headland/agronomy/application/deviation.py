"""Deviation of applied rates from planned ones: the class and likeliest cause of each cell and region.

Skipped ground is that of `PassAreas`: no swath covers it. Treated ground has a class by its share of the plan: far
under below 50 %, under below 90, on target to 110, over to 150, double above. The cause is the first of a fixed order
that fits a cell; it is a hint from known conditions, not a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Mask, Values

Codes = NDArray[np.uint8]

CLASSES: Final = ("none", "skip", "far_under", "under", "on_target", "over", "double")
_EDGES: Final = (0.5, 0.9, 1.1, 1.5)
_SKIP: Final = CLASSES.index("skip")
DEVIATION: Final = Method(
    "deviation_from_plan",
    2,
    "cells of the usable field against their plan: skip where no swath covers the middle; of treated ground far_under "
    "below 50 %, under to 90 %, on target to 110 %, over to 150 %, double beyond; treated and skipped cells stand for "
    "the areas by the union of the swaths, so that classes, and causes, add up to the ground",
)

#: Causes in the order in which they are tested, for too little and for too much.
CAUSES: Final = (
    "none", "refill", "empty_hopper", "boundary", "wind", "not_covered", "overlap", "speed", "flow", "calibration",
    "pattern", "rate_not_varied", "not_known",
)  # fmt: skip

#: A difference from the pass's median wind that moves a swath of granules by a quarter of a metre to a metre [m/s].
GUST_M_S: Final = 1.5
#: A share off the pass's median speed or flow that changes the rate by more than the target allows.
_OFF_SHARE: Final = 0.1
#: Hopper content that no longer covers the feeder [kg].
_EMPTY_KG: Final = 1.0
#: A share off the plan of the median cell under one swath from which on the whole pass was miscalibrated.
_SET_WRONG: Final = 0.03
#: A prescription with more rates than this is not a map of zones.
_MOST_RATES: Final = 50
#: Share of a cell's deviation below which the mean around it deviates, where the deviation is between the swaths.
_LATERAL: Final = 0.5
#: Largest spread of applied rates, as a share of the planned rates' spread, of a pass whose rate was not varied.
_NOT_VARIED: Final = 0.25
#: Cells of one planned rate that make their median a figure.
_LEAST_CELLS: Final = 12
_CALIBRATION: Final = CAUSES.index("calibration")
_PATTERN: Final = CAUSES.index("pattern")
_RATE_NOT_VARIED: Final = CAUSES.index("rate_not_varied")
_NOT_KNOWN: Final = CAUSES.index("not_known")


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions on each cell, all (rows, columns); NaN where unknown.

    `covers` is the number of swaths over it, `edge_m` its distance inside the field's edge, `refill_m` its distance
    from where work was interrupted for a refill, and `dry` where the machine was on and its meter reported no flow. The
    others are means weighted by the product that landed there.
    """

    covers: NDArray[np.int64]
    edge_m: Values
    refill_m: Values
    speed_m_s: Values
    wind_m_s: Values
    flow_per_min: Values
    hopper_kg: Values
    dry: Mask


@dataclass(frozen=True, slots=True)
class Region:
    """Neighbouring cells of one class and cause; `row` and `column` are of one of them, amounts in the map's unit."""

    kind: str
    cause: str
    area_m2: float
    planned: float
    applied: float
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class CellDeviation:
    """Classes and causes (codes of `CLASSES` and `CAUSES`) by cell, and the sums over all cells with a plan.

    Rates are per hectare; `on_target_share` is a share of the area. `class_m2` is the compared ground by class, and
    `cause_m2` what of it is off target by cause [m2]; they add up, and so do the regions without a limit.
    """

    classes: Codes
    causes: Codes
    ground_m2: Values
    class_m2: dict[str, float]
    cause_m2: dict[str, float]
    planned: float
    applied: float
    mean_deviation_pct: float
    mean_absolute_ha: float
    rms_ha: float
    on_target_share: float
    regions: tuple[Region, ...]


def measure_deviation(
    rate_ha: Values,
    planned_ha: Values,
    conditions: Conditions,
    cell_m: float,
    swath_m: float,
    ground_m2: Values | None = None,
    most_regions: int = 200,
) -> CellDeviation | None:
    """Return the deviation of rates from a plan (NaN or 0: no plan), None where no planned cell has a known rate.

    `ground_m2` is the ground that each cell stands for, by default all of it.
    """
    known = np.isfinite(rate_ha) & np.isfinite(planned_ha) & (planned_ha > 0.0)
    if not known.any():
        return None
    classes = np.zeros(rate_ha.shape, np.uint8)
    classes[known] = class_of(rate_ha[known] / planned_ha[known])
    classes[known & (conditions.covers == 0)] = _SKIP
    ground_m2 = np.full(rate_ha.shape, cell_m * cell_m) if ground_m2 is None else ground_m2
    class_m2 = sum_by_code(classes, CLASSES, ground_m2)
    compared_m2 = sum(class_m2.values())
    plan_ha = np.where(known, planned_ha, np.nan)
    causes = find_causes(classes, conditions, swath_m, _alike(plan_ha))
    _settle_rest(causes, np.where(known, rate_ha, np.nan), plan_ha, conditions, max(round(swath_m / cell_m), 1))
    error = rate_ha[known] - planned_ha[known]
    planned, applied = _planned_on(planned_ha, ground_m2), rate_ha * (cell_m * cell_m / 10_000.0)
    planned_sum, applied_sum = float(planned[known].sum()), float(applied[known].sum())
    return CellDeviation(
        classes=classes,
        causes=causes,
        ground_m2=ground_m2,
        class_m2=class_m2,
        cause_m2={name: m2 for name, m2 in sum_by_code(causes, CAUSES, ground_m2).items() if m2 > 0.0},
        planned=planned_sum,
        applied=applied_sum,
        mean_deviation_pct=100.0 * (applied_sum - planned_sum) / planned_sum if planned_sum > 0.0 else 0.0,
        mean_absolute_ha=float(np.abs(error).mean()),
        rms_ha=float(np.sqrt((error**2).mean())),
        on_target_share=class_m2["on_target"] / compared_m2 if compared_m2 > 0.0 else 0.0,
        regions=_find_regions(classes, causes, applied, planned, ground_m2, most_regions),
    )


def _planned_on(planned_ha: Values, ground_m2: Values) -> Values:
    return np.asarray(planned_ha * ground_m2 / 10_000.0, np.float64)


def sum_by_code(codes: Codes, names: Sequence[str], ground_m2: Values) -> dict[str, float]:
    """Return the ground of each code but the first [m2]."""
    sums = np.bincount(codes.ravel(), ground_m2.ravel(), minlength=len(names))
    return {name: float(sums[code]) for code, name in enumerate(names) if code}


def class_of(share: Values | float) -> Codes:
    """Return the code in `CLASSES` of each applied share of a plan on treated ground; 90 % and 110 % are on target."""
    code = np.searchsorted(_EDGES, share, side="right") + _SKIP + 1
    return np.asarray(np.where(np.equal(share, _EDGES[2]), CLASSES.index("on_target"), code), np.uint8)


def find_causes(
    classes: Codes, conditions: Conditions, swath_m: float, alike: NDArray[np.int64] | None = None
) -> Codes:
    """Return the first cause that fits, for each cell that is off target.

    `alike` numbers the cells with the same planned rate: a prescription needs another speed or flow for each rate, so
    these are compared only with their like. None: all cells are alike.
    """
    little = (classes > 0) & (classes < CLASSES.index("on_target"))
    much = classes > CLASSES.index("on_target")
    same = np.zeros(classes.shape, np.int64) if alike is None else alike
    gust = np.abs(_off(conditions.wind_m_s)) >= GUST_M_S
    speed_share, flow_share = _off_share(conditions.speed_m_s, same), _off_share(conditions.flow_per_min, same)
    fits = {
        "refill": conditions.refill_m <= 1.5 * swath_m,
        "empty_hopper": little & (conditions.dry | (conditions.hopper_kg < _EMPTY_KG)),
        "boundary": conditions.edge_m <= swath_m / 2.0,
        "wind": gust,
        "not_covered": little & (conditions.covers == 0),
        "overlap": much & (conditions.covers >= 2),
        "speed": np.where(little, speed_share > _OFF_SHARE, speed_share < -_OFF_SHARE),
        "flow": np.where(little, flow_share < -_OFF_SHARE, flow_share > _OFF_SHARE),
    }
    # An overlap explains too much better than a boundary does.
    fits["refill"] &= little | (conditions.covers >= 2)
    fits["boundary"] &= ~fits["overlap"]
    causes = np.zeros(classes.shape, np.uint8)
    open_cells = little | much
    for name, fit in fits.items():
        at = open_cells & (causes == 0) & fit
        causes[at] = CAUSES.index(name)
    causes[open_cells & (causes == 0)] = _PATTERN
    return causes


def _settle_rest(causes: Codes, rate_ha: Values, planned_ha: Values, conditions: Conditions, window: int) -> None:
    """Replace the cause of the cells that no condition explains, in place.

    calibration: on target if the pass as a whole were, which is off by the same share at each planned rate. pattern:
    over a square of one swath (`window` cells) the deviation mostly cancels out, so it is between the swaths.
    rate_not_varied: the plan has several rates, and the pass applied one. Otherwise the cause is not known.
    """
    rest = causes == _PATTERN
    if not rest.any():
        return
    share = rate_ha / planned_ha
    usual = _usual_share(share, planned_ha, conditions.covers)
    known = np.nan_to_num(np.abs(share / usual - 1.0), nan=np.inf)
    around = np.nan_to_num(np.abs(_mean_around(share, window) / usual - 1.0), nan=np.inf)
    calibrated = (share >= _EDGES[1] * usual) & (share <= _EDGES[2] * usual)
    flat_ha = _flat_rate(rate_ha, planned_ha, conditions.covers)
    is_flat = np.abs(_mean_around(rate_ha, window) / flat_ha - 1.0) <= _OFF_SHARE
    causes[rest & (around >= _LATERAL * known)] = _NOT_KNOWN
    causes[rest & (causes == _NOT_KNOWN) & is_flat] = _RATE_NOT_VARIED
    if usual != 1.0:
        causes[rest & calibrated] = _CALIBRATION


def _usual_share(share: Values, planned_ha: Values, covers: NDArray[np.int64]) -> float:
    """Return the median share of the plan under one swath; 1 where it is near, or differs by planned rate."""
    single = np.where(covers == 1, share, np.nan)
    usual = _median(single)
    if not np.isfinite(usual) or abs(usual - 1.0) <= _SET_WRONG:
        return 1.0
    by_rate = [median for _, median in _medians_by_rate(single, planned_ha)]
    return usual if all(abs(median / usual - 1.0) <= _OFF_SHARE for median in by_rate) else 1.0


def _flat_rate(rate_ha: Values, planned_ha: Values, covers: NDArray[np.int64]) -> float:
    """Return the one rate that a pass applied although its plan has several, NaN where there is none."""
    single = np.where(covers == 1, rate_ha, np.nan)
    medians = _medians_by_rate(single, planned_ha)
    if len(medians) < 2:
        return np.nan
    planned, applied = np.array(medians).T
    spread, planned_spread = np.ptp(applied) / applied.mean(), np.ptp(planned) / planned.mean()
    return _median(single) if spread <= _NOT_VARIED * planned_spread else np.nan


def _medians_by_rate(values: Values, planned_ha: Values) -> list[tuple[float, float]]:
    """Return each planned rate that has enough known values, with their median; none of a plan without zones."""
    rates = np.unique(planned_ha[np.isfinite(planned_ha)])
    if len(rates) > _MOST_RATES:
        return []
    inside = [(float(rate), values[(planned_ha == rate) & np.isfinite(values)]) for rate in rates.tolist()]
    return [(rate, float(np.median(part))) for rate, part in inside if len(part) >= _LEAST_CELLS]


def _mean_around(values: Values, window: int) -> Values:
    """Return the mean of the known values in a square of about `window` cells around each cell; NaN without any."""
    half = window // 2
    known = np.isfinite(values)
    sums = [np.pad(part, ((half + 1, half), (half + 1, half))) for part in (np.where(known, values, 0.0), 1.0 * known)]
    total, count = (part.cumsum(axis=0).cumsum(axis=1) for part in sums)
    step = 2 * half + 1
    box = [
        part[step:, step:] - part[:-step, step:] - part[step:, :-step] + part[:-step, :-step] for part in (total, count)
    ]
    return np.asarray(np.divide(box[0], box[1], out=np.full(values.shape, np.nan), where=box[1] > 0.5), np.float64)


def label_regions(classes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return a number from 1 for each set of cells of one class that touch by their sides; 0 for class 0."""
    rows, columns = classes.shape
    parent = np.arange(rows * columns)

    def root(cell: int) -> int:
        while parent[cell] != cell:
            parent[cell] = parent[parent[cell]]
            cell = int(parent[cell])
        return cell

    number = np.arange(rows * columns).reshape(rows, columns)
    starts = np.ones((rows, columns), np.bool_)
    starts[:, 1:] = classes[:, 1:] != classes[:, :-1]
    # Each cell belongs to the first of its run along the row, so only runs are joined individually.
    run = np.maximum.accumulate(np.where(starts, number, 0), axis=1)
    joined = (classes[1:] == classes[:-1]) & (classes[1:] > 0)
    later, earlier = run[1:][joined], run[:-1][joined]
    # Cells are in reading order, so that those that join the same two runs are neighbours.
    is_new = np.ones(len(later), np.bool_)
    is_new[1:] = (later[1:] != later[:-1]) | (earlier[1:] != earlier[:-1])
    for run_above, run_below in zip(later[is_new].tolist(), earlier[is_new].tolist(), strict=True):
        first, second = root(run_above), root(run_below)
        parent[max(first, second)] = min(first, second)
    heads = np.flatnonzero(starts & (classes > 0))
    roots = np.array([root(head) for head in heads.tolist()], np.int64)
    labels = np.zeros(rows * columns, np.int64)
    labels[heads] = np.unique(roots, return_inverse=True)[1] + 1 if len(heads) else 0
    return np.asarray(np.where(classes > 0, labels[run], 0), np.int64)


def _find_regions(
    classes: Codes, causes: Codes, applied_by_cell: Values, planned_by_cell: Values, ground_m2: Values, most: int
) -> tuple[Region, ...]:
    """Return the regions that are off target, the largest difference in amount first.

    A region has one class and one cause: none is larger than the ground of its class or of its cause.
    """
    off = np.where(classes == CLASSES.index("on_target"), 0, classes).astype(np.uint8)
    labels = label_regions(np.where(off > 0, off * np.uint8(len(CAUSES)) + causes, 0).astype(np.uint8))
    at = np.flatnonzero(labels)
    label = labels.ravel()[at]
    count = int(label.max()) + 1 if len(label) else 1
    applied = np.bincount(label, applied_by_cell.ravel()[at], minlength=count)
    planned = np.bincount(label, planned_by_cell.ravel()[at], minlength=count)
    area_m2 = np.bincount(label, ground_m2.ravel()[at], minlength=count)
    cells = np.bincount(label, minlength=count)
    middle = _middles(at, label, count)
    order = np.argsort(-np.abs(applied - planned)[1:], kind="stable")[:most] + 1
    return tuple(
        Region(
            kind=CLASSES[int(off.ravel()[middle[number]])],
            cause=CAUSES[int(causes.ravel()[middle[number]])],
            area_m2=float(area_m2[number]),
            planned=float(planned[number]),
            applied=float(applied[number]),
            row=int(middle[number] // classes.shape[1]),
            column=int(middle[number] % classes.shape[1]),
        )
        for number in order.tolist()
        if cells[number]
    )


def _middles(at: NDArray[np.intp], label: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return one cell of each label: the middle one in reading order."""
    order = np.argsort(label, kind="stable")
    first = np.searchsorted(label[order], np.arange(count + 1))
    middle = np.minimum((first[:-1] + first[1:]) // 2, max(len(order) - 1, 0))
    return at[order][middle].astype(np.int64) if len(order) else np.zeros(count, np.int64)


def _median(values: Values) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan


def _alike(planned_ha: Values) -> NDArray[np.int64]:
    """Return a number for each planned rate; the same for all where there are so many that each has few cells."""
    rates, number = np.unique(planned_ha, return_inverse=True)
    shape = planned_ha.shape
    return np.zeros(shape, np.int64) if len(rates) > _MOST_RATES else np.asarray(number.reshape(shape), np.int64)


def _off_share(values: Values, alike: NDArray[np.int64]) -> Values:
    """Return the difference of values from the median of their like, as shares of it; 0 where unknown."""
    usual = np.full(int(alike.max(initial=0)) + 1, np.nan)
    for number in range(len(usual)):
        usual[number] = _median(values[alike == number])
    return np.asarray(np.nan_to_num(values / usual[alike] - 1.0), np.float64)


def _off(values: Values) -> Values:
    """Return the difference of values from their median; 0 where unknown."""
    return np.asarray(np.nan_to_num(values - _median(values)), np.float64)
