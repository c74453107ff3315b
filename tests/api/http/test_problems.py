from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from api.app import create_app
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord
from tests.api.farm import HOUSE, OWN
from tests.api.served import serve

SERIES = f"/v1/devices/{HOUSE}/series"


def problem(client: httpx.Client, path: str, params: Mapping[str, Any] | None = None) -> Any:
    response = client.get(path, params=params)
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("path", "params", "status", "kind"),
    [
        ("/nowhere", {}, 404, "about:blank"),
        ("/dashboard/nothing.js", {}, 404, "about:blank"),
        ("/v1/devices/gh-7", {}, 404, "urn:headland:problem:unknown-device"),
        (SERIES, {"channel": "sunshine_h"}, 404, "urn:headland:problem:unknown-channel"),
        (SERIES, {}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "max_points": 0}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "start": "yesterday"}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "start": "2026-11-24T08:00:00"}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "start": "9" * 18}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "start": 10, "end": 10}, 400, "urn:headland:problem:bad-window"),
        (f"/v1/devices/{HOUSE}/application", {"swath_m": "nan"}, 422, "urn:headland:problem:bad-parameter"),
        (f"/v1/devices/{HOUSE}/application", {"swath_m": "0"}, 422, "urn:headland:problem:bad-parameter"),
        ("/v1/devices/..%2f..", {}, 404, "about:blank"),
    ],
)
def test_every_mistake_is_a_problem(
    client: httpx.Client, path: str, params: Mapping[str, Any], status: int, kind: str
) -> None:
    body = problem(client, path, params)
    assert (body["status"], body["type"]) == (status, kind)


def test_a_wrong_parameter_is_named(client: httpx.Client) -> None:
    body = problem(client, SERIES, {"channel": "co2_ppm", "start": "yesterday"})
    assert [error["parameter"] for error in body["errors"]] == ["start"]
    assert "2026-11-24T08:00:00Z" in body["detail"]


def test_an_unknown_channel_is_told_what_there_is(client: httpx.Client) -> None:
    assert "co2_ppm" in problem(client, SERIES, {"channel": "sunshine_h"})["detail"]


@pytest.mark.parametrize("path", ["/v1/devices", "/", f"/v1/devices/{HOUSE}/latest", "/dashboard/index.html"])
def test_a_method_that_is_not_taken_is_told_which_are(client: httpx.Client, path: str) -> None:
    response = client.delete(path)
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert "GET" in response.headers["allow"]


def test_a_bug_shows_nothing_of_our_insides() -> None:
    class BrokenStore(MemoryStore):
        def devices(self, organisation: str) -> list[DeviceRecord]:
            raise RuntimeError(f"secret of {organisation}")

    app = create_app(BrokenStore(), organisation=OWN, readiness=list, counters=dict)
    with serve(app) as client:
        body = problem(client, "/v1/devices")
    assert body["status"] == 500
    assert "secret" not in str(body)
