"""Records of a cooperative's accounts: tariffs, account entries, statement runs and statements, and subsidy rules.

Money is whole fen. Entries, runs and statements are added and never changed: a correction is a new entry.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from headland.contract.records import NAME
from headland.registry.models.lots import LotCode
from headland.registry.models.models import Note, Text, VersionedRecord
from headland.registry.models.people import Instant

#: 1,000 million yuan: sums of a million of them are exact integers in every database.
MOST_FEN = 100_000_000_000
Fen = Annotated[int, Meta(ge=0, le=MOST_FEN)]
SignedFen = Annotated[int, Meta(ge=-MOST_FEN, le=MOST_FEN)]
SignedGrams = Annotated[int, Meta(ge=-10_000_000_000, le=10_000_000_000)]
SurchargePct = Annotated[int, Meta(ge=0, le=1000)]
Evidence = Literal["measured_flow", "tank_mass", "pump_pwm", "declared"]
RecordId = Annotated[str, Meta(pattern="^[0-9a-z]{26}$")]
DeviceName = Annotated[str, Meta(pattern=f"^{NAME.pattern}$")]


class TariffRecord(VersionedRecord, frozen=True, kw_only=True):
    """A tariff of a service [fen]: by area, by mass, least for a pass on a field, surcharges, and the dividend.

    The surcharges are percent of area and mass. Ground is charged again with the same product from `repeat_days` after
    the last pass that was charged for it, and only with a class of `billable_evidence`. `operators` names who works
    with a device; `slopes_pct` are declared slopes of fields by id.
    """

    name: Text
    per_mu_fen: Annotated[Fen, "Price of a mu of treated ground, in fen."] = 0
    per_kg_fen: Annotated[Fen, "Price of a kilogram of product, in fen."] = 0
    minimum_fen: Annotated[Fen, "Least charge of a pass on a field, in fen."] = 0
    night_pct: Annotated[SurchargePct, "Surcharge at night."] = 0
    slope_pct: Annotated[SurchargePct, "Surcharge on a slope from `slope_from_pct` on."] = 0
    slope_from_pct: Annotated[int, Meta(ge=0, le=200), "Slope of a field from which the surcharge applies."] = 15
    cancelled_fen: Annotated[Fen, "Charge of a cancelled flight, in fen."] = 0
    repeat_days: Annotated[int, Meta(ge=0, le=366)] = 7
    billable_evidence: Annotated[tuple[Evidence, ...], "Evidence of ground that is charged."] = (
        "measured_flow",
        "tank_mass",
    )
    dividend_fen: Annotated[Fen, "Money that is divided among the members, in fen."] = 0
    dividend_by: Annotated[Literal["delivery", "area"], "What the dividend is divided by."] = "delivery"
    operators: Annotated[
        dict[DeviceName, Text], Meta(max_length=1000), "Name of who works with a device, by device."
    ] = msgspec.field(default_factory=dict)
    slopes_pct: Annotated[
        dict[RecordId, Annotated[float, Meta(ge=0, le=200)]], Meta(max_length=20_000), "Declared slope, by field."
    ] = msgspec.field(default_factory=dict)


class AccountKind(StrEnum):
    """Kind of an account entry; `amount_fen` is in the person's favour where positive."""

    ADVANCE = "advance"  # paid by the person before the work: positive; by the cooperative: negative
    SUBSIDY = "subsidy"
    DELIVERY = "delivery"  # goods of `grams`, and what they are worth
    CANCELLED_FLIGHT = "cancelled_flight"  # costs what the tariff says
    PAYMENT = "payment"
    CORRECTION = "correction"  # of the entry that it names


class AccountEntry(VersionedRecord, frozen=True, kw_only=True):
    """An entry of a person's account, added and never changed; `harvest` is the one that a delivery follows from.

    Only a correction has grams below 0: those that it takes back of a delivery. `crop` and `lot_code`, the batch number
    of the lot that the goods are in, are of deliveries.
    """

    person: str
    kind: Annotated[AccountKind, "What the entry is."]
    time_ms: Instant
    amount_fen: Annotated[SignedFen, "Amount of money in fen, positive in the person's favour."] = 0
    grams: SignedGrams = 0
    field: str | None = None
    pass_id: Annotated[str, Meta(max_length=128)] = ""
    corrects: str | None = None
    note: Note = ""
    harvest: Annotated[str | None, "Id of the harvest that a delivery follows from; null where it was entered."] = None
    crop: Text | None = None
    lot_code: LotCode | None = None


class StatementRunRecord(VersionedRecord, frozen=True, kw_only=True):
    """A run of statements for [start_ms, end_ms) by a tariff; `digest` is SHA-256 over all of them.

    `area_m2` is charged ground. `not_charged` are fields and passes with the reason. `tariff_version` is the state of
    the tariff that was used.
    """

    tariff: str
    tariff_version: Annotated[int, "Version of the tariff that was used."]
    start_ms: Instant
    end_ms: Instant
    people: Annotated[int, "Number of people with a statement."]
    charged_fen: Annotated[int, "Sum of the charges, in fen."]
    area_m2: Annotated[int, "Charged ground in square metres."]
    not_charged: Annotated[tuple[tuple[str, str, str], ...], "Ground without a charge: field, pass and reason."] = ()
    digest: Annotated[str, "SHA-256 over all statements."]


class SeasonStatement(VersionedRecord, frozen=True, kw_only=True):
    """The statement of a person in a run, None for what nobody holds; `lines` are as `StatementLine` has them.

    `area_m2`, also of a line, is charged ground: with `repeated_m2` of the line it is the treated ground of the pass.
    """

    run: Annotated[str, "Id of the run."]
    person: Annotated[str | None, "Id of the person; null: of ground that nobody holds."]
    start_ms: Instant
    end_ms: Instant
    balance_fen: Annotated[int, "Balance in fen, positive in the person's favour."]
    area_m2: Annotated[int, "Charged ground in square metres."]
    lines: Annotated[tuple[dict[str, Any], ...], "Works and entries, each with its amount."] = ()


class SubsidyRule(VersionedRecord, frozen=True, kw_only=True):
    """A rule of a subsidy for treated ground, as data: what a claim must show, and what it pays [fen].

    `least_coverage_pct` of the field must have been treated, with `evidence`; ground is claimed again from
    `repeat_days` after the last pass that was claimed for it, by whichever operator and with whichever product of the
    rule. A field counts for at most `cap_mu` and `cap_fen`.
    `excludes` are the rules whose claims of the same ground exclude one by this rule: all where it is None. Two rules
    exclude one another where one of them says so; a rule always excludes itself.
    """

    name: Text
    fen_per_mu: Annotated[Fen, "Subsidy of a mu, in fen."]
    least_coverage_pct: Annotated[float, Meta(ge=0, le=100), "Least treated share of the field."] = 90.0
    evidence: Annotated[tuple[Evidence, ...], "Evidence of ground that counts."] = ("measured_flow", "tank_mass")
    repeat_days: Annotated[int, Meta(ge=0, le=366)] = 30
    cap_mu: Annotated[Annotated[float, Meta(gt=0, le=1e6)] | None, "Most ground of a field in mu; null: no limit."] = (
        None
    )
    cap_fen: Annotated[Fen | None, "Most money for a field in fen; null: no limit."] = None
    products: Annotated[tuple[str, ...], Meta(max_length=1000), "Ids of the products that count; empty: all."] = ()
    excludes: Annotated[
        Annotated[tuple[RecordId, ...], Meta(max_length=1000)] | None,
        "Rules whose claims of the same ground exclude one by this rule; null: all.",
    ] = None


class Statements(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its statements."""

    run: StatementRunRecord
    statements: tuple[SeasonStatement, ...]
