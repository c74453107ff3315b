"""A spread field and the small farm as map layers, read by OWSLib and by the standard's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from owslib.ogcapi.features import Features

from headland.contract.records import Descriptor
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm, put
from tests.api.registry import Known
from tests.api.spread_field import APPLIED_KG, SPREADER, declaration, serve_spread_field

MEDIA = {"application/json", "application/geo+json", "application/vnd.oai.openapi+json"}
LAYERS = ["fields", "greenhouses", "devices", "passes", "as-applied"]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    store = fill_farm()
    put(
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


def get(known: Known, path: str, **query: Any) -> Any:
    answer = known.client.get(f"/ogc{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def items(known: Known, layer: str, **query: Any) -> list[dict[str, Any]]:
    """Return all features of a layer, page by page."""
    found: list[dict[str, Any]] = []
    page = get(known, f"/collections/{layer}/items", **query)
    while True:
        assert page["type"] == "FeatureCollection"
        assert page["numberReturned"] == len(page["features"])
        found += page["features"]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            return found
        page = known.client.get(following[0]).json()


def test_owslib_finds_its_way_from_the_landing_page_to_the_last_feature(known: Known) -> None:
    client = Features(f"{known.client.base_url}/ogc", headers=dict(known.client.headers))
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson" in client.conformance()["conformsTo"]
    assert client.feature_collections() == LAYERS
    assert client.collection("fields")["itemType"] == "feature"
    one = client.collection_items("devices", limit=1, bbox=[9.9, -0.1, 10.1, 0.1])
    assert [feature["id"] for feature in one["features"]] == [DRONE]
    assert client.collection_item("devices", HOUSE)["properties"]["name"] == "番茄一号棚"


def test_every_link_of_every_page_leads_somewhere(known: Known) -> None:
    seen: set[str] = set()
    waiting = [f"{known.client.base_url}/ogc"]
    while waiting:
        url = waiting.pop()
        seen.add(url)
        answer = known.client.get(url)
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


def test_pages_of_one_give_what_one_page_gives_in_every_layer(known: Known) -> None:
    for layer in LAYERS[:4]:
        assert items(known, layer, limit=1) == items(known, layer, limit=1000)
    whole = items(known, "as-applied", limit=10_000)
    assert len(whole) > 1500
    assert items(known, "as-applied", limit=1000) == whole


def test_a_field_is_its_outline_with_its_area_and_source(known: Known) -> None:
    (field,) = (one for one in items(known, "fields") if one["id"] == known.ids["field"])
    assert shapely.from_geojson(str(field["geometry"]).replace("'", '"').replace("(", "[").replace(")", "]")).area > 0
    told = field["properties"]
    assert told["area_m2"] == pytest.approx(199 * 40, rel=1e-3)
    assert (told["owner"], told["source"]) == ("Wang", "registry")


def test_a_device_says_the_flag_and_time_of_every_value(known: Known) -> None:
    devices = {one["id"]: one for one in items(known, "devices")}
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


def test_a_pass_is_the_line_that_was_flown(known: Known) -> None:
    one = next(found for found in items(known, "passes") if found["properties"]["device"] == SPREADER)
    line = one["geometry"]["coordinates"]
    assert line[0] == [10.0, 0.0]
    assert len(line) == 401
    told = one["properties"]
    assert (told["device"], told["source"], told["evidence"]) == (SPREADER, "declared", "measured_flow")
    assert told["planned_rate_unit"] == "kg/ha"


def test_cells_add_up_to_what_was_metered_and_say_their_evidence(known: Known) -> None:
    of_pass = next(one["id"] for one in items(known, "passes") if one["properties"]["device"] == SPREADER)
    cells = items(known, "as-applied", limit=10_000, pass_id=of_pass)
    told = [one["properties"] for one in cells]
    amounts = [one["amount_kg"] for one in told if one["amount_kg"] is not None]
    assert sum(amounts) == pytest.approx(APPLIED_KG, rel=1e-3)
    assert {one["evidence"] for one in told} <= {"none", "measured_flow"}
    assert {one["source"] for one in told} == {"as_applied_deposit"}
    assert min(one["coverage"] for one in told) > 0.98
    found = get(known, f"/collections/as-applied/items/{cells[7]['id']}")
    assert found["properties"] == told[7]


def test_a_box_and_a_time_choose(known: Known) -> None:
    west = items(known, "as-applied", bbox="10.0,0.0,10.0004,0.0003", limit=10_000)
    assert 0 < len(west) < 400
    assert items(known, "passes", datetime="2026-11-24T08:06:00Z/..")
    assert not items(known, "passes", datetime="2026-11-25T08:00:00Z/..")
    assert not items(known, "as-applied", datetime="../2026-11-23T08:00:00Z")
    assert not items(known, "passes", pass_id="x" * 26)


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
def test_what_is_not_known_is_refused_by_name(known: Known, path: str, status: int, kind: str) -> None:
    answer = known.client.get(path)
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:headland:problem:{kind}"


def test_a_page_is_as_old_as_it_says(known: Known) -> None:
    page = get(known, "/collections/fields/items")
    assert page["timeStamp"] == "2026-11-24T08:06:40.000Z"
    assert NOW_MS == START_MS + 400_000
