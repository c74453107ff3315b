"""Deposit on a grid: mass is conserved and lands where track, latency and wind bring it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.application.deposit import Deposit, OutletTrack, deposit_mass, deposit_totals, fit_grid
from headland.agronomy.application.spread_pattern import (
    Pattern,
    gaussian,
    make_pattern,
    rate_kg_ha,
    rectangle,
    triangle,
)
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.series.arrays import Values
from tests.examples import examples

SPEED_M_S, FLOW_KG_MIN, SWATH_M = 6.0, 19.404, 5.5


def straight(seconds: float = 20.0, hz: int = 10, *, bearing_deg: float = 90.0) -> OutletTrack:
    """Fly straight from (0, 0) at 6 m/s, letting 19.404 kg/min go: 98 kg/ha over 5.5 m."""
    time_s = np.arange(int(seconds * hz) + 1) / hz
    bearing = np.radians(bearing_deg)
    return OutletTrack(
        (time_s * 1000).astype(np.int64),
        SPEED_M_S * time_s * np.sin(bearing),
        SPEED_M_S * time_s * np.cos(bearing),
        FLOW_KG_MIN * time_s / 60.0,
    )


def grid_for(flow: OutletTrack, cell_m: float = 1.0) -> Grid:
    return fit_grid(flow.east_m, flow.north_m, cell_m, 12.0)


def middle_of(deposit: Deposit) -> tuple[float, float]:
    """Return east and north of the centre of the mass."""
    east, north = deposit.grid.centres_m()
    mass = deposit.mass_kg
    return float((mass.sum(0) * east).sum() / mass.sum()), float((mass.sum(1) * north).sum() / mass.sum())


@st.composite
def flows(draw: st.DrawFn) -> OutletTrack:
    n = draw(st.integers(2, 40))
    gaps_ms = draw(st.lists(st.sampled_from([100, 100, 200, 1000, 5000]), min_size=n, max_size=n))
    steps = st.lists(st.floats(-8.0, 8.0), min_size=n, max_size=n)
    rises = draw(st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.3]), min_size=n, max_size=n))
    return OutletTrack(
        np.cumsum(np.array(gaps_ms, np.int64)),
        np.cumsum(draw(steps)),
        np.cumsum(draw(steps)),
        np.cumsum(rises),
        draw(st.floats(-5.0, 5.0)),
        draw(st.floats(-5.0, 5.0)),
    )


@settings(max_examples=examples(200), deadline=None)
@given(
    flows(),
    st.sampled_from([gaussian(2.0), triangle(5.0), make_pattern(np.array([-1.0, 4.0]), np.array([1.0, 0.2]))]),
    st.floats(0.0, 3.0),
    st.sampled_from([0.25, 1.0, 3.0]),
    st.integers(1, 30),
)
def test_the_released_mass_is_on_the_grid_beside_it_or_unlocated(
    flow: OutletTrack, pattern: object, latency_s: float, cell_m: float, size: int
) -> None:
    grid = Grid(-5.0, -5.0, cell_m, size, size)
    deposit = deposit_mass(flow, pattern, grid, latency_s=latency_s)  # type: ignore[arg-type]  # sampled_from says object
    assert deposit.total_kg == pytest.approx(float(flow.mass_total_kg[-1] - flow.mass_total_kg[0]), abs=1e-9)
    assert deposit.mass_kg.min() >= 0.0


@settings(max_examples=examples(100), deadline=None)
@given(flows(), st.sampled_from([0.5, 1.0, 3.0]), st.integers(1, 12), st.integers(1, 12), st.integers(1, 12))
def test_a_part_of_a_grid_has_the_same_cells_and_the_rest_is_beside_it(
    flow: OutletTrack, cell_m: float, size: int, row: int, column: int
) -> None:
    whole = deposit_mass(flow, gaussian(2.0), Grid(-5.0, -5.0, cell_m, 24, 24))
    part = Grid(-5.0 + column * cell_m, -5.0 + row * cell_m, cell_m, size, size)
    found = deposit_mass(flow, gaussian(2.0), part)
    expected_kg = whole.mass_kg[row : row + size, column : column + size]
    np.testing.assert_allclose(found.mass_kg, expected_kg, atol=1e-9)
    beside_kg = whole.beside_kg + float(whole.mass_kg.sum() - expected_kg.sum())
    assert found.beside_kg == pytest.approx(beside_kg, abs=1e-9)


@pytest.mark.parametrize("bearing_deg", [0.0, 23.0, 45.0, 90.0])
def test_a_mean_by_mass_is_the_same_by_longer_steps(bearing_deg: float) -> None:
    flow = straight(bearing_deg=bearing_deg)
    # A value that doubles over the 120 m of the track.
    value = 4.0 + 4.0 * np.arange(len(flow.time_ms)) / len(flow.time_ms)
    weighted = np.cumsum(np.diff(flow.mass_total_kg, prepend=0.0) * value)
    means = []
    for step_m in (0.25, 1.0):
        mass, product = deposit_totals(
            flow, [flow.mass_total_kg, weighted], rectangle(2.75), grid_for(flow), step_m=step_m
        )
        is_treated = mass.mass_kg > 0.02 * mass.mass_kg.max()
        means.append(np.where(is_treated, product.mass_kg / np.where(is_treated, mass.mass_kg, 1.0), np.nan))
    difference = np.abs(means[1] / means[0] - 1.0)
    assert np.nanmax(difference) < 0.01


@pytest.mark.parametrize("bearing_deg", [90.0, 0.0, 37.0])
def test_a_straight_track_has_the_rate_of_flow_over_swath_and_speed(bearing_deg: float) -> None:
    flow = straight(bearing_deg=bearing_deg)
    deposit = deposit_mass(flow, rectangle(SWATH_M / 2), grid_for(flow, 0.25))
    east, north = deposit.grid.centres_m()
    bearing = np.radians(bearing_deg)
    along = east[None, :] * np.sin(bearing) + north[:, None] * np.cos(bearing)
    across = east[None, :] * np.cos(bearing) - north[:, None] * np.sin(bearing)
    core = (along > 5.0) & (along < 115.0) & (np.abs(across) < 2.0)
    expected = rate_kg_ha(FLOW_KG_MIN, SWATH_M, SPEED_M_S)
    assert deposit.rate_kg_ha[core].mean() == pytest.approx(expected, rel=0.01)
    assert deposit.rate_kg_ha[np.abs(across) > SWATH_M / 2 + 0.5].max() == 0.0


def test_product_lands_after_its_latency_further_along_the_track() -> None:
    flow = straight(seconds=30.0)
    burst = replace(flow, mass_total_kg=np.clip((flow.time_ms - 10_000) / 1000.0, 0.0, 1.0))
    soon, late = (middle_of(deposit_mass(burst, gaussian(1.0), grid_for(flow), latency_s=s)) for s in (0.0, 1.5))
    assert soon[0] == pytest.approx(10.5 * SPEED_M_S, abs=0.05)
    assert late[0] - soon[0] == pytest.approx(1.5 * SPEED_M_S, abs=0.05)


def test_wind_moves_the_whole_deposit() -> None:
    flow = straight()
    still, blown = (
        middle_of(deposit_mass(each, gaussian(1.0), grid_for(flow)))
        for each in (flow, replace(flow, wind_east_m=1.5, wind_north_m=np.full(len(flow.time_ms), -2.0)))
    )
    assert np.subtract(blown, still) == pytest.approx([1.5, -2.0], abs=0.01)


@pytest.mark.parametrize(("bearing_deg", "right"), [(90.0, (0, -1)), (0.0, (1, 0)), (270.0, (0, 1)), (180.0, (-1, 0))])
def test_an_offset_to_the_right_lands_right_of_the_track(bearing_deg: float, right: tuple[int, int]) -> None:
    flow = straight(bearing_deg=bearing_deg)
    one_sided = make_pattern(np.array([2.0, 4.0]), np.ones(2))
    east, north = middle_of(deposit_mass(flow, one_sided, grid_for(flow)))
    on_way = (flow.east_m.mean(), flow.north_m.mean())
    assert (east - on_way[0], north - on_way[1]) == (
        pytest.approx(3 * right[0], abs=0.3),
        pytest.approx(3 * right[1], abs=0.3),
    )


def test_mass_released_in_a_hole_of_the_track_is_unlocated() -> None:
    flow = straight(seconds=30.0)
    kept = (flow.time_ms <= 10_000) | (flow.time_ms >= 15_000)
    holed = OutletTrack(flow.time_ms[kept], flow.east_m[kept], flow.north_m[kept], flow.mass_total_kg[kept])
    deposit = deposit_mass(holed, gaussian(2.0), grid_for(flow))
    assert deposit.unlocated_kg == pytest.approx(FLOW_KG_MIN * 5 / 60)
    east, _ = deposit.grid.centres_m()
    assert deposit.mass_kg[:, (east > 10.5 * SPEED_M_S) & (east < 14.5 * SPEED_M_S)].sum() == 0.0


def test_a_stopped_machine_deposits_everything_in_one_strip() -> None:
    flow = straight(seconds=10.0)
    stands = np.minimum(flow.east_m, 30.0)
    deposit = deposit_mass(replace(flow, east_m=stands), rectangle(2.0), grid_for(flow))
    assert deposit.total_kg == pytest.approx(FLOW_KG_MIN * 10 / 60)
    east, _ = deposit.grid.centres_m()
    assert deposit.mass_kg[:, np.abs(east - 30.0) < 1.0].sum() > FLOW_KG_MIN * 5 / 60


def test_grids_of_one_plane_share_their_lines() -> None:
    one, other = (fit_grid(np.array([low, low + 9.3]), np.array([low, 5.0]), 2.0, 3.0) for low in (0.7, -11.1))
    assert ((one.west_m - other.west_m) % 2.0, (one.south_m - other.south_m) % 2.0) == (0.0, 0.0)
    assert one.west_m <= 0.7 - 3.0
    assert one.west_m + one.columns * 2.0 >= 10.0 + 3.0


@pytest.mark.parametrize("n", [0, 1])
def test_a_track_without_pieces_deposits_nothing(n: int) -> None:
    flow = straight()
    short = OutletTrack(flow.time_ms[:n], flow.east_m[:n], flow.north_m[:n], flow.mass_total_kg[:n])
    assert deposit_mass(short, gaussian(2.0), grid_for(flow)).total_kg == 0.0


def profile(pattern: Pattern, cell_m: float, offset_m: float, bearing_deg: float) -> tuple[Values, Values]:
    """Return the rate across a straight pass as cells show it, and the pattern's exact integral over them."""
    flow = straight(120.0, 5, bearing_deg=bearing_deg)
    shift = [offset_m * part for part in (np.cos(np.radians(bearing_deg)), -np.sin(np.radians(bearing_deg)))]
    flow = replace(flow, east_m=flow.east_m + shift[0], north_m=flow.north_m + shift[1])
    found = deposit_mass(flow, pattern, grid_for(flow, cell_m)).mass_kg
    along = int(bearing_deg == 90.0)
    middle = slice(found.shape[along] // 3, 2 * found.shape[along] // 3)
    shown = found[:, middle].mean(axis=1)[::-1] if along else found[middle].mean(axis=0)
    grid = grid_for(flow, cell_m)
    low_m = grid.south_m if along else grid.west_m
    edges_m = low_m + cell_m * np.arange(len(shown) + 1)
    across_m = -edges_m[::-1] if along else edges_m
    exact = pattern.shares(np.asarray(across_m - offset_m, np.float64)) * FLOW_KG_MIN / 60.0 / SPEED_M_S * cell_m
    return np.asarray(shown), np.asarray(exact)


@pytest.mark.parametrize("cell_m", [2.0, 5.0, 10.0])
@pytest.mark.parametrize("bearing_deg", [0.0, 90.0])
@pytest.mark.parametrize("pattern", [triangle(5.5), rectangle(2.5), gaussian(2.0)], ids=["triangle", "even", "gauss"])
def test_the_profile_across_a_pass_is_the_integral_over_each_cell(
    cell_m: float, bearing_deg: float, pattern: Pattern
) -> None:
    for offset_m in (0.0, 0.37, 0.9, 1.61, 3.3):
        shown, exact = profile(pattern, cell_m, offset_m, bearing_deg)
        # The pattern is taken as even within a bin of a quarter of a cell.
        assert np.abs(shown - exact).max() <= 0.03 * exact.max()


@pytest.mark.parametrize("bearing_deg", [17.0, 45.0, 78.0])
@pytest.mark.parametrize("cell_m", [2.0, 5.0, 10.0])
def test_a_slanting_pass_is_as_fine_cells_show_it(cell_m: float, bearing_deg: float) -> None:
    flow = straight(40.0, 5, bearing_deg=bearing_deg)
    coarse = fit_grid(flow.east_m, flow.north_m, cell_m, 20.0)
    many = round(cell_m / 0.25)
    fine = Grid(coarse.west_m, coarse.south_m, 0.25, coarse.rows * many, coarse.columns * many)
    shown, true = (deposit_mass(flow, rectangle(2.5), grid).mass_kg for grid in (coarse, fine))
    true = true.reshape(coarse.rows, many, coarse.columns, many).sum(axis=(1, 3))
    assert np.abs(shown - true).max() <= 0.03 * true.max()
