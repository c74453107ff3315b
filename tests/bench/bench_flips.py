"""Cost of one flipped bit of a DuckDB store: samples kept, flagged and lost, with and without its parity.

`python -m tests.bench.bench_flips [--json] [--flips N] [--seed S]`

A store of 128,000 samples with events and devices is stopped, and one of 25 commits is killed. A random bit is flipped
and the store opened again: N bits of the whole file, of each kind of place in it, and of the log.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from headland.contract.records import Descriptor
from headland.errors import DataDamaged
from headland.store.duckdb.paths import parity_of, wal_of
from headland.store.duckdb.repair.checksums import flip
from headland.store.duckdb.repair.file_lists import list_used_blocks
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, Points, WriteBatch
from tests.store.batches import EVERYTHING, batch, event, key

SAMPLES: Final = 128_000
COMMITS: Final = 25
SUSPECT: Final = 3
HEADERS: Final = 12_288
BLOCK: Final = 262_144
SERIES: Final = [key("air_temperature_degc"), key("relative_humidity_pct")]


def make_stopped(path: Path) -> None:
    """Write a store as a stop leaves it."""
    values = np.round(np.random.default_rng(4).normal(20, 3, SAMPLES), 2)
    with closing(DuckDBStore(path)) as store:
        for number in range(40):
            store.describe(
                "org",
                "gw",
                Descriptor(
                    device=f"house-{number}", kind="greenhouse", site="site", name=f"House {number}", channels={}
                ),
            )
        for part in range(4):
            at = slice(part * SAMPLES // 4, (part + 1) * SAMPLES // 4)
            time_ms = np.arange(SAMPLES, dtype=np.int64)[at] // 2 * 1000
            index, flags = np.tile(np.array([0, 1], np.int32), SAMPLES // 8), np.ones(SAMPLES // 4, np.uint8)
            events = [event(part * 1000 + number, mode=f"MODE-{number}") for number in range(500)]
            marks = [Mark("gw", "e", part + 1, part + 1)]
            store.write(WriteBatch(Points(SERIES, index, time_ms, values[at], flags), events=events, marks=marks))


def make_killed(path: Path) -> None:
    """Write a store as kill -9 leaves it, with all commits in its log."""
    with closing(DuckDBStore(path.with_name("open.duckdb"))) as store:
        for number in range(COMMITS):
            rows = [(each, number * 1000 + at, number + at / 7) for each in SERIES for at in range(200)]
            store.write(batch(*rows, marks=[Mark("gw", "e", number + 1, number + 1)]))
        store._writer.protect()
        copy_store(path.with_name("open.duckdb"), path, with_parity=True)


def copy_store(source: Path, target: Path, *, with_parity: bool) -> None:
    """Copy the files of a store over those of another."""
    for old in target.parent.glob(target.name + "*"):
        old.unlink()
    for one, other in ((source, target), (wal_of(source), wal_of(target))):
        for each, to in ((one, other), (parity_of(one), parity_of(other))):
            if each.exists() and (with_parity or each == one):
                shutil.copyfile(each, to)


def open_spoiled(source: Path, path: Path, spoil: Path, bit: int, *, with_parity: bool) -> dict[str, float]:
    """Flip a bit of a copy and open it; return what is left."""
    copy_store(source, path, with_parity=with_parity)
    spoil.write_bytes(flip(spoil.read_bytes(), bit))
    began_s = time.perf_counter()
    try:
        with closing(DuckDBStore(path)) as store:
            opened_s = time.perf_counter() - began_s
            flags = [samples.quality for samples in store.raw(EVERYTHING, -(2**61), 2**61)]
            said = sum(note.lost_samples or 0 for note in store.damage())
    except DataDamaged:
        return {"kept": 0, "suspect": 0, "said": -1, "open_s": time.perf_counter() - began_s}
    suspect = sum(int((quality == SUSPECT).sum()) for quality in flags)
    return {"kept": sum(map(len, flags)), "suspect": suspect, "said": said, "open_s": opened_s}


def summarise(found: list[dict[str, float]], whole: int) -> dict[str, Any]:
    """Return how many flips cost nothing, and the spread of what the others cost."""
    lost = sorted(100 * (whole - each["kept"]) / whole for each in found)
    return {
        "flips": len(found),
        "flips_without_loss": sum(each["kept"] == whole and not each["suspect"] for each in found),
        "lost_mean_pct": round(statistics.fmean(lost), 2),
        "lost_median_pct": round(statistics.median(lost), 2),
        "lost_max_pct": round(lost[-1], 2),
        "suspect_mean_pct": round(100 * statistics.fmean(each["suspect"] for each in found) / whole, 2),
        "nothing_left": sum(not each["kept"] for each in found),
        "open_max_s": round(max(each["open_s"] for each in found), 2),
    }


def places(path: Path, chance: random.Random) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield the kinds of places of a stopped file, and how to choose a bit of one."""
    size, used = path.stat().st_size, list_used_blocks(path)
    assert used is not None
    blocks = set(range((size - HEADERS) // BLOCK))
    kinds = {"lists of tables": used.lists, "columns": used.columns - {-1}, "free": blocks - used.lists - used.columns}
    yield "any", lambda: chance.randrange(8 * size)
    yield "headers", lambda: chance.randrange(8 * HEADERS)
    for name, numbers in kinds.items():
        here = sorted(numbers & blocks)
        if here:
            yield name, partial(choose_bit, chance, here)


def choose_bit(chance: random.Random, numbers: list[int]) -> int:
    """Return a bit of one of these blocks."""
    return 8 * (HEADERS + BLOCK * chance.choice(numbers)) + chance.randrange(8 * BLOCK)


def measure(flips: int, seed: int, folder: Path) -> dict[str, Any]:
    """Return the figures by kind of place, with and without parity."""
    chance, figures = random.Random(seed), dict[str, Any]()
    stopped, killed, path = folder / "stopped.duckdb", folder / "killed.duckdb", folder / "work.duckdb"
    make_stopped(stopped)
    make_killed(killed)
    for with_parity in (True, False):
        said = "with parity" if with_parity else "without parity"
        for name, choose in places(stopped, chance):
            tried = [open_spoiled(stopped, path, path, choose(), with_parity=with_parity) for _ in range(flips)]
            figures[f"file, {name}, {said}"] = summarise(tried, SAMPLES)
        bits, log = 8 * wal_of(killed).stat().st_size, wal_of(path)
        tried = [open_spoiled(killed, path, log, chance.randrange(bits), with_parity=with_parity) for _ in range(flips)]
        figures[f"log, {said}"] = summarise(tried, COMMITS * 400)
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--flips", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(options.flips, options.seed, Path(folder))
    print(json.dumps(figures, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
