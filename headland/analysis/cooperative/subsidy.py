"""Subsidy claims by rules as data: what treated ground can be claimed, and why other ground cannot.

Nothing is promised: an answer holds by these rules and these samples.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Final

import shapely

from headland.analysis.cooperative.counted_ground import CountedBefore, CountedGround, count_once
from headland.analysis.cooperative.shares import round_half_up
from headland.analysis.cooperative.tariff import MU_M2
from headland.analysis.cooperative.treated_ground import PlacedGround, TreatedGround
from headland.registry.models.cooperative import SubsidyRule


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
    repeated_m2: Annotated[int, "Ground that another pass is claimed for within the rule's days, in square metres."]
    coverage_pct: float
    fen: Annotated[int, "Claimed money in fen."]
    reason: Annotated[
        str | None,
        "Why ground cannot be claimed: other_product, weak_evidence, coverage_too_low, claimed_before or "
        "over_the_cap; null where all of it can.",
    ] = None

    @property
    def pass_id(self) -> str:
        """Id of the pass."""
        return self.work.pass_id

    @property
    def operator(self) -> str:
        """Name of who worked."""
        return self.work.operator

    @property
    def start_ms(self) -> int:
        """Begin of the pass."""
        return self.work.start_ms

    @property
    def product(self) -> str:
        """Name of the product; empty where it is not known."""
        return self.work.product

    @property
    def treated_m2(self) -> int:
        """Treated ground of the pass on the field, in square metres."""
        return self.work.area_m2

    @property
    def evidence(self) -> str:
        """Weakest evidence of the ground: measured_flow, tank_mass, pump_pwm or declared."""
        return self.work.weakest_evidence

    @property
    def simulated(self) -> bool:
        """Whether a simulator made it."""
        return self.work.simulated


@dataclass(frozen=True, slots=True)
class Spent:
    """What a field was paid by a rule before."""

    area_m2: int = 0
    fen: int = 0


NOTHING_SPENT: Final = Spent()
NOBODY_PAID: Final[Mapping[str, Spent]] = MappingProxyType({})


def assess_claims(
    rule: SubsidyRule,
    usable_m2: Mapping[str, int],
    works: Iterable[TreatedGround],
    claimed: Sequence[CountedBefore] = (),
    spent: Mapping[str, Spent] = NOBODY_PAID,
    products: Collection[str] = (),
) -> list[Claim]:
    """Return the claims of passes on fields, whoever flew them, in the order of their starts.

    `usable_m2` is the usable ground of each field, `claimed` the ground of claims that were kept, on any field, and
    `spent` what fields were paid by the rule before. `products` are the names of those of the rule, none for all, and
    ground repeats with whichever of them. The order of `works` does not matter.
    """
    claims, fit = [], []
    for work in works:
        coverage_pct = 100.0 * work.area_m2 / usable_m2[work.field] if usable_m2[work.field] else 0.0
        reason = _refusal(rule, products, work, coverage_pct)
        if reason is None:
            fit.append(work)
        else:
            nothing = PlacedGround(shapely.MultiPolygon(), work.placed.plane, work.placed.lattice)
            claims.append(Claim(work, nothing, usable_m2[work.field], 0, 0, coverage_pct, 0, reason))
    left = {field: _Left.of(rule, spent.get(field, NOTHING_SPENT)) for field in {work.field for work in fit}}
    for counted in count_once(fit, rule.repeat_days, claimed, by_product=False):
        field = counted.ground.field
        claims.append(_paid(rule, counted, usable_m2[field], left[field]))
    return sorted(claims, key=lambda claim: claim.work.key)


def _refusal(rule: SubsidyRule, products: Collection[str], work: TreatedGround, coverage_pct: float) -> str | None:
    """Return why nothing of a pass can be claimed, None where it counts."""
    if products and work.product not in products:
        return "other_product"
    if work.weakest_evidence not in rule.evidence:
        return "weak_evidence"
    return "coverage_too_low" if coverage_pct < rule.least_coverage_pct else None


@dataclass(slots=True)
class _Left:
    """What a field may still be paid by the caps of a rule; None without a cap."""

    area_m2: int | None
    fen: int | None

    @classmethod
    def of(cls, rule: SubsidyRule, spent: Spent) -> _Left:
        """Return the caps without what was paid before."""
        area_m2 = None
        if rule.cap_mu is not None:
            area_m2 = max(int(Fraction(rule.cap_mu).limit_denominator(1000) * MU_M2) - spent.area_m2, 0)
        return cls(area_m2, None if rule.cap_fen is None else max(rule.cap_fen - spent.fen, 0))

    def take(self, rule: SubsidyRule, whole_m2: int) -> tuple[int, int, bool]:
        """Take ground and its money from what is left; return both, and whether a cap made them less."""
        area_m2 = whole_m2 if self.area_m2 is None else min(whole_m2, self.area_m2)
        due = round_half_up(rule.fen_per_mu * Fraction(area_m2) / MU_M2)
        fen = due if self.fen is None else min(due, self.fen)
        self.area_m2 = None if self.area_m2 is None else self.area_m2 - area_m2
        self.fen = None if self.fen is None else self.fen - fen
        return area_m2, fen, area_m2 < whole_m2 or fen < due


def _paid(rule: SubsidyRule, counted: CountedGround, field_m2: int, left: _Left) -> Claim:
    """Return the claim of ground that counts, within the caps of its field."""
    area_m2, fen, is_capped = left.take(rule, counted.area_m2) if counted.area_m2 else (0, 0, False)
    reason = "over_the_cap" if is_capped else "claimed_before" if counted.repeated_m2 else None
    work = counted.ground
    coverage_pct = 100.0 * work.area_m2 / field_m2 if field_m2 else 0.0
    return Claim(work, counted.placed, field_m2, area_m2, counted.repeated_m2, coverage_pct, fen, reason)
