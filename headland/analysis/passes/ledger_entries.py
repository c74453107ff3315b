"""Ledger entries of a closed pass, rounded to the accuracy of their numbers, so that equal facts give equal entries."""

from __future__ import annotations

from headland.analysis.passes.as_applied import AppliedPass
from headland.analysis.passes.deviation import PassDeviation


def applied_entry(applied: AppliedPass) -> dict[str, object]:
    """Return the ledger entry of what a pass applied."""
    totals, cover = applied.map.totals, applied.map.cover
    return {
        "unit": applied.unit,
        "amount": applied.amount.value,
        "reason": applied.amount.reason,
        "evidence": applied.amount.evidence,
        "method": f"{applied.amount.method.id} {applied.amount.method.version}",
        "coverage": round(applied.amount.coverage, 6),
        "start_ms": applied.field_pass.start_ms,
        "end_ms": applied.field_pass.end_ms,
        "usable": round(totals.usable, 4),
        "buffer": round(totals.buffer, 4),
        "exclusion": round(totals.exclusion, 4),
        "outside": round(totals.outside, 4),
        "unlocated": round(totals.unlocated, 4),
        "covered_m2": round(cover.covered_m2, 2),
        "overlap_m2": round(cover.overlap_m2, 2),
        "skipped_m2": round(cover.skipped_m2, 2),
        "simulated": applied.field_pass.simulated,
    }


def deviation_entry(deviation: PassDeviation) -> dict[str, object]:
    """Return the ledger entry of a pass's deviation from its plan, by zone."""
    plan, cells = deviation.plan, deviation.cells
    return {
        "source": plan.source,
        "prescription": None if plan.prescription is None else plan.prescription.id,
        "rate_ha": plan.rate_ha,
        "unit": deviation.applied.unit,
        "planned": round(cells.planned, 4),
        "applied": round(cells.applied, 4),
        "on_target_share": round(cells.on_target_share, 4),
        "unplanned": round(deviation.unplanned, 4),
        "zones": [
            {
                "zone": zone.zone,
                "rate_ha": round(zone.rate_ha, 4),
                "area_m2": round(zone.area_m2, 2),
                "planned": round(zone.planned, 4),
                "applied": round(zone.applied, 4),
                "kind": zone.kind,
                "cause": zone.cause,
            }
            for zone in deviation.zones
        ],
        "simulated": deviation.applied.field_pass.simulated,
    }
