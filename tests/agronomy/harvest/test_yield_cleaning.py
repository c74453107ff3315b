"""Flow lag, filters and map of ten simulated harvests whose yield, lag and faults are known."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from headland.agronomy.harvest.block_kriging import fit_yield_variogram, krige_blocks, reach_of
from headland.agronomy.harvest.flow_lag import FlowLag, fit_flow_lag
from headland.agronomy.harvest.harvest_points import cut_before, cut_places
from headland.agronomy.harvest.yield_filters import REASONS, CleanedPoints, YieldFilters, clean_points
from tests.agronomy.harvest.simulated_harvest import EAST_M, LAG_S, NORTH_M, Harvest, harvest, surface

SEEDS = range(10)
SIDE_M = 10.0


@dataclass(frozen=True)
class Played:
    harvest: Harvest
    lag: FlowLag
    cleaned: CleanedPoints
    difference: np.ndarray
    error: np.ndarray


def play(seed: int) -> Played:
    """Harvest, fit the lag, clean and krige; the difference of each cell is from the planted mean in it [t/ha]."""
    made = harvest(seed)
    points, lag = made.points, fit_flow_lag(made.points)
    cleaned = clean_points(points, lag.lag_s or 0.0, YieldFilters())
    kept = cleaned.kept
    places = np.column_stack((points.east_m, points.north_m))[kept]
    east, north = np.meshgrid(np.arange(SIDE_M / 2, EAST_M, SIDE_M), np.arange(SIDE_M / 2, NORTH_M, SIDE_M))
    at_m = np.column_stack((east.ravel(), north.ravel()))
    yields = cleaned.yield_t_ha[kept]
    found = krige_blocks(
        places, yields, at_m, fit_yield_variogram(places, yields), side_m=SIDE_M,
        reach_m=reach_of(len(places), EAST_M * NORTH_M),
    )  # fmt: skip
    inner = (np.arange(5) + 0.5) / 5 * SIDE_M - SIDE_M / 2
    truth = np.mean([surface(seed, at_m[:, 0] + e, at_m[:, 1] + n) for e in inner for n in inner], axis=0)
    return Played(made, lag, cleaned, found.value - truth, found.error)


@pytest.fixture(scope="module")
def played() -> list[Played]:
    return [play(seed) for seed in SEEDS]


def test_the_lag_of_ten_harvests_is_found_within_half_a_second(played: list[Played]) -> None:
    lags = np.array([each.lag.lag_s for each in played], np.float64)
    assert np.abs(lags - LAG_S).max() < 0.5
    assert all(each.lag.error_s is not None and each.lag.error_s < 0.5 for each in played)


def test_the_planted_yield_of_ten_harvests_is_recovered(played: list[Played]) -> None:
    differences = np.array([each.difference for each in played])
    assert np.isfinite(differences).all()
    # Of 6 t/ha on average: 0.13 to 0.26, and biases from -0.09 to 0.02 were seen.
    assert np.sqrt(np.mean(differences**2)) < 0.22
    assert np.sqrt(np.mean(differences**2, axis=1)).max() < 0.3
    assert np.abs(differences.mean(axis=1)).max() < 0.15
    assert abs(differences.mean()) < 0.06
    assert 1.0 < differences.std() / np.mean([each.error for each in played]) < 2.0


def test_without_the_lag_the_map_is_worse() -> None:
    made = harvest(3)
    late, right = (clean_points(made.points, lag, YieldFilters()) for lag in (0.0, LAG_S))
    truth = surface(3, made.points.east_m, made.points.north_m)
    wrong, good = (np.nanstd((each.yield_t_ha - truth)[each.kept]) for each in (late, right))
    assert wrong > 2.0 * good


def test_planted_faults_are_removed_and_the_last_filters_remove_little_else(played: list[Played]) -> None:
    found = planted = removed_by_value = right = lost = sound = 0
    for each in played:
        made, reason = each.harvest, each.cleaned.reason
        late = round(each.lag.lag_s or 0.0)
        spikes = np.zeros(len(reason), np.bool_)
        spikes[np.maximum(np.flatnonzero(made.spikes) - late, 0)] = True
        faulty = (spikes | made.repeated | made.stops) & made.points.cutting
        found += int(np.count_nonzero(faulty & (reason > 0)))
        planted += int(np.count_nonzero(faulty))
        by_value = reason >= REASONS.index("yield_limits")
        removed_by_value += int(np.count_nonzero(by_value))
        right += int(np.count_nonzero(by_value & faulty))
        by_fault = np.isin(reason, [REASONS.index(name) for name in ("header_up", "start_of_strip", "end_of_strip")])
        sound += int(np.count_nonzero(~faulty & ~by_fault))
        lost += int(np.count_nonzero(~faulty & ~by_fault & (reason > 0)))
    assert found / planted > 0.98
    assert right / removed_by_value > 0.85
    assert lost / sound < 0.03


def test_the_sensor_s_sum_is_the_mass_that_was_cut(played: list[Played]) -> None:
    shares = np.array([each.harvest.points.mass_kg / each.harvest.mass_kg for each in played])
    assert np.abs(shares - 1.0).max() < 0.02


def test_each_removed_sample_has_one_reason_and_all_are_counted(played: list[Played]) -> None:
    cleaned = played[0].cleaned
    assert sum(cleaned.counts.values()) == np.count_nonzero(~cleaned.kept)
    assert set(cleaned.counts) <= set(REASONS) - {"kept"}
    assert {"header_up", "overlap", "speed", "neighbours"} <= set(cleaned.counts)


def test_strips_in_one_direction_show_no_lag() -> None:
    lag = fit_flow_lag(harvest(0, one_way=True, faults=False).points)
    assert (lag.lag_s, lag.error_s, lag.reason) == (None, None, "too_few_opposite_strips")


def test_a_flow_that_is_only_noise_shows_no_lag() -> None:
    points = harvest(1, faults=False).points
    for seed in range(10):
        noise = np.random.default_rng(seed).uniform(1.0, 9.0, len(points.time_ms))
        lag = fit_flow_lag(replace(points, flow_kg_s=noise))
        assert lag.lag_s is None, seed
        assert lag.reason in {"lag_not_shown", "lag_uncertain", "lag_at_the_end_of_the_range"}


def test_ground_that_was_cut_before_narrows_the_cut_and_is_counted_once() -> None:
    made = harvest(2)
    share = cut_before(made.points)
    assert np.median(share[made.repeated]) == pytest.approx(0.75, abs=0.06)
    assert np.median(share[~made.repeated & made.points.cutting]) < 0.05
    east, north = cut_places(made.points)
    # The strips are a field of 102 m by 120 m and a quarter of a width beside it.
    assert len(east) * 0.25 == pytest.approx((EAST_M + 1.5) * NORTH_M, rel=0.03)
    assert (east.min(), east.max()) == (pytest.approx(0.0, abs=1.0), pytest.approx(EAST_M + 1.5, abs=1.0))
    assert (north.min(), north.max()) == (pytest.approx(0.0, abs=4.0), pytest.approx(NORTH_M, abs=4.0))


def test_grain_is_brought_to_a_moisture_and_unknown_moisture_gives_no_yield() -> None:
    points = harvest(4, faults=False).points
    wet = replace(points, moisture_pct=np.where(np.arange(len(points.time_ms)) % 2, 20.0, np.nan))
    plain, dry = (clean_points(wet, 0.0, YieldFilters(), standard_moisture_pct=m) for m in (None, 14.0))
    known = np.isfinite(dry.yield_t_ha)
    assert dry.yield_t_ha[known] == pytest.approx(plain.yield_t_ha[known] * 80.0 / 86.0)
    assert (dry.reason[np.isnan(wet.moisture_pct)] > 0).all()


def test_a_harvest_of_no_or_few_samples_is_answered() -> None:
    points = harvest(0, faults=False).points
    for n in (0, 1, 2, 5):
        few = type(points)(*(getattr(points, column.name)[:n] for column in fields(points)))
        assert fit_flow_lag(few).reason == "too_few_opposite_strips"
        assert len(clean_points(few, 3.0, YieldFilters()).reason) == n
        assert len(cut_places(few)[0]) >= 0
