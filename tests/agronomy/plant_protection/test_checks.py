"""Checks of a treatment against a label: what holds, what is broken, and what is not known."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.plant_protection.checks import (
    LabelUse,
    MixRates,
    check_buffer,
    check_declared_dose,
    check_interval,
    check_measured_dose,
    check_reentry,
    check_uses,
    check_water,
    check_weather,
    interval_end,
)
from headland.agronomy.prescription.weather_window import Hour, assess_hour

GRID = Grid(west_m=0.0, south_m=0.0, cell_m=2.0, rows=10, columns=10)
LABEL = LabelUse(
    least_dose_ha=0.3,
    most_dose_ha=0.45,
    least_water_l_ha=15.0,
    most_water_l_ha=60.0,
    pre_harvest_interval_days=30,
    reentry_h=24.0,
    least_buffer_m=5.0,
    most_uses_season=2,
)
NOTHING = LabelUse()


def rates(mix_l_ha: float, share: float | None = 0.45 / 30.0, *, unknown: int = 0, doubled: int = 0) -> MixRates:
    """Return 100 treated cells of one rate, some of them unknown or doubled."""
    values = np.full((10, 10), mix_l_ha)
    values.flat[:unknown] = np.nan
    values.flat[unknown : unknown + doubled] *= 2.0
    return MixRates(GRID, values, np.ones((10, 10), np.bool_), share)


@pytest.mark.parametrize(
    ("cells", "state", "above_pct", "coverage_pct"),
    [
        (rates(30.0), "holds", 0.0, 100.0),
        (rates(31.4), "holds", 0.0, 100.0),  # within a flow meter's error
        (rates(30.0, doubled=5), "caution", 5.0, 100.0),
        (rates(30.0, doubled=6), "broken", 6.0, 100.0),
        (rates(30.0, unknown=60), "unknown", 0.0, 40.0),
        (rates(30.0, unknown=60, doubled=4), "broken", 10.0, 40.0),
    ],
)
def test_the_dose_by_cell_says_on_how_much_of_the_known_area_it_was_too_high(
    cells: MixRates, state: str, above_pct: float, coverage_pct: float
) -> None:
    finding = check_measured_dose(cells, LABEL)
    assert finding.state == state
    assert finding.values["above_pct"] == pytest.approx(above_pct)
    assert finding.values["coverage_pct"] == pytest.approx(coverage_pct)
    assert finding.evidence == "measured"


def test_a_dose_that_nothing_tells_is_unknown() -> None:
    assert check_measured_dose(rates(30.0, None), LABEL).id == "cells_no_mix"
    assert check_measured_dose(rates(30.0, unknown=100), LABEL).id == "cells_not_known"
    assert check_measured_dose(rates(30.0), NOTHING).state == "unknown"
    assert check_declared_dose(0.4, NOTHING).state == "unknown"


@pytest.mark.parametrize(("dose", "state"), [(0.29, "caution"), (0.3, "holds"), (0.45, "holds"), (0.451, "broken")])
def test_the_declared_dose_is_within_the_label(dose: float, state: str) -> None:
    assert check_declared_dose(dose, LABEL).state == state


def test_the_interval_counts_from_the_day_of_treatment() -> None:
    assert interval_end(100, LABEL) == 130
    assert [check_interval(100, today, LABEL).state for today in (100, 129, 130)] == ["caution", "caution", "holds"]
    assert check_interval(100, 500, NOTHING).state == "unknown"
    assert interval_end(100, LabelUse(pre_harvest_interval_days=0)) == 100


def test_water_uses_and_reentry_follow_the_label() -> None:
    waters = [check_water(water, LABEL).id for water in (None, 14.9, 15.0, 60.1)]
    assert waters == ["water_not_declared", "water_below", "water_within", "water_above"]
    assert [check_uses(uses, LABEL).state for uses in (2, 3)] == ["holds", "broken"]
    assert [check_reentry(hours, LABEL).state for hours in (23.9, 24.0)] == ["caution", "holds"]
    assert {check_water(1.0, NOTHING).state, check_uses(1, NOTHING).state, check_reentry(1.0, NOTHING).state} == {
        "unknown"
    }


def test_the_buffer_is_measured_from_the_edges_of_the_treated_cells() -> None:
    treated = np.zeros((10, 10), np.bool_)
    treated[:, :5] = True  # up to 10 m east
    none = shapely.Polygon()
    pond = {"pond": shapely.box(15.0, 0.0, 40.0, 40.0)}
    kept = check_buffer(GRID, treated, pond, none, LABEL)
    assert kept.state == "holds"
    assert kept.values["distance"] == pytest.approx(5.0)
    near = check_buffer(GRID, treated, {"pond": shapely.box(13.0, 0.0, 40.0, 40.0)}, none, LABEL)
    assert near.state == "broken"
    assert near.values["area"] == pytest.approx(40.0)
    strip = check_buffer(GRID, treated, {}, shapely.box(8.0, 0.0, 12.0, 20.0), LABEL)
    assert strip.id == "buffer_strip_treated"
    assert strip.values["area"] == pytest.approx(40.0)
    assert check_buffer(GRID, treated, {}, none, LABEL).id == "buffer_nothing_declared"
    assert check_buffer(GRID, treated, {}, none, NOTHING).state == "unknown"


def hour(
    temperature_degc: float | None = None,
    humidity_pct: float | None = None,
    wind_m_s: float | None = None,
    rain_share: float | None = None,
) -> Hour:
    return Hour(0, temperature_degc, humidity_pct, wind_m_s, rain_share, is_calm_time=False)


def test_the_weather_is_unknown_where_it_was_not_measured() -> None:
    good = hour(temperature_degc=22.0, humidity_pct=65.0, wind_m_s=2.0, rain_share=0.0)
    hours = [good, hour(temperature_degc=22.0, humidity_pct=65.0), hour(wind_m_s=2.0), hour(wind_m_s=7.0)]
    found = [check_weather([assess_hour(each, "liquid")]).id for each in hours]
    assert found == ["weather_suits", "weather_no_wind", "weather_no_delta_t", "weather_wind_too_strong"]
    assert check_weather([]).state == "unknown"
