"""Statement runs of one organisation with their statements: added in one transaction, never changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headland.registry.db.cooperative_tables import account_entries, statement_runs, statements
from headland.registry.models.cooperative import (
    AccountEntry,
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
        self.records = Repository(context, AccountEntry, account_entries)

    def add(self, entry: AccountEntry) -> AccountEntry:
        """Add an entry; raises InvalidRecord for a correction of another person's entry, and as `Repository.add`."""
        if (entry.kind.value == "correction") != (entry.corrects is not None):
            raise InvalidRecord("A correction names the entry that it corrects, and nothing else does.")
        if entry.corrects is not None and self.records.get(entry.corrects).person != entry.person:
            raise InvalidRecord("A correction is of the same person's account: choose an entry of this person.")
        return self.records.add(entry)


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
