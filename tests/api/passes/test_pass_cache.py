"""Answers about a pass come from the cache while nothing they depend on has changed, and never after."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import find_pass, list_passes
from headland.registry.models.models import FieldZone, PatternPoint, ZoneKind
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, OWN, START_MS, write_series, write_spreader_flight
from tests.api.passes.test_pass_cells import prescription, registry_at
from tests.api.registry_api import RegistryApi
from tests.api.server import body_of
from tests.api.spread_field import APPLIED_KG, SPREADER, WINDOW, box, declaration, serve_spread_field

PATHS = ("as-applied", "cells", "deviation", "resume", "settlement")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def farm_api(store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("cache"), store) as served:
        yield served


@pytest.fixture
def pass_id(farm_api: RegistryApi) -> str:
    answer = farm_api.client.post("/v1/passes", json=declaration(farm_api))
    assert answer.status_code == 201, answer.text
    declared: str = answer.json()["id"]
    return declared


def ask(farm_api: RegistryApi, pass_id: str, path: str, **params: Any) -> Any:
    return body_of(
        farm_api.client.get(f"/v1/passes/{pass_id}/{path}", params=params, headers={"Accept": "application/json"})
    )


def counters(farm_api: RegistryApi) -> dict[str, float]:
    text = farm_api.client.get("/metrics").text
    found = re.findall(r"^headland_result_cache_(\w+?)(?:_total)? (\S+)$", text, re.M)
    return {name: float(value) for name, value in found}


def misses(farm_api: RegistryApi) -> float:
    return counters(farm_api)["misses"]


def add_flow(store: MemoryStore, extra_kg_min: float, offset_ms: int) -> None:
    """Write late samples between the meter's own, which raise the flow."""
    seconds = np.arange(400)
    into = seconds % 50
    flow = np.where((into >= 1) & (into < 39), 18.0 + extra_kg_min, 0.0)
    write_series(
        store, OWN, "home", "drone", SPREADER, START_MS + 1000 * seconds + offset_ms, {"mass_flow_kg_min": flow}
    )


@pytest.mark.parametrize("path", PATHS)
def test_a_second_request_computes_nothing_and_answers_the_same(farm_api: RegistryApi, pass_id: str, path: str) -> None:
    first = ask(farm_api, pass_id, path)
    before = counters(farm_api)
    assert ask(farm_api, pass_id, path) == first
    after = counters(farm_api)
    assert after["misses"] == before["misses"]
    assert after["hits"] > before["hits"]
    assert after["entries"] > 0
    assert after["bytes"] > 0


def test_the_routes_of_a_pass_share_its_telemetry_and_map(farm_api: RegistryApi, pass_id: str) -> None:
    ask(farm_api, pass_id, "as-applied", cell_m=2.0)
    before = misses(farm_api)
    ask(farm_api, pass_id, "deviation", cell_m=2.0)
    assert misses(farm_api) == before + 1
    ask(farm_api, pass_id, "cells", cell_m=2.0)
    assert misses(farm_api) == before + 1


@pytest.mark.parametrize("path", PATHS)
def test_late_samples_give_the_answer_of_a_station_that_had_them_from_the_start(
    store: MemoryStore, farm_api: RegistryApi, pass_id: str, path: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    early = ask(farm_api, pass_id, path)
    add_flow(store, 6.0, 500)
    late = ask(farm_api, pass_id, path)
    assert late != early
    fresh_store = MemoryStore()
    add_flow(fresh_store, 6.0, 500)
    with serve_spread_field(tmp_path_factory.mktemp("fresh"), fresh_store) as fresh:
        other_id = fresh.client.post("/v1/passes", json=declaration(fresh)).json()["id"]
        expected = ask(fresh, other_id, path)
        names = {
            other_id: pass_id,
            fresh.ids["field"]: farm_api.ids["field"],
            fresh.ids["products"]: farm_api.ids["products"],
        }
    assert late == renamed(expected, names)


def renamed(value: Any, names: dict[str, str]) -> Any:
    """Return JSON with ids of one registry in the place of another's."""
    text = msgspec.json.encode(value).decode()
    for theirs, ours in names.items():
        text = text.replace(theirs, ours)
    return msgspec.json.decode(text)


def test_late_samples_of_a_detected_pass_give_a_new_answer(store: MemoryStore, farm_api: RegistryApi) -> None:
    [detected] = farm_api.client.get(f"/v1/fields/{farm_api.ids['field']}/passes", params=WINDOW).json()["items"]
    early = ask(farm_api, detected["id"], "as-applied", swath_m=5.0)["amount"]["value"]
    assert early == pytest.approx(APPLIED_KG, rel=0.02)
    add_flow(store, 6.0, 500)
    assert ask(farm_api, detected["id"], "as-applied", swath_m=5.0)["amount"]["value"] > early * 1.1


def test_samples_of_another_time_and_of_another_device_invalidate_nothing(
    store: MemoryStore, farm_api: RegistryApi, pass_id: str
) -> None:
    ask(farm_api, pass_id, "cells")
    before = misses(farm_api)
    later_ms = NOW_MS + 3_600_000 + 1000 * np.arange(50)
    write_series(store, OWN, "home", "drone", SPREADER, later_ms, {"mass_flow_kg_min": np.full(50, 3.0)})
    write_series(
        store, OWN, "home", "weather", "wx-9", START_MS + 1000 * np.arange(50), {"wind_speed_m_s": np.full(50, 3.0)}
    )
    ask(farm_api, pass_id, "cells")
    assert misses(farm_api) == before


def test_a_changed_implement_gives_a_new_answer(farm_api: RegistryApi, pass_id: str) -> None:
    early = ask(farm_api, pass_id, "as-applied")
    implement = farm_api.repositories.implements.get(farm_api.ids["implement"])
    wide = tuple(PatternPoint(offset_m=x, rate=1.0) for x in (-4.0, 0.0, 4.0))
    farm_api.repositories.implements.change(msgspec.structs.replace(implement, swath_m=8.0, pattern=wide))
    late = ask(farm_api, pass_id, "as-applied")
    assert (early["swath_m"], late["swath_m"]) == (5.0, 8.0)
    assert late["places"] != early["places"]


def test_a_changed_field_gives_a_new_answer(farm_api: RegistryApi, pass_id: str) -> None:
    early = ask(farm_api, pass_id, "as-applied")["places"]
    field = farm_api.repositories.fields.get(farm_api.ids["field"])
    pond = FieldZone(kind=ZoneKind.EXCLUSION, name="pond", geometry=box(50, 0, 100, 10))
    farm_api.repositories.fields.change(msgspec.structs.replace(field, zones=(*field.zones, pond)))
    late = ask(farm_api, pass_id, "as-applied")["places"]
    assert early["exclusion"] == 0.0
    assert late["exclusion"] > 0.0


def test_another_plan_gives_another_deviation_of_the_same_map(farm_api: RegistryApi, pass_id: str) -> None:
    by_pass = ask(farm_api, pass_id, "deviation")
    before = misses(farm_api)
    by_query = ask(farm_api, pass_id, "deviation", planned_rate_ha=240.0)
    assert (by_pass["planned_rate_ha"], by_query["planned_rate_ha"]) == (120.0, 240.0)
    assert misses(farm_api) == before + 1


def test_a_newer_prescription_becomes_the_plan_of_a_pass_that_names_none(farm_api: RegistryApi) -> None:
    declared = {**declaration(farm_api), "planned_rate_ha": None}
    pass_id = farm_api.client.post("/v1/passes", json=declared).json()["id"]
    assert ask(farm_api, pass_id, "cells", format="json")["reason"] == "no_plan"
    registry, repositories = registry_at(farm_api, START_MS - 86_400_000)
    made = repositories.prescriptions.add(prescription(farm_api, "two rates"))
    registry.close()
    assert ask(farm_api, pass_id, "cells", format="json")["plan"]["prescription"] == made.id


def test_a_descriptor_with_a_computed_flow_gives_a_new_answer(
    store: MemoryStore, farm_api: RegistryApi, pass_id: str
) -> None:
    early = ask(farm_api, pass_id, "as-applied")["amount"]["evidence"]
    [record] = [r for r in store.devices(OWN) if r.descriptor.device == SPREADER]
    channels = dict(record.descriptor.channels)
    channels["mass_flow_kg_min"] = msgspec.structs.replace(channels["mass_flow_kg_min"], evidence="tank_mass")
    store.describe(OWN, record.gateway, msgspec.structs.replace(record.descriptor, channels=channels))
    late = ask(farm_api, pass_id, "as-applied")["amount"]["evidence"]
    assert (early, late) == ("measured_flow", "tank_mass")


def test_the_list_of_passes_asks_the_store_no_more_often_for_more_of_them(
    store: MemoryStore, farm_api: RegistryApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def count_calls(name: str) -> None:
        of_store = getattr(store, name)

        def counted(*given: Any) -> Any:
            asked.append(name)
            return of_store(*given)

        monkeypatch.setattr(store, name, counted)

    for name in ("buckets", "events", "raw"):
        count_calls(name)
    path = f"/v1/fields/{farm_api.ids['field']}/passes"

    def count(repeats: int) -> tuple[int, int]:
        farm_api.client.get(path, params=WINDOW | {"start": START_MS - 40 * 86_400_000})
        asked.clear()
        items = farm_api.client.get(path, params=WINDOW | {"start": START_MS - 40 * 86_400_000}).json()["items"]
        assert len(items) == repeats
        return len(items), len(asked)

    _, for_one = count(1)
    for day in (3, 9, 30):
        write_spreader_flight(store, SPREADER, sensed=True, start_ms=START_MS - day * 86_400_000)
    assert count(4)[1] == for_one


def test_a_pass_that_is_found_in_a_list_has_the_results_of_the_one_that_is_asked_for(
    store: MemoryStore, farm_api: RegistryApi
) -> None:
    found = f"{farm_api.ids['field']}~{SPREADER}~{START_MS + 1000}"
    scope = OrgScope(store, farm_api.registry, OWN, NOW_MS)
    (listed,) = list_passes(scope, farm_api.ids["field"], Window(WINDOW["start"], WINDOW["end"]))
    assert listed.key == find_pass(scope, found).key
