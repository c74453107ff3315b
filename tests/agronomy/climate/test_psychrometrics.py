"""Psychrometrics against published and independently computed numbers, each with its source."""

import math

import numpy as np
import pytest

from headland.agronomy.climate.psychrometrics import (
    absolute_humidity_g_m3,
    actual_vapour_pressure_kpa,
    dew_point_degc,
    frost_point_degc,
    humidity_deficit_g_m3,
    saturation_vapour_pressure_kpa,
    vapour_pressure_deficit_kpa,
)

# psychrolib 2.5.0 (ASHRAE 2017): T degC, RH %, es Pa, ea Pa, VPD Pa, dew point degC, absolute humidity and deficit g/m3
PSYCHROLIB = (
    (10, 60, 1227.9953, 736.79717, 491.19811, 2.5998313, 5.6384492, 3.7589662),
    (15, 70, 1705.4478, 1193.8135, 511.63434, 9.5793528, 8.9773083, 3.8474178),
    (20, 50, 2338.8037, 1169.4019, 1169.4019, 9.2723923, 8.6437495, 8.6437495),
    (22, 65, 2644.7532, 1719.0896, 925.66362, 15.123768, 12.620717, 6.7957704),
    (25, 60, 3169.2165, 1901.5299, 1267.6866, 16.701132, 13.819637, 9.2130913),
    (28, 55, 3782.207, 2080.2138, 1701.9931, 18.12219, 14.967643, 12.246253),
)


@pytest.mark.parametrize(("temperature", "published"), [(24.5, 3.075), (15.0, 1.705)])
def test_saturation_matches_fao56_example_3(temperature: float, published: float) -> None:
    assert saturation_vapour_pressure_kpa(temperature) == pytest.approx(published, abs=0.0005)


@pytest.mark.parametrize(
    ("temperature", "published"),
    # FAO-56 annex 2, table 2.3, printed to three decimals.
    [(1, 0.657), (5, 0.872), (10, 1.228), (20, 2.338), (25, 3.168), (30, 4.243), (40, 7.376)],
)
def test_saturation_matches_fao56_table_2_3(temperature: float, published: float) -> None:
    assert saturation_vapour_pressure_kpa(temperature) == pytest.approx(published, abs=0.00051)


@pytest.mark.parametrize(
    ("temperature", "iapws95_pa"),
    [(5, 872.57511), (10, 1228.1989), (20, 2339.3182), (30, 4246.9708), (40, 7384.9381), (45, 9594.9988)],
)
def test_saturation_is_within_0_15_pct_of_iapws95(temperature: float, iapws95_pa: float) -> None:
    assert saturation_vapour_pressure_kpa(temperature) * 1000 == pytest.approx(iapws95_pa, rel=0.0015)


@pytest.mark.parametrize("row", PSYCHROLIB)
def test_moist_air_agrees_with_psychrolib(row: tuple[float, ...]) -> None:
    temperature, humidity, saturated, actual, deficit, dew, absolute, lacking = row
    assert saturation_vapour_pressure_kpa(temperature) * 1000 == pytest.approx(saturated, rel=0.0015)
    assert actual_vapour_pressure_kpa(temperature, humidity) * 1000 == pytest.approx(actual, rel=0.0015)
    assert vapour_pressure_deficit_kpa(temperature, humidity) * 1000 == pytest.approx(deficit, rel=0.0015)
    assert dew_point_degc(temperature, humidity) == pytest.approx(dew, abs=0.05)
    assert absolute_humidity_g_m3(temperature, humidity) == pytest.approx(absolute, rel=0.0015)
    assert humidity_deficit_g_m3(temperature, humidity) == pytest.approx(lacking, rel=0.0015)


@pytest.mark.parametrize(
    ("temperature", "humidity", "kpa"),
    [(24.0, 70.0, 0.895), (25.0, 60.0, 1.268)],
)
def test_deficit_of_common_greenhouse_air(temperature: float, humidity: float, kpa: float) -> None:
    assert vapour_pressure_deficit_kpa(temperature, humidity) == pytest.approx(kpa, abs=0.0015)


def test_humidity_deficit_of_cool_moist_air() -> None:
    assert humidity_deficit_g_m3(20, 80) == pytest.approx(3.457, rel=0.0015)


@pytest.mark.parametrize("temperature", [-35.0, -5.0, 0.0, 12.3, 40.0])
def test_saturated_air_dews_at_its_own_temperature(temperature: float) -> None:
    assert dew_point_degc(temperature, 100.0) == pytest.approx(temperature, abs=1e-9)


@pytest.mark.parametrize(
    # Over ice: WMO-No. 8 / ASHRAE give 259.90 Pa at -10 degC and 103.26 Pa at -20 degC. Air at 5 degC holds 872.31 Pa
    # when saturated (FAO-56 eq 11), so these humidities bring about exactly those pressures.
    ("humidity", "frost"),
    [(100 * 259.90286 / 872.31096, -10.0), (100 * 103.26038 / 872.31096, -20.0)],
)
def test_frost_point_over_ice_matches_published_pressures(humidity: float, frost: float) -> None:
    assert frost_point_degc(5.0, humidity) == pytest.approx(frost, abs=0.03)


def test_air_that_would_dew_has_no_frost_point() -> None:
    assert math.isnan(frost_point_degc(20.0, 50.0))


def test_hoar_forms_before_supercooled_dew() -> None:
    assert frost_point_degc(2.0, 50.0) > dew_point_degc(2.0, 50.0)


def test_a_sensor_slightly_over_saturation_means_saturated() -> None:
    assert vapour_pressure_deficit_kpa(20.0, 102.0) == 0.0
    assert dew_point_degc(20.0, 102.0) == pytest.approx(20.0, abs=1e-9)


@pytest.mark.parametrize(
    ("temperature", "humidity"), [(20.0, 110.0), (20.0, -1.0), (-41.0, 50.0), (61.0, 50.0), (math.nan, 50.0)]
)
def test_outside_the_validity_range_nothing_is_guessed(temperature: float, humidity: float) -> None:
    for formula in (vapour_pressure_deficit_kpa, dew_point_degc, absolute_humidity_g_m3, humidity_deficit_g_m3):
        assert math.isnan(formula(temperature, humidity))


def test_dry_air_has_no_dew_point() -> None:
    assert math.isnan(dew_point_degc(20.0, 0.0))


def test_arrays_keep_their_shape_and_their_gaps() -> None:
    temperature = np.array([[24.0, math.nan], [25.0, 20.0]])
    deficit = vapour_pressure_deficit_kpa(temperature, 60.0)
    assert deficit.shape == (2, 2)
    assert np.isnan(deficit).tolist() == [[False, True], [False, False]]
