"""Loss risks of ammonia and nitrate: decided by what is known; what is unknown is reported."""

from __future__ import annotations

import pytest

from headland.agronomy.prescription.loss_risk import WeatherAfter, leaching_risk, volatilisation_risk
from headland.agronomy.prescription.nutrients import Grade

UREA = Grade(0.46, amide_n=0.46)
NITRATE = Grade(0.34, nitrate_n=0.17, ammonium_n=0.17)


@pytest.mark.parametrize(
    ("after", "state", "reasons"),
    [
        (WeatherAfter(20.0, 1.0, True, 3.0), "high", ("moist_surface", "warm")),
        (WeatherAfter(8.0, 4.0, True, 0.0), "high", ("moist_surface", "windy")),
        (WeatherAfter(8.0, 1.0, True, 0.0, soil_ph=7.8), "high", ("moist_surface", "alkaline")),
        # Montana's trials: a damp surface loses in the cold too.
        (WeatherAfter(-1.0, 1.0, True, 2.0, soil_ph=6.5), "moderate", ("moist_surface",)),
        (WeatherAfter(8.0, None, True, 0.0), "moderate", ("moist_surface", "alkaline_not_known", "windy_not_known")),
        (WeatherAfter(20.0, 5.0, True, 12.7), "low", ("washed_in",)),
        (WeatherAfter(is_moist=None, rain_mm=12.7, is_over=False), "low", ("washed_in",)),
        (WeatherAfter(20.0, 5.0, False, 0.0), "low", ("dry_surface",)),
        (WeatherAfter(20.0, 5.0, False, 0.0, is_over=False), "insufficient_data", ("not_over_yet",)),
        (WeatherAfter(20.0, 1.0, True, 0.0, is_over=False), "high", ("moist_surface", "warm", "not_over_yet")),
        (WeatherAfter(8.0, 1.0, True, 0.0, is_over=False), "insufficient_data", ("not_over_yet",)),
        (WeatherAfter(), "insufficient_data", ("moist_not_known", "rain_mm_not_known")),
        (WeatherAfter(20.0, 5.0, True, None), "insufficient_data", ("rain_mm_not_known",)),
    ],
)
def test_urea_on_a_damp_surface_is_at_risk_until_rain_washes_it_in(
    after: WeatherAfter, state: str, reasons: tuple[str, ...]
) -> None:
    found = volatilisation_risk(UREA, after)
    assert (found.state, found.reasons) == (state, reasons)


def test_a_product_without_urea_loses_no_ammonia_and_unknown_forms_are_not_assumed() -> None:
    warm = WeatherAfter(20.0, 1.0, True, 3.0)
    assert volatilisation_risk(NITRATE, warm).reasons == ("no_urea",)
    assert volatilisation_risk(Grade(0.46), warm).reasons == ("nitrogen_forms_not_told",)


@pytest.mark.parametrize(
    ("grade", "product_kg_ha", "after", "state", "reason"),
    [
        (NITRATE, 400.0, WeatherAfter(least_drainage_mm=55.0, most_drainage_mm=80.0), "high", "drainage"),
        (NITRATE, 400.0, WeatherAfter(most_drainage_mm=40.0), "low", "little_drainage"),
        (NITRATE, 400.0, WeatherAfter(most_drainage_mm=80.0), "insufficient_data", "soil_water_not_known"),
        (NITRATE, 400.0, WeatherAfter(), "insufficient_data", "rain_mm_not_known"),
        (NITRATE, 400.0, WeatherAfter(most_drainage_mm=40.0, is_month_over=False), "insufficient_data", "not_over_yet"),
        (NITRATE, 400.0, WeatherAfter(least_drainage_mm=55.0, is_month_over=False), "high", "drainage"),
        (NITRATE, 100.0, WeatherAfter(), "low", "little_nitrogen"),
        # Urea becomes nitrate within two weeks: only what drains after them counts.
        (UREA, 200.0, WeatherAfter(least_drainage_mm=90.0, most_drainage_mm=90.0, most_late_drainage_mm=20.0), "low",
         "little_drainage"),
        (UREA, 200.0, WeatherAfter(most_late_drainage_mm=70.0), "insufficient_data", "soil_water_not_known"),
        (Grade(0.15), 600.0, WeatherAfter(most_drainage_mm=0.0), "insufficient_data", "nitrogen_forms_not_told"),
        (UREA, None, WeatherAfter(most_drainage_mm=0.0), "insufficient_data", "amount_not_known"),
        (Grade(k2o=0.6), 200.0, WeatherAfter(), "low", "little_nitrogen"),
    ],
)  # fmt: skip
def test_much_nitrate_leaches_where_much_drains(
    grade: Grade, product_kg_ha: float | None, after: WeatherAfter, state: str, reason: str
) -> None:
    found = leaching_risk(grade, product_kg_ha, after)
    assert (found.state, found.reasons) == (state, (reason,))
