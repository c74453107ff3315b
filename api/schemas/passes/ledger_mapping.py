"""Mapping of deviations, plans, nutrients and weather to response models."""

from __future__ import annotations

import numpy as np

from api.schemas.answers import answer_of
from api.schemas.model import fill
from api.schemas.passes import ledger as schema
from api.schemas.passes.passes_mapping import cover_of
from headland.agronomy.application.zone_deviation import ZoneDeviation
from headland.agronomy.prescription.loss_risk import LEACHING, VOLATILISATION, Risk
from headland.agronomy.prescription.nutrients import MU_PER_HA, NitrogenBalance, Nutrients
from headland.agronomy.prescription.weather_window import HourVerdict
from headland.agronomy.series.answer import Method
from headland.analysis.inputs.window import Window
from headland.analysis.passes.deviation import PassDeviation
from headland.analysis.passes.nutrients import PassNutrients
from headland.analysis.passes.plan import Plan, summarise_plan


def deviation_of(deviation: PassDeviation) -> schema.DeviationBody:
    """Return the deviation of a pass from its plan."""
    applied, cells = deviation.applied, deviation.cells
    grid, plane = applied.map.grid, applied.inputs.plane
    regions = []
    for region in cells.regions:
        east_m = np.array([grid.west_m + (region.column + 0.5) * grid.cell_m])
        north_m = np.array([grid.south_m + (region.row + 0.5) * grid.cell_m])
        latitude, longitude = plane.to_degrees(east_m, north_m)
        regions.append(
            fill(
                schema.RegionBody,
                region,
                difference=region.applied - region.planned,
                latitude_deg=float(latitude[0]),
                longitude_deg=float(longitude[0]),
            )
        )
    return fill(
        schema.DeviationBody,
        cells,
        pass_id=applied.field_pass.id,
        unit=applied.unit,
        simulated=applied.field_pass.simulated,
        cell_m=grid.cell_m,
        plan=plan_of(deviation.plan),
        inputs=[*applied.amount.inputs, *deviation.plan.inputs],
        planned_rate_ha=deviation.planned_ha,
        amount=answer_of(applied.amount, applied.field_pass.simulated),
        balance=_balance_of(deviation),
        zones=[zone_of(zone) for zone in deviation.zones],
        unknown_m2=deviation.unknown_m2,
        not_to_treat_m2=deviation.not_to_treat_m2,
        unplanned_m2=deviation.unplanned_m2,
        unplanned=deviation.unplanned,
        regions=regions,
        happenings=deviation.disturbances,
        cover=cover_of(applied, "finished"),
    )


def _balance_of(deviation: PassDeviation) -> schema.BalanceOfAmounts:
    totals = deviation.applied.map.totals
    places = ("released", "outside", "buffer", "exclusion", "unlocated", "usable")
    return schema.BalanceOfAmounts(
        **{name: getattr(totals, name) for name in places},
        unplanned=deviation.unplanned,
        not_to_treat=deviation.not_to_treat,
        compared=deviation.cells.applied,
    )


def plan_of(plan: Plan) -> schema.PlanBody:
    """Return a plan."""
    return schema.PlanBody(**summarise_plan(plan))


def zone_of(zone: ZoneDeviation) -> schema.ZoneBody:
    """Return the deviation of one zone of a plan."""
    return fill(
        schema.ZoneBody,
        zone,
        planned_rate_ha=zone.rate_ha,
        applied_rate_ha=zone.applied_ha,
        difference=zone.applied - zone.planned,
    )


def pass_nutrients_of(nutrients: PassNutrients) -> schema.PassNutrientsBody:
    """Return the nutrients of one pass."""
    return schema.PassNutrientsBody(
        pass_id=nutrients.field_pass.id,
        start_ms=nutrients.field_pass.start_ms,
        product=None if nutrients.product is None else nutrients.product.id,
        product_kg=nutrients.product_kg,
        kg_ha=elements_of(nutrients.per_ha),
        kg_mu=elements_of(nutrients.per_ha, 1.0 / MU_PER_HA),
        reason=nutrients.reason,
        volatilisation=_risk_of(nutrients.volatilisation, VOLATILISATION, nutrients.weather.volatile),
        leaching=_risk_of(nutrients.leaching, LEACHING, nutrients.weather.leaching),
        weather=nutrients.weather.inputs,
        weather_devices=nutrients.weather.devices,
    )


def elements_of(nutrients: Nutrients | None, factor: float = 1.0) -> schema.ElementsBody | None:
    """Return nutrients times a factor."""
    if nutrients is None:
        return None
    scaled = nutrients.scaled(factor)
    return fill(schema.ElementsBody, scaled)


def balance_of(balance: NitrogenBalance | None, input_kg_ha: float, output_kg_ha: float) -> schema.BalanceBody | None:
    """Return a nitrogen balance."""
    if balance is None:
        return None
    return fill(schema.BalanceBody, balance, input_kg_ha=input_kg_ha, output_kg_ha=output_kg_ha)


def hour_of(verdict: HourVerdict) -> schema.HourBody:
    """Return an hour of weather with its verdict."""
    return fill(
        schema.HourBody,
        verdict.hour,
        state=verdict.state,
        reasons=list(verdict.reasons),
        missing=list(verdict.missing),
        air_temperature_degc=verdict.hour.temperature_degc,
        relative_humidity_pct=verdict.hour.humidity_pct,
        wind_speed_m_s=verdict.hour.wind_m_s,
        delta_t_k=verdict.delta_t_k,
    )


def _risk_of(risk: Risk, method: Method, window: Window) -> schema.RiskBody:
    return schema.RiskBody(
        state=risk.state,
        reasons=list(risk.reasons),
        window=window,
        method=method,
    )
