"""The Grafana dashboard: its queries are sent to the API and read as the Infinity data source reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonata
import msgspec
import pytest

from tests.api.fake_ingest import FakeIngest
from tests.api.farm import DRONE, HOUSE, NOW_MS, START_MS, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

FOLDER = Path(__file__).parents[3] / "docs" / "grafana"
BOARD = json.loads((FOLDER / "headland-infinity.json").read_text())
VARIABLES = {"greenhouse": HOUSE, "drone": DRONE, "__from": str(START_MS), "__to": str(NOW_MS)}
TARGETS = {panel["title"]: target for panel in BOARD["panels"] for target in panel["targets"]}
#: What has no rows on the small farm: no alarm stands there.
EMPTY = {"Alarms that stand"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    registry, _, _ = fill_registry(tmp_path_factory.mktemp("grafana"))
    app = own_app(fill_farm(), now_ms=lambda: NOW_MS, gateways=FakeIngest(), registry=registry)
    with serve(app) as served:
        yield served
    registry.close()


def filled(text: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: VARIABLES[match[1]], text)


def ask(client: httpx.Client, target: dict[str, Any]) -> Any:
    params: Any = [(each["key"], filled(each["value"])) for each in target["url_options"]["params"]]
    answer = client.get(filled(target["url"]), params=params)
    assert answer.status_code == 200, answer.text
    return jsonata.Jsonata(target["root_selector"]).evaluate(answer.json())


@pytest.mark.parametrize("title", TARGETS)
def test_each_query_gives_rows_with_the_columns_that_it_names(client: httpx.Client, title: str) -> None:
    target = TARGETS[title]
    result = ask(client, target)
    rows = [] if result is None else result if isinstance(result, list) else [result]
    assert bool(rows) is (title not in EMPTY)
    for column in target["columns"]:
        values = [row[column["selector"]] for row in rows if row.get(column["selector"]) is not None]
        if column["type"] == "number":
            assert all(isinstance(value, (int, float)) for value in values), column
        if column["type"] == "timestamp_epoch":
            assert all(value > 10**12 or title == "Gateways" for value in values), column
    named = {column["selector"] for column in target["columns"]}
    assert all(set(row) <= named for row in rows)


def test_the_panels_show_the_numbers_of_the_api(client: httpx.Client) -> None:
    row = ask(client, TARGETS["Vapour pressure deficit by hour"])
    rows = row if isinstance(row, list) else [row]
    response = client.get(f"/v1/greenhouses/{HOUSE}/climate", params={"by": "hour", "start": START_MS, "end": NOW_MS})
    assert [one.get("vpd_kpa") for one in rows] == [
        each["answers"]["vpd_kpa"]["value"] for each in response.json()["items"]
    ]


def test_the_variables_list_the_devices_of_their_kind(client: httpx.Client) -> None:
    for variable, device in zip(BOARD["templating"]["list"], (HOUSE, DRONE), strict=True):
        result = ask(client, variable["query"]["infinityQuery"])
        assert device in (result if isinstance(result, list) else [result])


@pytest.mark.parametrize("name", ["headland-infinity.json", "headland-influxdb.json"])
def test_a_dashboard_file_is_importable_and_every_panel_has_a_position_and_a_source(name: str) -> None:
    board = msgspec.json.decode((FOLDER / name).read_bytes())
    (source,) = board["__inputs"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    occupied: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel["datasource"] == {"type": source["pluginId"], "uid": f"${{{source['name']}}}"}
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not occupied & cells
        occupied |= cells
