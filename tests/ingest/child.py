"""The ingest service as a process of its own, for tests that kill it: `python -m tests.ingest.child PORT FOLDER`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from headland.store.duckdb.store import DuckDBStore
from ingest.service import IngestService
from ingest.settings import IngestSettings


def main() -> None:
    """Run until killed."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    store = DuckDBStore(folder / "farm.duckdb")
    settings = IngestSettings(
        quarantine_path=folder / "quarantine.sqlite", port=port, batch_messages=5, batch_wait_s=0.001
    )
    IngestService(settings, store).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
