"""The farmOS export: a pass and a greenhouse's days as JSON:API documents, checked against the standard's rules."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from headland.contract.records import Descriptor
from headland.registry.models.models import Greenhouse, GreenhouseZone
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN, START_MS, write_series
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import APPLIED_KG, SPREADER, declaration, serve_spread_field

DAY_MS = 86_400_000
MIDNIGHT_MS = START_MS - START_MS % DAY_MS
#: farmOS's field types: measures of core's quantity, and what a log may refer to.
MEASURES = {"count", "length", "weight", "area", "volume", "time", "temperature", "pressure", "water_content", "value",
            "rate", "rating", "ratio", "probability", "speed"}  # fmt: skip
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*[A-Za-z0-9]")


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    store = MemoryStore()
    times = MIDNIGHT_MS - 2 * DAY_MS + 60_000 * np.arange(2 * 1440)
    swing = np.sin(np.arange(len(times)) / 30.0)
    mild = {"air_temperature_degc": 20.0 + 0.5 * swing, "relative_humidity_pct": 50.0 - swing}
    # Of the second day only nine hours were heard.
    some = {name: values[:1500] for name, values in mild.items()}
    write_series(store, OWN, "wuhan", "greenhouse", "gh-day", times[:1500], some, simulated=True)
    store.describe(
        OWN, "gw-1", Descriptor(device="gh-day", kind="greenhouse", site="wuhan", name="House", simulated=True)
    )
    with serve_spread_field(tmp_path_factory.mktemp("farmos"), store) as served:
        house = served.repositories.greenhouses.add(
            Greenhouse(farm=served.ids["farms"], site=served.ids["sites"], name="House 2")
        )
        served.repositories.zones.add(GreenhouseZone(greenhouse=house.id, name="west"))
        assert served.client.post("/v1/passes", json=declaration(served)).status_code == 201
        yield served


def export(farm_api: RegistryApi, **query: Any) -> Any:
    answer = farm_api.client.get("/v1/export/farmos", params={**query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.api+json"
    return answer.json()


def logs(document: Any, kind: str) -> list[Any]:
    return [log for log in document["data"] if log["type"] == f"log--{kind}"]


def quantities(document: Any, log: Any) -> dict[str, tuple[float, str]]:
    """Return value and unit of a log's quantities by label, as a reader of JSON:API finds them."""
    by_id = {(resource["type"], resource["id"]): resource for resource in document["included"]}
    values = {}
    for reference in log["relationships"]["quantity"]["data"]:
        resource = by_id[reference["type"], reference["id"]]
        unit = resource["relationships"]["units"]["data"]
        name = by_id[unit["type"], unit["id"]]["attributes"]["name"]
        values[resource["attributes"]["label"]] = (float(resource["attributes"]["value"]["decimal"]), name)
    return values


def test_a_pass_is_an_input_log_with_what_was_metered_and_its_material(farm_api: RegistryApi) -> None:
    document = export(farm_api)
    (log,) = logs(document, "input")
    assert log["attributes"]["name"] == "Urea on Equator"
    assert log["attributes"]["timestamp"] == "2026-11-24T08:00:00.000Z"
    values = quantities(document, log)
    assert {label: unit for label, (_, unit) in values.items()} == {
        "released": "kg",
        "on the usable field": "kg",
        "mean rate on the treated ground": "kg/ha",
        "treated ground": "ha",
    }
    assert values["released"][0] == pytest.approx(APPLIED_KG)
    assert 0.8 * APPLIED_KG < values["on the usable field"][0] < APPLIED_KG
    materials = [resource for resource in document["included"] if resource["type"] == "taxonomy_term--material_type"]
    assert [resource["attributes"]["name"] for resource in materials] == ["Urea"]
    rests_on = msgspec.json.decode(log["attributes"]["data"])
    assert rests_on["released"]["evidence"] == "measured_flow"
    (machine,) = log["relationships"]["equipment"]["data"]
    assert any(
        resource["id"] == machine["id"] and resource["attributes"]["name"] == SPREADER
        for resource in document["included"]
    )


def test_a_local_day_is_an_observation_with_the_numbers_that_are_known_and_no_others(farm_api: RegistryApi) -> None:
    document = export(farm_api)
    first, second = logs(document, "observation")[-2:]
    values = quantities(document, first)
    assert [unit for _, unit in (values["air_temperature_degc"], values["vpd_kpa"])] == ["degC", "kPa"]
    assert values["air_temperature_degc"][0] == pytest.approx(20.0, abs=0.1)
    assert values["vpd_kpa"][0] == pytest.approx(1.17, abs=0.03)
    # Days are those of Shanghai: they end at 16:00 UTC.
    assert first["attributes"]["timestamp"].endswith("T16:00:00.000Z")
    assert "simulated" in first["attributes"]["name"]
    assert "vpd_kpa" not in quantities(document, second)
    assert "Too little data for" in second["attributes"]["notes"]["value"]
    assert msgspec.json.decode(second["attributes"]["data"])["vpd_kpa"]["reason"] == "insufficient_data"


def test_every_document_is_valid_json_api(farm_api: RegistryApi) -> None:
    document = export(farm_api)
    assert document["jsonapi"] == {"version": "1.1"}
    assert set(document) == {"jsonapi", "links", "data", "included"}
    resources = [*document["data"], *document["included"]]
    identities = [(resource["type"], resource["id"]) for resource in resources]
    assert len(set(identities)) == len(identities)
    referred: set[tuple[str, str]] = set()
    for resource in resources:
        assert set(resource) <= {"type", "id", "attributes", "relationships"}
        assert str(uuid.UUID(resource["id"])) == resource["id"]
        names = [*resource["attributes"], *resource.get("relationships", {})]
        assert all(NAME.fullmatch(name) for name in names)
        assert len(set(names)) == len(names)
        for related in resource.get("relationships", {}).values():
            linked = related["data"] if isinstance(related["data"], list) else [related["data"]]
            referred |= {(each["type"], each["id"]) for each in linked}
    # Full linkage: all that is included is referred to, and all that is referred to is included.
    assert referred == {(resource["type"], resource["id"]) for resource in document["included"]}
    measures = {
        resource["attributes"]["measure"]
        for resource in document["included"]
        if resource["type"].startswith("quantity")
    }
    assert measures <= MEASURES


def test_pages_of_one_are_the_same_logs_with_the_same_ids(farm_api: RegistryApi) -> None:
    whole = export(farm_api)
    assert whole["links"]["next"] is None
    page = export(farm_api, **{"page[size]": 1})
    found = page["data"]
    while page["links"]["next"]:
        page = farm_api.client.get(page["links"]["next"]).json()
        found += page["data"]
    assert found == whole["data"]
    only = export(farm_api, **{"filter[type]": "log--input"})
    assert only["data"] == logs(whole, "input")


def test_what_is_not_known_is_refused(farm_api: RegistryApi) -> None:
    def status(**query: Any) -> httpx.Response:
        return farm_api.client.get("/v1/export/farmos", params=query)

    assert status(sort="name").status_code == 400
    assert status(**{"page[size]": 0}).status_code == 422
    assert status(**{"filter[start]": NOW_MS, "filter[end]": START_MS}).status_code == 400


def test_windows_at_both_ends_of_the_calendar_hold_no_day(farm_api: RegistryApi) -> None:
    for end in (-62_135_596_800_000 + 1000, 253_402_300_799_999):
        window = {"filter[start]": end - 1000, "filter[end]": end}
        assert export(farm_api, **window)["data"] == []
