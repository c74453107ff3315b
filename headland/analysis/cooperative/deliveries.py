"""Deliveries of members: from recorded harvests, divided by the field's shares, and as people entered them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Final, Literal

import msgspec

from headland.agronomy.plausibility.amounts import impossible_price
from headland.analysis.cooperative.shares import NOBODY, HeldShare, bearers, divide, round_half_up
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.errors import NotFound
from headland.registry.models.lots import Harvest, OperationKind
from headland.registry.repositories.accounts import corrections_of
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Why a harvest is no delivery, in the order in which it is asked.
TAKEN_BACK, NO_FIELD, NO_PRICE, NOT_HELD = "taken_back", "no_field", "no_price", "not_held"
#: Somebody entered a delivery of the harvest's lot: it would be in an account twice.
ENTERED: Final = "entered"


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that were added, how many were there already, and harvests without a delivery, with the reason.

    `to_correct` are entries of harvests that were taken back since: whoever keeps the accounts corrects them.
    """

    added: Annotated[tuple[AccountEntry, ...], "New entries of accounts."]
    known: Annotated[int, "Number of deliveries that were there already."]
    left_out: Annotated[tuple[tuple[str, str], ...], "Harvests without a delivery, each with the reason."]
    to_correct: Annotated[tuple[str, ...], "Ids of entries whose harvest was taken back since."]


class DeliveryCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """What a later entry adds to a delivery, below 0 where it takes back."""

    id: str
    time_ms: int
    grams: int
    amount_fen: Annotated[int, "Amount of money in fen, below 0 where it takes back."]
    note: str


class MemberDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """What a person delivered: `grams` and `amount_fen` as they stand after the corrections.

    `harvest_taken_back` says whether the harvest that it follows from was taken back, None where that is not shown.
    """

    id: str
    person: str
    time_ms: int
    crop: str | None
    lot_code: str | None
    field: str | None
    grams: int
    amount_fen: Annotated[int, "Worth in fen, after the corrections."]
    source: Annotated[Literal["harvest", "entered"], "Whether it follows from a harvest or was entered."]
    note: str
    corrections: Annotated[tuple[DeliveryCorrection, ...], "Later entries that correct it."] = ()
    harvest_taken_back: Annotated[bool | None, "Whether its harvest was taken back; null where that is not shown."] = (
        None
    )


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
    for crop, price in fen_per_kg.items():
        sentence = impossible_price(crop, price)
        if sentence is not None:
            raise AnalysisError("impossible-amount", "Amount not possible", sentence)
    repositories = scope.repositories
    harvests = [h for h in repositories.lots.harvests.all() if window.start_ms <= h.time_ms < window.end_ms]
    taken_back, codes = _operations_of(repositories)
    entered = {each.lot_code for each in list_deliveries(scope) if each.source == "entered" and each.grams > 0}
    holdings = holdings_of(repositories)
    entries: list[AccountEntry] = []
    left_out: list[tuple[str, str]] = []
    for harvest in harvests:
        reason = _reason_against(harvest, taken_back, fen_per_kg)
        if reason is None and codes.get(harvest.id) in entered:
            reason = ENTERED
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


def list_deliveries(
    scope: OrgScope, person: str | None = None, after: str = "", limit: int | None = None
) -> list[MemberDelivery]:
    """Return deliveries in the order in which they were added, those after the entry `after`; a member's own ones."""
    repositories = scope.repositories
    records = repositories.accounts.records
    where: dict[str, str | None] = {
        "kind": AccountKind.DELIVERY.value,
        **({} if person is None else {"person": person}),
    }
    found = list(records.all(**where)) if limit is None else records.list(after=after, limit=limit, **where)
    corrections = corrections_of(records.all(kind=AccountKind.CORRECTION.value)) if found else {}
    # A member's access shows no harvests and no lots.
    taken_back: set[str] | None = None
    if scope.person is None and any(entry.harvest is not None for entry in found):
        taken_back = _operations_of(repositories)[0]
    return [_delivery_of(entry, corrections.get(entry.id, ()), taken_back) for entry in found]


def read_delivery(scope: OrgScope, id: str) -> MemberDelivery:  # noqa: A002 - it is the entry's id
    """Return a delivery; raises NotFound."""
    repositories = scope.repositories
    entry = repositories.accounts.records.get(id)
    if entry.kind is not AccountKind.DELIVERY:
        raise NotFound("delivery", id)
    corrections = corrections_of(
        repositories.accounts.records.all(person=entry.person, kind=AccountKind.CORRECTION.value)
    )
    taken_back = _operations_of(repositories)[0] if entry.harvest is not None and scope.person is None else None
    return _delivery_of(entry, corrections.get(id, ()), taken_back)


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
        note=harvest.variety,
        harvest=harvest.id,
        crop=harvest.crop,
        lot_code=code or None,
    )


def _delivery_of(
    entry: AccountEntry, corrections: Sequence[AccountEntry], taken_back: set[str] | None
) -> MemberDelivery:
    return MemberDelivery(
        id=entry.id,
        person=entry.person,
        time_ms=entry.time_ms,
        crop=entry.crop,
        lot_code=entry.lot_code,
        field=entry.field,
        grams=entry.grams + sum(each.grams for each in corrections),
        amount_fen=entry.amount_fen + sum(each.amount_fen for each in corrections),
        source="entered" if entry.harvest is None else "harvest",
        note=entry.note,
        corrections=tuple(
            DeliveryCorrection(
                id=each.id, time_ms=each.time_ms, grams=each.grams, amount_fen=each.amount_fen, note=each.note
            )
            for each in corrections
        ),
        harvest_taken_back=None if taken_back is None or entry.harvest is None else entry.harvest in taken_back,
    )
