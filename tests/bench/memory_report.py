"""A station that tells what holds its memory: `python -m tests.bench.memory_report FILE EVERY_S WALK station ...`.

Every so many seconds a line of JSON with the figures of `report` goes to the file, in MB: the pages of the process by
kind of mapping, what the C library and Python's allocator hand out, DuckDB by tag, SQLite, and the cache of results.
With WALK 1 also every object that modules and running functions reach, by type, and the long containers by path: that
takes seconds and memory of its own, so sizes of a process are told without it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import gc
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sized
from contextlib import suppress
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from headland.analysis.inputs.result_cache import ResultCache
from headland.store.duckdb.file import DuckDBFile
from station.cli.main import main as run_headland

#: Containers shorter than this are not told, and no more than so many.
_LEAST_ITEMS: Final = 100
_MOST_TOLD: Final = 300
_MIB: Final = 2**20
_OWN: Final = ("headland.", "station.", "api.", "ingest.")

#: The objects of this process whose content is told.
_FILES: Final[list[DuckDBFile]] = []
_CACHES: Final[list[ResultCache]] = []


class _MallInfo(ctypes.Structure):
    """The C library's `struct mallinfo2` (mallinfo(3))."""

    _fields_ = [
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks")),
        *((name, ctypes.c_size_t) for name in ("uordblks", "fordblks", "keepcost")),
    ]


def report() -> dict[str, float]:
    """Return the memory of this process by holder [MB], and counts of the cache of results."""
    told = {**_resident(), **_mappings(), **_c_library(), **_small_objects()}
    for file in _FILES:
        with suppress(Exception), file.connection.cursor() as cursor:
            rows = cursor.execute("SELECT tag, memory_usage_bytes FROM duckdb_memory() WHERE memory_usage_bytes > 0")
            told |= {f"duckdb_{tag.lower()}_mb": size / _MIB for tag, size in rows.fetchall()}
    with suppress(Exception):
        told["sqlite_mb"] = ctypes.CDLL(ctypes.util.find_library("sqlite3")).sqlite3_memory_used() / _MIB
    for cache in _CACHES:
        told |= {name: told.get(name, 0.0) + count for name, count in cache.counters().items()}
    return {name: round(value, 2) for name, value in told.items()}


def _resident() -> dict[str, float]:
    status = dict(re.findall(r"^(\w+):\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE))
    return {f"{name.lower()}_mb": int(status[name]) / 1024 for name in ("VmRSS", "RssAnon", "RssFile")}


def _mappings() -> dict[str, float]:
    """Return the private pages by kind of mapping: heap, stacks, files, and anonymous ones."""
    kinds: Counter[str] = Counter()
    kind = ""
    for line in Path("/proc/self/smaps").read_text().splitlines():
        head = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)", line)
        if head is not None:
            name = head[1]
            kind = "heap" if name == "[heap]" else "stack" if "stack" in name else "files" if name else "anonymous"
        elif line.startswith("Anonymous:"):
            kinds[kind] += int(line.split()[1])
    return {f"pages_{kind}_mb": size / 1024 for kind, size in kinds.items()}


def _c_library() -> dict[str, float]:
    """Return what malloc has handed out and what it keeps free: the difference tells growth from fragments."""
    function = ctypes.CDLL(None).mallinfo2
    function.restype = _MallInfo
    told = function()
    return {"malloc_used_mb": (told.uordblks + told.hblkhd) / _MIB, "malloc_free_mb": told.fordblks / _MIB}


def _small_objects() -> dict[str, float]:
    """Return what Python's allocator of small objects has from the system, and how much of it is used."""
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            sys._debugmallocstats()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        text = file.read().decode()
    found = [
        re.search(rf"{name}\s*=\s*([\d,]+)", text) for name in ("arenas allocated current", "bytes in allocated blocks")
    ]
    arenas, used = (0.0 if each is None else float(each[1].replace(",", "")) for each in found)
    return {"small_objects_arenas_mb": arenas, "small_objects_used_mb": used / _MIB}


def walk() -> dict[str, dict[str, Any]]:
    """Return count and bytes of every reachable object by type, and the items of long containers by their path.

    `gc.get_objects` alone does not know those that the search for garbage has put aside.
    """
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    containers: Counter[str] = Counter()
    stack: list[tuple[Any, str]] = [(item, "gc") for item in gc.get_objects()]
    stack += [(frame, f"thread {number}") for number, frame in sys._current_frames().items()]
    stack += [(module, name) for name, module in list(sys.modules.items())]
    seen = {id(item) for item in (stack, sizes, counts, containers)}
    seen.add(id(seen))
    while stack:
        item, path = stack.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        kind = type(item).__qualname__
        counts[kind] += 1
        sizes[kind] += sys.getsizeof(item, 0)
        if isinstance(item, Sized) and type(item).__module__ in ("builtins", "collections"):
            if not isinstance(item, (str, bytes, bytearray)) and len(item) >= _LEAST_ITEMS:
                containers[path] += len(item)
        elif kind == "_lru_cache_wrapper":
            containers[f"lru_cache {path}"] += item.cache_info().currsize
        stack += _inside(item, path)
    return {
        "types": {kind: [counts[kind], size] for kind, size in sizes.most_common(_MOST_TOLD)},
        "containers": dict(containers.most_common(_MOST_TOLD)),
    }


def _inside(item: Any, path: str) -> Iterator[tuple[Any, str]]:
    if isinstance(item, (ModuleType, FunctionType, type)):
        path = str(getattr(item, "__name__", path))
    elif type(item).__module__.startswith(_OWN):
        path = f"{type(item).__module__}.{type(item).__qualname__}"
        slots = {name for kind in type(item).__mro__ for name in getattr(kind, "__slots__", ())}
        for name in slots | set(getattr(item, "__dict__", {})):
            yield getattr(item, name, None), f"{path}.{name}"
    else:
        path = path if path.count(">") >= 4 else f"{path}>{type(item).__qualname__}"
    for inner in gc.get_referents(item):
        yield inner, path


def _list_made(kind: type[Any], made: list[Any]) -> None:
    """Keep every object of a class that is made from now on in a list."""
    before = kind.__init__

    def begin(self: Any, *given: Any, **named: Any) -> None:
        before(self, *given, **named)
        made.append(self)

    kind.__init__ = begin


def main() -> None:
    """Run `headland` with the other arguments and tell its memory."""
    path, every_s, is_walked = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "1"
    sys.argv = ["headland", *sys.argv[4:]]
    _list_made(DuckDBFile, _FILES)
    _list_made(ResultCache, _CACHES)

    def tell() -> None:
        while True:
            time.sleep(every_s)
            told: dict[str, Any] = {"at_s": time.time(), **report(), **(walk() if is_walked else {})}
            with path.open("a") as file:
                file.write(json.dumps(told) + "\n")

    threading.Thread(target=tell, name="memory-report", daemon=True).start()
    run_headland()


if __name__ == "__main__":
    main()
