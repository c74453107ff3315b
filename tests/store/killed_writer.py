"""The child of the durability tests: `python -m tests.store.killed_writer ENGINE PLACE FIRST AT`.

It opens the store of an engine, writes batch FIRST, and ends itself with SIGKILL at the statement AT of the write of
batch FIRST + 1, before it is executed. It prints `done N` once batch N was acknowledged, and `statements N` where the
write had fewer.
"""

from __future__ import annotations

import linecache
import os
import re
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Final

from headland.store import port
from headland.store.port import Store
from station.server.storage.stores import open_store
from tests.store.conftest import ENGINES
from tests.store.crash_writer import numbered_batch

#: Lines of an engine that change what outlives the process: statements of a database, requests to a server.
_STATEMENT: Final = re.compile(r"\b(execute|executemany|commit|begin|request|urlopen|call_api|write|put)\(")
_ENGINES: Final = str(Path(port.__file__).parent)


class Killer:
    """A trace function that counts an engine's statements while it is armed, and kills the process at one of them."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.seen = 0
        self.is_armed = False

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Killer | None:
        """Trace the functions of engines, and count their lines that hold a statement."""
        path = frame.f_code.co_filename
        if not path.startswith(_ENGINES):
            return None
        if event == "line" and self.is_armed and _STATEMENT.search(linecache.getline(path, frame.f_lineno)):
            self.seen += 1
            if self.seen == self._at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def open_engine(engine: str, place: str) -> Store:
    """Open the store of an engine at a folder or a URL."""
    return open_store(place) if "://" in place else ENGINES[engine](Path(place), lambda name: None)


def main() -> None:
    engine, place, first, at = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    killer = Killer(at)
    threading.settrace(killer)
    sys.settrace(killer)
    store = open_engine(engine, place)
    store.write(numbered_batch(first))
    print("done", first, flush=True)
    killer.is_armed = True
    store.write(numbered_batch(first + 1))
    killer.is_armed = False
    os.write(1, f"done {first + 1}\nstatements {killer.seen}\n".encode())
    # No closing: what was acknowledged must be there without it.
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
