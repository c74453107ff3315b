"""Periods that were settled by the rule of before: kept runs and claims stay, the same facts are the same run."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest

from headland.analysis.cooperative.claims import find_claims, keep_claims
from headland.analysis.cooperative.counted_ground import COUNTED_BY
from headland.analysis.cooperative.kept_claims import kept_claims
from headland.analysis.cooperative.settlement import settle_season
from headland.analysis.cooperative.shares import HeldShare
from headland.analysis.cooperative.statements import SeasonFacts, make_statements
from headland.analysis.cooperative.treated_ground import PlacedGround, keep_precision
from headland.analysis.cooperative.treated_works import TREATED, write_ground
from headland.analysis.inputs.field_geometry import outline_of, plane_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.registry.models.cooperative import (
    SeasonStatement,
    StatementRunRecord,
    SubsidyRule,
    TariffRecord,
)
from headland.registry.models.models import Field
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.reports.statement_report import make_statement_document
from headland.store.memory import MemoryStore
from tests.analysis.cooperative.test_statements import DAY_MS, ground
from tests.api.farm import NOW_MS, OWN
from tests.api.registry_api import fill_registry
from tests.registry.records import PLOT

CHAIN = (0, 6, 12, 18)
#: Digests of commit f809c324, which took off what any earlier pass had treated.
OF_BEFORE = {
    (0, 10): "1ca4d6a0abacfa32c682bc32a879f7f1c5263f90a528762237316810b1f04317",
    CHAIN: "5961dcbf5f121177ec5a776ff7dd7eb7096e40be047689499dbc0f36c03caa1c",
}


@pytest.mark.parametrize("days", OF_BEFORE)
def test_only_a_run_whose_charges_change_is_another_run(days: tuple[int, ...]) -> None:
    works = [ground("f", f"p{day}", np.ones((80, 100), np.bool_), day, operator="a", grams=8000) for day in days]
    tariff = TariffRecord(name="2026", per_mu_fen=800, repeat_days=7)
    held = {"f": [HeldShare("m", False, Fraction(1))]}
    run = make_statements(SeasonFacts(works, held, [], tariff, 0, 30 * DAY_MS))
    assert (run.digest == OF_BEFORE[days]) == (days == (0, 10))
    assert run.charged_fen == 2 * 9600


def test_a_settled_period_stays_and_is_settled_anew_beside_it(tmp_path: Path) -> None:
    registry, repositories, ids = fill_registry(tmp_path)
    person = repositories.people.add(Person(name="王芳")).id
    field = repositories.fields.add(Field(farm=ids["farms"], name="own", geometry=PLOT))
    repositories.holdings.add(Holding(field=field.id, person=person, kind=HoldingKind.LEASE))
    plane = plane_of(field)
    placed = PlacedGround(keep_precision(outline_of(field, plane).usable), plane)
    first_ms = NOW_MS + DAY_MS
    for day in CHAIN:
        body = {
            "device": "d", "start_ms": first_ms + day * DAY_MS, "end_ms": first_ms + day * DAY_MS + 1,
            "product": "urea", **write_ground(placed), "grams": 1000,
            "evidence_m2": {"measured_flow": float(placed.area_m2)}, "night": False, "simulated": False,
        }  # fmt: skip
        repositories.ledger.append(TREATED, field.id, f"{day:026}", body)
    scope = OrgScope(MemoryStore(), registry, OWN, NOW_MS + 40 * DAY_MS, "test")
    window, next_window = Window(first_ms, first_ms + 9 * DAY_MS), Window(first_ms + 9 * DAY_MS, first_ms + 20 * DAY_MS)
    tariff = repositories.tariffs.add(TariffRecord(name="2026", per_mu_fen=800, repeat_days=7))
    # As the rule of before settled the whole season: of a chain its first pass, and lines that name no rule.
    whole = Window(first_ms, first_ms + 20 * DAY_MS)
    lines = tuple(
        {"kind": "work", "time_ms": first_ms + day * DAY_MS, "amount_fen": -100 if day == 0 else 0, "field": field.id,
         "pass_id": f"{day:026}", "operator": "d", "product": "urea", "share": "1", "grams": 0,
         "evidence": "measured_flow", "area_m2": placed.area_m2 if day == 0 else 0,
         "repeated_m2": 0 if day == 0 else placed.area_m2, "night": False,
         "slope": False, "at_minimum": False, "simulated": False, "note": "", "entry": ""}
        for day in CHAIN
    )  # fmt: skip
    record = StatementRunRecord(
        tariff=tariff.id, tariff_version=tariff.version, start_ms=whole.start_ms, end_ms=whole.end_ms, people=1,
        charged_fen=100, area_m2=placed.area_m2, digest="0" * 64,
    )  # fmt: skip
    statement = SeasonStatement(
        run="", person=person, start_ms=whole.start_ms, end_ms=whole.end_ms, balance_fen=-100, area_m2=placed.area_m2,
        lines=lines,
    )  # fmt: skip
    before = repositories.statements.add(record, [statement])
    kept = msgspec.json.encode(before)

    made = settle_season(scope, tariff, whole)
    assert made.run.id != before.run.id
    assert made.run.area_m2 == 2 * placed.area_m2
    assert settle_season(scope, tariff, whole) == made
    (stored,) = repositories.statements.statements.all(run=before.run.id)
    assert msgspec.json.encode((before.run, (stored,))) == msgspec.json.encode((before.run, before.statements))
    assert msgspec.json.encode(before) == kept
    # A period after it counts all passes of before by the rule of now, whatever was settled.
    parts = [settle_season(scope, tariff, part).run.area_m2 for part in (window, next_window)]
    assert parts == [placed.area_m2, placed.area_m2]
    # The paper of a kept statement names the rule that it was made by.
    old, new = (make_statement_document(scope, each) for each in (stored, made.statements[0]))
    assert (old.sources[0].version, new.sources[0].version) == (2, 3)
    assert COUNTED_BY in new.sources[0].source

    # Claims of the same passes: the ground of the statement; a kept claim stays and is in the way of later ones.
    rule = repositories.subsidy_rules.add(SubsidyRule(name="chain", fen_per_mu=100, repeat_days=7))
    charged = {line["pass_id"]: line["area_m2"] for line in made.statements[0].lines}
    claims = find_claims(scope, rule, whole)
    assert {each.claim.work.pass_id: each.claim.area_m2 for each in claims} == charged
    keep_claims(scope, rule, find_claims(scope, rule, window))
    claimed = [claim.body for claim in kept_claims(repositories)[field.id]]
    assert [(body["area_m2"], body["counted_by"]) for body in claimed] == [(placed.area_m2, COUNTED_BY)]
    later = find_claims(scope, rule, next_window)
    assert [each.claim.area_m2 for each in later] == [placed.area_m2, 0]
    assert [claim.body for claim in kept_claims(repositories)[field.id]] == claimed
