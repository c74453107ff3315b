"""Statement runs of one organisation with their statements: added in one transaction, never changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.cooperative_tables import account_entries, statement_runs, statements
from headland.registry.models.cooperative import (
    AccountEntry,
    AccountKind,
    SeasonStatement,
    StatementRunRecord,
    Statements,
)
from headland.registry.models.errors import InvalidRecord
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository


class AccountRepository:
    """Append-only repository of account entries."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self.records = Repository(context, AccountEntry, account_entries)

    def add(self, entry: AccountEntry) -> AccountEntry:
        """Add an entry; raises InvalidRecord for a correction of another person's entry, and as `Repository.add`.

        Grams below 0 are of corrections of deliveries alone.
        """
        if (entry.kind.value == "correction") != (entry.corrects is not None):
            raise InvalidRecord("A correction names the entry that it corrects, and nothing else does.")
        corrected = None if entry.corrects is None else self.records.get(entry.corrects)
        if corrected is not None and corrected.person != entry.person:
            raise InvalidRecord("A correction is of the same person's account: choose an entry of this person.")
        if entry.grams < 0 and (corrected is None or corrected.kind is not AccountKind.DELIVERY):
            raise InvalidRecord("Only a correction of a delivery takes grams back: enter the grams without a sign.")
        if entry.harvest is not None:
            raise InvalidRecord("A delivery of a harvest is made from the harvest: ask for the deliveries of a period.")
        return self.records.add(entry)

    def add_deliveries(self, entries: Sequence[AccountEntry]) -> list[AccountEntry]:
        """Add entries of harvests in one transaction, those that are not there yet; return the added ones."""
        now_ms = self._context.now_ms()
        mine = account_entries.c.organisation == self._context.organisation
        query = sa.select(account_entries.c.harvest, account_entries.c.person).where(
            mine, account_entries.c.harvest.is_not(None)
        )
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            known = {(row.harvest, row.person) for row in connection.execute(query)}
            return [
                self.records.add_within(connection, entry, now_ms)
                for entry in entries
                if (entry.harvest, entry.person) not in known
            ]


class StatementRepository:
    """Append-only repository of statement runs and their statements."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self.runs = Repository(context, StatementRunRecord, statement_runs)
        self.statements = Repository(context, SeasonStatement, statements)

    def add(self, run: StatementRunRecord, made: Sequence[SeasonStatement]) -> Statements:
        """Add a run with its statements; return the existing one where the same statements were made before."""
        for known in self.runs.all(digest=run.digest, tariff=run.tariff):
            if known.tariff_version == run.tariff_version:
                return Statements(run=known, statements=tuple(self.statements.all(run=known.id)))
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            stored = self.runs.add_within(connection, run, now_ms)
            rows = tuple(
                self.statements.add_within(connection, msgspec.structs.replace(statement, run=stored.id), now_ms)
                for statement in made
            )
        return Statements(run=stored, statements=rows)
