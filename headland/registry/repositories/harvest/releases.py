"""Releases of lots: what their issuer made public, by a public token. A released text is never changed."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.proof_tables import releases
from headland.registry.models.errors import NotFound
from headland.registry.repositories.context import RepositoryContext, log
from headland.registry.repositories.ledger.ledger import Ledger

#: The kind of a release's entry in the ledger.
RELEASE_KIND = "release"
Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A released text. `live` names what the page may show live, such as a greenhouse's device; it is not public."""

    organisation: str
    seq: int
    lot: str
    token: str
    text: str
    live: dict[str, Any]
    released_ms: int
    withdrawn_ms: int | None


class ReleaseRepository:
    """Releases of one organisation. Raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext, book: Ledger) -> None:
        self._context = context
        self._ledger = book
        self._mine = releases.c.organisation == context.organisation

    def add(self, lot: str, token: str, text: str, body: dict[str, Any], live: dict[str, Any]) -> Release:
        """Release a text: its entry with `body` goes to the ledger first, so that no page is without one."""
        entry = self._ledger.append(RELEASE_KIND, "", lot, body)
        values = {"lot": lot, "token": token, "text": text, "live": live, "released_ms": entry.time_ms}
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            # The same text at the same instant is one entry of the ledger; what may be shown live is as asked last.
            again = releases.update().where(self._mine, releases.c.seq == entry.seq)
            if connection.execute(again.values(live=live, withdrawn_ms=None)).rowcount == 0:
                values |= {"seq": entry.seq, "organisation": self._context.organisation}
                connection.execute(releases.insert().values(**values))
            log(self._context, connection, "release", lot, "add")
        made = self._find(releases.c.seq == entry.seq)
        if made is None:
            raise NotFound("release", lot)
        return made

    def withdraw(self, lot: str) -> None:
        """Withdraw all releases of a lot; raises NotFound where there is none."""
        which = self._mine & (releases.c.lot == lot) & releases.c.withdrawn_ms.is_(None)
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            done = connection.execute(releases.update().where(which).values(withdrawn_ms=self._context.now_ms()))
            if done.rowcount == 0:
                raise NotFound("release", lot)
            log(self._context, connection, "release", lot, "delete")

    def of_lot(self, lot: str) -> Release | None:
        """Return the newest release of a lot, withdrawn or not, None where there is none."""
        return self._find(self._mine & (releases.c.lot == lot))

    def _find(self, which: sa.ColumnElement[bool]) -> Release | None:
        with self._context.database.reading() as connection:
            return newest_release(connection, self._mine & which)


def newest_release(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Release | None:
    """Return the newest release of those that fit."""
    query = sa.select(releases).where(which).order_by(releases.c.seq.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else Release(**row)
