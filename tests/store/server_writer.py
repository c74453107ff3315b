"""The child of the crash tests on servers: `python -m tests.store.server_writer URL FIRST` writes batches and prints
the number of each one that is acknowledged.
"""

from __future__ import annotations

import sys

from station.server.storage.stores import open_store
from tests.store.crash_writer import numbered_batch


def main() -> None:
    store, number = open_store(sys.argv[1]), int(sys.argv[2])
    while True:
        store.write(numbered_batch(number))
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    main()
