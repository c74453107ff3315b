"""The station: ingest and API in one process on one store."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import uvicorn

from api.app import create_app
from api.readiness import Check
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.gateway_desk import IngestDesk
from station.store_choice import open_store

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StationSettings:
    """What `headland station` needs to know."""

    store_url: str
    host: str
    port: int
    ingest: IngestSettings


def run_station(settings: StationSettings) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way. Raises HeadlandError when it cannot start."""
    store = open_store(settings.store_url)
    ingest = IngestService(settings.ingest, store)
    started_s = time.monotonic()

    def readiness() -> list[Check]:
        health = ingest.health()
        return [Check("ingest", health.ok, health.detail)]

    def counters() -> Mapping[str, float]:
        return {
            "uptime_s": time.monotonic() - started_s,
            **{f"ingest_{name}": float(count) for name, count in ingest.counters().items()},
        }

    app = create_app(
        store,
        organisation=settings.ingest.organisation,
        readiness=readiness,
        counters=counters,
        gateways=IngestDesk(ingest),
    )
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            server_header=False,
        )
    )
    ingest.start()
    try:
        server.run()
    finally:
        ingest.stop()
        store.close()


def run_ingest(settings: IngestSettings, store_url: str, stop: threading.Event) -> None:
    """Take what gateways publish into a store until `stop`, without an API; changes of health go to the log."""
    store = open_store(store_url)
    ingest = IngestService(settings, store)
    ingest.start()
    try:
        said = None
        while not stop.wait(1.0):
            health = ingest.health()
            if health != said:
                _LOGGER.log(logging.INFO if health.ok else logging.WARNING, "%s: %s", settings.client_id, health.detail)
                said = health
    finally:
        ingest.stop()
        store.close()
