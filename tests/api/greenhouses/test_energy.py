"""Energy of a greenhouse over HTTP: by week, with coverage, and a cost once a price is entered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from headland.contract.records import Descriptor
from headland.registry.models.models import Greenhouse, Site
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

DAY_MS = 86_400_000
#: Thursday 2026-01-15, 00:00 in Shouguang, UTC+8: this week's Monday was 2026-01-12.
NOW_MS = 1_768_406_400_000
#: Since Tuesday, every five minutes.
TIME_MS = np.arange(NOW_MS - 2 * DAY_MS, NOW_MS, 300_000)
HEAT: dict[str, Any] = {"kind": "heat", "price": 100.0, "unit": "GJ", "currency": "CNY", "from_day": "2026-01-01"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    registry, repositories, _ = fill_registry(tmp_path)
    owner = repositories.farms.list()[0].id
    site = repositories.sites.add(Site(farm=owner, name="shouguang", time_zone="Asia/Shanghai"))
    repositories.greenhouses.add(Greenhouse(farm=owner, site=site.id, name="gh-solar", floor_area_m2=500.0))
    store = MemoryStore()
    columns = {"heating_power_w_m2": np.full(len(TIME_MS), 50.0), "lamp_power_pct": np.full(len(TIME_MS), 50.0)}
    write_series(store, OWN, "shouguang", "greenhouse", "gh-solar", TIME_MS, columns)
    store.describe(OWN, "gw-1", Descriptor(device="gh-solar", kind="greenhouse", site="shouguang", name="gh-solar"))
    with serve(own_app(store, registry=registry, now_ms=lambda: NOW_MS)) as served:
        yield served
    registry.close()


def save(client: httpx.Client, **facts: Any) -> httpx.Response:
    record = next(one for one in client.get("/v1/greenhouses").json()["items"] if one["name"] == "gh-solar")
    headers = {"If-Match": f'"{record["version"]}"'}
    return client.put(f"/v1/greenhouses/{record['id']}", json={**record, **facts}, headers=headers)


def this_week(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/v1/greenhouses/gh-solar/energy", params={"weeks": 2}).json()
    return {**answer["weeks"][0], "missing": [each["kind"] for each in answer["missing"]]}


def test_the_energy_of_a_week_is_that_of_the_recorded_hours_and_a_price_makes_it_a_cost(client: httpx.Client) -> None:
    week = this_week(client)
    (heat,) = week["items"]
    assert (week["week"], heat["kind"], heat["known_h"]) == ("2026-W03", "heat", 48.0)
    assert heat["kwh_m2"] == pytest.approx(2.4)
    assert heat["kwh"] == pytest.approx(1200.0)
    assert heat["coverage"] == pytest.approx(2 / 3)  # of Monday to now
    assert (heat["cost"], heat["currency"]) == (None, None)
    assert heat["reason"]["text"] == "No price of heat is entered: energy only."
    assert week["missing"] == ["lamps", "fans"]
    assert save(client, energy_prices=[HEAT]).is_success
    (heat,) = this_week(client)["items"]
    assert (heat["cost"], heat["currency"], heat["reason"]) == (pytest.approx(432.0), "CNY", None)  # 4.32 GJ
    assert save(client, lamp_power_w_m2=100.0).is_success
    lamps = next(item for item in this_week(client)["items"] if item["kind"] == "lamps")
    assert lamps["kwh_m2"] == pytest.approx(2.4)
    assert lamps["cost"] is None


def test_a_price_of_a_cubic_metre_needs_its_energy_and_a_day_has_one_price(client: httpx.Client) -> None:
    refused = save(client, energy_prices=[{**HEAT, "unit": "m3"}])
    assert (refused.status_code, "the heat of a m3 in kWh" in refused.json()["detail"]) == (400, True)
    assert save(client, energy_prices=[HEAT, {**HEAT, "price": 3.0}]).status_code == 400
    assert client.get("/v1/greenhouses/nothing/energy").status_code == 404
    assert client.get("/v1/greenhouses/gh-solar/energy", params={"weeks": 14}).status_code == 422
