"""Books of a station: store, registry and quarantine count together, so that each shows which of the others is older.

Each of the three holds the same number, which rises while data is committed, at each start and at the end. They are
written one after another: one that is more than one behind the highest was lost, replaced, or restored from a backup.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from headland.clock import wall_clock_ms
from headland.errors import HeadlandError, RetryLater
from headland.files.damage_notes import DamageKind, FileDamage, add_note
from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker
from headland.store.port import Mark, Points, WriteBatch
from ingest.quarantine.replays import spool_marks
from station.server.organisation import ensure_organisation

if TYPE_CHECKING:
    from headland.registry.registry import Registry
    from headland.store.port import Store
    from ingest.quarantine.quarantine import Quarantine

_LOGGER = logging.getLogger(__name__)

_EVERY_S: Final = 10.0
#: The source of the number among the marks: no name, so that no gateway can use it.
STATION: Final = "~station"
_NO_POINTS: Final = Points(
    (), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8)
)

#: The number of each station that a book knows, by the station's random id.
Numbers = Mapping[str, int]


class Book(Protocol):
    """One of the books."""

    @property
    def name(self) -> str:
        """Its word for people."""
        ...

    @property
    def lacks(self) -> str:
        """What follows where it is lost, as a part of a sentence."""
        ...

    def read(self) -> Numbers:
        """Return the numbers. Raises RetryLater."""
        ...

    def write(self, station: str, number: int) -> None:
        """Raise the number of a station. Raises RetryLater."""
        ...


@dataclass(frozen=True, slots=True)
class StoreBook:
    """The number among the marks of a store."""

    store: Store
    name: str = "store"
    lacks: str = "delivery names the records that it lacks as lost"

    def read(self) -> Numbers:
        """Return the numbers."""
        return {epoch: state.high_water for (source, epoch), state in self.store.marks().items() if source == STATION}

    def write(self, station: str, number: int) -> None:
        """Raise the number of a station."""
        self.store.write(WriteBatch(_NO_POINTS, marks=[Mark(STATION, station, 1, number)]))


@dataclass(frozen=True, slots=True)
class QuarantineBook:
    """The number in the quarantine's file."""

    quarantine: Quarantine
    name: str = "quarantine"
    lacks: str = "messages that waited in it are gone, and delivery counts their records as not known"

    def read(self) -> Numbers:
        """Return the numbers."""
        return self.quarantine.station_numbers()

    def write(self, station: str, number: int) -> None:
        """Raise the number of a station."""
        self.quarantine.set_station_number(station, number)


@dataclass(frozen=True, slots=True)
class RegistryBook:
    """The number among the delivery marks of a registry."""

    registry: Registry
    handle: str
    name: str = "registry"
    lacks: str = "what people entered since, such as fields, keys and passes, is missing"

    def read(self) -> Numbers:
        """Return the numbers."""
        marks = ensure_organisation(self.registry, self.handle, "station").delivery_marks.load()
        return {epoch: number for (source, epoch), number in marks.items() if source == STATION}

    def write(self, station: str, number: int) -> None:
        """Raise the number of a station."""
        ensure_organisation(self.registry, self.handle, "station").delivery_marks.save({(STATION, station): number})


class StationBooks(SupervisedWorker):
    """Compares the books at the start and every ten seconds, and counts on; `notes` is the file with what was found."""

    def __init__(
        self, books: Sequence[Book], store: Store, notes: Path, now_ms: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._books = books
        self._store = store
        self._notes = notes
        self._now_ms = now_ms
        self._counted: int | None = None
        self._away: frozenset[str] = frozenset()
        self._thread = SupervisedThread("station-books", self.compare, every_s=_EVERY_S, finish=self.compare)

    def begin(self) -> None:
        """Do the first round at once, where the books answer; else the thread does."""
        try:
            self.compare()
        except HeadlandError as error:
            _LOGGER.warning("the books of the station are compared later: %s", error)

    def compare(self) -> None:
        """Do one round: say which book is older than the others, and count on where anything was committed."""
        found: dict[str, Numbers] = {}
        for book in self._books:
            try:
                found[book.name] = book.read()
            except RetryLater as error:
                _LOGGER.debug("the %s cannot be compared: %s", book.name, error)
        station, number = max(
            ((station, number) for numbers in found.values() for station, number in numbers.items()),
            key=lambda known: known[1],
            default=("", 0),
        )
        older = [book for book in self._books if found.get(book.name, {station: number}).get(station, 0) < number - 1]
        for book in older:
            self._say(book, found[book.name].get(station, 0))
        committed = sum(state.high_water for state in spool_marks(self._store.marks()).values())
        away = frozenset(book.name for book in self._books) - found.keys()
        if older or committed != self._counted or away != self._away:
            self._count(station, number, [book for book in self._books if book.name in found])
            self._counted, self._away = committed, away

    def _count(self, station: str, number: int, books: Sequence[Book]) -> None:
        """Raise the number in the books; in new ones twice, so that one that was not reached is not taken for lost."""
        numbers = (number + 1,) if station else (1, 2)
        station = station or f"~{secrets.token_hex(8)}"
        for each in numbers:
            for book in books:
                book.write(station, each)

    def _say(self, book: Book, number: int) -> None:
        what = "is older than the others: it was restored from a backup, or a part of it is lost"
        if number == 0:
            what = "is a new one: it was deleted, damaged, or replaced by another one"
        others = " and ".join(each.name for each in self._books if each is not book)
        sentence = (
            f"The {book.name} of this station {what}; {book.lacks}. The {others} know more. Put back what is newer, if "
            "there is anything."
        )
        kind: DamageKind = "deleted" if number == 0 else "replaced"
        add_note(self._notes, FileDamage(kind=kind, found_ms=self._now_ms(), sentence=sentence))
