"""The client against the real application behind a real server."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from arro3.io import read_ipc_stream
from fastapi import FastAPI, Request
from starlette.responses import Response

from api.live.sources import StorePoll
from headland.client import Client, Gap, News, NotReachable, RequestRefused
from headland.client.connection import Connection, find_key
from headland.errors import HeadlandError
from headland.store.memory import MemoryStore
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm, write_series
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve
from tests.ports import find_free_port


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return fill_farm()


@pytest.fixture(scope="module")
def farm(store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    registry, _, _ = fill_registry(tmp_path_factory.mktemp("registry"))
    app = own_app(
        store,
        now_ms=lambda: NOW_MS,
        gateways=FakeIngest(),
        registry=registry,
        live=StorePoll(store, OWN, every_s=0.05, longest_s=0.4).feed,
    )
    with serve(app) as http, Client(str(http.base_url), "any") as client:
        yield client
    registry.close()


def test_devices_and_their_newest_values_are_records(farm: Client) -> None:
    assert [device.id for device in farm.devices()] == [HOUSE, DRONE, "wx-1"]
    [drone] = farm.devices(kind="drone")
    assert (drone.id, drone.simulated, drone.last_seen_ms) == (DRONE, True, NOW_MS)
    value = farm.latest(HOUSE).channels["co2_ppm"]
    assert (value.value, value.time_ms, value.unit) == (639.9, NOW_MS - 1000, "ppm")
    assert [one.device for one in farm.latest_of_all(site="home")] == [HOUSE, DRONE, "wx-1"]
    assert [gateway.id for gateway in farm.gateways()] == ["gw-1", "gw-2"]


def test_pages_are_followed_to_the_end(farm: Client) -> None:
    events = list(farm.events(DRONE, START_MS, NOW_MS))
    assert [event.data["mode"] for event in events] == ["GUIDED", "AUTO", "LOITER", "RTL"]
    small = list(farm.items(f"/v1/devices/{DRONE}/events", start=START_MS, end=NOW_MS, limit=1))
    assert [event["time_ms"] for event in small] == [event.time_ms for event in events]


def test_a_series_is_columns_and_arrays(farm: Client) -> None:
    start = datetime.fromtimestamp(START_MS / 1000, UTC)
    series = farm.series(HOUSE, ["co2_ppm", "air_temperature_degc"], start, NOW_MS)
    assert (series.aggregation, len(series.time_ms), series.units["co2_ppm"]) == (None, 400, "ppm")
    time_ms, columns = series.numpy()
    assert time_ms.tolist() == [START_MS + 1000 * second for second in range(400)]
    assert columns["co2_ppm"][100] == 610.0
    assert np.isnan(columns["air_temperature_degc"][100])
    few = farm.series(HOUSE, "co2_ppm", START_MS, NOW_MS, max_points=10)
    assert few.aggregation is not None
    assert few.aggregation.method == "mean"
    with pytest.raises(ValueError, match="time zone"):
        farm.series(HOUSE, "co2_ppm", datetime(2026, 11, 24))  # noqa: DTZ001 - that it has no zone is the point


def test_every_sample_becomes_a_file(farm: Client, tmp_path: Path) -> None:
    path = farm.table(HOUSE, "co2_ppm", tmp_path / "house.arrows", START_MS, NOW_MS, form="arrow")
    assert read_ipc_stream(io.BytesIO(path.read_bytes())).read_all().num_rows == 400


def test_records_are_added_changed_by_version_and_deleted(farm: Client) -> None:
    made = farm.post("/v1/farms", {"name": "Second farm", "longitude_deg": 119.0, "latitude_deg": 32.0})
    path = f"/v1/farms/{made['id']}"
    changed = farm.put(path, {**made, "name": "Other farm"}, made["version"])
    assert (changed["name"], changed["version"]) == ("Other farm", 2)
    with pytest.raises(RequestRefused) as refused:
        farm.put(path, made, 1)
    assert (refused.value.status, refused.value.kind, refused.value.more["found"]) == (412, "changed-meanwhile", 2)
    farm.delete(path, 2)
    assert "Other farm" not in [one["name"] for one in farm.items("/v1/farms")]


def test_a_problem_is_an_exception_with_the_apis_own_sentence(farm: Client) -> None:
    with pytest.raises(HeadlandError, match="There is no device gh-404") as refused:
        farm.latest("gh-404")
    assert isinstance(refused.value, RequestRefused)
    assert (refused.value.status, refused.value.kind) == (404, "unknown-device")


def test_live_values_continue_after_the_stream_was_broken(farm: Client, store: MemoryStore) -> None:
    stream = farm.live(device=HOUSE, channel="co2_ppm")
    first = next(stream)
    assert isinstance(first, News)
    assert first.items[0].channels["co2_ppm"].value == 639.9
    heard: list[float] = []
    for number in range(3):  # the server ends each stream after 0.4 s
        write_series(
            store,
            OWN,
            "home",
            "greenhouse",
            HOUSE,
            np.array([NOW_MS + number]),
            {"co2_ppm": np.array([700.0 + number])},
        )
        said = next(stream)
        while not isinstance(said, News):
            assert isinstance(said, Gap)
            said = next(stream)
        heard.append(said.items[0].channels["co2_ppm"].value)
        threading.Event().wait(0.25)
    assert heard == [700.0, 701.0, 702.0]


def busy_app(answers: Iterator[Response]) -> FastAPI:
    app = FastAPI()
    app.state.home = type("Home", (), {"organisation": OWN})()

    @app.api_route("/v1/thing", methods=["GET", "POST"])
    def get_thing(request: Request) -> Response:
        return next(answers)

    return app


@pytest.mark.parametrize(
    ("method", "statuses", "asked", "waits"),
    [
        ("GET", [429, 503, 200], 3, [2.0, 2.0]),
        ("GET", [503] * 9, 4, [2.0, 2.0, 2.0]),
        ("POST", [429, 200], 2, [2.0]),
        ("POST", [503, 200], 1, []),
        ("GET", [404, 200], 1, []),
    ],
)
def test_a_busy_api_is_tried_again_after_the_stated_wait(
    method: str, statuses: list[int], asked: int, waits: list[float]
) -> None:
    heard: list[int] = []

    def answer() -> Iterator[Response]:
        for status in statuses:
            heard.append(status)
            yield Response(b"{}", status, {"Retry-After": "2"})

    slept: list[float] = []
    with serve(busy_app(answer())) as http:
        connection = Connection(str(http.base_url), None, 5.0, 4, slept.append)
        if statuses[asked - 1] == 200:
            assert connection.request(method, "/v1/thing").content == b"{}"
        else:
            with pytest.raises(HeadlandError):
                connection.request(method, "/v1/thing")
        connection.close()
    assert (len(heard), slept) == (asked, waits)


def test_an_unreachable_api_raises_a_sentence() -> None:
    client = Client(f"http://127.0.0.1:{find_free_port()}", "any", tries=1)
    with pytest.raises(NotReachable, match="check that the station is running there"):
        client.get("/v1/devices")
    client.close()


def test_the_key_is_the_one_given_else_the_environments_else_the_farms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADLAND_API_KEY", raising=False)
    assert find_key(None, tmp_path) is None
    (tmp_path / "api-key").write_text("hl_file\n")
    assert find_key(None, tmp_path) == "hl_file"
    monkeypatch.setenv("HEADLAND_API_KEY", "hl_environment")
    assert find_key(None, tmp_path) == "hl_environment"
    assert find_key("hl_given", tmp_path) == "hl_given"
