"""Child of the crash tests of maintenance: `python -m tests.store.crash_maintenance FILE WORK STEP`.

Beside it, it writes numbered batches and prints each that is acknowledged. It kills itself -9 at the STEP-th step of
all transactions, renamings and pieces of work; with -1 right after the first renaming; with 0 it goes on to the end
and prints how many steps there were.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from headland.store.duckdb import file, maintenance, paths
from headland.store.duckdb.copies import backup
from headland.store.duckdb.store import DuckDBStore
from headland.store.duckdb.tables import compaction, deletion, rollups, transaction
from headland.units_of_time import DAY_MS
from tests.store.crash_writer import numbered_batch

LATER_MS = 10 * DAY_MS
AFTER_RENAMING = -1


class Steps:
    """Counts steps and dies at one of them."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self._last = last
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def transaction(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        with _TRANSACTION(connection):
            self.step()
            yield
            self.step()
        self.step()

    def around(self, function: Callable[..., object]) -> Callable[..., object]:
        def stepping(*values: object) -> object:
            if self._last == AFTER_RENAMING:
                os.kill(os.getpid(), signal.SIGKILL)
            self.step()
            answer = function(*values)
            self.step()
            return answer

        return stepping

    def tell(self, words: str, fraction: float) -> None:
        self.step()


_TRANSACTION = transaction.transaction


def main() -> None:
    path, work, steps = Path(sys.argv[1]), sys.argv[2], Steps(int(sys.argv[3]))
    for module in (file, transaction, compaction, deletion, rollups):
        setattr(module, "transaction", steps.transaction)  # noqa: B010 - only here is it another one
    for module in (file, backup):
        setattr(module, "sync_folder", steps.around(paths.sync_folder))  # noqa: B010
    setattr(compaction, "_ROWS_AT_ONCE", 3000)  # noqa: B010
    setattr(maintenance, "_LEAST_FREE_BYTES", 0)  # noqa: B010
    setattr(maintenance, "_REQUESTED_FREE_SHARE", 0.0)  # noqa: B010
    store = DuckDBStore(path)
    done = threading.Event()

    def write() -> None:
        number = store.marks()["gw", "e"].high_water
        while not done.is_set():
            number += 1
            store.write(numbered_batch(number))
            print(number, flush=True)

    writer = threading.Thread(target=write, name="writer")
    writer.start()
    if work == "compact":
        store.compact(LATER_MS, steps.tell)
    elif work == "backup":
        store.back_up(path.with_name("backup.duckdb"), LATER_MS, steps.tell)
    done.set()
    writer.join()
    store.close()
    print(f"steps {steps.count}")


if __name__ == "__main__":
    main()
