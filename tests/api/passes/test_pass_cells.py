"""Cell maps over HTTP: deviation by zone, map formats, evidence of a cell, and remaining work."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely
from msgspec.structs import replace
from numpy.typing import NDArray

from headland.registry.models.models import Season
from headland.registry.models.prescriptions import PrescribedZone, Prescription, pack_cells
from headland.registry.registry import open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.memory import MemoryStore
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, NOW_MS, START_MS
from tests.api.registry_api import RegistryApi, ask
from tests.api.spread_field import declaration, serve_spread_field

#: The west half is to get what it got, 120 kg/ha; the east half more.
WEST_HA, EAST_HA = 120.0, 200.0


def read_safetensors(body: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return the arrays of a file and its texts, by the layout that its project publishes."""
    (length,) = struct.unpack("<Q", body[:8])
    header, numbers = json.loads(body[8 : 8 + length]), body[8 + length :]
    assert (8 + length) % 4 == 0
    about = header.pop("__metadata__")
    assert max(entry["data_offsets"][1] for entry in header.values()) == len(numbers)
    arrays = {
        name: np.frombuffer(numbers[slice(*entry["data_offsets"])], {"F32": "<f4", "U8": "|u1"}[entry["dtype"]])
        for name, entry in header.items()
    }
    return {name: array.reshape(header[name]["shape"]) for name, array in arrays.items()}, about


def prescription(farm_api: RegistryApi, name: str, **changes: Any) -> Prescription:
    """Return a prescription of two zones over the field, not yet kept."""
    labels = np.zeros((40, 200), np.int64)
    labels[:, 100:] = 1
    zones = tuple(
        PrescribedZone(rate_ha=rate, area_ha=0.4, amount=rate * 0.4, n_kg_ha=None, index_mean=0.5)
        for rate in (WEST_HA, EAST_HA)
    )
    values = {
        "field": farm_api.ids["field"], "name": name, "product": farm_api.ids["products"], "unit": "kg/ha",
        "south_deg": -2.5 / NORTH_DEG_M, "west_deg": 10.0, "cell_north_deg": 1 / NORTH_DEG_M,
        "cell_east_deg": 1 / EAST_DEG_M, "cell_m": 1.0, "rows": 40, "columns": 200, "cells": pack_cells(labels),
        "zones": zones, "total": 128.0, "checks": (), "method": {},
    }  # fmt: skip
    return Prescription(**{**values, **changes})


def registry_at(farm_api: RegistryApi, now_ms: int) -> tuple[Any, OrganisationRepositories]:
    """Return the registry as it was acted on at another time."""
    registry = open_registry(farm_api.registry._database.shown_url, lambda: now_ms)
    return registry, registry.repositories(farm_api.repositories.organisation, "test")


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("cells"), MemoryStore()) as served:
        yield served


@pytest.fixture(scope="module")
def made(farm_api: RegistryApi) -> Prescription:
    """A prescription of yesterday."""
    registry, repositories = registry_at(farm_api, START_MS - 86_400_000)
    kept = repositories.prescriptions.add(prescription(farm_api, "two rates"))
    registry.close()
    return kept


@pytest.fixture(scope="module")
def declared_pass(farm_api: RegistryApi, made: Prescription) -> dict[str, Any]:
    declared = {**declaration(farm_api), "planned_rate_ha": None, "prescription": made.id}
    answer = farm_api.client.post("/v1/passes", json=declared)
    assert answer.status_code == 201, answer.text
    assert answer.json()["prescription"] == made.id
    found: dict[str, Any] = answer.json()
    return found


def refusal(farm_api: RegistryApi, path: str, **params: Any) -> tuple[int, str]:
    answer = farm_api.client.get(path, params=params or None)
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_each_zone_of_the_passs_prescription_is_compared_with_its_own_rate(
    farm_api: RegistryApi, made: Prescription, declared_pass: dict[str, Any]
) -> None:
    answer = ask(farm_api, f"/v1/passes/{declared_pass['id']}/deviation", cell_m=1)
    assert answer["plan"]["source"] == "pass_prescription"
    assert f"prescription {made.id} (pass_prescription)" in answer["inputs"]
    west, east = answer["zones"]
    assert (west["planned_rate_ha"], west["kind"]) == (WEST_HA, "on_target")
    assert west["applied_rate_ha"] == pytest.approx(WEST_HA, rel=0.05)
    assert (east["planned_rate_ha"], east["kind"]) == (EAST_HA, "under")
    assert east["planned"] == pytest.approx(99.5 * 35 * EAST_HA / 10_000, rel=0.02)
    assert east["difference"] == pytest.approx(-0.4 * east["planned"], rel=0.08)
    assert answer["planned"] == pytest.approx(west["planned"] + east["planned"])
    assert answer["applied"] == pytest.approx(west["applied"] + east["applied"])
    assert sum(east["class_m2"].values()) == pytest.approx(east["area_m2"])
    assert answer["unplanned_m2"] == 0.0


def test_the_newest_prescription_of_the_field_is_the_plan_only_where_it_is_certain(
    farm_api: RegistryApi, made: Prescription, declared_pass: dict[str, Any]
) -> None:
    declared = {**declaration(farm_api), "start_ms": START_MS + 3, "planned_rate_ha": None}
    plain = farm_api.client.post("/v1/passes", json=declared).json()
    path = f"/v1/passes/{plain['id']}/deviation"
    found = ask(farm_api, path)
    assert (found["plan"]["source"], found["plan"]["prescription"]) == ("field_prescription", made.id)
    assert found["zones"] == ask(farm_api, f"/v1/passes/{declared_pass['id']}/deviation")["zones"]
    registry, repositories = registry_at(farm_api, START_MS - 3_600_000)
    # For another product it is none of this pass; made after it neither; for a season it makes two.
    other = repositories.products.add(
        msgspec.structs.replace(repositories.products.list()[0], id="", name="Other urea")
    )
    repositories.prescriptions.add(prescription(farm_api, "other product", product=other.id))
    farm_api.repositories.prescriptions.add(prescription(farm_api, "made after the pass"))
    assert ask(farm_api, path)["plan"]["prescription"] == made.id
    season = repositories.seasons.add(Season(field=farm_api.ids["field"], name="wheat", crop="winter wheat"))
    seasonal = repositories.prescriptions.add(prescription(farm_api, "of a season", season=season.id))
    assert refusal(farm_api, path) == (409, "ambiguous-plan")
    assert ask(farm_api, path, prescription=seasonal.id)["plan"]["source"] == "query_prescription"
    cells = ask(farm_api, f"/v1/passes/{plain['id']}/cells", format="json")
    assert (cells["plan"], cells["reason"]) == (None, "ambiguous_plan")
    # A newer one for the same product and season takes the older one's place.
    repositories.prescriptions.delete(seasonal.id, seasonal.version)
    newer = repositories.prescriptions.add(prescription(farm_api, "two rates, again"))
    assert ask(farm_api, path)["plan"]["prescription"] == newer.id
    registry.close()


def test_a_plan_of_another_field_is_refused(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    path = f"/v1/passes/{declared_pass['id']}/deviation"
    assert refusal(farm_api, path, prescription=farm_api.ids["prescriptions"]) == (400, "other-field")
    assert refusal(farm_api, path, prescription="0" * 26) == (400, "unknown-prescription")
    assert refusal(farm_api, path, prescription="0" * 26, planned_rate_ha=1) == (400, "two-plans")
    litres = farm_api.repositories.prescriptions.add(prescription(farm_api, "litres", unit="L/ha"))
    assert refusal(farm_api, path, prescription=litres.id) == (400, "other-unit")
    declared = {**declaration(farm_api), "start_ms": START_MS + 4, "prescription": farm_api.ids["prescriptions"]}
    for rate in (None, 100.0):
        assert farm_api.client.post("/v1/passes", json={**declared, "planned_rate_ha": rate}).status_code == 400


def test_the_cells_are_polygons_with_planned_and_applied_rate_class_and_cause(
    farm_api: RegistryApi, declared_pass: dict[str, Any]
) -> None:
    path = f"/v1/passes/{declared_pass['id']}/cells"
    answer = ask(farm_api, path, cell_m=5)
    assert answer["type"] == "FeatureCollection"
    assert (answer["unit"], answer["cell_m"], answer["plan"]["source"]) == ("kg", 5.0, "pass_prescription")
    grid = ask(farm_api, path, cell_m=5, format="json")
    planned, applied = (np.array(grid["grid"][name], float) for name in ("planned_ha", "applied_ha"))
    assert planned.shape == (answer["rows"], answer["columns"])
    for feature in answer["features"]:
        own, at = feature["properties"], (feature["properties"]["row"], feature["properties"]["column"])
        assert feature["id"] == at[0] * answer["columns"] + at[1]
        assert own["applied_ha"] == applied[at]
        assert own["planned_ha"] == (None if np.isnan(planned[at]) else planned[at])
        assert own["kind"] == (grid["names"]["kind"][grid["grid"]["kind"][at[0]][at[1]]] if own["kind"] else None)
        middle = shapely.Polygon(feature["geometry"]["coordinates"][0]).centroid
        assert middle.x == pytest.approx(answer["west_deg"] + (at[1] + 0.5) * answer["east_step_deg"], abs=1e-8)
        assert middle.y == pytest.approx(answer["south_deg"] + (at[0] + 0.5) * answer["north_step_deg"], abs=1e-8)
        if own["place"] == "usable":
            assert own["planned_ha"] == (WEST_HA if middle.x < 10 + 100 / EAST_DEG_M else EAST_HA)
            assert own["difference_ha"] == pytest.approx(own["applied_ha"] - own["planned_ha"], abs=2e-3)
        else:
            assert (own["planned_ha"], own["kind"]) == (None, None)
    told = farm_api.client.get(path, params={"cell_m": 5, "format": "safetensors"})
    assert told.headers["content-type"] == "application/octet-stream"
    arrays, about = read_safetensors(told.content)
    assert arrays.keys() == {"planned_ha", "applied_ha", "kind", "cause", "evidence", "place"}
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, np.array(grid["grid"][name], array.dtype))
    assert json.loads(about["head"]) == {name: value for name, value in grid.items() if name != "grid"}
    kinds = [f["properties"]["kind"] for f in answer["features"] if f["properties"]["zone"] == 0]
    assert kinds.count("on_target") > 0.8 * len(kinds)
    usual = ask(farm_api, path)
    # The side of the sums' cells: a map of these can be drawn.
    assert usual["cell_m"] == 1.0
    assert refusal(farm_api, path, cell_m=0.25)[0] == 422


def test_without_a_plan_the_cells_have_the_applied_rate_and_a_reason(farm_api: RegistryApi) -> None:
    declared = {**declaration(farm_api), "start_ms": START_MS + 5, "planned_rate_ha": None, "product": None}
    registry, repositories = registry_at(farm_api, START_MS - 1)
    field = msgspec.structs.replace(repositories.fields.get(farm_api.ids["field"]), id="", name="Same ground", zones=())
    declared["field"] = repositories.fields.add(field).id
    registry.close()
    bare = farm_api.client.post("/v1/passes", json=declared).json()
    cells = ask(farm_api, f"/v1/passes/{bare['id']}/cells", cell_m=5)
    assert (cells["plan"], cells["reason"]) == (None, "no_plan")
    assert {f["properties"]["kind"] for f in cells["features"]} == {None}
    assert max(f["properties"]["applied_ha"] for f in cells["features"]) == pytest.approx(120.0, rel=0.05)


def test_the_evidence_of_a_cell_adds_up_to_the_amount_on_the_map(
    farm_api: RegistryApi, declared_pass: dict[str, Any]
) -> None:
    assert farm_api.client.post(f"/v1/passes/{declared_pass['id']}/close").status_code == 200
    grid = ask(farm_api, f"/v1/passes/{declared_pass['id']}/cells", cell_m=2, format="json")
    place = {"latitude_deg": 22.4 / NORTH_DEG_M, "longitude_deg": 10 + 150.3 / EAST_DEG_M}
    answer = ask(farm_api, f"/v1/passes/{declared_pass['id']}/cell", cell_m=2, **place)
    at = answer["cell"]["row"], answer["cell"]["column"]
    assert answer["applied"]["rate_ha"] == pytest.approx(grid["grid"]["applied_ha"][at[0]][at[1]], abs=1e-3)
    assert answer["cell"]["south_deg"] < place["latitude_deg"] < answer["cell"]["north_deg"]
    assert (answer["planned"]["rate_ha"], answer["planned"]["zone"], answer["kind"]) == (EAST_HA, 1, "under")
    assert sum(visit["amount"] for visit in answer["visits"]) == pytest.approx(answer["applied"]["amount"], rel=1e-9)
    assert sum(visit["share"] for visit in answer["visits"]) == pytest.approx(1.0)
    # Between two swaths: both brought something, 50 s apart there and back, and nobody else did.
    assert [visit["segments"][0]["kind"] for visit in answer["visits"]] == ["work", "work"]
    largest = max(answer["visits"], key=lambda visit: visit["amount"])
    assert largest["speed_m_s"] == pytest.approx(5.0, rel=0.05)
    assert largest["flow_per_min"] == pytest.approx(18.0, rel=0.01)
    assert list(largest["amounts"]) == ["measured_flow"]
    samples = {each["channel"]: each for each in largest["samples"]}
    assert (samples["mass_flow_kg_min"]["role"], samples["pump_on"]["role"]) == ("amount", "command")
    assert samples["mass_flow_kg_min"]["quality"] == {"1": samples["mass_flow_kg_min"]["n"]}
    series = ask(farm_api, largest["series_url"])
    assert set(series["time_ms"]) >= set(samples["latitude_deg"]["time_ms"])
    assert [entry["kind"] for entry in answer["ledger"]] == ["weather", "as_applied", "deviation"]
    assert (answer["gateway"], answer["delivery_url"]) == ("gw-1", "/v1/gateways/gw-1/delivery")
    assert refusal(farm_api, f"/v1/passes/{declared_pass['id']}/cell", latitude_deg=1, longitude_deg=10) == (
        404,
        "no-cell",
    )


def test_the_remaining_work_of_a_prescription_is_untreated_ground_at_its_own_rates(
    farm_api: RegistryApi, made: Prescription
) -> None:
    declared = {
        **declaration(farm_api),
        "start_ms": START_MS + 6,
        "end_ms": START_MS + 195_000,
        "planned_rate_ha": None,
    }
    broken = farm_api.client.post("/v1/passes", json={**declared, "prescription": made.id}).json()
    path = f"/v1/passes/{broken['id']}/resume"
    rest = ask(farm_api, path)
    # Other declarations of the same minutes are the same work.
    assert (rest["plan"]["prescription"], rest["passes"]) == (made.id, [broken["id"]])
    west, east = rest["zones"]
    # Four of seven swaths are done; three are left, and two metres before and behind each row, at each zone's rate.
    assert west["open_m2"] + east["open_m2"] == pytest.approx(rest["remaining_m2"], rel=1e-9)
    for zone, rate_ha in ((west, WEST_HA), (east, EAST_HA)):
        assert zone["open"] == pytest.approx((3 * 5 * 99.5 + 4 * 5 * 2) * rate_ha / 10_000, rel=0.02)
        assert zone["planned"] == pytest.approx(zone["applied"] - zone["treated_difference"] + zone["open"], rel=0.01)
    assert west["treated_difference"] == pytest.approx(0.0, abs=0.05 * west["planned"])
    assert east["treated_difference"] == pytest.approx(-4 * 5 * 99.5 * (EAST_HA - 120) / 10_000, rel=0.1)
    # The lines leave what is narrower than a swath.
    assert rest["planned_m2"] + rest["unflown_m2"] == pytest.approx(rest["remaining_m2"], rel=1e-6)
    flown_share = rest["planned_m2"] / rest["remaining_m2"]
    assert rest["amount"] == pytest.approx((west["open"] + east["open"]) * flown_share, rel=0.01)
    kept = farm_api.client.post(path)
    assert kept.status_code == 201, kept.text
    remaining = farm_api.client.get(kept.headers["Location"]).json()
    assert (remaining["name"], remaining["method"]["rest of"]) == ("two rates, rest", made.id)
    assert [zone["rate_ha"] for zone in remaining["zones"]] == [WEST_HA, EAST_HA]
    assert remaining["total"] == pytest.approx(rest["amount"], rel=0.02)
    # Its mission treats what remains alone, and no ground that a pass has treated.
    registry, repositories = registry_at(farm_api, NOW_MS)
    rest_plan, implement = repositories.prescriptions.get(remaining["id"]), farm_api.ids["implement"]
    flown = repositories.prescriptions.add(replace(rest_plan, id="", version=0, name="flown", implement=implement))
    registry.close()
    query = {"format": "qgc-plan", "speed_m_s": 6, "bearing_deg": 0}
    mission = ask(farm_api, f"/v1/prescriptions/{flown.id}/export", **query)
    assert sum(mission["headland"]["loads"]) == pytest.approx(remaining["total"], rel=0.2)


def test_the_remaining_work_of_a_drawn_prescription_leaves_out_what_it_leaves_out(farm_api: RegistryApi) -> None:
    registry, repositories = registry_at(farm_api, START_MS - 40_000)
    labels = np.full((40, 200), -1, np.int64)
    labels[:, 100:] = 1
    drawn = prescription(farm_api, "the east alone", cells=pack_cells(labels), method={"zones": "drawn"})
    plan = repositories.prescriptions.add(drawn)
    registry.close()
    declared = {**declaration(farm_api), "planned_rate_ha": None, "prescription": plan.id}
    times = {"start_ms": START_MS + 13, "end_ms": START_MS + 195_000}
    broken = farm_api.client.post("/v1/passes", json={**declared, **times}).json()
    rest = ask(farm_api, f"/v1/passes/{broken['id']}/resume")
    _, east = rest["zones"]
    assert (rest["lines"], rest["remaining_m2"]) == (3, pytest.approx(3 * 5 * 99.5, rel=0.05))
    assert rest["unflown_m2"] == pytest.approx(0.0, abs=0.05 * rest["remaining_m2"])
    assert (east["open_m2"], rest["amount"]) == (
        pytest.approx(rest["remaining_m2"], rel=0.05),
        pytest.approx(EAST_HA * rest["remaining_m2"] / 10_000, rel=0.05),
    )


def test_the_remaining_mission_makes_each_rate_by_its_speed_and_is_refused_where_nothing_remains(
    farm_api: RegistryApi, made: Prescription
) -> None:
    declared = {
        **declaration(farm_api),
        "start_ms": START_MS + 7,
        "end_ms": START_MS + 195_000,
        "planned_rate_ha": None,
    }
    broken = farm_api.client.post("/v1/passes", json={**declared, "prescription": made.id}).json()
    path = f"/v1/passes/{broken['id']}/resume.plan"
    assert refusal(farm_api, path) == (400, "no-flight")  # nobody said how fast the machine may go
    plan = ask(farm_api, path, speed_m_s=6)
    items = plan["mission"]["items"]
    # 18 kg/min and less: the west's 120 kg/ha at the highest speed, the east's at six tenths of it.
    assert plan["headland"]["steady_flow_min"] == pytest.approx(WEST_HA * 5 * 6 * 60 / 10_000)
    assert {item["params"][1] for item in items if item["command"] == 178} == {6.0, 3.6}
    assert [item["params"][0] for item in items if item["command"] == 216] == [0, *([1, 0] * 3)]
    sprayed = {round(item["params"][4] * NORTH_DEG_M) for item in items if item["command"] == 16}
    assert sprayed == {20, 25, 30}
    assert plan["headland"]["rest_of"] == broken["id"]
    whole = farm_api.client.post("/v1/passes", json={**declared, "start_ms": START_MS + 8, "end_ms": NOW_MS}).json()
    query = {"prescription": made.id, "speed_m_s": 6}
    assert refusal(farm_api, f"/v1/passes/{whole['id']}/resume.plan", **query) == (409, "nothing-left")
    assert farm_api.client.post(f"/v1/passes/{whole['id']}/resume").status_code == 409


def test_ground_of_another_pass_of_the_prescription_is_not_treated_again(farm_api: RegistryApi) -> None:
    registry, repositories = registry_at(farm_api, START_MS - 60_000)
    plan = repositories.prescriptions.add(prescription(farm_api, "in two flights"))
    registry.close()
    declared = {**declaration(farm_api), "planned_rate_ha": None, "prescription": plan.id}
    times = ((START_MS + 9, START_MS + 195_000), (START_MS + 199_000, NOW_MS))
    first = farm_api.client.post("/v1/passes", json={**declared, "start_ms": times[0][0], "end_ms": times[0][1]}).json()
    assert ask(farm_api, f"/v1/passes/{first['id']}/resume")["lines"] == 3
    second = farm_api.client.post(
        "/v1/passes", json={**declared, "start_ms": times[1][0], "end_ms": times[1][1]}
    ).json()
    for declared_pass, other in ((first, second), (second, first)):
        rest = ask(farm_api, f"/v1/passes/{declared_pass['id']}/resume")
        assert (rest["lines"], rest["passes"]) == (0, [declared_pass["id"], other["id"]])
    # A pass of the same vehicle that names no implement had the same; the field's other machines do not stop it.
    bare = {**declared, "start_ms": times[1][0] + 1, "end_ms": times[1][1], "implement": None}
    third = farm_api.client.post("/v1/passes", json=bare).json()
    assert ask(farm_api, f"/v1/passes/{third['id']}/resume", implement=farm_api.ids["implement"])["lines"] == 0
    assert refusal(farm_api, f"/v1/passes/{third['id']}/resume") == (409, "no-implement")
    assert refusal(farm_api, f"/v1/passes/{third['id']}/resume", implement="none") == (400, "unknown-implement")


def test_a_pass_that_names_no_implement_does_not_stop_the_mission_for_the_rest_of_another(
    farm_api: RegistryApi,
) -> None:
    registry, repositories = registry_at(farm_api, START_MS - 50_000)
    plan = repositories.prescriptions.add(prescription(farm_api, "one of them bare"))
    registry.close()
    declared = {**declaration(farm_api), "planned_rate_ha": None, "prescription": plan.id}
    first, second = (
        farm_api.client.post("/v1/passes", json={**declared, **changes}).json()
        for changes in (
            {"start_ms": START_MS + 11, "end_ms": START_MS + 195_000},
            {"start_ms": START_MS + 199_003, "end_ms": NOW_MS, "implement": None},
        )
    )
    rest = ask(farm_api, f"/v1/passes/{first['id']}/resume")
    assert (rest["lines"], rest["passes"]) == (0, [first["id"], second["id"]])
