"""The process of the store's power cuts: `python -m tests.power_cut.store_writer FOLDER BATCHES` writes batches.

It notes each in the file `acks` once `write` has returned.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from headland.store.duckdb import writer
from headland.store.duckdb.store import DuckDBStore
from tests.store.crash_writer import numbered_batch


def main() -> None:
    folder = Path(sys.argv[1])
    # A short log, so that power also fails while it is moved into the file.
    setattr(writer, "_CHECKPOINT_BYTES", 60_000)  # noqa: B010 - it is Final for everyone but this test
    acks = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    store = DuckDBStore(folder / "store.duckdb")
    for number in range(1, int(sys.argv[2]) + 1):
        store.write(numbered_batch(number))
        os.write(acks, f"{number}\n".encode())
    store.close()


if __name__ == "__main__":
    main()
