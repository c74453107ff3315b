"""Wet bulb, heat and mass of moist air against psychrolib 2.5.0 (ASHRAE 2017), and leaves against air."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.climate.psychrometrics import (
    air_pressure_kpa,
    delta_t_k,
    dew_point_degc,
    enthalpy_kj_kg,
    humidity_ratio,
    leaf_vapour_pressure_deficit_kpa,
    wet_bulb_degc,
)
from tests.examples import examples

#: T degC, RH %, wet bulb degC, kg/kg, J/kg at 101,325 Pa.
PSYCHROLIB = (
    (2, 90, 1.3849687, 0.0039245184, 11841.82),
    (10, 60, 6.4810355, 0.0045556765, 21538.483),
    (15, 70, 11.92144, 0.0074151354, 33842.136),
    (20, 50, 13.78337, 0.0072617372, 38551.741),
    (22, 65, 17.570152, 0.010734094, 49417.207),
    (25, 60, 19.471051, 0.011895049, 55452.636),
    (28, 55, 21.229203, 0.013036237, 61450.557),
    (32, 45, 22.653126, 0.013427574, 66573.573),
    (38, 30, 23.662301, 0.012455996, 70260.836),
    (45, 15, 23.269147, 0.0089598955, 68428.642),
)


@pytest.mark.parametrize("row", PSYCHROLIB)
def test_wet_bulb_mass_and_heat_agree_with_psychrolib(row: tuple[float, ...]) -> None:
    temperature, humidity, wet, ratio, heat = row
    assert wet_bulb_degc(temperature, humidity) == pytest.approx(wet, abs=0.05)
    assert humidity_ratio(temperature, humidity) == pytest.approx(ratio, rel=0.002)
    assert enthalpy_kj_kg(temperature, humidity) * 1000 == pytest.approx(heat, abs=80.0)


@pytest.mark.parametrize(
    ("altitude_m", "pressure_pa", "wet"),
    [(0, 101325.0, 20.064), (200, 98945.314, 19.990), (600, 94321.652, 19.842), (1800, 81489.138, 19.400)],
)
def test_wet_bulb_falls_with_the_pressure(altitude_m: float, pressure_pa: float, wet: float) -> None:
    assert wet_bulb_degc(30.0, 40.0, pressure_pa / 1000) == pytest.approx(wet, abs=0.05)
    assert air_pressure_kpa(altitude_m) * 1000 == pytest.approx(pressure_pa, rel=0.004)


def test_pressure_at_altitude_is_fao56_example_2() -> None:
    assert air_pressure_kpa(1800.0) == pytest.approx(81.8, abs=0.05)


@pytest.mark.parametrize(
    ("temperature", "humidity", "expected"),
    [(25.0, 60.0, 5.53), (30.0, 70.0, 4.50), (35.0, 40.0, 11.07), (20.0, 80.0, 2.32), (10.0, 95.0, 0.42)],
)
def test_delta_t_is_the_sprayers_table(temperature: float, humidity: float, expected: float) -> None:
    assert delta_t_k(temperature, humidity) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("temperature", "humidity", "leaf", "expected"),
    [(24.0, 70.0, 22.0, 0.555), (24.0, 70.0, 26.0, 1.273), (18.0, 90.0, 17.0, 0.0801), (20.0, 95.0, 18.0, -0.157)],
)
def test_a_leaf_has_a_deficit_of_its_own(temperature: float, humidity: float, leaf: float, expected: float) -> None:
    assert leaf_vapour_pressure_deficit_kpa(leaf, temperature, humidity) == pytest.approx(expected, abs=0.001)


@settings(max_examples=examples(200), deadline=None)
@given(st.floats(-20.0, 50.0), st.floats(1.0, 100.0), st.floats(70.0, 105.0))
def test_dew_point_wet_bulb_and_air_are_in_order(temperature: float, humidity: float, pressure_kpa: float) -> None:
    dew, wet = dew_point_degc(temperature, humidity), wet_bulb_degc(temperature, humidity, pressure_kpa)
    assert dew - 0.001 <= wet <= temperature + 0.001


def test_unknown_inputs_give_unknown_results() -> None:
    assert np.isnan(wet_bulb_degc([np.nan, 20.0, 20.0, 80.0], [50.0, np.nan, 120.0, 50.0])).all()
    assert wet_bulb_degc(np.full((2, 3), 20.0), 50.0, [101.325, 95.0, 85.0]).shape == (2, 3)
