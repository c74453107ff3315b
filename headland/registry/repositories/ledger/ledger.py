"""Ledger of applied product: append-only entries, each hashed with the one before it.

It is chained like the audit log, in tables of its own. `ledger_heads` holds the newest hash of each organisation, so a
changed, removed, inserted or cut off entry is detected. Whoever can write to the database could recompute all hashes:
store a copy of `LedgerCheck.hash` elsewhere to detect that as well.

An erasure redacts the entries that name a person: their hashes stay, with that of the leaf, and what they hold then is
what the newest entry of kind `erasure` states (`headland.registry.db.redaction`). Bodies that may name people have a
random part, so that nobody can try out names on a hash that stays.

A role that does not read entries of a kind gets them sealed: number, time, hash and the hash of the leaf in the Merkle
log remain, so that the chain and the log's root can be computed over all entries.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.plain_numbers import is_digits
from headland.registry.db.audit import lock_organisation
from headland.registry.db.redaction import Redactions, state_redacted
from headland.registry.db.tables.farm_tables import ledger, ledger_heads, passes
from headland.registry.models.access_table import LEDGER_ENTRIES, Role, changes_entries, reads_entries
from headland.registry.models.errors import NotFound
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.ledger.entries import (
    NAMING_KINDS,
    START,
    LedgerEntry,
    follows,
    hash_entry,
    note_redaction,
    salted,
    seal_entry,
    unsalted,
)
from headland.registry.repositories.own_rows import sees_field_at

_PAGE: Final = 500
#: Kinds of entries that a member may append: what they say about a pass of their own.
_OF_MEMBERS: Final = frozenset(("dispute",))


class LedgerCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a check of the whole ledger: `broken_at` is the first entry that was altered.

    `redacted` is the number of entries from which erasures took names.
    """

    entries: int
    broken_at: int | None
    hash: str
    redacted: int = 0


class Ledger:
    """Ledger of one organisation. Entries are never changed: a correction is a later entry."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context

    def append(self, kind: str, field: str, pass_id: str, body: object) -> LedgerEntry:
        """Append an entry with a JSON body; where the pass's newest entry of that kind has the same body, return that.

        Raises RetryLater while the database is away.
        """
        context = self._context
        if not changes_entries(context.role, kind):
            raise NotFound("ledger", "of others")
        with context.database.writing() as connection:
            if context.person is not None and not (kind in _OF_MEMBERS and self._sees(connection, field, pass_id)):
                raise NotFound("ledger", "of others")
            return self.append_within(connection, kind, field, pass_id, body)

    def append_within(
        self, connection: sa.Connection, kind: str, field: str, pass_id: str, body: object
    ) -> LedgerEntry:
        """Append an entry in an open transaction, as `append` does."""
        context = self._context
        text = msgspec.json.encode(body, order="sorted").decode()
        lock_organisation(connection, context.organisation)
        newest = self._newest(connection, kind, field, pass_id)
        if newest is not None and newest.leaf_sha256 is None and unsalted(newest) == text:
            return newest
        seq, previous = _head(connection, context.organisation)
        entry = LedgerEntry(
            seq=seq + 1,
            time_ms=context.now_ms(),
            who=context.by,
            kind=kind,
            field=field,
            pass_id=pass_id,
            body=salted(text) if kind in NAMING_KINDS else text,
            hash="",
        )
        entry = msgspec.structs.replace(entry, hash=hash_entry(context.organisation, entry, previous))
        values = msgspec.structs.asdict(entry)
        values["pass"] = values.pop("pass_id")
        connection.execute(ledger.insert().values(organisation=context.organisation, **values))
        _move_head(connection, context.organisation, entry)
        return entry

    def read(
        self,
        *,
        field: str | None = None,
        pass_id: str | None = None,
        kind: str | None = None,
        after_seq: int = 0,
        limit: int = 1000,
    ) -> list[LedgerEntry]:
        """Return entries in order, those after `after_seq`, of a field, of a pass, of a kind, or all.

        Entries that are closed to the role are sealed in the list of all; the others are no chain, and omit them.
        """
        query = self._mine().where(ledger.c.seq > after_seq)
        if field is not None:
            query = query.where(ledger.c.field == field)
        if kind is not None:
            query = query.where(ledger.c.kind == kind)
        if pass_id is not None:
            query = query.where(ledger.c["pass"] == pass_id)
        role, is_whole = self._context.role, field is None and kind is None and pass_id is None
        if not is_whole and role is not Role.MANAGER:
            query = query.where(ledger.c.kind.in_([each for each in LEDGER_ENTRIES if reads_entries(role, each)]))
        with self._context.database.reading() as connection:
            entries = [entry_of(row) for row in connection.execute(query.order_by(ledger.c.seq).limit(limit))]
            shown = [entry for entry in entries if self._shows(connection, entry)]
        return [entry if reads_entries(role, entry.kind) else seal_entry(entry) for entry in shown]

    def check(self) -> LedgerCheck:
        """Check the whole ledger, in bounded memory."""
        self._refuse_members()
        organisation = self._context.organisation
        # In a writing transaction, so that no entry is added during the check.
        with self._context.database.writing() as connection:
            lock_organisation(connection, organisation)
            head_seq, head_hash = _head(connection, organisation)
            previous, seq, redactions = START, 0, Redactions()
            mine = self._mine().order_by(ledger.c.seq).limit(_PAGE)
            while page := [entry_of(row) for row in connection.execute(mine.where(ledger.c.seq > seq))]:
                for entry in page:
                    if entry.seq != seq + 1 or not follows(organisation, entry, previous):
                        return LedgerCheck(entries=head_seq, broken_at=seq + 1, hash=head_hash)
                    previous, seq = entry.hash, entry.seq
                    note_redaction(redactions, entry)
        broken_at = redactions.broken_at()
        if broken_at is None and (seq, previous) != (head_seq, head_hash):
            broken_at = seq + 1
        return LedgerCheck(entries=head_seq, broken_at=broken_at, hash=head_hash, redacted=redactions.count)

    def state_redactions(self, connection: sa.Connection, seqs: Collection[int]) -> list[dict[str, Any]]:
        """Return what an erasure states of the entries that it redacted."""
        mine = self._mine().where(ledger.c.seq.in_(seqs)).order_by(ledger.c.seq)
        return list(state_redacted(entry_of(row) for row in connection.execute(mine)))

    def seq_of(self, hash: str) -> int | None:  # noqa: A002 - it is the entry's hash
        """Return the sequence number of the entry with a hash, or None."""
        self._refuse_members()
        query = self._mine().where(ledger.c.hash == hash)
        with self._context.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else int(row.seq)

    def _shows(self, connection: sa.Connection, entry: LedgerEntry) -> bool:
        """Return whether this access sees an entry: a member no dispute of somebody else, and only of own passes."""
        person = self._context.person
        if person is not None and entry.kind.startswith("dispute"):
            return bool(msgspec.json.decode(entry.body).get("person") == person)
        return self._sees(connection, entry.field, entry.pass_id)

    def _sees(self, connection: sa.Connection, field: str, pass_id: str) -> bool:
        """Return whether this access sees entries about a pass: a member, where they held its field at its start."""
        context = self._context
        if context.person is None:
            return True
        _, _, detected_ms = pass_id.rpartition("~")
        if is_digits(detected_ms):
            start_ms = int(detected_ms)
        else:
            mine = passes.c.organisation == context.organisation
            row = connection.execute(sa.select(passes.c.start_ms).where(mine, passes.c.id == pass_id)).one_or_none()
            if row is None:
                return False
            start_ms = row.start_ms
        return sees_field_at(connection, context, field, start_ms)

    def _refuse_members(self) -> None:
        """Raise NotFound where the access is a member's: the chain is of the whole organisation."""
        if self._context.person is not None:
            raise NotFound("ledger", "of others")

    def _mine(self) -> sa.Select[*tuple[object, ...]]:
        return sa.select(ledger).where(ledger.c.organisation == self._context.organisation)

    def _newest(self, connection: sa.Connection, kind: str, field: str, pass_id: str) -> LedgerEntry | None:
        same = self._mine().where(ledger.c.kind == kind, ledger.c.field == field, ledger.c["pass"] == pass_id)
        row = connection.execute(same.order_by(ledger.c.seq.desc()).limit(1)).one_or_none()
        return None if row is None else entry_of(row)


def _head(connection: sa.Connection, organisation: str) -> tuple[int, str]:
    row = connection.execute(sa.select(ledger_heads).where(ledger_heads.c.organisation == organisation)).one_or_none()
    return (0, START) if row is None else (row.seq, row.hash)


def _move_head(connection: sa.Connection, organisation: str, entry: LedgerEntry) -> None:
    values = {"seq": entry.seq, "hash": entry.hash}
    if entry.seq == 1:
        connection.execute(ledger_heads.insert().values(organisation=organisation, **values))
    else:
        mine = ledger_heads.c.organisation == organisation
        connection.execute(ledger_heads.update().where(mine).values(**values))


def entry_of(row: sa.Row[*tuple[object, ...]]) -> LedgerEntry:
    """Return the entry of a row."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del values["organisation"]
    values["pass_id"] = values.pop("pass")
    return LedgerEntry(**values)
