"""The moisture of wheat in air, against published equilibria, and the hours that rain leaves."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.harvest.grain_drying import dry_of_rain, wheat_moisture_pct


@pytest.mark.parametrize(
    ("humidity", "least", "most"), [(30, 8.0, 9.8), (50, 10.6, 12.2), (70, 13.5, 15.0), (90, 18.5, 20.8)]
)
def test_wheat_has_the_usual_moisture_at_25_degc(humidity: float, least: float, most: float) -> None:
    # Tables of hard and soft wheat, of gaining and losing water, differ by about as much.
    assert least < float(wheat_moisture_pct(25.0, humidity)) < most


def test_the_equation_is_the_inverse_of_the_published_one() -> None:
    for degc, wet_pct in ((10.0, 14.0), (25.0, 12.5), (35.0, 20.0)):
        dry_pct = 100.0 * wet_pct / (100.0 - wet_pct)
        humidity = 100.0 * np.exp(-610.34 / (degc + 93.213) * np.exp(-0.15526 * dry_pct))
        assert float(wheat_moisture_pct(degc, humidity)) == pytest.approx(wet_pct, abs=1e-6)


def test_warm_air_dries_more_and_what_the_equation_is_not_for_is_not_known() -> None:
    assert float(wheat_moisture_pct(35.0, 60.0)) < float(wheat_moisture_pct(15.0, 60.0))
    assert np.isnan(float(wheat_moisture_pct(-5.0, 60.0)))
    assert np.isfinite(float(wheat_moisture_pct(20.0, 100.0)))
    assert np.isnan(float(wheat_moisture_pct(20.0, np.nan)))


def test_ears_are_wet_for_three_hours_after_rain() -> None:
    rain = np.array([False, True, False, False, False, False, False])
    assert dry_of_rain(rain).tolist() == [True, False, False, False, False, True, True]
