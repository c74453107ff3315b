"""Passes and as-applied maps over HTTP: a spreader of known flow over a known field."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from edge.imports.machine.logged_work import rows_of
from headland.files.isoxml.task_data import read_task_data
from headland.files.isoxml.time_log import TimeLog, read_time_log
from headland.store.memory import MemoryStore
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, NOW_MS, START_MS, write_spreader_flight
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import APPLIED_KG, SPREADER, WINDOW, declaration, serve_spread_field


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("passes"), MemoryStore()) as served:
        yield served


@pytest.fixture(scope="module")
def declared_pass(farm_api: RegistryApi) -> dict[str, Any]:
    declared = declaration(farm_api)
    response = farm_api.client.post("/v1/passes", json=declared)
    assert response.status_code == 201, response.text
    again = farm_api.client.post("/v1/passes", json=declared)
    assert again.json() == response.json()
    other = farm_api.client.post("/v1/passes", json={**declared, "planned_rate_ha": 90.0})
    assert other.status_code == 409
    body: dict[str, Any] = response.json()
    return body


def applied(farm_api: RegistryApi, pass_id: str, **params: Any) -> Any:
    answer = farm_api.client.get(f"/v1/passes/{pass_id}/as-applied", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json() if params.get("format", "json") == "json" else answer


def test_an_undeclared_pass_is_detected_with_the_same_id_every_time(farm_api: RegistryApi) -> None:
    path = f"/v1/fields/{farm_api.ids['field']}/passes"
    (item,) = farm_api.client.get(path, params=WINDOW).json()["items"]
    assert (item["device"], item["declared"]) == (SPREADER, False)
    assert item["start_ms"] == pytest.approx(START_MS + 500, abs=500)
    assert item["work_s"] == pytest.approx(8 * 39, abs=8)
    assert item["work_m"] == pytest.approx(8 * 195, abs=40)
    detail = farm_api.client.get(f"/v1/passes/{item['id']}").json()
    assert detail["id"] == item["id"]
    kinds = [segment["kind"] for segment in detail["segments"]]
    assert kinds.count("work") == 8
    assert kinds.count("turn") == 7
    assert {segment["evidence"] for segment in detail["segments"]} == {"measured_flow"}


def test_a_declared_pass_is_listed_once(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    (listed,) = farm_api.client.get(f"/v1/fields/{farm_api.ids['field']}/passes", params=WINDOW).json()["items"]
    assert (listed["id"], listed["declared"]) == (declared_pass["id"], True)


def test_a_pass_without_telemetry_is_not_found(farm_api: RegistryApi) -> None:
    assert farm_api.client.get(f"/v1/passes/{farm_api.ids['field']}~{SPREADER}~1").status_code == 404
    assert farm_api.client.get(f"/v1/passes/{'0' * 26}").status_code == 404
    assert farm_api.client.get(f"/v1/fields/{'0' * 26}/passes").status_code == 404


def test_the_released_amount_is_on_the_field_in_its_buffer_or_beside_it(
    farm_api: RegistryApi, declared_pass: dict[str, Any]
) -> None:
    answer = applied(farm_api, declared_pass["id"], cell_m=1.0)
    assert answer["amount"]["value"] == pytest.approx(APPLIED_KG, rel=1e-3)
    assert (answer["amount"]["unit"], answer["amount"]["evidence"]) == ("kg", "measured_flow")
    places = answer["places"]
    assert places["closure"] < 1e-3
    parts = sum(places[name] for name in ("usable", "buffer", "exclusion", "outside", "unlocated"))
    assert parts == pytest.approx(places["released"], rel=1e-3)
    # One swath of eight lies on the buffer strip.
    assert places["buffer"] == pytest.approx(APPLIED_KG / 8, rel=0.02)
    assert answer["cover"]["covered_m2"] == pytest.approx(7 * 195 * 5, rel=0.02)
    # 18 kg/min over 5 m at 5 m/s.
    assert answer["rate"]["value"] == pytest.approx(120.0, rel=0.02)


def test_tank_and_pump_curve_are_compared_with_the_flow(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    known_kg = applied(farm_api, declared_pass["id"])["reconciliation"]
    assert known_kg["by_flow"] == pytest.approx(APPLIED_KG, rel=1e-3)
    assert known_kg["by_tank"] == pytest.approx(APPLIED_KG, rel=1e-3)
    assert known_kg["flow_residual"] == pytest.approx(0.0, abs=0.1)
    assert known_kg["by_pump_curve"] is None


def test_the_grid_is_at_the_place_of_the_field(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    grid = applied(farm_api, declared_pass["id"], cell_m=1.0)["grid"]
    rate = np.array(grid["rate_ha"], dtype=float)
    assert rate.shape == (grid["rows"], grid["columns"])
    row = int((17.5 / NORTH_DEG_M - grid["south_deg"]) / grid["north_step_deg"])
    column = int((10.0 + 100.0 / EAST_DEG_M - grid["west_deg"]) / grid["east_step_deg"])
    assert rate[row, column] == pytest.approx(120.0, rel=0.1)
    assert set(np.unique(grid["place"])) == {0, 1, 2}


def test_the_map_is_exported_as_files(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(applied(farm_api, declared_pass["id"], format="csv").text)))
    assert sum(float(row["amount_kg"]) for row in rows) == pytest.approx(APPLIED_KG, rel=1e-3)
    assert {row["evidence"] for row in rows} <= {"none", "measured_flow"}
    features = applied(farm_api, declared_pass["id"], format="geojson").json()["features"]
    assert len(features) == len(rows)
    area_m2 = sum(shapely.Polygon(f["geometry"]["coordinates"][0]).area for f in features) * EAST_DEG_M * NORTH_DEG_M
    assert area_m2 == pytest.approx(len(rows) * 1.0, rel=1e-3)
    picture = applied(farm_api, declared_pass["id"], format="png").content
    assert picture.startswith(b"\x89PNG")
    at = picture.index(b"IDAT")
    size = int.from_bytes(picture[at - 4 : at])
    grid = applied(farm_api, declared_pass["id"])["grid"]
    assert len(zlib.decompress(picture[at + 4 : at + 4 + size])) == grid["rows"] * (grid["columns"] + 1)


def test_the_map_is_exported_for_gis_and_terminals(farm_api: RegistryApi, declared_pass: dict[str, Any]) -> None:
    rates = np.array(applied(farm_api, declared_pass["id"])["grid"]["rate_ha"], dtype=float)
    assert applied(farm_api, declared_pass["id"], format="geotiff").content[:4] == b"II*\0"
    with zipfile.ZipFile(io.BytesIO(applied(farm_api, declared_pass["id"], format="isoxml").content)) as packed:
        (grid,) = [name for name in packed.namelist() if name.endswith(".BIN")]
        written = np.frombuffer(packed.read(grid), "<i4").reshape(rates.shape)
        task = packed.read("TASKDATA/TASKDATA.XML").decode()
    # DDI 0007, the actual mass per area: a kilogram to the hectare is 100.
    assert written == pytest.approx(rates * 100.0, abs=1.0)
    assert '"0007"' in task


def read_back(archive: bytes) -> tuple[list[dict[str, float]], TimeLog]:
    """Return what the import of a farm reads of an exported time log."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        about = read_task_data(packed.read("TASKDATA/TASKDATA.XML"))
        log = read_time_log(packed.read("TASKDATA/TLG00001.xml"), packed.read("TASKDATA/TLG00001.bin"))
    assert [named.name for named in about.logs] == ["TLG00001"]
    rows = rows_of(log, about.elements, None, Counter())
    return [{name: value for name, value in values.items() if value is not None} for *_, values in rows], log


def test_a_metered_pass_is_a_time_log_with_the_amount_that_the_meter_showed(
    farm_api: RegistryApi, declared_pass: dict[str, Any]
) -> None:
    rows, log = read_back(applied(farm_api, declared_pass["id"], format="isoxml_log").content)
    times = [record.utc_ms or 0 for record in log.records]
    assert times == sorted(times)
    assert declared_pass["start_ms"] <= times[0] < times[-1] <= declared_pass["end_ms"]
    seconds = np.diff(np.array(times, dtype=float), prepend=times[0]) / 1000.0
    flow = np.array([row["mass_flow_kg_min"] for row in rows], dtype=float)
    assert float((flow * seconds).sum()) / 60.0 == pytest.approx(APPLIED_KG, rel=0.03)
    assert {row["working_width_m"] for row in rows} == {0.0, 5.0}
    assert all((row["working_width_m"] == 5.0) == (row["mass_flow_kg_min"] > 0.01) for row in rows)


def test_without_a_meter_the_amount_is_the_hoppers_loss_and_the_time_the_feeders(tmp_path: Path) -> None:
    store = MemoryStore()
    # The gateway makes a flow of the hopper's weight, here half of the truth: it is no meter's, and used for nothing.
    write_spreader_flight(store, "uav-hopper", sensed=False, evidence="tank_mass")
    with serve_spread_field(tmp_path, store) as farm_api:
        machine = {"name": "late disc", "kind": "spreader", "swath_m": 5.0, "on_latency_s": 2.0, "off_latency_s": 0.0}
        implement = farm_api.client.post("/v1/implements", json=machine).json()["id"]
        declared = {**declaration(farm_api), "device": "uav-hopper", "implement": implement}
        made = farm_api.client.post("/v1/passes", json=declared).json()
        answer = applied(farm_api, made["id"], cell_m=1.0)
        rows, log = read_back(applied(farm_api, made["id"], format="isoxml_log").content)
    assert answer["amount"]["value"] == pytest.approx(APPLIED_KG, rel=0.01)
    assert answer["amount"]["evidence"] == made["evidence"] == "tank_mass"
    assert "hopper_kg" in answer["amount"]["inputs"]
    assert "mass_flow_kg_min" not in answer["amount"]["inputs"]
    # No flow, and no work state: the feeder was told to run (0121), which is not what was applied.
    assert {value.ddi for value in log.header.values} == {0x43, 0x121}
    assert not any("mass_flow_kg_min" in row for row in rows)
    assert answer["reconciliation"]["by_flow"] is None
    assert answer["places"]["closure"] < 1e-3
    # Two seconds at 5 m/s of each row stay empty; one of the eight rows is on the buffer strip.
    assert answer["evidence_m2"]["tank_mass"] == pytest.approx(7 * (195 - 10) * 5, rel=0.001)
    assert answer["cover"]["covered_m2"] == pytest.approx(answer["evidence_m2"]["tank_mass"], rel=1e-9)


def test_without_an_implement_the_swath_is_required(farm_api: RegistryApi) -> None:
    declared = {"field": farm_api.ids["field"], "device": SPREADER, "start_ms": START_MS + 1, "end_ms": NOW_MS}
    made = farm_api.client.post("/v1/passes", json=declared).json()
    answer = farm_api.client.get(f"/v1/passes/{made['id']}/as-applied")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:headland:problem:no-implement")
    assert applied(farm_api, made["id"], swath_m=5)["swath_m"] == 5.0
    assert farm_api.client.get(f"/v1/passes/{made['id']}/as-applied", params={"cell_m": 0.1}).status_code == 422
