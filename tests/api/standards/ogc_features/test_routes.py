"""A spread field and the small farm as map layers, read by OWSLib and by the standard's rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from owslib.ogcapi.features import Features

from api.standards.ogc_features import collections, pass_maps
from headland.contract.records import Descriptor
from headland.store.memory import MemoryStore
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm, write_series
from tests.api.registry_api import RegistryApi
from tests.api.server import body_of
from tests.api.spread_field import APPLIED_KG, SPREADER, declaration, serve_spread_field

MEDIA = {"application/json", "application/geo+json", "application/vnd.oai.openapi+json"}
LAYERS = ["fields", "greenhouses", "devices", "passes", "as-applied"]


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    store = fill_farm()
    write_series(
        store,
        OWN,
        "home",
        "probe",
        "bad",
        np.array([START_MS]),
        {"leaf_colour": np.array([40.0])},
        flags={"leaf_colour": np.array([3])},
    )
    store.describe(OWN, "gw-1", Descriptor(device="bad", kind="probe", site="home", name="bad"))
    with serve_spread_field(tmp_path_factory.mktemp("ogc"), store) as served:
        assert served.client.post("/v1/passes", json=declaration(served)).status_code == 201
        yield served


def get(farm_api: RegistryApi, path: str, **query: Any) -> Any:
    return body_of(farm_api.client.get(f"/ogc{path}", params=query))


def items(farm_api: RegistryApi, layer: str, **query: Any) -> list[dict[str, Any]]:
    """Return all features of a layer, page by page."""
    features: list[dict[str, Any]] = []
    page = get(farm_api, f"/collections/{layer}/items", **query)
    while True:
        assert page["type"] == "FeatureCollection"
        assert page["numberReturned"] == len(page["features"])
        features += page["features"]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            return features
        page = farm_api.client.get(following[0]).json()


def test_owslib_reads_every_feature_from_the_landing_page_on(farm_api: RegistryApi) -> None:
    client = Features(f"{farm_api.client.base_url}/ogc", headers=dict(farm_api.client.headers))
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson" in client.conformance()["conformsTo"]
    assert client.feature_collections() == LAYERS
    assert client.collection("fields")["itemType"] == "feature"
    document = client.api()
    assert document["openapi"].startswith("3.0.")
    # QGIS takes its page from here.
    assert document["components"]["parameters"]["limit"]["schema"] == {
        "type": "integer", "minimum": 1, "maximum": 10_000, "default": 5000
    }  # fmt: skip
    collection = client.collection_items("devices", limit=1, bbox=[9.9, -0.1, 10.1, 0.1])
    assert [feature["id"] for feature in collection["features"]] == [DRONE]
    assert client.collection_item("devices", HOUSE)["properties"]["name"] == "番茄一号棚"


def test_every_link_of_every_page_leads_somewhere(farm_api: RegistryApi) -> None:
    seen: set[str] = set()
    waiting = [f"{farm_api.client.base_url}/ogc"]
    while waiting:
        url = waiting.pop()
        seen.add(url)
        page = body_of(farm_api.client.get(url))
        listed = [link for body in (page, *page.get("collections", ())) for link in body.get("links", ())]
        for link in listed:
            assert link["type"].split(";")[0] in {
                "application/json",
                "application/geo+json",
                "application/vnd.oai.openapi+json",
                "application/schema+json",
            }
            if link["href"] not in seen and "cursor=" not in link["href"]:
                waiting.append(link["href"])
    assert sum("/items" in url for url in seen) == len(LAYERS)


def test_pages_of_one_feature_equal_one_page_in_every_layer(farm_api: RegistryApi) -> None:
    for layer in LAYERS[:4]:
        assert items(farm_api, layer, limit=1) == items(farm_api, layer, limit=1000)
    whole = items(farm_api, "as-applied", limit=10_000)
    assert len(whole) > 1500
    assert items(farm_api, "as-applied", limit=1000) == whole


def test_a_field_is_its_outline_with_its_area_and_source(farm_api: RegistryApi) -> None:
    (field,) = (feature for feature in items(farm_api, "fields") if feature["id"] == farm_api.ids["field"])
    assert shapely.from_geojson(str(field["geometry"]).replace("'", '"').replace("(", "[").replace(")", "]")).area > 0
    properties = field["properties"]
    assert properties["area_m2"] == pytest.approx(199 * 40, rel=1e-3)
    assert (properties["owner"], properties["source"]) == ("Wang", "registry")


def test_a_device_has_the_flag_and_time_of_every_value(farm_api: RegistryApi) -> None:
    devices = {feature["id"]: feature for feature in items(farm_api, "devices")}
    drone = devices[DRONE]
    assert drone["geometry"]["type"] == "Point"
    assert drone["properties"]["position_source"] == "its newest position"
    assert drone["properties"]["simulated"] is True
    properties = devices[HOUSE]["properties"]
    assert (properties["co2_ppm"], properties["co2_ppm_quality"]) == (pytest.approx(639.9), 1)
    assert properties["co2_ppm_time"] == "2026-11-24T08:06:39.000Z"
    assert devices[HOUSE]["geometry"] is None
    # A name that does not end in its unit says it.
    assert (devices["bad"]["properties"]["leaf_colour [1]"], devices["bad"]["properties"]["leaf_colour_quality"]) == (
        40.0,
        3,
    )


def test_a_pass_is_the_line_that_was_flown(farm_api: RegistryApi) -> None:
    feature = next(item for item in items(farm_api, "passes") if item["properties"]["device"] == SPREADER)
    line = feature["geometry"]["coordinates"]
    assert line[0] == [10.0, 0.0]
    assert len(line) == 401
    properties = feature["properties"]
    assert (properties["device"], properties["source"], properties["evidence"]) == (
        SPREADER,
        "declared",
        "measured_flow",
    )
    assert properties["planned_rate_unit"] == "kg/ha"


def test_the_cells_add_up_to_the_metered_amount_and_name_their_evidence(farm_api: RegistryApi) -> None:
    pass_id = next(item["id"] for item in items(farm_api, "passes") if item["properties"]["device"] == SPREADER)
    cells = items(farm_api, "as-applied", limit=10_000, pass_id=pass_id)
    properties = [cell["properties"] for cell in cells]
    amounts = [values["amount_kg"] for values in properties if values["amount_kg"] is not None]
    assert sum(amounts) == pytest.approx(APPLIED_KG, rel=1e-3)
    assert {values["evidence"] for values in properties} <= {"none", "measured_flow"}
    assert {values["source"] for values in properties} == {"as_applied_deposit"}
    assert min(values["coverage"] for values in properties) > 0.98
    cell = get(farm_api, f"/collections/as-applied/items/{cells[7]['id']}")
    assert cell["properties"] == properties[7]


def test_features_are_filtered_by_box_and_time(farm_api: RegistryApi) -> None:
    west = items(farm_api, "as-applied", bbox="10.0,0.0,10.0004,0.0003", limit=10_000)
    # Cells of 1 m, as every other map of the pass has.
    assert 0 < len(west) < 1600
    assert items(farm_api, "passes", datetime="2026-11-24T08:06:00Z/..")
    assert not items(farm_api, "passes", datetime="2026-11-25T08:00:00Z/..")
    assert not items(farm_api, "as-applied", datetime="../2026-11-23T08:00:00Z")
    assert not items(farm_api, "passes", pass_id="x" * 26)


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/ogc?colour=red", 400, "unknown-parameter"),
        ("/ogc/collections/fields/items?name=North", 400, "unknown-parameter"),
        ("/ogc/collections/fields/items?limit=0", 400, "bad-query"),
        ("/ogc/collections/fields/items?bbox=1,2", 400, "bad-query"),
        ("/ogc/collections/roads/items", 404, "unknown-collection"),
        ("/ogc/collections/roads", 404, "unknown-collection"),
        ("/ogc/collections/fields/items/none", 404, "unknown-feature"),
    ],
)
def test_an_unknown_name_is_refused(farm_api: RegistryApi, path: str, status: int, kind: str) -> None:
    answer = farm_api.client.get(path)
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:headland:problem:{kind}"


def test_a_page_states_its_time(farm_api: RegistryApi) -> None:
    page = get(farm_api, "/collections/fields/items")
    assert page["timeStamp"] == "2026-11-24T08:06:40.000Z"
    assert NOW_MS == START_MS + 400_000


def test_the_openapi_document_names_routes_that_answer(farm_api: RegistryApi) -> None:
    document = get(farm_api, "/api")
    known = {"feature": "none"}
    for path, about in document["paths"].items():
        for reference in about["get"]["parameters"]:
            *_, name = reference["$ref"].split("/")
            assert document["components"]["parameters"][name]["name"] == name
        answer = farm_api.client.get(f"/ogc{path.format(**known)}".rstrip("/"))
        assert answer.status_code == (404 if "{" in path else 200), path


def test_a_page_states_the_number_of_all_matching_features(farm_api: RegistryApi) -> None:
    for layer in LAYERS:
        for query in ({}, {"bbox": "10.0,0.0,10.0004,0.0003"}, {"datetime": "2026-11-24T08:06:00Z/.."}):
            every = items(farm_api, layer, limit=10_000, **query)
            first = get(farm_api, f"/collections/{layer}/items", limit=1, **query)
            assert first["numberMatched"] == len(every), (layer, query)
            following = [link["href"] for link in first["links"] if link["rel"] == "next"]
            if following:
                assert farm_api.client.get(following[0]).json()["numberMatched"] == len(every), (layer, query)


def test_pages_of_cells_in_a_box_equal_one_page(farm_api: RegistryApi) -> None:
    query = {"bbox": "10.0,0.0,10.0006,0.0003"}
    whole = items(farm_api, "as-applied", limit=10_000, **query)
    assert items(farm_api, "as-applied", limit=60, **query) == whole
    box = shapely.box(10.0, 0.0, 10.0006, 0.0003)
    every = items(farm_api, "as-applied", limit=10_000)
    inside = [cell for cell in every if shapely.Polygon(cell["geometry"]["coordinates"][0]).intersects(box)]
    assert whole == inside


def test_a_page_after_the_first_computes_nothing_again(farm_api: RegistryApi, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = items(farm_api, "as-applied", limit=10_000)
    computed: list[object] = []
    monkeypatch.setattr(pass_maps, "compute_as_applied", lambda *args, **_: computed.append(args))
    monkeypatch.setattr(pass_maps, "load_pass_telemetry", lambda *args, **_: computed.append(args))
    assert items(farm_api, "as-applied", limit=500) == whole
    assert items(farm_api, "passes", limit=1)
    assert not computed


def test_only_the_map_of_the_requested_pass_is_computed(farm_api: RegistryApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("other passes were looked for")

    monkeypatch.setattr(collections, "list_passes", refuse)
    assert not items(farm_api, "as-applied", pass_id="x" * 26)


def test_an_extent_has_every_feature_of_its_collection(farm_api: RegistryApi) -> None:
    for described in get(farm_api, "/collections")["collections"]:
        layer = described["id"]
        found = items(farm_api, layer, limit=10_000)
        shapes = [shapely.from_geojson(json.dumps(item["geometry"])) for item in found if item["geometry"] is not None]
        if not shapes:
            assert "spatial" not in described["extent"]
            continue
        (west, south, east, north), *rest = described["extent"]["spatial"]["bbox"]
        assert not rest
        true = shapely.total_bounds(shapely.GeometryCollection(shapes)).tolist()
        # The swath reaches over the field's edge by less than its width.
        assert [west, south, east, north] == pytest.approx(true, abs=5 / 111_000 if layer == "as-applied" else 1e-7)
        assert get(farm_api, f"/collections/{layer}")["extent"] == described["extent"]
        ((start, end),) = described["extent"]["temporal"]["interval"]
        assert end is None or start <= end


def test_the_schema_has_the_type_of_every_property_of_every_feature(farm_api: RegistryApi) -> None:
    types: dict[str, Any] = {"string": str, "number": (int, float), "integer": int, "boolean": bool}
    for layer in LAYERS:
        described = get(farm_api, f"/collections/{layer}")
        (link,) = (link for link in described["links"] if link["rel"].endswith("/1.0/schema"))
        answer = farm_api.client.get(link["href"])
        assert answer.headers["Content-Type"] == link["type"] == "application/schema+json"
        properties = answer.json()["properties"]
        assert properties["geometry"]["x-ogc-role"] == "primary-geometry"
        for feature in items(farm_api, layer, limit=10_000):
            for name, value in feature["properties"].items():
                assert value is None or isinstance(value, types[properties[name]["type"]]), (layer, name)


def test_a_page_asks_the_store_for_its_devices_once_however_many_passes_there_are(
    farm_api: RegistryApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    devices = MemoryStore.devices

    def counted(store: MemoryStore, organisation: str, device: str | None = None) -> Any:
        asked.append("devices")
        return devices(store, organisation, device)

    monkeypatch.setattr(MemoryStore, "devices", counted)

    def count() -> int:
        asked.clear()
        get(farm_api, "/collections/passes/items", limit=1)
        return len(asked)

    count()
    one = count()
    for start_ms in (START_MS, START_MS + 20_000, START_MS + 40_000):
        more = {**declaration(farm_api), "device": DRONE, "start_ms": start_ms, "end_ms": start_ms + 10_000}
        assert farm_api.client.post("/v1/passes", json=more).status_code == 201
    count()
    assert count() == one
