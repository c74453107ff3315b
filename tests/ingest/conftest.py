"""Fixtures: the ingest service on a real broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headland.store.memory import MemoryStore
from headland.store.port import Store
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.broker import Broker
from tests.ingest.gateway import Gateway
from tests.waiting import wait_until

StartIngest = Callable[..., IngestService]


@pytest.fixture
def ingest_settings(mosquitto: Broker, tmp_path: Path) -> IngestSettings:
    """Settings for the running broker, quick to reconnect."""
    return IngestSettings(
        quarantine_path=tmp_path / "quarantine.sqlite",
        host=mosquitto.host,
        port=mosquitto.port,
        reconnect_min_s=0.05,
        reconnect_max_s=0.2,
    )


@pytest.fixture
def start_ingest(ingest_settings: IngestSettings) -> Iterator[StartIngest]:
    """A function that starts the service on a store, with changed settings, and waits until it is subscribed."""
    started: list[IngestService] = []

    def start(store: Store, **changes: Any) -> IngestService:
        service = IngestService(replace(ingest_settings, **changes), store)
        service.start()
        started.append(service)
        wait_until(lambda: service.health().ok)
        return service

    yield start
    for service in started:
        service.stop()


@pytest.fixture
def memory_store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
def gateway(mosquitto: Broker) -> Iterator[Gateway]:
    """A connected gateway `gw-1`."""
    with Gateway(mosquitto.host, mosquitto.port) as connected:
        yield connected
