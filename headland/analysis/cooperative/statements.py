"""Season statements of a cooperative: what each member is charged and owed, in whole fen that add up.

    works --count once--> area and product --tariff--> charge --largest remainder--> members
    entries (advances, subsidies, deliveries, corrections) and the dividend --> the same members

The same facts give the same statements, in whatever order they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Final

import msgspec

from headland.analysis.cooperative.counted_ground import COUNTED_BY, CountedGround, count_once
from headland.analysis.cooperative.shares import NOBODY, HeldShare, bearers, divide
from headland.analysis.cooperative.tariff import Charge, charge_of
from headland.analysis.cooperative.treated_ground import TreatedGround
from headland.registry.models.cooperative import AccountEntry, StatementRunRecord, TariffRecord

#: Names of a line that came after the first runs were made.
_LATER_NAMES: Final = frozenset(("crop", "lot_code"))
#: Names of a line that say how it was made, not what it states: the same facts by an older rule are the same run.
_MADE_BY: Final = frozenset(("counted_by",))


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a statement: a work on a field, or an entry. `amount_fen` is in the member's favour where positive.

    `area_m2` is charged ground, `repeated_m2` what another pass was charged for within the tariff's days; together the
    person's share of the treated ground of the pass (`PassAreas`). `counted_by` is the rule that told them apart, empty
    for lines of before it had a name, which took off what any earlier pass had treated.
    """

    kind: str
    time_ms: int
    amount_fen: int
    field: str = ""
    pass_id: str = ""
    operator: str = ""
    product: str = ""
    share: str = ""
    area_m2: int = 0
    repeated_m2: int = 0
    grams: int = 0
    evidence: str = ""
    night: bool = False
    slope: bool = False
    at_minimum: bool = False
    simulated: bool = False
    note: str = ""
    entry: str = ""
    crop: str = ""
    lot_code: str = ""
    counted_by: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The statement of one person; `balance_fen` is the sum of the lines: what the cooperative owes, or is owed."""

    person: str
    lines: tuple[StatementLine, ...]
    area_m2: int
    balance_fen: int

    def sum_fen(self, *kinds: str) -> int:
        """Return the sum of the lines of some kinds."""
        return sum(line.amount_fen for line in self.lines if line.kind in kinds)


class StatementRun(msgspec.Struct, frozen=True, kw_only=True):
    """Statements of all people for a period; `digest` is SHA-256 of them and of what was not charged."""

    start_ms: int
    end_ms: int
    statements: tuple[Statement, ...]
    charged_fen: int
    area_m2: int
    not_charged: tuple[tuple[str, str, str], ...]
    digest: str


class StatementRunItem(StatementRunRecord, frozen=True, kw_only=True):
    """A run of statements as it is listed; `simulated` where a work of it is a simulated flight."""

    simulated: Annotated[bool, "Whether a work of the run is a simulated flight: no bill for a real member."]


@dataclass(frozen=True, slots=True)
class SeasonFacts:
    """All that the statements of a period follow from.

    `unrecorded` are field, pass and reason of flights of the period without ground in the ledger.
    """

    works: Sequence[TreatedGround]
    holdings: Mapping[str, Sequence[HeldShare]]
    entries: Sequence[AccountEntry]
    tariff: TariffRecord
    start_ms: int
    end_ms: int
    unrecorded: Sequence[tuple[str, str, str]] = ()


def make_statements(facts: SeasonFacts) -> StatementRun:
    """Return the statements of everybody who holds a treated field or has an entry."""
    lines: dict[str, list[StatementLine]] = {}
    not_charged = list(facts.unrecorded)
    charged_fen = area_m2 = 0
    billable = []
    for work in facts.works:
        reason = _unbillable(work, facts.tariff)
        if reason is None:
            billable.append(work)
        elif facts.start_ms <= work.start_ms < facts.end_ms:
            not_charged.append((work.field, work.pass_id, reason))
    for counted in count_once(billable, facts.tariff.repeat_days):
        # Passes before the period only say which ground has been charged, by the same rule: no kept run is read.
        if not facts.start_ms <= counted.ground.start_ms < facts.end_ms:
            continue
        name = counted.ground.field
        slope = facts.tariff.slopes_pct.get(name)
        charge = charge_of(
            facts.tariff, counted.area_m2, counted.grams, is_night=counted.ground.is_night, slope_pct=slope
        )
        charged_fen += charge.total_fen
        area_m2 += counted.area_m2
        for person, line in _shared(counted, charge, facts.holdings.get(name, ())):
            lines.setdefault(person, []).append(line)
    for entry in facts.entries:
        if facts.start_ms <= entry.time_ms < facts.end_ms:
            lines.setdefault(entry.person, []).append(_line_of(entry, facts.tariff))
    for person, line in _dividends(facts, lines):
        lines[person].append(line)
    statements = tuple(_statement(person, lines[person]) for person in sorted(lines))
    digested = [_digested(statement) for statement in statements]
    body = (facts.start_ms, facts.end_ms, digested, charged_fen, area_m2, tuple(sorted(not_charged)))
    digest = hashlib.sha256(msgspec.json.encode(body)).hexdigest()
    return StatementRun(
        start_ms=facts.start_ms,
        end_ms=facts.end_ms,
        statements=statements,
        charged_fen=charged_fen,
        area_m2=area_m2,
        not_charged=tuple(sorted(not_charged)),
        digest=digest,
    )


def _unbillable(work: TreatedGround, tariff: TariffRecord) -> str | None:
    """Return why a work is not charged, None where it is."""
    if work.is_replaced:
        return "replaced"
    if not work.area_m2:
        return "no_ground"
    if work.weakest_evidence not in tariff.billable_evidence:
        return "weak_evidence"
    return "no_amount" if work.grams is None and tariff.per_kg_fen else None


def _shared(
    counted: CountedGround, charge: Charge, holdings: Iterable[HeldShare]
) -> Iterable[tuple[str, StatementLine]]:
    """Yield each bearer's line of a work."""
    ground = counted.ground
    weights = bearers(holdings, ground.start_ms)
    fen, area = divide(charge.total_fen, weights), divide(counted.area_m2, weights)
    grams, repeated = divide(counted.grams, weights), divide(counted.repeated_m2, weights)
    for person, weight in weights.items():
        yield (
            person,
            StatementLine(
                kind="work",
                time_ms=ground.start_ms,
                amount_fen=-fen[person],
                field=ground.field,
                pass_id=ground.pass_id,
                operator=ground.operator,
                product=ground.product,
                share=str(weight),
                area_m2=area[person],
                repeated_m2=repeated[person],
                grams=grams[person],
                evidence=ground.weakest_evidence,
                night=charge.night_fen != 0,
                slope=charge.slope_fen != 0,
                at_minimum=charge.to_minimum_fen > 0,
                simulated=ground.simulated,
                counted_by=COUNTED_BY,
            ),
        )


def _line_of(entry: AccountEntry, tariff: TariffRecord) -> StatementLine:
    amount_fen = -tariff.cancelled_fen if entry.kind == "cancelled_flight" else entry.amount_fen
    return StatementLine(
        kind=entry.kind.value,
        time_ms=entry.time_ms,
        amount_fen=amount_fen,
        field=entry.field or "",
        pass_id=entry.pass_id,
        grams=entry.grams,
        note=entry.note,
        entry=entry.id,
        crop=entry.crop or "",
        lot_code=entry.lot_code or "",
    )


def _digested(statement: Statement) -> dict[str, Any]:
    """Return what the digest is of: crop and lot where a line has them, so that facts without them digest as before."""
    body: dict[str, Any] = msgspec.to_builtins(statement)
    body["lines"] = [
        {name: value for name, value in line.items() if name not in _MADE_BY and (value or name not in _LATER_NAMES)}
        for line in body["lines"]
    ]
    return body


def _dividends(facts: SeasonFacts, lines: Mapping[str, Sequence[StatementLine]]) -> list[tuple[str, StatementLine]]:
    """Return each member's part of the dividend, by delivered mass or by treated area."""
    if facts.tariff.dividend_fen == 0:
        return []
    deliveries = {entry.id for entry in facts.entries if entry.kind == "delivery"}
    goods = deliveries | {entry.id for entry in facts.entries if entry.corrects in deliveries}

    def weight(line: StatementLine) -> int:
        if facts.tariff.dividend_by == "area":
            return line.area_m2
        return line.grams if line.entry in goods else 0

    weights = {person: max(sum(map(weight, own)), 0) for person, own in lines.items() if person != NOBODY}
    weights = {person: weight for person, weight in weights.items() if weight > 0}
    if not weights:
        return []
    return [
        (person, StatementLine(kind="dividend", time_ms=facts.end_ms - 1, amount_fen=part, note=f"{weights[person]}"))
        for person, part in divide(facts.tariff.dividend_fen, {k: Fraction(w) for k, w in weights.items()}).items()
    ]


def _statement(person: str, lines: list[StatementLine]) -> Statement:
    ordered = tuple(sorted(lines, key=lambda line: (line.time_ms, line.kind, line.field, line.pass_id, line.entry)))
    return Statement(
        person=person,
        lines=ordered,
        area_m2=sum(line.area_m2 for line in ordered),
        balance_fen=sum(line.amount_fen for line in ordered),
    )
