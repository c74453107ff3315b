"""The questions of the design's budget, asked of any engine on a month of a farm: `bench_store --queries`.

100 devices with 10 channels each, their samples in the order in which they would arrive, values with two decimals.
"""

from __future__ import annotations

import resource
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np

from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, Points, SeriesFilter, SeriesKey, Store, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS
from station.server.storage.stores import open_store

DEVICES, CHANNELS, DAYS = 100, 10, 30
SERIES = DEVICES * CHANNELS
START_MS = 1_780_272_000_000
END_MS = START_MS + DAYS * DAY_MS
ORGANISATION = "acme"
KEYS = [
    SeriesKey(ORGANISATION, "home", "greenhouse", f"gh-{device}", f"channel_{channel}_degc")
    for device in range(DEVICES)
    for channel in range(CHANNELS)
]
_EACH = 20
_ASKED = 9


def month_of_batches(points: int) -> Iterator[WriteBatch]:
    """Batches of 20 samples of every series, device by device, until there are `points` in a month."""
    random = np.random.default_rng(11)
    rounds = max(1, points // (SERIES * _EACH))
    interval_ms = DAYS * DAY_MS / (rounds * _EACH)
    index = np.repeat(np.arange(SERIES, dtype=np.int32), _EACH)
    level = random.normal(20.0, 5.0, SERIES)
    for number in range(rounds):
        place = np.tile(np.arange(_EACH), SERIES) + number * _EACH
        jitter_ms = random.integers(0, max(1, int(interval_ms / 2)), SERIES * _EACH)
        time_ms = START_MS + (place * interval_ms).astype(np.int64) + jitter_ms
        swing = 5.0 * np.sin(2 * np.pi * (time_ms % DAY_MS) / DAY_MS)
        value = (level[index] + swing + random.normal(0.0, 0.5, SERIES * _EACH)).round(2)
        mark = Mark("gw-1", "e1", number + 1, number + 1)
        yield WriteBatch(Points(KEYS, index, time_ms, value, np.ones(len(index), np.uint8)), (), (mark,))


QUESTIONS: dict[str, Callable[[Store, int], object]] = {
    "latest of 1,000 series": lambda store, at: store.last(SeriesFilter(ORGANISATION)),
    "a series, 24 h of samples": lambda store, at: store.raw(
        SeriesFilter(ORGANISATION, f"gh-{at}", frozenset({"channel_3_degc"})), END_MS - DAY_MS, END_MS
    ),
    "a device, 30 d in 500 buckets": lambda store, at: store.buckets(
        SeriesFilter(ORGANISATION, f"gh-{at}"), START_MS, END_MS, (END_MS - START_MS) // 500
    ),
    "a device, 30 d by hours": lambda store, at: store.buckets(
        SeriesFilter(ORGANISATION, f"gh-{at}"), START_MS, END_MS, HOUR_MS
    ),
    "200 series, 30 d by days": lambda store, at: store.buckets(
        SeriesFilter(ORGANISATION, None, frozenset({f"channel_{at % 9}_degc", "channel_9_degc"})),
        START_MS,
        END_MS,
        DAY_MS,
    ),
}


def ask_all(store: Store) -> dict[str, float]:
    """Return the median of each question's times in ms, each asked of other devices; the first one is not counted."""
    told = {}
    for name, ask in QUESTIONS.items():
        spent_ms = []
        for number in range(_ASKED + 1):
            before_s = time.perf_counter()
            ask(store, (7 * number) % DEVICES)
            spent_ms.append((time.perf_counter() - before_s) * 1000)
        told[f"{name} [ms]"] = statistics.median(spent_ms[1:])
    return told


def ask_beside_writes(store: Store, points_s: int, for_s: float) -> dict[str, float]:
    """Return each question's median in ms while `points_s` are written, live, behind the month."""
    done = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        begin_s, number = time.perf_counter(), 0
        index = np.arange(SERIES, dtype=np.int32)
        while not done.is_set():
            time_ms = np.full(SERIES, END_MS + number * 10, np.int64)
            values = np.full(SERIES, 20.0 + number % 7)
            store.write(WriteBatch(Points(KEYS, index, time_ms, values, np.ones(SERIES, np.uint8))))
            written += SERIES
            number += 1
            done.wait(max(0.0, begin_s + written / points_s - time.perf_counter()))

    with ThreadPoolExecutor(1) as pool:
        begin_s = time.perf_counter()
        writer = pool.submit(write)
        rounds: list[dict[str, float]] = []
        try:
            while time.perf_counter() - begin_s < for_s:
                rounds.append(ask_all(store))
        finally:
            spent_s = time.perf_counter() - begin_s
            done.set()
        writer.result()
    told = {f"{name} beside writes": statistics.median(each[name] for each in rounds) for name in rounds[0]}
    return {"written beside [points/s]": written / spent_s, **told}


def run_queries(points: int, url: str | None, folder: Path) -> dict[str, float]:
    """Fill a store of any engine, put it in order where it can be, and ask; figures by name."""
    url = url or f"duckdb:///{folder / f'month-{points}.duckdb'}"
    told: dict[str, float] = {}
    with closing(open_store(url)) as store:
        begin_s, stored = time.perf_counter(), 0
        for batch in month_of_batches(points):
            stored += store.write(batch).accepted
        told["points"] = stored
        told["filled [points/s]"] = stored / (time.perf_counter() - begin_s)
        told["RSS filled [MB]"] = _peak_mb()
        if isinstance(store, DuckDBStore):
            told |= {f"{name}, just filled": value for name, value in ask_all(store).items()}
            begin_s = time.perf_counter()
            store.roll_up()
            told["rolling up [s]"] = time.perf_counter() - begin_s
            told["with rollups [bytes/point]"] = store.figures().size_bytes / stored
            told |= {f"{name}, rolled up": value for name, value in ask_all(store).items()}
            begin_s = time.perf_counter()
            store.compact(END_MS)
            told["compacting [s]"] = time.perf_counter() - begin_s
        size = store.info().size_bytes
        if size is not None:
            told["bytes/point"] = size / stored
        told |= ask_all(store)
        told |= ask_beside_writes(store, 100_000, 6.0)
        told["RSS [MB]"] = _peak_mb()
    begin_s = time.perf_counter()
    open_store(url).close()
    told["opening [s]"] = time.perf_counter() - begin_s
    return told


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
