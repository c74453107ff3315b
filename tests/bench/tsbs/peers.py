"""The engines of the benchmark, each in a process of its own that loads and answers when it is told to."""

from __future__ import annotations

import multiprocessing
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Protocol

from tests.bench.tsbs import chdb_peer, timescale, victoria
from tests.bench.tsbs.chdb_peer import ChDB
from tests.bench.tsbs.fleet import Rows, Telemetry, Truck
from tests.bench.tsbs.headland_store import HeadlandStore
from tests.bench.tsbs.questions import Answer, Question
from tests.bench.tsbs.timescale import Timescale
from tests.bench.tsbs.victoria import Victoria


class Engine(Protocol):
    """An engine: what is prepared is in its own form, and making it is not what is measured."""

    def prepare(self, batch: Sequence[Rows]) -> Any: ...

    def load(self, prepared: Any) -> None: ...

    def finish(self) -> None: ...

    def settle(self, end_ms: int) -> None: ...

    def size_bytes(self) -> int: ...

    def ask(self, question: Question) -> Answer: ...

    def close(self) -> None: ...


OURS: Final = "headland"
ENGINES: Final[dict[str, Callable[[Path, Sequence[Truck], int], Engine]]] = {
    OURS: HeadlandStore,
    "timescaledb": Timescale,
    "victoriametrics": Victoria,
    "chdb": ChDB,
}


def missing() -> dict[str, str]:
    """Return why engines cannot be run here."""
    reasons = {
        "timescaledb": timescale.missing(),
        "victoriametrics": victoria.missing(),
        "chdb": chdb_peer.missing(),
    }
    return {name: reason for name, reason in reasons.items() if reason is not None}


class Peer:
    """An engine in its process; a call returns what it took there, in seconds."""

    def __init__(self, name: str, connection: Connection) -> None:
        self.name = name
        self._connection = connection

    def load(self, batches: int) -> tuple[float, int]:
        """Load the next batches; return the seconds, and the points."""
        return self._call("load", batches)  # type: ignore[return-value]

    def settle(self, end_ms: int) -> float:
        """Bring the data into the form that they have when nothing more comes."""
        return self._call("settle", end_ms)  # type: ignore[return-value]

    def size_bytes(self) -> int:
        """Return the bytes on disk."""
        return self._call("size")  # type: ignore[return-value]

    def ask(self, question: Question) -> tuple[float, Answer]:
        """Ask; return the seconds and the answer."""
        return self._call("ask", question)  # type: ignore[return-value]

    def close(self) -> None:
        """End the engine. Another engine's process may have this end of the pipe too: it is told in so many words."""
        with suppress(OSError):
            self._connection.send(("close",))
            self._connection.close()

    def _call(self, *words: object) -> object:
        self._connection.send(words)
        failed, told = self._connection.recv()
        if failed:
            raise RuntimeError(f"{self.name}: {told}")
        return told


@contextmanager
def start_peers(names: Sequence[str], telemetry: Telemetry, rows: int, folder: Path) -> Iterator[list[Peer]]:
    """Start the engines, each with empty files in a folder of its own and the same batches before it."""
    # A fork has the telemetry without a copy of it.
    context = multiprocessing.get_context("fork")
    with ExitStack() as stack:
        peers = []
        for name in names:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(name, theirs, telemetry, rows, folder / name), name=name)
            process.start()
            theirs.close()
            stack.callback(process.join, 300)
            peers.append(Peer(name, ours))
            stack.callback(peers[-1].close)
        yield peers


def _serve(name: str, connection: Connection, telemetry: Telemetry, rows: int, folder: Path) -> None:
    folder.mkdir(parents=True)
    every_ms = int(telemetry.time_ms[1] - telemetry.time_ms[0])
    batches = telemetry.batches(rows)
    with closing(ENGINES[name](folder, telemetry.trucks, every_ms)) as engine:
        while True:
            try:
                word, *values = connection.recv()
            except EOFError:
                return
            if word == "close":
                return
            try:
                told = _answer(engine, batches, word, *values)
            except Exception:  # whatever an engine raises is told to whoever asked
                connection.send((True, traceback.format_exc()))
            else:
                connection.send((False, told))


def _answer(engine: Engine, batches: Iterator[Sequence[Rows]], word: str, *values: Any) -> object:
    if word == "load":
        return _load(engine, list(islice(batches, values[0])))
    if word == "size":
        return engine.size_bytes()
    begin_s = time.perf_counter()
    if word == "settle":
        engine.settle(values[0])
        return time.perf_counter() - begin_s
    answer = engine.ask(values[0])
    return time.perf_counter() - begin_s, answer


def _load(engine: Engine, batches: Sequence[Sequence[Rows]]) -> tuple[float, int]:
    spent_s, points = 0.0, 0
    for batch in batches:
        prepared = engine.prepare(batch)
        begin_s = time.perf_counter()
        engine.load(prepared)
        spent_s += time.perf_counter() - begin_s
        points += sum(rows.points for rows in batch)
    begin_s = time.perf_counter()
    engine.finish()
    return spent_s + time.perf_counter() - begin_s, points
