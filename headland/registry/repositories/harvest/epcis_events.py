"""EPCIS events of an organisation, each once by the hash that is its id; what is captured is never changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.proof_tables import epcis_event_ids, epcis_events
from headland.registry.repositories.context import RepositoryContext


class CapturedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored: `body` is its JSON, `identifiers` the things that it names."""

    event_id: str
    type: str
    biz_step: str
    event_ms: int
    body: str
    identifiers: tuple[str, ...]


class StoredEpcisEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A stored event with its place in the order of capture."""

    seq: int
    event_id: str
    record_ms: int
    body: str


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a query asks for; an empty part asks for everything. Times are half-open [from, until)."""

    types: tuple[str, ...] = ()
    biz_steps: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    event_from_ms: int | None = None
    event_until_ms: int | None = None
    record_from_ms: int | None = None
    record_until_ms: int | None = None


class EpcisRepository:
    """Events of one organisation. Raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._mine = epcis_events.c.organisation == context.organisation

    def capture(self, events: Sequence[CapturedEvent]) -> list[str]:
        """Store the events that are not there yet, all or none; return the ids of those that are new."""
        organisation = self._context.organisation
        fresh = {event.event_id: event for event in events}
        with self._context.database.writing() as connection:
            lock_organisation(connection, organisation)
            known = sa.select(epcis_events.c.event_id).where(self._mine, epcis_events.c.event_id.in_(list(fresh)))
            for event_id in connection.execute(known).scalars():
                del fresh[event_id]
            last = connection.execute(sa.select(sa.func.max(epcis_events.c.seq)).where(self._mine)).scalar_one()
            now_ms = self._context.now_ms()
            for seq, event in enumerate(fresh.values(), start=(last or 0) + 1):
                values = msgspec.structs.asdict(event)
                identifiers = dict.fromkeys(values.pop("identifiers"))
                connection.execute(
                    epcis_events.insert().values(organisation=organisation, seq=seq, record_ms=now_ms, **values)
                )
                rows = [{"organisation": organisation, "identifier": each, "seq": seq} for each in identifiers]
                if rows:
                    connection.execute(epcis_event_ids.insert(), rows)
        return list(fresh)

    def find(self, event_id: str) -> StoredEpcisEvent | None:
        """Return the event of an id, None where there is none."""
        query = self._columns().where(epcis_events.c.event_id == event_id)
        with self._context.database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else StoredEpcisEvent(**row)

    def query(self, asked: EventQuery, *, after_seq: int = 0, limit: int = 100) -> list[StoredEpcisEvent]:
        """Return events in the order of their capture, those after `after_seq`."""
        table = epcis_events.c
        query = self._columns().where(table.seq > after_seq)
        if asked.types:
            query = query.where(table.type.in_(asked.types))
        if asked.biz_steps:
            query = query.where(table.biz_step.in_(asked.biz_steps))
        for column, start_ms, end_ms in (
            (table.event_ms, asked.event_from_ms, asked.event_until_ms),
            (table.record_ms, asked.record_from_ms, asked.record_until_ms),
        ):
            query = query if start_ms is None else query.where(column >= start_ms)
            query = query if end_ms is None else query.where(column < end_ms)
        if asked.identifiers:
            named = sa.select(epcis_event_ids.c.seq).where(
                epcis_event_ids.c.organisation == self._context.organisation,
                epcis_event_ids.c.identifier.in_(asked.identifiers),
            )
            query = query.where(table.seq.in_(named))
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(table.seq).limit(limit)).mappings()
            return [StoredEpcisEvent(**row) for row in rows]

    def _columns(self) -> sa.Select[tuple[int, str, int, str]]:
        table = epcis_events.c
        return sa.select(table.seq, table.event_id, table.record_ms, table.body).where(self._mine)
