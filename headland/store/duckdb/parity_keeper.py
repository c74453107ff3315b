"""Keeper of the parity of an open DuckDB store: brings it up to date after checkpoints and commits."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Final

import duckdb

from headland.store.duckdb.paths import parity_of, size_of, wal_of
from headland.store.duckdb.repair.parity import (
    LogExtent,
    ParityFile,
    cover_file,
    cover_log,
    read_checkpoint,
    read_headers,
)

_LOGGER = logging.getLogger(__name__)

_LIST_BLOCKS: Final = "SELECT DISTINCT block_id FROM pragma_metadata_info()"
#: Blocks for which parity is computed at a time: some tens of milliseconds.
MOST_GROUPS: Final = 100


class ParityKeeper:
    """Owns a descriptor of the open file, between `open` and `close`.

    Closing any descriptor of a file ends the lock that this process has on it, so this one is closed after DuckDB's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._failed = False

    def open(self) -> None:
        """Begin with the file that DuckDB has just opened."""
        with self._lock:
            self._descriptor = os.open(self._path, os.O_RDONLY)

    def close(self) -> None:
        """End, after DuckDB has closed the file."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                os.close(descriptor)

    def look(self, connection: duckdb.DuckDBPyConnection) -> tuple[LogExtent | None, set[int]]:
        """Return the present log, and the blocks with lists of tables; in the writer thread between transactions."""
        lists = {number for (number,) in connection.execute(_LIST_BLOCKS).fetchall()}
        with self._lock:
            size = size_of(wal_of(self._path))
            state = None if self._descriptor is None else read_checkpoint(read_headers(self._descriptor))
            return LogExtent(state, size) if state is not None and size else None, lists

    def update(self, seen: tuple[LogExtent | None, set[int]], most_groups: int = MOST_GROUPS) -> bool:
        """Bring the parity up to date, of at most so many groups of the file; return whether there are no more.

        A disk without room leaves the store without parity, and nothing else.
        """
        log, lists = seen
        with self._lock:
            if self._descriptor is None:
                return True
            try:
                if log is not None:
                    cover_log(self._descriptor, wal_of(self._path), log, ParityFile(parity_of(wal_of(self._path))))
                is_done = cover_file(self._descriptor, ParityFile(parity_of(self._path)), lists, most_groups)
            except OSError as error:
                if not self._failed:
                    _LOGGER.warning("the parity of %s is not up to date: %s", self._path, error.strerror)
                self._failed = True
                return True
            self._failed = False
            return is_done
