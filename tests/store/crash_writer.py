"""The child of the crash tests: `python -m tests.store.crash_writer FILE FIRST LIMIT_BYTES` writes batches and prints
the number of each one that is acknowledged. With a limit it ends once a write was refused and, with room again, stored.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np

from headland.errors import RetryLater
from headland.store.duckdb import writer
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, Points, WriteBatch
from tests.store.batches import event, key

SERIES = 10
EACH = 100
POINTS = SERIES * EACH


def numbered_batch(number: int) -> WriteBatch:
    """Batch `number` = 1, 2…: new times in every series, an event and a mark."""
    keys = [key(f"channel_{channel}_degc") for channel in range(SERIES)]
    index = np.repeat(np.arange(SERIES, dtype=np.int32), EACH)
    time_ms = np.tile(np.arange(EACH, dtype=np.int64) + number * EACH, SERIES)
    value = np.random.default_rng(number).normal(size=POINTS)
    return WriteBatch(
        Points(keys, index, time_ms, value, np.ones(POINTS, np.uint8)),
        [event(number)],
        [Mark("gw", "e", number, number)],
    )


def limit_file_size(limit_bytes: int) -> None:
    """Let writes beyond `limit_bytes` of a file fail, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))


def main() -> None:
    path, number, limit_bytes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    # A short log, so that kills and full disks also fall into its being moved into the file.
    setattr(writer, "_CHECKPOINT_BYTES", 300_000)  # noqa: B010 - it is Final for everyone but this test
    store = DuckDBStore(path)
    if limit_bytes:
        limit_file_size(limit_bytes)
    while True:
        try:
            store.write(numbered_batch(number))
        except RetryLater:
            break
        print(number)
        number += 1
    print("refused")
    limit_file_size(resource.RLIM_INFINITY)
    store.write(numbered_batch(number))
    store.close()
    print("went-on")


if __name__ == "__main__":
    main()
