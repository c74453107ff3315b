"""Reasons against an erasure now: what must be settled while the person can be asked, paid and warned."""

from __future__ import annotations

from collections.abc import Iterator

from headland.analysis.cooperative.disputes import list_disputes
from headland.analysis.cooperative.treated_works import treated_works
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.person_data.summary import is_author
from headland.analysis.plant_protection.intervals import RegisterReader, longest_reach_ms
from headland.i18n import CatalogText
from headland.registry.models.cooperative import SeasonStatement
from headland.registry.models.people import Holding
from headland.registry.models.person_names import PersonNames
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: The group of the sentences.
GROUP = "erasure_blockers"
_FEN_PER_YUAN = 100


def find_blockers(scope: OrgScope, person: str, names: PersonNames) -> list[CatalogText]:
    """Return why a person cannot be erased now, each as a sentence with the remedy; none where nothing is open."""
    repositories = scope.repositories
    holdings = list(repositories.holdings.all(person=person))
    found = [
        *_held(holdings, scope.now_ms),
        *_money(repositories, person, holdings),
        *_disputes(scope, person),
        *_intervals(scope, repositories, holdings, names),
        *_alarms(repositories, person, names),
    ]
    return [CatalogText(GROUP, identifier, values) for identifier, values in found]


def _held(holdings: list[Holding], now_ms: int) -> Iterator[tuple[str, dict[str, str]]]:
    standing = sum(holding.end_ms is None or holding.end_ms > now_ms for holding in holdings)
    if standing:
        yield "holdings", {"count": str(standing)}


def _money(
    repositories: OrganisationRepositories, person: str, holdings: list[Holding]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what is in no statement yet, and what the statements that stand and the entries beside them leave open."""
    standing = _standing(list(repositories.statements.statements.all(person=person)))
    entries = list(repositories.accounts.records.all(person=person))
    beside = [entry for entry in entries if not any(each.start_ms <= entry.time_ms < each.end_ms for each in standing)]
    open_fen = sum(each.balance_fen for each in standing) + sum(entry.amount_fen for entry in beside)
    if open_fen:
        yield "unpaid", {"yuan": f"{open_fen / _FEN_PER_YUAN:.2f}"}
    runs = list(repositories.statements.runs.all())
    if runs:
        works = [
            work
            for holding in holdings
            for work in treated_works(repositories, field=holding.field)
            if (holding.start_ms or 0) <= work.start_ms < (holding.end_ms or 2**53)
        ]
        unsettled = sum(not any(run.start_ms <= work.start_ms < run.end_ms for run in runs) for work in works)
        if unsettled:
            yield "settlement", {"count": str(unsettled)}


def _standing(statements: list[SeasonStatement]) -> list[SeasonStatement]:
    """Return the statements that no later one of the same time replaces."""
    newest_first = sorted(statements, key=lambda each: each.id, reverse=True)
    kept: list[SeasonStatement] = []
    for each in newest_first:
        if not any(each.start_ms < other.end_ms and other.start_ms < each.end_ms for other in kept):
            kept.append(each)
    return kept


def _disputes(scope: OrgScope, person: str) -> Iterator[tuple[str, dict[str, str]]]:
    pending = [str(each.seq) for each in list_disputes(scope) if each.person == person and each.outcome is None]
    if pending:
        yield "disputes", {"numbers": ", ".join(pending)}


def _intervals(
    scope: OrgScope, repositories: OrganisationRepositories, holdings: list[Holding], names: PersonNames
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the intervals under way of treatments that the person made, or on fields that they hold or held."""
    register, fields = RegisterReader(repositories), {holding.field for holding in holdings}
    running = 0
    for treatment in repositories.treatments.list(from_ms=scope.now_ms - 366 * DAY_MS):
        is_theirs = treatment.field in fields or is_author(names, treatment.author)
        running += is_theirs and longest_reach_ms(register, treatment) > scope.now_ms
    if running:
        yield "intervals", {"count": str(running)}


def _alarms(
    repositories: OrganisationRepositories, person: str, names: PersonNames
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rules whose alarms would reach nobody."""
    theirs = {
        each.name
        for each in repositories.alarm_recipients.all()
        if each.person == person or names.is_in(each.name) or names.is_in(each.address)
    }
    alone = [
        rule.name
        for rule in repositories.alarm_rules.all()
        if theirs and rule.recipients and theirs.issuperset(rule.recipients)
    ]
    if alone:
        yield "alarms", {"rules": ", ".join(alone[:5]), "count": str(len(alone))}
