"""Disputes about a place in a pass: what the samples and the ledger say of its cell, and the outcome, in the ledger."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.cell_answer import CellEvidence
from headland.analysis.passes.cell_evidence import explain_cell
from headland.analysis.passes.cell_map import map_cells
from headland.analysis.passes.detection import find_pass
from headland.analysis.passes.plan import PlanRequest
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.errors import NotFound
from headland.registry.repositories.ledger.entries import LedgerEntry

DISPUTE: Final = "dispute"
OUTCOME: Final = "dispute_outcome"
Outcome = Literal["upheld", "partly_upheld", "rejected"]
_PAGE: Final = 500


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """A dispute: who points at which place of a pass, the evidence for its cell, and the outcome once there is one.

    `seq` is the ledger's entry; `evidence` is as it was when the dispute was opened.
    """

    seq: int
    time_ms: int
    who: Annotated[str, "Who opened it, as the audit log names them."]
    field: str
    pass_id: str
    person: str | None
    latitude_deg: float
    longitude_deg: float
    text: Annotated[str, "What is disputed, in words."]
    evidence: Annotated[dict[str, Any], "Evidence for the cell, as it was at the opening."]
    outcome: str | None = None
    outcome_seq: Annotated[int | None, "Number of the outcome in the ledger; null while it is open."] = None
    outcome_text: Annotated[str, "Reasons of the outcome; empty while it is open."] = ""
    correction: Annotated[str | None, "Id of the account entry that corrects the statement; null without one."] = None


def open_dispute(
    scope: OrgScope, pass_id: str, latitude_deg: float, longitude_deg: float, text: str, person: str | None
) -> Dispute:
    """Append a dispute about a place to the ledger with the evidence for its cell.

    A member opens disputes for themselves; `person` names for whom another access opens one. Raises NotFound,
    AnalysisError (no-cell) for a place beside the pass, and PreconditionError without a swath or a track.
    """
    field_pass = find_pass(scope, pass_id)
    repositories = scope.repositories
    person = person if scope.person is None else scope.person
    if person is not None:
        repositories.people.get(person)
    cell = explain_cell(scope, map_cells(scope, field_pass, PlanRequest(), cell_m=None), latitude_deg, longitude_deg)
    body = {
        "person": person,
        "latitude_deg": round(latitude_deg, 8),
        "longitude_deg": round(longitude_deg, 8),
        "text": text,
        "evidence": evidence_of_cell(cell),
    }
    return _dispute_of(repositories.ledger.append(DISPUTE, field_pass.field.id, field_pass.id, body), None)


def list_disputes(scope: OrgScope) -> list[Dispute]:
    """Return the disputes in the order in which they were opened, each with its newest outcome."""
    outcomes: dict[int, LedgerEntry] = {}
    for entry in _entries(scope, OUTCOME):
        outcomes[msgspec.json.decode(entry.body)["dispute"]] = entry
    return [_dispute_of(entry, outcomes.get(entry.seq)) for entry in _entries(scope, DISPUTE)]


def close_dispute(
    scope: OrgScope, seq: int, outcome: Outcome, text: str, correction: str | None, correction_fen: int | None = None
) -> Dispute:
    """Append the outcome of a dispute; `correction` is the account entry that corrects the statement.

    With `correction_fen` that entry is added to the account of the person who opened the dispute, in their favour where
    positive, and carries the money into the next run. A dispute that is upheld, also in part, ends in one of the two or
    in the reason for none, which is `text`. A later outcome replaces an earlier one, which stays in the ledger. Raises
    NotFound, and AnalysisError for an outcome without money and reason, or a correction of nobody's account.
    """
    if outcome != "rejected" and correction is None and correction_fen is None and not text.strip():
        sentence = (
            "An upheld dispute ends in a correction, or in the reason why nothing is corrected: give one of the two."
        )
        raise AnalysisError("no-correction", "Correction or reason missing", sentence)
    if correction is not None and correction_fen is not None:
        sentence = "Name the account entry that corrects, or the amount of a new one, not both."
        raise AnalysisError("two-corrections", "Two corrections", sentence)
    repositories = scope.repositories
    found = next((entry for entry in _entries(scope, DISPUTE) if entry.seq == seq), None)
    if found is None:
        raise NotFound("dispute", str(seq))
    opened = _dispute_of(found, None)
    if correction is not None and repositories.accounts.records.get(correction).person != opened.person:
        sentence = "The correction is of another person's account: name an entry of the person who opened the dispute."
        raise AnalysisError("other-person", "Correction of another person", sentence)
    if correction_fen is not None:
        correction = _correct(scope, opened, correction_fen, text).id
    body = {"dispute": seq, "person": opened.person, "outcome": outcome, "text": text, "correction": correction}
    return _dispute_of(found, repositories.ledger.append(OUTCOME, found.field, found.pass_id, body))


def _correct(scope: OrgScope, dispute: Dispute, amount_fen: int, text: str) -> AccountEntry:
    """Add the money of a dispute to the account of the person who opened it: a later run has it."""
    if dispute.person is None:
        sentence = "The dispute names no person, so no account can be corrected: open it for the person."
        raise AnalysisError("no-person", "Dispute of nobody", sentence)
    note = f"#{dispute.seq} {text}".strip()
    return scope.repositories.accounts.add(
        AccountEntry(
            person=dispute.person,
            kind=AccountKind.PAYMENT,
            time_ms=scope.now_ms,
            amount_fen=amount_fen,
            field=dispute.field,
            pass_id=dispute.pass_id,
            note=note[:2000],
        )
    )


def evidence_of_cell(evidence: CellEvidence) -> dict[str, Any]:
    """Return what the ledger keeps of a cell's evidence."""
    square, applied = evidence.cell, evidence.applied
    return {
        "cell_m": square.cell_m,
        "south_deg": round(square.south_deg, 8),
        "west_deg": round(square.west_deg, 8),
        "place": square.place,
        "unit": evidence.unit,
        "planned_ha": None if evidence.planned is None else _rounded(evidence.planned.rate_ha),
        "applied_ha": _rounded(applied.rate_ha),
        "amount": _rounded(applied.amount),
        "evidence": applied.evidence,
        "kind": evidence.kind,
        "cause": evidence.cause,
        "visits": [
            {"start_ms": visit.start_ms, "end_ms": visit.end_ms, "share": _rounded(visit.share)}
            for visit in evidence.visits
        ],
        "conflicts": evidence.conflicts,
        "ledger": [entry.seq for entry in evidence.ledger if not entry.kind.startswith(DISPUTE)],
        "simulated": evidence.simulated,
    }


def _entries(scope: OrgScope, kind: str) -> list[LedgerEntry]:
    ledger = scope.repositories.ledger
    found: list[LedgerEntry] = []
    after = 0
    while page := ledger.read(kind=kind, after_seq=after, limit=_PAGE):
        found += page
        after = page[-1].seq
    return found


def _dispute_of(entry: LedgerEntry, closed: LedgerEntry | None) -> Dispute:
    body = msgspec.json.decode(entry.body)
    ended = {} if closed is None else msgspec.json.decode(closed.body)
    return Dispute(
        seq=entry.seq,
        time_ms=entry.time_ms,
        who=entry.who,
        field=entry.field,
        pass_id=entry.pass_id,
        person=body["person"],
        latitude_deg=body["latitude_deg"],
        longitude_deg=body["longitude_deg"],
        text=body["text"],
        evidence=body["evidence"],
        outcome=ended.get("outcome"),
        outcome_seq=None if closed is None else closed.seq,
        outcome_text=ended.get("text", ""),
        correction=ended.get("correction"),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
