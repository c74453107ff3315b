"""A season played from the first flight to the statements, with its sums held against the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from headland.agronomy.trials.analyses import TrialResult, analyse_mixed
from headland.analysis.cooperative.claims import FieldClaim, claim_pack, find_claims, keep_claims
from headland.analysis.cooperative.deliveries import deliver_harvests
from headland.analysis.cooperative.disputes import Dispute, close_dispute, open_dispute
from headland.analysis.cooperative.settlement import settle_season
from headland.analysis.cooperative.treated_entries import record_season
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.registry.models.cooperative import (
    AccountEntry,
    AccountKind,
    Statements,
    SubsidyRule,
    TariffRecord,
)
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.reports.dispute_report import make_dispute_document
from headland.reports.trial_report import make_trial_document
from station.demo.season.flights import SeasonFlight, declare, fly, plan_flights
from station.demo.season.harvest import CROP, design_trial, harvest, sow, trial_data
from station.demo.season.papers import write_document, write_statements
from station.demo.season.village import (
    FIRST_MS,
    NOW_MS,
    OPERATORS,
    PLANE,
    PLOT_M,
    SEASON_END_MS,
    SEASON_START_MS,
    Village,
    settle_village,
)

SEASON: Final = Window(SEASON_START_MS, SEASON_END_MS)
_FEN_PER_KG: Final = 236
_ADVANCE_FEN: Final = 20_000
_REFUND_FEN: Final = 1_500
#: What a step is told about: its name, and how much of it is done, of how much.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class SeasonSize:
    """How large a played season is; the same seed plays the same season."""

    members: int = 300
    plots: int = 900
    passes: int = 40
    papers: int = 3
    seed: int = 1


@dataclass(frozen=True, slots=True)
class PlayedSeason:
    """Figures of a played season, differences that must be 0, and the files that were written.

    `seconds` are of the processor, by step.
    """

    figures: dict[str, float]
    differences: dict[str, int]
    seconds: dict[str, float]
    files: tuple[Path, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every sum equals the ledger."""
        return not any(self.differences.values())


def play_season(scope: OrgScope, size: SeasonSize, folder: Path, report: Report) -> PlayedSeason:
    """Play a season in an empty organisation and write its papers to a folder."""
    repositories = scope.repositories
    rng = np.random.default_rng(size.seed)
    clock = _Clock()
    report("village", 0, 1)
    village = settle_village(repositories, size.members, size.plots, max(size.passes // 2, 1))
    _pay_advances(repositories, village)
    clock.note("village_s")
    flights = plan_flights(village, size.passes)
    for number, flight in enumerate(flights, 1):
        end_ms = fly(scope.store, scope.organisation, flight, rng)
        repositories.passes.records.add_all(declare(village, flight, end_ms))
        report("flights", number, len(flights))
    clock.note("flights_s")
    failed = record_season(scope, SEASON, lambda done, of: report("treated ground", done, of))
    clock.note("treated_ground_s")
    report("harvest", 0, 1)
    design = design_trial(village.blocks[0], size.seed)
    yields = harvest(repositories, village, sow(village, design), rng)
    deliveries = deliver_harvests(scope, SEASON, {CROP: _FEN_PER_KG})
    clock.note("harvest_s")
    report("statements", 0, 1)
    tariff = repositories.tariffs.add(
        TariffRecord(name="2026", per_mu_fen=650, per_kg_fen=30, minimum_fen=800, night_pct=20,
                     dividend_fen=3_000_001, operators=OPERATORS)
    )  # fmt: skip
    before = settle_season(scope, tariff, SEASON)
    dispute = _dispute(scope, flights[0])
    made = settle_season(scope, tariff, SEASON)
    again = settle_season(scope, tariff, SEASON)
    clock.note("statements_s")
    report("claims", 0, 1)
    rule = repositories.subsidy_rules.add(
        SubsidyRule(name="2026 统防统治", fen_per_mu=1500, least_coverage_pct=80.0, repeat_days=30)
    )
    claims = find_claims(scope, rule, SEASON)
    keep_claims(scope, rule, claims)
    pack = claim_pack(scope, rule, claims, SEASON)
    clock.note("claims_s")
    report("papers", 0, 1)
    files = write_statements(folder, scope, made.statements, size.papers)
    (folder / "claims.zip").write_bytes(pack)
    files += [folder / "claims.zip", *write_document(folder, "dispute", make_dispute_document(scope, dispute))]
    trial = analyse_mixed(trial_data(village, design, yields))
    files += _write_trial(folder, trial)
    clock.note("papers_s")
    differences = _differences(repositories, tariff, made, claims)
    differences["passes_without_ground"] = len(failed)
    differences["second_run_is_another"] = int(again.run.id != made.run.id)
    differences["correction_made_no_new_run"] = int(before.run.id == made.run.id)
    differences["harvests_not_delivered"] = len(deliveries.left_out)
    return PlayedSeason(_figures(repositories, village, made, claims, trial), differences, clock.seconds, tuple(files))


class _Clock:
    """Seconds of the processor by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began_s = time.process_time()

    def note(self, step: str) -> None:
        """End a step."""
        now_s = time.process_time()
        self.seconds[step] = round(now_s - self._began_s, 2)
        self._began_s = now_s


def _pay_advances(repositories: OrganisationRepositories, village: Village) -> None:
    repositories.accounts.records.add_all(
        [
            AccountEntry(person=person.id, kind=AccountKind.ADVANCE, time_ms=FIRST_MS, amount_fen=_ADVANCE_FEN)
            for person in village.people
        ]
    )


def _dispute(scope: OrgScope, flight: SeasonFlight) -> Dispute:
    """Open a dispute about the middle of the first plot, and close it with a payment of the cooperative."""
    repositories = scope.repositories
    block, plot = flight.block, flight.block.plots[0]
    declared = repositories.passes.of_field(plot.id)[0]
    person = next(held.person for held in repositories.holdings.all(field=plot.id))
    middle = np.array([block.west_m + PLOT_M[0] / 2]), np.array([block.south_m + PLOT_M[1] / 2])
    latitude, longitude = PLANE.to_degrees(*middle)
    text = "这里没有撒到肥，麦苗发黄。"
    opened = open_dispute(scope, declared.id, float(latitude[0]), float(longitude[0]), text, person)
    refund = repositories.accounts.add(
        AccountEntry(person=person, kind=AccountKind.PAYMENT, time_ms=SEASON_END_MS - 1, amount_fen=_REFUND_FEN,
                     field=plot.id, note="异议协商退款")
    )  # fmt: skip
    return close_dispute(scope, opened.seq, "partly_upheld", "该处有撒施记录，边行偏少，按协商退款。", refund.id)


def _write_trial(folder: Path, trial: TrialResult) -> list[Path]:
    document = make_trial_document(
        trial, "小麦品种比较试验", zone=ZoneInfo("Asia/Shanghai"), made_ms=NOW_MS, start_ms=SEASON_START_MS,
        end_ms=SEASON_END_MS, is_simulated=True,
    )  # fmt: skip
    return write_document(folder, "trial", document)


def _differences(
    repositories: OrganisationRepositories, tariff: TariffRecord, made: Statements, claims: list[FieldClaim]
) -> dict[str, int]:
    """Return the differences between the statements and what they were made from, each 0 where all is right."""
    lines = [line for each in made.statements for line in each.lines]
    works = [line for line in lines if line["kind"] == "work"]
    entries = list(repositories.accounts.records.all())
    harvested = sum(each.grams for each in repositories.lots.harvests.all())
    delivered = sum(entry.grams for entry in entries if entry.kind is AccountKind.DELIVERY)
    check = repositories.ledger.check()
    return {
        "charges_less_lines_fen": made.run.charged_fen + sum(line["amount_fen"] for line in works),
        "ground_less_lines_m2": made.run.area_m2 - sum(line["area_m2"] for line in works),
        "balances_less_lines_fen": sum(each.balance_fen for each in made.statements)
        - sum(line["amount_fen"] for line in lines),
        "balances_less_ledger_fen": sum(each.balance_fen for each in made.statements)
        - (sum(entry.amount_fen for entry in entries) + tariff.dividend_fen - made.run.charged_fen),
        "harvested_less_delivered_g": harvested - delivered,
        "claims_above_their_ground": sum(each.claim.area_m2 > each.claim.work.area_m2 for each in claims),
        "ledger_broken_at": check.broken_at or 0,
    }


def _figures(
    repositories: OrganisationRepositories, village: Village, made: Statements, claims: list[FieldClaim],
    trial: TrialResult,
) -> dict[str, float]:  # fmt: skip
    lines = [line for each in made.statements for line in each.lines]
    mu = 3.0 / 2000.0
    return {
        "members": len(village.people),
        "plots": len(village.plots),
        "statements": len(made.statements),
        "charged_mu": round(made.run.area_m2 * mu, 1),
        "repeated_mu": round(sum(line["repeated_m2"] for line in lines) * mu, 1),
        "charged_yuan": made.run.charged_fen / 100,
        "delivered_t": round(sum(line["grams"] for line in lines if line["kind"] == "delivery") / 1e6, 3),
        "balances_yuan": sum(each.balance_fen for each in made.statements) / 100,
        "claimed_mu": round(sum(each.claim.area_m2 for each in claims) * mu, 1),
        "claimed_yuan": sum(each.claim.fen for each in claims) / 100,
        "ledger_entries": repositories.ledger.check().entries,
        **{f"trial_{name}_t_ha": round(contrast.estimate, 3) for name, contrast in trial.differences},
        "trial_lsd_t_ha": round(trial.lsd_t_ha, 3),
    }
