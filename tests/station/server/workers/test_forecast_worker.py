"""The station forecasts its houses by the hour; what it said, and how far off it was, outlives it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from headland.analysis.greenhouse.forecast_history import forecast_errors, past_forecasts
from headland.analysis.greenhouse.house import find_house
from headland.analysis.inputs import sensor_faults
from headland.analysis.inputs.result_cache import ResultCache
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes import detection
from headland.analysis.tonight import field_statements
from headland.analysis.tonight.cards import forecasts
from headland.analysis.tonight.cards import page as cards_page
from headland.analysis.tonight.today.page import answer_today
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Farm, Field, Greenhouse, Site
from headland.registry.models.reach import ReachFact
from headland.registry.registry import open_registry
from headland.store.memory import MemoryStore
from headland.store.port import Points, SeriesKey, WriteBatch
from station.server.organisation import ensure_organisation
from station.server.workers.forecast_worker import ForecastWorker
from tests.api.farm import NOW_MS as FARM_NOW_MS
from tests.api.farm import OWN, fill_farm, write_spreader_flight
from tests.api.spread_field import FIELD, SPREADER

HANDLE = "local"
HOUR = 3_600_000
START_MS = 1_795_507_200_000
NOW_MS = START_MS + 11 * 24 * HOUR
HOURS = 6


def sunny_house() -> MemoryStore:
    """A house that follows the sun for twelve days, with some noise; the last of them lie ahead of these tests."""
    store, random = MemoryStore(), np.random.default_rng(5)
    times = START_MS + 300_000 * np.arange(12 * 288)
    wave = np.sin(2 * np.pi * ((times - START_MS) / (24 * HOUR) - 0.3))
    columns = {
        "air_temperature_degc": 19.0 + 5.0 * wave + random.normal(0, 0.3, len(times)),
        "relative_humidity_pct": 75.0 - 15.0 * wave + random.normal(0, 1.0, len(times)),
    }
    keys = [SeriesKey(HANDLE, "home", "greenhouse", "gh-1", channel) for channel in columns]
    index = np.repeat(np.arange(2, dtype=np.int32), len(times))
    flags = np.ones(len(index), np.uint8)
    store.write(WriteBatch(Points(keys, index, np.tile(times, 2), np.concatenate([*columns.values()]), flags)))
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    store.describe(HANDLE, "gw", Descriptor(device="gh-1", kind="greenhouse", site="home", name="1", channels=channels))
    return store


def test_what_was_forecast_is_kept_as_it_was_said_and_its_error_told_after_a_restart(tmp_path: Path) -> None:
    store, clock = sunny_house(), [NOW_MS]
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    registry = open_registry(url)
    keeper = ForecastWorker(registry, store, HANDLE, lambda: clock[0])
    for hour in range(HOURS + 2):
        clock[0] = NOW_MS + hour * HOUR + 360_000
        assert keeper.forecast_all() == 1
        # A second time in the hour changes nothing of what was said.
        if hour == 0:
            said = ensure_organisation(registry, HANDLE, "test").forecasts.find("gh-1", NOW_MS, NOW_MS + 1)
            keeper.forecast_all()
            again = ensure_organisation(registry, HANDLE, "test").forecasts.find("gh-1", NOW_MS, NOW_MS + 1)
            assert again == said
    registry.close()

    registry = open_registry(url)
    repositories = ensure_organisation(registry, HANDLE, "test")
    house = find_house(OrgScope(store, registry, HANDLE, clock[0]), "gh-1")
    record = forecast_errors(repositories, house, clock[0])
    skill = record["air_temperature_degc"][1]
    assert skill is not None
    # Of eight origins the last two lie too late for their second hour to have come.
    assert skill.n == HOURS
    told = past_forecasts(repositories, house, NOW_MS, NOW_MS + 12 * HOUR, 2)["air_temperature_degc"]
    assert told.time_ms == [NOW_MS + HOUR * (hour + 1) for hour in range(HOURS + 2)]
    pairs = [(m, t) for m, t in zip(told.made, told.measured, strict=True) if m is not None and t is not None]
    error = np.array([made - measured for made, measured in pairs])
    assert len(error) == HOURS
    assert skill.rmse == pytest.approx(np.sqrt((error**2).mean()))
    assert skill.rmse < skill.persistence_rmse
    measured = [
        19.0 + 5.0 * np.sin(2 * np.pi * ((at + HOUR / 2 - START_MS) / (24 * HOUR) - 0.3)) for at in told.time_ms
    ]
    assert [t for t in told.measured if t is not None] == pytest.approx(measured[:HOURS], abs=0.4)
    # What was measured but is not yet known stays open.
    assert told.measured[HOURS:] == [None, None]
    registry.close()


def test_a_house_that_is_not_in_use_is_not_forecast(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    repositories = ensure_organisation(registry, HANDLE, "test")
    farm = repositories.farms.add(Farm(name="Home"))
    site = repositories.sites.add(Site(farm=farm.id, name="home", time_zone="Asia/Shanghai"))
    house = repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name="gh-1", active=False))
    worker = ForecastWorker(registry, sunny_house(), HANDLE, lambda: NOW_MS)
    assert worker.forecast_all() == 0
    repositories.greenhouses.change(msgspec.structs.replace(house, active=True))
    assert worker.forecast_all() == 1
    registry.close()


def test_the_first_page_finds_forecasts_and_verdicts_made_before_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its forecast is made at the first look; an hour later there are new hours to judge and no new forecast yet."""
    store, answers, clock = sunny_house(), ResultCache(), [NOW_MS]
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    ensure_organisation(registry, HANDLE, "test")
    worker = ForecastWorker(registry, store, HANDLE, lambda: clock[0], answers)
    worker.prepare()
    clock[0] += HOUR
    worker.prepare()

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a request must not compute it")

    monkeypatch.setattr(forecasts, "forecast_by_station", fail)
    monkeypatch.setattr(sensor_faults, "find_faults", fail)
    scope = OrgScope(store, registry, HANDLE, clock[0], cache=answers)
    page = answer_today(scope, None, ReachFact(state="none", people=0, tried_ms=None), None, lambda: None)
    strip = page.rows[0].strip
    assert page.making is None
    assert strip is not None
    assert strip.house is not None
    assert len([value for value in strip.house.air_degc if value is not None]) > 24
    registry.close()


def test_the_first_page_finds_passes_and_windows_of_fields_made_before_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, answers = fill_farm(), ResultCache()
    write_spreader_flight(store, SPREADER, sensed=True)
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    repositories = ensure_organisation(registry, OWN, "test")
    farm = repositories.farms.add(Farm(name="Home"))
    site = repositories.sites.add(
        Site(farm=farm.id, name="home", time_zone="Asia/Shanghai", longitude_deg=10.0, latitude_deg=0.0)
    )
    field = repositories.fields.add(Field(farm=farm.id, name="Equator", geometry=FIELD, site=site.id))
    now_ms = FARM_NOW_MS + HOUR
    ForecastWorker(registry, store, OWN, lambda: now_ms, answers).prepare()

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a request must not compute it")

    monkeypatch.setattr(detection, "_search_visit", fail)
    monkeypatch.setattr(cards_page, "field_statements", fail)
    monkeypatch.setattr(field_statements, "hourly_forecast", fail)
    scope = OrgScope(store, registry, OWN, now_ms, cache=answers)
    page = answer_today(scope, None, ReachFact(state="none", people=0, tried_ms=None), None, lambda: None)
    (row,) = [row for row in page.rows if row.id == field.id]
    assert row.kind == "field"
    registry.close()
