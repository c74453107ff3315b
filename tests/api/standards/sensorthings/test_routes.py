import gc
from typing import Any

import httpx
import pytest

from api.standards.sensorthings.entities import Entity
from api.standards.sensorthings.query_options import split_outside
from headland.store.memory import MemoryStore
from tests.api.farm import DRONE, HOUSE, SECONDS
from tests.api.server import body_of
from tests.waiting import wait_until

ROOT = "/sta/v1.1"
CO2 = f"{ROOT}/Datastreams('{HOUSE}:co2_ppm')"


def get(client: httpx.Client, path: str, **options: Any) -> Any:
    return body_of(client.get(path, params={f"${name}": value for name, value in options.items()}))


def follow(client: httpx.Client, path: str, **options: Any) -> list[Any]:
    """Return all entities of a collection, page after page."""
    page = get(client, path, **options)
    entities = list(page["value"])
    while "@iot.nextLink" in page:
        page = client.get(page["@iot.nextLink"]).json()
        entities += page["value"]
    return entities


def test_the_service_document_lists_the_eight_collections_and_the_requirements(client: httpx.Client) -> None:
    root = get(client, ROOT)
    assert len(root["value"]) == 8
    for entry in root["value"]:
        assert get(client, entry["url"], top=1)["value"]
    assert any(uri.endswith("req/datamodel") for uri in root["serverSettings"]["conformance"])


def test_every_link_of_every_entity_resolves(client: httpx.Client) -> None:
    for entry in get(client, ROOT)["value"]:
        entity = get(client, entry["url"], top=1)["value"][0]
        assert get(client, entity["@iot.selfLink"])["@iot.id"] == entity["@iot.id"]
        for name, link in entity.items():
            if name.endswith("@iot.navigationLink"):
                assert client.get(link).status_code == 200, link


def test_a_device_is_a_thing_with_its_series_as_datastreams(client: httpx.Client) -> None:
    thing = get(client, f"{ROOT}/Things('{HOUSE}')", expand="Datastreams")
    assert thing["name"] == "番茄一号棚"
    assert [entity["@iot.id"] for entity in thing["Datastreams"]] == [
        f"{HOUSE}:air_temperature_degc",
        f"{HOUSE}:co2_ppm",
        f"{HOUSE}:relative_humidity_pct",
    ]
    assert thing["Datastreams"][1]["unitOfMeasurement"]["symbol"] == "ppm"
    assert thing["Datastreams"][1]["phenomenonTime"] == "2026-11-24T08:00:00.000Z/2026-11-24T08:06:39.000Z"


def test_another_organisation_is_not_visible(client: httpx.Client) -> None:
    assert client.get(f"{ROOT}/Things('gh-9')").status_code == 404
    assert client.get(f"{ROOT}/Datastreams('gh-9:air_temperature_degc')/Observations").status_code == 404
    assert "gh-9" not in client.get(f"{ROOT}/Datastreams", params={"$top": 1000}).text


@pytest.mark.parametrize("order", ["phenomenonTime asc", "phenomenonTime desc"])
@pytest.mark.parametrize("top", [7, 100, 10_000])
def test_pages_contain_each_observation_once_in_order(client: httpx.Client, order: str, top: int) -> None:
    rows = follow(client, f"{CO2}/Observations", top=top, orderby=order)
    results = [row["result"] for row in rows]
    assert sorted(results) == [600 + second / 10 for second in range(SECONDS)]
    assert results == sorted(results, reverse=order.endswith("desc"))
    assert len({row["@iot.id"] for row in rows}) == SECONDS


def test_pages_over_all_datastreams_lose_nothing_at_one_instant(client: httpx.Client) -> None:
    count = get(client, f"{ROOT}/Observations", top=0, count="true")["@iot.count"]
    rows = follow(client, f"{ROOT}/Observations", top=1001)
    assert count == len(rows) == len({row["@iot.id"] for row in rows}) == 3 * SECONDS + 8 * (SECONDS + 1) + 40


def test_a_page_skips_entities(client: httpx.Client) -> None:
    rows = follow(client, f"{CO2}/Observations", skip=390, top=4)
    assert [row["result"] for row in rows] == [600 + second / 10 for second in range(390, SECONDS)]


def test_observations_are_filtered_by_time_result_quality_and_datastream(client: httpx.Client) -> None:
    late = "phenomenonTime ge 2026-11-24T08:00:10Z and phenomenonTime lt 2026-11-24T08:00:20Z"
    assert get(client, f"{CO2}/Observations", filter=late, count="true", top=0)["@iot.count"] == 10
    warm = get(client, f"{CO2}/Observations", filter=f"{late} and result gt 601.5", count="true")
    assert (warm["@iot.count"], [row["result"] for row in warm["value"]]) == (4, [601.6, 601.7, 601.8, 601.9])
    bad = get(client, f"{ROOT}/Observations", filter="resultQuality gt 2")["value"]
    assert [(row["@iot.id"], row["result"], row["resultQuality"]) for row in bad] == [
        (f"{HOUSE}:air_temperature_degc@1795507300000", 79.0, ["4"])
    ]
    windy = "Datastream/ObservedProperty/name eq 'wind_speed_m_s'"
    assert get(client, f"{ROOT}/Observations", filter=windy, count="true", top=0)["@iot.count"] == 40


def test_an_order_by_result_is_paged(client: httpx.Client) -> None:
    rows = follow(client, f"{CO2}/Observations", orderby="result desc", filter="result ge 639", top=4)
    assert [row["result"] for row in rows] == [639.9, 639.8, 639.7, 639.6, 639.5, 639.4, 639.3, 639.2, 639.1, 639.0]


def test_an_expansion_has_options_a_count_and_its_own_next_page(client: httpx.Client) -> None:
    inner = "Observations($top=2;$orderby=phenomenonTime desc;$count=true;$select=result)"
    stream = get(client, f"{ROOT}/Things('{HOUSE}')", expand=f"Datastreams($filter=name ne '';$skip=1;$expand={inner})")
    datastream = stream["Datastreams"][0]
    assert datastream["Observations"] == [{"result": 639.9}, {"result": 639.8}]
    assert datastream["Observations@iot.count"] == SECONDS
    following = client.get(datastream["Observations@iot.nextLink"]).json()
    assert following["value"] == [{"result": 639.7}, {"result": 639.6}]


def test_a_quality_flag_is_a_list_for_gis_programs_and_a_number_in_conditions(client: httpx.Client) -> None:
    observation = f"{ROOT}/Observations('{HOUSE}:co2_ppm@1795507200000')"
    # QGIS reads resultQuality as a list of texts, and shows parameters as a map.
    assert get(client, observation)["resultQuality"] == ["1"]
    assert get(client, observation)["parameters"] == {"qartod": 1}
    assert get(client, f"{observation}/resultQuality") == {"resultQuality": ["1"]}
    for condition in ("resultQuality eq 4", "parameters/qartod eq 4"):
        (failed,) = get(client, f"{ROOT}/Observations", filter=condition)["value"]
        assert failed["result"] == 79.0
    (group,) = get(client, f"{CO2}/Observations", resultFormat="dataArray", top=1)["value"]
    assert group["components"] == ["id", "phenomenonTime", "resultTime", "result", "resultQuality"]


@pytest.mark.parametrize(
    "inner",
    [
        "$top=3;$orderby=phenomenonTime desc",
        "$top=3;$skip=2;$orderby=phenomenonTime desc",
        "$top=1",
        "$skip=398;$top=5",
        "$top=400;$orderby=phenomenonTime desc",
        "$top=0",
        "$orderby=id desc;$top=2",
        "$filter=phenomenonTime ge 2026-11-24T08:00:10Z and phenomenonTime lt 2026-11-24T08:00:13Z",
        "$filter=Datastream/ObservedProperty/name eq 'co2_ppm';$top=2;$orderby=resultTime desc",
        "$select=result;$top=2;$expand=Datastream($select=name;$expand=Observations($top=1))",
    ],
)
def test_the_observations_of_many_datastreams_are_those_of_each(client: httpx.Client, inner: str) -> None:
    streams = get(client, f"{ROOT}/Datastreams", expand=f"Observations({inner})")["value"]
    assert len(streams) > 10
    for stream in streams:
        address = f"{ROOT}/Datastreams('{stream['@iot.id']}')/Observations"
        alone = client.get(address, params=dict(part.split("=", 1) for part in split_outside(inner, ";"))).json()
        assert stream["Observations"] == alone["value"], stream["@iot.id"]
        following = stream.get("Observations@iot.nextLink")
        assert (following is None) == ("@iot.nextLink" not in alone)
        if following is not None:
            assert client.get(following).json()["value"] == client.get(alone["@iot.nextLink"]).json()["value"]


def test_the_observations_of_all_datastreams_of_all_things_are_one_query(
    client: httpx.Client, filled: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    read = filled.raw

    def count(*args: Any, **options: Any) -> Any:
        asked.append(args)
        return read(*args, **options)

    monkeypatch.setattr(filled, "raw", count)
    monkeypatch.setattr(filled, "buckets", None)  # nothing is counted for it
    newest = "Observations($top=2;$orderby=phenomenonTime desc)"
    things = get(client, f"{ROOT}/Things", expand=f"Datastreams($select=name;$expand={newest})")["value"]
    assert sum(len(stream["Observations"]) for thing in things for stream in thing["Datastreams"]) > 20
    assert len(asked) == 1


def test_a_vehicle_has_its_newest_location_and_is_filtered_by_it(client: httpx.Client) -> None:
    # The two conditions that QGIS sends for a layer of points in the visible part of the map.
    points = "location/type eq 'Point' or location/geometry/type eq 'Point'"
    near = "geo.intersects(location, geography'POLYGON((9 -1, 11 -1, 11 1, 9 1, 9 -1))')"
    far = near.replace("9 ", "19 ").replace("11 ", "21 ")
    entities = get(client, f"{ROOT}/Locations", filter=f"({points}) and ({near})", expand="Things")["value"]
    assert [entity["Things"][0]["@iot.id"] for entity in entities] == [DRONE]
    assert entities[0]["properties"]["source"] == "its newest position"
    assert get(client, f"{ROOT}/Locations", filter=f"({points}) and ({far})")["value"] == []


def test_observations_are_returned_as_data_arrays(client: httpx.Client) -> None:
    (group,) = get(client, f"{CO2}/Observations", resultFormat="dataArray", top=2, select="id,result")["value"]
    assert group["components"] == ["id", "result"]
    assert group["dataArray"] == [[f"{HOUSE}:co2_ppm@1795507200000", 600.0], [f"{HOUSE}:co2_ppm@1795507201000", 600.1]]


def test_fields_values_and_references_have_addresses(client: httpx.Client) -> None:
    assert get(client, f"{ROOT}/Things('{HOUSE}')/name") == {"name": "番茄一号棚"}
    assert client.get(f"{ROOT}/Things('{HOUSE}')/name/$value").text == "番茄一号棚"
    assert get(client, f"{ROOT}/Things/$ref", top=1)["value"][0].keys() == {"@iot.selfLink"}
    observation = f"{ROOT}/Observations('{HOUSE}:co2_ppm@1795507200000')"
    assert get(client, f"{observation}/Datastream/Thing")["@iot.id"] == HOUSE


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("Nothings", {}, 404),
        ("Things('nobody')", {}, 404),
        ("Things/name", {}, 404),
        (f"Datastreams('{HOUSE}:co2_ppm')/Observations('{HOUSE}:co2_ppm@5')", {}, 404),
        ("Things", {"$filter": "colour eq 'red'"}, 400),
        ("Things", {"$filter": "geo.length(name) gt 1"}, 400),
        ("Things", {"$expand": "Observations"}, 400),
        ("Things", {"$expand": "Datastreams($top=1"}, 400),
        ("Things", {"$select": "colour"}, 400),
        ("Things", {"$orderby": "name sideways"}, 400),
        ("Things", {"$search": "red"}, 400),
        ("Things", {"$resultFormat": "dataArray"}, 400),
        ("Things", {"$top": "-1"}, 400),
        ("Things", {"$top": "many"}, 400),
        ("Things", {"$skip": "-1"}, 400),
        ("Things", {"$count": "perhaps"}, 400),
        ("Things", {"$filter": "x" * 3000}, 400),
        (f"Datastreams('{HOUSE}:co2_ppm')/Observations", {"$resultFormat": "csv"}, 400),
    ],
)
def test_what_is_not_supported_is_a_problem(
    client: httpx.Client, path: str, options: dict[str, str], status: int
) -> None:
    response = client.get(f"{ROOT}/{path}", params=options)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_the_entities_of_an_answer_are_free_at_its_end(client: httpx.Client) -> None:
    gc.collect()
    gc.disable()
    try:
        for path in (f"{ROOT}/Datastreams", f"{ROOT}/Observations", "/ogc/collections/devices/items"):
            assert client.get(path, params={"$expand": "Thing"} if path.endswith("streams") else {}).status_code == 200
        # A thread of the server may still hold the last one.
        wait_until(lambda: not any(type(each) is Entity for each in gc.get_objects()))
    finally:
        gc.enable()
