"""Prescriptions over HTTP: from points or rasters to zones, rates, checks and files that other programs open."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import shapefile
import shapely
from isoxml.util.isoxml_io import isoxml_from_path
from rasterio.io import MemoryFile

from headland.clock import wall_clock_ms
from headland.registry.models.models import Pass
from headland.registry.models.prescriptions import Prescription
from headland.registry.validation.geometry import area_of
from tests.api.registry_api import RegistryApi, serve_registry
from tests.api.server import body_of
from tests.registry.records import PLOT, POND


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_registry(Path(tmp_path_factory.mktemp("registry"))) as served:
        yield served


def points(count: int = 200, **more: Any) -> dict[str, Any]:
    """NDVI that rises from west to east."""
    rng = np.random.default_rng(3)
    longitude, latitude = rng.uniform(119.17, 119.172, count), rng.uniform(31.95, 31.952, count)
    columns = {"longitude_deg": longitude, "latitude_deg": latitude, "value": 0.4 + (longitude - 119.17) * 150}
    return {"kind": "points", "name": "ndvi", **{name: each.tolist() for name, each in columns.items()}, **more}


def order(farm_api: RegistryApi, **more: Any) -> dict[str, Any]:
    return {
        "field": farm_api.ids["fields"],
        "name": "jointing",
        "layers": [points()],
        "product": farm_api.ids["products"],
        "zones": {"by": "quantile", "count": 3},
        "least_ha": 80,
        "most_ha": 120,
        "direction": "compensate",
        "maximum_ha": 150,
        **more,
    }


def make(farm_api: RegistryApi, **more: Any) -> dict[str, Any]:
    answer = farm_api.client.post("/v1/prescriptions", json=order(farm_api, **more))
    assert answer.status_code == 201, answer.text
    prescription: dict[str, Any] = answer.json()
    assert farm_api.client.get(answer.headers["location"]).json() == prescription
    return prescription


def export(farm_api: RegistryApi, prescription: dict[str, Any], format: str, **more: Any) -> httpx.Response:  # noqa: A002
    answer = farm_api.client.get(f"/v1/prescriptions/{prescription['id']}/export", params={"format": format, **more})
    assert answer.status_code == 200, answer.text
    return answer


def stored_prescription(farm_api: RegistryApi, prescription: dict[str, Any]) -> Prescription:
    return farm_api.repositories.prescriptions.get(prescription["id"])


def test_weak_zones_get_more_and_the_total_is_what_was_planned(farm_api: RegistryApi) -> None:
    prescription = make(farm_api, mean_ha=98)
    rates = [zone["rate_ha"] for zone in prescription["zones"]]
    index = [zone["index_mean"] for zone in prescription["zones"]]
    assert sorted(index) == index
    assert sorted(rates, reverse=True) == rates
    area_ha = sum(zone["area_ha"] for zone in prescription["zones"])
    assert prescription["total"] == pytest.approx(98 * area_ha, rel=1e-9)
    assert prescription["zones"][0]["n_kg_ha"] == pytest.approx(rates[0] * 0.46)
    # The pond is no part of it; whole cells of 5 m make up the rest.
    assert area_ha * 10_000 == pytest.approx(area_of(PLOT) - area_of(POND), rel=0.02)
    assert {check["id"]: check["holds"] for check in prescription["checks"]} == {
        "legal_ceiling": None,
        "layers": True,
        "limits": True,
        "buffers": True,
        "machine": None,
    }


@pytest.mark.parametrize("interpolation", ["kriging", "idw"])
def test_a_layer_that_is_the_same_everywhere_is_told_and_is_no_failure(
    farm_api: RegistryApi, interpolation: str
) -> None:
    even = {**points(), "name": "ph", "value": [6.1] * 200, "interpolation": interpolation}
    refused = farm_api.client.post("/v1/prescriptions", json=order(farm_api, layers=[even]))
    assert refused.status_code == 400
    assert (
        refused.json()["detail"]
        .lower()
        .startswith("ph is the same everywhere and draws no zones: a sensor may be stuck")
    )
    # The remedy that it names is one that is accepted.
    assert refused.json()["detail"].endswith("or order one rate.")
    prescription = make(farm_api, layers=[points(), even], zones={"by": "kmeans", "count": 2})
    check = next(check for check in prescription["checks"] if check["id"] == "layers")
    assert (check["holds"], "the same everywhere: ph" in check["detail"]) == (False, True)
    assert len(prescription["zones"]) == 2


def test_strong_zones_get_more_where_the_direction_is_proportional(farm_api: RegistryApi) -> None:
    rates = [zone["rate_ha"] for zone in make(farm_api, direction="proportional")["zones"]]
    assert rates[0] == pytest.approx(80)
    assert rates[-1] == pytest.approx(120)


def test_rates_of_nitrogen_become_rates_of_the_product(farm_api: RegistryApi) -> None:
    prescription = make(farm_api, basis="nitrogen", rates_ha=[60, 45, 30], maximum_ha=60)
    assert [zone["rate_ha"] for zone in prescription["zones"]] == pytest.approx([60 / 0.46, 45 / 0.46, 30 / 0.46])
    assert [zone["n_kg_ha"] for zone in prescription["zones"]] == pytest.approx([60, 45, 30])


@pytest.mark.parametrize("how", [{"interpolation": "kriging"}, {"interpolation": "idw", "power": 3}])
def test_points_become_zones_by_kriging_and_by_distance(farm_api: RegistryApi, how: dict[str, Any]) -> None:
    prescription = make(farm_api, layers=[points(120, **how)], zones={"by": "kmeans", "count": 2})
    labels = stored_prescription(farm_api, prescription).zone_of_cell()
    west, east = labels[:, 3], labels[:, -4]
    assert set(west[west >= 0]) == {0}
    assert set(east[east >= 0]) == {1}
    assert ("kriging" in prescription["method"]["ndvi by"]) == ("kriging" in how.values())


def test_a_raster_keeps_its_halves_and_small_gaps_are_filled(farm_api: RegistryApi) -> None:
    values: list[list[float | None]] = [[*[0.3] * 10, *[0.7] * 10] for _ in range(20)]
    values[5][5] = None
    raster = {
        "kind": "raster",
        "name": "yield",
        "north_deg": 31.952,
        "west_deg": 119.17,
        "cell_north_deg": 1e-4,
        "cell_east_deg": 1e-4,
        "values": values,
    }
    prescription = make(farm_api, layers=[raster], zones={"count": 2, "smooth": 0})
    assert [zone["index_mean"] for zone in prescription["zones"]] == pytest.approx([0.3, 0.7])
    assert 0.99 < prescription["method"]["yield coverage"] < 1.0
    half = {**raster, "values": [row[:10] for row in values]}
    refused = farm_api.client.post("/v1/prescriptions", json=order(farm_api, layers=[half]))
    assert "is measured, and 90% are needed" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("change", "kind", "why"),
    [
        ({"legal_n_kg_ha": 50, "basis": "nitrogen"}, "above-the-ceiling", "ceiling is 50"),
        ({"total": 1e6}, "no-prescription", "cannot be distributed"),
        ({"total": 1, "mean_ha": 1}, "no-prescription", "not both"),
        ({"rates_ha": [1, 2]}, "no-prescription", "3 zones and 2 rates_ha"),
        ({"direction": None}, "no-prescription", "a direction"),
        ({"minimum_ha": 200}, "no-prescription", "above maximum_ha"),
        ({"basis": "nitrogen", "product": None}, "no-prescription", "need a product"),
        ({"field": "0" * 26}, "unknown-field", "no field"),
        ({"product": "0" * 26}, "unknown-product", "no product"),
        ({"season": "0" * 26}, "unknown-season", "no season"),
    ],
)
def test_an_impossible_order_is_refused_and_nothing_is_stored(
    farm_api: RegistryApi, change: dict[str, Any], kind: str, why: str
) -> None:
    before = len(farm_api.client.get("/v1/prescriptions").json()["items"])
    refused = farm_api.client.post("/v1/prescriptions", json=order(farm_api, **change))
    assert (refused.status_code, refused.json()["type"]) == (400, f"urn:headland:problem:{kind}"), refused.text
    assert why in refused.json()["detail"]
    assert len(farm_api.client.get("/v1/prescriptions").json()["items"]) == before


def test_swapped_axes_of_points_are_reported(farm_api: RegistryApi) -> None:
    told = points()
    told["longitude_deg"], told["latitude_deg"] = [31.951], [89.0]
    told["value"] = [0.5]
    refused = farm_api.client.post("/v1/prescriptions", json=order(farm_api, layers=[told]))
    assert "not swapped" in refused.json()["detail"]


def test_a_machine_that_cannot_make_the_rates_is_named(farm_api: RegistryApi) -> None:
    body = {"name": "slow", "kind": "spreader", "swath_m": 6, "max_flow_kg_min": 10, "max_speed_m_s": 7}
    weak = farm_api.client.post("/v1/implements", json={**body, "min_speed_m_s": 4}).json()["id"]
    # 120 kg/ha on 6 m from 10 kg/min need 2.3 m/s.
    checks = {check["id"]: check for check in make(farm_api, implement=weak)["checks"]}
    assert checks["machine"]["holds"] is False
    assert "slower than its lowest 4 m/s" in checks["machine"]["detail"]
    strong = farm_api.client.post("/v1/implements", json={**body, "name": "fast", "max_flow_kg_min": 60}).json()["id"]
    checks = {check["id"]: check for check in make(farm_api, implement=strong)["checks"]}
    assert checks["machine"]["holds"] is True


def test_the_isoxml_package_reads_the_prescription(farm_api: RegistryApi, tmp_path: Path) -> None:
    prescription = make(farm_api)
    with zipfile.ZipFile(io.BytesIO(export(farm_api, prescription, "isoxml").content)) as archive:
        archive.extractall(tmp_path)
    document, files = isoxml_from_path(tmp_path / "TASKDATA" / "TASKDATA.XML")
    grid = document.tasks[0].grids[0]
    shape = int(grid.maximum_row), int(grid.maximum_column)
    assert shape == (prescription["rows"], prescription["columns"])
    assert float(grid.minimum_north_position) == pytest.approx(prescription["south_deg"], abs=1e-9)
    read = np.frombuffer(files[grid.filename], "<i4").reshape(shape) / 100.0
    np.testing.assert_allclose(
        read, np.nan_to_num(stored_prescription(farm_api, prescription).rate_of_cell()), atol=0.005
    )


def test_gdal_reads_the_prescription(farm_api: RegistryApi) -> None:
    prescription = make(farm_api)
    rate = stored_prescription(farm_api, prescription).rate_of_cell()
    with MemoryFile(export(farm_api, prescription, "geotiff").content) as file, file.open() as opened:
        np.testing.assert_array_equal(opened.read(1)[::-1], rate.astype(np.float32))
        south, west = opened.bounds.bottom, opened.bounds.left
        assert (south, west) == pytest.approx((prescription["south_deg"], prescription["west_deg"]), abs=1e-12)
    with MemoryFile(export(farm_api, prescription, "geotiff", crs="utm").content) as file, file.open() as opened:
        assert opened.crs.to_epsg() == 32650
        # Resampled to the nearest: the amount is the same within the cells at the edge.
        total = float(np.nansum(opened.read(1))) * opened.res[0] * opened.res[1] / 10_000
        assert total == pytest.approx(prescription["total"], rel=0.02)


def test_zones_as_polygons_have_the_rates_and_the_area_of_their_cells(farm_api: RegistryApi) -> None:
    prescription = make(farm_api)
    document = json.loads(export(farm_api, prescription, "geojson").content)
    shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in document["features"]]
    for zone, feature, shape in zip(prescription["zones"], document["features"], shapes, strict=True):
        assert shape.is_valid
        assert feature["properties"]["rate_ha"] == zone["rate_ha"]
        rings = tuple(tuple(tuple(ring.coords) for ring in (part.exterior, *part.interiors)) for part in shape.geoms)
        assert area_of(rings) / 10_000 == pytest.approx(zone["area_ha"], rel=1e-3)
    packed = io.BytesIO(export(farm_api, prescription, "shapefile").content)
    with zipfile.ZipFile(packed) as archive:
        assert "WGS_1984" in archive.read("prescription.prj").decode()
        files = {ending: io.BytesIO(archive.read(f"prescription.{ending}")) for ending in ("shp", "dbf", "shx")}
    read = shapefile.Reader(**files)
    assert [record["RATE"] for record in read.records()] == pytest.approx(
        [zone["rate_ha"] for zone in prescription["zones"]], abs=1e-4
    )
    for one, shape in zip(read.shapes(), shapes, strict=True):
        assert shapely.geometry.shape(one.__geo_interface__).area == pytest.approx(shape.area, rel=1e-9)


def drone(farm_api: RegistryApi, **more: Any) -> str:
    body = {"kind": "spreader", "swath_m": 6, "max_flow_kg_min": 60, "max_speed_m_s": 6, **more}
    prescription = farm_api.client.post("/v1/implements", json=body)
    assert prescription.status_code == 201, prescription.text
    return str(prescription.json()["id"])


def commands(plan: dict[str, Any]) -> list[tuple[int, list[float]]]:
    return [(item["command"], item["params"]) for item in plan["mission"]["items"]]


def test_a_mission_makes_each_rate_by_its_speed_at_one_flow_and_waits_when_a_load_is_used_up(
    farm_api: RegistryApi,
) -> None:
    prescription = make(
        farm_api, implement=drone(farm_api, name="small tank", tank_l=160), rates_ha=[120, 100, 80], total=None
    )
    plan = export(farm_api, prescription, "qgc-plan", height_m=4).json()
    told, items = plan["headland"], commands(plan)
    # 80 kg/ha on 6 m at 6 m/s are 17.28 kg/min, and with these 120 kg/ha need 4 m/s.
    assert told["steady_flow_min"] == pytest.approx(17.28)
    assert {params[1] for command, params in items if command == 178} == {4.0, 4.8, 6.0}
    assert told["height"] == "4 m above terrain, MAV_FRAME 10"
    assert {item["frame"] for item in plan["mission"]["items"] if item["command"] == 16} == {10}
    # A tank of 160 L holds 120 kg of urea.
    assert told["load_capacity"] == pytest.approx(120.0)
    assert len(told["loads"]) == 4
    assert [command for command, _ in items].count(17) == 3
    assert (items[0][0], items[-1][0]) == (22, 20)
    switches = [params[0] for command, params in items if command == 216]
    # Off at the start: a flight that was broken off may have left it on.
    assert switches == [0, *([1, 0] * (len(switches) // 2))]
    alone = export(farm_api, prescription, "qgc-plan", load=2, height_above="home", bearing_deg=0).json()
    assert 17 not in [command for command, _ in commands(alone)]
    assert {item["frame"] for item in alone["mission"]["items"] if item["command"] == 16} == {3}


@pytest.mark.parametrize(
    ("machine", "query", "why"),
    [
        (None, {}, "names no implement"),
        ({"max_speed_m_s": None}, {}, "give speed_m_s"),
        ({"max_flow_kg_min": None}, {}, "largest flow"),
        ({"min_speed_m_s": 5}, {}, "slower than its lowest"),
        ({"tank_l": 0.1}, {}, "tank is too small"),
        ({}, {"load": 2}, "no load 2"),
        ({}, {"home_latitude_deg": 31.9}, "both"),
    ],
)
def test_an_impossible_mission_is_refused_with_the_reason(
    farm_api: RegistryApi, machine: dict[str, Any] | None, query: dict[str, Any], why: str
) -> None:
    implement = None if machine is None else drone(farm_api, name=why, **machine)
    prescription = make(farm_api, implement=implement, rates_ha=[120, 100, 80])
    refused = farm_api.client.get(
        f"/v1/prescriptions/{prescription['id']}/export", params={"format": "qgc-plan", **query}
    )
    assert refused.status_code == 400, refused.text
    assert why in refused.json()["detail"]


def box_of(west: float, east: float, south: float = 31.949, north: float = 31.953) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def drawn(farm_api: RegistryApi, *zones: dict[str, Any], rates: list[float]) -> dict[str, Any]:
    plan = {"by": "drawn", "drawn": list(zones)}
    return {
        "field": farm_api.ids["fields"],
        "name": "by hand",
        "zones": plan,
        "rates_ha": rates,
        "product": farm_api.ids["products"],
        "cell_m": 1,
    }


def test_drawn_zones_get_their_rates_and_ground_without_a_zone_gets_nothing(farm_api: RegistryApi) -> None:
    # The second is drawn over the first, and the east is left.
    plan = drawn(farm_api, box_of(119.169, 119.1712), box_of(119.1708, 119.1716), rates=[60, 90])
    order = {**plan, "implement": drone(farm_api, name="for drawn zones", tank_l=160)}
    seen = farm_api.client.post("/v1/prescriptions/preview", json=order)
    before = len(list(farm_api.repositories.prescriptions.all()))
    assert (seen.status_code, seen.json()["id"]) == (200, "")
    made = farm_api.client.post("/v1/prescriptions", json=order).json()
    assert len(list(farm_api.repositories.prescriptions.all())) == before + 1
    for key in ("zones", "total", "method", "checks", "cells"):
        assert seen.json()[key] == made[key]
    usable_ha = (area_of(PLOT) - area_of(POND)) / 10_000
    left_ha = made["method"]["area_without_zone_ha"]
    areas = [zone["area_ha"] for zone in made["zones"]]
    assert sum(areas) + left_ha == pytest.approx(usable_ha, rel=0.01)
    strip = [(119.1708, 31.95), (119.1716, 31.95), (119.1716, 31.952), (119.1708, 31.952), (119.1708, 31.95)]
    shared = [(119.1708, 31.9505), (119.171, 31.9505), (119.171, 31.951), (119.1708, 31.951), (119.1708, 31.9505)]
    own_m2 = area_of(((tuple(strip),),)) - area_of(((tuple(shared),),))
    assert areas[1] * 10_000 == pytest.approx(own_m2, rel=0.02)
    assert [zone["amount"] for zone in made["zones"]] == pytest.approx([60 * areas[0], 90 * areas[1]])
    assert [zone["index_mean"] for zone in made["zones"]] == [None, None]
    coverage = next(check for check in made["checks"] if check["id"] == "coverage")
    assert (coverage["holds"], coverage["detail"]) == (
        False,
        f"{left_ha:.3f} ha of the usable area lie in no zone and get nothing",
    )
    labels = stored_prescription(farm_api, made).zone_of_cell()
    assert (labels[5, -3], labels[5, 3]) == (-1, 0)
    rates = {zone["properties"]["rate_ha"] for zone in export(farm_api, made, "geojson").json()["features"]}
    assert rates == {60, 90}


@pytest.mark.parametrize(
    "zone", [box_of(119.169, 119.173, 31.949, 31.951), box_of(119.169, 119.1708)], ids=["south", "west"]
)
@pytest.mark.parametrize("bearing_deg", [0, 90])
def test_a_mission_spreads_nothing_on_ground_without_a_drawn_zone(
    farm_api: RegistryApi, zone: dict[str, Any], bearing_deg: int
) -> None:
    name = f"over a part {bearing_deg} {zone['coordinates']}"[:60]
    plan = {**drawn(farm_api, zone, rates=[60]), "implement": drone(farm_api, name=name, tank_l=400)}
    made = farm_api.client.post("/v1/prescriptions", json=plan).json()
    mission = export(farm_api, made, "qgc-plan", bearing_deg=bearing_deg).json()
    # Less at the pond, from which it stays away.
    assert sum(mission["headland"]["loads"]) == pytest.approx(made["total"], rel=0.1)


def one_rate(farm_api: RegistryApi, **more: Any) -> dict[str, Any]:
    return {
        "field": farm_api.ids["fields"],
        "name": "the same everywhere",
        "zones": {"by": "one_rate"},
        "rates_ha": [200],
        "product": farm_api.ids["products"],
        "cell_m": 1,
        **more,
    }


def test_one_rate_is_on_all_usable_ground_and_reaches_every_machine(farm_api: RegistryApi, tmp_path: Path) -> None:
    plan = one_rate(farm_api, implement=drone(farm_api, name="for one rate", tank_l=400))
    made = body_of(farm_api.client.post("/v1/prescriptions", json=plan), 201)
    usable_ha = (area_of(PLOT) - area_of(POND)) / 10_000
    (zone,) = made["zones"]
    assert (zone["rate_ha"], zone["index_mean"]) == (200, None)
    assert zone["area_ha"] == pytest.approx(usable_ha, rel=0.01)
    assert made["total"] == pytest.approx(200 * zone["area_ha"])
    assert made["method"]["zones"] == "one_rate"
    # Nothing that was not given is said to be a layer.
    assert "layers" not in {check["id"] for check in made["checks"]}
    mission = export(farm_api, made, "qgc-plan").json()
    assert sum(mission["headland"]["loads"]) == pytest.approx(made["total"], rel=0.1)
    with zipfile.ZipFile(io.BytesIO(export(farm_api, made, "isoxml").content)) as archive:
        archive.extractall(tmp_path)
    document, files = isoxml_from_path(tmp_path / "TASKDATA" / "TASKDATA.XML")
    read = np.frombuffer(files[document.tasks[0].grids[0].filename], "<i4") / 100.0
    assert set(read.tolist()) == {0.0, 200.0}
    assert np.count_nonzero(read) / 10_000 == pytest.approx(usable_ha, rel=0.01)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rates_ha": None}, "One rate needs that rate"),
        ({"rates_ha": [100, 200]}, "One rate needs that rate"),
        ({"layers": [points()]}, "One rate takes no layers"),
        ({"zones": {"by": "one_rate", "drawn": [box_of(119.17, 119.171)]}}, "One rate takes no layers"),
        ({"rates_ha": [200], "maximum_ha": 150, "total": 1e6}, "cannot be distributed"),
        ({"zones": {"by": "quantile"}}, "or order one rate"),
    ],
)
def test_one_rate_is_refused_with_what_contradicts_it(farm_api: RegistryApi, change: dict[str, Any], why: str) -> None:
    refused = farm_api.client.post("/v1/prescriptions/preview", json=one_rate(farm_api, **change))
    assert (refused.status_code, why in refused.json()["detail"]) == (400, True), refused.text
    told = farm_api.client.post(
        "/v1/prescriptions/preview", json=one_rate(farm_api, **change), headers={"Accept-Language": "zh"}
    )
    assert told.headers["content-language"] == "zh-CN", told.text


@pytest.mark.parametrize(
    ("zones", "rates", "problem"),
    [
        ([], [60], "No zone is drawn"),
        ([box_of(119.17, 119.171)], [60, 90], "There are 1 zones and 2 rates_ha"),
        ([box_of(119.18, 119.181), box_of(119.17, 119.171)], [60, 90], "Zone 1 has no ground"),
        ([box_of(119.17, 119.171), box_of(119.169, 119.172)], [60, 90], "Zone 1 has no ground"),
    ],
)
def test_drawn_zones_that_cannot_be_treated_are_refused_with_the_reason(
    farm_api: RegistryApi, zones: list[dict[str, Any]], rates: list[float], problem: str
) -> None:
    for path in ("/v1/prescriptions", "/v1/prescriptions/preview"):
        refused = farm_api.client.post(path, json=drawn(farm_api, *zones, rates=rates))
        assert (refused.status_code, problem in refused.json()["detail"]) == (400, True), refused.text


def test_a_drawn_zone_that_crosses_itself_is_refused(farm_api: RegistryApi) -> None:
    ring = [[119.17, 31.95], [119.171, 31.951], [119.171, 31.95], [119.17, 31.951], [119.17, 31.95]]
    bow_tie = {"type": "Polygon", "coordinates": [ring]}
    refused = farm_api.client.post("/v1/prescriptions/preview", json=drawn(farm_api, bow_tie, rates=[60]))
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("zone 1 is not a valid outline"), refused.text


def test_a_prescription_is_deleted_unless_a_registered_pass_names_it(farm_api: RegistryApi) -> None:
    made = farm_api.client.post("/v1/prescriptions", json=drawn(farm_api, box_of(119.17, 119.171), rates=[60])).json()
    path = f"/v1/prescriptions/{made['id']}"
    assert farm_api.client.delete(path).status_code == 428
    assert farm_api.client.delete(path, headers={"If-Match": '"2"'}).status_code == 412
    declared = Pass(
        field=made["field"],
        device="uav-1",
        start_ms=wall_clock_ms() - 60_000,
        end_ms=wall_clock_ms(),
        prescription=made["id"],
    )
    farm_api.repositories.passes.declare(declared)
    refused = farm_api.client.delete(path, headers={"If-Match": '"1"', "Accept-Language": "zh"})
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "该处方图被 1 条作业引用，这些记录永久保存，请保留该处方图。",
    )
    other = farm_api.client.post("/v1/prescriptions", json=drawn(farm_api, box_of(119.17, 119.171), rates=[70])).json()
    path = f"/v1/prescriptions/{other['id']}"
    assert farm_api.client.delete(path, headers={"If-Match": '"1"'}).status_code == 204
    assert farm_api.client.get(path).status_code == 404
