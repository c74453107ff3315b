"""A house's forecast with the weather to come: recorded with and without, used while the record agrees, and said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from headland.analysis.greenhouse.crop_targets import load_crop_targets
from headland.analysis.greenhouse.forecast import HouseForecast
from headland.analysis.greenhouse.forecast_basis import basis_of_forecast, basis_of_record
from headland.analysis.greenhouse.forecast_history import past_forecasts, read_record, record_forecast
from headland.analysis.greenhouse.house import find_house
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.cards.page import list_cards
from headland.analysis.weather.house_weather import forecast_by_station
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Site
from headland.registry.models.weather import (
    Attribution,
    ForecastIssue,
    ForecastPlace,
    ForecastProviderSetting,
    ForecastSeries,
    StepKind,
)
from headland.registry.registry import open_registry
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.store.memory import MemoryStore
from headland.store.port import Points, SeriesKey, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS
from station.server.organisation import ensure_organisation
from station.server.workers.forecast_worker import ForecastWorker
from tests.agronomy.climate.said_weather import Floats, changing_weather, cold_house

HANDLE = "local"
DAYS = 14
START_MS = 1_795_507_200_000
NOW_MS = START_MS + (DAYS - 2) * DAY_MS
OUTSIDE = changing_weather(DAYS * 24)
INSIDE = cold_house(OUTSIDE)
PLACE = ForecastPlace(latitude_deg=31.95, longitude_deg=119.17)
AIR = "air_temperature_degc"


def write(store: MemoryStore, kind: str, device: str, columns: dict[str, Floats], end_ms: int) -> None:
    """Write hourly courses every five minutes, up to an instant."""
    times = START_MS + 300_000 * np.arange(DAYS * 288)
    times = times[times < end_ms]
    for channel, column in columns.items():
        key, flags = SeriesKey(HANDLE, "home", kind, device, channel), np.ones(len(times), np.uint8)
        values = np.repeat(column, 12)[: len(times)]
        store.write(WriteBatch(Points([key], np.zeros(len(times), np.int32), times, values, flags)))
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    store.describe(HANDLE, "gw", Descriptor(device=device, kind=kind, site="home", name=device, channels=channels))


def weather_columns() -> dict[str, Floats]:
    return {"outside_temperature_degc": OUTSIDE.temperature_degc, "outside_humidity_pct": OUTSIDE.humidity_pct}


def farm_store(mast: str = "house", end_ms: int = START_MS + DAYS * DAY_MS) -> MemoryStore:
    """An unheated house, with the outdoor sensors of its own, of a mast at the site, or none."""
    store = MemoryStore()
    inside = {AIR: INSIDE, "relative_humidity_pct": np.clip(110.0 - 2.0 * INSIDE, 20.0, 100.0)}
    write(store, "greenhouse", "gh-1", {**inside, **(weather_columns() if mast == "house" else {})}, end_ms)
    if mast == "site":
        write(store, "weather", "mast-1", weather_columns(), end_ms)
    return store


def issue(issued_ms: int) -> ForecastIssue:
    """A forecast of a day and a half that is right."""
    first = (issued_ms - START_MS) // HOUR_MS
    hours = range(first, min(first + 36, len(INSIDE)))
    starts = tuple(START_MS + hour * HOUR_MS for hour in hours)
    series = tuple(
        ForecastSeries(
            channel=channel, aggregation=StepKind.MEAN, starts_ms=starts, height_m=height_m,
            ends_ms=tuple(start_ms + HOUR_MS for start_ms in starts),
            values=tuple(round(float(column[hour]), 2) for hour in hours),
        )
        for channel, height_m, column in (
            (AIR, 2.0, OUTSIDE.temperature_degc), ("relative_humidity_pct", 2.0, OUTSIDE.humidity_pct),
        )
    )  # fmt: skip
    attribution = Attribution(text="Weather data by X", text_zh="X 提供天气数据", licence="CC BY 4.0", url="https://x")
    return ForecastIssue(
        provider="met-norway", model="", asked=PLACE, answered=None, issued_ms=issued_ms,
        fetched_ms=issued_ms + 60_000, series=series, attribution=attribution,
    )  # fmt: skip


class Farm:
    """A registry with a site whose provider is turned on, and the store of an unheated house."""

    def __init__(self, folder: Path) -> None:
        self.registry = open_registry(f"sqlite:///{folder}/registry.sqlite")
        self.repositories = ensure_organisation(self.registry, HANDLE, "test")
        farm = self.repositories.farms.list()[0]
        self.repositories.sites.add(
            Site(farm=farm.id, name="home", time_zone="Asia/Shanghai", longitude_deg=119.1686, latitude_deg=31.9534)
        )
        self.setting = self.repositories.forecast_providers.add(
            ForecastProviderSetting(provider="met-norway", enabled=True)
        )

    def say(self, hours: range) -> None:
        for hour in hours:
            assert self.repositories.weather.add(issue(NOW_MS + hour * HOUR_MS))

    def scope(self, store: MemoryStore, now_ms: int) -> OrgScope:
        return OrgScope(store, self.registry, HANDLE, now_ms)

    def forecast(self, store: MemoryStore, now_ms: int = NOW_MS + 360_000, hours: int = 24) -> HouseForecast:
        scope = self.scope(store, now_ms)
        house = find_house(scope, "gh-1")
        return forecast_by_station(scope, house, load_crop_targets(), now_ms, hours, with_skill=False)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    yield made
    made.registry.close()


def test_both_forecasts_are_recorded_and_the_one_with_weather_is_told_with_its_source(farm: Farm) -> None:
    farm.say(range(7))
    store, clock = farm_store(), [0]
    worker = ForecastWorker(farm.registry, store, HANDLE, lambda: clock[0])
    for hour in range(7):
        clock[0] = NOW_MS + hour * HOUR_MS + 360_000
        assert worker.forecast_all() == 1
    (first, *_) = farm.repositories.forecasts.find("gh-1", NOW_MS, NOW_MS + HOUR_MS)
    quantity = first.quantities[AIR]
    assert quantity.uses_weather
    assert quantity.made == quantity.with_weather != quantity.without_weather
    assert first.weather is not None
    assert (first.weather.basis, first.weather.provider, first.weather.issued_ms) == ("provider", "met-norway", NOW_MS)
    basis = basis_of_record(first, NOW_MS + 2 * HOUR_MS)
    assert "MET Norway" in basis.text
    assert "2 h" in basis.text
    assert "MET Norway" in basis.text_zh
    assert basis.attribution is not None
    # The record has the errors of both, and the house follows the weather.
    scope = farm.scope(store, clock[0])
    house = find_house(scope, "gh-1")
    errors = read_record(farm.repositories, house, NOW_MS + 6 * HOUR_MS)[AIR].compare(3)
    assert errors is not None
    # Of the origins at every third hour two have their third hour behind them.
    assert errors.n == 2
    came = INSIDE[(NOW_MS - START_MS) // HOUR_MS + 2 :][:4:3]
    both = farm.repositories.forecasts.of_origins("gh-1", [NOW_MS, NOW_MS + 3 * HOUR_MS])
    said = [(one.quantities[AIR].with_weather[2], one.quantities[AIR].without_weather[2]) for one in both]
    off = np.abs(np.array(said, float) - came[:, None]).mean(axis=0)
    assert [errors.mae_with, errors.mae_without] == pytest.approx(off.tolist(), abs=2e-3)
    told = past_forecasts(farm.repositories, house, NOW_MS, NOW_MS + 3 * HOUR_MS, 1)[AIR]
    assert told.basis == ["provider"] * 3
    assert told.made == told.with_weather != told.without_weather
    card = list_cards(scope, 5, kind="greenhouse").cards[0]
    assert card.basis is not None
    assert card.basis.basis == "provider"


def test_where_the_record_is_worse_with_weather_the_forecast_is_without_it_and_says_so(farm: Farm) -> None:
    farm.say(range(2))
    store = farm_store()
    before = farm.forecast(store)
    assert before.verdicts[AIR].is_used
    # Thirty days in which the air temperature was forecast 3 K too high with the weather, and 1 K too high without.
    for day in range(1, 31):
        for hour in range(0, 24, 3):
            origin_ms = NOW_MS - day * DAY_MS + hour * HOUR_MS
            farm.repositories.forecasts.save(_bad_record(origin_ms, before))
    forecast = farm.forecast(store)
    assert not forecast.verdicts[AIR].is_used
    for ahead, earlier in zip(forecast.ahead, before.ahead, strict=True):
        assert ahead.answers[AIR].value == ahead.without_weather[AIR] == earlier.without_weather[AIR]
        assert ahead.with_weather[AIR] == earlier.with_weather[AIR] != ahead.without_weather[AIR]
    # Other quantities have no such record.
    assert (
        forecast.ahead[5].answers["relative_humidity_pct"].value
        == forecast.ahead[5].with_weather["relative_humidity_pct"]
    )
    basis = basis_of_forecast(forecast, NOW_MS)
    assert basis.not_used_for == [AIR]
    assert "larger errors" in basis.text
    assert "误差更大" in basis.text_zh
    # The range is that of the errors without the weather, which were all 1 K.
    answer = forecast.ahead[5].answers[AIR]
    assert answer.value is not None
    assert [answer.low, answer.high] == pytest.approx([answer.value - 1.0] * 2)
    house = find_house(farm.scope(store, NOW_MS), "gh-1")
    record_forecast(farm.repositories, house, forecast, NOW_MS)
    (kept,) = farm.repositories.forecasts.find("gh-1", NOW_MS, NOW_MS + 1)
    assert not kept.quantities[AIR].uses_weather
    assert kept.quantities[AIR].with_weather
    assert basis_of_record(kept, NOW_MS).not_used_for == [AIR]


def _bad_record(origin_ms: int, like: HouseForecast) -> Forecast:
    weather = like.weather.source
    assert weather is not None
    quantity = msgspec.convert(
        {
            "made": [23.0] * 24, "low": [None] * 24, "high": [None] * 24, "as_now": 20.0, "as_yesterday": [20.0] * 24,
            "measured": [20.0] * 24, "with_weather": [23.0] * 24, "without_weather": [21.0] * 24, "uses_weather": True,
        },
        QuantityForecast,
    )  # fmt: skip
    return Forecast(house="gh-1", origin_ms=origin_ms, made_ms=origin_ms, quantities={AIR: quantity}, weather=weather)


def test_a_house_without_outdoor_sensors_learns_from_the_mast_of_its_site(farm: Farm) -> None:
    farm.say(range(2))
    own, site = farm.forecast(farm_store()), farm.forecast(farm_store("site"))
    assert site.expected == own.expected == ["outside_temperature_degc", "outside_vapour_kpa"]
    hours = range(24)
    error = [site.ahead[at].answers[AIR].value - INSIDE[(NOW_MS - START_MS) // HOUR_MS + at] for at in hours]
    plain = [site.ahead[at].without_weather[AIR] - INSIDE[(NOW_MS - START_MS) // HOUR_MS + at] for at in hours]
    assert np.abs(error).mean() < np.abs(plain).mean()


def test_without_outdoor_measurements_a_weather_forecast_is_not_used_and_that_is_said(farm: Farm) -> None:
    farm.say(range(2))
    forecast = farm.forecast(farm_store("none"))
    assert forecast.expected == []
    assert forecast.ahead[5].answers[AIR].value is not None
    assert forecast.ahead[5].with_weather == {}
    basis = basis_of_forecast(forecast, NOW_MS)
    assert basis.basis == "own_past"
    assert "no outdoor measurements" in basis.text
    assert "没有室外实测数据" in basis.text_zh


def test_without_a_provider_the_forecast_is_as_before_and_says_why(farm: Farm) -> None:
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, enabled=False))
    forecast = farm.forecast(farm_store())
    assert forecast.ahead[5].answers[AIR].value is not None
    assert forecast.verdicts == {}
    basis = basis_of_forecast(forecast, NOW_MS)
    assert basis.basis == "own_past"
    assert "an administrator can turn on a provider" in basis.text


def test_nothing_measured_after_the_origin_reaches_the_forecast(farm: Farm) -> None:
    farm.say(range(-2, 1))
    later_ms = NOW_MS + 20 * HOUR_MS
    now = farm.forecast(farm_store(end_ms=NOW_MS))
    again = forecast_by_station(
        farm.scope(farm_store(), later_ms), find_house(farm.scope(farm_store(), later_ms), "gh-1"),
        load_crop_targets(), NOW_MS + 360_000, 24, with_skill=False,
    )  # fmt: skip
    assert [hour.answers for hour in again.ahead] == [hour.answers for hour in now.ahead]


def test_further_hours_of_a_recorded_forecast_rest_on_what_its_first_hours_do(farm: Farm) -> None:
    store = farm_store()
    house = find_house(farm.scope(store, NOW_MS), "gh-1")
    alone = farm.forecast(store, hours=6)
    record_forecast(farm.repositories, house, alone, NOW_MS)
    farm.say(range(1))
    driven = farm.forecast(store)
    record_forecast(farm.repositories, house, driven, NOW_MS)
    (kept,) = farm.repositories.forecasts.find("gh-1", NOW_MS, NOW_MS + 1)
    quantity = kept.quantities[AIR]
    assert not quantity.uses_weather
    assert kept.weather is None
    assert len(quantity.made) == 24
    assert quantity.made[12] == pytest.approx(driven.ahead[12].without_weather[AIR], abs=1e-3)


def test_a_request_of_three_hours_leaves_the_cards_of_the_night_whole(farm: Farm) -> None:
    farm.say(range(2))
    store = farm_store()
    now_ms = NOW_MS + 60_000
    scope = farm.scope(store, now_ms)
    record_forecast(farm.repositories, find_house(scope, "gh-1"), farm.forecast(store, now_ms, hours=3), now_ms)
    (card,) = list_cards(scope, 5, kind="greenhouse").cards
    assert card.forecast_ms == now_ms
    (kept,) = farm.repositories.forecasts.find("gh-1", NOW_MS, NOW_MS + 1)
    assert len(kept.quantities[AIR].made) == 24
