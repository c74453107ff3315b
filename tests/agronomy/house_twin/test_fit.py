from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.house_model.compartment import structure_of
from headland.agronomy.house_model.parameters import BY_NAME, PARAMETERS
from headland.agronomy.house_twin.base import glasshouse
from headland.agronomy.house_twin.drive import HUMIDITY, STEP_MS, TEMPERATURE, Drive, drive_of, run, sampled
from headland.agronomy.house_twin.fit import fit, hourly, with_parameters
from headland.agronomy.house_twin.held_out import held_out
from tests.agronomy.house_twin.measured_house import DAY_MS, START_MS, Columns, columns

#: A house that no prior says.
TRUE = {"transmission": 0.5, "cover_u_w_m2k": 7.5, "vent_area_ratio": 0.08, "leaf_area_index": 0.7, "pipe_w_m2k": 0.9}


def measured_in(days: int, without: tuple[str, ...] = ()) -> Columns:
    """Return columns whose temperature and humidity are those of the model with `TRUE`, with a sensor's noise."""
    known = {name: column for name, column in columns(days).items() if name not in without}
    drive = drive_of(sampled(known, START_MS, START_MS + days * DAY_MS))
    course = run(structure_of([replace(glasshouse(), **TRUE)]), drive)
    noise = np.random.default_rng(7).normal(0.0, (0.1, 0.5), (len(course.air_degc), 2))
    times = START_MS + STEP_MS * np.arange(len(noise), dtype=np.float64)
    inside = np.column_stack([course.air_degc[:, 0], course.humidity_pct[:, 0]]) + noise
    return known | {TEMPERATURE: (times, inside[:, 0]), HUMIDITY: (times, inside[:, 1])}


def drive(known: Columns, since: int, days: int) -> Drive:
    return drive_of(sampled(known, START_MS + since * DAY_MS, START_MS + (since + days) * DAY_MS))


@pytest.mark.long
def test_a_fit_tells_later_days_that_it_never_saw_and_says_what_the_data_do_not_show() -> None:
    without = ("screen_closed_pct:2", "par_umol_m2_s")
    known = measured_in(10, without)
    fitted = {each.parameter.name: each for each in fit(glasshouse(), [drive(known, 0, 5)])}
    assert list(fitted) == [each.name for each in PARAMETERS]
    # Nothing was measured of the blackout screen, and no light inside.
    for name in ("blackout_saving", "blackout_transmission", "lamp_umol_j"):
        assert not fitted[name].shown
        assert fitted[name].value == pytest.approx(BY_NAME[name].prior)
    assert sum(each.shown for each in fitted.values()) >= 6
    assert all(
        each.parameter.low * 0.999999 <= each.value <= each.parameter.high * 1.000001 for each in fitted.values()
    )
    # The crop grows on from the fitted days.
    whole = drive(known, 0, 10)
    course = run(structure_of([with_parameters(glasshouse(), list(fitted.values()))]), whole)
    temperature = held_out(hourly(course.air_degc)[:, 0], hourly(whole.air_degc), 5 * 24)
    humidity = held_out(hourly(course.humidity_pct)[:, 0], hourly(whole.humidity_pct), 5 * 24)
    assert temperature is not None
    assert humidity is not None
    assert temperature.rmse < 0.5
    assert humidity.rmse < 3.0
    assert humidity.correlation > 0.9


def test_the_figures_of_later_hours_are_those_of_the_textbook() -> None:
    hours = np.arange(10 * 24)
    measured = 70 - 15 * np.cos((hours - 14) / 24 * 2 * np.pi) + np.repeat(np.arange(10.0), 24)
    found = held_out(measured + 2.0, measured)
    assert found is not None
    assert found.hours == 216
    assert [found.bias, found.rmse] == pytest.approx([2.0, 2.0])
    assert found.correlation == pytest.approx(1.0)
    # Each day is one more than yesterday.
    assert found.yesterday_rmse == pytest.approx(1.0)
    assert found.late_h == 0
    assert held_out(measured[:60], measured[:60]) is None


@pytest.mark.parametrize("late_h", [-5, 3, 11])
def test_a_model_that_runs_late_is_told_by_how_many_hours(late_h: int) -> None:
    hours = np.arange(10 * 24)
    found = held_out(np.sin((hours - late_h) / 24 * 2 * np.pi), np.sin(hours / 24 * 2 * np.pi))
    assert found is not None
    assert found.late_h == late_h


def test_an_hour_of_which_less_than_half_was_measured_has_no_mean() -> None:
    values = np.ones(24)
    values[12:19] = np.nan
    assert hourly(values)[0] == 1
    assert np.isnan(hourly(values)[1])
