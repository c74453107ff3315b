"""A dispute as a report: the place and what the member says, what the samples say of its cell, and the outcome."""

from __future__ import annotations

from typing import Final

from headland.agronomy.series.answer import Method
from headland.analysis.cooperative.disputes import Dispute
from headland.analysis.inputs.scope import OrgScope
from headland.registry.repositories.local_time import find_local_time
from headland.reports.document import Cell, Figure, Note, Report, ReportInstant, ReportTable, Section

DISPUTED_CELL: Final = Method(
    "disputed_cell", 1, "the cell of the pass's as-applied map at the place, as it was when the dispute was opened"
)


def make_dispute_document(scope: OrgScope, dispute: Dispute) -> Report:
    """Return the report of a dispute."""
    repositories = scope.repositories
    local = find_local_time(repositories)
    zone, is_zone_known = local.zone, local.is_known
    field = repositories.fields.get(dispute.field, also_deleted=True)
    person = None if dispute.person is None else repositories.people.get(dispute.person, also_deleted=True).name
    evidence = dispute.evidence
    applied = evidence["applied_ha"]
    unit = f"{evidence['unit']}/ha"
    said = (
        Figure("member", person, reason=None if person else "not_told", is_name=True),
        Figure("field", field.name, is_name=True),
        Figure("latitude", f"{dispute.latitude_deg:.6f}", is_name=True),
        Figure("longitude", f"{dispute.longitude_deg:.6f}", is_name=True),
        Figure("dispute_text", dispute.text, is_name=True),
        Figure("ledger_entry", dispute.seq),
    )
    cell = (
        Figure("cell_size", evidence["cell_m"], "m"),
        Figure("cell_rate", applied, unit, reason=None if applied is not None else "no_amount"),
        Figure("evidence", evidence["evidence"]),
        _visits(evidence["visits"]),
    )  # fmt: skip
    outcome: tuple[Figure | Note, ...] = (Note("dispute_open"),)
    if dispute.outcome is not None:
        outcome = (
            Figure("dispute_outcome", dispute.outcome),
            Figure("note", dispute.outcome_text, is_name=True),
            Note("correction_entered" if dispute.correction else "no_correction"),
        )
    times = [visit["start_ms"] for visit in evidence["visits"]] or [dispute.time_ms]
    ends = [visit["end_ms"] for visit in evidence["visits"]] or [dispute.time_ms]
    return Report(
        title="dispute_report",
        subject=field.name,
        is_simulated=bool(evidence["simulated"]),
        zone=zone,
        is_zone_known=is_zone_known,
        made_ms=scope.now_ms,
        start_ms=min(times),
        end_ms=max(ends),
        sections=(
            Section("dispute_said", said),
            Section("dispute_cell", cell),
            Section("dispute_result", outcome),
        ),
        sources=(DISPUTED_CELL,),
        addresses=("/v1/disputes",),
    )


def _visits(visits: list[dict[str, object]]) -> ReportTable:
    rows: list[tuple[Cell, ...]] = [
        (
            ReportInstant(int(str(visit["start_ms"]))),
            Figure("visit_s", (int(str(visit["end_ms"])) - int(str(visit["start_ms"]))) / 1000.0, "s"),
        )
        for visit in visits
    ]
    return ReportTable("visits", (("time", ""), ("visit_s", "s")), tuple(rows))
