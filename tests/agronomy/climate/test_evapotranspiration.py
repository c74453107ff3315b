"""Reference evapotranspiration against FAO-56's own worked examples."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.evapotranspiration import (
    clear_sky_mj_m2,
    daylight_hours,
    et0_daily_mm,
    et0_from_weather_mm,
    et0_hourly_mm,
    et_hargreaves_mm,
    extraterrestrial_daily_mj_m2,
    extraterrestrial_hourly_mj_m2,
    net_daily_mj_m2,
    net_hourly_mj_m2,
    solar_from_sunshine_mj_m2,
    solar_from_temperature_mj_m2,
    vapour_pressure_from_humidity_kpa,
    wind_at_2m_m_s,
)
from headland.agronomy.climate.psychrometrics import saturation_vapour_pressure_kpa


def test_examples_8_to_15_of_radiation_and_wind() -> None:
    assert extraterrestrial_daily_mj_m2(-20.0, 246) == pytest.approx(32.2, abs=0.05)
    assert daylight_hours(-20.0, 246) == pytest.approx(11.7, abs=0.05)
    # Rio de Janeiro in May: 220 hours of sunshine, Ra 25.1, N 10.9; its net long-wave radiation is 3.5.
    solar = solar_from_sunshine_mj_m2(220 / 31, 10.9, 25.1)
    assert solar == pytest.approx(14.5, abs=0.06)
    net = net_daily_mj_m2(14.5, 18.8, 19.1, 25.1, 2.1)
    assert 0.77 * 14.5 - net == pytest.approx(3.5, abs=0.05)
    assert wind_at_2m_m_s(3.2, 10.0) == pytest.approx(2.4, abs=0.05)
    assert solar_from_temperature_mj_m2(14.8, 26.6, 40.6) == pytest.approx(22.3, abs=0.05)


def test_example_5_of_humidity() -> None:
    assert vapour_pressure_from_humidity_kpa(18.0, 25.0, 54.0, 82.0) == pytest.approx(1.70, abs=0.005)


def test_example_17_a_month_in_bangkok() -> None:
    # The book rounds its intermediate values; they are these.
    assert et0_daily_mm(25.6, 34.8, 2.85, 14.33, 2.0, 2.0, 0.14) == pytest.approx(5.72, abs=0.01)
    ra = extraterrestrial_daily_mj_m2(13.73, 105)
    assert ra == pytest.approx(38.06, abs=0.02)
    solar = solar_from_sunshine_mj_m2(8.5, daylight_hours(13.73, 105), ra)
    assert solar == pytest.approx(22.65, abs=0.02)
    net = net_daily_mj_m2(solar, clear_sky_mj_m2(ra, 2.0), 25.6, 34.8, 2.85)
    assert net == pytest.approx(14.33, abs=0.02)


def test_example_18_a_day_in_uccle() -> None:
    vapour = vapour_pressure_from_humidity_kpa(12.3, 21.5, 63.0, 84.0)
    assert vapour == pytest.approx(1.409, abs=0.001)
    wind = wind_at_2m_m_s(10.0 / 3.6, 10.0)
    assert wind == pytest.approx(2.078, abs=0.001)
    ra = extraterrestrial_daily_mj_m2(50.8, 187)
    assert ra == pytest.approx(41.09, abs=0.02)
    solar = solar_from_sunshine_mj_m2(9.25, daylight_hours(50.8, 187), ra)
    found = et0_from_weather_mm(12.3, 21.5, vapour, solar, wind, latitude_deg=50.8, altitude_m=100.0, day_of_year=187)
    assert found == pytest.approx(3.88, abs=0.01)


def test_example_19_two_hours_in_ndiaye() -> None:
    place = {"longitude_west_deg": 16.25, "zone_west_deg": 15.0}
    ra = extraterrestrial_hourly_mj_m2(16.2167, 274, [14.5, 2.5], **place)
    assert ra == pytest.approx([3.543, 0.0], abs=0.005)
    vapour = saturation_vapour_pressure_kpa([38.0, 28.0]) * [0.52, 0.90]
    # By night the brightness is that of the hours before sunset: 0.8.
    clear = clear_sky_mj_m2(ra, 8.0)
    net = net_hourly_mj_m2([2.450, 0.0], [2.450 / clear[0], 0.8], [38.0, 28.0], vapour)
    assert net == pytest.approx([1.749, -0.10], abs=0.005)
    found = et0_hourly_mm([38.0, 28.0], vapour, net, [3.3, 1.9], 8.0)
    assert found == pytest.approx([0.63, 0.00], abs=0.006)


def test_example_20_lyon_from_temperatures_alone() -> None:
    ra = extraterrestrial_daily_mj_m2(45.72, 196)
    solar = solar_from_temperature_mj_m2(14.8, 26.6, ra)
    vapour = saturation_vapour_pressure_kpa(14.8)
    found = et0_from_weather_mm(14.8, 26.6, vapour, solar, 2.0, latitude_deg=45.72, altitude_m=200.0, day_of_year=196)
    assert found == pytest.approx(4.56, abs=0.01)
    assert et_hargreaves_mm(14.8, 26.6, ra) == pytest.approx(5.0, abs=0.05)


def test_a_missing_input_is_a_missing_answer() -> None:
    found = et0_daily_mm([12.3, np.nan], [21.5, 21.5], [1.4, 1.4], [13.28, 13.28], 2.078, 100.0)
    assert np.isfinite(found).tolist() == [True, False]


#: `ra_daily` of refet 0.5 on these days of the year [MJ/m2/day].
DAYS = (15, 105, 166, 258, 349)
RA_OF_REFET = {
    70.0: (0.0, 23.0235, 42.5148, 14.8267, 0.0),
    -70.0: (41.4277, 4.8484, 0.0, 10.7701, 45.3365),
    85.0: (0.0, 19.2679, 45.0712, 5.6882, 0.0),
}


@pytest.mark.parametrize("latitude_deg", RA_OF_REFET)
def test_the_radiation_beyond_the_polar_circles_is_that_of_another_library(latitude_deg: float) -> None:
    assert extraterrestrial_daily_mj_m2(latitude_deg, DAYS) == pytest.approx(RA_OF_REFET[latitude_deg], abs=1e-4)


@pytest.mark.parametrize("latitude_deg", [0.0, 47.0, 66.6, 70.0, 78.2, 90.0, -35.0, -70.0, -90.0])
def test_the_hours_of_a_day_add_up_to_the_day_at_every_latitude(latitude_deg: float) -> None:
    hours = np.arange(24) + 0.5
    for day in range(1, 366, 13):
        # The clock is not the sun's: the hours that are asked begin 40 degrees of longitude away from its midnight.
        of_hours = extraterrestrial_hourly_mj_m2(
            latitude_deg, day, hours, longitude_west_deg=240.0, zone_west_deg=280.0
        )
        assert of_hours.sum() == pytest.approx(float(extraterrestrial_daily_mj_m2(latitude_deg, day)), abs=1e-9)


def test_a_day_is_24_hours_long_or_none_beyond_the_polar_circles() -> None:
    assert daylight_hours([70.0, 70.0, -70.0, -70.0], [172, 355, 172, 355]).tolist() == [24.0, 0.0, 0.0, 24.0]
    assert solar_from_sunshine_mj_m2(0.0, daylight_hours(70.0, 355), 0.0) == 0.0


@pytest.mark.parametrize(("day", "printed_mm"), [(1, -0.0860142), (172, 1.3781587)])
def test_reference_evapotranspiration_is_known_in_the_polar_night_and_day(day: int, printed_mm: float) -> None:
    # refet 0.5, method asce, simple Rso, 70 N: -15 to -5 degC, 0.2 kPa, 2 m/s, 0.6 of Ra.
    solar = 0.6 * extraterrestrial_daily_mj_m2(70.0, day)
    found = et0_from_weather_mm(-15.0, -5.0, 0.2, solar, 2.0, latitude_deg=70.0, altitude_m=10.0, day_of_year=day)
    assert float(found) == pytest.approx(printed_mm, abs=5e-4)
