"""Calibrations in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.channels.plans import Calibration, make_calibration
from edge.pipeline.channels.settings import CalibrationSettings

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
MARCH_MS = round(MARCH.timestamp() * 1000)


def made(*settings: CalibrationSettings) -> Calibration:
    calibration = make_calibration(settings)
    assert isinstance(calibration, Calibration), calibration
    return calibration


def test_offset_gain_and_polynomial_correct_a_raw_value() -> None:
    assert made(CalibrationSettings(offset=-0.3, gain=1.02)).correct(20.0, 0) == pytest.approx(20.1)
    # A capacitive moisture probe: volts to percent, 5.0 + 20.0 x + 3.0 x^2 at 1.5 V.
    assert made(CalibrationSettings(polynomial=(5.0, 20.0, 3.0))).correct(1.5, 0) == pytest.approx(41.75)


def test_each_correction_applies_from_its_date_and_before_the_first_the_value_is_raw() -> None:
    calibration = made(
        CalibrationSettings(valid_from=MARCH + timedelta(days=30), offset=2.0),
        CalibrationSettings(valid_from=MARCH.astimezone(timezone(timedelta(hours=8))), offset=1.0),
    )
    times = (MARCH_MS - 1, MARCH_MS, MARCH_MS + 30 * 86_400_000 - 1, MARCH_MS + 30 * 86_400_000)
    assert [calibration.correct(10.0, time_ms) for time_ms in times] == [10, 11, 11, 12]


def test_a_calibration_describes_its_corrections_and_their_dates() -> None:
    calibration = made(
        CalibrationSettings(valid_from=MARCH, offset=-0.4, gain=1.01), CalibrationSettings(polynomial=(0.0, 20.0, 3.0))
    )
    assert str(calibration) == "20 x + 3 x^2; -0.4 + 1.01 x from 2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ([CalibrationSettings(offset=1), CalibrationSettings(gain=2)], "same time"),
        ([CalibrationSettings(offset=1, polynomial=(0.0, 1.0))], "not both"),
        ([CalibrationSettings(gain=0)], "gain must not be 0"),
        ([CalibrationSettings(polynomial=(21.5,))], "gain must not be 0"),
    ],
)
def test_contradictory_calibrations_are_refused_with_a_reason(
    settings: list[CalibrationSettings], sentence: str
) -> None:
    mistake = make_calibration(settings)
    assert isinstance(mistake, str)
    assert sentence in mistake


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=8), st.floats(-50, 50))
def test_a_polynomial_is_the_sum_of_its_terms(coefficients: list[float], raw: float) -> None:
    if any(coefficients[1:]):
        calibration = made(CalibrationSettings(polynomial=tuple(coefficients)))
        terms = [coefficient * raw**power for power, coefficient in enumerate(coefficients)]
        assert calibration.correct(raw, 0) == pytest.approx(sum(terms), abs=1e-9 * sum(map(abs, terms)) + 1e-12)


def test_no_calibration_is_none() -> None:
    assert make_calibration([]) is None
