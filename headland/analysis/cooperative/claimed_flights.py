"""Claims of a period beside its flights: each flight is claimed, or named with the reason why it is not.

    flights (detected, declared, recorded) --ground in the ledger, by a rule--> claimed, or not, with a reason

The page, the answer and the paper of a claim are made of this one account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from headland.analysis.cooperative.claims import FieldClaim, find_claims_and_rest
from headland.analysis.cooperative.run_preview import NOT_RECORDED
from headland.analysis.cooperative.treated_entries import passes_of_period
from headland.analysis.cooperative.treated_ground import TreatedGround
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import FieldPass
from headland.registry.models.cooperative import SubsidyRule
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


class UnclaimedFlight(msgspec.Struct, frozen=True, kw_only=True):
    """A flight on a field of which a claim has nothing to assess, and why."""

    pass_id: str
    field: str
    field_name: str
    device: Annotated[str, "Id of the vehicle."]
    start_ms: int
    simulated: bool
    reason: Annotated[str, "Why nothing is claimed: not_recorded, claimed_before or replaced."]


@dataclass(frozen=True, slots=True)
class ClaimAccount:
    """Claims by a rule for a window, and the flights without one; together they name every flight of the window."""

    rule: Annotated[SubsidyRule, "The rule of the subsidy."]
    window: Window
    claims: Sequence[FieldClaim]
    unclaimed: Annotated[tuple[UnclaimedFlight, ...], "Flights without a claim, each with the reason."]

    @property
    def start_ms(self) -> int:
        """Begin of the period."""
        return self.window.start_ms

    @property
    def end_ms(self) -> int:
        """End of the period, not in it."""
        return self.window.end_ms

    @property
    def fen(self) -> int:
        """Claimed money in fen."""
        return sum(each.claim.fen for each in self.claims)

    @property
    def simulated_fen(self) -> int:
        """Part of the claimed money for simulated flights, in fen."""
        return sum(each.claim.fen for each in self.claims if each.claim.work.simulated)

    @property
    def area_m2(self) -> int:
        """Claimed ground in square metres."""
        return sum(each.claim.area_m2 for each in self.claims)

    @property
    def flights(self) -> int:
        """Number of flights that begin in the period."""
        return len({each.claim.work.pass_id for each in self.claims} | {each.pass_id for each in self.unclaimed})

    @property
    def claimed(self) -> int:
        """Number of flights of which ground is claimed on a field at least."""
        return len({each.claim.work.pass_id for each in self.claims if each.claim.area_m2})

    @property
    def not_claimed(self) -> int:
        """Number of flights of which no ground is claimed, each named with the reason."""
        return self.flights - self.claimed


def account_claims(scope: OrgScope, rule: SubsidyRule, window: Window) -> ClaimAccount:
    """Return the claims of the flights that begin in a window, and those without one; nothing is written."""
    claims, rest = find_claims_and_rest(scope, rule, window)
    unclaimed = unclaimed_of(scope.repositories, claims, rest, passes_of_period(scope, window))
    return ClaimAccount(rule, window, claims, unclaimed)


def unclaimed_of(
    repositories: OrganisationRepositories,
    claims: Iterable[FieldClaim],
    rest: Iterable[tuple[TreatedGround, str]],
    flights: Iterable[FieldPass],
) -> tuple[UnclaimedFlight, ...]:
    """Return the works without a claim, and the flights of which the ledger has no ground, by their starts."""
    found = [
        UnclaimedFlight(
            pass_id=work.pass_id,
            field=work.field,
            field_name=repositories.fields.get(work.field, also_deleted=True).name,
            device=work.operator,
            start_ms=work.start_ms,
            simulated=work.simulated,
            reason=reason,
        )
        for work, reason in rest
    ]
    recorded = {each.claim.work.pass_id for each in claims} | {each.pass_id for each in found}
    found += [
        UnclaimedFlight(
            pass_id=each.id,
            field=each.field.id,
            field_name=each.field.name,
            device=each.device,
            start_ms=each.start_ms,
            simulated=each.simulated,
            reason=NOT_RECORDED,
        )
        for each in flights
        if each.id not in recorded
    ]
    return tuple(sorted(found, key=lambda each: (each.start_ms, each.pass_id, each.field)))
