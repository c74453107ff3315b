"""How fast samples are answered: 10,000 points of a DuckDB store over HTTP, as columns, Arrow, CSV and as naive models.

`python -m tests.bench.bench_columns [--json] [--rows N] [--seconds S]`

One uvicorn process, one client, both on this machine's cores, over the real application: key, store read, columns,
ETag and all. Beside it on the same application, with the same store read: what a FastAPI author writes first
(`response_model` with a list of rows), and the same rows and bytes by msgspec, which says what the form alone is worth.
`x_naive` is in the same run; a figure of one run is no more than that run's.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import Response

from api.app import create_app
from api.dependencies import ScopeOf
from api.http.content_types import ARROW, CSV, JSON
from headland.analysis.inputs.telemetry import find_device, read_series
from headland.analysis.inputs.window import Window
from headland.contract.records import Descriptor
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesKey, WriteBatch
from tests.api.farm import OWN, START_MS, points_of
from tests.api.server import serve
from tests.bench.machine_load import busy_cores

CHANNELS = ["air_temperature_degc", "relative_humidity_pct"]
KEY = {"Authorization": "Bearer any"}


class Row(BaseModel):
    """A row as an author writes it first."""

    time_ms: int
    air_temperature_degc: float | None
    relative_humidity_pct: float | None


class Rows(BaseModel):
    """All rows."""

    device: str
    items: list[Row]


def add_peers(app: FastAPI, rows: int) -> None:
    """Add the same question answered by a response model, and by msgspec with the same bytes."""

    def read(scope: ScopeOf) -> list[tuple[int, float | None, float | None]]:
        window = Window(START_MS, START_MS + 1000 * rows)
        columns = read_series(scope, find_device(scope, "gh-1"), CHANNELS, window, rows)
        return list(zip(columns.time_ms.tolist(), *(columns.channels[c].tolist() for c in CHANNELS), strict=True))

    @app.get("/v1/latest/naive", response_model=Rows)
    def get_naive(scope: ScopeOf) -> Rows:
        items = [Row(time_ms=t, air_temperature_degc=a, relative_humidity_pct=h) for t, a, h in read(scope)]
        return Rows(device="gh-1", items=items)

    @app.get("/v1/latest/rows")
    def get_rows(scope: ScopeOf) -> Response:
        items = [{"time_ms": t, CHANNELS[0]: a, CHANNELS[1]: h} for t, a, h in read(scope)]
        return Response(msgspec.json.encode({"device": "gh-1", "items": items}), media_type=JSON)


def ask(pipe: Connection, url: str, rows: int, seconds: float) -> None:
    """Ask each of them in turn, three times over; send requests a second and bytes by name."""
    series = (
        f"/v1/devices/gh-1/series?channel={'&channel='.join(CHANNELS)}&start={START_MS}&end={START_MS + 1000 * rows}"
    )
    questions = {
        "naive": ("/v1/latest/naive", JSON),
        "rows": ("/v1/latest/rows", JSON),
        "columns": (f"{series}&max_points={rows}", JSON),
        "arrow": (series, ARROW),
        "csv": (series, CSV),
    }
    found: dict[str, list[float]] = {name: [] for name in questions}
    sizes: dict[str, int] = {}
    with httpx.Client(base_url=url, headers={**KEY, "Accept-Encoding": "identity"}, timeout=60) as client:
        for _ in range(3):
            for name, (path, accept) in questions.items():
                headers = {"Accept": accept}
                answer = client.get(path, headers=headers)
                assert answer.status_code == 200, answer.text
                sizes[name] = len(answer.content)
                begun_s, count = time.perf_counter(), 0
                while time.perf_counter() - begun_s < seconds:
                    client.get(path, headers=headers)
                    count += 1
                found[name].append(count / (time.perf_counter() - begun_s))
    pipe.send((found, sizes))


def measure(rows: int, seconds: float) -> dict[str, Any]:
    """Return answers a second, bytes, and how many times the naive ones."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBStore(Path(folder) / "store.duckdb")
        store.describe(OWN, "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="home", name="House"))
        time_ms = START_MS + 1000 * np.arange(rows, dtype=np.int64)
        value = np.round(20 + 5 * np.sin(np.arange(rows) / 900), 2)
        good = np.ones_like(time_ms)
        keys = [SeriesKey(OWN, "home", "greenhouse", "gh-1", channel) for channel in CHANNELS]
        store.write(WriteBatch(points_of([(key, time_ms, value, good) for key in keys])))
        app = create_app(store, organisation=OWN, readiness=list, counters=dict, now_ms=lambda: START_MS + 1000 * rows)
        add_peers(app, rows)
        ours, theirs = spawn.Pipe()
        with serve(app) as client:
            asker = spawn.Process(target=ask, args=(theirs, str(client.base_url), rows, seconds))
            asker.start()
            assert ours.poll(300)
            found, sizes = ours.recv()
            asker.join(10)
        store.close()
    naive = statistics.median(found["naive"])
    return {
        name: {
            "answers_per_s": round(statistics.median(rates), 1),
            "lowest_per_s": round(min(rates), 1),
            "highest_per_s": round(max(rates), 1),
            "bytes": sizes[name],
            "x_naive": round(statistics.median(rates) / naive, 1),
        }
        for name, rates in found.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each form, three times")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    other = busy_cores()
    figures = {"other_load_cores": other, "rows": options.rows, **measure(options.rows, options.seconds)}
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<18} {value}")


if __name__ == "__main__":
    main()
