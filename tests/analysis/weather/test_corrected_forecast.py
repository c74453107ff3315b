"""A provider's forecast that the site's own station corrects: through registry and store, as a request has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.result_cache import ResultCache
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.today.weather import record_text
from headland.analysis.weather.correction.record_answer import answer_forecast_record
from headland.analysis.weather.hourly_forecast import ForecastHour, HourlyForecast, hourly_forecast
from headland.contract.quantities import unit_of_channel
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.weather import Attribution, ForecastIssue, ForecastPlace, ForecastSeries, StepKind
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from station.server.site_outlooks import SiteOutlooks
from tests.analysis.weather.test_hourly_forecast import HANDLE, Farm
from tests.api.farm import write_series

DAY_0_MS = 1_800_000_000_000 // DAY_MS * DAY_MS
DAYS = 18
NOW_MS = DAY_0_MS + DAYS * DAY_MS + 7 * HOUR_MS + 20 * MINUTE_MS
#: Instants of the station's samples, in hours.
SAMPLED_H = np.arange(-24.0, DAYS * 24 + 7.3, 1 / 6)
_AHEAD = 76
_CHANNELS = ("air_temperature_degc", "relative_humidity_pct", "wind_speed_m_s")
_SOURCE = Attribution(text="Theirs.", text_zh="来自他们。", licence="none", url="https://forecast.example/")


def truth(hours: Values) -> Values:
    """Temperature, humidity and wind at instants in hours: a course of the day and weather that changes."""
    turn = 2 * np.pi * hours / 24
    front = np.sin(2 * np.pi * hours / 61) + np.sin(2 * np.pi * hours / 37.3)
    return np.stack([
        15.0 + 5.0 * np.sin(turn) + 2.0 * front,
        70.0 - 15.0 * np.sin(turn) - 5.0 * front,
        2.5 + 0.8 * np.sin(turn) + 0.6 * front,
    ])  # fmt: skip


class TaughtFarm(Farm):
    """A farm with a station, and a provider that says 2 K, 6 % and 60 % of the wind too much."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.store = MemoryStore()
        self.random = np.random.default_rng(5)

    def issue(self, at_h: int, *, off_degc: float = 2.0, off_pct: float = 6.0, windier: float = 1.6) -> ForecastIssue:
        hours = at_h + np.arange(_AHEAD, dtype=np.float64)
        degc, pct, m_s = truth(hours)
        noise = self.random.standard_normal((3, _AHEAD))
        columns = (degc + off_degc + 0.8 * noise[0], pct + off_pct + 2 * noise[1], m_s * windier * (1 + 0.1 * noise[2]))
        times_ms = tuple(int(DAY_0_MS + hour * HOUR_MS) for hour in hours)

        def series(channel: str, column: Values) -> ForecastSeries:
            return ForecastSeries(
                channel=channel, aggregation=StepKind.INSTANT, starts_ms=times_ms, ends_ms=times_ms,
                values=tuple(round(float(each), 1) for each in column),
            )  # fmt: skip

        named = dict(zip(_CHANNELS, columns, strict=True)) | {"wind_gust_m_s": columns[2] * 1.5}
        return ForecastIssue(
            provider="met-norway", model="one", asked=ForecastPlace(latitude_deg=31.95, longitude_deg=119.17),
            answered=None, issued_ms=times_ms[0], fetched_ms=times_ms[0] + 4 * MINUTE_MS,
            series=tuple(series(channel, column) for channel, column in named.items()), attribution=_SOURCE,
            simulated=True,
        )  # fmt: skip

    def say(self, until_h: int = DAYS * 24 + 8, every_h: int = 3, **more: float) -> None:
        for at_h in range(0, until_h, every_h):
            self.repositories.weather.add(self.issue(at_h, **more))

    def measure(self, device: str = "mast", off_degc: Values | float = 0.0, *, simulated: bool = True) -> None:
        degc, pct, m_s = truth(SAMPLED_H)
        time_ms = (DAY_0_MS + SAMPLED_H * HOUR_MS).astype(np.int64)
        # The provider's wind is at 10 m, a station's at 2 m: FAO-56 eq 47.
        columns = dict(zip(_CHANNELS, (degc + off_degc, pct, 0.748 * m_s), strict=True))
        write_series(self.store, HANDLE, "home", "weather_station", device, time_ms, columns, simulated=simulated)
        self.describe(device, simulated=simulated)

    def describe(self, device: str, *, simulated: bool = True) -> None:
        channels = {name: ChannelInfo(unit=unit_of_channel(name) or "") for name in _CHANNELS}
        self.store.describe(
            HANDLE, "gw",
            Descriptor(device=device, kind="weather_station", site="home", name=device, channels=channels,
                       simulated=simulated),
        )  # fmt: skip

    def scope(self, now_ms: int = NOW_MS) -> OrgScope:
        return OrgScope(self.store, self.registry, HANDLE, now_ms)

    def hourly(self, now_ms: int = NOW_MS, at_ms: int | None = None) -> HourlyForecast:
        return hourly_forecast(self.scope(now_ms), "home", now_ms if at_ms is None else at_ms)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TaughtFarm]:
    made = TaughtFarm(tmp_path)
    yield made
    made.registry.close()


def errors(hours: tuple[ForecastHour, ...], quantity: str) -> Values:
    """Return the errors of a quantity of the hours that have it."""
    row = ("temperature_degc", "humidity_pct", "wind_speed_m_s").index(quantity)
    off = []
    for hour in hours:
        value = getattr(hour, quantity)
        if value is not None:
            start = (hour.start_ms - DAY_0_MS) / HOUR_MS
            off.append(value.value - float(truth(start + np.arange(0, 1.01, 0.1))[row].mean()))
    return np.array(off)


def states(told: HourlyForecast) -> dict[str, str]:
    return {each.quantity: each.state for each in told.corrections}


def test_a_station_corrects_temperature_humidity_and_wind_and_says_so(farm: TaughtFarm) -> None:
    farm.say()
    farm.measure()
    told = farm.hourly()
    assert told.basis == "corrected"
    assert set(states(told).values()) == {"corrected"}
    assert "Corrected by mast: temperature, humidity, wind." in told.text
    assert "气温、湿度、风速已按 mast 的实测订正。" in told.text_zh
    day = told.hours[:24]
    for quantity, bias in (("temperature_degc", 2.0), ("humidity_pct", 6.0), ("wind_speed_m_s", 1.4)):
        assert abs(errors(day, quantity).mean()) < bias / 4, quantity
        assert {getattr(hour, quantity).basis for hour in day} == {"corrected"}
        assert all(getattr(hour, quantity).low < getattr(hour, quantity).value < getattr(hour, quantity).high
                   for hour in day)  # fmt: skip
    first = day[0]
    assert first.wind_gust_m_s is not None
    assert first.wind_speed_m_s is not None
    assert first.wind_gust_m_s.basis == "corrected"
    assert first.wind_gust_m_s.value == pytest.approx(1.5 * first.wind_speed_m_s.value, rel=0.05)
    assert first.wind_gust_m_s.low is None


def test_without_a_station_or_with_few_days_the_provider_s_own_is_told(farm: TaughtFarm) -> None:
    farm.say()
    alone = farm.hourly()
    assert (alone.basis, set(states(alone).values())) == ("provider", {"no_station"})
    farm.measure()
    early = DAY_0_MS + 9 * DAY_MS
    few = farm.hourly(early)
    assert (few.basis, set(states(few).values())) == ("provider", {"few_pairs"})
    assert abs(errors(few.hours[:24], "temperature_degc").mean() - 2.0) < 0.6


def test_a_station_of_the_first_day_is_not_told_to_be_missing(farm: TaughtFarm) -> None:
    """No issue is of a day that is over yet, while the station has measured for weeks."""
    farm.measure()
    farm.repositories.weather.add(farm.issue(DAYS * 24 + 6))
    told = farm.hourly()
    assert (told.basis, set(states(told).values())) == ("provider", {"few_pairs"})
    assert {each.station for each in told.corrections} == {"mast"}
    record = answer_forecast_record(farm.scope(), "home", NOW_MS)
    assert {each.state for each in record.quantities} == {"few_pairs"}
    assert record_text(record) is None


def test_a_station_without_an_hour_of_the_days_that_are_over_is_named(farm: TaughtFarm) -> None:
    farm.say()
    farm.describe("new")
    told = farm.hourly()
    assert (told.basis, set(states(told).values())) == ("provider", {"few_hours"})
    assert "new measured less than half" in told.text
    farm.measure()
    assert {each.station for each in farm.hourly().corrections} == {"mast"}


def test_issues_of_earlier_days_that_come_later_are_learned_from_on_the_same_day(farm: TaughtFarm) -> None:
    """A simulated farm gets the issues of its past after its first page was looked at."""
    cache = ResultCache()
    farm.measure()
    farm.repositories.weather.add(farm.issue(DAYS * 24 + 6))
    scope = OrgScope(farm.store, farm.registry, HANDLE, NOW_MS, cache=cache)
    assert set(states(hourly_forecast(scope, "home", NOW_MS)).values()) == {"few_pairs"}
    for at_h in range(DAYS * 24 + 3, -1, -3):
        farm.repositories.weather.add(farm.issue(at_h))
        if at_h == DAYS * 24 - 48:
            assert set(states(hourly_forecast(scope, "home", NOW_MS)).values()) == {"few_pairs"}
    assert set(states(hourly_forecast(scope, "home", NOW_MS)).values()) == {"corrected"}


def test_what_came_later_teaches_nothing_of_before(farm: TaughtFarm) -> None:
    """The past is told alike whether the days after it are known or not, and whatever they were."""
    farm.say()
    farm.measure()
    then_ms = DAY_0_MS + 15 * DAY_MS + 5 * HOUR_MS
    before = farm.hourly(then_ms)
    assert before.basis == "corrected"
    assert farm.hourly(NOW_MS, then_ms).hours == before.hours
    # Of the same past, other days after it: a heat wave that no model may know. It begins an hour later, since the
    # mean of an hour has the line to the first sample after it.
    other = TaughtFarm.__new__(TaughtFarm)
    other.registry, other.store = farm.registry, MemoryStore()
    other.measure(off_degc=np.where(SAMPLED_H >= 15 * 24 + 6, 12.0, 0.0))
    assert other.hourly(NOW_MS, then_ms).hours == before.hours
    assert other.hourly(NOW_MS).hours != farm.hourly(NOW_MS).hours


def test_a_simulated_station_teaches_no_real_forecast(farm: TaughtFarm) -> None:
    farm.say()
    farm.measure(simulated=False)
    told = farm.hourly()
    assert (told.basis, set(states(told).values())) == ("provider", {"no_station"})


def test_a_station_that_stopped_corrects_by_what_it_taught_before(farm: TaughtFarm) -> None:
    farm.say()
    farm.measure()
    silent_ms = NOW_MS + 4 * HOUR_MS
    told = farm.hourly(silent_ms)
    assert told.basis == "corrected"
    assert abs(errors(told.hours[:24], "temperature_degc").mean()) < 0.6


def test_of_two_stations_the_one_that_may_teach_does(farm: TaughtFarm) -> None:
    farm.say()
    farm.measure("a-stuck", 20.0 - truth(SAMPLED_H)[0] + 0.001 * np.sin(SAMPLED_H))
    alone = farm.hourly()
    assert states(alone)["temperature_degc"] == "stuck"
    assert "a-stuck" in alone.text
    assert alone.hours[0].temperature_degc is not None
    assert alone.hours[0].temperature_degc.basis == "provider"
    farm.measure("b-good")
    both = farm.hourly()
    assert states(both)["temperature_degc"] == "corrected"
    assert {each.quantity: each.station for each in both.corrections}["temperature_degc"] == "b-good"


def test_what_was_learned_is_learned_once_a_day(farm: TaughtFarm) -> None:
    farm.say()
    farm.measure()
    scope = farm.scope()
    first = hourly_forecast(scope, "home", NOW_MS)
    asked = scope.cache.counters()["result_cache_misses"]
    assert hourly_forecast(scope, "home", NOW_MS) == first
    assert scope.cache.counters()["result_cache_misses"] == asked
    later = replace(scope, now_ms=NOW_MS + 2 * HOUR_MS)
    hourly_forecast(later, "home", later.now_ms)
    # The last measured hours and what was said of the last one; no day and no model.
    assert scope.cache.counters()["result_cache_misses"] == asked + 4


def test_alarms_and_home_assistant_learn_once_a_day(farm: TaughtFarm) -> None:
    farm.say()
    farm.measure()
    cache = ResultCache()
    outlooks = SiteOutlooks(farm.store, farm.registry, HANDLE, cache)
    assert outlooks.outlook("home", NOW_MS, 72).basis == "corrected"
    asked = cache.counters()["result_cache_misses"]
    assert outlooks.outlook("home", NOW_MS + 10 * MINUTE_MS, 72).basis == "corrected"
    # What was measured of the last hour, which may have come meanwhile, and nothing else.
    assert cache.counters()["result_cache_misses"] == asked + 3


def test_the_record_shows_errors_beside_those_of_simple_expectations(farm: TaughtFarm) -> None:
    farm.say()
    farm.measure()
    record = answer_forecast_record(farm.scope(), "home", NOW_MS)
    assert (record.simulated, record.provider) == (True, "met-norway")
    assert [each.unit for each in record.quantities] == ["degC", "%", "m/s"]
    told, lead = record_text(record), next(one for one in record.quantities[0].leads if one.first_h <= 12 <= one.last_h)
    assert told is not None
    assert told.text.startswith(f"Temperature {lead.first_h}–{lead.last_h} h ahead")
    assert f"{lead.corrected.mean_absolute:.1f} K on average ({lead.n} hours" in told.text
    for quantity, bias in zip(record.quantities, (2.0, 6.0, 1.4), strict=True):
        assert (quantity.state, quantity.station) == ("corrected", "mast")
        near = quantity.leads[0]
        assert (near.first_h, near.last_h) == (1, 3)
        assert near.provider.bias == pytest.approx(bias, rel=0.2)
        assert abs(near.corrected.bias) < bias / 5
        assert near.corrected.mean_absolute < near.provider.mean_absolute / 2
        assert 0.8 <= near.coverage <= 1.0
        # The days that have an interval: from the fourteenth on, eight instants of three hours each.
        assert near.n >= 2 * 8 * 3
    early = answer_forecast_record(farm.scope(), "home", DAY_0_MS + 9 * DAY_MS)
    assert [each.leads for each in early.quantities] == [(), (), ()]


def test_a_correction_that_was_worse_than_the_provider_s_own_is_not_used(farm: TaughtFarm) -> None:
    """A provider that becomes right: what was learned of its error is wrong for a while."""
    farm.say(until_h=13 * 24, off_degc=4.0)
    for at_h in range(13 * 24, DAYS * 24 + 8, 3):
        farm.repositories.weather.add(farm.issue(at_h, off_degc=0.0))
    farm.measure()
    told = farm.hourly()
    (temperature,) = (each for each in told.corrections if each.quantity == "temperature_degc")
    record = answer_forecast_record(farm.scope(), "home", NOW_MS)
    worse = [lead for lead in record.quantities[0].leads if lead.is_worse]
    assert worse
    assert temperature.state == "worse" if len(worse) == len(record.quantities[0].leads) else "partly_worse"
    assert str(worse[0].first_h) in temperature.hours
    assert "30 days" in told.text
    assert "近 30 天" in told.text_zh
    for lead in worse:
        for hour in told.hours[lead.first_h - 1 : lead.last_h]:
            assert hour.temperature_degc is not None
            assert hour.temperature_degc.basis == "provider"
