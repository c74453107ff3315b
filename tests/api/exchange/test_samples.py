"""Samples over HTTP, through the API and a real ingest into a store: answered after the commit, stored once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from headland.contract.posts.packs import PacksToStore, PostedPack
from headland.registry.models.models import Scope
from headland.store.memory import MemoryStore
from headland.store.port import SeriesFilter
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.server.ingest_access.local_ingest import LocalIngest
from tests.api.farm import NOW_MS, OWN
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve
from tests.broker import Broker
from tests.waiting import wait_until

pytestmark = pytest.mark.services("mosquitto")
TIME_S = NOW_MS // 1000 - 60
LINES = {"Content-Type": "text/plain"}
SENML = {"Content-Type": "application/senml+json"}
KEY = {"Idempotency-Key": "0123456789abcdef"}


class Writer:
    """A program with a key, the store that its samples go to, and a clock that goes on with each request."""

    def __init__(
        self, client: httpx.Client, store: MemoryStore, headers: dict[str, str], other: dict[str, str]
    ) -> None:
        self._client, self._store, self._headers, self.other = client, store, headers, other
        self.manager: dict[str, str] = {}

    def post(self, body: str, headers: dict[str, str], **parameters: str) -> httpx.Response:
        return self._client.post("/v1/samples", content=body, headers={**self._headers, **headers}, params=parameters)

    def as_manager(self, path: str, body: bytes) -> httpx.Response:
        return self._client.post(
            path, content=body, headers={**self.manager, "Content-Type": "application/octet-stream"}
        )

    def stored(self) -> list[tuple[str, str, int, float]]:
        return [
            (samples.key.device, samples.key.channel, int(time_ms), float(value))
            for samples in self._store.raw(SeriesFilter(OWN), 0, 2**60)
            for time_ms, value in zip(samples.time_ms, samples.value, strict=True)
        ]


@pytest.fixture
def writer(mosquitto: Broker, tmp_path: Path) -> Iterator[Writer]:
    store = MemoryStore()
    ingest = IngestService(
        IngestSettings(quarantine_path=tmp_path / "q.sqlite", port=mosquitto.port, organisation=OWN), store
    )
    ingest.start()
    registry, repositories, _ = fill_registry(tmp_path)
    clock = iter(range(NOW_MS, NOW_MS + 1_000_000, 1000))
    app = own_app(store, gateways=LocalIngest(ingest), registry=registry, now_ms=lambda: next(clock))
    try:
        wait_until(lambda: ingest.health().ok)
        _, secret = repositories.add_key("weather station", Scope.WRITE)
        _, second = repositories.add_key("another station", Scope.WRITE)
        _, manager = repositories.add_key("manager", Scope.ADMIN)
        with serve(app, opened=False) as client:
            made = Writer(client, store, *({"Authorization": f"Bearer {key}"} for key in (secret, second)))
            made.manager = {"Authorization": f"Bearer {manager}"}
            yield made
    finally:
        ingest.stop()
        registry.close()


def told(answer: httpx.Response, *names: str) -> tuple[Any, ...]:
    return (answer.status_code, *(answer.json().get(name) for name in names))


def test_senml_and_lines_are_stored_once_however_often_they_come(writer: Writer) -> None:
    senml = f'[{{"bn":"urn:dev:bed-1:","bt":{TIME_S},"n":"soil_temperature","u":"Cel","v":18.5}}]'
    lines = f"soil,device=bed-1 soil_moisture_pct=31.2 {TIME_S}"
    assert told(writer.post(senml, SENML), "stored", "duplicate") == (200, 1, 0)
    assert told(writer.post(lines, LINES, precision="s"), "stored", "duplicate") == (200, 1, 0)
    for _ in range(2):
        assert told(writer.post(senml, SENML), "stored", "duplicate") == (200, 0, 1)
        assert told(writer.post(lines, LINES, precision="s"), "stored", "duplicate") == (200, 0, 1)
    assert sorted(writer.stored()) == [
        ("bed-1", "soil_moisture_pct", TIME_S * 1000, 31.2),
        ("bed-1", "soil_temperature_degc", TIME_S * 1000, 18.5),
    ]


def test_samples_without_a_time_have_that_of_the_first_receipt(writer: Writer) -> None:
    body = "air,device=house-1 co2_ppm=410"
    assert told(writer.post(body, LINES), "type") == (400, "urn:headland:problem:no-time")
    first = writer.post(body, {**LINES, **KEY})
    assert told(first, "stored", "duplicate") == (200, 1, 0)
    again = writer.post(body, {**LINES, **KEY})
    assert told(again, "stored", "duplicate", "received_ms") == (200, 0, 1, first.json()["received_ms"])
    assert writer.stored() == [("house-1", "co2_ppm", first.json()["received_ms"], 410.0)]
    other = writer.post("air,device=house-1 co2_ppm=500", {**LINES, **KEY})
    assert told(other, "type") == (409, "urn:headland:problem:idempotency-key-used")


def test_a_wrong_body_is_refused_with_the_field_and_kept_in_quarantine(writer: Writer) -> None:
    answer = writer.post(
        f"soil,device=bed-1 co2_ppm=400 {TIME_S}\nsoil,device=bed-1 mood=1 {TIME_S}\nx", LINES, precision="s"
    )
    assert told(answer, "type", "stored") == (400, "urn:headland:problem:samples-refused", 1)
    assert [each["reason"] for each in answer.json()["errors"]] == ["unknown_channel", "wrong_shape"]
    assert "mood" in answer.json()["errors"][0]["detail"]
    assert answer.json()["errors"][1]["detail"].startswith("line 3: ")
    assert [sample[1] for sample in writer.stored()] == ["co2_ppm"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        ("<xml/>", {"Content-Type": "application/xml"}, 415, "unsupported-media-type"),
        ("x" * 200_000, LINES, 413, "too-large"),
        ("[]", SENML, 400, "samples-refused"),
        ('[{"n":"co2_ppm","v":"410"}]', SENML, 422, "bad-body"),
        ("x", LINES, 400, "samples-refused"),
    ],
)
def test_other_bodies_are_refused(writer: Writer, body: str, headers: dict[str, str], status: int, kind: str) -> None:
    assert told(writer.post(body, headers), "type") == (status, f"urn:headland:problem:{kind}")


def test_a_key_writes_about_its_own_devices_alone(writer: Writer) -> None:
    line = f"air,device=house-1 co2_ppm=410 {TIME_S}"
    assert told(writer.post(line, LINES, precision="s"), "stored") == (200, 1)
    answer = writer.post(f"air,device=house-1 co2_ppm=999 {TIME_S + 1}", {**LINES, **writer.other}, precision="s")
    assert told(answer, "type", "stored") == (400, "urn:headland:problem:samples-refused", 0)
    assert [each["reason"] for each in answer.json()["errors"]] == ["wrong_identity"]
    assert writer.stored() == [("house-1", "co2_ppm", TIME_S * 1000, 410.0)]


def test_nobody_writes_in_the_name_of_a_gateway_where_keys_ask(writer: Writer) -> None:
    packs = PacksToStore((PostedPack("house-1", b"[]"),), 1.0).encode()
    answer = writer.as_manager("/v1/gateways/gw-1/packs", packs)
    assert told(answer, "type") == (403, "urn:headland:problem:key-required")
    assert writer.stored() == []
