"""Subsidy claims by rules as data: what treated ground can be claimed, and why other ground cannot.

Nothing is promised: an answer holds by these rules and these samples.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Final

import shapely

from headland.analysis.cooperative.shares import round_half_up
from headland.analysis.cooperative.tariff import MU_M2
from headland.analysis.cooperative.treated_ground import PlacedGround, TreatedGround
from headland.registry.models.cooperative import SubsidyRule
from headland.units_of_time import DAY_MS


@dataclass(frozen=True, slots=True)
class Claim:
    """A pass on a field by a rule: the ground that can be claimed, and the reason for what cannot.

    `reason` is `other_product`, `weak_evidence`, `coverage_too_low`, `claimed_before` or `over_the_cap`; the last two
    may leave a part, the others leave nothing.
    """

    work: TreatedGround
    placed: PlacedGround
    field_m2: int
    area_m2: Annotated[int, "Ground that can be claimed, in square metres."]
    repeated_m2: Annotated[int, "Ground that was claimed before, in square metres."]
    coverage_pct: float
    fen: Annotated[int, "Claimed money in fen."]
    reason: Annotated[
        str | None,
        "Why ground cannot be claimed: other_product, weak_evidence, coverage_too_low, claimed_before or "
        "over_the_cap; null where all of it can.",
    ] = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a field was paid by a rule before."""

    area_m2: int = 0
    fen: int = 0


NOTHING_SPENT: Final = Spent()


def assess_claims(
    rule: SubsidyRule,
    field_m2: int,
    works: Iterable[TreatedGround],
    claimed: Sequence[tuple[int, PlacedGround]],
    spent: Spent = NOTHING_SPENT,
    products: Collection[str] = (),
) -> list[Claim]:
    """Return the claims of the passes on one field, whoever flew them, in the order of their starts.

    `claimed` is the ground of earlier claims, whatever field they were on, with the start of their passes; `spent` is
    what the field was paid by the rule before. `products` are the names of those of the rule, none for all. The order
    of `works` does not matter.
    """
    before = list(claimed)
    left_m2 = None
    if rule.cap_mu is not None:
        left_m2 = max(int(Fraction(rule.cap_mu).limit_denominator(1000) * MU_M2) - spent.area_m2, 0)
    left_fen = None if rule.cap_fen is None else max(rule.cap_fen - spent.fen, 0)
    claims = []
    for work in sorted(works, key=lambda each: each.key):
        claim = _assess(rule, products, field_m2, work, before)
        if claim.area_m2:
            area_m2 = claim.area_m2 if left_m2 is None else min(claim.area_m2, left_m2)
            fen = round_half_up(rule.fen_per_mu * Fraction(area_m2) / MU_M2)
            fen = fen if left_fen is None else min(fen, left_fen)
            is_capped = area_m2 < claim.area_m2 or fen < round_half_up(rule.fen_per_mu * Fraction(area_m2) / MU_M2)
            left_m2 = None if left_m2 is None else left_m2 - area_m2
            left_fen = None if left_fen is None else left_fen - fen
            before.append((work.start_ms, claim.placed))
            claim = Claim(
                work, claim.placed, field_m2, area_m2, claim.repeated_m2, claim.coverage_pct, fen,
                "over_the_cap" if is_capped else claim.reason,
            )  # fmt: skip
        claims.append(claim)
    return claims


def _assess(
    rule: SubsidyRule,
    products: Collection[str],
    field_m2: int,
    work: TreatedGround,
    before: Sequence[tuple[int, PlacedGround]],
) -> Claim:
    """Return the claim of one pass before the caps."""
    coverage_pct = 100.0 * work.area_m2 / field_m2 if field_m2 else 0.0
    reason = None
    if products and work.product not in products:
        reason = "other_product"
    elif work.weakest_evidence not in rule.evidence:
        reason = "weak_evidence"
    elif coverage_pct < rule.least_coverage_pct:
        reason = "coverage_too_low"
    if reason is not None:
        nothing = PlacedGround(shapely.MultiPolygon(), work.placed.plane, work.placed.lattice)
        return Claim(work, nothing, field_m2, 0, 0, coverage_pct, 0, reason)
    fresh = work.placed
    for start_ms, placed in before:
        if abs(work.start_ms - start_ms) < rule.repeat_days * DAY_MS:
            fresh = fresh.without(placed)
    area_m2 = fresh.area_m2
    repeated_m2 = work.area_m2 - area_m2
    return Claim(
        work, fresh, field_m2, area_m2, repeated_m2, coverage_pct, 0, "claimed_before" if repeated_m2 else None
    )
