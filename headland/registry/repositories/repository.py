"""Repository of one kind of record of one organisation: add, get, list, change, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
import sqlalchemy as sa

from headland.registry.db import audit
from headland.registry.db.table_forms import METADATA
from headland.registry.db.tables.farm_tables import audit as audit_table
from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict, VersionConflict
from headland.registry.models.models import VersionedRecord
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.own_rows import visible_rows

R = TypeVar("R", bound=VersionedRecord)
#: A page of the API and one record more, which shows whether another page follows.
MAX_LIMIT: Final = 1001
#: Records of one answer that are remembered.
_MOST_REMEMBERED: Final = 200
#: Records that are compared with the audit log at once.
_CHECKED_AT_ONCE: Final = 100
#: Tables of records that are corrected, never deleted or changed: what they name is kept with them.
KEPT_TABLES: Final = frozenset((
    "account_entries", "certificate_entries", "certificates", "harvests", "lot_operations", "passes",
    "plot_observations", "statement_runs", "statements", "treatments", "trials",
))  # fmt: skip
#: Columns that change without an entry in the audit log.
_NOTED_AT_USE: Final = frozenset(("last_used_ms",))


class RecordCheck(Protocol[R]):
    """Validation of a record beyond the bounds of its fields."""

    def __call__(self, record: R, connection: sa.Connection, organisation: str, /) -> R:
        """Return the record as it is stored; raises InvalidRecord."""
        ...


class Repository(Generic[R]):
    """Records of one kind and one organisation. Every statement is limited to the organisation.

    A deleted record is no longer found or listed, but remains in the table for the history that refers to it.
    """

    def __init__(
        self,
        context: RepositoryContext,
        kind: type[R],
        table: sa.Table,
        check: RecordCheck[R] | None = None,
        prepare: Callable[[R], R] | None = None,
        mask: Callable[[R], R] | None = None,
        more_rules: sa.ColumnElement[bool] | None = None,
    ) -> None:
        self._context = context
        self._kind = kind
        self._name = re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()
        self._table = table
        self._check = check
        self._prepare = prepare
        #: What the role of the access sees of a record that it reads; changes are of the whole record.
        self._mask = mask
        self._more_rules = more_rules
        #: Queries of `list` by the fields that must equal a value, and whether that is null: making one takes longer
        #: than its answer.
        self._queries: dict[tuple[tuple[str, bool], ...], sa.Select[*tuple[Any, ...]]] = {}

    def add(self, record: R, more: Mapping[str, object] | None = None) -> R:
        """Add a record and return it with its id. `more` are columns that are not part of the record.

        Raises InvalidRecord, NotFound for a missing reference, RecordConflict for a used name.
        """
        record = self.prepared(record)
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            return self.add_within(connection, record, now_ms, more)

    def add_all(self, records: Sequence[R]) -> list[R]:
        """Add records, all or none; raises as `add` does."""
        prepared = [self.prepared(record) for record in records]
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            return [self.add_within(connection, record, now_ms) for record in prepared]

    def prepared(self, record: R) -> R:
        """Return a record after the checks that need no database and may take long; raises InvalidRecord."""
        return record if self._prepare is None else self._prepare(self._plain(record))

    def checked(self, record: R) -> R:
        """Return a record that is not stored as `add` would store it, without an id; raises as `add` does.

        Its name may be in use: it is of a record that somebody is changing.
        """
        with self._context.database.reading() as connection:
            return self._checked(connection, self.prepared(record))

    def add_within(
        self, connection: sa.Connection, record: R, now_ms: int, more: Mapping[str, object] | None = None
    ) -> R:
        """Add a record in an open transaction; raises as `add` does."""
        self._refuse_members()
        audit.lock_organisation(connection, self._context.organisation)
        identity = {"id": self._context.ids.make(now_ms), "version": 1, "created_ms": now_ms, "changed_ms": now_ms}
        made = self._checked(connection, msgspec.structs.replace(record, **identity))
        self._refuse_same_name(connection, made)
        values = {**_values(made), **(more or {})}
        connection.execute(self._table.insert().values(organisation=self._context.organisation, **values))
        self._log(connection, "add", made.id, now_ms, after=made)
        return made

    def get(self, id: str, *, also_deleted: bool = False) -> R:  # noqa: A002 - it is the record's id
        """Return a record; raises NotFound. `also_deleted` includes deleted records."""
        with self._context.database.reading() as connection:
            return self._shown(self._get(connection, id, also_deleted=also_deleted))

    def find_within(self, connection: sa.Connection, **where: str) -> R | None:
        """Return the record with these values in an open transaction, or None."""
        query = self._mine().where(*(self._table.c[name] == value for name, value in where.items()))
        row = connection.execute(query).one_or_none()
        return None if row is None else self._record(row)

    def all_within(self, connection: sa.Connection, **where: str) -> list[R]:
        """Return all records with these values in an open transaction, in the order of creation."""
        query = self._mine().where(*(self._table.c[name] == value for name, value in where.items()))
        return [self._record(row) for row in connection.execute(query.order_by(self._table.c.id))]

    def list(self, *, after: str = "", limit: int = 100, **where: str | None) -> list[R]:
        """Return records in the order of creation, those after the id `after`, at most `limit` (1 to 1001).

        `where` are fields that must equal a value: `fields.list(farm=farm.id)`.
        """
        fields = tuple((name, value is None) for name, value in where.items())
        query = self._queries.get(fields)
        if query is None:
            query = self._queries[fields] = self._page_query(fields)
        values = {f"where_{name}": value for name, value in where.items() if value is not None}
        page = {"after_id": after, "most": min(max(limit, 1), MAX_LIMIT)}
        with self._context.database.reading() as connection:
            return [self._shown(self._record(row)) for row in connection.execute(query, {**page, **values})]

    def deleted_ms(self, **where: str) -> int | None:
        """Return when the last record with these values was deleted; None where one exists or none ever existed."""
        query = sa.select(self._table.c.deleted_ms).where(
            self._visible(), *(self._table.c[name] == value for name, value in where.items())
        )
        with self._context.database.reading() as connection:
            times_ms = [row.deleted_ms for row in connection.execute(query)]
        return None if not times_ms or None in times_ms else max(times_ms)

    def all(self, **where: str | None) -> Iterator[R]:
        """Return all records, read page by page; few of them are read again only where something changed."""
        page = self._first_page(where)
        yield from page
        while len(page) == MAX_LIMIT:
            page = self.list(after=page[-1].id, limit=MAX_LIMIT, **where)
            yield from page

    def _first_page(self, where: Mapping[str, str | None]) -> Sequence[R]:
        def read() -> Sequence[R]:
            return self.list(after="", limit=MAX_LIMIT, **where)

        if self._more_rules is not None:
            # They may hold at this instant only.
            return read()
        question = self._context.question(self._kind, *where.items())
        answer: Sequence[R] = self._context.answers.read(
            question, read, keeps=lambda page: len(page) <= _MOST_REMEMBERED
        )
        return answer

    def change(self, record: R) -> R:
        """Replace a record by a new version and return that.

        Raises VersionConflict where `record.version` is not the current one, and as `add` does.
        """
        record = self.prepared(record)
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            return self.change_within(connection, record, now_ms)

    def change_within(self, connection: sa.Connection, record: R, now_ms: int) -> R:
        """Change a record in an open transaction; raises as `change` does."""
        self._refuse_members()
        audit.lock_organisation(connection, self._context.organisation)
        before = self._current(connection, record.id, record.version)
        identity = {"version": before.version + 1, "created_ms": before.created_ms, "changed_ms": now_ms}
        made = self._checked(connection, msgspec.structs.replace(record, **identity))
        self._refuse_same_name(connection, made)
        connection.execute(self._by_id(record.id, self._table.update()).values(**_values(made)))
        self._log(connection, "change", made.id, now_ms, before=before, after=made)
        return made

    def delete(self, id: str, version: int) -> None:  # noqa: A002
        """Delete a record. Raises NotFound, VersionConflict, and RecordConflict while others refer to it."""
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            self.delete_within(connection, id, version, now_ms)

    def delete_within(self, connection: sa.Connection, id: str, version: int, now_ms: int) -> None:  # noqa: A002
        """Delete a record in an open transaction; raises as `delete` does."""
        self._refuse_members()
        audit.lock_organisation(connection, self._context.organisation)
        before = self._current(connection, id, version)
        self._refuse_while_used(connection, before)
        deleted = {"deleted_ms": now_ms, "changed_ms": now_ms, "version": before.version + 1}
        connection.execute(self._by_id(id, self._table.update()).values(**deleted))
        self._log(connection, "delete", id, now_ms, before=before)

    def _page_query(self, fields: Sequence[tuple[str, bool]]) -> sa.Select[*tuple[Any, ...]]:
        query = self._mine().where(self._table.c.id > sa.bindparam("after_id")).order_by(self._table.c.id)
        for name, is_null in fields:
            column = self._table.c[name]
            query = query.where(column.is_(None) if is_null else column == sa.bindparam(f"where_{name}"))
        return query.limit(sa.bindparam("most", type_=sa.Integer))

    def _mine(self) -> sa.Select[*tuple[Any, ...]]:
        return sa.select(self._table).where(self._visible(), self._table.c.deleted_ms.is_(None))

    def _visible(self) -> sa.ColumnElement[bool]:
        """Return which rows of the table this access sees: of the organisation, and for a member the own ones."""
        context = self._context
        mine = self._table.c.organisation == context.organisation
        more = sa.true() if self._more_rules is None else self._more_rules
        return sa.and_(mine, more, visible_rows(self._table, context.organisation, context.person))

    def _refuse_members(self) -> None:
        """Raise NotFound where the access is a member's: records are changed by others."""
        if self._context.person is not None:
            raise NotFound(self._name, "of others")

    def _by_id(self, id: str, statement: sa.Update) -> sa.Update:  # noqa: A002
        return statement.where(self._table.c.organisation == self._context.organisation, self._table.c.id == id)

    def _get(self, connection: sa.Connection, id: str, *, also_deleted: bool = False) -> R:  # noqa: A002
        query = sa.select(self._table).where(self._visible()) if also_deleted else self._mine()
        row = connection.execute(query.where(self._table.c.id == id)).one_or_none()
        if row is None:
            raise NotFound(self._name, id)
        return self._record(row)

    def _current(self, connection: sa.Connection, id: str, version: int) -> R:  # noqa: A002
        current = self._get(connection, id)
        if current.version != version:
            raise VersionConflict(self._name, id, version, current.version)
        return current

    @property
    def table_name(self) -> str:
        """The name of the table of the records."""
        return self._table.name

    def log_state(self, connection: sa.Connection, id: str, now_ms: int) -> None:  # noqa: A002
        """Log, in an open transaction, what a record is now; one that is deleted is not logged."""
        row = connection.execute(self._mine().where(self._table.c.id == id)).one_or_none()
        if row is not None:
            self._log(connection, "change", id, now_ms, after=self._record(row))

    def altered_within(self, connection: sa.Connection) -> Iterator[str]:
        """Yield the records, by kind and id, that are not as their newest entry in the audit log says."""
        mine = self._table.c.organisation == self._context.organisation
        query = sa.select(self._table).where(mine, self._table.c.deleted_ms.is_(None)).order_by(self._table.c.id)
        after_id = ""
        while rows := connection.execute(query.where(self._table.c.id > after_id).limit(_CHECKED_AT_ONCE)).all():
            after_id = rows[-1].id
            logged = self._newest_logged(connection, [row.id for row in rows])
            for row in rows:
                if row.id not in logged or not _is_as_logged(self._record(row), logged[row.id]):
                    yield f"{self._name} {row.id}"

    def _newest_logged(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
        """Return the newest state in the audit log of some records, as JSON by id."""
        columns = audit_table.c
        newest = (
            sa.select(sa.func.max(columns.seq))
            .where(
                columns.organisation == self._context.organisation, columns.record.in_(ids), columns.after.is_not(None)
            )
            .group_by(columns.record)
        )
        entries = sa.select(columns.record, columns.after).where(
            columns.organisation == self._context.organisation, columns.seq.in_(newest)
        )
        return {row.record: row.after for row in connection.execute(entries)}

    def _checked(self, connection: sa.Connection, record: R) -> R:
        """Return the record as it is stored, after every check that needs no other record of its kind."""
        plain = self._plain(record)
        for column, target in self._references():
            reference = getattr(plain, column)
            if reference is not None and not self._exists(connection, target, reference):
                raise NotFound(column, reference)
        return plain if self._check is None else self._check(plain, connection, self._context.organisation)

    def _plain(self, record: R) -> R:
        """Return a record with every value within the bounds of its type; raises InvalidRecord."""
        try:
            plain: R = msgspec.convert(msgspec.to_builtins(record), self._kind)
            text = msgspec.json.encode(plain)
        except (msgspec.ValidationError, UnicodeEncodeError, TypeError) as error:
            raise InvalidRecord(f"This is not a valid {self._name}: {error}.") from error
        if b"\\u0000" in text:
            raise InvalidRecord(f"This is not a valid {self._name}: a text has a NUL character.")
        return plain

    def _references(self) -> Iterator[tuple[str, sa.Table]]:
        """Return the columns that refer to a record of the organisation, with its table."""
        for constraint in self._table.foreign_key_constraints:
            if len(constraint.column_keys) == 2:
                yield constraint.column_keys[1], constraint.referred_table

    def _exists(self, connection: sa.Connection, table: sa.Table, id: str) -> bool:  # noqa: A002
        mine = (table.c.organisation == self._context.organisation, table.c.id == id, table.c.deleted_ms.is_(None))
        return connection.execute(sa.select(table.c.id).where(*mine)).one_or_none() is not None

    def _refuse_same_name(self, connection: sa.Connection, record: R) -> None:
        """Raise RecordConflict with the used name, before the database's unique index raises."""
        for index in self._table.indexes:
            names = [column.name for column in index.columns]
            if not index.unique or not all(name == "organisation" or hasattr(record, name) for name in names):
                continue
            same = [self._table.c[name] == getattr(record, name) for name in names if name != "organisation"]
            if "organisation" in names:
                same.append(self._table.c.organisation == self._context.organisation)
            query = sa.select(self._table.c.id).where(
                *same, self._table.c.deleted_ms.is_(None), self._table.c.id != record.id
            )
            if connection.execute(query.limit(1)).first() is not None:
                raise RecordConflict(
                    f"A {self._name} {getattr(record, names[-1])!r} exists already: choose another name."
                )

    def _refuse_while_used(self, connection: sa.Connection, record: R) -> None:
        # What is never deleted first: nobody shall delete the others in vain.
        for table in sorted(METADATA.tables.values(), key=lambda table: table.name not in KEPT_TABLES):
            for constraint in table.foreign_key_constraints:
                if constraint.referred_table is not self._table or len(constraint.column_keys) != 2:
                    continue
                mine = table.c.organisation == self._context.organisation
                users = sa.select(sa.func.count()).where(
                    mine, table.c[constraint.column_keys[1]] == record.id, table.c.deleted_ms.is_(None)
                )
                if count := connection.execute(users).scalar_one():
                    things = table.name.replace("_", " ")
                    if table.name in KEPT_TABLES:
                        raise RecordConflict(
                            f"{count} of its {things} name this {self._name} and are never deleted: keep it."
                        )
                    raise RecordConflict(
                        f"{count} of its {things} still refer to this {self._name}: "
                        "delete them, or change their reference, first."
                    )

    def _shown(self, record: R) -> R:
        return record if self._mask is None else self._mask(record)

    def _record(self, row: sa.Row[*tuple[Any, ...]]) -> R:
        values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        return msgspec.convert({name: values[name] for name in self._kind.__struct_fields__}, self._kind)

    def _log(
        self,
        connection: sa.Connection,
        action: audit.Action,
        record: str,
        now_ms: int,
        *,
        before: R | None = None,
        after: R | None = None,
    ) -> None:
        change = audit.AuditChange(
            time_ms=now_ms,
            who=self._context.by,
            action=action,
            kind=self._name,
            record=record,
            before=None if before is None else msgspec.json.encode(before).decode(),
            after=None if after is None else msgspec.json.encode(after).decode(),
        )
        audit.append(connection, self._context.organisation, change)


def _is_as_logged(record: VersionedRecord, after: str) -> bool:
    """Tell whether a record is what an entry of the audit log says; what is noted at each use of it is left out."""
    now = msgspec.json.decode(msgspec.json.encode(record))
    logged = {name: value for name, value in msgspec.json.decode(after).items() if name not in _NOTED_AT_USE}
    return _holds(now, logged)


def _holds(now: object, logged: object) -> bool:
    """Tell whether a value is the logged one; a field that a later version added is not in the entry, at any depth."""
    if isinstance(now, dict) and isinstance(logged, dict):
        return all(_holds(now.get(name), value) for name, value in logged.items())
    if isinstance(now, list) and isinstance(logged, list):
        return len(now) == len(logged) and all(map(_holds, now, logged))
    return now == logged


def _values(record: VersionedRecord) -> dict[str, Any]:
    """Return the column values of a record: texts, numbers, dates, and lists and dicts for JSON."""
    values: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(date,))
    return values
