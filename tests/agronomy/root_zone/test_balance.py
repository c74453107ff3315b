"""Crop course and root-zone balance against pyfao56 (USDA), figures of FAO-56, and the conservation of water."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.root_zone.balance import (
    BalanceColumns,
    DayInput,
    SoilAndCrop,
    SoilLayers,
    WaterColumns,
    WaterState,
    advance,
    depletion_share,
    run_balance,
    stress_coefficient,
)
from headland.agronomy.root_zone.crop_course import (
    CropCourse,
    CropStages,
    basal_coefficient,
    coefficient_for_climate,
    crop_for_climate,
    follow_crop,
)
from headland.agronomy.root_zone.evaporation import evaporation_reduction, runoff_mm, total_evaporable_mm
from headland.agronomy.series.arrays import Values
from tests.agronomy.root_zone.make_pyfao56_seasons import EVERY
from tests.examples import examples

SEASONS: Final = json.loads((Path(__file__).parent / "pyfao56_seasons.json").read_text())["seasons"]


def settle(season: dict[str, Any]) -> tuple[CropCourse, BalanceColumns, Values]:
    """Return our course, balance and TAW of a season that pyfao56 worked out."""
    crop, soil = season["crop"], season["soil"]
    stages = CropStages(
        crop["Lini"], crop["Ldev"], crop["Lmid"], crop["Lend"], crop["Kcbini"], crop["Kcbmid"], crop["Kcbend"],
        crop["hmax"], crop["Zrmax"], crop["pbase"], crop["hini"], crop["Zrini"],
    )  # fmt: skip
    course = follow_crop(
        stages, np.array(season["wind_m_s"]) * 4.87 / np.log(67.8 * 2.0 - 5.42), np.array(season["humidity_pct"]),
        "tall" if season["tall"] else "short",
    )  # fmt: skip
    capacity, wilting = tuple(season["field_capacity"]), tuple(season["wilting_point"])
    layers = SoilLayers(tuple(season["bottom_m"]), capacity, wilting)
    depleted = tuple(a - b for a, b in zip(capacity, season["first"], strict=True))
    depth = np.array(season["depth_mm"]) / 1000.0 if season["layered"] else course.root_m
    available = layers.available_mm(depth)
    evaporable = total_evaporable_mm(capacity[0], wilting[0], soil["Ze"])
    ground = SoilAndCrop(
        evaporable,
        soil["REW"],
        crop["pbase"],
        layers.available_mm(crop["Zrmax"]) if season["layered"] else None,
        soil["CN2"] if season["runs_off"] else None,
        season["constant"],
    )
    start = WaterState(
        np.float64(evaporable), layers.sum_mm(depleted, crop["Zrini"]), layers.sum_mm(depleted, crop["Zrmax"]),
        np.float64(1.0), layers.available_mm(crop["Zrini"]),
    )  # fmt: skip
    given_mm = np.array(season["given_mm"]) * season["efficiency"]
    water = WaterColumns(
        np.array(season["et0_mm"]), np.array(season["rain_mm"]), given_mm, np.full(len(given_mm), season["wetted"])
    )
    return course, run_balance(start, water, course, available, ground), available


@pytest.mark.parametrize("at", range(len(SEASONS)))
def test_every_column_of_a_random_season_is_that_of_pyfao56(at: int) -> None:
    season = SEASONS[at]
    course, balance, available = settle(season)
    state, flows = balance.state, balance.flows
    ours = {
        "Kcb": course.kcb, "h": course.height_m, "Kcmax": course.kc_max, "fc": course.cover, "fw": state.wetted,
        "few": flows.exposed, "De": state.surface_mm, "Kr": flows.reduction, "Ke": flows.ke,
        "E": flows.evaporation_mm, "DPe": flows.surface_percolation_mm, "ETc": flows.unstressed_et_mm,
        "TAW": available, "Zr": course.root_m, "p": flows.depletion_share, "RAW": flows.readily_mm,
        "Ks": flows.stress, "T": flows.transpiration_mm, "ETa": flows.et_mm, "DP": flows.percolation_mm,
        "Dr": state.root_mm, "Runoff": flows.runoff_mm,
    }  # fmt: skip
    if season["layered"]:
        ours |= {"Dinc": flows.from_below_mm, "Drmax": state.profile_mm}
    for name, amounts in ours.items():
        column = np.asarray(amounts)
        np.testing.assert_allclose(column[::EVERY], season["days"][name], atol=2e-6, err_msg=name)
        # The sum is of all days, so that no day between escapes.
        assert float(column.sum()) == pytest.approx(season["sums"][name], abs=1e-4), name


def test_the_random_seasons_have_stress_runoff_percolation_and_dry_surfaces() -> None:
    sums = [season["sums"] for season in SEASONS]
    assert min(each["Ks"] for each in sums) < 140.0
    assert max(each["Runoff"] for each in sums) > 3.0
    assert max(each["DP"] for each in sums) > 50.0
    assert any(0.0 < kr < 1.0 for season in SEASONS for kr in season["days"]["Kr"])
    assert max(each["Dinc"] for each in sums) > 5.0


def test_the_figures_of_fao_56_come_out() -> None:
    # Example 36: TAW 110, 127.5, 63 mm and RAW 55, 70 mm per metre of soil are rounded; here of the loam of 1 m.
    assert float(SoilLayers((2.0,), (0.32,), (0.12,)).available_mm(np.float64(0.8))) == pytest.approx(160.0)
    # Example 34: sandy loam of FC 0.23 and WP 0.10, Ze 0.1 m: TEW 18 mm; Kr is 0.50 at De 13 mm with REW 8.
    assert total_evaporable_mm(0.23, 0.10, 0.1) == pytest.approx(18.0)
    assert evaporation_reduction(np.float64(13.0), np.float64(18.0), np.float64(8.0)) == pytest.approx(0.5)
    # Equation 84 in the middle between RAW and TAW.
    assert stress_coefficient(np.float64(75.0), np.float64(100.0), np.float64(50.0)) == pytest.approx(0.5)
    # Table 22's note: p 0.55 at 5 mm/d is 0.47 at 7 mm/d.
    assert depletion_share(0.55, np.float64(7.0)) == pytest.approx(0.47)


def test_a_coefficient_of_the_tables_is_that_of_the_climate() -> None:
    # FAO-56 example 27: Kc mid 1.20 of maize of 2 m is 1.07 at Taipei's 1.3 m/s and 75 %, 1.30 at 4.6 m/s and 44 %.
    assert coefficient_for_climate(1.20, 2.0, 1.3, 75.0) == pytest.approx(1.07, abs=0.006)
    assert coefficient_for_climate(1.20, 2.0, 4.6, 44.0) == pytest.approx(1.30, abs=0.006)
    assert coefficient_for_climate(0.3, 2.0, 6.0, 20.0) == 0.3


def test_a_stage_without_a_known_day_keeps_its_coefficient() -> None:
    crop = CropStages(20, 30, 40, 20, 0.15, 1.1, 0.5, 1.0, 1.0, 0.5)
    windy = np.full(110, 5.0)
    humid = np.full(110, 30.0)
    humid[90:] = np.nan
    settled = crop_for_climate(crop, windy, humid)
    assert settled.kcb_middle > 1.15
    assert settled.kcb_late == 0.5


def test_the_basal_coefficient_is_straight_between_the_stages() -> None:
    crop = CropStages(20, 30, 40, 20, 0.15, 1.15, 0.35, 1.0, 1.0, 0.5)
    days = np.array([-5.0, 0.0, 20.0, 35.0, 50.0, 90.0, 100.0, 110.0, 200.0])
    expected = [0.15, 0.15, 0.15, 0.65, 1.15, 1.15, 0.75, 0.35, 0.35]
    np.testing.assert_allclose(basal_coefficient(crop, days), expected)


def test_a_wet_surface_sheds_more_of_a_storm_than_a_dry_one() -> None:
    # Curve number 75 of mean wetness: 33 % of 60 mm by the published formula on a wet surface, little on a dry one.
    wet = float(runoff_mm(np.float64(60.0), 75.0, np.float64(0.0), np.float64(20.0), np.float64(8.0)))
    dry = float(runoff_mm(np.float64(60.0), 75.0, np.float64(20.0), np.float64(20.0), np.float64(8.0)))
    storage = 250.0 * (100.0 / (75.0 / (0.427 + 0.00573 * 75.0)) - 1.0)
    assert wet == pytest.approx((60.0 - 0.2 * storage) ** 2 / (60.0 + 0.8 * storage))
    assert dry < wet / 3.0


@pytest.mark.parametrize("layered", [False, True])
@settings(max_examples=examples(100))
@given(
    days=st.lists(
        st.tuples(st.floats(0.0, 12.0), st.floats(0.0, 120.0), st.floats(0.0, 60.0)), min_size=1, max_size=30
    ),
    first=st.floats(0.0, 1.0),
)
def test_no_water_appears_or_is_lost(days: list[tuple[float, float, float]], first: float, layered: bool) -> None:
    ground = SoilAndCrop(20.0, 8.0, 0.5, 150.0 if layered else None, 75.0)
    state = WaterState(
        np.float64(20.0), np.float64(100.0 * first), np.float64(150.0 * first), np.float64(1.0), np.float64(100.0)
    )
    for et0, rain, irrigation in days:
        day = DayInput(et0, 1.0, 1.2, 0.7, 100.0, rain, irrigation, 0.5)
        before = state.profile_mm if layered else state.root_mm
        state, flows = advance(state, day, ground)
        after = state.profile_mm if layered else state.root_mm
        entered = rain - flows.runoff_mm + irrigation
        left = flows.et_mm + flows.percolation_mm - flows.missing_mm
        assert float(after - before) == pytest.approx(float(left - entered), abs=1e-9)
        assert 0.0 <= float(state.root_mm) <= 100.0
        assert float(flows.missing_mm) >= -1e-9


def test_an_ensemble_advances_as_its_members_do() -> None:
    ground = SoilAndCrop(np.array([18.0, 22.0]), np.array([8.0, 9.0]), 0.5)
    pairs = ((5.0, 9.0), (40.0, 80.0), (0.0, 0.0), (1.0, 0.4), (90.0, 110.0))
    both = WaterState(*(np.array(pair) for pair in pairs))
    day = DayInput(6.0, np.array([1.0, 1.1]), 1.2, 0.6, np.array([90.0, 110.0]), 4.0, np.array([0.0, 12.0]), 0.4)
    after, flows = advance(both, day, ground)
    for at in (0, 1):
        one = WaterState(*(pair[at] for pair in pairs))
        single = DayInput(6.0, (1.0, 1.1)[at], 1.2, 0.6, (90.0, 110.0)[at], 4.0, (0.0, 12.0)[at], 0.4)
        alone, of_alone = advance(one, single, SoilAndCrop((18.0, 22.0)[at], (8.0, 9.0)[at], 0.5))
        assert np.asarray(after.root_mm)[at] == pytest.approx(float(alone.root_mm))
        assert np.asarray(flows.et_mm)[at] == pytest.approx(float(of_alone.et_mm))


def test_figures_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="kcb_middle"):
        CropStages(20, 30, 40, 20, 0.5, 0.4, 0.3, 1.0, 1.0, 0.5)
    with pytest.raises(ValueError, match="bottom of a layer"):
        SoilLayers((0.5, 0.4), (0.3, 0.3), (0.1, 0.1))
    with pytest.raises(ValueError, match="field_capacity"):
        SoilLayers((0.5,), (0.1,), (0.2,))
