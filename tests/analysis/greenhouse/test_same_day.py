"""The same day is the same answer whatever window is asked: equal, or null with a reason; of every climate index."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from headland.agronomy.climate.air import Thresholds
from headland.agronomy.climate.exchange import DeclaredHouse
from headland.agronomy.series.answer import Answer
from headland.analysis.greenhouse.climate import (
    By,
    ClimateQuery,
    answer_air,
    answer_condensation,
    answer_disease,
    answer_light,
)
from headland.analysis.greenhouse.control import answer_compliance, answer_irrigation, answer_uniformity
from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.greenhouse.exchange import answer_exchange
from headland.analysis.greenhouse.house import House, HouseLocation, day_starts
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.site_weather import answer_hourly_weather, answer_weather
from headland.contract.indices import INDICES, unit_of, unit_of_index
from headland.contract.records import Descriptor
from headland.store.memory import MemoryStore
from headland.store.port import Times
from tests.api.farm import OWN, write_series

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
#: 2026-02-20 00:00 in Berlin: the clocks change on the 38th day.
START_MS = 1_771_542_000_000
DAYS = 50
PLACE = HouseLocation(ZoneInfo("Europe/Berlin"), True, 52.5, 13.4, 40.0)
WHOLE = Window(START_MS, START_MS + DAYS * DAY_MS - HOUR_MS)


@dataclass(frozen=True)
class Farm:
    scope: OrgScope
    house: House


def course(time_ms: Times, seed: int) -> dict[str, np.ndarray]:
    """Weeks with warm, humid and dry days in turn, and every quantity that an index needs."""
    random = np.random.default_rng(seed)
    day = (time_ms - START_MS) / DAY_MS
    at = day.astype(np.int64)
    mean, humid = random.normal(21.0, 3.5, DAYS + 2)[at], random.uniform(55.0, 95.0, DAYS + 2)[at]
    wave, noise = np.sin(2 * np.pi * (day - 0.35)), random.normal(0.0, 0.1, len(day))
    sun = np.maximum(np.sin(2 * np.pi * (day - 0.25)), 0.0) * random.uniform(0.3, 1.0, DAYS + 2)[at]
    air = mean + 6.0 * wave + noise
    return {
        "air_temperature_degc": air,
        "relative_humidity_pct": np.clip(humid - 15.0 * wave + noise, 20.0, 99.5),
        "outside_temperature_degc": air - 14.0,
        "outside_humidity_pct": np.clip(humid - 10.0 * wave + noise, 20.0, 99.5),
        "par_umol_m2_s": 900.0 * sun,
        "global_radiation_w_m2": 500.0 * sun,
        "wind_speed_m_s": 2.0 + np.abs(noise),
        "co2_ppm": 600.0 + 100.0 * noise,
        "rain_total_mm": np.cumsum(np.where(random.random(len(day)) < 0.1, 1.2, 0.0)),
        "heating_setpoint_degc": np.where(day % 1.0 < 0.3, 15.0, 20.0),
        "vent_open_pct": np.where(wave > 0.3, 35.0, 0.0),
        "heating_power_w_m2": np.where(wave < 0.0, 50.0, 0.0),
        "irrigation_volume_total_l": 1000.0 + 40.0 * day,
        "drain_volume_total_l": 300.0 + 10.0 * day,
        "irrigation_ec_ms_cm": 2.0 + noise,
        "drain_ec_ms_cm": 4.0 + noise,
    }


@pytest.fixture(scope="module")
def farm() -> Farm:
    """A greenhouse with faults: holes, a sensor that was stuck over midnight, a leaf sensor that came later."""
    store = MemoryStore()
    time_ms = np.arange(START_MS, START_MS + DAYS * DAY_MS, 30 * MINUTE_MS, dtype=np.int64)
    day = (time_ms - START_MS) / DAY_MS
    for device, seed in (("gh-1", 1), ("gh-2", 2)):
        columns = course(time_ms, seed)
        columns["air_temperature_degc"][(day > 20.9) & (day < 21.2)] = 17.25
        columns["air_temperature_degc"][(day > 30.4) & (day < 30.9)] = np.nan
        columns["relative_humidity_pct"][(day > 44.98) & (day < 45.02)] = np.nan
        columns["leaf_temperature_degc"] = np.where(day > 26.3, columns["air_temperature_degc"] - 1.0, np.nan)
        for channel, value in columns.items():
            known = np.isfinite(value)
            write_series(store, OWN, "berlin", "greenhouse", device, time_ms[known], {channel: value[known]})
        store.describe(OWN, "gw-1", Descriptor(device=device, kind="greenhouse", site="berlin", name=device))
    scope = OrgScope(store, None, OWN, WHOLE.end_ms)
    return Farm(scope, House("gh-1", store.devices(OWN), PLACE, {}, crop="tomato", cover="film"))


Days = dict[tuple[tuple[int, int], str, tuple[int, int]], Answer]


def greenhouse(ask: Callable[[ClimateQuery], object], by: By) -> Callable[[Farm, Window], Days]:
    def answers(farm: Farm, window: Window) -> Days:
        found = ask(ClimateQuery(farm.scope, farm.house, window, by, load_crop_targets()))
        return {
            (period.window, name, answer.window): answer
            for period in found.periods  # type: ignore[attr-defined]  # the answers of a house
            for name, answer in period.answers.items()
        }

    return answers


def site(farm: Farm, window: Window) -> Days:
    weather = answer_weather(farm.scope, farm.house, window, Thresholds(), 2.0)
    return {(day, name, answer.window): answer for day, answers in weather.days for name, answer in answers.items()}


def site_by_hour(farm: Farm, window: Window) -> Days:
    weather = answer_hourly_weather(farm.scope, farm.house, window, 2.0)
    return {(hour, name, answer.window): answer for hour, answers in weather.days for name, answer in answers.items()}


DECLARED = DeclaredHouse(3.0, 4.0, 0.0, 420.0)
ROUTES: dict[str, Callable[[Farm, Window], Days]] = {
    "climate by day": greenhouse(answer_air, "day"),
    "climate by hour": greenhouse(answer_air, "hour"),
    "condensation by day": greenhouse(answer_condensation, "day"),
    "condensation by hour": greenhouse(answer_condensation, "hour"),
    "light by day": greenhouse(lambda query: answer_light(query, None, None), "day"),
    "light by hour": greenhouse(lambda query: answer_light(query, None, None), "hour"),
    "disease": greenhouse(answer_disease, "day"),
    "irrigation": greenhouse(lambda query: answer_irrigation(query, 0.25, 2.0), "day"),
    "compliance": greenhouse(answer_compliance, "day"),
    "uniformity": greenhouse(answer_uniformity, "day"),
    "exchange by day": greenhouse(lambda query: answer_exchange(query, DECLARED, None), "day"),
    "exchange by hour": greenhouse(lambda query: answer_exchange(query, DECLARED, None), "hour"),
    "site weather": site,
    "site weather by hour": site_by_hour,
}
#: The mildew of a day may depend on weeks, so there are windows of all lengths; by hour at most 31 days are asked for.
LENGTHS_DAYS = (1, 1, 3, 20)


@pytest.mark.parametrize("route", ROUTES)
def test_a_day_has_one_answer_whatever_window_is_asked(route: str, farm: Farm) -> None:
    random = np.random.default_rng(len(route))
    midnights = day_starts(PLACE, WHOLE)
    window = Window(midnights[10], midnights[40]) if "hour" in route else WHOLE
    whole = ROUTES[route](farm, window)
    inside = [midnight for midnight in midnights if window.start_ms <= midnight < window.end_ms]
    assert sum(answer.value is not None for answer in whole.values()) > 0.3 * len(whole)
    for length in LENGTHS_DAYS[: 3 if "hour" in route else None]:
        first = int(random.integers(0, len(inside) - length))
        # An end within a day cuts it; a start within a day has the day whole.
        start_ms = inside[first] + int(random.integers(0, 2)) * int(random.integers(0, 24 * 12)) * 5 * MINUTE_MS
        end_ms = inside[first + length] + int(random.integers(0, 2)) * 13 * HOUR_MS
        part = ROUTES[route](farm, Window(start_ms, end_ms))
        compared = [key for key in part if key in whole]
        assert compared
        wrong = {
            f"{key[1]} on day {round((key[0][0] - START_MS) / DAY_MS, 2)} of {length}": (
                part[key].value, part[key].reason, whole[key].value, whole[key].reason,
            )
            for key in compared
            if not is_same(part[key], whole[key])
        }  # fmt: skip
        assert wrong == {}


def test_the_season_before_a_day_is_read_for_its_powdery_mildew(farm: Farm) -> None:
    index = {day: answer for (day, name, _), answer in ROUTES["disease"](farm, WHOLE).items() if "mildew_i" in name}
    days = sorted(day for day, answer in index.items() if (answer.value or 0.0) >= 60.0)
    assert len(days) > 5
    for day in days[:: len(days) // 4]:
        alone = ROUTES["disease"](farm, Window(*day))
        assert alone[(day, "powdery_mildew_index", day)].value == index[day].value


#: Answers whose name has a part that is asked for: a threshold, a set point, a place.
FAMILIES = re.compile(
    r"(heat|cold)_(degree_)?hours_.+|.+_(in_band|(mean|p95)_error|error_hours|overshoot|rise_h|unreached|recovery_h)"
    r"|.+_(span|cv_pct)|.+_bias .+"
)


@pytest.mark.parametrize("route", ROUTES)
def test_each_answer_has_the_unit_and_the_method_of_its_row_in_the_catalogue(route: str, farm: Farm) -> None:
    midnights = day_starts(PLACE, WHOLE)
    answers = {key[1]: answer for key, answer in ROUTES[route](farm, Window(midnights[28], midnights[30])).items()}
    assert answers
    unknown = [
        name for name in answers if name not in INDICES and unit_of(name) is None and not FAMILIES.fullmatch(name)
    ]
    assert unknown == []
    for name, answer in answers.items():
        if name in INDICES and not FAMILIES.fullmatch(name):
            row = INDICES[name]
            assert answer.unit == unit_of_index(name), name
            assert row.method in ("", answer.method.id), name
            # A measured surface is one input more; light may be of another channel, and a site's are those outdoors.
            is_of_others = row.section == "light" or "site" in route
            assert is_of_others or not row.inputs or {*row.inputs} <= {*answer.inputs}, name


def is_same(one: Answer, other: Answer) -> bool:
    if one.value is None or other.value is None:
        return all(answer.value is not None or bool(answer.reason) for answer in (one, other))
    same = math.isclose(one.value, other.value, rel_tol=1e-9, abs_tol=1e-9)
    return same and (one.n, one.quality) == (other.n, other.quality)
