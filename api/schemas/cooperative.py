"""Requests and answers of a cooperative's accounts, statements, disputes and subsidy claims."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from api.schemas.model import EXAMPLE_ID, KEPT, answer_of_record, body_of_record
from headland.analysis.cooperative.claimed_flights import ClaimAccount
from headland.analysis.cooperative.subsidy import Claim
from headland.registry.models.cooperative import AccountEntry, RecordId, SignedFen
from headland.registry.models.models import Latitude, Longitude, Note, Text
from headland.registry.models.people import Instant


@body_of_record(AccountEntry, without=(*KEPT, "harvest"))
class AccountOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry to add to a person's account; `amount_fen` is in the person's favour where positive."""

    EXAMPLE: ClassVar = {"person": EXAMPLE_ID, "kind": "advance", "time_ms": 1_795_507_200_000, "amount_fen": 50_000}

    person: RecordId
    field: RecordId | None = None
    corrects: RecordId | None = None


class DeliveryCorrectionOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a delivery was; the difference is entered at `time_ms`, by which it falls into a statement's period."""

    EXAMPLE: ClassVar = {"grams": 1_250_000, "amount_fen": 295_000, "time_ms": 1_795_507_200_000}

    grams: Annotated[int, Meta(ge=0, le=10_000_000_000)]
    amount_fen: Annotated[SignedFen, "Worth of the delivery in fen."]
    time_ms: Instant
    note: Note = ""


class DeliveryImported(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries of a table: how many are new, their sums, how many are there already, and faults of rows."""

    added: Annotated[int, "Number of new deliveries."]
    known: Annotated[int, "Number of deliveries that are there already."]
    grams: Annotated[int, "Mass of the new deliveries in grams."]
    amount_fen: Annotated[int, "Worth of the new deliveries in fen."]
    faults: Annotated[tuple[dict[str, Any], ...], "Faults of rows, each with row, column and detail."]
    stored: Annotated[bool, "Whether they were added; false after a dry run."]


class DeliveryOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deliveries of the harvests in [start_ms, end_ms); `fen_per_kg` is the price by crop."""

    EXAMPLE: ClassVar = {"start_ms": 1_790_000_000_000, "end_ms": 1_800_000_000_000, "fen_per_kg": {"wheat": 236}}

    start_ms: Instant
    end_ms: Instant
    fen_per_kg: Annotated[
        dict[Text, Annotated[int, Meta(ge=0, le=10_000_000)]],
        Meta(min_length=1, max_length=100),
        "Price of a kilogram in fen, by crop.",
    ]


class RunOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run of statements: a tariff, for works and entries in [start_ms, end_ms)."""

    EXAMPLE: ClassVar = {"tariff": EXAMPLE_ID, "start_ms": 1_790_000_000_000, "end_ms": 1_800_000_000_000}

    tariff: RecordId
    start_ms: Instant
    end_ms: Instant


class DisputeOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dispute about a place of a pass; `person` is for whom it is opened, for a member always the own person."""

    EXAMPLE: ClassVar = {
        "pass_id": EXAMPLE_ID,
        "latitude_deg": 31.95,
        "longitude_deg": 119.17,
        "text": "not sprayed here",
    }

    pass_id: Annotated[str, Meta(max_length=128)]
    latitude_deg: Latitude
    longitude_deg: Longitude
    text: Annotated[Note, Meta(min_length=1), "What is disputed, in words."]
    person: RecordId | None = None


class OutcomeOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The outcome of a dispute: one that is upheld, also in part, needs a correction or the reason for none."""

    EXAMPLE: ClassVar = {"outcome": "upheld", "text": "the meter shows a refill"}

    outcome: Literal["upheld", "partly_upheld", "rejected"]
    text: Annotated[Note, "Reasons of the outcome."] = ""
    correction: Annotated[RecordId | None, "Id of the account entry that corrects the statement."] = None
    correction_fen: Annotated[SignedFen | None, "New correcting entry, positive in the person's favour."] = None


class ClaimOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Claims by a rule for the passes that begin in [start_ms, end_ms)."""

    EXAMPLE: ClassVar = {"rule": EXAMPLE_ID, "start_ms": 1_790_000_000_000, "end_ms": 1_800_000_000_000}

    rule: Annotated[RecordId, "Id of the subsidy rule."]
    start_ms: Instant
    end_ms: Instant


class PassToSettle(msgspec.Struct, frozen=True, kw_only=True):
    """A pass of a period; `recorded` is the number of fields whose treated ground is in the ledger.

    `by_cells` of them were recorded by the rule of before: every cell on which product lay. Recording corrects them.
    """

    pass_id: str
    field: str
    device: str
    start_ms: int
    recorded: Annotated[int, "Number of fields whose treated ground is in the ledger."]
    by_cells: Annotated[int, "Number of them that were recorded by the rule of before, cell by cell."]


class TreatedCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the ledger by another rule that a newer one corrects: its number, its area, and the rule of now."""

    seq: int
    area_m2: float
    by: Annotated[str, "Rule of the newer entry."]


class TreatedItem(msgspec.Struct, frozen=True, kw_only=True):
    """The ground of a field that a pass treated, as the ledger has it; `seq` is null where it is not there yet."""

    seq: Annotated[int | None, "Number in the ledger; null where it is not there yet."]
    field: str
    pass_id: str
    area_m2: float
    grams: int | None
    evidence_m2: Annotated[dict[str, float], "Area in square metres by evidence."]
    night: Annotated[bool, "Whether it was at night."]
    simulated: bool
    corrects: TreatedCorrection | None = None


@answer_of_record(
    Claim, "pass_id", "operator", "start_ms", "product", "evidence", "simulated", "treated_m2", "field_m2", "area_m2",
    "repeated_m2", "coverage_pct", "fen", "reason",
)  # fmt: skip
class ClaimItem(msgspec.Struct, frozen=True, kw_only=True):
    """A pass on a field by a rule: ground that can be claimed, and the reason for what cannot."""

    field: str
    field_name: str
    holders: Annotated[str, "Names of those who hold the field."]


class ClaimCorrectionOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule whose kept claims by cells are to be corrected."""

    EXAMPLE: ClassVar = {"rule": EXAMPLE_ID}

    rule: Annotated[RecordId, "Id of the subsidy rule."]


@answer_of_record(Claim, "area_m2", "fen", "coverage_pct", "reason")
class ClaimCorrectionItem(msgspec.Struct, frozen=True, kw_only=True):
    """A kept claim by cells: what the ledger's entry `seq` says, and what it is by the union of the swaths."""

    seq: int
    field: str
    field_name: str
    pass_id: str
    before_m2: Annotated[int, "Ground that was claimed, in square metres."]
    before_fen: int


class ClaimCorrections(msgspec.Struct, frozen=True, kw_only=True):
    """Corrections of a rule's kept claims; `kept` where they were appended to the ledger."""

    items: tuple[ClaimCorrectionItem, ...]
    before_fen: int
    fen: Annotated[int, "Claimed money after the corrections, in fen."]
    kept: Annotated[bool, "Whether they were appended to the ledger."]


@answer_of_record(
    ClaimAccount, "rule", "start_ms", "end_ms", "flights", "claimed", "not_claimed", "fen", "simulated_fen", "area_m2",
    "unclaimed",
)  # fmt: skip
class ClaimAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Claims by a rule; `claimed` and `not_claimed` flights together are all `flights` of the period.

    Nothing is promised: the claims hold by this rule and these samples.
    """

    items: tuple[ClaimItem, ...]
    kept: Annotated[bool, "Whether the claims were kept in the ledger."]
    caveat: Annotated[str, "What the claims rest on, in words."]
