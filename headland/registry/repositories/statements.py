"""Statement runs of one organisation with their statements: added in one transaction, never changed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headland.registry.db.tables.cooperative_tables import statement_runs, statements
from headland.registry.models.cooperative import SeasonStatement, StatementRunRecord, Statements
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository


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
