"""Gain of a plan over HTTP: by a fitted climate model of the house, and why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from headland.agronomy.series.arrays import Values
from headland.contract.records import Descriptor
from headland.registry.models.house_model import HeldOut, HouseModel, HouseStructure
from headland.registry.models.models import Greenhouse, Site
from headland.registry.models.weather import Attribution, ForecastIssue, ForecastPlace, ForecastSeries, StepKind
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.api.farm import NOW_MS, OWN, write_series
from tests.api.greenhouses.test_tonight import Farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

TIME_MS = NOW_MS - 4 * DAY_MS + 600_000 * np.arange(4 * DAY_MS // 600_000)


def degc(time_ms: Values) -> Values:
    """Return outdoor air of a clear day and night, by the clock of UTC+8."""
    return np.asarray(9 + 6 * np.cos(2 * np.pi * (time_ms / HOUR_MS + 8 - 14.5) / 24))


def sun_w_m2(time_ms: Values) -> Values:
    clock_h = (time_ms / HOUR_MS + 8) % 24
    return np.asarray(np.maximum(0.0, 300 * np.sin(np.pi * (clock_h - 7) / 10)) * ((clock_h > 7) & (clock_h < 17)))


def columns_of(time_ms: Values) -> dict[str, Values]:
    """Return what the mast and the house measure; a sensor that never changes counts as stuck."""
    swing = 1 + 0.02 * np.sin(time_ms / 7e6)
    return {
        "outside_temperature_degc": degc(time_ms), "outside_humidity_pct": 80.0 * swing,
        "global_radiation_w_m2": sun_w_m2(time_ms), "wind_speed_m_s": 1.0 * swing,
        "air_temperature_degc": 2 + degc(time_ms), "relative_humidity_pct": 96.0 * swing,
    }  # fmt: skip


#: A tunnel that nobody airs, with a crop that gives off water.
MODEL = HouseModel(
    structure=HouseStructure.TUNNEL,
    parameters={"vent_above_pct": 300.0, "leaf_area_index": 1.5},
    held_out=HeldOut(
        start_ms=0, end_ms=14 * DAY_MS, hours=336, temperature_rmse_k=0.5, humidity_rmse_pct=0.1,
        temperature_yesterday_rmse_k=1.5, humidity_yesterday_rmse_pct=6.0,
    ),
)  # fmt: skip


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """A farm with a house in mild, moist weather, and a forecast for its site."""
    registry, repositories, _ = fill_registry(tmp_path)
    owner = repositories.farms.list()[0].id
    site = Site(farm=owner, name="shouguang", time_zone="Asia/Shanghai", latitude_deg=36.86, longitude_deg=118.74)
    site = repositories.sites.add(site)
    repositories.greenhouses.add(Greenhouse(farm=owner, site=site.id, name="gh-wet"))
    store = MemoryStore()
    write_series(store, OWN, "shouguang", "greenhouse", "gh-wet", TIME_MS, columns_of(TIME_MS.astype(np.float64)))
    store.describe(OWN, "gw-1", Descriptor(device="gh-wet", kind="greenhouse", site="shouguang", name="gh-wet"))
    repositories.weather.add(issue())
    with serve(own_app(store, registry=registry, now_ms=lambda: NOW_MS)) as client:
        made = Farm(client, repositories)
        made.forecast("gh-wet", leaf_condensation_margin_k=-1.0, relative_humidity_pct=98.0)
        yield made
    registry.close()


def issue() -> ForecastIssue:
    starts_ms = NOW_MS // HOUR_MS * HOUR_MS + HOUR_MS * np.arange(-2, 40)
    middles_ms = (starts_ms + HOUR_MS / 2).astype(np.float64)
    said = {
        "air_temperature_degc": degc(starts_ms.astype(np.float64)), "relative_humidity_pct": np.full(42, 80.0),
        "global_radiation_w_m2": sun_w_m2(middles_ms), "wind_speed_m_s": np.full(42, 1.5),
    }  # fmt: skip
    series = []
    for name, values in said.items():
        is_mean = name == "global_radiation_w_m2"
        series.append(
            ForecastSeries(
                channel=name, aggregation=StepKind.MEAN if is_mean else StepKind.INSTANT,
                starts_ms=tuple(starts_ms.tolist()), ends_ms=tuple((starts_ms + HOUR_MS * is_mean).tolist()),
                values=tuple(values.tolist()),
            )
        )  # fmt: skip
    return ForecastIssue(
        provider="met-norway", model="complete", asked=ForecastPlace(latitude_deg=36.86, longitude_deg=118.74),
        answered=None, issued_ms=NOW_MS - HOUR_MS, fetched_ms=NOW_MS - HOUR_MS, series=tuple(series),
        attribution=Attribution(text="Theirs.", text_zh="他们的。", licence="none", url="https://forecast.example/"),
    )  # fmt: skip


def save(farm: Farm, model: HouseModel | None) -> None:
    (house,) = (each for each in farm.repositories.greenhouses.all() if each.name == "gh-wet")
    farm.repositories.greenhouses.change(msgspec.structs.replace(house, climate_model=model))


def plan(farm: Farm) -> dict[str, Any]:
    (house,) = (each for each in farm.repositories.greenhouses.all() if each.name == "gh-wet")
    answer = farm.client.get(f"/v1/greenhouses/{house.id}/plan")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_plan_tells_its_wet_hours_with_and_without_by_the_fitted_model_of_the_house(farm: Farm) -> None:
    save(farm, MODEL)
    told = plan(farm)
    gain = told["gain"]
    assert gain is not None, told["gain_reason"]
    assert told["gain_reason"] is None
    assert gain["wet_hours_before"] > gain["wet_hours_after"] + 1
    assert gain["is_told"]
    assert f"± {gain['error_hours']:.1f} h" in gain["text"]
    house = told["strip"]["house"]
    assert house["avoided"]["wet"]
    for start_ms, end_ms in house["avoided"]["wet"]:
        assert any(first <= start_ms < end_ms <= last for first, last in house["hazards"]["wet"])
    (row,) = (each for each in farm.client.get("/v1/today").json()["rows"] if each["name"] == "gh-wet")
    assert row["action"]["gain"] == gain
    assert row["strip"] == told["strip"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (None, "no climate model"),
        ({"held_out": None}, "was not fitted"),
        ({"temperature_yesterday_rmse_k": None}, "Fit again"),
        ({"humidity_yesterday_rmse_pct": 0.1}, "no better than yesterday"),
        ({"temperature_yesterday_rmse_k": 0.4}, "no better than yesterday"),
        ({"temperature_yesterday_rmse_k": 0.0}, "no better than yesterday"),
    ],
)
def test_a_plan_without_a_model_that_is_good_enough_says_why_no_gain_is_told(
    farm: Farm, change: dict[str, Any] | None, reason: str
) -> None:
    model = None
    if change is not None and "held_out" in change:
        model = msgspec.structs.replace(MODEL, held_out=None)
    elif change is not None:
        assert MODEL.held_out is not None
        model = msgspec.structs.replace(MODEL, held_out=msgspec.structs.replace(MODEL.held_out, **change))
    save(farm, model)
    told = plan(farm)
    assert told["gain"] is None
    assert reason in told["gain_reason"]["text"]
    assert told["strip"]["house"]["avoided"]["wet"] == []
