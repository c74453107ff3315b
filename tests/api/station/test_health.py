import httpx
from fastapi import FastAPI

from headland.runtime.readiness import Check
from headland.store.memory import MemoryStore
from tests.api.farm import DRONE
from tests.api.server import own_app, serve


def app_with(store: MemoryStore, *checks: Check) -> FastAPI:
    return own_app(store, readiness=lambda: list(checks))


def test_a_running_process_is_healthy(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_station_is_ready_when_every_check_holds(client: httpx.Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert [(check["name"], check["ok"]) for check in answer.json()["checks"]] == [("ingest", True), ("store", True)]


def test_a_station_that_is_not_ready_names_the_failed_check() -> None:
    with serve(app_with(MemoryStore(), Check("ingest", False, "no session with the broker yet"))) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "ingest: no session with the broker yet"
    assert [check["ok"] for check in answer.json()["checks"]] == [False, True]


def test_a_store_that_is_not_ready_gives_503_with_retry_after() -> None:
    store = MemoryStore()
    store.close()
    with serve(app_with(store)) as client:
        answer = client.get("/v1/devices")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json()["type"] == "urn:headland:problem:store-unavailable"
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert 'headland_store_up{engine=""} 0.0' in client.get("/metrics").text


def test_metrics_name_counters_store_and_routes_by_template(client: httpx.Client) -> None:
    client.get(f"/v1/devices/{DRONE}/latest")
    client.get("/nowhere/at/all")
    text = client.get("/metrics").text
    assert "headland_ingest_messages_total 12.0" in text
    assert "headland_uptime_seconds 3.5" in text
    assert 'headland_store_up{engine="memory"} 1.0' in text
    assert 'headland_http_request_seconds_count{method="GET",route="/v1/devices/{device}/latest",status="200"}' in text
    assert 'route="other",status="404"' in text
    assert DRONE not in text
