from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from headland.runtime.readiness import Check
from headland.store.memory import MemoryStore
from tests.api.farm import NOW_MS, fill_farm
from tests.api.server import own_app, serve


@pytest.fixture(scope="session")
def filled() -> MemoryStore:
    """The farm; nobody writes to it."""
    return fill_farm()


@pytest.fixture(scope="session")
def app(filled: MemoryStore) -> FastAPI:
    return own_app(
        filled,
        readiness=lambda: [Check("ingest", True, "connected")],
        counters=lambda: {"ingest_messages": 12.0, "uptime_s": 3.5},
        now_ms=lambda: NOW_MS,
    )


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Iterator[httpx.Client]:
    with serve(app) as client:
        yield client
