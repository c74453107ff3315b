"""Preview of a run of statements: each flight of a period, what it would be charged, or why it is not.

    flights (detected, declared, recorded) --ground that is or would be recorded--> charged, or not, with a reason

Every flight is on one side: charged ones and named uncharged ones together are all flights of the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from headland.analysis.cooperative.deliveries import holdings_of
from headland.analysis.cooperative.plots import read_plots
from headland.analysis.cooperative.shares import NOBODY
from headland.analysis.cooperative.statements import SeasonFacts, make_statements
from headland.analysis.cooperative.treated_entries import measure_treated, passes_of_period
from headland.analysis.cooperative.treated_ground import TreatedGround
from headland.analysis.cooperative.treated_works import recorded_of_pass, treated_works
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.registry.models.cooperative import TariffRecord

#: Why a flight has no ground in the ledger, where nothing more is known of it.
NOT_RECORDED: Final = "not_recorded"
REPEATED: Final = "repeated"
_NO_GROUND: Final = "no_ground"


@dataclass(frozen=True, slots=True)
class FlownPass:
    """A flight over a field, and why its ground cannot be recorded; None where it is, or would be."""

    pass_id: str
    field: str
    device: str
    start_ms: int
    simulated: bool
    is_registered: bool
    is_recorded: bool
    failed: str | None = None


class PreviewedWork(msgspec.Struct, frozen=True, kw_only=True):
    """A flight on a field in a run to come: what it is charged, or why it is not."""

    pass_id: str
    field: str
    device: str
    start_ms: int
    charged: Annotated[bool, "Whether it is charged."]
    reason: Annotated[str | None, "Why it is not charged; null where it is."] = None
    charged_fen: Annotated[int, "Its charge in fen, of all who hold the field together."] = 0
    area_m2: Annotated[int, "Charged ground in square metres."] = 0
    repeated_m2: Annotated[int, "Ground that another work was charged for already, in square metres."] = 0
    unheld_fen: Annotated[int, "Part of the charge for which nobody holds the field, in fen."] = 0
    simulated: Annotated[bool, "Whether a simulator made it."] = False
    registered: Annotated[bool, "Whether somebody declared the pass; false where telemetry alone shows it."] = False
    recorded: Annotated[bool, "Whether the ledger has its ground; false: it would be recorded first."] = False


class RunPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of statements would charge; `charged` and `not_charged` flights together are all `flights`."""

    start_ms: int
    end_ms: int
    tariff: Annotated[str, "Id of the tariff."]
    flights: Annotated[int, "Number of flights that begin in the period."]
    charged: Annotated[int, "Number of flights that are charged on a field at least."]
    not_charged: Annotated[int, "Number of flights that are charged on no field, each named with the reason."]
    charged_fen: Annotated[int, "Sum of the charges, in fen."]
    simulated_fen: Annotated[int, "Part of it for simulated flights, in fen."]
    unheld_fen: Annotated[int, "Part of it for which nobody holds the field, in fen."]
    people: Annotated[int, "Number of people with a statement."]
    works: Annotated[tuple[PreviewedWork, ...], "Flights by field, in the order of their starts."]


def preview_season(scope: OrgScope, tariff: TariffRecord, window: Window) -> RunPreview:
    """Return what a run would charge were the ground of all its flights recorded; nothing is written."""
    repositories = scope.repositories
    plots = read_plots(repositories)
    flights, measured = [], {}
    for each in passes_of_period(scope, window):
        is_recorded, failed = bool(recorded_of_pass(repositories, each.id)), None
        if not is_recorded:
            try:
                found = measure_treated(scope, each, plots)
                measured.update({(field, each.id): body for field, body in found.items()})
                failed = None if found else _NO_GROUND
            except AnalysisError as error:
                failed = error.kind.replace("-", "_")
        flights.append(
            FlownPass(
                each.id, each.field.id, each.device, each.start_ms, each.simulated, each.declared is not None,
                is_recorded, failed,
            )
        )  # fmt: skip
    works = treated_works(repositories, tariff.operators, measured=_written(measured))
    facts = SeasonFacts(
        works=works,
        holdings=holdings_of(repositories),
        entries=list(repositories.accounts.records.all()),
        tariff=tariff,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
    )
    return preview_of(facts, flights)


def preview_of(facts: SeasonFacts, flights: Sequence[FlownPass]) -> RunPreview:
    """Return the preview of a run from its facts and the flights of its period."""
    run = make_statements(facts)
    known = {(each.field, each.pass_id): each for each in flights}
    by_pass = {each.pass_id: each for each in flights}
    works = {(each.field, each.pass_id): each for each in facts.works if _is_within(each, facts)}
    sums: dict[tuple[str, str], list[int]] = {}
    for statement in run.statements:
        for line in statement.lines:
            if line.kind == "work":
                of_work = sums.setdefault((line.field, line.pass_id), [0, 0, 0, 0])
                unheld_fen = -line.amount_fen if statement.person == NOBODY else 0
                for at, value in enumerate((-line.amount_fen, line.area_m2, line.repeated_m2, unheld_fen)):
                    of_work[at] += value
    reasons = {(field, pass_id): reason for field, pass_id, reason in run.not_charged}
    items = []
    # A declared pass counts on the fields around its own, too; where it has ground on them alone, its own has none.
    for key in sorted({*known, *works}, key=lambda key: (_start_of(known, works, key), *key)):
        work, flight = works.get(key), known.get(key) or by_pass.get(key[1])
        charged_fen, area_m2, repeated_m2, unheld_fen = sums.get(key, (0, 0, 0, 0))
        reason = reasons.get(key) or (None if area_m2 else _why(work, flight, repeated_m2))
        items.append(
            PreviewedWork(
                pass_id=key[1],
                field=key[0],
                device=flight.device if flight is not None else work.operator if work is not None else "",
                start_ms=_start_of(known, works, key),
                charged=reason is None,
                reason=reason,
                charged_fen=charged_fen,
                area_m2=area_m2,
                repeated_m2=repeated_m2,
                unheld_fen=unheld_fen,
                simulated=work.simulated if work is not None else flight is not None and flight.simulated,
                registered=flight is not None and flight.is_registered,
                recorded=flight.is_recorded if flight is not None else True,
            )
        )
    charged = {each.pass_id for each in items if each.charged}
    every = {each.pass_id for each in items}
    return RunPreview(
        start_ms=facts.start_ms,
        end_ms=facts.end_ms,
        tariff=facts.tariff.id,
        flights=len(every),
        charged=len(charged),
        not_charged=len(every - charged),
        charged_fen=run.charged_fen,
        simulated_fen=sum(each.charged_fen for each in items if each.simulated),
        unheld_fen=sum(each.unheld_fen for each in items),
        people=sum(statement.person != NOBODY for statement in run.statements),
        works=tuple(items),
    )


def unrecorded_flights(
    flights: Iterable[tuple[str, str]], works: Iterable[TreatedGround]
) -> tuple[tuple[str, str, str], ...]:
    """Return field, pass and reason of the flights of which the ledger has no ground on any field."""
    recorded = {work.pass_id for work in works}
    return tuple((field, pass_id, NOT_RECORDED) for field, pass_id in flights if pass_id not in recorded)


def _why(work: TreatedGround | None, flight: FlownPass | None, repeated_m2: int) -> str:
    if work is not None:
        return REPEATED if repeated_m2 else _NO_GROUND
    return flight.failed or _NO_GROUND if flight is not None else _NO_GROUND


def _is_within(work: TreatedGround, facts: SeasonFacts) -> bool:
    return facts.start_ms <= work.start_ms < facts.end_ms


def _start_of(
    known: Mapping[tuple[str, str], FlownPass], works: Mapping[tuple[str, str], TreatedGround], key: tuple[str, str]
) -> int:
    return known[key].start_ms if key in known else works[key].start_ms


def _written(bodies: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return bodies as the ledger would give them back."""
    return {key: msgspec.json.decode(msgspec.json.encode(body)) for key, body in bodies.items()}
