"""Search for garbage in cycles, in a thread of its own and once a minute: it stops all other threads."""

from __future__ import annotations

import ctypes
import gc
from typing import Final

from headland.supervised_thread import SupervisedThread, ThreadStatus

_EVERY_S: Final = 60.0
#: Of so many searches one looks through everything.
_THOROUGH: Final = 60


class GarbageSearch:
    """Owns the thread `garbage-search`. What a search leaves is taken out of the next ones, which are short then.

    What is left out is still freed when nothing refers to it any more; a cycle in it waits for the thorough search of
    each hour.
    """

    def __init__(self) -> None:
        self._searches = 0
        self._thread = SupervisedThread("garbage-search", self.search, every_s=_EVERY_S, waits_first=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._thread.stop()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def search(self) -> None:
        """Search once."""
        self._searches += 1
        if self._searches % _THOROUGH == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()
        _give_back()


def _give_back() -> None:
    """Give memory that nothing uses back to the system, where the C library can do that."""
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)
