"""Retention of an organisation's audit log and closed alarms: days that a person sets, what is due, and deletion.

Evidence is never deleted, whatever is set: see `audit_cut.DELETED_KINDS`, and `_closed` here.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.registry.db import audit, audit_cut
from headland.registry.db.audit import AuditChange
from headland.registry.db.tables.alarm_tables import alarm_notices, alarms
from headland.registry.db.tables.farm_tables import audit as audit_table
from headland.registry.db.tables.farm_tables import ledger, record_retention
from headland.registry.lifecycle import REGISTRY_KINDS
from headland.registry.models.alarms import NoticeState, Severity
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.ledger.anchors import AUDIT
from headland.units_of_time import DAY_MS

#: Days of records that one round deletes at most: what a person has not seen yet by then is there for a while.
ROUND_DAYS: Final = 7
#: A cut is at the start of a week since 1970, so that a log is not cut, and its cut not logged, each day.
_WEEK_MS: Final = 7 * DAY_MS
#: Alarms that one round deletes at most.
MOST_ALARMS: Final = 20_000
MOST_DAYS: Final = 100_000


class RecordRetention(msgspec.Struct, frozen=True, kw_only=True):
    """Retention of a kind: `days` None is for ever; `chosen` says whether a person set it.

    `deleted` is how many records were deleted so far, all before `until_ms`.
    """

    kind: str
    days: int | None
    chosen: bool = False
    deleted: int = 0
    until_ms: int | None = None
    looked_ms: int | None = None


class DueRecords(msgspec.Struct, frozen=True, kw_only=True):
    """What a retention deletes: `count` records before `until_ms`, None for nothing. Of it, a round deletes a part."""

    count: int = 0
    until_ms: int | None = None


class RetentionRepository:
    """Retention of one organisation. Every call is one transaction and raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._mine = record_retention.c.organisation == context.organisation

    def all(self) -> list[RecordRetention]:
        """Return the retention of each kind, in the order of the table of lifecycles."""
        with self._context.database.reading() as connection:
            return self._list(connection)

    def choose(self, kind: str, days: int | None, *, chosen: bool = True) -> RecordRetention:
        """Set the days of a kind, None for ever; without `chosen` the default. Raises NotFound and InvalidRecord."""
        _check(kind, days)
        with self._context.database.writing() as connection:
            audit.lock_organisation(connection, self._context.organisation)
            before = next(each for each in self._list(connection) if each.kind == kind)
            days = days if chosen else REGISTRY_KINDS[kind].default
            after = msgspec.structs.replace(before, days=days, chosen=chosen)
            if (after.days, after.chosen) != (before.days, before.chosen):
                self._put(connection, after)
                self._log(connection, "change", "retention", kind, {"days": before.days}, {"days": after.days})
            return after

    def preview(self, kind: str, days: int | None, now_ms: int) -> DueRecords:
        """Return what a retention of so many days would delete, in as many rounds as it takes."""
        _check(kind, days)
        with self._context.database.reading() as connection:
            until_ms = self._until_ms(connection, kind, days, now_ms)
            if until_ms is None:
                return DueRecords()
            which, table = self._closed(until_ms), alarms
            if kind != "alarms":
                anchored = self._anchored(connection)
                which = audit_cut.due_conditions(connection, self._context.organisation, until_ms, anchored)
                table = audit_table
            count = connection.execute(sa.select(sa.func.count()).select_from(table).where(*which)).scalar_one()
            return DueRecords(count=count, until_ms=until_ms if count else None)

    def expire(self, kind: str, now_ms: int) -> int:
        """Do one round of a kind: delete what is due, of so many days at most; return the count.

        Raises InvalidRecord where the audit log was altered: nothing of it is deleted then.
        """
        with self._context.database.writing() as connection:
            audit.lock_organisation(connection, self._context.organisation)
            kept = next(each for each in self._list(connection) if each.kind == kind)
            until_ms = self._until_ms(connection, kind, kept.days, now_ms)
            count, reached_ms = 0, None
            if until_ms is not None and kind == "alarms":
                count, reached_ms = self._expire_alarms(connection, until_ms)
            elif until_ms is not None:
                count, reached_ms = self._expire_audit(connection, until_ms, now_ms)
            newest_ms = max((each for each in (reached_ms, kept.until_ms) if each is not None), default=None)
            looked = {"looked_ms": now_ms, "deleted": kept.deleted + count, "until_ms": newest_ms}
            self._put(connection, msgspec.structs.replace(kept, **looked))
        return count

    def _list(self, connection: sa.Connection) -> list[RecordRetention]:
        rows = {row.kind: row for row in connection.execute(sa.select(record_retention).where(self._mine))}
        found = []
        for kind, days in REGISTRY_KINDS.items():
            row = rows.get(kind)
            if row is None:
                found.append(RecordRetention(kind=kind, days=days.default))
                continue
            # A default that a later version changes holds for all who chose nothing.
            values = {name: getattr(row, name) for name in ("chosen", "deleted", "until_ms", "looked_ms")}
            found.append(RecordRetention(kind=kind, days=row.days if row.chosen else days.default, **values))
        return found

    def _put(self, connection: sa.Connection, kept: RecordRetention) -> None:
        which = self._mine & (record_retention.c.kind == kept.kind)
        values = msgspec.structs.asdict(kept)
        if connection.execute(record_retention.update().where(which).values(**values)).rowcount == 0:
            connection.execute(record_retention.insert().values(organisation=self._context.organisation, **values))

    def _until_ms(self, connection: sa.Connection, kind: str, days: int | None, now_ms: int) -> int | None:
        """Return the instant before which records are due; None for none.

        The days count back from now, but at most from a day after the newest record: a clock that is ahead, and a time
        in which nothing happens, delete nothing.
        """
        if days is None:
            return None
        newest = sa.select(sa.func.max(audit_table.c.time_ms)).where(
            audit_table.c.organisation == self._context.organisation
        )
        if kind == "alarms":
            newest = sa.select(sa.func.max(alarms.c.noted_ms)).where(
                alarms.c.organisation == self._context.organisation
            )
        newest_ms: int | None = connection.execute(newest).scalar_one()
        if newest_ms is None:
            return None
        return (min(now_ms, newest_ms + DAY_MS) - days * DAY_MS) // _WEEK_MS * _WEEK_MS

    def note_deleted(self, kind: str, deleted: int, until_ms: int | None, now_ms: int) -> int:
        """Log what a store's own retention has deleted of a kind since it was noted last; return how many records.

        `deleted` is the number so far: a store that was replaced begins anew.
        """
        which = self._mine & (record_retention.c.kind == kind)
        with self._context.database.writing() as connection:
            audit.lock_organisation(connection, self._context.organisation)
            row = connection.execute(sa.select(record_retention).where(which)).one_or_none()
            before = 0 if row is None or row.deleted > deleted else int(row.deleted)
            if row is not None and row.deleted == deleted:
                return 0
            noted = RecordRetention(kind=kind, days=None, deleted=deleted, until_ms=until_ms, looked_ms=now_ms)
            self._put(connection, noted)
            if deleted > before:
                said = {"deleted": deleted - before, "until_ms": until_ms}
                self._log(connection, "delete", "deletion by retention", kind, None, said, now_ms)
            return deleted - before

    def _anchored(self, connection: sa.Connection) -> set[int]:
        """Return the entries of the audit log whose hashes are in the ledger: whoever checks it needs them."""
        mine = (ledger.c.organisation == self._context.organisation, ledger.c.kind == AUDIT)
        bodies = connection.execute(sa.select(ledger.c.body).where(*mine)).scalars()
        return {int(msgspec.json.decode(body)["entries"]) for body in bodies}

    def _expire_audit(self, connection: sa.Connection, until_ms: int, now_ms: int) -> tuple[int, int | None]:
        organisation, anchored = self._context.organisation, self._anchored(connection)
        due = audit_cut.find_due(connection, organisation, until_ms, ROUND_DAYS * DAY_MS, anchored)
        if due is None:
            return 0, None
        checked = audit.check(connection, organisation)
        if checked.broken_at is not None:
            raise InvalidRecord(
                f"The audit log was altered at entry {checked.broken_at}: nothing of it is deleted by retention. Find "
                "out who changed it; a back-up has the entries as they were."
            )
        cut = audit_cut.delete_due(connection, organisation, due, anchored)
        self._log(connection, "delete", audit_cut.CUT, audit_cut.CUT_RECORD, None, msgspec.structs.asdict(cut), now_ms)
        return due.count, due.until_ms

    def _expire_alarms(self, connection: sa.Connection, until_ms: int) -> tuple[int, int | None]:
        dead = (
            alarm_notices.c.organisation == self._context.organisation,
            alarm_notices.c.state == NoticeState.DEAD.value,
            alarm_notices.c.created_ms < until_ms,
        )
        oldest = (
            sa.select(sa.func.min(alarms.c.ended_ms)).where(*self._closed(until_ms)),
            sa.select(sa.func.min(alarm_notices.c.created_ms)).where(*dead),
        )
        known = [connection.execute(query).scalar_one() for query in oldest]
        first_ms = min((int(each) for each in known if each is not None), default=None)
        if first_ms is None:
            return 0, None
        until_ms = min(until_ms, first_ms + ROUND_DAYS * DAY_MS)
        some = sa.select(alarms.c.id).where(*self._closed(until_ms)).order_by(alarms.c.ended_ms).limit(MOST_ALARMS)
        count = connection.execute(alarms.delete().where(alarms.c.id.in_(some))).rowcount
        notices = connection.execute(
            alarm_notices.delete().where(*dead, alarm_notices.c.created_ms < until_ms)
        ).rowcount
        if count or notices:
            said = {"deleted": count, "undelivered_notices": notices, "until_ms": until_ms}
            self._log(connection, "delete", "deletion by retention", "alarms", None, said)
        return count, until_ms

    def _closed(self, until_ms: int) -> list[sa.ColumnElement[bool]]:
        """Return the conditions of alarms that may be deleted: ended, and seen by a person where they were critical."""
        body = alarms.c.body
        is_seen = body["acknowledged_ms"].as_string().is_not(None)
        return [
            alarms.c.organisation == self._context.organisation,
            alarms.c.ended_ms < until_ms,
            alarms.c.noted_ms < until_ms,
            is_seen | (body["severity"].as_string() != Severity.CRITICAL.value),
        ]

    def _log(
        self,
        connection: sa.Connection,
        action: audit.Action,
        kind: str,
        record: str,
        before: dict[str, Any] | None,
        after: dict[str, Any],
        now_ms: int | None = None,
    ) -> None:
        change = AuditChange(
            time_ms=self._context.now_ms() if now_ms is None else now_ms,
            who=self._context.by,
            action=action,
            kind=kind,
            record=record,
            before=None if before is None else msgspec.json.encode(before).decode(),
            after=msgspec.json.encode(after).decode(),
        )
        audit.append(connection, self._context.organisation, change)


def _check(kind: str, days: int | None) -> None:
    known = REGISTRY_KINDS.get(kind)
    if known is None:
        raise NotFound("retention", kind)
    if days is not None and not known.least <= days <= MOST_DAYS:
        raise InvalidRecord(f"These records are kept for {known.least} days at least: set more days.")
