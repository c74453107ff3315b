"""Cache of computed results, bounded by entries and bytes, for any number of threads.

A key names everything that a result depends on, so an entry never becomes wrong: changed inputs have another key, and
the entry of the old key is evicted as the least recently used. Nothing expires by time. Results of one thing whose
window moves, such as a pass under way, are a family: only the newest of them are kept, as nobody asks for the others
again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, TypeVar, cast

import msgspec
import numpy as np
import shapely

from headland.runtime.cancellation import check_cancelled

#: A season of a cooperative is two thousand passes on plots, whose detection is small; bytes bound what is large.
_MOST_ENTRIES: Final = 4000
_MOST_BYTES: Final = 64 * 1024 * 1024
#: Results of one family that are kept: two requests may ask for the window before and after it moved.
_NEWEST: Final = 2
#: Size of an object without arrays, such as a dataclass of numbers, and of a reference with a number in a container.
_OBJECT_BYTES: Final = 256
_ITEM_BYTES: Final = 32
_COORDINATE_BYTES: Final = 16
#: How often a thread that waits for the result of another looks whether its own work was cancelled.
_LOOK_EVERY_S: Final = 0.2

#: Values without a size of their own: they are in what holds them.
_PLAIN: Final = frozenset((int, float, bool, type(None)))

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Entry:
    result: Any
    size_bytes: int
    family: Hashable | None


class ResultCache:
    """Least recently used results by key; each result is computed once, also when several threads ask at once.

    Arrays in a result become read-only, because several requests share them.
    """

    def __init__(self, most_entries: int = _MOST_ENTRIES, most_bytes: int = _MOST_BYTES) -> None:
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._families: dict[Hashable, list[Hashable]] = {}
        self._size_bytes = 0
        self._computing: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()
        self._hits = self._misses = self._evictions = 0

    def get(self, key: Hashable, compute: Callable[[], _Result], family: Hashable | None = None) -> _Result:
        """Return the result of `key`, computed by `compute` if it is not there; what `compute` raises is not cached.

        Of a `family` only the two newest results are kept.
        """
        while True:
            check_cancelled()
            with self._lock:
                entry = self._entries.get(key)
                if entry is not None:
                    self._entries.move_to_end(key)
                    self._hits += 1
                    return cast("_Result", entry.result)
                running = self._computing.get(key)
                if running is None:
                    self._computing[key] = finished = threading.Event()
                    self._misses += 1
                    break
            # Another thread computes it; if that fails, this one tries.
            while not running.wait(_LOOK_EVERY_S):
                check_cancelled()
        try:
            result = compute()
            self._add(key, result, family)
            return result
        finally:
            with self._lock:
                del self._computing[key]
            finished.set()

    def find(self, key: Hashable) -> Any | None:
        """Return the result of `key`, None where it is not there; waits for nobody who computes it."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            self._hits += 1
            return entry.result

    def holds(self, key: Hashable) -> bool:
        """Return whether the result of `key` is there, without a use of it."""
        with self._lock:
            return key in self._entries

    def counters(self) -> Mapping[str, int]:
        """Return counts since the start, and what is cached now."""
        with self._lock:
            return {
                "result_cache_hits": self._hits,
                "result_cache_misses": self._misses,
                "result_cache_evictions": self._evictions,
                "result_cache_entries": len(self._entries),
                "result_cache_bytes": self._size_bytes,
            }

    def _add(self, key: Hashable, result: object, family: Hashable | None) -> None:
        size_bytes = _seal(result, set())
        with self._lock:
            self._entries[key] = _Entry(result, size_bytes, family)
            self._size_bytes += size_bytes
            if family is not None:
                self._families.setdefault(family, []).append(key)
                if len(self._families[family]) > _NEWEST:
                    self._evict(self._families[family][0])
            while len(self._entries) > self._most_entries or self._size_bytes > self._most_bytes:
                self._evict(next(iter(self._entries)))

    def _evict(self, key: Hashable) -> None:
        evicted = self._entries.pop(key)
        self._size_bytes -= evicted.size_bytes
        self._evictions += 1
        if evicted.family is not None:
            keys = self._families[evicted.family]
            keys.remove(key)
            if not keys:
                del self._families[evicted.family]


def _seal(value: object, seen: set[int]) -> int:
    """Make the arrays in a value read-only; return the value's size, each object counted once."""
    if type(value) in _PLAIN or id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
        return value.nbytes
    if isinstance(value, shapely.Geometry):
        return int(shapely.get_num_coordinates(value)) * _COORDINATE_BYTES
    if isinstance(value, (bytes, str)):
        return len(value)
    if isinstance(value, dict):
        return _OBJECT_BYTES + _ITEM_BYTES * len(value) + sum(_seal(item, seen) for item in value.values())
    if isinstance(value, (tuple, list, set, frozenset)):
        return _OBJECT_BYTES + _ITEM_BYTES * len(value) + sum(_seal(item, seen) for item in value)
    if isinstance(value, msgspec.Struct):
        return _OBJECT_BYTES + sum(_seal(getattr(value, name), seen) for name in value.__struct_fields__)
    if is_dataclass(value):
        return _OBJECT_BYTES + sum(_seal(getattr(value, field.name), seen) for field in fields(value))
    return _OBJECT_BYTES
