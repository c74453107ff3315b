"""Rows that hold data of a person: by the person's id, or by the names in their texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.tables.access_tables import api_keys, members
from headland.registry.db.tables.all_tables import METADATA
from headland.registry.db.tables.farm_tables import audit
from headland.registry.db.tables.people_tables import people
from headland.registry.models.errors import NotFound
from headland.registry.models.person_names import PersonNames, names_of
from headland.registry.models.personal_data import PERSON_ID_COLUMNS, PERSONAL_COLUMNS, PersonalKind, kind_of_table

#: Shortest number of a member that is looked for: a shorter one is also an amount or a year.
_LEAST_NUMBER: Final = 6
_PAGE: Final = 500
_TIMES: Final = ("time_ms", "raised_ms", "released_ms", "record_ms", "created_ms", "made_ms")


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row with data of a person: its table, its values, and the columns that name the person.

    `is_written` marks a note that the audit log says a key or sign-in of the person wrote, whatever its author is.
    """

    table: sa.Table
    values: dict[str, Any]
    columns: tuple[str, ...]
    is_written: bool = False

    @property
    def kind(self) -> PersonalKind:
        """The kind of its data."""
        return kind_of_table(self.table.name)

    @property
    def time_ms(self) -> int | None:
        """When it was made; None where the table does not say."""
        return next((self.values[name] for name in _TIMES if self.values.get(name) is not None), None)

    def key(self) -> sa.ColumnElement[bool]:
        """Return the condition that finds the row."""
        return sa.and_(*(column == self.values[column.name] for column in self.table.primary_key))


def find_names(
    connection: sa.Connection, organisation: str, person: str, also: Iterable[str] = (), pseudonym: str = ""
) -> PersonNames:
    """Return the names of a person, those of earlier versions of the record included; raises NotFound.

    `also` are other spellings that somebody gave.
    """
    mine = people.c.organisation == organisation
    row = connection.execute(sa.select(people).where(mine, people.c.id == person)).one_or_none()
    if row is None:
        raise NotFound("person", person)
    texts: set[str | None] = {*also}
    for record in [dict(row._mapping), *_earlier(connection, organisation, person)]:  # noqa: SLF001 - a public name
        texts.add(record["name"])
        texts |= {contact["address"] for contact in record.get("contacts", ())}
        number = record.get("number", "")
        texts.add(number if len(number) >= _LEAST_NUMBER else None)
    others: set[str | None] = set()
    logins = connection.execute(sa.select(members).where(members.c.organisation == organisation)).all()
    for login in logins:
        (texts if login.person == person else others).update((login.subject, login.name))
        if login.person == person:
            for record in _earlier(connection, organisation, login.id):
                texts |= {record["subject"], record["name"]}
    query = sa.select(people.c.name, people.c.number, people.c.contacts).where(
        mine, people.c.id != person, people.c.deleted_ms.is_(None)
    )
    for other in connection.execute(query):
        # A family shares a telephone.
        others |= {other.name, other.number, *(contact["address"] for contact in other.contacts)}
    if row.erased is not None:
        texts = set(also)
    return PersonNames(names_of(texts), names_of(others), pseudonym)


def find_rows(
    connection: sa.Connection, organisation: str, person: str, names: PersonNames, only: Iterable[str] | None = None
) -> Iterator[NamedRow]:
    """Yield the rows of an organisation that hold data of a person, in bounded memory; `only` names tables.

    Deleted records are included: their rows are still there.
    """
    wanted = PERSONAL_COLUMNS.keys() | PERSON_ID_COLUMNS.keys() if only is None else set(only)
    for name in sorted(wanted):
        table = METADATA.tables[name]
        columns = PERSONAL_COLUMNS.get(name, {})
        texts = [sa.cast(table.c[column], sa.Text) for column in columns]
        fits: list[sa.ColumnElement[bool]] = [
            text.ilike(pattern, escape="\\") for text in texts for pattern in names.patterns
        ]
        by_id = PERSON_ID_COLUMNS.get(name)
        if by_id is not None:
            fits.append(table.c[by_id[0]] == person)
        if name == "people":
            fits = [table.c.id == person]
        written = _written_notes(connection, organisation, person) if name == "notes" else frozenset()
        if written:
            fits.append(table.c.id.in_(written))
        if name == "audit":
            fits.append(table.c.record == person)
        if fits:
            query = sa.select(table).where(table.c.organisation == organisation, sa.or_(*fits))
            for values in _pages(connection, table, query):
                named = tuple(column for column in columns if names.is_in(_shown(values[column])))
                is_own = by_id is not None and values[by_id[0]] == person
                is_written = values.get("id") in written
                if named or is_own or is_written or person in (values.get("id"), values.get("record")):
                    yield NamedRow(table, values, named, is_written)


def _pages(connection: sa.Connection, table: sa.Table, query: sa.Select[*tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Yield rows in the order of their keys, page by page."""
    keys = [column for column in table.primary_key if column.name != "organisation"]
    ordered = query.order_by(*keys).limit(_PAGE)
    after: tuple[Any, ...] | None = None
    while True:
        page = ordered if after is None or not keys else ordered.where(sa.tuple_(*keys) > sa.tuple_(*after))
        rows = connection.execute(page).mappings().all()
        yield from ({str(name): value for name, value in row.items()} for row in rows)
        if len(rows) < _PAGE:
            return
        after = tuple(rows[-1][column.name] for column in keys)


def _written_notes(connection: sa.Connection, organisation: str, person: str) -> frozenset[str]:
    """Return the notes that a key or a sign-in of a person added, by the audit log."""
    if not person:
        return frozenset()
    actors = {
        f"key:{prefix}"
        for prefix in connection.execute(
            sa.select(api_keys.c.prefix).where(api_keys.c.organisation == organisation, api_keys.c.person == person)
        ).scalars()
    }
    logins = sa.select(members.c.subject).where(members.c.organisation == organisation, members.c.person == person)
    actors |= {f"member:{subject}" for subject in connection.execute(logins).scalars()}
    query = sa.select(audit.c.record).where(
        audit.c.organisation == organisation,
        audit.c.kind == "grower note",
        audit.c.action == "add",
        audit.c.who.in_(actors),
    )
    return frozenset(connection.execute(query).scalars())


def _earlier(connection: sa.Connection, organisation: str, record: str) -> Iterator[dict[str, Any]]:
    """Yield the versions of a record that the audit log has."""
    query = sa.select(audit.c.before, audit.c.after).where(
        audit.c.organisation == organisation, audit.c.record == record
    )
    for row in connection.execute(query):
        for text in (row.before, row.after):
            if text is not None and "name" in (version := msgspec.json.decode(text)):
                yield version


def _shown(value: Any) -> Any:
    """Return the value of a column; a text that is JSON as what it says, so that whole texts in it are seen."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return msgspec.json.decode(value)
        except msgspec.MsgspecError:
            return value
    return value
