"""Samples of past days in memory, packed, by series and day: what is read again is not decoded again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

import numpy as np

from headland.store.core.packed_samples import PackedSamples
from headland.store.port import Times
from headland.units_of_time import DAY_MS

#: Memory for packed samples: a share of the machine's, between these bounds.
LEAST_BYTES: Final = 64 * 2**20
_MOST_BYTES: Final = 2**30
_SHARE_OF_MACHINE: Final = 1 / 32
#: A day is kept once nothing was written to it for so long: the present one changes all the time.
QUIET_S: Final = 60.0
#: What an organisation read in the last so many seconds is not displaced by what it reads now: of a question about more
#: than fits, a part stays, where each sample would displace the next one needed.
_RECENT_S: Final = 60.0
#: For so long after there was no room, an organisation's days are not read to be kept.
_REFUSED_S: Final = 10.0
#: What nobody read for so long is freed.
_UNUSED_S: Final = 600.0
#: Questions whose density is remembered (about 200 bytes each), and days whose last change is.
_MOST_QUESTIONS: Final = 4096
_MOST_DAYS: Final = 4096
#: Samples of a series and day from which on it is worth its objects.
LEAST_SAMPLES: Final = 50
#: Share of the memory that one answer may take, so that it never displaces all others.
_SHARE: Final = 0.5
#: About what a packed sample takes, as long as none is kept.
_SAMPLE_BYTES: Final = 8


def choose_size_bytes(memory_bytes: int | None) -> int:
    """Return the memory for packed samples on a machine with so much memory; None where that is unknown."""
    return int(min(max((memory_bytes or 0) * _SHARE_OF_MACHINE, LEAST_BYTES), _MOST_BYTES))


def find_days(columns: Iterable[Times]) -> set[int]:
    """Return the days of instants."""
    days: set[int] = set()
    for time_ms in columns:
        if len(time_ms):
            first, last = int(time_ms.min()) // DAY_MS, int(time_ms.max()) // DAY_MS
            days |= {first, last} if last - first <= 1 else set(np.unique(time_ms // DAY_MS).tolist())
    return days


@dataclass(slots=True, eq=False)
class ReadInProgress:
    """A read in progress: the days that changed since it began."""

    changed: set[int] = field(default_factory=set)
    #: Anything may have changed.
    is_void: bool = False

    def is_unchanged(self, days: set[int]) -> bool:
        """Return whether none of these days changed."""
        return not self.is_void and self.changed.isdisjoint(days)


@dataclass(frozen=True, slots=True)
class Found:
    """What is in memory of days, by day and series; what is not, and could be; and the days that change now."""

    parts: dict[tuple[int, int], PackedSamples]
    missing: dict[int, list[int]]
    open_days: list[int]


@dataclass(slots=True, eq=False)
class _Share:
    """What an organisation has in memory."""

    organisation: str
    oldest_first: OrderedDict[tuple[int, int], _Entry] = field(default_factory=OrderedDict)
    size_bytes: int = 0


@dataclass(slots=True, eq=False)
class _Entry:
    packed: PackedSamples
    share: _Share
    used_s: float


class SampleCache:
    """Packed samples by day (its number since 1970) and series; from any thread.

    At most `most_bytes` are kept. Where they do not suffice, the organisation that has most gives up what it has not
    used for longest, so that none displaces another below an equal share, nor its own of the last minute. The writer
    encloses each change of the stored samples in `changing` or `changing_all`; a reader encloses what belongs together
    in `reading`.
    """

    def __init__(
        self,
        most_bytes: int,
        *,
        quiet_s: float = QUIET_S,
        asks: int = 2,
        least_samples: int = LEAST_SAMPLES,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_bytes = most_bytes
        self._quiet_s = quiet_s
        self._asks = asks
        self._least_samples = least_samples
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._shares: dict[str, _Share] = {}
        #: When there was no room for an organisation's last.
        self._refused_s: dict[str, float] = {}
        #: By day and series.
        self._entries: dict[int, dict[int, _Entry]] = {}
        self._size_bytes = 0
        self._samples = 0
        self._answers = 0
        self._readings: list[ReadInProgress] = []
        self._changing: list[set[int]] = []
        self._voiding = 0
        self._changed_s: OrderedDict[int, float] = OrderedDict()
        #: By question (a hash of its series): how often it was asked, and its samples per millisecond.
        self._questions: OrderedDict[int, tuple[int, float]] = OrderedDict()

    @contextmanager
    def reading(self) -> Iterator[ReadInProgress]:
        """Record in a `ReadInProgress` the days that change during the block."""
        reading = ReadInProgress()
        with self._lock:
            reading.is_void = self._voiding > 0
            self._readings.append(reading)
        try:
            yield reading
        finally:
            with self._lock:
                self._readings.remove(reading)

    @contextmanager
    def changing(self, days: set[int]) -> Iterator[None]:
        """Change samples of some days in the block, in one transaction: nothing is read of them from memory."""
        with self._lock:
            self._changing.append(days)
            for reading in self._readings:
                reading.changed |= days
            for day in days:
                for sid in list(self._entries.get(day, ())):
                    self._drop((day, sid))
        try:
            yield
        finally:
            with self._lock:
                self._changing.remove(days)
                now_s = self._clock_s()
                for day in days:
                    self._changed_s[day] = now_s
                    self._changed_s.move_to_end(day)
                self._forget_changes(now_s)

    @contextmanager
    def changing_all(self) -> Iterator[None]:
        """Change any samples in the block."""
        with self._lock:
            self._voiding += 1
            for reading in self._readings:
                reading.is_void = True
            self._entries.clear()
            self._shares.clear()
            self._size_bytes = self._samples = 0
        try:
            yield
        finally:
            with self._lock:
                self._voiding -= 1

    def admit(self, sids: Sequence[int], span_ms: int) -> float | None:
        """Return how many samples of series a window of `span_ms` may have; None where they are not to be kept.

        They are not at the first question, nor where they are too many, or too few to be worth it.
        """
        with self._lock:
            asked, density = self._questions.get(hash(tuple(sids)), (0, 0.0))
            sample_bytes = self._size_bytes / self._samples if self._samples else _SAMPLE_BYTES
        if asked < self._asks - 1 or density * span_ms * sample_bytes > self._most_bytes * _SHARE:
            return None
        return density * span_ms if density * DAY_MS >= self._least_samples * len(sids) else None

    def note(self, sids: Sequence[int], span_ms: int, samples: int) -> None:
        """Remember that series were asked for, and how many samples a window had."""
        question = hash(tuple(sids))
        with self._lock:
            asked, _ = self._questions.pop(question, (0, 0.0))
            self._questions[question] = (asked + 1, samples / max(1, span_ms))
            if len(self._questions) > _MOST_QUESTIONS:
                self._questions.popitem(last=False)

    def has_room(self, organisation: str) -> bool:
        """Return whether what is read now of an organisation may be kept: not soon after there was no room."""
        with self._lock:
            refused_s = self._refused_s.get(organisation)
            return refused_s is None or self._clock_s() - refused_s >= _REFUSED_S

    def find(self, sids: Sequence[int], days: range) -> Found:
        """Return what is in memory of series and days."""
        found = Found({}, {}, [])
        with self._lock:
            now_s = self._clock_s()
            changing = set().union(*self._changing)
            for day in days:
                if day in changing or now_s - self._changed_s.get(day, -self._quiet_s) < self._quiet_s:
                    found.open_days.append(day)
                    continue
                known = self._entries.get(day, {})
                missing = [sid for sid in sids if sid not in known]
                if missing:
                    found.missing[day] = missing
                for sid in sids if known else ():
                    entry = known.get(sid)
                    if entry is not None:
                        entry.used_s = now_s
                        entry.share.oldest_first.move_to_end((day, sid))
                        found.parts[day, sid] = entry.packed
        return found

    def put(self, reading: ReadInProgress, organisation: str, parts: Mapping[tuple[int, int], PackedSamples]) -> None:
        """Keep what was read of an organisation during a reading, but for days that changed since."""
        with self._lock:
            if reading.is_void:
                return
            now_s = self._clock_s()
            share = self._shares.get(organisation) or _Share(organisation)
            self._refused_s.pop(organisation, None)
            for (day, sid), packed in parts.items():
                if sid in self._entries.get(day, ()) or day in reading.changed:
                    continue
                if not self._make_room(share, packed.size_bytes, now_s):
                    self._refused_s[organisation] = now_s
                else:
                    entry = _Entry(packed, share, now_s)
                    self._entries.setdefault(day, {})[sid] = share.oldest_first[day, sid] = entry
                    self._shares[organisation] = share
                    share.size_bytes += packed.size_bytes
                    self._size_bytes += packed.size_bytes
                    self._samples += len(packed)

    def count_answer(self) -> None:
        """Count an answer that was made of what is here."""
        with self._lock:
            self._answers += 1

    def counters(self) -> dict[str, int]:
        """Return the memory that the entries take, and the answers that were made of them."""
        with self._lock:
            return {"sample_cache_bytes": self._size_bytes, "sample_cache_answers": self._answers}

    def free_unused(self) -> None:
        """Free what nobody read for long."""
        with self._lock:
            until_s = self._clock_s() - _UNUSED_S
            for share in list(self._shares.values()):
                while share.oldest_first and next(iter(share.oldest_first.values())).used_s <= until_s:
                    self._drop(next(iter(share.oldest_first)))

    def _make_room(self, share: _Share, size_bytes: int, now_s: float) -> bool:
        """Drop what goes before a part of an organisation; return whether there is room for it then."""
        while self._size_bytes + size_bytes > self._most_bytes:
            # With the part it may be the largest itself.
            others = (other for other in self._shares.values() if other is not share)
            largest = max(others, key=attrgetter("size_bytes"), default=share)
            if largest.size_bytes <= share.size_bytes + size_bytes:
                largest = share
            place, oldest = next(iter(largest.oldest_first.items()), (None, None))
            if place is None or oldest is None or (largest is share and now_s - oldest.used_s < _RECENT_S):
                return False
            self._drop(place)
        return True

    def _drop(self, place: tuple[int, int]) -> None:
        day, sid = place
        entry = self._entries[day].pop(sid)
        if not self._entries[day]:
            del self._entries[day]
        share = entry.share
        del share.oldest_first[place]
        if not share.oldest_first:
            del self._shares[share.organisation]
        share.size_bytes -= entry.packed.size_bytes
        self._size_bytes -= entry.packed.size_bytes
        self._samples -= len(entry.packed)

    def _forget_changes(self, now_s: float) -> None:
        """Forget changes long ago, and the first of very many: their days are only kept, and changed, earlier."""
        while self._changed_s and now_s - next(iter(self._changed_s.values())) >= self._quiet_s:
            self._changed_s.popitem(last=False)
        while len(self._changed_s) > _MOST_DAYS:
            self._changed_s.popitem(last=False)
