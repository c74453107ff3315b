"""Every engine under the one suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headland.store.duckdb_store import DuckDBStore
from headland.store.memory_store import MemoryStore
from headland.store.port import Store

#: A new engine joins the suite by one line.
ENGINES: dict[str, Callable[[Path], Store]] = {
    "duckdb": lambda folder: DuckDBStore(folder / "store.duckdb"),
    "memory": lambda folder: MemoryStore(),
}


@pytest.fixture(scope="session", params=sorted(ENGINES))
def make_store(request: pytest.FixtureRequest) -> Callable[[Path], Store]:
    """What opens a store of one engine in an empty folder."""
    return ENGINES[str(request.param)]


@pytest.fixture
def store(make_store: Callable[[Path], Store], tmp_path: Path) -> Iterator[Store]:
    made = make_store(tmp_path)
    yield made
    made.close()
