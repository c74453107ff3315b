"""A program that posts samples, with the station that takes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.registry.models.models import Scope
from headland.store.memory import MemoryStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.server.ingest_access.local_ingest import LocalIngest
from station.server.posted_uplinks import read_uplink
from tests.api.exchange.posting import Writer
from tests.api.farm import NOW_MS, OWN
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve
from tests.broker import Broker
from tests.waiting import wait_until


@pytest.fixture
def writer(mosquitto: Broker, tmp_path: Path) -> Iterator[Writer]:
    store = MemoryStore()
    ingest = IngestService(
        IngestSettings(quarantine_path=tmp_path / "q.sqlite", port=mosquitto.port, organisation=OWN), store
    )
    ingest.start()
    registry, repositories, _ = fill_registry(tmp_path)
    clock = iter(range(NOW_MS, NOW_MS + 1_000_000, 1000))
    app = own_app(
        store, uplinks=read_uplink, gateways=LocalIngest(ingest), registry=registry, now_ms=lambda: next(clock)
    )
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
