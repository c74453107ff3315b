"""Ledger entries of a pass, rounded to the accuracy of their numbers, so that equal facts give equal entries."""

from __future__ import annotations

from headland.agronomy.prescription.weather_window import Kind
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.deviation import PassDeviation, compare_if_planned
from headland.analysis.passes.options import PassOptions
from headland.analysis.passes.pass_state import refuse_flying
from headland.analysis.weather.spray_window import assess_weather, weather_evidence
from headland.registry.repositories.ledger.entries import LedgerEntry


def close_pass(scope: OrgScope, field_pass: FieldPass, options: PassOptions) -> list[LedgerEntry]:
    """Append what a pass applied, its deviation from a plan if it has one, and the weather; return these entries.

    The options that replace the pass's own are part of the entry.

    Entries that state nothing new are the existing ones. Raises PreconditionError without a swath or a track, and
    before the pass has ended.
    """
    refuse_flying(scope, field_pass)
    ledger = scope.repositories.ledger
    applied = compute_as_applied(
        scope, field_pass, cell_m=options.cell_m, swath_m=options.swath_m, latency_s=options.latency_s
    )
    field_id, pass_id = field_pass.field.id, field_pass.id
    entries = [ledger.append("as_applied", field_id, pass_id, applied_entry(applied, options))]
    deviation = compare_if_planned(scope, applied, options.plan)
    if deviation is not None:
        entries.append(ledger.append("deviation", field_id, pass_id, deviation_entry(deviation)))
    return [*entries, record_weather(scope, field_pass, Window(field_pass.start_ms, field_pass.end_ms + 1))]


def record_weather(scope: OrgScope, field_pass: FieldPass, window: Window) -> LedgerEntry:
    """Append the weather of a pass's window, as the site's devices measured it; return the entry."""
    repositories = scope.repositories
    kind: Kind = "liquid" if field_pass.unit == "L" else "granular"
    evidence = weather_evidence(assess_weather(scope, repositories, field_pass.field, window, kind))
    return repositories.ledger.append("weather", field_pass.field.id, field_pass.id, evidence)


def applied_entry(applied: AppliedPass, options: PassOptions) -> dict[str, object]:
    """Return the ledger entry of what a pass applied."""
    given = {"swath_m": options.swath_m, "latency_s": options.latency_s, "cell_m": options.cell_m}
    totals, areas = applied.map.totals, applied.map.areas
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
        "covered_m2": round(areas.treated_m2, 2),
        "overlap_m2": round(areas.overlap_m2, 2),
        "skipped_m2": round(areas.skipped_m2, 2),
        "simulated": applied.field_pass.simulated,
        **{f"given_{name}": value for name, value in given.items() if value is not None},
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
                "rate_ha": round(zone.planned_rate_ha, 4),
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
