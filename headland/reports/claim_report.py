"""Subsidy claim of a period as a report: the rule, parcels with their holders, each pass, and flights not claimed."""

from __future__ import annotations

from headland.agronomy.application.pass_areas import TREATED_GROUND
from headland.analysis.cooperative.claimed_flights import ClaimAccount
from headland.analysis.cooperative.claims import FieldClaim
from headland.analysis.cooperative.counted_ground import COUNTED_GROUND
from headland.analysis.cooperative.tariff import MU_M2
from headland.analysis.inputs.scope import OrgScope
from headland.registry.models.cooperative import SubsidyRule
from headland.registry.repositories.local_time import find_local_time
from headland.reports.document import Cell, Figure, Note, Report, ReportInstant, ReportTable, Section
from headland.reports.statement_report import NOBODY


def make_claim_document(scope: OrgScope, account: ClaimAccount) -> Report:
    """Return the report of a claim, with the figures of the API's answer."""
    local = find_local_time(scope.repositories)
    rule = account.rule
    summary = (
        Figure("flights_of_period", account.flights),
        Figure("flights_claimed", account.claimed),
        Figure("flights_not_claimed", account.not_claimed),
        _mu("claimed_mu", account.area_m2),
        _yuan("claim_sum", account.fen),
        _yuan("claim_simulated", account.simulated_fen),
        Note("claim_caveat"),
    )
    sections = [
        Section("statement_summary", summary),
        Section("subsidy_rule", _terms_of(scope, rule)),
        Section("claim_parcels", (_parcels_of(account),)),
        Section("claim_passes", (_passes_of(account), Note("claim_ground_again"))),
    ]
    if account.unclaimed:
        sections.append(Section("claim_others", (_unclaimed_of(account),)))
    request = f"rule={rule.id}, start_ms={account.start_ms}, end_ms={account.end_ms}"
    return Report(
        title="subsidy_claim",
        subject=rule.name,
        is_simulated=any(each.claim.work.simulated for each in account.claims),
        zone=local.zone,
        is_zone_known=local.is_known,
        made_ms=scope.now_ms,
        start_ms=account.start_ms,
        end_ms=account.end_ms,
        sections=tuple(sections),
        sources=(COUNTED_GROUND, TREATED_GROUND),
        addresses=(f"POST /v1/subsidy-claims: {request}",),
    )


def _terms_of(scope: OrgScope, rule: SubsidyRule) -> tuple[Figure, ...]:
    """Return what the rule asks for and pays, with the names of its products and of the rules that it excludes."""
    repositories = scope.repositories
    terms = [
        Figure("subsidy_per_mu", rule.fen_per_mu / 100.0, "CNY"),
        Figure("claim_least_coverage", float(rule.least_coverage_pct), "%"),
        *(Figure("claim_evidence", each) for each in rule.evidence),
        Figure("claim_repeat_days", rule.repeat_days),
    ]
    if rule.cap_mu is not None:
        terms.append(Figure("claim_cap_mu", float(rule.cap_mu), "mu"))
    if rule.cap_fen is not None:
        terms.append(_yuan("claim_cap", rule.cap_fen))
    products = [repositories.products.get(each, also_deleted=True).name for each in rule.products]
    if products:
        terms.append(Figure("claim_products", ", ".join(products), is_name=True))
    others = [repositories.subsidy_rules.get(each, also_deleted=True).name for each in rule.excludes or ()]
    if others:
        terms.append(Figure("claim_excludes", ", ".join(others), is_name=True))
    elif rule.excludes is None:
        terms.append(Figure("claim_excludes", "all_others"))
    return tuple(terms)


def _parcels_of(account: ClaimAccount) -> ReportTable:
    """Return each field with who holds it and what is claimed for it in all."""
    columns = (("field", ""), ("held_by", ""), ("usable_mu", "mu"), ("claimed_mu", "mu"), ("line_amount", "CNY"))
    by_field: dict[str, list[FieldClaim]] = {}
    for each in account.claims:
        by_field.setdefault(each.field.id, []).append(each)
    rows: list[tuple[Cell, ...]] = [
        (
            Figure("field", first.field.name, is_name=True),
            Figure("held_by", first.holders or None, reason=None if first.holders else NOBODY, is_name=True),
            _mu("usable_mu", first.claim.field_m2),
            _mu("claimed_mu", sum(each.claim.area_m2 for each in claims)),
            _yuan("line_amount", sum(each.claim.fen for each in claims)),
        )
        for claims in by_field.values()
        for first in claims[:1]
    ]
    return ReportTable("claim_parcels", columns, tuple(rows))


def _passes_of(account: ClaimAccount) -> ReportTable:
    columns = (
        ("time", ""), ("field", ""), ("operator", ""), ("product", ""), ("treated_mu", "mu"),
        ("coverage_of_field", "%"), ("claimed_before_mu", "mu"), ("claimed_mu", "mu"), ("line_amount", "CNY"),
        ("evidence", ""), ("simulated_work", ""), ("why_not_claimed", ""),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for each in account.claims:
        claim, work = each.claim, each.claim.work
        rows.append(
            (
                ReportInstant(work.start_ms),
                Figure("field", each.field.name, is_name=True),
                Figure("operator", work.operator, is_name=True),
                Figure("product", work.product, is_name=True) if work.product else None,
                _mu("treated_mu", work.area_m2),
                Figure("coverage_of_field", claim.coverage_pct, "%"),
                _mu("claimed_before_mu", claim.repeated_m2),
                _mu("claimed_mu", claim.area_m2),
                _yuan("line_amount", claim.fen),
                Figure("evidence", work.weakest_evidence),
                Figure("simulated_work", bool(work.simulated)),
                None if claim.reason is None else Figure("why_not_claimed", claim.reason),
            )
        )
    return ReportTable("claim_passes", columns, tuple(rows))


def _unclaimed_of(account: ClaimAccount) -> ReportTable:
    columns = (("time", ""), ("field", ""), ("device", ""), ("simulated_work", ""), ("why_not_claimed", ""))
    rows: list[tuple[Cell, ...]] = [
        (
            ReportInstant(each.start_ms),
            Figure("field", each.field_name, is_name=True),
            Figure("device", each.device, is_name=True),
            Figure("simulated_work", bool(each.simulated)),
            Figure("why_not_claimed", each.reason),
        )
        for each in account.unclaimed
    ]
    return ReportTable("claim_others", columns, tuple(rows))


def _mu(name: str, m2: int) -> Figure:
    return Figure(name, m2 / float(MU_M2), "mu")


def _yuan(name: str, fen: int) -> Figure:
    return Figure(name, fen / 100.0, "CNY")
