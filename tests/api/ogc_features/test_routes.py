"""A spread field and the small farm as map layers, read by OWSLib and by the standard's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from owslib.ogcapi.features import Features

from headland.contract.records import Descriptor
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm, write_series
from tests.api.registry_api import RegistryApi
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
    answer = farm_api.client.get(f"/ogc{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def items(farm_api: RegistryApi, layer: str, **query: Any) -> list[dict[str, Any]]:
    """Return all features of a layer, page by page."""
    found: list[dict[str, Any]] = []
    page = get(farm_api, f"/collections/{layer}/items", **query)
    while True:
        assert page["type"] == "FeatureCollection"
        assert page["numberReturned"] == len(page["features"])
        found += page["features"]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            return found
        page = farm_api.client.get(following[0]).json()


def test_owslib_reads_every_feature_from_the_landing_page_on(farm_api: RegistryApi) -> None:
    client = Features(f"{farm_api.client.base_url}/ogc", headers=dict(farm_api.client.headers))
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson" in client.conformance()["conformsTo"]
    assert client.feature_collections() == LAYERS
    assert client.collection("fields")["itemType"] == "feature"
    one = client.collection_items("devices", limit=1, bbox=[9.9, -0.1, 10.1, 0.1])
    assert [feature["id"] for feature in one["features"]] == [DRONE]
    assert client.collection_item("devices", HOUSE)["properties"]["name"] == "番茄一号棚"


def test_every_link_of_every_page_leads_somewhere(farm_api: RegistryApi) -> None:
    seen: set[str] = set()
    waiting = [f"{farm_api.client.base_url}/ogc"]
    while waiting:
        url = waiting.pop()
        seen.add(url)
        answer = farm_api.client.get(url)
        assert answer.status_code == 200, url
        told = answer.json()
        listed = [link for one in (told, *told.get("collections", ())) for link in one.get("links", ())]
        for link in listed:
            assert link["type"].split(";")[0] in {
                "application/json",
                "application/geo+json",
                "application/vnd.oai.openapi+json",
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
    (field,) = (one for one in items(farm_api, "fields") if one["id"] == farm_api.ids["field"])
    assert shapely.from_geojson(str(field["geometry"]).replace("'", '"').replace("(", "[").replace(")", "]")).area > 0
    told = field["properties"]
    assert told["area_m2"] == pytest.approx(199 * 40, rel=1e-3)
    assert (told["owner"], told["source"]) == ("Wang", "registry")


def test_a_device_has_the_flag_and_time_of_every_value(farm_api: RegistryApi) -> None:
    devices = {one["id"]: one for one in items(farm_api, "devices")}
    drone = devices[DRONE]
    assert drone["geometry"]["type"] == "Point"
    assert drone["properties"]["position_source"] == "its newest position"
    assert drone["properties"]["simulated"] is True
    told = devices[HOUSE]["properties"]
    assert (told["co2_ppm"], told["co2_ppm_quality"]) == (pytest.approx(639.9), 1)
    assert told["co2_ppm_time"] == "2026-11-24T08:06:39.000Z"
    assert devices[HOUSE]["geometry"] is None
    # A name that does not end in its unit says it.
    assert (devices["bad"]["properties"]["leaf_colour [1]"], devices["bad"]["properties"]["leaf_colour_quality"]) == (
        40.0,
        3,
    )


def test_a_pass_is_the_line_that_was_flown(farm_api: RegistryApi) -> None:
    one = next(found for found in items(farm_api, "passes") if found["properties"]["device"] == SPREADER)
    line = one["geometry"]["coordinates"]
    assert line[0] == [10.0, 0.0]
    assert len(line) == 401
    told = one["properties"]
    assert (told["device"], told["source"], told["evidence"]) == (SPREADER, "declared", "measured_flow")
    assert told["planned_rate_unit"] == "kg/ha"


def test_the_cells_add_up_to_the_metered_amount_and_name_their_evidence(farm_api: RegistryApi) -> None:
    of_pass = next(one["id"] for one in items(farm_api, "passes") if one["properties"]["device"] == SPREADER)
    cells = items(farm_api, "as-applied", limit=10_000, pass_id=of_pass)
    told = [one["properties"] for one in cells]
    amounts = [one["amount_kg"] for one in told if one["amount_kg"] is not None]
    assert sum(amounts) == pytest.approx(APPLIED_KG, rel=1e-3)
    assert {one["evidence"] for one in told} <= {"none", "measured_flow"}
    assert {one["source"] for one in told} == {"as_applied_deposit"}
    assert min(one["coverage"] for one in told) > 0.98
    found = get(farm_api, f"/collections/as-applied/items/{cells[7]['id']}")
    assert found["properties"] == told[7]


def test_features_are_filtered_by_box_and_time(farm_api: RegistryApi) -> None:
    west = items(farm_api, "as-applied", bbox="10.0,0.0,10.0004,0.0003", limit=10_000)
    assert 0 < len(west) < 400
    assert items(farm_api, "passes", datetime="2026-11-24T08:06:00Z/..")
    assert not items(farm_api, "passes", datetime="2026-11-25T08:00:00Z/..")
    assert not items(farm_api, "as-applied", datetime="../2026-11-23T08:00:00Z")
    assert not items(farm_api, "passes", pass_id="x" * 26)


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/ogc?colour=red", 400, "unknown-parameter"),
        ("/ogc/collections/fields/items?name=North", 400, "unknown-parameter"),
        ("/ogc/collections/fields/items?limit=0", 400, "bad-parameter"),
        ("/ogc/collections/fields/items?bbox=1,2", 400, "bad-parameter"),
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
