"""Deliveries of members that follow from recorded harvests: goods and their worth, divided by the field's shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import msgspec

from headland.analysis.cooperative.shares import NOBODY, HeldShare, bearers, divide, round_half_up
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.lots import Harvest, OperationKind
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Why a harvest is no delivery, in the order in which it is asked.
TAKEN_BACK, NO_FIELD, NO_PRICE, NOT_HELD = "taken_back", "no_field", "no_price", "not_held"


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that were added, how many were there already, and harvests without a delivery, with the reason.

    `to_correct` are entries of harvests that were taken back since: whoever keeps the accounts corrects them.
    """

    added: tuple[AccountEntry, ...]
    known: int
    left_out: tuple[tuple[str, str], ...]
    to_correct: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HarvestShare:
    """A person's part of a harvest: grams and their worth [fen]."""

    person: str
    grams: int
    amount_fen: int


def share_harvest(grams: int, fen_per_kg: int, holdings: Sequence[HeldShare], time_ms: int) -> list[HarvestShare]:
    """Return each bearer's part of a harvest; the parts add up to the grams and to the worth of the whole.

    What nobody holds is in nobody's account, so that the parts of people may be less.
    """
    weights = bearers(holdings, time_ms)
    worth_fen = round_half_up(Fraction(grams * fen_per_kg, 1000))
    parts, fen = divide(grams, weights), divide(worth_fen, weights)
    return [HarvestShare(person, parts[person], fen[person]) for person in weights if person != NOBODY]


def deliver_harvests(scope: OrgScope, window: Window, fen_per_kg: Mapping[str, int]) -> Deliveries:
    """Add the deliveries of the harvests of a window to the accounts, each harvest once; `fen_per_kg` is by crop.

    The holder at the time of the harvest delivers: a lessee before the owner. A repetition adds what is new.
    """
    repositories = repositories_of(scope)
    harvests = [h for h in repositories.lots.harvests.all() if window.start_ms <= h.time_ms < window.end_ms]
    taken_back, codes = _operations_of(repositories)
    holdings = holdings_of(repositories)
    entries: list[AccountEntry] = []
    left_out: list[tuple[str, str]] = []
    for harvest in harvests:
        reason = _reason_against(harvest, taken_back, fen_per_kg)
        shares: list[HarvestShare] = []
        if reason is None and harvest.field is not None:
            held = holdings.get(harvest.field, [])
            shares = share_harvest(harvest.grams, fen_per_kg[harvest.crop], held, harvest.time_ms)
            reason = None if shares else NOT_HELD
        if reason is not None:
            left_out.append((harvest.id, reason))
        entries += [_entry_of(harvest, share, codes.get(harvest.id, "")) for share in shares]
    known = [entry for entry in repositories.accounts.records.all() if entry.harvest is not None]
    corrected = {entry.corrects for entry in repositories.accounts.records.all(kind=AccountKind.CORRECTION.value)}
    added = repositories.accounts.add_deliveries(entries)
    return Deliveries(
        added=tuple(added),
        known=len(entries) - len(added),
        left_out=tuple(left_out),
        to_correct=tuple(each.id for each in known if each.harvest in taken_back and each.id not in corrected),
    )


def holdings_of(repositories: OrganisationRepositories) -> dict[str, list[HeldShare]]:
    """Return who holds each field."""
    holdings: dict[str, list[HeldShare]] = {}
    for held in repositories.holdings.all():
        is_lease = held.kind.value == "lease"
        share = HeldShare(held.person, is_lease, Fraction(held.parts, held.of_parts), held.start_ms, held.end_ms)
        holdings.setdefault(held.field, []).append(share)
    return holdings


def _operations_of(repositories: OrganisationRepositories) -> tuple[set[str], dict[str, str]]:
    """Return the harvests that were taken back, and the batch number of each harvest's lot."""
    operations = list(repositories.lots.operations.all())
    corrected = {operation.corrects for operation in operations if operation.corrects is not None}
    made = [each for each in operations if each.kind is OperationKind.HARVEST and each.harvest is not None]
    lots = {lot.id: lot.code for lot in repositories.lots.lots.all()}
    codes: dict[Any, str] = {each.harvest: lots.get(each.outputs[0].lot, "") for each in made if each.outputs}
    return {each.harvest for each in made if each.id in corrected and each.harvest is not None}, codes


def _reason_against(harvest: Harvest, taken_back: set[str], fen_per_kg: Mapping[str, int]) -> str | None:
    if harvest.id in taken_back:
        return TAKEN_BACK
    if harvest.field is None:
        return NO_FIELD
    return None if harvest.crop in fen_per_kg else NO_PRICE


def _entry_of(harvest: Harvest, share: HarvestShare, code: str) -> AccountEntry:
    return AccountEntry(
        person=share.person,
        kind=AccountKind.DELIVERY,
        time_ms=harvest.time_ms,
        amount_fen=share.amount_fen,
        grams=share.grams,
        field=harvest.field,
        note=" ".join(text for text in (harvest.crop, harvest.variety, code) if text),
        harvest=harvest.id,
    )
