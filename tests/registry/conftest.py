"""Every test of the suite on both databases; a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headland.registry.estate import Estate
from headland.registry.registry import Registry, open_registry
from tests.postgres import Postgres
from tests.registry.records import START_MS


class HandClock:
    """`clock()` is the time in milliseconds; it moves when it is told to."""

    def __init__(self) -> None:
        self.time_ms = START_MS

    def __call__(self) -> int:
        return self.time_ms

    def advance(self, span_ms: int) -> None:
        self.time_ms += span_ms


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services("postgresql"))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty registry."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/registry.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def registry(url: str, clock: Callable[[], int]) -> Iterator[Registry]:
    opened = open_registry(url, clock)
    yield opened
    opened.close()


@pytest.fixture
def estate(registry: Registry) -> Estate:
    return registry.estate(registry.add_organisation("local", "Our farm", "test").id, "tester")


@pytest.fixture
def neighbour(registry: Registry) -> Estate:
    """Another organisation's."""
    return registry.estate(registry.add_organisation("next-door", "Their farm", "test").id, "neighbour")
