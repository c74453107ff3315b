"""Settlement of a season: statements from the ground that passes treated, as the ledger has it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headland.analysis.cooperative.deliveries import holdings_of
from headland.analysis.cooperative.run_preview import unrecorded_flights
from headland.analysis.cooperative.shares import NOBODY
from headland.analysis.cooperative.statements import SeasonFacts, StatementRun, make_statements
from headland.analysis.cooperative.treated_entries import passes_of_period
from headland.analysis.cooperative.treated_works import treated_works
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.registry.models.cooperative import SeasonStatement, StatementRunRecord, Statements, TariffRecord
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


def settle_season(scope: OrgScope, tariff: TariffRecord, window: Window) -> Statements:
    """Make the statements of a period from the ledger, the holdings and the accounts, and keep them.

    Flights of the period of which the ledger has no ground are named in `not_charged` as `not_recorded`.
    The same facts give the same run, which is returned again instead of a copy.
    """
    repositories = scope.repositories
    flights = [(each.field.id, each.id) for each in passes_of_period(scope, window)]
    run = compute_statements(repositories, tariff, window, flights)
    record = StatementRunRecord(
        tariff=tariff.id,
        tariff_version=tariff.version,
        start_ms=run.start_ms,
        end_ms=run.end_ms,
        people=sum(statement.person != NOBODY for statement in run.statements),
        charged_fen=run.charged_fen,
        area_m2=run.area_m2,
        not_charged=run.not_charged,
        digest=run.digest,
    )
    made = [
        SeasonStatement(
            run="",
            person=statement.person or None,
            start_ms=run.start_ms,
            end_ms=run.end_ms,
            balance_fen=statement.balance_fen,
            area_m2=statement.area_m2,
            lines=tuple(msgspec.to_builtins(line) for line in statement.lines),
        )
        for statement in run.statements
    ]
    return repositories.statements.add(record, made)


def compute_statements(
    repositories: OrganisationRepositories,
    tariff: TariffRecord,
    window: Window,
    flights: Sequence[tuple[str, str]] = (),
) -> StatementRun:
    """Return the statements of a period without keeping them; `flights` are field and pass of those of the period."""
    works = treated_works(repositories, tariff.operators)
    facts = SeasonFacts(
        works=works,
        holdings=holdings_of(repositories),
        entries=list(repositories.accounts.records.all()),
        tariff=tariff,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        unrecorded=unrecorded_flights(flights, works),
    )
    return make_statements(facts)
