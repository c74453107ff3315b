"""As-applied maps: mass is conserved, evidence is the weakest, and maps of a season add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.application.as_applied import EVIDENCE, Machine, map_applied
from headland.agronomy.application.drift import WindDrift, droplet_drift
from headland.agronomy.application.metering import HopperWeights
from headland.agronomy.application.pass_areas import measure_areas
from headland.agronomy.application.released import Amounts, Released, reconcile, release
from headland.agronomy.application.spread_pattern import gaussian, make_pattern, rectangle, triangle
from headland.agronomy.application.swaths import Track, draw_swaths
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import FieldOutline
from tests.examples import examples

PLANE = Plane(32.0, 119.0)
NONE = np.empty(0)
NO_TIME = np.empty(0, np.int64)
CALM = WindDrift(NO_TIME, NONE, NONE, NONE)
PATTERNS = (
    rectangle(2.5),
    triangle(4.0),
    gaussian(1.8),
    make_pattern(np.array([-3.0, 1.0, 2.0]), np.array([0.2, 1.0, 0.0])),
)
EMPTY = shapely.Polygon()


def track_of(east_m: np.ndarray, north_m: np.ndarray, step_ms: int = 100) -> Track:
    latitude, longitude = PLANE.to_degrees(east_m, north_m)
    return Track(1_790_000_000_000 + step_ms * np.arange(len(east_m)), latitude, longitude)


@settings(max_examples=examples(60), deadline=None)
@given(
    turns=st.lists(st.floats(-0.4, 0.4), min_size=3, max_size=60),
    flows=st.lists(st.floats(0.0, 60.0), min_size=60, max_size=60),
    pattern=st.sampled_from(PATTERNS),
    cell_m=st.sampled_from([0.7, 1.0, 2.0, 3.3]),
    latency_s=st.floats(0.0, 1.5),
    wind_m_s=st.floats(0.0, 8.0),
    gap_at=st.integers(0, 59),
    droplets=st.sampled_from([None, "medium", "fine"]),
)
def test_the_released_amount_is_on_the_field_in_its_strips_beside_it_or_unlocated(
    turns: list[float],
    flows: list[float],
    pattern: object,
    cell_m: float,
    latency_s: float,
    wind_m_s: float,
    gap_at: int,
    droplets: str | None,
) -> None:
    heading = np.cumsum(np.array(turns))
    track = track_of(np.cumsum(3.0 * np.sin(heading)), np.cumsum(3.0 * np.cos(heading)), 500)
    jump = np.where(np.arange(len(turns)) > gap_at, 10_000, 0)
    track = Track(track.time_ms + jump, track.latitude_deg, track.longitude_deg)
    per_min = np.array(flows[: len(turns)])
    hopper = HopperWeights(track.time_ms, 200.0 - np.linspace(0.0, 20.0, len(turns)))
    amounts = Amounts(NO_TIME, NONE, track.time_ms, per_min, hopper, NO_TIME, NONE)
    window = int(track.time_ms[0]), int(track.time_ms[-1]) + 1
    stretches = np.array([window], np.float64)
    released = release(track.time_ms, amounts, stretches, window)
    outline = FieldOutline(shapely.box(-20, -20, 30, 40), shapely.box(-20, -20, 30, -10), shapely.box(0, 0, 5, 5))
    wind = np.full(len(turns), wind_m_s), np.full(len(turns), 170.0)
    if droplets is None:
        air = WindDrift(track.time_ms, *wind, np.full(len(turns), 0.5))
    else:
        air = droplet_drift(track.time_ms, *wind, np.full(len(turns), 2.5), droplets)
    applied_map = map_applied(track, released, stretches, outline, PLANE, Machine(pattern, 5.0, latency_s), air, cell_m)  # type: ignore[arg-type]
    assert applied_map.totals.closure < 1e-3
    parts = applied_map.totals
    assert min(parts.usable, parts.buffer, parts.exclusion, parts.outside, parts.unlocated) >= -1e-9
    assert float(applied_map.amount.sum()) <= parts.released + 1e-6
    assert sum(band.amount for band in applied_map.outside) == pytest.approx(parts.outside, abs=1e-6)


def test_swaths_over_a_box_cover_skip_and_overlap_as_geometry_says() -> None:
    # Box 200 x 25 m, ways at 2.5, 7, 12.5, 18.5 and 22.5 m, 5 m wide: reference figures by shapely.
    lines = [np.array([[0.0, y], [200.0, y]]) for y in (2.5, 7.0, 12.5, 18.5, 22.5)]
    cover = measure_areas(draw_swaths(lines, 5.0), shapely.box(0, 0, 200, 25), 5.0)
    assert cover.field_m2 == pytest.approx(5000.0)
    assert cover.treated_m2 == pytest.approx(4700.0, rel=1e-6)
    assert cover.skipped_m2 == pytest.approx(300.0, rel=1e-6)
    assert cover.overlap_m2 == pytest.approx(300.0, rel=1e-6)
    assert sorted(round(part.area) for part in cover.skips) == [100, 200]
    assert sorted(round(part.area) for part in cover.overlaps) == [100, 200]


def straight(seconds: int = 60) -> tuple[Track, np.ndarray]:
    time_s = np.arange(0, seconds, 0.1)
    return track_of(time_s * 5.0, np.zeros(len(time_s))), time_s


def test_a_tail_moves_product_and_makes_no_ground_treated() -> None:
    track, time_s = straight()
    per_min = np.full(len(time_s), 6.0)
    nothing = HopperWeights(NO_TIME, NONE)
    amounts = Amounts(NO_TIME, NONE, track.time_ms, per_min, nothing, NO_TIME, NONE)
    window = int(track.time_ms[0]), int(track.time_ms[-1]) + 1
    stretches = np.array([window], np.float64)
    released = release(track.time_ms, amounts, stretches, window)
    field = FieldOutline(shapely.box(0, -10, 300, 20), shapely.box(0, 10, 300, 20), EMPTY)
    strong, from_south = np.full(len(time_s), 3.0), np.full(len(time_s), 180.0)
    air = droplet_drift(track.time_ms, strong, from_south, np.full(len(time_s), 3.0), "medium")
    machine = Machine(rectangle(2.5), 5.0)
    alone, tailed = (
        map_applied(track, released, stretches, field, PLANE, machine, each, 1.0)
        for each in (replace(air, tail=None), air)
    )
    # The wind is from the south: the strip in the north, and the ground beyond it, get some.
    assert alone.totals.buffer == 0.0
    assert 0.05 * released.amount > tailed.totals.buffer > 0.005 * released.amount
    assert tailed.totals.outside > alone.totals.outside
    assert tailed.totals.closure < 1e-9
    assert float(tailed.drifted.sum()) == pytest.approx(float((tailed.amount - alone.amount * 0.8).sum()))
    only_drift = (tailed.amount > 0.0) & (alone.amount == 0.0)
    assert np.count_nonzero(only_drift) > 1000
    # Ground, money and evidence are those of the swath.
    assert not tailed.evidence[only_drift].any()
    assert sum(band.drifted for band in tailed.outside) > 0.0
    assert np.array_equal(tailed.treated, alone.treated)
    assert np.array_equal(tailed.evidence, alone.evidence)
    assert replace(tailed.areas, treated=EMPTY, remaining=EMPTY, skips=(), overlaps=()) == replace(
        alone.areas, treated=EMPTY, remaining=EMPTY, skips=(), overlaps=()
    )
    assert tailed.evidence_m2 == alone.evidence_m2
    assert tailed.field_cv_pct == pytest.approx(alone.field_cv_pct, abs=5.0)


def test_a_hopper_alone_gives_its_loss_evenly_over_the_time_of_work() -> None:
    track, time_s = straight()
    weight = 50.0 - np.clip(time_s - 10.0, 0.0, 20.0) * 0.5 - np.clip(time_s - 40.0, 0.0, 10.0) * 0.5
    hopper = HopperWeights(track.time_ms, weight)
    amounts = Amounts(NO_TIME, NONE, NO_TIME, NONE, hopper, NO_TIME, NONE)
    window = int(track.time_ms[0]), int(track.time_ms[-1]) + 1
    on = np.array([[10_000, 30_000], [40_000, 50_000]], np.float64) + window[0]
    released = release(track.time_ms, amounts, on, window)
    assert released.amount == pytest.approx(15.0, rel=0.01)
    total = released.totals["tank_mass"]
    assert np.interp(window[0] + 20_000, track.time_ms, total) == pytest.approx(5.0, rel=0.02)
    assert np.interp(window[0] + 35_000, track.time_ms, total) == pytest.approx(10.0, rel=0.02)
    assert not len(released.unknown)


def test_a_meters_silence_is_filled_from_the_hopper_with_its_own_evidence() -> None:
    track, time_s = straight()
    metered = (time_s < 20.0) | (time_s > 40.0)
    hopper = HopperWeights(track.time_ms, 50.0 - time_s * 0.3)
    amounts = Amounts(NO_TIME, NONE, track.time_ms[metered], np.full(int(metered.sum()), 18.0), hopper, NO_TIME, NONE)
    window = int(track.time_ms[0]), int(track.time_ms[-1]) + 1
    stretches = np.array([window], np.float64)
    released = release(track.time_ms, amounts, stretches, window)
    assert set(released.totals) == {"measured_flow", "tank_mass"}
    assert released.amount == pytest.approx(18.0, rel=0.01)
    outline = FieldOutline(shapely.box(0, -10, 300, 10), EMPTY, EMPTY)
    applied_map = map_applied(track, released, stretches, outline, PLANE, Machine(rectangle(2.5), 5.0), CALM, 1.0)
    middle = applied_map.evidence[round(0 - applied_map.grid.south_m)]
    west = applied_map.grid.west_m
    assert EVIDENCE[middle[round(50 - west)]] == "measured_flow"
    assert EVIDENCE[middle[round(150 - west)]] == "tank_mass"


def test_ground_over_which_only_a_command_is_known_has_no_rate() -> None:
    track, _ = straight()
    window = int(track.time_ms[0]), int(track.time_ms[-1]) + 1
    stretches = np.array([window], np.float64)
    released = Released({}, 0.0, stretches)
    outline = FieldOutline(shapely.box(0, -10, 300, 10), EMPTY, EMPTY)
    applied_map = map_applied(track, released, stretches, outline, PLANE, Machine(rectangle(2.5), 5.0), CALM, 1.0)
    assert (applied_map.totals.released, float(applied_map.amount.sum())) == (0.0, 0.0)
    commanded = applied_map.evidence == EVIDENCE.index("pump_pwm")
    assert np.isnan(applied_map.rate_ha[commanded]).all()
    assert np.count_nonzero(commanded) == pytest.approx(299 * 5, rel=0.25)


def test_the_pumps_curve_is_compared_with_tank_and_flow() -> None:
    track, time_s = straight()
    hopper = HopperWeights(track.time_ms, 50.0 - time_s * 0.3)
    pulses = np.full(len(time_s), 1300.0)
    amounts = Amounts(NO_TIME, NONE, track.time_ms, np.full(len(time_s), 18.5), hopper, track.time_ms, pulses)
    window = int(track.time_ms[0]), int(track.time_ms[-1]) + 1
    found = reconcile(amounts, window, 80.0)
    # A quarter of the stroke of 80 kg/min.
    assert found.by_pump_curve == pytest.approx(20.0, rel=0.01)
    # Weights are averaged over a second: half a second of the loss is missing at each end.
    assert found.by_tank == pytest.approx(59 * 0.3, rel=0.01)
    assert found.flow_residual == pytest.approx(18.5 - 59 * 0.3, abs=0.1)
    assert reconcile(amounts, window, None).pump_curve_residual is None


def test_swaths_that_only_touch_the_field_cover_nothing_of_it() -> None:
    # One swath along the edge from outside, one across a corner, one within: lines and points must not spoil the union.
    ways = ((0.0, 100.0, -2.5), (0.0, 50.0, 2.5), (50.0, 100.0, 2.5))
    lines = [np.array([[west, north], [east, north]]) for west, east, north in ways]
    notched = shapely.box(0, 0, 100, 10).union(shapely.box(20, -5, 30, 0))
    cover = measure_areas(draw_swaths(lines, 5.0), notched, 5.0)
    assert cover.treated_m2 == pytest.approx(500.0 + 50.0, rel=1e-6)
    assert cover.overlap_m2 == pytest.approx(0.0, abs=1e-3)
