"""Anchors in the ledger: the newest hash of the audit log, and the EPCIS events captured since the last anchor.

The audit log chains every lot, harvest, treatment and certificate. With its hash in the ledger, the ledger's
checkpoints cover them, too, without a copy of any. An erasure that takes a person's names out of events states the new
hash of each anchor that covers them.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.redaction import ERASURE
from headland.registry.db.tables.farm_tables import audit, ledger, organisations
from headland.registry.db.tables.proof_tables import epcis_events
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.ledger.entries import LedgerEntry
from headland.registry.repositories.ledger.ledger import Ledger

AUDIT: Final = "audit_anchor"
EPCIS: Final = "epcis_anchor"
_PAGE: Final = 500


class Anchors:
    """Anchors of one organisation."""

    def __init__(self, context: RepositoryContext, book: Ledger) -> None:
        self._context = context
        self._ledger = book

    def add(self) -> list[LedgerEntry]:
        """Append what changed since the last anchors; return the entries, those that state nothing new included."""
        organisation = self._context.organisation
        head = sa.select(organisations.c.audit_seq, organisations.c.audit_hash).where(
            organisations.c.id == organisation
        )
        newest = self._newest(EPCIS)
        first = 1 if newest is None else int(newest["until"]) + 1
        with self._context.database.reading() as connection:
            seq, hash_ = connection.execute(head).one()
            digest, until = self._digest(connection, first, None)
        entries = [self._ledger.append(AUDIT, "", "", {"entries": int(seq), "hash": hash_})]
        if until >= first:
            entries.append(self._ledger.append(EPCIS, "", "", {"from": first, "until": until, "sha256": digest}))
        return entries

    def contradicted(self) -> list[int]:
        """Return the entries of the ledger whose anchors the audit log or the events do not agree with any more."""
        wrong = []
        after = 0
        restated = self._restated()
        while page := self._read(after):
            for entry in page:
                after = entry.seq
                body = msgspec.json.decode(entry.body)
                body["sha256"] = restated.get(entry.seq, body.get("sha256"))
                agrees = self._has_audit(body) if entry.kind == AUDIT else self._has_events(body)
                if not agrees:
                    wrong.append(entry.seq)
        return wrong

    def changed_within(self, connection: sa.Connection) -> dict[int, str]:
        """Return the new hash of each anchor whose events are not as it, or the newest erasure, says."""
        restated, changed = self._restated(), {}
        mine = sa.select(ledger.c.seq, ledger.c.body).where(
            ledger.c.organisation == self._context.organisation, ledger.c.kind == EPCIS
        )
        for row in connection.execute(mine.order_by(ledger.c.seq)).all():
            body = msgspec.json.decode(row.body)
            digest, _ = self._digest(connection, body["from"], body["until"])
            if digest != restated.get(row.seq, body["sha256"]):
                changed[int(row.seq)] = digest
        return changed

    def _restated(self) -> dict[int, str]:
        """Return the hashes of anchors that erasures stated anew, by the anchors' numbers."""
        mine = sa.select(ledger.c.body).where(
            ledger.c.organisation == self._context.organisation, ledger.c.kind == ERASURE
        )
        with self._context.database.reading() as connection:
            bodies = connection.execute(mine.order_by(ledger.c.seq)).scalars().all()
        stated = (msgspec.json.decode(body).get("anchors", {}) for body in bodies)
        return {int(seq): digest for each in stated for seq, digest in each.items()}

    def _read(self, after: int) -> list[LedgerEntry]:
        mine = sa.select(ledger.c.seq).where(
            ledger.c.organisation == self._context.organisation,
            ledger.c.kind.in_((AUDIT, EPCIS)),
            ledger.c.seq > after,
        )
        with self._context.database.reading() as connection:
            seqs = list(connection.execute(mine.order_by(ledger.c.seq).limit(_PAGE)).scalars())
        return [entry for seq in seqs for entry in self._ledger.read(after_seq=seq - 1, limit=1)]

    def _newest(self, kind: str) -> dict[str, Any] | None:
        mine = sa.select(ledger.c.body).where(
            ledger.c.organisation == self._context.organisation, ledger.c.kind == kind
        )
        with self._context.database.reading() as connection:
            body = connection.execute(mine.order_by(ledger.c.seq.desc()).limit(1)).scalar_one_or_none()
        if body is None:
            return None
        decoded: dict[str, Any] = msgspec.json.decode(body)
        return decoded

    def _has_audit(self, body: dict[str, Any]) -> bool:
        if body["entries"] == 0:
            return True
        hash_ = sa.select(audit.c.hash).where(
            audit.c.organisation == self._context.organisation, audit.c.seq == body["entries"]
        )
        with self._context.database.reading() as connection:
            return bool(connection.execute(hash_).scalar_one_or_none() == body["hash"])

    def _has_events(self, body: dict[str, Any]) -> bool:
        with self._context.database.reading() as connection:
            digest, until = self._digest(connection, body["from"], body["until"])
        return (digest, until) == (body["sha256"], body["until"])

    def _digest(self, connection: sa.Connection, first: int, last: int | None) -> tuple[str, int]:
        """Return the SHA-256 over ids and bodies of events from `first` on, and the last one's number."""
        table = epcis_events.c
        digest, seq = hashlib.sha256(), first - 1
        query = sa.select(table.seq, table.event_id, table.body).where(
            table.organisation == self._context.organisation, table.seq <= (2**62 if last is None else last)
        )
        query = query.order_by(table.seq).limit(_PAGE)
        while page := connection.execute(query.where(table.seq > seq)).all():
            for row in page:
                digest.update(msgspec.json.encode([row.seq, row.event_id, row.body]))
                seq = int(row.seq)
        return digest.hexdigest(), seq
