"""What another setting would have done in a greenhouse, over HTTP: with a fitted, a declared and no climate model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from headland.agronomy.house_twin.base import glasshouse
from headland.agronomy.house_twin.drive import HUMIDITY, TEMPERATURE
from headland.agronomy.house_twin.held_out import LaterErrors
from headland.contract.records import Descriptor
from headland.registry.models.models import Greenhouse, Site
from headland.store.memory import MemoryStore
from station.simulation.house_fit import model_of
from tests.api.farm import OWN, write_series
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
#: 2026-01-12 08:00 in Shouguang, UTC+8, after four days and nights of measured weather.
NOW_MS = 1_768_176_000_000
TIME_MS = NOW_MS - 4 * DAY_MS + 600_000 * np.arange(4 * DAY_MS // 600_000)
CLOCK_H = (TIME_MS / HOUR_MS + 8) % 24
WEATHER = {
    "outside_temperature_degc": -2 + 5 * np.cos(2 * np.pi * (CLOCK_H - 14.5) / 24),
    "outside_humidity_pct": np.full(len(TIME_MS), 60.0),
    "global_radiation_w_m2": np.maximum(0.0, 480 * np.sin(np.pi * (CLOCK_H - 7.5) / 9.5))
    * ((CLOCK_H > 7.5) & (CLOCK_H < 17)),
    "wind_speed_m_s": np.full(len(TIME_MS), 2.0),
}
INSIDE = {
    "air_temperature_degc": 13 + 5 * np.cos(2 * np.pi * (CLOCK_H - 14) / 24),
    "relative_humidity_pct": 85 - 10 * np.cos(2 * np.pi * (CLOCK_H - 14) / 24),
}
DECLARED: Any = {"structure": "solar-earth-wall", "parameters": {}, "held_out": None}


class Farm:
    """The API over a house with its weather, and the house's record."""

    def __init__(self, client: httpx.Client, greenhouse: str) -> None:
        self.client, self.greenhouse = client, greenhouse

    def save(self, model: Any) -> httpx.Response:
        """Save the climate model as the page does: the whole record with the file's content."""
        path = f"/v1/greenhouses/{self.greenhouse}"
        (record,) = (one for one in self.client.get("/v1/greenhouses").json()["items"] if one["id"] == self.greenhouse)
        return self.client.put(
            path, json={**record, "climate_model": model}, headers={"If-Match": f'"{record["version"]}"'}
        )

    def ask(self, **query: Any) -> httpx.Response:
        return self.client.get(f"/v1/greenhouses/{self.greenhouse}/what-if", params=query)

    def figures(self, **query: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the answer, and its figures by their quantity."""
        response = self.ask(**query)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer, {figure["quantity"]: figure for figure in answer["figures"]}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    folder: Path = tmp_path_factory.mktemp("registry")
    registry, repositories, _ = fill_registry(folder)
    owner = repositories.farms.list()[0].id
    site = repositories.sites.add(
        Site(farm=owner, name="shouguang", time_zone="Asia/Shanghai", latitude_deg=36.86, longitude_deg=118.74)
    )
    greenhouse = repositories.greenhouses.add(Greenhouse(farm=owner, site=site.id, name="gh-solar"))
    store = MemoryStore()
    write_series(store, OWN, "shouguang", "greenhouse", "gh-solar", TIME_MS, {**WEATHER, **INSIDE})
    store.describe(OWN, "gw-1", Descriptor(device="gh-solar", kind="greenhouse", site="shouguang", name="gh-solar"))
    with serve(own_app(store, registry=registry, now_ms=lambda: NOW_MS)) as client:
        yield Farm(client, greenhouse.id)
    registry.close()


def fitted() -> Any:
    """Return the content of the file of a fit."""
    errors = LaterErrors(96, 0.4, 0.0, 0.9, 0.0, 2.0)
    figures = {TEMPERATURE: errors, HUMIDITY: replace(errors, rmse=6.0)}
    model = model_of(replace(glasshouse(), leakage=2e-4), (), figures, (NOW_MS - 9 * DAY_MS, NOW_MS - 5 * DAY_MS))
    return msgspec.json.decode(msgspec.json.encode(model))


def test_without_a_model_the_answer_says_how_to_give_one(farm: Farm) -> None:
    assert farm.save(None).is_success
    response = farm.ask(setting="quilt_close_h", changed=15.0)
    assert response.status_code == 409
    assert "no-climate-model" in response.json()["type"]
    assert "import the file of a fit" in response.json()["detail"]


def test_a_declared_model_says_whole_numbers_without_an_interval(farm: Farm) -> None:
    assert farm.save(DECLARED).is_success
    answer, figures = farm.figures(setting="quilt_close_h", changed=18.5)
    assert (answer["basis"], answer["weather"], answer["as_is"], answer["changed"]) == (
        "declared",
        "measured",
        16.5,
        18.5,
    )
    assert (answer["start_ms"], answer["end_ms"]) == (NOW_MS - 20 * HOUR_MS, NOW_MS)
    assert "declared, not fitted" in answer["text"]
    assert not [note for note in answer["notes"] if note.endswith("not_counted")]
    assert "未用本棚实测数据率定" in answer["text_zh"]
    for figure in figures.values():
        for one in (figure["as_is"], figure["changed"], figure["difference"]):
            assert (one["low"], one["high"]) == (None, None)
            assert one["value"] == round(one["value"])
        assert not figure["is_told"]
    assert figures["lowest_degc"]["difference"]["value"] <= 0
    # Measured: the lowest hour of the house itself.
    assert figures["lowest_degc"]["measured"] == pytest.approx(8.0, abs=0.2)


def test_the_file_of_a_fit_is_a_model_and_its_errors_are_the_interval(farm: Farm) -> None:
    model = fitted()
    saved = farm.save(model)
    assert saved.is_success, saved.text
    assert saved.json()["climate_model"] == model
    answer, figures = farm.figures(setting="night_degc", changed=5.0)
    assert (answer["basis"], answer["held_out"]) == ("fitted", model["held_out"])
    assert answer["as_is"] == model["parameters"]["night_degc"]
    lowest = figures["lowest_degc"]
    for one in (lowest["as_is"], lowest["changed"]):
        assert one["high"] - one["low"] == pytest.approx(2 * 1.645 * 0.4, abs=0.11)
    assert lowest["difference"]["value"] < -2
    assert lowest["is_told"]
    # What the interval does not count is said; the last night's weather was measured.
    assert "measured positions" in answer["notes"]["positions_not_counted"]
    assert "forecast_not_counted" not in answer["notes"]
    assert answer["text"] == " ".join(answer["notes"].values())
    assert answer["text_zh"] == "".join(answer["notes_zh"].values())
    # Other limits are other hours of the same night.
    _, colder = farm.figures(setting="night_degc", changed=5.0, below_degc=-10.0)
    assert colder["cold_h"]["changed"]["value"] == 0 < figures["cold_h"]["changed"]["value"]
    assert colder["lowest_degc"] == lowest


def test_what_the_model_does_not_know_is_refused_with_a_remedy(farm: Farm) -> None:
    unknown = farm.save({**DECLARED, "parameters": {"quilt_hour": 16.0}})
    assert unknown.status_code == 400
    assert "quilt_hour" in unknown.json()["detail"]
    assert "quilt_close_h" in unknown.json()["detail"]
    curtain = farm.ask(setting="curtain", changed=15.0)
    assert (curtain.status_code, curtain.json()["errors"][0]["parameter"]) == (422, "setting")
    assert farm.save(fitted()).is_success
    absent = farm.ask(setting="quilt_close_h", changed=15.0)
    assert absent.status_code == 409
    assert "quilt_m2k_w" in absent.json()["detail"]
    assert farm.save(DECLARED).is_success
    assert farm.ask(setting="quilt_close_h", changed=24.0).status_code == 400


def test_an_answer_commands_and_changes_nothing(farm: Farm) -> None:
    assert farm.save(DECLARED).is_success

    def known() -> Any:
        paths = "/v1/greenhouses", "/v1/devices", "/v1/events", "/v1/alarms"
        return [farm.client.get(path).json().get("items") for path in paths]

    before = known()
    assert farm.ask(setting="vent_above_degc", changed=20.0).is_success
    assert known() == before
    path = f"/v1/greenhouses/{farm.greenhouse}/what-if"
    assert {farm.client.request(method, path).status_code for method in ("POST", "PUT", "DELETE")} <= {404, 405}
