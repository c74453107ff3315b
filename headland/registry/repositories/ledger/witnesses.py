"""Witnesses that an organisation has named: those whose signatures its own checkpoints show."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from headland.proof.checkpoint import WITNESS_KEY, PublicKey, read_key
from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.proof_tables import log_witnesses
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.repositories.context import RepositoryContext, log

#: A checkpoint has room for 32 signatures.
MOST_WITNESSES: Final = 16


class Witnesses:
    """Public keys of the witnesses of one organisation's log, one for each name."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context

    def list(self) -> tuple[PublicKey, ...]:
        """Return the keys by name."""
        query = sa.select(log_witnesses.c.key).where(self._mine()).order_by(log_witnesses.c.name)
        with self._context.database.reading() as connection:
            return tuple(read_key(text) for text in connection.execute(query).scalars())

    def add(self, key: PublicKey) -> None:
        """Name a witness; the same one may be named again.

        Raises InvalidRecord for the key of a log, for another key of a known name, and beyond the number that has room.
        """
        if key.kind != WITNESS_KEY:
            raise InvalidRecord("The key is one of a log: give that of a witness.")
        known = {each.name: each for each in self.list()}
        if known.get(key.name) == key:
            return
        if key.name in known:
            raise InvalidRecord(f"The witness {key.name} has another key already: remove it first.")
        if len(known) >= MOST_WITNESSES:
            raise InvalidRecord(f"There are {MOST_WITNESSES} witnesses already: remove one first.")
        values = {"name": key.name, "key": key.text(), "added_ms": self._context.now_ms()}
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            connection.execute(log_witnesses.insert().values(organisation=self._context.organisation, **values))
            log(self._context, connection, "witness", key.name, "add")

    def remove(self, name: str) -> None:
        """Take the trust of a witness back: its signatures are shown no longer. Raises NotFound."""
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            done = connection.execute(log_witnesses.delete().where(self._mine(), log_witnesses.c.name == name))
            if not done.rowcount:
                raise NotFound("witness", name)
            log(self._context, connection, "witness", name, "delete")

    def _mine(self) -> sa.ColumnElement[bool]:
        return log_witnesses.c.organisation == self._context.organisation
