"""What the ledger keeps of a closed pass: numbers rounded to what they can tell, so that equal facts are equal."""

from __future__ import annotations

from headland.analysis.passes.as_applied import Applied
from headland.analysis.passes.deviation import Judged


def applied_entry(applied: Applied) -> dict[str, object]:
    """Return what the ledger keeps of a closed pass."""
    totals, cover = applied.drawn.totals, applied.drawn.cover
    return {
        "unit": applied.unit,
        "amount": applied.amount.value,
        "reason": applied.amount.reason,
        "evidence": applied.amount.evidence,
        "method": f"{applied.amount.method.id} {applied.amount.method.version}",
        "coverage": round(applied.amount.coverage, 6),
        "start_ms": applied.one.start_ms,
        "end_ms": applied.one.end_ms,
        "usable": round(totals.usable, 4),
        "buffer": round(totals.buffer, 4),
        "exclusion": round(totals.exclusion, 4),
        "outside": round(totals.outside, 4),
        "unlocated": round(totals.unlocated, 4),
        "covered_m2": round(cover.covered_m2, 2),
        "overlap_m2": round(cover.overlap_m2, 2),
        "skipped_m2": round(cover.skipped_m2, 2),
        "simulated": applied.one.simulated,
    }


def deviation_entry(judged: Judged) -> dict[str, object]:
    """Return a closed pass against its plan, zone by zone."""
    plan, deviation = judged.plan, judged.deviation
    return {
        "source": plan.source,
        "prescription": None if plan.prescription is None else plan.prescription.id,
        "rate_ha": plan.rate_ha,
        "unit": judged.applied.unit,
        "planned": round(deviation.planned, 4),
        "applied": round(deviation.applied, 4),
        "on_target_share": round(deviation.on_target_share, 4),
        "unplanned": round(judged.unplanned, 4),
        "zones": [
            {
                "zone": each.zone,
                "rate_ha": round(each.rate_ha, 4),
                "area_m2": round(each.area_m2, 2),
                "planned": round(each.planned, 4),
                "applied": round(each.applied, 4),
                "kind": each.kind,
                "cause": each.cause,
            }
            for each in judged.zones
        ],
        "simulated": judged.applied.one.simulated,
    }
