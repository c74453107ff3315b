"""Fixtures: every engine for the one suite."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest

from headland.runtime.remote.client import PortConnections
from headland.runtime.remote.server import PortServer
from headland.store.duckdb.store import DuckDBStore
from headland.store.influx.store import open_influx
from headland.store.memory import MemoryStore
from headland.store.port import Store
from headland.store.remote import PORT, RemoteStore, served_store
from headland.store.victoria.store import open_victoria


class ServedStore(RemoteStore):
    """A DuckDB store behind a socket, which this one asks; closed together with its server."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(mkdtemp(prefix="hl-"))
        self._owned = DuckDBStore(folder / "store.duckdb")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self._folder / "s"))
        listening.listen()
        self._server = PortServer(listening, {PORT: served_store(self._owned)})
        self._server.start()
        super().__init__(PortConnections(self._folder / "s", "test", 8))

    def close(self) -> None:
        super().close()
        self._server.stop()
        self._owned.close()
        rmtree(self._folder, ignore_errors=True)


#: A new engine joins the suite by one line: what opens a store in an empty folder, given what returns a fixture.
ENGINES: dict[str, Callable[[Path, Callable[[str], Any]], Store]] = {
    "duckdb": lambda folder, fixture: DuckDBStore(folder / "store.duckdb"),
    "influxdb": lambda folder, fixture: open_influx(fixture("influx_server").url_of(folder)),
    "memory": lambda folder, fixture: MemoryStore(),
    "remote": lambda folder, fixture: ServedStore(folder),
    "victoriametrics": lambda folder, fixture: open_victoria(fixture("victoria_server").url_of(folder)),
}
#: Engines that end with their process, as their contract says: nothing of them is asked to survive it.
TRANSIENT = frozenset(("memory",))
#: The fixture of the server of an engine that has one.
SERVERS = {"influxdb": "influx_server", "victoriametrics": "victoria_server"}
#: The programs that an engine's server needs, and what else is outside of a pure test.
NEEDS = {
    "influxdb": pytest.mark.services("influxdb", "nginx"),
    "remote": pytest.mark.sockets,
    "victoriametrics": pytest.mark.services("victoria-metrics"),
}


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=NEEDS[name]) if name in NEEDS else name for name in ENGINES],
)
def make_store(request: pytest.FixtureRequest) -> Callable[[Path], Store]:
    """What opens a store of one engine in an empty folder."""
    return lambda folder: ENGINES[str(request.param)](folder, request.getfixturevalue)


class EnginePlace:
    """Where the samples of one engine are: `open` may be called again and again, `text` is a URL or a folder."""

    def __init__(self, engine: str, folder: Path, fixture: Callable[[str], Any]) -> None:
        self.engine = engine
        self._folder = folder
        self._fixture = fixture
        self.text = str(fixture(SERVERS[engine]).url_of(folder)) if engine in SERVERS else str(folder)

    def open(self) -> Store:
        """Open the store of this place."""
        return ENGINES[self.engine](self._folder, self._fixture)

    def kill_server(self) -> None:
        """End the engine's server with SIGKILL, and start it again on its files."""
        server = self._fixture(SERVERS[self.engine])
        server.kill()
        server.start()


@pytest.fixture(
    params=[
        pytest.param(name, marks=NEEDS[name]) if name in NEEDS else name for name in ENGINES if name not in TRANSIENT
    ],
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> EnginePlace:
    """An empty place of each engine that outlives its process."""
    return EnginePlace(str(request.param), tmp_path, request.getfixturevalue)


@pytest.fixture(params=[pytest.param(name, marks=NEEDS[name]) for name in SERVERS])
def server_place(request: pytest.FixtureRequest, tmp_path: Path) -> EnginePlace:
    """An empty place of each engine whose samples are on a server."""
    return EnginePlace(str(request.param), tmp_path, request.getfixturevalue)


@pytest.fixture
def store(make_store: Callable[[Path], Store], tmp_path: Path) -> Iterator[Store]:
    made = make_store(tmp_path)
    yield made
    made.close()
