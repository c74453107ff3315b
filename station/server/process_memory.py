"""Memory of a server process: the search for garbage in cycles, and how the C library keeps what is freed.

The search is in a thread of its own and once a minute: it stops all other threads.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from headland.supervised_thread import SupervisedThread, ThreadStatus

_EVERY_S: Final = 60.0
#: Of so many searches one looks through everything.
_THOROUGH: Final = 60
#: The C library's parameter for the number of its arenas (mallopt(3)), and how many a station has: by default there are
#: eight a core, and each keeps the holes that its threads leave.
_M_ARENA_MAX: Final = -8
_ARENAS: Final = 2


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


@contextmanager
def without_garbage_search() -> Iterator[None]:
    """Search for no garbage while a part's code is loaded, which makes none: it is a seventh of a station's start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def limit_arenas() -> None:
    """Let the C library keep freed memory in few arenas; call it before the first thread starts.

    A day of a farm with the dashboard open ended 11 MB lower. The store's engine has an allocator of its own.
    """
    _call("mallopt", _M_ARENA_MAX, _ARENAS)


def _give_back() -> None:
    """Give memory that nothing uses back to the system."""
    _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    """Call a function of the C library where it has one of this name: not every library has."""
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*arguments)
