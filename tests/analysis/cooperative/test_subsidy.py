"""Subsidy claims: no ground twice within the days, whoever flew it, and every refusal with its reason."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from headland.analysis.cooperative.counted_ground import CountedBefore
from headland.analysis.cooperative.subsidy import Spent, assess_claims
from headland.registry.models.cooperative import SubsidyRule
from tests.analysis.cooperative.test_statements import DAY_MS, ground, squares, union_m2
from tests.examples import examples

EVERYTHING = np.ones((100, 100), np.bool_)
#: The usable ground of the field: 15 mu.
MU_15 = {"east": 10_000}
RULE = SubsidyRule(name="2026", fen_per_mu=1500, evidence=("measured_flow",))


def test_ground_is_claimed_once_within_the_days_by_either_operator() -> None:
    works = [
        ground("east", "b1", EVERYTHING, day=20),
        ground("east", "a1", EVERYTHING),
        ground("east", "a2", EVERYTHING, 31),
    ]
    first, second, third = assess_claims(RULE, MU_15, works)
    # 10,000 m2 are 15 mu at 15.00.
    assert (first.work.pass_id, first.area_m2, first.fen, first.reason) == ("a1", 10_000, 22_500, None)
    assert (second.work.pass_id, second.area_m2, second.repeated_m2, second.reason) == (
        "b1",
        0,
        10_000,
        "claimed_before",
    )
    # The refused pass of day 20 claimed nothing, so day 31 is free again.
    assert (third.area_m2, third.reason) == (10_000, None)
    (again,) = assess_claims(RULE, MU_15, works[:1], [CountedBefore("east", 5 * DAY_MS, squares(EVERYTHING))])
    assert again.reason == "claimed_before"


def test_a_claim_is_refused_by_name_and_capped_by_the_field() -> None:
    part = EVERYTHING.copy()
    part[:20] = False
    works = [
        ground("east", "a", part),
        ground("east", "b", EVERYTHING, evidence_m2=(("measured_flow", 5000.0), ("pump_pwm", 5000.0))),
        ground("east", "c", EVERYTHING, product="lime"),
        ground("east", "d", EVERYTHING),
    ]
    rule = replace(RULE, cap_mu=10.0)
    found = {claim.work.pass_id: claim for claim in assess_claims(rule, MU_15, works, products={"urea"})}
    assert {name: claim.reason for name, claim in found.items()} == {
        "a": "coverage_too_low", "b": "weak_evidence", "c": "other_product", "d": "over_the_cap",
    }  # fmt: skip
    assert (found["a"].coverage_pct, found["a"].fen) == (80.0, 0)
    assert (found["d"].area_m2, found["d"].fen) == (6666, 14_999)
    capped = replace(RULE, least_coverage_pct=0.0, repeat_days=0, cap_fen=10_000)
    assert [claim.fen for claim in assess_claims(capped, MU_15, works[::3])] == [10_000, 0]
    # What was claimed before counts for the caps, too.
    (last,) = assess_claims(capped, MU_15, works[3:], spent={"east": Spent(3_000, 9_500)})
    assert (last.fen, last.reason) == (500, "over_the_cap")
    (last,) = assess_claims(rule, MU_15, works[3:], spent={"east": Spent(6_000, 13_500)})
    assert (last.area_m2, last.reason) == (666, "over_the_cap")


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.integers(0, 999), min_size=1, max_size=5), st.permutations(range(5)))
def test_claims_of_any_passes_never_exceed_the_ground_that_was_treated(seeds: list[int], order: list[int]) -> None:
    rule = replace(RULE, least_coverage_pct=0.0)
    works = [
        ground("east", f"{'ab'[n % 2]}{n}", np.random.default_rng(seed).random((9, 9)) < 0.6, day=n)
        for n, seed in enumerate(seeds)
    ]
    claims = assess_claims(rule, {"east": 81}, works)
    assert sum(claim.area_m2 for claim in claims) == union_m2(works)
    turned = [works[place] for place in order if place < len(works)]
    again = assess_claims(rule, {"east": 81}, turned)
    assert [(c.work.pass_id, c.area_m2, c.fen) for c in again] == [(c.work.pass_id, c.area_m2, c.fen) for c in claims]
