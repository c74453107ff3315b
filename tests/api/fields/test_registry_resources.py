"""Farms, sites, fields, products, implements and seasons over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.farm import NOW_MS
from tests.api.registry_api import RegistryApi, serve_registry


@pytest.fixture
def farm_api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path) as served:
        yield served


OUTLINE = [[[119.18, 31.95], [119.182, 31.95], [119.182, 31.952], [119.18, 31.952], [119.18, 31.95]]]


def field(farm_api: RegistryApi, **more: Any) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": OUTLINE}
    return {"farm": farm_api.ids["farms"], "name": "South", "geometry": geometry, **more}


def kind_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"]).removeprefix("urn:headland:problem:")


@pytest.mark.parametrize("path", ["farms", "sites", "fields", "products", "implements", "seasons", "greenhouses"])
def test_a_returned_record_can_be_sent_back_as_a_change(farm_api: RegistryApi, path: str) -> None:
    thing = f"/v1/{path}/{farm_api.ids[path]}"
    record = farm_api.client.get(thing)
    assert record.headers["etag"] == '"1"'
    changed = farm_api.client.put(thing, json={**record.json(), "name": "Other"})
    assert changed.status_code == 200, changed.text
    assert {**record.json(), "name": "Other", "version": 2, "changed_ms": NOW_MS} == changed.json()
    assert [item["name"] for item in farm_api.client.get(f"/v1/{path}").json()["items"]] == ["Other"]


def test_a_new_field_has_an_address_and_its_geodesic_area(farm_api: RegistryApi) -> None:
    pond = {"kind": "buffer", "name": "ditch", "width_m": 5, "geometry": {"type": "Polygon", "coordinates": OUTLINE}}
    created = farm_api.client.post("/v1/fields", json=field(farm_api))
    assert created.status_code == 201, created.text
    record = farm_api.client.get(created.headers["location"]).json()
    # GeographicLib's value for a rectangle of this size at this latitude.
    assert record["area_m2"] == pytest.approx(41_934.12218, rel=1e-8)
    assert record["geometry"] == {"type": "Polygon", "coordinates": OUTLINE}
    covered = farm_api.client.put(created.headers["location"], json={**record, "zones": [pond]}).json()
    assert covered["usable_area_m2"] == pytest.approx(0.0, abs=1e-6)


def test_parts_holes_and_heights_of_an_outline_are_taken(farm_api: RegistryApi) -> None:
    hole = [[119.1805, 31.9505, 12.0], [119.1805, 31.951, 12.0], [119.181, 31.951, 12.0], [119.1805, 31.9505, 12.0]]
    far = [[[x + 0.01, y] for x, y in OUTLINE[0]]]
    geometry = {"type": "MultiPolygon", "coordinates": [[OUTLINE[0], hole], far]}
    created = farm_api.client.post("/v1/fields", json=field(farm_api, geometry=geometry)).json()
    assert created["geometry"]["type"] == "MultiPolygon"
    assert len(created["geometry"]["coordinates"][0]) == 2
    assert 2 * 41_934.12218 > created["area_m2"] > 1.9 * 41_934.12218


def test_a_change_needs_the_version_that_it_changes(farm_api: RegistryApi) -> None:
    thing = f"/v1/products/{farm_api.ids['products']}"
    body = {"name": "Urea", "kind": "granular", "n_pct": 46, "p2o5_pct": 0, "k2o_pct": 0}
    assert kind_of(farm_api.client.put(thing, json=body)) == "no-version"
    assert farm_api.client.put(thing, json=body, headers={"If-Match": '"1"'}).json()["version"] == 2
    late = farm_api.client.put(thing, json=body, headers={"If-Match": '"1"'})
    assert (late.status_code, kind_of(late), late.json()["found"]) == (412, "changed-meanwhile", 2)
    far = farm_api.client.put(thing, json={**body, "version": 2**64})
    assert (far.status_code, kind_of(far)) == (412, "changed-meanwhile")
    assert farm_api.client.put(thing, json=body, headers={"If-Match": "*"}).json()["version"] == 3
    assert kind_of(farm_api.client.put(thing, json=body, headers={"If-Match": "3"})) == "bad-etag"
    assert farm_api.client.get(thing, headers={"If-None-Match": '"3"'}).status_code == 304


def test_a_referenced_record_is_not_deleted(farm_api: RegistryApi) -> None:
    thing = f"/v1/fields/{farm_api.ids['fields']}"
    assert kind_of(farm_api.client.delete(thing)) == "no-version"
    refused = farm_api.client.delete(thing, params={"version": 1})
    assert (refused.status_code, kind_of(refused)) == (409, "conflict")
    season = f"/v1/seasons/{farm_api.ids['seasons']}"
    assert farm_api.client.delete(season, headers={"If-Match": '"1"'}).status_code == 204
    farm_api.repositories.prescriptions.delete(farm_api.ids["prescriptions"], 1)
    farm_api.repositories.holdings.delete(farm_api.ids["holdings"], 1)
    farm_api.repositories.trials.delete(farm_api.ids["trials"], 1)
    farm_api.repositories.irrigations.delete(farm_api.ids["irrigations"], 1)
    farm_api.repositories.irrigation_zones.delete(farm_api.ids["irrigation_zones"], 1)
    assert farm_api.client.delete(thing, params={"version": 1}).status_code == 204
    assert kind_of(farm_api.client.get(thing)) == "unknown-field"


def test_records_are_listed_in_pages_and_filtered_by_their_parent(farm_api: RegistryApi) -> None:
    for number in range(3):
        farm_api.client.post("/v1/fields", json=field(farm_api, name=f"field {number}"))
    first = farm_api.client.get("/v1/fields", params={"limit": 3}).json()
    second = farm_api.client.get("/v1/fields", params={"limit": 3, "cursor": first["next"]}).json()
    names = [item["name"] for item in first["items"] + second["items"]]
    assert sorted(names) == ["North", "field 0", "field 1", "field 2"]
    assert names == [item["name"] for item in farm_api.client.get("/v1/fields").json()["items"]]
    assert second["next"] is None
    mine = farm_api.client.get("/v1/seasons", params={"field": farm_api.ids["fields"]}).json()["items"]
    assert [item["crop"] for item in mine] == ["winter wheat"]
    other = next(item["id"] for item in first["items"] if item["name"] != "North")
    assert farm_api.client.get("/v1/seasons", params={"field": other}).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "status", "kind", "why"),
    [
        ({"farm": "0" * 26}, 400, "unknown-farm", "no farm"),
        ({"name": "North"}, 409, "conflict", "choose another name"),
        ({"name": ""}, 422, "bad-body", "Name: required"),
        ({"colour": "green"}, 422, "bad-body", "'colour'"),
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}}, 422, "bad-body", "Point"),
        (
            {"geometry": {"type": "Polygon", "coordinates": [[[y, x] for x, y in OUTLINE[0]]]}},
            400,
            "invalid-record",
            "swapped",
        ),
        ({"geometry": {"type": "Polygon", "coordinates": [OUTLINE[0][:-1]]}}, 400, "invalid-record", "not closed"),
    ],
)
def test_an_invalid_field_is_refused_with_a_sentence(
    farm_api: RegistryApi, change: dict[str, Any], status: int, kind: str, why: str
) -> None:
    refused = farm_api.client.post("/v1/fields", json=field(farm_api, **change))
    assert (refused.status_code, kind_of(refused)) == (status, kind), refused.text
    assert why in refused.json()["detail"]


def test_a_body_that_is_not_json_is_a_problem(farm_api: RegistryApi) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"[" * 50):
        assert kind_of(farm_api.client.post("/v1/products", content=body)) == "bad-body"


def test_without_a_registry_there_are_no_records(client: httpx.Client) -> None:
    assert kind_of(client.get("/v1/fields")) == "no-registry"


def test_a_note_belongs_to_a_greenhouse_or_a_field_and_is_listed_by_either(farm_api: RegistryApi) -> None:
    house, ground = farm_api.ids["greenhouses"], farm_api.ids["fields"]
    note_body = {"time_ms": 1_795_507_200_000, "author": "Wang", "text": "晨间结露"}
    created = farm_api.client.post("/v1/notes", json={**note_body, "field": ground})
    assert created.status_code == 201, created.text
    of_house, of_field = (
        farm_api.client.get("/v1/notes", params=params).json()["items"]
        for params in ({"greenhouse": house}, {"field": ground})
    )
    assert [note["id"] for note in of_house] == [farm_api.ids["notes"]]
    assert [note["text"] for note in of_field] == ["晨间结露"]
    both = farm_api.client.post("/v1/notes", json={**note_body, "field": ground, "greenhouse": house})
    assert (both.status_code, kind_of(both)) == (400, "invalid-record")


def test_the_crop_and_stage_of_a_zone_are_changed_over_the_api(farm_api: RegistryApi) -> None:
    zone = farm_api.client.get(f"/v1/greenhouse-zones/{farm_api.ids['zones']}").json()
    changed = farm_api.client.put(f"/v1/greenhouse-zones/{zone['id']}", json={**zone, "stage": "fruiting"})
    assert changed.json()["stage"] == "fruiting"
