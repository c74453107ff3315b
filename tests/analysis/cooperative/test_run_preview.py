"""Preview of a run: forty flights of all kinds are each charged or named, and the sums are those of the run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from headland.analysis.cooperative.run_preview import FlownPass, preview_of, unrecorded_flights
from headland.analysis.cooperative.shares import HeldShare
from headland.analysis.cooperative.statements import SeasonFacts, make_statements
from headland.analysis.cooperative.treated_ground import TreatedGround
from headland.registry.models.cooperative import TariffRecord
from tests.analysis.cooperative.test_statements import DAY_MS, ground

WHOLE = np.ones((20, 10), bool)
TARIFF = TariffRecord(id="t", name="2026", per_mu_fen=900, per_kg_fen=3, repeat_days=7)
#: Of eight kinds five flights each, with why a flight of the kind is not charged.
KINDS = {
    "registered": None,
    "unregistered": None,
    "simulated": None,
    "repeated": "repeated",
    "interrupted": None,
    "without_owner": None,
    "no_implement": "no_implement",
    "command_only": "weak_evidence",
}


def farm() -> tuple[SeasonFacts, list[FlownPass]]:
    """Return forty flights, each on a field of its own but for the repeated, and what the ledger has of them."""
    flights, works, holdings = [], [], {}
    for at, kind in enumerate(kind for kind in KINDS for _ in range(5)):
        number = at % 5
        field = f"registered{number}" if kind == "repeated" else f"{kind}{number}"
        cells = WHOLE.copy()
        if kind == "interrupted":
            cells[10:] = False
        day = 2 if kind == "repeated" else 1
        pass_id = f"p{at:02}"
        if kind != "no_implement":
            evidence = "pump_pwm" if kind == "command_only" else "measured_flow"
            work = ground(field, pass_id, cells, day, simulated=kind == "simulated", evidence_m2=((evidence, 200.0),))
            works.append(moved(work, 100 * KINDS_AT[field]))
        if kind != "without_owner":
            holdings[field] = [HeldShare(f"m{number}", True, Fraction(1, 1))]
        flights.append(
            FlownPass(
                pass_id, field, "drone", day * DAY_MS, kind == "simulated", kind != "unregistered",
                is_recorded=at % 2 == 0 and kind != "no_implement",
                failed="no_implement" if kind == "no_implement" else None,
            )
        )  # fmt: skip
    return SeasonFacts(works, holdings, [], TARIFF, 0, 10 * DAY_MS), flights


KINDS_AT = {f"{kind}{number}": 5 * at + number for at, kind in enumerate(KINDS) for number in range(5)}


def moved(work: TreatedGround, east_m: float) -> TreatedGround:
    """Return a work so far to the east: each field has ground of its own."""
    import shapely.affinity

    return replace(work, placed=replace(work.placed, polygons=shapely.affinity.translate(work.placed.polygons, east_m)))


def test_charged_and_named_uncharged_flights_are_all_flights_of_the_period() -> None:
    facts, flights = farm()
    preview = preview_of(facts, flights)
    assert (preview.flights, preview.charged + preview.not_charged) == (40, 40)
    kind_of = {f"p{at:02}": kind for at, kind in enumerate(kind for kind in KINDS for _ in range(5))}
    for work in preview.works:
        assert (work.charged, work.reason) == (KINDS[kind_of[work.pass_id]] is None, KINDS[kind_of[work.pass_id]])
        assert work.simulated == (kind_of[work.pass_id] == "simulated")
        assert (work.unheld_fen == work.charged_fen > 0) == (kind_of[work.pass_id] == "without_owner")
        assert work.registered == (kind_of[work.pass_id] != "unregistered")
    assert Counter(work.reason for work in preview.works) == {
        None: 25, "repeated": 5, "no_implement": 5, "weak_evidence": 5,
    }  # fmt: skip
    # Half of a field is half of its charge, and the preview is the run.
    charges = Counter(dict.fromkeys(KINDS, 0))
    for work in preview.works:
        charges[kind_of[work.pass_id]] += work.charged_fen
    run = make_statements(facts)
    assert preview.charged_fen == run.charged_fen == sum(charges.values())
    assert preview.simulated_fen == charges["simulated"] == charges["registered"]
    assert preview.unheld_fen == charges["without_owner"]
    assert charges["repeated"] == charges["command_only"] == charges["no_implement"] == 0
    assert 0 < charges["interrupted"] < charges["registered"]


def test_a_run_names_the_flights_of_which_the_ledger_has_no_ground() -> None:
    facts, flights = farm()
    recorded = [work for work in facts.works if int(work.pass_id[1:]) % 2 == 0]
    pairs = [(flight.field, flight.pass_id) for flight in flights]
    named = unrecorded_flights(pairs, recorded)
    run = make_statements(replace(facts, works=recorded, unrecorded=named))
    charged = {line.pass_id for each in run.statements for line in each.lines if line.kind == "work"}
    told = {pass_id for _, pass_id, _ in run.not_charged}
    assert charged | told == {flight.pass_id for flight in flights}
    assert not charged & told
    assert sum(reason == "not_recorded" for *_, reason in run.not_charged) == 40 - len(recorded)
    # Recorded since, they are other facts: the run of before is not the run of now.
    assert run.digest != make_statements(facts).digest


@pytest.mark.parametrize("outside_day", [-1, 10])
def test_a_work_outside_of_the_period_is_not_in_the_preview(outside_day: int) -> None:
    facts, flights = farm()
    late = replace(facts.works[0], pass_id="late", start_ms=outside_day * DAY_MS)
    preview = preview_of(replace(facts, works=[*facts.works, late]), flights)
    assert preview.flights == 40
    assert "late" not in {work.pass_id for work in preview.works}
