"""As-applied map of a pass, with the answers on amount and rate."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np

from headland.agronomy.application.as_applied import BESIDE_M, EVIDENCE, AsApplied, Machine, map_applied
from headland.agronomy.application.drift import GRANULE_FALL_M_S, granule_landing_s
from headland.agronomy.application.feeder import FeederLag
from headland.agronomy.application.released import Reconciliation, Released, feeder_lag, reconcile, release
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
from headland.agronomy.geometry.outline import OUTSIDE
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.intervals import Intervals, total_s
from headland.agronomy.series.qartod import MISSING
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.detection import FieldPass, PassInputs, load_pass_inputs, refer_pass
from headland.registry.models.models import Implement

#: A map of more cells would be an answer of a hundred megabytes.
MAX_CELLS: Final = 1_000_000

_NO_METER: Final = "no_flow_meter"
#: Time around a pass in which its machine may still release product [ms].
_RELEASE_EDGE_MS: Final = 3000
_UNIFORM_STEP_M: Final = 0.1
#: The height from which granules are spread where it is not measured [m].
_USUAL_HEIGHT_M: Final = 3.0
#: The share of the modelled fall that a declared latency must leave beside the feeder's lag.
_LEAST_OF_FALL: Final = 0.5
_METHOD: Final = Method(
    "as_applied_deposit",
    4,
    "running total along the track, laid across it by the implement's lateral pattern (none: even over the swath) "
    "after its latency, each cell with the integral over it; carried by the vehicle's own wind estimate times the fall "
    "from its height: granules at 8 m/s, droplets of their class's median by drag and gravity (Marchant 1977) in the "
    "rotors' jet (Bauersfeld et al. 2025, momentum theory); the small ones go on with the wind as deposits of orchard "
    "sprayers fall with the distance (Rautmann et al. 2001); flow meter: trapezoid over flows at most 5 s "
    "apart or a meter's total; tank or hopper: its loss between refills, even over the time in which the feeder "
    "was on, behind its lag as the weights show it; coverage is the known share of the time of work",
)
_RATE: Final = Method("mean_rate_in_field", 1, "amount on the usable field over the union of the swaths on it")


@dataclass(frozen=True, slots=True)
class SwathWidths:
    """The widest swath within a coefficient of variation [m]; null where there is none."""

    one_way: Annotated[float | None, "Of work in one direction."]
    back_and_forth: Annotated[float | None, "Of work back and forth."]


@dataclass(frozen=True, slots=True)
class SpreadUniformity:
    """Uniformity of the implement's pattern at its swath, and over the cells of the field."""

    overlap_cv_one_way_pct: Annotated[float, "Coefficient of variation across swaths of work in one direction."]
    overlap_cv_back_and_forth_pct: Annotated[float, "Coefficient of variation across swaths of work back and forth."]
    effective_swath_cv15_m: Annotated[SwathWidths, "Widest swath with a coefficient of at most 15 %."]
    effective_swath_cv25_m: Annotated[SwathWidths, "Widest swath with a coefficient of at most 25 %."]
    field_cv_pct: Annotated[
        float | None, "Coefficient of variation over the treated cells; null with fewer than two."
    ] = None


@dataclass(frozen=True, slots=True)
class LandingTiming:
    """How long after its measurement, or after the feeder's signal, product reached the ground."""

    basis: Annotated[
        str,
        "given (in the request), implement (its declared latencies), or fitted: the feeder's lag by "
        "the hopper's weights, the fall declared or, where it is not, modelled.",
    ]
    latency_s: float
    feeder_opening_s: Annotated[float | None, "Time constant of the flow when the feeder opens."]
    feeder_closing_s: Annotated[float | None, "Time constant of the flow when it closes; null without a fitted lag."]


@dataclass(frozen=True, slots=True)
class AppliedPass:
    """The as-applied map of a pass with its answers; `unit` is kg or L, `key` names everything that it depends on."""

    key: Hashable
    inputs: PassInputs
    machine: Machine
    timing: LandingTiming
    released: Released
    map: AsApplied
    amount: Answer
    rate: Answer
    reconciliation: Reconciliation

    @property
    def field_pass(self) -> FieldPass:
        """The pass."""
        return self.inputs.field_pass

    @property
    def unit(self) -> str:
        """The unit of amounts."""
        return self.inputs.telemetry.unit


def compute_as_applied(
    scope: OrgScope,
    field_pass: FieldPass,
    *,
    cell_m: float | None = None,
    swath_m: float | None = None,
    latency_s: float | None = None,
    beside_m: float = BESIDE_M,
) -> AppliedPass:
    """Return what a pass applied, on cells of `cell_m` [m], by default of `fine_cell_m`.

    `swath_m` and `latency_s` replace the implement's. Ground up to `beside_m` from the field is on the map.

    The result comes from the cache while the pass, its field, implement and telemetry are the same. Raises
    PreconditionError without a swath or a track, AnalysisError for too many cells.
    """
    machine = machine_of(field_pass, swath_m, latency_s)
    cell_m = fine_cell_m(field_pass) if cell_m is None else cell_m
    key = ("as-applied", scope.organisation, field_pass.key, cell_m, swath_m, latency_s, beside_m)
    is_landing_timed = field_pass.implement is not None and latency_s is None

    def compute() -> AppliedPass:
        inputs = load_pass_inputs(scope, field_pass, refer_pass(scope, field_pass))
        return _compute(key, inputs, machine, cell_m, beside_m, is_landing_timed)

    applied = scope.cache.get(key, compute, (*key[:2], field_pass.id, *key[3:]))
    return applied if scope.person is None else _hide_neighbours(applied)


def _hide_neighbours(applied: AppliedPass) -> AppliedPass:
    """Return a map as a member of the cooperative sees it: without the ground outside the field, which is others'."""
    outside = applied.map.places == OUTSIDE
    hidden = replace(
        applied.map,
        amount=np.where(outside, 0.0, applied.map.amount),
        evidence=np.where(outside, 0, applied.map.evidence).astype(np.uint8),
        drifted=np.where(outside, 0.0, applied.map.drifted),
        uncertainty_ha=np.where(outside, 0.0, applied.map.uncertainty_ha),
    )
    return replace(applied, map=hidden)


def _compute(
    key: Hashable, inputs: PassInputs, machine: Machine, cell_m: float, beside_m: float, is_landing_timed: bool
) -> AppliedPass:
    """Return the map and its answers; `is_landing_timed` where the implement's own latencies apply."""
    west, south, east, north = inputs.outline.whole.bounds
    if (east - west + 2.0 * beside_m) * (north - south + 2.0 * beside_m) / cell_m**2 > MAX_CELLS:
        sentence = f"The map would have more than {MAX_CELLS:,} cells: ask for a larger cell_m."
        raise AnalysisError("too-many-cells", "Too many cells", sentence)
    telemetry, stretches, implement = inputs.telemetry, inputs.stretches, inputs.field_pass.implement
    track, window = telemetry.vehicle.track, _released_window(inputs)
    basis, lag = "implement" if is_landing_timed else "given", None
    if is_landing_timed and not telemetry.amounts.is_metered:
        # Without a meter only the feeder's signal times the work: opening and closing have their own latencies.
        lag = feeder_lag(telemetry.amounts, stretches, window)
        ground_s = None if lag is None else _ground_latency_s(inputs, implement, lag)
        if lag is not None and ground_s is not None:
            basis, machine = "fitted", replace(machine, latency_s=ground_s)
        elif implement is not None:
            lag = None
            stretches, machine = _landing(stretches, implement), replace(machine, latency_s=0.0)
    released = release(track.time_ms, telemetry.amounts, stretches, window, lag)
    applied_map = map_applied(
        track, released, stretches, inputs.outline, inputs.plane, machine, inputs.air, cell_m, beside_m
    )
    amount = _answer_amount(inputs, released, applied_map)
    most = None if implement is None else _most_per_min(implement, telemetry.unit)
    reconciliation = reconcile(telemetry.amounts, window, most)
    rate = _answer_rate(amount, applied_map, telemetry.unit)
    feeder_s = (None, None) if lag is None else (lag.opening_s, lag.closing_s)
    timing = LandingTiming(basis, machine.latency_s, *feeder_s)
    return AppliedPass(key, inputs, machine, timing, released, applied_map, amount, rate, reconciliation)


def fine_cell_m(field_pass: FieldPass) -> float:
    """Return the smallest usual cell side for a pass's field [m]; sums use it, because edges round by half a cell."""
    area_m2 = field_pass.field.area_m2
    return next((cell_m for cell_m in (1.0, 2.0, 5.0, 10.0) if area_m2 * 4.0 / cell_m**2 < MAX_CELLS), 20.0)


def _ground_latency_s(inputs: PassInputs, implement: Implement | None, lag: FeederLag) -> float | None:
    """Return the time from feeder to ground: what the declared closing has beyond the lag, else that of the fall.

    Declared latencies are from the signal to the ground and contain the lag. None where only the opening's is declared:
    it applies as it is. One shorter than a fall is another's, such as that from a sensor's value.
    """
    fall_s = inputs.air.fall_s
    height_m = float(np.median(fall_s)) * GRANULE_FALL_M_S if len(fall_s) else _USUAL_HEIGHT_M
    modelled_s = granule_landing_s(height_m)
    least_s = _LEAST_OF_FALL * modelled_s
    opening_s, closing_s = (0.0, 0.0) if implement is None else (implement.on_latency_s, implement.off_latency_s)
    if closing_s - lag.closing_s > least_s:
        return closing_s - lag.closing_s
    return None if opening_s > least_s and closing_s == 0.0 else modelled_s


def _landing(stretches: Intervals, implement: Implement) -> Intervals:
    """Return when product landed, from when the feeder was commanded to run."""
    edges_ms = np.array([implement.on_latency_s, implement.off_latency_s]) * 1000.0
    landed = stretches + edges_ms
    return landed[landed[:, 1] > landed[:, 0]]


def machine_of(field_pass: FieldPass, swath_m: float | None = None, latency_s: float | None = None) -> Machine:
    """Return the pattern, swath and latency of a pass's implement; raises PreconditionError without a swath."""
    implement = field_pass.implement
    width_m = swath_m or field_pass.swath_m
    if width_m is None:
        sentence = "The pass names no implement: declare it with one, or give swath_m."
        raise PreconditionError("no-implement", "Swath unknown", sentence)
    if latency_s is None:
        latency_s = 0.0 if implement is None else implement.on_latency_s
    behind_m = 0.0 if implement is None else implement.nozzle_behind_m
    return Machine(_pattern_of(implement, width_m), width_m, latency_s, behind_m)


def uniformity_of(scope: OrgScope, applied: AppliedPass) -> SpreadUniformity:
    """Return the evenness of a pass; that of its machine's pattern is from the cache where it is known."""
    machine, pattern = applied.machine, applied.machine.pattern
    key = ("uniformity", machine.swath_m, pattern.offset_m.tobytes(), pattern.density_1_m.tobytes())
    by_pattern = scope.cache.get(key, lambda: _assess_pattern(machine))
    return replace(by_pattern, field_cv_pct=applied.map.field_cv_pct)


def _assess_pattern(machine: Machine) -> SpreadUniformity:

    def widest(most_pct: float) -> SwathWidths:
        one_way, returning = (
            effective_swath_m(machine.pattern, most_pct, back_and_forth=back, step_m=_UNIFORM_STEP_M)
            for back in (False, True)
        )
        return SwathWidths(one_way, returning)

    one_way, returning = (
        overlap_cv_pct(machine.pattern, machine.swath_m, back_and_forth=back) for back in (False, True)
    )
    return SpreadUniformity(one_way, returning, widest(GROUND_CV_PCT), widest(AERIAL_CV_PCT))


def _pattern_of(implement: Implement | None, swath_m: float) -> Pattern:
    if implement is None or not implement.pattern:
        return rectangle(swath_m / 2.0)
    points = implement.pattern
    return make_pattern(np.array([p.offset_m for p in points]), np.array([p.rate for p in points]))


def _most_per_min(implement: Implement, unit: str) -> float | None:
    return implement.max_flow_kg_min if unit == "kg" else implement.max_flow_l_min


def _released_window(inputs: PassInputs) -> tuple[int, int]:
    """Return the time in which the pass's product left the machine, as far as there is telemetry."""
    start_ms, end_ms = inputs.window
    first_ms, last_ms = inputs.telemetry.vehicle.window
    return max(start_ms - _RELEASE_EDGE_MS, first_ms), min(end_ms + _RELEASE_EDGE_MS, last_ms)


def _answer_amount(inputs: PassInputs, released: Released, applied_map: AsApplied) -> Answer:
    telemetry, work_s = inputs.telemetry, total_s(inputs.stretches)
    unknown_s = total_s(released.unknown)
    coverage = 1.0 - min(unknown_s / work_s, 1.0) if work_s > 0.0 else 0.0
    evidence = _weakest(released, applied_map)
    reason = None
    if not released.totals:
        reason = _NO_METER
    elif coverage < COVERAGE_BAR:
        reason = INSUFFICIENT_DATA
    return Answer(
        value=None if reason else released.amount,
        unit=telemetry.unit,
        window=inputs.window,
        n=telemetry.n,
        coverage=coverage if released.totals else 0.0,
        quality=telemetry.quality if telemetry.n else MISSING,
        method=_METHOD,
        inputs=telemetry.inputs,
        evidence=None if reason else evidence,
        reason=reason,
    )


def _weakest(released: Released, applied_map: AsApplied) -> str:
    """Return the weakest class of evidence on the map."""
    order = (DECLARED, PUMP_PWM, TANK_MASS, MEASURED_FLOW)
    present = {EVIDENCE[code] for code in np.unique(applied_map.evidence).tolist() if code}
    return next((name for name in order if name in present), next(iter(released.totals), PUMP_PWM))


def _answer_rate(amount: Answer, applied_map: AsApplied, unit: str) -> Answer:
    treated_m2 = applied_map.areas.treated_m2
    known = amount.value is not None and treated_m2 > 0.0
    return Answer(
        value=applied_map.totals.usable / treated_m2 * 10_000.0 if known else None,
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
