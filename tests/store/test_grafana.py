"""Queries of the Grafana dashboard's InfluxDB data source, run against a real server with our samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headland.store.influx.client import InfluxConnection, parse_influx_url
from headland.store.influx.store import open_influx
from headland.store.port import Points, SeriesKey, Store, WriteBatch
from tests.influx_server import InfluxServer

BOARD = json.loads((Path(__file__).parents[2] / "docs" / "grafana" / "headland-influxdb.json").read_text())
START_MS = 1_795_507_200_000
ROWS = 300
CHANNELS = {
    ("greenhouse", "gh-1"): (
        "air_temperature_degc", "leaf_temperature_degc", "outside_temperature_degc", "relative_humidity_pct",
        "outside_humidity_pct", "co2_ppm", "par_umol_m2_s", "substrate_moisture_pct", "soil_temperature_degc",
    ),
    ("drone", "uav-1"): (
        "relative_altitude_m", "ground_speed_m_s", "mass_flow_kg_min", "hopper_kg", "flow_l_min", "pump_on",
        "battery_remaining_pct",
    ),
}  # fmt: skip
VARIABLES = {"organisation": "coop", "greenhouse": "gh-1", "drone": "uav-1"}
QUERIES = [(panel["title"], target) for panel in BOARD["panels"] for target in panel["targets"]]

pytestmark = pytest.mark.services("influxdb", "nginx")


def write_samples(store: Store, start_ms: int) -> None:
    """Write `ROWS` samples of each channel, the third of which is suspect, and close the store."""
    keys = [SeriesKey("coop", "home", *whose, channel) for whose, names in CHANNELS.items() for channel in names]
    keys.append(SeriesKey("other", "away", "greenhouse", "gh-9", "co2_ppm"))
    sid = np.repeat(np.arange(len(keys), dtype=np.int32), ROWS)
    time_ms = np.tile(start_ms + 1000 * np.arange(ROWS), len(keys))
    quality = np.where(np.tile(np.arange(ROWS), len(keys)) == 2, 3, 1).astype(np.uint8)
    store.write(WriteBatch(Points(keys, sid, time_ms, 10.0 + sid.astype(np.float64), quality)))
    store.close()


@pytest.fixture(scope="module")
def server(influx_server: InfluxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxConnection]:
    url = influx_server.url_of(tmp_path_factory.mktemp("grafana"))
    write_samples(open_influx(url), START_MS)
    connection = InfluxConnection(parse_influx_url(url))
    connection.open()
    yield connection
    connection.close()


def filled(query: str) -> str:
    for name, value in VARIABLES.items():
        query = query.replace(f"${name}", value)
    query = query.replace("$timeFilter", f"time >= {START_MS}ms and time <= {START_MS + ROWS * 1000}ms")
    return query.replace("$__interval", "60s")


@pytest.mark.parametrize(("title", "target"), QUERIES, ids=[f"{title}-{t['refId']}" for title, t in QUERIES])
def test_each_query_finds_what_was_stored(server: InfluxConnection, title: str, target: dict[str, Any]) -> None:
    ((series,),) = server.query([filled(target["query"])])
    assert "$" not in filled(target["query"])
    values = [row[1:] for row in series.values]
    if title == "Last value of every channel":
        assert {name.removeprefix("last_") for name in series.columns[1:]} >= set(CHANNELS["greenhouse", "gh-1"])
    elif title == "Suspect and failed samples":
        assert [row[0] for row in values if row[0]] == [1]
    else:
        known = [row[0] for row in values if row[0] is not None]
        assert len(known) == ROWS // 60
        assert len(set(known)) == 1


def test_the_variables_list_organisations_and_their_devices(server: InfluxConnection) -> None:
    found = {}
    for variable in BOARD["templating"]["list"]:
        (answer,) = server.query([filled(variable["query"])])
        found[variable["name"]] = sorted({str(row[1]) for series in answer for row in series.values})
    assert found == {"organisation": ["coop", "other"], "greenhouse": ["gh-1"], "drone": ["uav-1"]}
