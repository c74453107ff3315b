"""Fixtures: the registry on both databases, and a clock that the test advances."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.postgres import Postgres
from tests.registry.records import START_MS


class ManualClock:
    """Clock of a test: `clock()` is the time in milliseconds, which `advance` moves."""

    def __init__(self) -> None:
        self.time_ms = START_MS

    def __call__(self) -> int:
        return self.time_ms

    def advance(self, span_ms: int) -> None:
        self.time_ms += span_ms


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.services("postgresql"))]


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/registry.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(scope="session")
def made_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty registry to copy: making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("registry") / "registry.sqlite"
    open_registry(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def made_postgres(postgres: Postgres) -> str:
    """An empty registry to copy."""
    url = postgres.new_database()
    open_registry(url).close()
    return url


@pytest.fixture(params=DATABASES)
def registry_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty registry."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("made_sqlite"), tmp_path / "registry.sqlite")
        yield f"sqlite:///{tmp_path}/registry.sqlite"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.lend(like=request.getfixturevalue("made_postgres"))
    yield url
    server.take_back(url)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def registry(registry_url: str, clock: Callable[[], int]) -> Iterator[Registry]:
    opened = open_registry(registry_url, clock)
    yield opened
    opened.close()


@pytest.fixture
def repositories(registry: Registry) -> OrganisationRepositories:
    return registry.repositories(registry.add_organisation("local", "Our farm", "test").id, "tester")


@pytest.fixture
def neighbour(registry: Registry) -> OrganisationRepositories:
    """Another organisation's."""
    return registry.repositories(registry.add_organisation("next-door", "Their farm", "test").id, "neighbour")
