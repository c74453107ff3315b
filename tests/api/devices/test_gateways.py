"""Gateway routes, on a constant ingest and on a real ingest with a real broker."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.ops.ingest_port import IngestPort
from edge.sources.mavlink.link.open_errors import sentence_of_open_error
from headland.contract.codec import encode_record
from headland.contract.records import GatewayStatus, SourceReport, SpoolStatus
from headland.contract.topics import data_topic, status_topic
from headland.store.memory import MemoryStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.server.ingest_access.local_ingest import LocalIngest
from tests.api.fake_ingest import MESSAGE, FakeIngest
from tests.api.server import own_app, serve
from tests.broker import Broker
from tests.ingest.gateway import T0_MS, Gateway, batch_of, properties_of
from tests.waiting import wait_until


def app_with(ingest: IngestPort | None) -> FastAPI:
    return own_app(gateways=ingest)


@pytest.fixture
def ingest() -> FakeIngest:
    return FakeIngest()


@pytest.fixture
def client(ingest: FakeIngest) -> Iterator[httpx.Client]:
    with serve(app_with(ingest)) as client:
        yield client


def test_gateways_are_listed_by_id_page_by_page(client: httpx.Client) -> None:
    first = client.get("/v1/gateways", params={"limit": 1}).json()
    assert [item["id"] for item in first["items"]] == ["gw-1"]
    assert first["items"][0]["spool"]["records"] == 3
    second = client.get("/v1/gateways", params={"cursor": first["next"]}).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == (["gw-2"], None)
    assert second["items"][0]["online"] is None


def test_a_delivery_names_what_is_missing_and_what_is_lost(client: httpx.Client) -> None:
    answer = client.get("/v1/gateways/gw-1/delivery").json()
    (epoch,) = answer["epochs"]
    assert epoch["accounted"] == sum(
        epoch[name] for name in ("stored", "quarantined", "dropped_by_gateway", "gone_unseen", "lost")
    )
    assert (epoch["missing"], answer["missing"]) == ([[89, 90]], [{"epoch": "e1", "first": 89, "last": 90}])
    assert (answer["loss"], answer["lost"]) == (5, [{"epoch": "e1", "first": 1, "last": 5}])
    assert answer["latency_ms"] == {"p50": 12.5, "p99": 40.0, "n": 90}


def test_quarantined_messages_are_listed_returned_replayed_and_dropped(
    client: httpx.Client, ingest: FakeIngest
) -> None:
    first = client.get("/v1/quarantine", params={"limit": 1}).json()
    assert [item["id"] for item in first["items"]] == [9]
    assert "payload_base64" not in first["items"][0]
    second = client.get("/v1/quarantine", params={"cursor": first["next"], "gateway": "gw-1"}).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == ([7], None)
    detail = client.get("/v1/quarantine/7").json()
    assert base64.b64decode(detail["payload_base64"]) == b"\x00\xff\x01"
    replayed = client.post("/v1/quarantine/7/replay")
    assert (replayed.status_code, replayed.json(), ingest.replayed) == (202, {"id": 7}, [7])
    dropped = client.delete("/v1/quarantine/7")
    assert (dropped.status_code, dropped.content, ingest.dropped) == (204, b"", [7])


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/v1/gateways/gw-9/delivery", "unknown-gateway"),
        ("GET", "/v1/quarantine/8", "unknown-message"),
        ("POST", "/v1/quarantine/8/replay", "unknown-message"),
        ("DELETE", "/v1/quarantine/8", "unknown-message"),
    ],
)
def test_an_unknown_gateway_or_message_is_a_problem(client: httpx.Client, method: str, path: str, kind: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["type"]) == (404, f"urn:headland:problem:{kind}")


def test_an_api_without_an_ingest_gives_404() -> None:
    with serve(app_with(None)) as client:
        answer = client.get("/v1/gateways")
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:headland:problem:no-ingest")
        assert "headland_gateways" not in client.get("/metrics").text


def test_metrics_export_the_delivery_with_the_gateway_as_a_label(client: httpx.Client) -> None:
    text = client.get("/metrics").text
    assert "headland_gateways 2.0" in text
    assert 'headland_gateway_messages_total{gateway="gw-1",kind="duplicate"} 5.0' in text
    assert 'headland_gateway_records{fate="stored",gateway="gw-1"} 80.0' in text
    assert 'headland_gateway_records{fate="lost",gateway="gw-1"} 5.0' in text
    assert 'headland_gateway_records{fate="missing",gateway="gw-1"} 2.0' in text
    assert 'headland_gateway_latency_seconds{gateway="gw-1",quantile="0.99"} 0.04' in text
    assert 'headland_gateway_online{gateway="gw-2"}' not in text


def test_of_many_gateways_only_so_many_have_labels(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.ops.gateway_metrics.MAX_GATEWAYS", 1)
    text = client.get("/metrics").text
    assert "headland_gateways 2.0" in text
    assert 'gateway="gw-1"' in text
    assert 'gateway="gw-2"' not in text


def test_a_real_ingest_reports_the_disposition_of_each_record(mosquitto: Broker, tmp_path: Path) -> None:
    settings = IngestSettings(quarantine_path=tmp_path / "q.sqlite", port=mosquitto.port)
    store = MemoryStore()
    ingest = IngestService(settings, store)
    ingest.start()
    try:
        wait_until(lambda: ingest.health().ok)
        app = own_app(store, gateways=LocalIngest(ingest))
        with Gateway(mosquitto.host, mosquitto.port) as gateway, serve(app) as client:
            gateway.send(batch_of(1))
            gateway.publish(data_topic("gw-1"), b"poison", properties_of("e1", 2))
            gateway.send(batch_of(2))
            gateway.send(batch_of(5))
            gateway.wait_for_ack(2)
            spool = SpoolStatus(records=3)
            trouble = sentence_of_open_error("udpin:127.0.0.1:14550", OSError("odd"))
            source = SourceReport(name="drones", type="mavlink", trouble=trouble)
            status = GatewayStatus(
                gw="gw-1", online=True, t=T0_MS, epoch="e1", acked_seq=2, spool=spool, sources=(source,)
            )
            gateway.publish(status_topic("gw-1"), encode_record(status), retain=True)
            wait_until(lambda: client.get("/v1/gateways").json()["items"][0]["online"])
            (shown,) = client.get("/v1/gateways").json()["items"][0]["sources"]
            assert (shown["name"], shown["trouble"]) == ("drones", trouble)
            assert shown["trouble_zh"].startswith("udpin:127.0.0.1:14550 无法打开：请更正地址")
            answer = client.get("/v1/gateways/gw-1/delivery").json()
            assert (answer["received"], answer["duplicate"], answer["loss"], answer["lost"]) == (4, 1, 0, [])
            assert answer["epochs"] == [
                {
                    "epoch": "e1",
                    "accounted": 3,
                    # Record 2 arrived again whole: it is stored, and what was refused of it is in quarantine.
                    "stored": 3,
                    "quarantined": 0,
                    "dropped_by_gateway": 0,
                    "gone_unseen": 0,
                    "lost": 0,
                    "high_water": 2,
                    "missing": [[3, 4]],
                    "store_refused": 0,
                    "expired": 0,
                    "uncounted": 0,
                    "not_known": 0,
                }
            ]
            assert answer["spool"]["records"] == 3
            (message,) = client.get("/v1/quarantine").json()["items"]
            assert (message["gateway"], message["seq"], message["reason"]) == ("gw-1", 2, "not_deflate")
            assert client.post(f"/v1/quarantine/{message['id']}/replay").status_code == 202
            wait_until(lambda: client.get(f"/v1/quarantine/{message['id']}").json()["replays"] == 1)
            assert client.delete(f"/v1/quarantine/{message['id']}").status_code == 204
            assert client.get("/v1/quarantine").json()["items"] == []
            answer = client.get("/v1/gateways/gw-1/delivery").json()
            assert (answer["epochs"][0]["quarantined"], answer["epochs"][0]["lost"]) == (0, 1)
            assert (answer["loss"], answer["lost"]) == (1, [{"epoch": "e1", "first": 2, "last": 2}])
    finally:
        ingest.stop()


def test_the_payload_of_the_example_message_has_its_stated_length() -> None:
    assert len(base64.b64decode(MESSAGE.payload_base64)) == MESSAGE.payload_bytes
