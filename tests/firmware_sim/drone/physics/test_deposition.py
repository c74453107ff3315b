from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_sim.drone.field_model import SprayerPlan, SpreaderPlan
from firmware_sim.drone.physics.deposition import DepositGrid, Deposition, Droplets, Granules
from firmware_sim.drone.physics.kinematics import Motion
from firmware_sim.drone.scenarios import FIELDS

STEP_S = 0.02
UREA = FIELDS["jurong-wheat"].machine
WATER = SprayerPlan("water", 30.0, 25.0, 6.0, 0.0)


def granules(seed: int = 1) -> Granules:
    assert isinstance(UREA, SpreaderPlan)
    return Granules(UREA, DepositGrid((-30.0, -30.0), (30.0, 130.0)), seed, STEP_S)


def fly_north(
    fall: Deposition,
    amount_per_s: float,
    length_m: float = 100.0,
    east_m: float = 0.0,
    air: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Fly north from the origin at 6 m/s and 4 m, letting go of an even flow, and wait for the last to land."""
    motion = Motion(east_m, 0.0, north_m_s=6.0)
    for _ in range(round(length_m / 6.0 / STEP_S)):
        motion.north_m += 6.0 * STEP_S
        fall.step(amount_per_s * STEP_S, motion, air, 4.0, 1.0)
    for _ in range(100):
        motion.north_m += 6.0 * STEP_S
        fall.step(0.0, motion, air, 4.0, 1.0)


def across(fall: Deposition) -> NDArray[np.float64]:
    """Return what landed per m2 in trays of half a metre across a flight, averaged over its middle, as collected."""
    grid = fall.grid
    per_m2 = grid.per_m2()[round(70 / grid.cell_m) : round(110 / grid.cell_m)].mean(axis=0)
    return np.asarray(per_m2.reshape(-1, 2).mean(axis=1))


@pytest.mark.parametrize("air", [(0.0, 0.0), (3.0, -2.0)])
def test_every_granule_and_every_drop_lands_somewhere(air: tuple[float, float]) -> None:
    for fall, amount_per_s in (
        (granules(), 0.3),
        (Droplets(WATER, 5.0, DepositGrid((-3.0, -3.0), (3.0, 50.0)), STEP_S), 0.1),
    ):
        fly_north(fall, amount_per_s, air=air)
        released = amount_per_s * STEP_S * round(100 / 6.0 / STEP_S)
        assert fall.grid.total + fall.airborne == pytest.approx(released, rel=1e-9)
        assert fall.airborne < 0.001 * released


def test_granules_land_in_front_of_where_the_feeder_opened_for_the_chute_takes_its_time() -> None:
    fall = granules()
    fly_north(fall, 0.3)
    along = fall.grid.amounts.sum(axis=1).cumsum()
    half_way_m = float(np.searchsorted(along, along[-1] / 2)) * fall.grid.cell_m - 30.0
    # 0.3 s in the chute at 6 m/s, and 0.6 of 0.5 s of fall at that speed.
    assert half_way_m == pytest.approx(50.0 + 1.8 + 1.8, abs=0.5)


def test_the_wind_shifts_the_pattern_by_its_speed_times_the_fall() -> None:
    calm, windy = granules(), granules()
    fly_north(calm, 0.3)
    fly_north(windy, 0.3, air=(4.0, 0.0))

    def middle_m(fall: Deposition) -> float:
        columns = fall.grid.amounts.sum(axis=0)
        return float((columns * (np.arange(len(columns)) + 0.5)).sum() / columns.sum()) * fall.grid.cell_m - 30.0

    assert middle_m(windy) - middle_m(calm) == pytest.approx(4.0 * 0.5, abs=0.05)
    # More of the granules go left: west of a flight to the north.
    assert middle_m(calm) < -0.05


def test_passes_side_by_side_give_a_field_experiments_unevenness() -> None:
    # Reference: spreading drones have an effective swath of 4 to 7 m, and collected CVs of 10 to 30 %.
    def variation_pct(swath_m: float) -> float:
        fall = granules()
        for index in range(5):
            fly_north(fall, 98 * swath_m * 6 / 10_000, east_m=(index - 2) * swath_m)
        grid = fall.grid
        half = round(swath_m / grid.cell_m / 2) * 2
        middle = grid.per_m2().shape[1] // 2
        rows = grid.per_m2()[round(70 / grid.cell_m) : round(110 / grid.cell_m), middle - half : middle + half]
        trays = rows[: len(rows) // 2 * 2, : rows.shape[1] // 2 * 2]
        trays = trays.reshape(trays.shape[0] // 2, 2, trays.shape[1] // 2, 2).mean(axis=(1, 3))
        return float(100 * trays.std(ddof=1) / trays.mean())

    assert 10 < variation_pct(5.5) < 25
    assert variation_pct(4.0) < 20
    assert variation_pct(8.0) > 30


def test_granules_scatter_as_poisson_says() -> None:
    fall = granules()
    fly_north(fall, 98 * 5.5 * 6 / 10_000)
    assert isinstance(UREA, SpreaderPlan)
    columns = slice(round(29 / 0.25), round(31 / 0.25))
    cells = fall.grid.amounts[round(70 / 0.25) : round(110 / 0.25), columns] / (UREA.granule_mg * 1e-6)
    # Along the flight the pattern is even: each column's counts have a variance equal to their mean.
    assert float((cells.var(axis=0) / cells.mean(axis=0)).mean()) == pytest.approx(1.0, abs=0.2)


def test_a_boom_is_even_over_its_swath() -> None:
    fall = Droplets(WATER, 5.0, DepositGrid((-30.0, -30.0), (30.0, 130.0)), STEP_S)
    fly_north(fall, 30 * 5.0 * 6 / 10_000)
    trays = across(fall)
    covered = trays[math.floor(28 / 0.5) : math.floor(32 / 0.5)]
    assert covered == pytest.approx(np.full(len(covered), 30 / 10_000), rel=0.08)
    assert trays[round(26 / 0.5)] == 0


def test_the_same_seed_throws_the_same_granules() -> None:
    one, other, different = granules(), granules(), granules(seed=2)
    for fall in (one, other, different):
        fly_north(fall, 0.3, length_m=20)
    assert np.array_equal(one.grid.amounts, other.grid.amounts)
    assert not np.array_equal(one.grid.amounts, different.grid.amounts)
