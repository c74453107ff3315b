"""What a pass applied, as numbers that can be judged and as a map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.application.as_applied import EVIDENCE, Air, AsApplied, Machine, map_applied
from headland.agronomy.application.released import Reconciliation, Released, reconcile, release
from headland.agronomy.application.spread_pattern import (
    AERIAL_CV_PCT,
    GROUND_CV_PCT,
    Pattern,
    effective_swath_m,
    make_pattern,
    overlap_cv_pct,
    rectangle,
)
from headland.agronomy.application.treated import COVERAGE_BAR, DECLARED, MEASURED_FLOW, PUMP_PWM, TANK_MASS
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.intervals import Intervals, total_s
from headland.agronomy.series.qartod import MISSING
from headland.analysis.errors import AnalysisError, PreconditionError
from headland.analysis.passes.detection import FieldPass, PassInputs, read_work
from headland.analysis.scope import OrgScope
from headland.registry.models.models import Implement

#: More cells than this would be an answer of a hundred megabytes; ask for larger cells.
MAX_CELLS: Final = 1_000_000

_NO_METER: Final = "no_flow_meter"
_UNIFORM_STEP_M: Final = 0.1
_METHOD: Final = Method(
    "as_applied_deposit",
    1,
    "running total along the track, laid across it by the implement's lateral pattern (none: even over the swath) "
    "after its latency, carried by the vehicle's own wind estimate times the fall from its height at 8 m/s (granules "
    "only); measured_flow: trapezoid over flows at most 5 s apart or a meter's total; tank_mass: the hopper's loss "
    "between refills, even over the time in which the feeder was on; coverage is the known share of the time of work",
)
_RATE: Final = Method("mean_rate_in_field", 1, "amount on the usable field over the usable area that a swath covered")


@dataclass(frozen=True, slots=True)
class Uniformity:
    """Across the ways, of the implement's pattern: CV at its swath [%], and the widest swath within a CV [m]."""

    overlap_cv_pct: tuple[float, float]
    ground_swath_m: tuple[float | None, float | None]
    aerial_swath_m: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Applied:
    """The as-applied map of a pass and the answers that go with it; `unit` is kg or L."""

    work: PassInputs
    machine: Machine
    released: Released
    drawn: AsApplied
    amount: Answer
    rate: Answer
    known: Reconciliation

    @property
    def one(self) -> FieldPass:
        """The pass."""
        return self.work.one

    @property
    def unit(self) -> str:
        """What amounts are in."""
        return self.work.heard.unit

    @property
    def evidence_m2(self) -> dict[str, float]:
        """The treated ground by its class of evidence [m2], on the grid."""
        counts = np.bincount(self.drawn.evidence.ravel(), minlength=len(EVIDENCE))
        cell_m2 = self.drawn.grid.cell_m**2
        return {name: float(counts[code]) * cell_m2 for code, name in enumerate(EVIDENCE) if code}


def apply_pass(
    scope: OrgScope, one: FieldPass, *, cell_m: float, swath_m: float | None = None, latency_s: float | None = None
) -> Applied:
    """Return what a pass applied, on cells of `cell_m` [m]; `swath_m` and `latency_s` replace the implement's.

    Raises PreconditionError without a swath or a track, AnalysisError for too many cells.
    """
    machine = machine_of(one, swath_m, latency_s)
    west, south, east, north = _bounds_m(work := read_work(scope, one))
    if (east - west + 300.0) * (north - south + 300.0) / cell_m**2 > MAX_CELLS:
        sentence = f"The map would have more than {MAX_CELLS:,} cells: ask for a larger cell_m."
        raise AnalysisError("too-many-cells", "The cells are too small", sentence)
    heard, stretches = work.heard, work.stretches
    if one.implement is not None and latency_s is None and not heard.amounts.is_metered:
        # Without a meter the feeder's signal is all that times the work: opening and closing have their own latencies.
        stretches, machine = _landing(stretches, one.implement), replace(machine, latency_s=0.0)
    released = release(heard.told.track.time_ms, heard.amounts, stretches, _around(work))
    air = heard.air if len(heard.air.time_ms) else Air(np.empty(0, np.int64), *(np.empty(0) for _ in range(3)))
    drawn = map_applied(heard.told.track, released, stretches, work.outline, work.plane, machine, air, cell_m)
    amount = _answer_amount(work, released, drawn)
    most = None if one.implement is None else _most_per_min(one.implement, heard.unit)
    known = reconcile(heard.amounts, _around(work), most)
    return Applied(work, machine, released, drawn, amount, _answer_rate(amount, drawn, heard.unit), known)


def fine_cell_m(one: FieldPass) -> float:
    """Return the smallest usual cell for a pass's field: sums are made on it, as edges round by half a cell."""
    return next((cell_m for cell_m in (1.0, 2.0, 5.0, 10.0) if one.field.area_m2 * 4.0 / cell_m**2 < MAX_CELLS), 20.0)


def _landing(stretches: Intervals, implement: Implement) -> Intervals:
    """Return when product came down, of when the feeder was told to run."""
    edges_ms = np.array([implement.on_latency_s, implement.off_latency_s]) * 1000.0
    landed = stretches + edges_ms
    return landed[landed[:, 1] > landed[:, 0]]


def machine_of(one: FieldPass, swath_m: float | None = None, latency_s: float | None = None) -> Machine:
    """Return how the implement of a pass lays down what it lets go; raises PreconditionError without a swath."""
    implement = one.implement
    width_m = swath_m or one.swath_m
    if width_m is None:
        sentence = "Nobody has said with which implement: declare the pass with one, or give swath_m."
        raise PreconditionError("no-implement", "The swath is not known", sentence)
    told_s = 0.0 if implement is None else implement.on_latency_s
    behind_m = 0.0 if implement is None else implement.nozzle_behind_m
    return Machine(_pattern_of(implement, width_m), width_m, told_s if latency_s is None else latency_s, behind_m)


def judge_pattern(machine: Machine) -> Uniformity:
    """Return how even the implement's pattern is, one-way and back-and-forth."""

    def both(most_pct: float) -> tuple[float | None, float | None]:
        one_way, returning = (
            effective_swath_m(machine.pattern, most_pct, back_and_forth=back, step_m=_UNIFORM_STEP_M)
            for back in (False, True)
        )
        return one_way, returning

    cv_pct = tuple(overlap_cv_pct(machine.pattern, machine.swath_m, back_and_forth=back) for back in (False, True))
    return Uniformity((cv_pct[0], cv_pct[1]), both(GROUND_CV_PCT), both(AERIAL_CV_PCT))


def _pattern_of(implement: Implement | None, swath_m: float) -> Pattern:
    if implement is None or not implement.pattern:
        return rectangle(swath_m / 2.0)
    points = implement.pattern
    return make_pattern(np.array([p.offset_m for p in points]), np.array([p.rate for p in points]))


def _most_per_min(implement: Implement, unit: str) -> float | None:
    return implement.max_flow_kg_min if unit == "kg" else implement.max_flow_l_min


def _around(work: PassInputs) -> tuple[int, int]:
    """Return the pass's time with what its machine may still have let go around it, as far as was heard."""
    start_ms, end_ms = work.window
    first_ms, last_ms = work.heard.told.window
    return max(start_ms - 3000, first_ms), min(end_ms + 3000, last_ms)


def _bounds_m(work: PassInputs) -> tuple[float, float, float, float]:
    west, south, east, north = work.outline.whole.bounds
    return west, south, east, north


def _answer_amount(work: PassInputs, released: Released, drawn: AsApplied) -> Answer:
    heard, work_s = work.heard, total_s(work.stretches)
    unknown_s = total_s(released.unknown)
    coverage = 1.0 - min(unknown_s / work_s, 1.0) if work_s > 0.0 else 0.0
    evidence = _weakest(released, drawn)
    reason = None
    if not released.totals:
        reason = _NO_METER
    elif coverage < COVERAGE_BAR:
        reason = INSUFFICIENT_DATA
    return Answer(
        value=None if reason else released.amount,
        unit=heard.unit,
        window=work.window,
        n=heard.n,
        coverage=coverage if released.totals else 0.0,
        quality=heard.quality if heard.n else MISSING,
        method=_METHOD,
        inputs=heard.inputs,
        evidence=None if reason else evidence,
        reason=reason,
    )


def _weakest(released: Released, drawn: AsApplied) -> str:
    order = (DECLARED, PUMP_PWM, TANK_MASS, MEASURED_FLOW)
    shown = {EVIDENCE[code] for code in np.unique(drawn.evidence).tolist() if code}
    return next((name for name in order if name in shown), next(iter(released.totals), PUMP_PWM))


def _answer_rate(amount: Answer, drawn: AsApplied, unit: str) -> Answer:
    known = amount.value is not None and drawn.cover.covered_m2 > 0.0
    return Answer(
        value=drawn.totals.usable / drawn.cover.covered_m2 * 10_000.0 if known else None,
        unit=f"{unit}/ha",
        window=amount.window,
        n=amount.n,
        coverage=amount.coverage,
        quality=amount.quality,
        method=_RATE,
        inputs=amount.inputs,
        evidence=amount.evidence if known else None,
        reason=None if known else amount.reason or "nothing_treated",
    )
