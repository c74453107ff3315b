"""Cut of the audit log: its oldest entries deleted by retention, so that what is kept is still proven.

A cut is an entry itself. It names the last entry of the part that was cut, with its hash, which the first kept entry
follows, and how many entries are deleted. Of the part that was cut some entries stand: those of kinds that are never
deleted, and the newest state of each record that exists. The cut holds a digest over them, so that none can be changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Annotated, Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.redaction import ERASURE
from headland.registry.db.tables.farm_tables import audit

#: Kind and record of a cut's entry; the record is indexed.
CUT: Final = "audit cut"
CUT_RECORD: Final = "audit"
#: What an erasure calls the cut that it states anew, because it took names out of entries that stand.
RESTATED: Final = "cut"
#: Columns that came later: without a value they are no part of a digest, so that earlier ones stay as they are.
_LATER: Final = frozenset(("salt", "erasure"))
#: Kinds of entries that retention deletes: who signed in, and how access and alarms were set. Everything else may be
#: evidence of what was grown, applied, sold or settled, and a kind that nobody named here is kept.
DELETED_KINDS: Final = frozenset((
    "alarm recipient", "alarm recipient confirmation", "alarm recipient secret", "alarm rule", "api key", CUT,
    "deletion by retention", "duty rota", "maintenance window", "member", "retention", "session",
    "webhook", "webhook secret",
))  # fmt: skip
#: Entries that one cut deletes at most.
MOST_DELETED: Final = 50_000
_PAGE: Final = 500


class AuditCut(msgspec.Struct, frozen=True, kw_only=True):
    """The newest cut: the entries up to `seq`, whose hash was `hash`, and of all cuts together how many are deleted.

    `first_ms` is the time of the oldest deleted entry, and all deleted ones are before `until_ms`. `standing` is the
    number of entries up to `seq` that are kept, `digest` the SHA-256 over them.
    """

    seq: int
    hash: str
    deleted: Annotated[int, "Number of deleted changes."]
    first_ms: int
    until_ms: int
    standing: Annotated[int, "Number of changes up to `seq` that are kept."]
    digest: str


class DueEntries(msgspec.Struct, frozen=True, kw_only=True):
    """The entries that a cut before `until_ms` would delete: up to `seq`, `count` of them, the oldest of `first_ms`."""

    seq: int
    count: int
    first_ms: int
    until_ms: int


def newest_cut(connection: sa.Connection, organisation: str) -> AuditCut | None:
    """Return the newest cut of an organisation's log, as the newest erasure states it; None where it is whole."""
    query = sa.select(audit.c.seq, audit.c.after).where(
        audit.c.organisation == organisation, audit.c.record == CUT_RECORD, audit.c.kind == CUT
    )
    row = connection.execute(query.order_by(audit.c.seq.desc()).limit(1)).one_or_none()
    if row is None or row.after is None:
        return None
    cut = msgspec.json.decode(row.after, type=AuditCut)
    erasures = sa.select(audit.c.after).where(
        audit.c.organisation == organisation, audit.c.kind == ERASURE, audit.c.seq > row.seq
    )
    for text in connection.execute(erasures.order_by(audit.c.seq)).scalars():
        restated = msgspec.json.decode(text or "{}").get(RESTATED)
        cut = cut if restated is None else msgspec.convert(restated, AuditCut)
    return cut


def find_due(
    connection: sa.Connection, organisation: str, until_ms: int, most_ms: int, anchored: Collection[int]
) -> DueEntries | None:
    """Return what a cut before `until_ms` would delete, of a span of `most_ms` at most; None for nothing."""
    first_ms: int | None = connection.execute(
        sa.select(sa.func.min(audit.c.time_ms)).where(*due_conditions(connection, organisation, until_ms, anchored))
    ).scalar_one()
    if first_ms is None:
        return None
    until_ms = min(until_ms, first_ms + most_ms)
    within = due_conditions(connection, organisation, until_ms, anchored)
    excess = connection.execute(
        sa.select(audit.c.seq).where(*within).order_by(audit.c.seq).offset(MOST_DELETED).limit(1)
    ).scalar_one_or_none()
    if excess is not None:
        within.append(audit.c.seq < excess)
    figures = sa.select(sa.func.count(), sa.func.max(audit.c.seq), sa.func.min(audit.c.time_ms)).where(*within)
    count, seq, oldest_ms = connection.execute(figures).one()
    if not count:
        return None
    return DueEntries(seq=int(seq), count=int(count), first_ms=int(oldest_ms), until_ms=until_ms)


def due_conditions(
    connection: sa.Connection, organisation: str, until_ms: int, anchored: Collection[int]
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the entries that may be deleted before `until_ms`.

    The chain is cut at one place: before the first entry after the known cut that is not older. An entry in `anchored`,
    whose hash is in the ledger, stands.
    """
    known = newest_cut(connection, organisation)
    kept = sa.select(sa.func.min(audit.c.seq)).where(
        audit.c.organisation == organisation,
        audit.c.time_ms >= until_ms,
        audit.c.seq > (0 if known is None else known.seq),
    )
    first_kept: int | None = connection.execute(kept).scalar_one()
    conditions = [*_deletable(organisation), audit.c.time_ms < until_ms]
    if anchored:
        # In the statement itself: a database has a limit for the parameters of one.
        named: sa.BindParameter[list[int]] = sa.bindparam(
            "anchored", sorted(anchored), expanding=True, literal_execute=True
        )
        conditions.append(audit.c.seq.not_in(named))
    return conditions if first_kept is None else [*conditions, audit.c.seq < first_kept]


def delete_due(connection: sa.Connection, organisation: str, due: DueEntries, anchored: Collection[int]) -> AuditCut:
    """Delete the due entries and return the cut, which the caller appends to the log in the same transaction."""
    known = newest_cut(connection, organisation)
    seq = max(due.seq, 0 if known is None else known.seq)
    at = sa.select(audit.c.hash).where(audit.c.organisation == organisation, audit.c.seq == seq)
    hash_ = known.hash if known is not None and known.seq == seq else connection.execute(at).scalar_one()
    which = due_conditions(connection, organisation, due.until_ms, anchored)
    deleted = connection.execute(audit.delete().where(*which, audit.c.seq <= due.seq)).rowcount
    standing, digest = digest_standing(connection, organisation, seq)
    return AuditCut(
        seq=seq,
        hash=hash_,
        deleted=deleted + (0 if known is None else known.deleted),
        first_ms=due.first_ms if known is None else min(due.first_ms, known.first_ms),
        until_ms=due.until_ms if known is None else max(due.until_ms, known.until_ms),
        standing=standing,
        digest=digest,
    )


def digest_standing(connection: sa.Connection, organisation: str, seq: int) -> tuple[int, str]:
    """Return the number of entries up to `seq`, and the SHA-256 over all of each."""
    columns = [column for column in audit.columns if column.name != "organisation"]
    names = sorted(column.name for column in columns)
    digest, count, after = hashlib.sha256(), 0, 0
    mine = sa.select(*columns).where(audit.c.organisation == organisation, audit.c.seq <= seq)
    mine = mine.order_by(audit.c.seq).limit(_PAGE)
    while page := connection.execute(mine.where(audit.c.seq > after)).all():
        for row in page:
            values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
            shown = [values[name] for name in names if name not in _LATER or values[name] is not None]
            digest.update(msgspec.json.encode(shown))
        after, count = int(page[-1].seq), count + len(page)
    return count, digest.hexdigest()


def _deletable(organisation: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of entries that may be deleted: no evidence, and not the state of a record that exists."""
    newest = sa.select(sa.func.max(audit.c.seq)).where(audit.c.organisation == organisation).group_by(audit.c.record)
    gone = sa.select(audit.c.record).where(
        audit.c.organisation == organisation, audit.c.seq.in_(newest), audit.c.action == "delete"
    )
    states = sa.select(sa.func.max(audit.c.seq)).where(audit.c.organisation == organisation, audit.c.after.is_not(None))
    is_state = audit.c.seq.in_(states.group_by(audit.c.record))
    # A session and what was set have no record of their own: their newest entry is no record's state.
    has_record = audit.c.kind.not_in((CUT, "deletion by retention", "retention", "session"))
    return [
        audit.c.organisation == organisation,
        audit.c.kind.in_(sorted(DELETED_KINDS)),
        sa.not_(has_record & is_state & audit.c.record.not_in(gone)),
    ]
