"""EPCIS events of an organisation, each once by its id; what is captured is never changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.proof_tables import epcis_captures, epcis_events, epcis_figures, epcis_terms
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.harvest.epcis_query import EventQuery, conditions_of, order_of

_AT_ONCE = 250


class CapturedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored.

    `body` is its JSON with its context, `content` the hash of what it says, `declaration` of its statement that it was
    wrong (empty without one); `identifiers` are the things that it names, `terms` and `figures` what it is found by.
    """

    event_id: str
    type: str
    biz_step: str
    event_ms: int
    body: str
    content: str = ""
    declaration: str = ""
    identifiers: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    figures: tuple[tuple[str, float], ...] = ()


class StoredEpcisEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A stored event with its place in the order of capture."""

    seq: int
    event_id: str
    event_ms: int
    record_ms: int
    body: str


class CaptureOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A document to capture: what it says beside its events, and which of these were refused (place, reason)."""

    header: str
    behaviour: str = "rollback"
    faults: tuple[tuple[int, str], ...] = ()


class StoredCapture(msgspec.Struct, frozen=True, kw_only=True):
    """A captured document: `events` are the places of its events in the order of capture, `faults` place and reason."""

    seq: int
    id: str
    behaviour: str
    created_ms: int
    finished_ms: int
    header: str
    events: tuple[int, ...]
    faults: tuple[tuple[int, str], ...]


class EpcisRepository:
    """Events of one organisation. Raises RetryLater while the database is away.

    An event is the same where its id is, what it says, and its declaration that it was wrong, if it has one. An id that
    senders gave to two events names both: nothing that was sent is lost.
    """

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._mine = epcis_events.c.organisation == context.organisation
        self._captures = epcis_captures.c.organisation == context.organisation

    def capture(self, events: Sequence[CapturedEvent]) -> list[str]:
        """Store the events that are not there yet, all or none; return the ids of those that are new."""
        with self._context.database.writing() as connection:
            stored = self._store(connection, events)
        return [event.event_id for event, (_, is_new) in zip(events, stored, strict=True) if is_new]

    def capture_document(self, events: Sequence[CapturedEvent], order: CaptureOrder) -> tuple[StoredCapture, int]:
        """Store a document with its events in one transaction; return it, and how many of its events are new."""
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            stored = self._store(connection, events)
            last = connection.execute(sa.select(sa.func.max(epcis_captures.c.seq)).where(self._captures)).scalar_one()
            made = StoredCapture(
                seq=(last or 0) + 1,
                id=self._context.ids.make(now_ms),
                behaviour=order.behaviour,
                created_ms=now_ms,
                finished_ms=self._context.now_ms(),
                header=order.header,
                events=tuple(seq for seq, _ in stored),
                faults=order.faults,
            )
            values = msgspec.to_builtins(made)
            connection.execute(epcis_captures.insert().values(organisation=self._context.organisation, **values))
        return made, sum(is_new for _, is_new in stored)

    def find(self, event_id: str) -> StoredEpcisEvent | None:
        """Return the event whose id is the hash of what it says, None where there is none."""
        query = self._columns().where(
            epcis_events.c.event_id == event_id, epcis_events.c.content == event_id, epcis_events.c.declaration == ""
        )
        with self._context.database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else StoredEpcisEvent(**row)

    def find_all(self, event_id: str) -> list[StoredEpcisEvent]:
        """Return what has an id: the event, and after it the declarations that it was wrong."""
        query = self._columns().where(epcis_events.c.event_id == event_id).order_by(epcis_events.c.seq)
        with self._context.database.reading() as connection:
            return [StoredEpcisEvent(**row) for row in connection.execute(query).mappings()]

    def query(
        self, asked: EventQuery, *, after: tuple[int, int] | None = None, limit: int = 100
    ) -> list[StoredEpcisEvent]:
        """Return events that fit, in the order of the query; `after` is the last one's figure of the order and seq."""
        query = self._columns().where(*conditions_of(asked, self._context.organisation))
        column, ascends = order_of(asked)
        seq = epcis_events.c.seq
        if after is not None:
            key = sa.tuple_(column, seq)
            query = query.where(key > after if ascends else key < after)
        keys = (column, seq) if ascends else (column.desc(), seq.desc())
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(*keys).limit(limit)).mappings()
            return [StoredEpcisEvent(**row) for row in rows]

    def values(self, names: Sequence[str], *, after: str | None = None, limit: int = 100) -> list[str]:
        """Return the values of terms, each once, in their order."""
        value = epcis_terms.c.value
        query = sa.select(value).where(
            epcis_terms.c.organisation == self._context.organisation, epcis_terms.c.name.in_(names)
        )
        query = query if after is None else query.where(value > after)
        with self._context.database.reading() as connection:
            return list(connection.execute(query.distinct().order_by(value).limit(limit)).scalars())

    def captures(self, *, before_seq: int | None = None, limit: int = 100) -> list[StoredCapture]:
        """Return captured documents, the newest first."""
        query = sa.select(*self._capture_columns()).where(self._captures)
        query = query if before_seq is None else query.where(epcis_captures.c.seq < before_seq)
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(epcis_captures.c.seq.desc()).limit(limit)).mappings()
            return [_capture_of(row) for row in rows]

    def find_capture(self, id: str) -> StoredCapture | None:  # noqa: A002 - it is the document's id
        """Return the captured document of an id, None where there is none."""
        query = sa.select(*self._capture_columns()).where(self._captures, epcis_captures.c.id == id)
        with self._context.database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else _capture_of(row)

    def count(self, asked: EventQuery, most: int) -> int:
        """Return how many events fit, counted up to `most`."""
        some = sa.select(epcis_events.c.seq).where(self._mine, *conditions_of(asked, self._context.organisation))
        with self._context.database.reading() as connection:
            return int(
                connection.execute(sa.select(sa.func.count()).select_from(some.limit(most).subquery())).scalar_one()
            )

    def ids_of_capture(self, capture: StoredCapture) -> list[str]:
        """Return the ids of the events of a captured document in its order."""
        found: dict[int, str] = {}
        with self._context.database.reading() as connection:
            for some in _parts(list(dict.fromkeys(capture.events))):
                query = sa.select(epcis_events.c.seq, epcis_events.c.event_id)
                found |= {
                    row.seq: row.event_id
                    for row in connection.execute(query.where(self._mine, epcis_events.c.seq.in_(some)))
                }
        return [found[seq] for seq in capture.events]

    def of_capture(self, capture: StoredCapture) -> list[StoredEpcisEvent]:
        """Return the events of a captured document in its order."""
        found: dict[int, StoredEpcisEvent] = {}
        with self._context.database.reading() as connection:
            for some in _parts(list(dict.fromkeys(capture.events))):
                rows = connection.execute(self._columns().where(epcis_events.c.seq.in_(some))).mappings()
                found |= {row["seq"]: StoredEpcisEvent(**row) for row in rows}
        return [found[seq] for seq in capture.events]

    def _store(self, connection: sa.Connection, events: Sequence[CapturedEvent]) -> list[tuple[int, bool]]:
        """Store what is new; return the place of each in the order of capture, and whether it is new."""
        lock_organisation(connection, self._context.organisation)
        known = self._known(connection, events)
        last = connection.execute(sa.select(sa.func.max(epcis_events.c.seq)).where(self._mine)).scalar_one() or 0
        now_ms = self._context.now_ms()
        stored: list[tuple[int, bool]] = []
        fresh: list[tuple[int, CapturedEvent]] = []
        for event in events:
            key = (event.event_id, event.content or event.event_id, event.declaration)
            is_new = key not in known
            if is_new:
                last += 1
                known[key] = last
                fresh.append((last, event))
            stored.append((known[key], is_new))
        owner = {"organisation": self._context.organisation}
        rows = [{**owner, "seq": seq, "record_ms": now_ms, **_row_of(event)} for seq, event in fresh]
        terms = [
            {**owner, "name": name, "value": value, "seq": seq}
            for seq, event in fresh
            for name, value in dict.fromkeys(event.terms)
        ]
        figures = [
            {**owner, "name": name, "value": value, "seq": seq}
            for seq, event in fresh
            for name, value in dict.fromkeys(event.figures)
        ]
        for table, made in ((epcis_events, rows), (epcis_terms, terms), (epcis_figures, figures)):
            if made:
                connection.execute(table.insert(), made)
        return stored

    def _known(self, connection: sa.Connection, events: Sequence[CapturedEvent]) -> dict[tuple[str, str, str], int]:
        """Return the places of events with the ids of these, by id, content and declaration."""
        table = epcis_events.c
        query = sa.select(table.seq, table.event_id, table.content, table.declaration).where(self._mine)
        found: dict[tuple[str, str, str], int] = {}
        for some in _parts(list(dict.fromkeys(event.event_id for event in events))):
            for row in connection.execute(query.where(table.event_id.in_(some))):
                found[row.event_id, row.content, row.declaration] = row.seq
        return found

    def _columns(self) -> sa.Select[Any]:
        table = epcis_events.c
        columns = (table.seq, table.event_id, table.event_ms, table.record_ms, table.body)
        return sa.select(*columns).where(self._mine)

    @staticmethod
    def _capture_columns() -> tuple[sa.Column[Any], ...]:
        return tuple(epcis_captures.c[name] for name in StoredCapture.__struct_fields__)


def _capture_of(row: sa.RowMapping) -> StoredCapture:
    lists = {"events": tuple(row["events"]), "faults": tuple((place, reason) for place, reason in row["faults"])}
    return StoredCapture(**{**row, **lists})


def _row_of(event: CapturedEvent) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "type": event.type,
        "biz_step": event.biz_step,
        "event_ms": event.event_ms,
        "body": event.body,
        "content": event.content or event.event_id,
        "declaration": event.declaration,
    }


def _parts(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
