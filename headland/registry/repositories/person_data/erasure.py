"""Erasure of a person: names are taken out of everything that is kept, and everything else is deleted.

It is one transaction. What is hashed keeps its hash: entries of the audit log lose their names and the random part of
their hash, entries of the ledger their names and texts, and one entry in each chain states what they hold from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.registry.db import audit as audit_log
from headland.registry.db.audit import AuditChange
from headland.registry.db.redaction import ERASURE
from headland.registry.db.tables.access_tables import api_keys, members, sessions
from headland.registry.db.tables.alarm_tables import alarm_notices, alarm_recipients
from headland.registry.db.tables.all_tables import METADATA
from headland.registry.db.tables.farm_tables import audit, ledger, note_photos, notes, request_marks
from headland.registry.db.tables.people_tables import people
from headland.registry.db.tables.proof_tables import releases
from headland.registry.models.errors import RecordConflict
from headland.registry.models.person_names import PersonNames, pseudonym_of
from headland.registry.models.personal_data import PERSON_ID_COLUMNS, PERSONAL_COLUMNS
from headland.registry.repositories.context import RepositoryContext, log
from headland.registry.repositories.ledger.anchors import Anchors
from headland.registry.repositories.ledger.entries import leaf_hash_of
from headland.registry.repositories.ledger.ledger import Ledger, entry_of
from headland.registry.repositories.person_data.person_rows import NamedRow, find_names, find_rows
from headland.registry.repositories.repository import Repository

_TABLES: Final = PERSONAL_COLUMNS.keys() | PERSON_ID_COLUMNS.keys()
#: Tables whose rows an erasure treats by a rule of their own.
_BY_RULE: Final = frozenset(
    ("people", "members", "api_keys", "alarm_recipients", "alarm_notices", "request_marks", "ledger", "audit")
)

#: Kinds of the deleted records in the audit log.
_KINDS: Final = {"members": "member", "api_keys": "api key", "alarm_recipients": "alarm recipient"}


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an erasure: the person's number, what was changed by table, and what is to be done outside.

    `names` are those that were taken out, for a search of files; nobody keeps them. `keys` are the keys that no longer
    exist, `photos` those whose files are to be deleted.
    """

    number: int
    names: tuple[str, ...]
    rows: dict[str, int]
    keys: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()


class Erasure:
    """Erasure of the people of one organisation."""

    def __init__(
        self, context: RepositoryContext, book: Ledger, anchors: Anchors, shelves: Callable[[], list[Repository[Any]]]
    ) -> None:
        self._context = context
        self._ledger = book
        self._anchors = anchors
        self._shelves = shelves

    def erase(self, person: str, also: Sequence[str] = ()) -> Erased:
        """Erase a person. Raises NotFound, and RecordConflict for one who is erased already."""
        context = self._context
        with context.database.writing() as connection:
            audit_log.lock_organisation(connection, context.organisation)
            return self._erase_within(connection, person, also)

    def _erase_within(self, connection: sa.Connection, person: str, also: Sequence[str]) -> Erased:
        context, organisation = self._context, self._context.organisation
        number = self._next_number(connection, person)
        pseudonym = pseudonym_of(number)
        names = find_names(connection, organisation, person, also, pseudonym)
        found = list(find_rows(connection, organisation, person, names, only=_TABLES - {"audit"}))
        own = {
            name: [row.values["id"] for row in found if row.table.name == name and _is_own(row, person)]
            for name in ("members", "api_keys")
        }
        own["alarm_recipients"] = _own_recipients(connection, organisation, person, names, own)
        rows = {table: len(ids) for table, ids in own.items()}
        recipients = _delete_own(connection, organisation, own)
        photos = self._blank_notes(connection, names, found)
        changed: dict[str, list[str]] = {"people": [person], "notes": photos.notes}
        self._blank_person(connection, person, number)
        for row in found:
            if row.table.name not in _BY_RULE and (row.columns or row.is_written):
                _redact_row(connection, row, names, context.now_ms())
                changed.setdefault(row.table.name, []).append(row.values.get("id", ""))
        _clear_messages(connection, organisation, names, recipients)
        ids = {person, *(each for each_ids in own.values() for each in each_ids)}
        entries = self._redact_ledger(connection, person, names, found)
        changes = self._redact_audit(connection, names, ids, number)
        rows |= {"ledger": len(entries), "audit": len(changes)}
        self._log_changes(connection, changed, own)
        self._state(connection, person, number, entries, changes)
        rows |= {table: len(set(changed_ids)) for table, changed_ids in changed.items() if changed_ids}
        return Erased(
            number=number,
            names=names.own,
            rows={table: count for table, count in rows.items() if count},
            keys=tuple(own["api_keys"]),
            photos=tuple(photos.ids),
        )

    def _next_number(self, connection: sa.Connection, person: str) -> int:
        mine = people.c.organisation == self._context.organisation
        if connection.execute(sa.select(people.c.erased).where(mine, people.c.id == person)).scalar() is not None:
            raise RecordConflict("The data of this person was erased already.")
        return int(connection.execute(sa.select(sa.func.max(people.c.erased)).where(mine)).scalar() or 0) + 1

    def _blank_person(self, connection: sa.Connection, person: str, number: int) -> None:
        blank: dict[str, Any] = {"name": pseudonym_of(number), "number": "", "contacts": [], "note": ""}
        which = (people.c.organisation == self._context.organisation) & (people.c.id == person)
        connection.execute(
            people.update()
            .where(which)
            .values(
                **blank, active=False, erased=number, version=people.c.version + 1, changed_ms=self._context.now_ms()
            )
        )

    def _blank_notes(self, connection: sa.Connection, names: PersonNames, found: Iterable[NamedRow]) -> _BlankNotes:
        """Delete where the person stood, and the photos, of the notes that they wrote; return both."""
        mine = note_photos.c.organisation == self._context.organisation
        blanked: list[str] = []
        photos: list[str] = []
        written = {
            row.values["id"]
            for row in found
            if row.table is notes and (row.is_written or names.redact(row.values["author"]) == names.pseudonym)
        }
        for id_ in sorted(written):
            values: dict[str, Any] = {"longitude_deg": None, "latitude_deg": None, "accuracy_m": None, "photos": []}
            own = (notes.c.organisation == self._context.organisation) & (notes.c.id == id_)
            connection.execute(
                notes.update().where(own).values(author=names.pseudonym, version=notes.c.version + 1, **values)
            )
            which = mine & (note_photos.c.note == id_)
            photos += connection.execute(sa.select(note_photos.c.id).where(which)).scalars().all()
            connection.execute(note_photos.delete().where(which))
            blanked.append(id_)
        return _BlankNotes(blanked, photos)

    def _redact_ledger(
        self, connection: sa.Connection, person: str, names: PersonNames, found: Iterable[NamedRow]
    ) -> set[int]:
        """Take names out of the ledger, and the texts of the person's disputes; return the entries' numbers."""
        mine = ledger.c.organisation == self._context.organisation
        disputes = connection.execute(
            sa.select(ledger).where(mine, ledger.c.kind.in_(("dispute", "dispute_outcome")))
        ).all()
        theirs = {row.seq for row in disputes if msgspec.json.decode(row.body).get("person") == person}
        named = {row.values["seq"] for row in found if row.table is ledger}
        for row in connection.execute(sa.select(ledger).where(mine, ledger.c.seq.in_(named | theirs))).all():
            entry = entry_of(row)
            body = names.redact(msgspec.json.decode(entry.body))
            if row.seq in theirs:
                body["text"] = ""
            body.pop("salt", None)
            connection.execute(
                ledger.update()
                .where(mine, ledger.c.seq == row.seq)
                .values(
                    who=names.redact(entry.who),
                    body=msgspec.json.encode(body, order="sorted").decode(),
                    leaf_sha256=leaf_hash_of(entry).hex(),
                )
            )
        return named | theirs

    def _redact_audit(
        self,
        connection: sa.Connection,
        names: PersonNames,
        ids: Collection[str],
        number: int,
    ) -> set[int]:
        """Take names out of the log, and all content out of entries about the records `ids`; return their numbers."""
        mine = audit.c.organisation == self._context.organisation
        named = find_rows(connection, self._context.organisation, "", names, only=("audit",))
        seqs = {row.values["seq"] for row in named}
        seqs |= set(connection.execute(sa.select(audit.c.seq).where(mine, audit.c.record.in_(ids))).scalars())
        for seq in sorted(seqs):
            row = connection.execute(sa.select(audit).where(mine, audit.c.seq == seq)).one()
            is_own = row.record in ids
            connection.execute(
                audit.update()
                .where(mine, audit.c.seq == seq)
                .values(
                    who=names.redact(row.who),
                    before=None if is_own else _redact_json(names, row.before),
                    after=None if is_own else _redact_json(names, row.after),
                    salt=None,
                    erasure=number,
                )
            )
        return seqs

    def _log_changes(
        self, connection: sa.Connection, changed: dict[str, list[str]], deleted: dict[str, list[str]]
    ) -> None:
        """Log what the changed records are now, so that a check finds each as its newest entry says; and deletions."""
        for table, ids in deleted.items():
            for id_ in ids:
                log(self._context, connection, _KINDS[table], id_, "delete")
        for shelf in self._shelves():
            for id_ in dict.fromkeys(changed.get(shelf.table_name, ())):
                shelf.log_state(connection, id_, self._context.now_ms())

    def _state(
        self, connection: sa.Connection, person: str, number: int, entries: Collection[int], changes: Collection[int]
    ) -> None:
        """State in the ledger and in the audit log what the redacted entries of each are from now on."""
        head = {"number": number, "person": person}
        anchors = {str(seq): digest for seq, digest in self._anchors.changed_within(connection).items()}
        for statement in self._ledger.state_redactions(connection, entries):
            self._ledger.append_within(connection, ERASURE, "", "", {**head, **statement, "anchors": anchors})
        for statement in audit_log.state_redactions(connection, self._context.organisation, changes):
            change = AuditChange(
                time_ms=self._context.now_ms(),
                who=self._context.by,
                action="change",
                kind=ERASURE,
                record=str(number),  # not the person's id: its newest entry says what the record of the person is
                after=msgspec.json.encode({**head, **statement}).decode(),
            )
            audit_log.append(connection, self._context.organisation, change)


class _BlankNotes(msgspec.Struct, frozen=True):
    """Notes whose position and photos were deleted, and the photos."""

    notes: list[str]
    ids: list[str]


def _is_own(row: NamedRow, person: str) -> bool:
    return bool(row.values.get("person") == person)


def _own_recipients(
    connection: sa.Connection, organisation: str, person: str, names: PersonNames, own: dict[str, list[str]]
) -> list[str]:
    """Return the recipients of alarms that reach the person: by id, name or address, or as the browser of their key."""
    mine = api_keys.c.organisation == organisation
    prefixes = connection.execute(sa.select(api_keys.c.prefix).where(mine, api_keys.c.id.in_(own["api_keys"])))
    actors = {f'"by":"key:{prefix}"' for prefix in prefixes.scalars()}
    rows = connection.execute(sa.select(alarm_recipients).where(alarm_recipients.c.organisation == organisation))
    return [
        row.id
        for row in rows.all()
        if row.person == person
        or names.is_in(row.name)
        or names.is_in(row.address)
        or any(actor in row.address for actor in actors)
    ]


def _delete_own(connection: sa.Connection, organisation: str, own: dict[str, list[str]]) -> set[str]:
    """Delete keys with their sessions, sign-ins and recipients; return the recipients' names."""
    connection.execute(sessions.delete().where(sessions.c.key.in_(own["api_keys"])))
    mine = alarm_recipients.c.organisation == organisation
    which = mine & alarm_recipients.c.id.in_(own["alarm_recipients"])
    names = set(connection.execute(sa.select(alarm_recipients.c.name).where(which)).scalars())
    for table in (api_keys, members, alarm_recipients):
        connection.execute(table.delete().where(table.c.organisation == organisation, table.c.id.in_(own[table.name])))
    return names


def _clear_messages(
    connection: sa.Connection, organisation: str, names: PersonNames, recipients: Collection[str]
) -> None:
    """Delete notices to the person, and the answers that were kept to be repeated and name the person."""
    for row in find_rows(connection, organisation, "", names, only=("alarm_notices",)):
        connection.execute(alarm_notices.delete().where(row.key()))
    mine = alarm_notices.c.organisation == organisation
    connection.execute(alarm_notices.delete().where(mine, alarm_notices.c.recipient.in_(recipients)))
    for row in list(find_rows(connection, organisation, "", names, only=("request_marks",))):
        values: dict[str, Any] = {"answer": None, "key": names.redact(row.values["key"])}
        connection.execute(request_marks.update().where(row.key()).values(**values))


def _redact_row(connection: sa.Connection, row: NamedRow, names: PersonNames, now_ms: int) -> None:
    """Take the names out of a row; a page that names the person is withdrawn."""
    values = {
        name: _redact_column(names, row.values[name])
        for name in row.columns
        # Of a note that the person wrote under the name of somebody else, too, it is set already.
        if not (row.is_written and name == "author")
    }
    if "version" in row.table.c:
        values |= {"version": row.values["version"] + 1, "changed_ms": now_ms}
    if row.table is releases and row.values["withdrawn_ms"] is None:
        values["withdrawn_ms"] = now_ms
    connection.execute(METADATA.tables[row.table.name].update().where(row.key()).values(**values))


def _redact_column(names: PersonNames, value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "{[":
        return _redact_json(names, value)
    return names.redact(value)


def _redact_json(names: PersonNames, text: str | None) -> str | None:
    """Return JSON without the names; a text that is none as a text."""
    if text is None:
        return None
    try:
        decoded = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return str(names.redact(text))
    return msgspec.json.encode(names.redact(decoded)).decode()
