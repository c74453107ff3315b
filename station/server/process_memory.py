"""Memory of a server process: how much it may have, the search for garbage, and how the C library keeps what is freed.

The search is in a thread of its own and once a minute: it stops all other threads.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker

_EVERY_S: Final = 60.0
#: Of so many searches one looks through everything.
_THOROUGH: Final = 60
#: The C library's parameter for the number of its arenas (mallopt(3)), and how many a station has: by default there are
#: eight a core, and each keeps the holes that its threads leave.
_M_ARENA_MAX: Final = -8
_ARENAS: Final = 2


class GarbageSearch(SupervisedWorker):
    """Owns the thread `garbage-search`. What a search leaves is taken out of the next ones, which are short then.

    What is left out is still freed when nothing refers to it any more; a cycle in it waits for the thorough search of
    each hour.
    """

    def __init__(self) -> None:
        self._searches = 0
        self._thread = SupervisedThread("garbage-search", self.search, every_s=_EVERY_S, waits_first=True)

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


def read_memory_bytes(root: Path = Path("/")) -> int | None:
    """Return the memory of this machine, or of the container or service around this process; None where unknown."""
    limits: list[int] = []
    try:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except (OSError, ValueError):
        groups = []
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if controllers in ("", "memory"):
            top = root / "sys/fs/cgroup" / controllers
            name = "memory.limit_in_bytes" if controllers else "memory.max"
            # A container may see the path of its host: what is mounted at the top is then its own.
            folders = [top, *(top / part for part in _paths_to(path))]
            limits += [limit for folder in folders if (limit := _read_limit(folder / name)) is not None]
    return min((limit for limit in limits if limit > 0), default=None)


def _paths_to(path: str) -> Iterator[str]:
    parts = [part for part in path.split("/") if part not in ("", "..")]
    return ("/".join(parts[: count + 1]) for count in range(len(parts)))


def _read_limit(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # no such group here, or "max"
        return None


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
