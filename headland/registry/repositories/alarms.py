"""Alarms of one organisation: rule states, alarms and notices, changed together in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.clock.station_clock.record import AGREE_MS
from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.alarm_tables import alarm_leases, alarm_notices, alarm_watches, alarms, push_keys
from headland.registry.models.alarms import Alarm, Notice, NoticeState
from headland.registry.models.errors import AlreadyAcknowledged, NotFound
from headland.registry.repositories.context import RepositoryContext
from headland.units_of_time import DAY_MS, HOUR_MS

#: Retention of delivered notices, for the rate limit of recipients and for review.
KEEP_DELIVERED_MS: Final = 30 * DAY_MS

#: The longest wait between two attempts to deliver a notice.
LONGEST_WAIT_MS: Final = HOUR_MS

#: Active alarms of one answer that are remembered.
_MOST_REMEMBERED: Final = 200

RuleStateKey = tuple[str, str]  # the rule's id, the subject


@dataclass(slots=True)
class AlarmUpdate:
    """Changes of one evaluation, saved in one transaction."""

    rule_states: dict[RuleStateKey, Mapping[str, Any]] = field(default_factory=dict)
    removed: set[RuleStateKey] = field(default_factory=set)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Return whether there is nothing to save."""
        return not (self.rule_states or self.removed or self.alarms or self.notices)


@dataclass(frozen=True, slots=True)
class RecipientNotices:
    """The newest notice of one recipient in each state, and the number of its notices in each."""

    newest: dict[NoticeState, Notice] = field(default_factory=dict)
    count: dict[NoticeState, int] = field(default_factory=dict)


class AlarmRepository:
    """Repository of alarms. Every call is one transaction and raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._organisation = context.organisation

    def new_id(self) -> str:
        """Return the id of a new alarm or notice; later ids sort after it."""
        return self._context.ids.make(self._context.now_ms())

    def push_key(self, make: Callable[[], str]) -> str:
        """Return the key that signs messages to browsers; `make` makes it at its first use."""
        mine = push_keys.c.organisation == self._organisation
        query = sa.select(push_keys.c.private_key).where(mine)
        with self._context.database.reading() as connection:
            key = connection.execute(query).scalar_one_or_none()
        if key is not None:
            return str(key)
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._organisation)
            key = connection.execute(query).scalar_one_or_none()
            if key is None:
                key, now_ms = make(), self._context.now_ms()
                row = {"organisation": self._organisation, "private_key": key, "made_ms": now_ms}
                connection.execute(push_keys.insert().values(**row))
        return str(key)

    def acquire_lease(self, holder: str, for_ms: int) -> bool:
        """Acquire or renew the evaluation lease for `for_ms`; return False while another holder has it.

        A lease that ends later than one which begins now was made before the clock was set back: it holds nobody up.
        """
        now_ms = self._context.now_ms()
        mine = alarm_leases.c.organisation == self._organisation
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._organisation)
            row = connection.execute(sa.select(alarm_leases).where(mine)).one_or_none()
            if row is not None and row.holder != holder and now_ms < row.until_ms <= now_ms + for_ms + AGREE_MS:
                return False
            values = {"holder": holder, "until_ms": now_ms + for_ms}
            if row is None:
                connection.execute(alarm_leases.insert().values(organisation=self._organisation, **values))
            else:
                connection.execute(alarm_leases.update().where(mine).values(**values))
        return True

    def release_lease(self, holder: str) -> None:
        """Release the evaluation lease."""
        mine = alarm_leases.c.organisation == self._organisation
        with self._context.database.writing() as connection:
            connection.execute(alarm_leases.delete().where(mine, alarm_leases.c.holder == holder))

    def rule_states(self) -> dict[RuleStateKey, dict[str, Any]]:
        """Return the stored state of each rule for each subject."""
        query = sa.select(alarm_watches).where(alarm_watches.c.organisation == self._organisation)
        with self._context.database.reading() as connection:
            return {(row.rule_id, row.subject): row.state for row in connection.execute(query)}

    def save(self, update: AlarmUpdate) -> None:
        """Save the changes of an evaluation; acknowledgements and snoozes made meanwhile remain."""
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._organisation)
            self._save_rule_states(connection, update)
            known = self._rows(connection, update.alarms)
            for alarm in update.alarms.values():
                self._put(connection, _with_user_changes(alarm, known[alarm.id]) if alarm.id in known else alarm, known)
            for notice in update.notices:
                connection.execute(alarm_notices.insert().values(**self._notice_row(notice)))

    def active(self) -> list[Alarm]:
        """Return the active alarms, the newest first."""
        active: list[Alarm] = self._context.answers.read(
            self._context.question("active alarms"),
            lambda: self._select(alarms.c.ended_ms.is_(None)),
            keeps=lambda found: len(found) <= _MOST_REMEMBERED,
        )
        return list(active)

    def find(self, rule: str, subject: str, start_ms: int, end_ms: int) -> list[Alarm]:
        """Return the alarms of a rule for a subject that were active in [start_ms, end_ms)."""
        not_over = sa.or_(alarms.c.ended_ms.is_(None), alarms.c.ended_ms > start_ms)
        return self._select(alarms.c.rule == rule, alarms.c.subject == subject, alarms.c.raised_ms < end_ms, not_over)

    def newest(
        self,
        *,
        before: tuple[int, str] | None = None,
        limit: int = 100,
        active: bool | None = None,
        subject: str | None = None,
        rule: str | None = None,
    ) -> list[Alarm]:
        """Return alarms by the time of their raising, the newest first, those before (raised_ms, id) `before`."""
        where: list[sa.ColumnElement[bool]] = []
        if before is not None:
            earlier = alarms.c.raised_ms < before[0]
            where.append(sa.or_(earlier, sa.and_(alarms.c.raised_ms == before[0], alarms.c.id < before[1])))
        if active is not None:
            where.append(alarms.c.ended_ms.is_(None) if active else alarms.c.ended_ms.is_not(None))
        if subject is not None:
            where.append(alarms.c.subject == subject)
        if rule is not None:
            where.append(alarms.c.rule == rule)
        return self._select(*where, limit=limit)

    def get(self, id: str) -> Alarm:  # noqa: A002 - it is the alarm's id
        """Return an alarm; raises NotFound."""
        selected = self._select(alarms.c.id == id)
        if not selected:
            raise NotFound("alarm", id)
        return selected[0]

    def acknowledge(self, id: str, note: str = "", *, only_first: bool = False) -> Alarm:  # noqa: A002
        """Acknowledge an alarm, which stops its repetition. A second call changes the note only.

        With `only_first` a second call raises AlreadyAcknowledged.
        """
        now_ms = self._context.now_ms()

        def add_note(alarm: Alarm) -> Alarm:
            if only_first and alarm.acknowledged_ms is not None:
                raise AlreadyAcknowledged(alarm.acknowledged_by or "", alarm.acknowledged_ms)
            first = {} if alarm.acknowledged_ms else {"acknowledged_ms": now_ms, "acknowledged_by": self._context.by}
            return msgspec.structs.replace(alarm, note=note, **first)

        return self._change([id], add_note)[0]

    def acknowledge_all(self, ids: Sequence[str], note: str = "") -> list[Alarm]:
        """Acknowledge alarms, all or none; those that somebody has acknowledged keep who, when and their note.

        Raises NotFound for the first that there is not.
        """
        first = {"acknowledged_ms": self._context.now_ms(), "acknowledged_by": self._context.by, "note": note}

        def add_first(alarm: Alarm) -> Alarm:
            return alarm if alarm.acknowledged_ms is not None else msgspec.structs.replace(alarm, **first)

        return self._change(ids, add_first)

    def snooze(self, id: str, until_ms: int | None) -> Alarm:  # noqa: A002
        """Suppress the notices of an alarm until an instant; None ends that."""
        snooze = {"snoozed_until_ms": until_ms, "snoozed_ms": self._context.now_ms()}
        return self._change([id], lambda alarm: msgspec.structs.replace(alarm, **snooze))[0]

    def notices(
        self, state: NoticeState | None = None, *, before: str = "", limit: int = 100, since_ms: int | None = None
    ) -> list[Notice]:
        """Return notices, the newest first, before the id `before`, of a state or all, created since `since_ms`."""
        query = self._mine()
        if state is not None:
            query = query.where(alarm_notices.c.state == state.value)
        if before:
            query = query.where(alarm_notices.c.id < before)
        if since_ms is not None:
            query = query.where(alarm_notices.c.created_ms >= since_ms)
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(alarm_notices.c.id.desc()).limit(limit))
            return [_notice(row) for row in rows]

    def notice(self, id: str) -> Notice:  # noqa: A002
        """Return a notice; raises NotFound."""
        with self._context.database.reading() as connection:
            row = connection.execute(self._mine().where(alarm_notices.c.id == id)).one_or_none()
        if row is None:
            raise NotFound("notice", id)
        return _notice(row)

    def notices_by_recipient(self) -> dict[str, RecipientNotices]:
        """Return the newest notice of each recipient, the newest of each state, and how many are dead or waiting."""
        columns = alarm_notices.c.recipient, alarm_notices.c.state
        mine = alarm_notices.c.organisation == self._organisation
        newest = sa.select(*columns, sa.func.max(alarm_notices.c.id).label("id"), sa.func.count().label("n"))
        found: dict[str, RecipientNotices] = {}
        with self._context.database.reading() as connection:
            groups = connection.execute(newest.where(mine).group_by(*columns)).all()
            rows = connection.execute(self._mine().where(alarm_notices.c.id.in_([group.id for group in groups])))
            notices = {row.id: _notice(row) for row in rows}
        for group in groups:
            known = found.setdefault(group.recipient, RecipientNotices())
            known.newest[NoticeState(group.state)] = notices[group.id]
            known.count[NoticeState(group.state)] = group.n
        return found

    def count_notices(self, since_ms: int, until_ms: int) -> dict[tuple[str, str], int]:
        """Return the number of notices created in [since_ms, until_ms], by recipient and rule."""
        columns = alarm_notices.c.recipient, alarm_notices.c.rule
        query = sa.select(*columns, sa.func.count().label("notices")).group_by(*columns)
        created = alarm_notices.c.created_ms.between(since_ms, until_ms)
        query = query.where(alarm_notices.c.organisation == self._organisation, created)
        with self._context.database.reading() as connection:
            return {(row.recipient, row.rule): row.notices for row in connection.execute(query)}

    def due_by_recipient(self, now_ms: int, each: int, limit: int = 2000) -> list[Notice]:
        """Return at most `each` due notices of every recipient, the longest due first.

        A recipient with many has no more of the answer than another. What waits since before the clock was set back is
        due.
        """
        question = self._context.question("span of due notices")
        first_ms, last_ms = self._context.answers.read(question, self._read_due_span_ms)
        never_ms = now_ms + LONGEST_WAIT_MS + AGREE_MS
        if first_ms is None or last_ms is None or now_ms < first_ms <= last_ms <= never_ms:
            return []
        # Attempts end within a day of the creation; due within it, and yet later than the longest wait.
        ends_ms = alarm_notices.c.created_ms + DAY_MS
        is_set_back = (alarm_notices.c.due_ms > never_ms) & (alarm_notices.c.due_ms <= ends_ms)
        place = (
            sa.func.row_number()
            .over(partition_by=alarm_notices.c.recipient, order_by=(alarm_notices.c.due_ms, alarm_notices.c.id))
            .label("place")
        )
        ranked = (
            sa.select(alarm_notices, place)
            .where(
                alarm_notices.c.organisation == self._organisation,
                alarm_notices.c.state == NoticeState.WAITING.value,
                sa.or_(alarm_notices.c.due_ms <= now_ms, is_set_back),
            )
            .subquery()
        )
        columns = [ranked.c[column.name] for column in alarm_notices.columns]
        query = sa.select(*columns).where(ranked.c.place <= each)
        # The first of every recipient comes before the second of any.
        query = query.order_by(ranked.c.place, ranked.c.due_ms, ranked.c.id).limit(limit)
        with self._context.database.reading() as connection:
            found = [_notice(row) for row in connection.execute(query)]
        return sorted(found, key=lambda notice: (notice.due_ms, notice.id))

    def update_notice(self, notice: Notice) -> None:
        """Store the result of a delivery attempt."""
        self._update_notice(notice.id, self._notice_row(notice))

    def replay(self, id: str) -> Notice:  # noqa: A002
        """Make a dead notice due again; raises NotFound where there is no such dead notice."""
        now_ms = self._context.now_ms()
        fresh = {"state": NoticeState.WAITING.value, "attempts": 0, "due_ms": now_ms}
        self._update_notice(id, fresh, alarm_notices.c.state == NoticeState.DEAD.value)
        with self._context.database.reading() as connection:
            return _notice(connection.execute(self._mine().where(alarm_notices.c.id == id)).one())

    def delete_delivered(self, before_ms: int) -> int:
        """Delete the delivered notices created before `before_ms`; return their number."""
        statement = alarm_notices.delete().where(
            alarm_notices.c.organisation == self._organisation,
            alarm_notices.c.state == NoticeState.DELIVERED.value,
            alarm_notices.c.created_ms < before_ms,
        )
        with self._context.database.writing() as connection:
            return connection.execute(statement).rowcount

    def _read_due_span_ms(self) -> tuple[int | None, int | None]:
        """Return when the first and the last notice that waits is due."""
        mine = alarm_notices.c.organisation == self._organisation
        query = sa.select(sa.func.min(alarm_notices.c.due_ms), sa.func.max(alarm_notices.c.due_ms))
        query = query.where(mine, alarm_notices.c.state == NoticeState.WAITING.value)
        with self._context.database.reading() as connection:
            first_ms, last_ms = connection.execute(query).one()
        return first_ms, last_ms

    def _mine(self) -> sa.Select[*tuple[Any, ...]]:
        return sa.select(alarm_notices).where(alarm_notices.c.organisation == self._organisation)

    def _update_notice(self, id: str, values: Mapping[str, Any], *where: sa.ColumnElement[bool]) -> None:  # noqa: A002
        mine = alarm_notices.c.organisation == self._organisation
        statement = alarm_notices.update().where(mine, alarm_notices.c.id == id, *where).values(**values)
        with self._context.database.writing() as connection:
            if connection.execute(statement).rowcount == 0:
                raise NotFound("notice", id)

    def _select(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> list[Alarm]:
        query = sa.select(alarms.c.body).where(alarms.c.organisation == self._organisation, *where)
        query = query.order_by(alarms.c.raised_ms.desc(), alarms.c.id.desc()).limit(limit)
        with self._context.database.reading() as connection:
            return [msgspec.convert(row.body, Alarm) for row in connection.execute(query)]

    def _rows(self, connection: sa.Connection, ids: Iterable[str]) -> dict[str, Alarm]:
        mine = sa.select(alarms.c.id, alarms.c.body).where(alarms.c.organisation == self._organisation)
        stored: dict[str, Alarm] = {}
        listed = list(ids)
        for start in range(0, len(listed), 500):
            rows = connection.execute(mine.where(alarms.c.id.in_(listed[start : start + 500])))
            stored.update((row.id, msgspec.convert(row.body, Alarm)) for row in rows)
        return stored

    def _put(self, connection: sa.Connection, alarm: Alarm, known: Mapping[str, Alarm]) -> None:
        values = {
            "rule": alarm.rule,
            "subject": alarm.subject,
            "raised_ms": alarm.raised_ms,
            "ended_ms": alarm.ended_ms,
            "noted_ms": alarm.noted_ms,
            "body": msgspec.to_builtins(alarm),
        }
        if alarm.id in known:
            mine = (alarms.c.organisation == self._organisation, alarms.c.id == alarm.id)
            connection.execute(alarms.update().where(*mine).values(**values))
        else:
            connection.execute(alarms.insert().values(id=alarm.id, organisation=self._organisation, **values))

    def _save_rule_states(self, connection: sa.Connection, update: AlarmUpdate) -> None:
        mine = alarm_watches.c.organisation == sa.bindparam("o")
        key = (mine, alarm_watches.c.rule_id == sa.bindparam("r"), alarm_watches.c.subject == sa.bindparam("s"))
        keys = [
            {"o": self._organisation, "r": rule, "s": subject}
            for rule, subject in {*update.rule_states, *update.removed}
        ]
        if keys:
            connection.execute(alarm_watches.delete().where(*key), keys)
        rows: Sequence[dict[str, Any]] = [
            {"organisation": self._organisation, "rule_id": rule, "subject": subject, "state": dict(state)}
            for (rule, subject), state in update.rule_states.items()
        ]
        if rows:
            connection.execute(alarm_watches.insert(), rows)

    def _notice_row(self, notice: Notice) -> dict[str, Any]:
        return {**msgspec.to_builtins(notice), "organisation": self._organisation}

    def _change(self, ids: Sequence[str], change: Callable[[Alarm], Alarm]) -> list[Alarm]:
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._organisation)
            known = self._rows(connection, ids)
            for unknown in [alarm_id for alarm_id in ids if alarm_id not in known]:
                raise NotFound("alarm", unknown)
            changed = [change(known[alarm_id]) for alarm_id in ids]
            for alarm in changed:
                if alarm is not known[alarm.id]:
                    self._put(connection, alarm, known)
        return changed


def _with_user_changes(alarm: Alarm, stored: Alarm) -> Alarm:
    """Return an alarm with the stored acknowledgement, note and snooze."""
    names = ("acknowledged_ms", "acknowledged_by", "note", "snoozed_until_ms", "snoozed_ms")
    return msgspec.structs.replace(alarm, **{name: getattr(stored, name) for name in names})


def _notice(row: sa.Row[*tuple[Any, ...]]) -> Notice:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return msgspec.convert({name: values[name] for name in Notice.__struct_fields__}, Notice)
