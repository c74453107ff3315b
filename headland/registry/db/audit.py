"""Audit log: actor, time, and the record before and after each change; each entry hashed with the one before it.

The organisation's own row holds the newest hash, so a changed, removed, inserted or cut off entry is detected. Whoever
can write to the database could recompute all hashes: store a copy of `AuditCheck.hash` elsewhere to detect that as
well. Retention deletes old entries by a cut (`audit_cut`), which the check names.

Each hash has a random part. An erasure redacts the entries that name a person and destroys theirs, so that nobody can
try out names on a hash that stays; a check then rests on what the erasure states of them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
import sqlalchemy as sa

from headland.registry.db import audit_cut
from headland.registry.db.audit_cut import AuditCut
from headland.registry.db.redaction import ERASURE, Redactions, state_redacted
from headland.registry.db.tables.farm_tables import audit, organisations
from headland.registry.models.errors import NotFound

Action = Literal["add", "change", "delete"]

#: Hash before the first entry of an organisation.
START: Final = ""
_PAGE: Final = 500
_SALT_BYTES: Final = 16


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry. `before` and `after` are the record as JSON, None where there was or is none.

    `salt` is the random part of the hash, None in entries that were made without one and in redacted ones. `erasure`
    is the number of the erased person whose names were taken out of the entry last.
    """

    seq: int
    time_ms: int
    who: Annotated[str, "Key or person that changed it, by name."]
    action: Annotated[Action, "What was done."]
    kind: Annotated[str, "Kind of the record."]
    record: Annotated[str, "Id of the record."]
    before: Annotated[str | None, "The record before; null for a new one."]
    after: Annotated[str | None, "The record after; null for a deleted one."]
    hash: str
    salt: Annotated[str | None, "Random part of the hash; null in a redacted change and in old ones."] = None
    erasure: Annotated[int | None, "Number of the erased person whose names were taken out of the change."] = None


class AuditCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a check of the whole log: `broken_at` is the first entry that was altered.

    `altered` are records that are not as their newest entry says, by kind and id: they were changed in the database.
    `cut` says what retention has deleted of the log: the rest was checked, and follows from the entry it names.
    `redacted` is the number of entries from which erasures took names.
    """

    entries: Annotated[int, "Number of checked changes."]
    broken_at: int | None
    hash: str
    redacted: Annotated[int, "Number of changes from which erasures took names."] = 0
    altered: Annotated[tuple[str, ...], "Records that are not as their newest change says, by kind and id."] = ()
    cut: Annotated[AuditCut | None, "What retention has deleted of the log; null where it is whole."] = None


class AuditChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change to log."""

    time_ms: int
    who: str
    action: Action
    kind: str
    record: str
    before: str | None = None
    after: str | None = None


def lock_organisation(connection: sa.Connection, organisation: str) -> tuple[int, str]:
    """Lock the organisation for other writers until the transaction ends; return its newest entry's seq and hash."""
    head = sa.select(organisations.c.audit_seq, organisations.c.audit_hash)
    row = connection.execute(head.where(organisations.c.id == organisation).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("organisation", organisation)
    return row.audit_seq, row.audit_hash


def append(connection: sa.Connection, organisation: str, change: AuditChange) -> None:
    """Log a change in the transaction that makes it. Entries of before there were salts have none."""
    seq, previous = lock_organisation(connection, organisation)
    salt = secrets.token_hex(_SALT_BYTES)
    digest = _hash(organisation, seq + 1, change, previous, salt)
    values = msgspec.structs.asdict(change)
    connection.execute(audit.insert().values(organisation=organisation, seq=seq + 1, hash=digest, salt=salt, **values))
    connection.execute(
        organisations.update().where(organisations.c.id == organisation).values(audit_seq=seq + 1, audit_hash=digest)
    )


def read(
    connection: sa.Connection, organisation: str, record: str | None, before_seq: int | None, limit: int
) -> list[AuditEntry]:
    """Return entries, the newest first, of one record or all, older than `before_seq`."""
    query = sa.select(audit).where(audit.c.organisation == organisation)
    if record is not None:
        query = query.where(audit.c.record == record)
    if before_seq is not None:
        query = query.where(audit.c.seq < before_seq)
    return [_entry(row) for row in connection.execute(query.order_by(audit.c.seq.desc()).limit(limit))]


def check(connection: sa.Connection, organisation: str) -> AuditCheck:
    """Check the whole log of an organisation, in bounded memory: from its first entry, or from where it was cut."""
    head_seq, head_hash = lock_organisation(connection, organisation)
    cut = audit_cut.newest_cut(connection, organisation)
    previous, seq = (START, 0) if cut is None else (cut.hash, cut.seq)
    if cut is not None and audit_cut.digest_standing(connection, organisation, seq) != (cut.standing, cut.digest):
        return AuditCheck(entries=head_seq, broken_at=seq, hash=head_hash, cut=cut)
    redactions = _standing_statements(connection, organisation, seq)
    mine = sa.select(audit).where(audit.c.organisation == organisation).order_by(audit.c.seq).limit(_PAGE)
    while page := [_entry(row) for row in connection.execute(mine.where(audit.c.seq > seq))]:
        for entry in page:
            change = AuditChange(**{name: getattr(entry, name) for name in AuditChange.__struct_fields__})
            if entry.kind == ERASURE:
                redactions.state(msgspec.json.decode(entry.after or "{}"))
            if entry.erasure is not None:
                redactions.add(entry)
            follows = entry.erasure is not None or entry.hash == _hash(
                organisation, entry.seq, change, previous, entry.salt
            )
            if entry.seq != seq + 1 or not follows:
                return AuditCheck(entries=head_seq, broken_at=seq + 1, hash=head_hash, cut=cut)
            previous, seq = entry.hash, entry.seq
    whole = (seq, previous) == (head_seq, head_hash)
    broken_at = redactions.broken_at()
    if broken_at is None and not whole:
        broken_at = seq + 1
    return AuditCheck(entries=head_seq, broken_at=broken_at, hash=head_hash, redacted=redactions.count, cut=cut)


def state_redactions(connection: sa.Connection, organisation: str, seqs: Collection[int]) -> list[dict[str, Any]]:
    """Return what an erasure states of the entries that it redacted.

    Where the log was cut, the last statement has the cut anew: entries that stand before it were redacted, too.
    """
    statements: list[dict[str, Any]] = list(state_redacted(_entries(connection, organisation, sorted(seqs))))
    cut = audit_cut.newest_cut(connection, organisation)
    if cut is not None:
        standing, digest = audit_cut.digest_standing(connection, organisation, cut.seq)
        statements[-1][audit_cut.RESTATED] = msgspec.structs.replace(cut, standing=standing, digest=digest)
    return statements


def _entries(connection: sa.Connection, organisation: str, seqs: Sequence[int]) -> Iterator[AuditEntry]:
    mine = sa.select(audit).where(audit.c.organisation == organisation).order_by(audit.c.seq)
    for start in range(0, len(seqs), _PAGE):
        rows = connection.execute(mine.where(audit.c.seq.in_(seqs[start : start + _PAGE])))
        yield from map(_entry, rows.all())


def _standing_statements(connection: sa.Connection, organisation: str, seq: int) -> Redactions:
    """Return what the erasures up to a cut state; their entries stand."""
    redactions = Redactions()
    mine = sa.select(audit.c.after).where(
        audit.c.organisation == organisation, audit.c.kind == ERASURE, audit.c.seq <= seq
    )
    for text in connection.execute(mine.order_by(audit.c.seq)).scalars():
        redactions.state(msgspec.json.decode(text or "{}"))
    return redactions


def _entry(row: sa.Row[*tuple[object, ...]]) -> AuditEntry:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del values["organisation"]
    return AuditEntry(**values)


def _hash(organisation: str, seq: int, change: AuditChange, previous: str, salt: str | None) -> str:
    """Return SHA-256 over an entry and the hash before it, as JSON of a list: no two entries have the same text.

    Entries of earlier versions have no salt: their list ends with the hash before them.
    """
    values = [getattr(change, name) for name in AuditChange.__struct_fields__]
    ending = [previous] if salt is None else [previous, salt]
    return hashlib.sha256(msgspec.json.encode([organisation, seq, *values, *ending])).hexdigest()
