"""The requests of a field's page for one pass, through HTTP, DuckDB and the registry: the first time and again."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from api.app import create_app
from headland.agronomy.geometry.local_plane import Plane
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Farm, Field, Implement, ImplementKind, Pass, PatternPoint
from headland.registry.registry import Registry, open_registry
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Points, SeriesKey, Store, WriteBatch
from tests.api.server import serve

START_MS = 1_790_000_000_000
SECONDS = 3600
PLANE = Plane(32.0, 119.0)
LENGTH_M, WIDTH_M, SWATH_M, SPEED_M_S = 600.0, 400.0, 5.5, 6.0
REQUESTS = {
    "cells": "/v1/passes/{id}/cells",
    "as_applied": "/v1/passes/{id}/as-applied",
    "deviation": "/v1/passes/{id}/deviation",
    "cell": "/v1/passes/{id}/cell?latitude_deg=32.0005&longitude_deg=119.002",
}
#: What the dashboard asks for a pass, in this order; the last when somebody taps a cell.
PAGE = {
    "map": "/v1/passes/{id}/cells?format=safetensors",
    "summary": "/v1/passes/{id}/as-applied?format=summary",
    "deviation": "/v1/passes/{id}/deviation",
    "evidence": "/v1/passes/{id}/cell?cell_m=1&latitude_deg=32.0005&longitude_deg=119.002",
}


def ask_pages(folder: Path, rounds: int = 5) -> dict[str, float]:
    """Return the median times of each request: the first with an empty cache, and again; then those of a page together.

    `_cpu_ms` is the processor's time of server and client, for machines that do other work meanwhile. Of each request
    the first of all is left out: routes are analysed then. The samples are rolled up, as half a minute later they are.
    """
    store = DuckDBStore(folder / "farm.duckdb")
    registry = open_registry(f"sqlite:///{folder}/registry.sqlite")
    pass_id = fill_field(store, registry)
    store.roll_up()
    took: dict[str, list[tuple[float, float]]] = {}
    try:
        for name, address in REQUESTS.items():
            for _ in range(rounds):
                with serve_field(store, registry) as client:
                    _analyse_routes(client)
                    for when in ("first", *["again"] * 5):
                        took.setdefault(f"{name}_{when}", []).append(_ask(client, address.format(id=pass_id)))
        for _ in range(rounds):
            with serve_field(store, registry) as client:
                _analyse_routes(client)
                for when in ("first", *["again"] * 5):
                    asked = {name: _ask(client, address.format(id=pass_id)) for name, address in PAGE.items()}
                    for name, pair in asked.items():
                        took.setdefault(f"page_{name}_{when}", []).append(pair)
                    whole = sum(wall_ms for wall_ms, _ in asked.values()), sum(cpu_ms for _, cpu_ms in asked.values())
                    took.setdefault(f"page_{when}", []).append(whole)
    finally:
        store.close()
        registry.close()
    figures: dict[str, float] = {}
    for name, times in took.items():
        figures[f"{name}_ms"] = round(statistics.median(wall_ms for wall_ms, _ in times), 1)
        figures[f"{name}_cpu_ms"] = round(statistics.median(cpu_ms for _, cpu_ms in times), 1)
    return figures


@contextmanager
def serve_field(store: Store, registry: Registry, start_ms: int = START_MS) -> Iterator[httpx.Client]:
    """Serve what `fill_field` stored, an hour after the pass."""
    app = create_app(
        store, organisation="bench", readiness=list, counters=dict,
        now_ms=lambda: start_ms + 2 * SECONDS * 1000, registry=registry,
    )  # fmt: skip
    with serve(app) as client:
        yield client


def _analyse_routes(client: httpx.Client) -> None:
    """Ask each request of a pass that is not there."""
    client.get("/v1/devices").raise_for_status()
    for address in {**REQUESTS, **PAGE}.values():
        assert client.get(address.format(id="none")).is_client_error


def _ask(client: httpx.Client, address: str) -> tuple[float, float]:
    """Return the wall time and the processor's time of a request [ms]; what was compressed for its way stays so.

    A browser unpacks 4 MB in its own time; to do it here takes as long as the station's part of it.
    """
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    with client.stream("GET", address) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass
    return 1000 * (time.perf_counter() - wall_s), 1000 * (time.process_time() - cpu_s)


def fill_field(store: Store, registry: Registry, width_m: float = WIDTH_M, start_ms: int = START_MS) -> str:
    """Store an hour of a spreader at 10 Hz with eight channels, and declare the pass; return its id."""
    time_s = np.arange(0, SECONDS, 0.1)
    row_s = LENGTH_M / SPEED_M_S + 5.0
    row, into_s = np.floor(time_s / row_s), time_s % row_s
    along = np.minimum(into_s * SPEED_M_S, LENGTH_M)
    east = np.where(row % 2 == 0, along, LENGTH_M - along)
    north = row * SWATH_M + SWATH_M / 2 + np.maximum(into_s - LENGTH_M / SPEED_M_S, 0.0) * SWATH_M / 5.0
    latitude, longitude = PLANE.to_degrees(east, north)
    on = into_s < LENGTH_M / SPEED_M_S
    columns = {
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "pump_on": on.astype(np.float64),
        "mass_flow_kg_min": np.where(on, 18.0, 0.0),
        "hopper_kg": 2000.0 - np.cumsum(np.where(on, 0.03, 0.0)),
        "relative_altitude_m": np.full(len(time_s), 4.0),
        "wind_speed_m_s": 2.0 + np.sin(time_s / 60.0),
        "wind_from_deg": np.full(len(time_s), 170.0),
    }
    time_ms = (start_ms + np.round(time_s * 1000)).astype(np.int64)
    keys = [SeriesKey("bench", "home", "drone", "uav-1", channel) for channel in columns]
    n = len(time_ms)
    store.write(
        WriteBatch(
            Points(
                keys,
                np.repeat(np.arange(len(keys), dtype=np.int32), n),
                np.tile(time_ms, len(keys)),
                np.concatenate(list(columns.values())),
                np.ones(n * len(keys), np.uint8),
            )
        )
    )
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    store.describe("bench", "gw-1", Descriptor(device="uav-1", kind="drone", site="home", name="1", channels=channels))
    repositories = registry.repositories(registry.add_organisation("bench", "Bench", "bench").id, "bench")
    farm = repositories.farms.add(Farm(name="Home"))
    corners = ((0.0, 0.0), (LENGTH_M, 0.0), (LENGTH_M, width_m), (0.0, width_m), (0.0, 0.0))
    ring = tuple(
        (float(degrees[1][0]), float(degrees[0][0]))
        for degrees in (PLANE.to_degrees(np.array([x]), np.array([y])) for x, y in corners)
    )
    field = repositories.fields.add(Field(farm=farm.id, name="North", geometry=((ring,),)))
    pattern = tuple(PatternPoint(offset_m=x, rate=r) for x, r in ((-5.5, 0.0), (0.0, 1.0), (5.5, 0.0)))
    implement = repositories.implements.add(
        Implement(name="disc", kind=ImplementKind.SPREADER, swath_m=SWATH_M, pattern=pattern, max_flow_kg_min=60.0)
    )
    declared = repositories.passes.declare(
        Pass(
            field=field.id,
            device="uav-1",
            start_ms=start_ms,
            end_ms=start_ms + SECONDS * 1000,
            implement=implement.id,
            planned_rate_ha=90.0,
        )
    )
    return declared.id
