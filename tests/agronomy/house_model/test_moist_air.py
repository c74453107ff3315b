from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.house_model.moist_air import (
    co2_kg_m3,
    co2_ppm,
    dew_point_degc,
    saturation_pa,
    saturation_slope_pa_k,
    vapour_kg_m3,
    vapour_pa,
)
from tests.examples import examples


@pytest.mark.parametrize(
    ("degc", "kpa"), [(15.0, 1.705), (24.5, 3.075), (20.0, 2.33880), (25.0, 3.16922), (30.0, 4.24603)]
)
def test_saturation_agrees_with_fao_56_example_3_and_ashrae(degc: float, kpa: float) -> None:
    assert saturation_pa(degc) / 1000 == pytest.approx(kpa, rel=1.5e-3)


def test_the_slope_is_fao_56s() -> None:
    # FAO-56, example 17: 0.246 kPa/K at 30.2 degrees.
    assert saturation_slope_pa_k(30.2, saturation_pa(30.2)) / 1000 == pytest.approx(0.246, abs=1e-3)


@pytest.mark.parametrize(("degc", "pct", "dew"), [(20, 50, 9.272), (25, 60, 16.701), (10, 95, 9.237), (30, 70, 23.928)])
def test_dew_points_agree_with_psychrolib(degc: float, pct: float, dew: float) -> None:
    assert dew_point_degc(saturation_pa(degc) * pct / 100) == pytest.approx(dew, abs=0.05)


def test_absolute_humidity_and_carbon_dioxide_have_their_known_densities() -> None:
    assert 1000 * vapour_kg_m3(saturation_pa(20) * 0.5, 20) == pytest.approx(8.644, rel=2e-3)
    assert 1000 * co2_kg_m3(400, 20) == pytest.approx(0.7319, rel=1e-3)
    assert 1000 * co2_kg_m3(1000, 25) == pytest.approx(1.7990, rel=1e-3)


@settings(max_examples=examples(60), deadline=None)
@given(degc=st.floats(-20, 50), share=st.floats(0.05, 1.0), ppm=st.floats(100, 3000))
def test_every_conversion_has_its_way_back(degc: float, share: float, ppm: float) -> None:
    pressure = share * saturation_pa(degc)
    assert saturation_pa(dew_point_degc(pressure)) == pytest.approx(pressure, rel=1e-9)
    assert vapour_pa(vapour_kg_m3(pressure, degc), degc) == pytest.approx(pressure, rel=1e-12)
    assert co2_ppm(co2_kg_m3(ppm, degc), degc) == pytest.approx(ppm, rel=1e-12)
