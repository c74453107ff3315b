"""GRIB2 of models: the nearest grid point, amounts between steps, derived quantities, ensembles, what is left out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.formats.weather.grib_forecast import decode_run
from headland.formats.weather.grib_points import GribPoint, read_points
from headland.formats.weather.provider import DecodedForecast, ForecastQuery, RefusedAnswer, RefusedForecast
from headland.registry.models.weather import ForecastPlace, ForecastSeries
from headland.units_of_time import HOUR_MS
from tests.examples import examples
from tests.formats.weather.grib_files import Message, write_grib

#: 2027-01-15 00:00 UTC.
RUN_MS = 1_799_971_200_000
PLACE = ForecastPlace(latitude_deg=31.95, longitude_deg=119.17)
QUERY = ForecastQuery(place=PLACE)


def points_of(path: Path) -> list[GribPoint]:
    with path.open("rb") as file:
        return list(read_points(file, [(PLACE.latitude_deg, PLACE.longitude_deg)]))


def decode(points: list[GribPoint]) -> DecodedForecast:
    decoded = decode_run(points, QUERY, RUN_MS + 5 * HOUR_MS)
    assert isinstance(decoded, DecodedForecast), decoded
    return decoded


def series(decoded: DecodedForecast, channel: str, kind: str = "instant") -> ForecastSeries:
    (found,) = (each for each in decoded.issue.series if (each.channel, each.aggregation) == (channel, kind))
    return found


def hours(found: ForecastSeries) -> list[tuple[float, float]]:
    return [((start - RUN_MS) / HOUR_MS, (end - RUN_MS) / HOUR_MS)
            for start, end in zip(found.starts_ms, found.ends_ms, strict=True)]  # fmt: skip


def test_a_run_of_a_model_becomes_an_issue_in_the_catalogue_s_units(tmp_path: Path) -> None:
    path = write_grib(
        tmp_path / "a.grib2",
        [
            *(Message("2t", str(step), 273.15 + step) for step in (3, 6)),
            *(Message("2d", str(step), 273.15 + step - 2) for step in (3, 6)),
            *(Message("10u", str(step), -3.0) for step in (3, 6)),
            *(Message("10v", str(step), 4.0) for step in (3, 6)),
            Message("10fg", "0-3", 11.0), Message("10fg", "3-6", 12.5),
            Message("tp", "0-3", 0.001), Message("tp", "0-6", 0.0025),
            Message("ssrd", "0-3", 1_080_000.0), Message("ssrd", "0-6", 5_400_000.0),
            Message("tcc", "3", 0.4), Message("msl", "3", 101_325.0), Message("skt", "3", 280.0),
        ],
    )  # fmt: skip
    decoded = decode(points_of(path))
    issue = decoded.issue
    assert (issue.provider, issue.model, issue.issued_ms) == ("files", "ecmf", RUN_MS)
    assert "ECMWF" in issue.attribution.text
    assert decoded.left_out == {}
    # The nearest point of a grid of 0.25 degrees, as it lies.
    assert issue.answered == ForecastPlace(latitude_deg=32.0, longitude_deg=119.25)
    assert series(decoded, "air_temperature_degc").values == (3.0, 6.0)
    # FAO-56, eq 11: 100 e(1.0) / e(3.0) = 100 * 0.6571 / 0.7581.
    assert series(decoded, "relative_humidity_pct").values[0] == pytest.approx(86.7, abs=0.05)
    assert series(decoded, "wind_speed_m_s").values == (5.0, 5.0)
    # It blows to the north-west: from 143 degrees.
    assert series(decoded, "wind_from_deg").values[0] == pytest.approx(143.13, abs=0.01)
    gust = series(decoded, "wind_gust_m_s", "maximum")
    assert (gust.values, hours(gust)) == ((11.0, 12.5), [(0, 3), (3, 6)])
    rain = series(decoded, "precipitation_mm", "sum")
    assert rain.values == pytest.approx((1.0, 1.5), abs=0.001)
    assert hours(rain) == [(0, 3), (3, 6)]
    sun = series(decoded, "global_radiation_w_m2", "mean")
    assert sun.values == pytest.approx((100.0, 400.0), abs=0.1)
    assert series(decoded, "cloud_cover_pct").values == pytest.approx((40.0,), abs=0.001)
    assert series(decoded, "sea_level_pressure_hpa").values == (1013.25,)


def test_the_nearest_cell_is_taken_and_nothing_between_cells(tmp_path: Path) -> None:
    path = write_grib(tmp_path / "a.grib2", [Message("2t", "3", 280.0)], gradient=1.0)
    # 119.17 lies between the fifth cell at 119.0 and the sixth at 119.25.
    (temperature,) = series(decode(points_of(path)), "air_temperature_degc").values
    assert temperature == pytest.approx(280.0 + 5 - 273.15, abs=0.001)


def test_amounts_of_other_models_are_of_their_own_ranges_and_of_kilograms(tmp_path: Path) -> None:
    path = write_grib(
        tmp_path / "cma.grib2",
        [
            Message("2t", "3", 280.0, centre="babj"), Message("2r", "3", 71.0, centre="babj"),
            # 228228: kilograms per square metre, of six hours each, not since the run.
            Message("tp", "0-6", 2.0, centre="babj", keys=(("paramId", 228228), ("stepRange", "0-6"))),
            Message("tp", "6-12", 0.5, centre="babj", keys=(("paramId", 228228), ("stepRange", "6-12"))),
        ],
    )  # fmt: skip
    decoded = decode(points_of(path))
    assert "China Meteorological" in decoded.issue.attribution.text
    assert series(decoded, "relative_humidity_pct").values == (71.0,)
    rain = series(decoded, "precipitation_mm", "sum")
    assert rain.values == pytest.approx((2.0, 0.5), abs=1e-4)
    assert hours(rain) == [(0, 6), (6, 12)]


def test_an_ensemble_has_its_control_run_and_its_members(tmp_path: Path) -> None:
    messages = [Message("2t", str(step), 280.0 + number, number=number) for step in (3, 6) for number in range(5)]
    found = series(decode(points_of(write_grib(tmp_path / "e.grib2", messages))), "air_temperature_degc")
    assert [member[0] for member in found.members] == pytest.approx([6.85, 7.85, 8.85, 9.85, 10.85])
    assert found.values == (None, None)


def test_half_hours_are_told_apart(tmp_path: Path) -> None:
    path = write_grib(tmp_path / "h.grib2", [Message("2t", "30m", 280.0), Message("2t", "60m", 281.0)])
    assert hours(series(decode(points_of(path)), "air_temperature_degc")) == [(0.5, 0.5), (1.0, 1.0)]


def test_what_is_no_forecast_or_has_no_period_is_left_out_and_counted(tmp_path: Path) -> None:
    path = write_grib(
        tmp_path / "a.grib2",
        [
            Message("2t", "3", 280.0), Message("2t", "3", 281.0), Message("2t", "6", None),
            Message("2t", "0", 279.0, keys=(("dataType", "an"),)),
            Message("tp", "0-3", 0.004), Message("tp", "0-6", 0.001), Message("tp", "0-9", 0.002),
        ],
    )  # fmt: skip
    decoded = decode(points_of(path))
    assert decoded.left_out == {"not_a_forecast": 1, "repeated": 1, "amount_falls": 1}
    assert series(decoded, "air_temperature_degc").values == pytest.approx((6.85, None))
    # An amount since the run that falls is nobody's; the next one is again known.
    assert series(decoded, "precipitation_mm", "sum").values == pytest.approx((4.0, None, 1.0), abs=0.001)


def test_the_older_edition_counts_amounts_from_the_run_and_extremes_without_a_time_are_left_out() -> None:
    # Seen in ecmwf/cfgrib (tests/sample-data/tp_on_different_grid_resolutions.grib): GRIB1, step 12, no begin.
    about: dict[str, Any] = {"centre": "ecmf", "edition": 1, "data": "fc", "kind": "instant", "run_ms": RUN_MS,
             "latitude_deg": 32.0, "longitude_deg": 119.25}  # fmt: skip
    points = [
        GribPoint(**about, name="tp", unit="m", start_s=43_200, end_s=43_200, value=0.003),
        GribPoint(**about, name="tp", unit="m", start_s=86_400, end_s=86_400, value=0.005),
        GribPoint(**about, name="mx2t6", unit="K", start_s=43_200, end_s=43_200, value=290.0),
    ]
    decoded = decode(points)
    rain = series(decoded, "precipitation_mm", "sum")
    assert rain.values == pytest.approx((3.0, 2.0))
    assert hours(rain) == [(0, 12), (12, 24)]
    assert decoded.left_out == {"no_period": 1}


def test_winds_along_a_turned_grid_have_a_speed_and_no_direction() -> None:
    # Seen in ecmwf/earthkit-data (tests/data/rotated_wind_20x20.grib).
    about: dict[str, Any] = {
        "data": "fc", "kind": "instant", "unit": "m s**-1", "run_ms": RUN_MS, "end_s": 3600, "start_s": 3600,
        "latitude_deg": 32.0, "longitude_deg": 119.25, "on_grid": True,
    }  # fmt: skip
    decoded = decode([GribPoint(**about, name="10u", value=3.0), GribPoint(**about, name="10v", value=4.0)])
    assert {each.channel for each in decoded.issue.series} == {"wind_speed_m_s"}
    assert decoded.left_out == {"direction_on_grid": 1}


def test_a_field_that_is_far_away_is_of_another_place(tmp_path: Path) -> None:
    path = write_grib(tmp_path / "a.grib2", [Message("2t", "3", 280.0)])
    with path.open("rb") as file:
        (outside,) = read_points(file, [(59.9, 10.75)])
    assert "out of the grid area" in outside.problem
    far = GribPoint(
        name="2t", unit="K", kind="instant", data="fc", value=280.0, latitude_deg=36.0, longitude_deg=119.25
    )
    refused = decode_run([far], QUERY, RUN_MS)
    assert isinstance(refused, RefusedForecast)
    assert refused.reason is RefusedAnswer.OTHER_PLACE


def test_a_damaged_file_ends_with_its_fault_and_what_came_before(tmp_path: Path) -> None:
    path = write_grib(tmp_path / "a.grib2", [Message("2t", "3", 280.0), Message("2t", "6", 281.0)])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 30])
    first, last = points_of(path)
    assert first.value == pytest.approx(280.0)
    assert not first.problem
    assert last.problem.startswith("damaged")
    for body in (b"", b"GRIB", b"not one", b"GRIB" * 1000):
        path.write_bytes(body)
        assert all(point.problem for point in points_of(path))


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.floats(0, 40), min_size=1, max_size=20))
def test_the_amounts_between_steps_are_all_that_fell_since_the_run(fallen_mm: list[float]) -> None:
    total, points = 0.0, []
    for hour, mm in enumerate(fallen_mm, 1):
        total += mm
        points.append(GribPoint(name="tp", unit="m", kind="accum", data="fc", run_ms=RUN_MS, end_s=hour * 3600,
                                value=total / 1000, latitude_deg=32.0, longitude_deg=119.25))  # fmt: skip
    said = [value or 0.0 for value in series(decode(points), "precipitation_mm", "sum").values]
    assert math.fsum(said) == pytest.approx(math.fsum(fallen_mm), abs=0.001 * len(said))
