"""Plans, nutrients, weather and rests as response models."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from api.schemas import ledger as schema
from api.schemas.base import AnswerMethod, AnswerWindow
from api.schemas.base_mapping import answer_of
from api.schemas.passes_mapping import cover_of
from headland.agronomy.application.deviation import CAUSES, CLASSES
from headland.agronomy.application.zone_deviation import ZoneDeviation
from headland.agronomy.prescription.loss_risk import LEACHING, VOLATILISATION, Risk
from headland.agronomy.prescription.nutrients import MU_PER_HA, NitrogenBalance, NitrogenUse, Nutrients
from headland.agronomy.prescription.weather_window import Verdict
from headland.agronomy.series.answer import Method
from headland.analysis.passes.deviation import Judged
from headland.analysis.passes.nutrients import PassNutrients
from headland.analysis.passes.plan import Plan, summarise_plan
from headland.analysis.window import Window


def deviation_of(judged: Judged) -> schema.DeviationBody:
    """Return a pass against its plan."""
    applied, deviation = judged.applied, judged.deviation
    grid, plane = applied.drawn.grid, applied.work.plane
    regions = []
    for each in deviation.regions:
        east_m = np.array([grid.west_m + (each.column + 0.5) * grid.cell_m])
        north_m = np.array([grid.south_m + (each.row + 0.5) * grid.cell_m])
        latitude, longitude = plane.to_degrees(east_m, north_m)
        regions.append(
            schema.RegionBody(
                kind=each.kind,
                cause=each.cause,
                area_m2=each.area_m2,
                planned=each.planned,
                applied=each.applied,
                difference=each.applied - each.planned,
                latitude_deg=float(latitude[0]),
                longitude_deg=float(longitude[0]),
            )
        )
    return schema.DeviationBody(
        pass_id=applied.one.id,
        unit=applied.unit,
        simulated=applied.one.simulated,
        cell_m=grid.cell_m,
        plan=plan_of(judged.plan),
        inputs=[*applied.amount.inputs, *judged.plan.inputs],
        planned_rate_ha=judged.planned_ha,
        amount=answer_of(applied.amount, applied.one.simulated),
        planned=deviation.planned,
        applied=deviation.applied,
        mean_deviation_pct=deviation.mean_deviation_pct,
        mean_absolute_ha=deviation.mean_absolute_ha,
        rms_ha=deviation.rms_ha,
        on_target_share=deviation.on_target_share,
        class_m2=_areas(deviation.classes, CLASSES, grid.cell_m),
        cause_m2=_areas(deviation.causes, CAUSES, grid.cell_m),
        zones=[zone_of(each) for each in judged.zones],
        unplanned_m2=judged.unplanned_m2,
        unplanned=judged.unplanned,
        regions=regions,
        happenings=[
            schema.HappeningBody(kind=one.kind, start_ms=one.start_ms, end_ms=one.end_ms, value=one.value)
            for one in judged.happenings
        ],
        cover=cover_of(applied),
    )


def plan_of(plan: Plan) -> schema.PlanBody:
    """Return a plan."""
    return schema.PlanBody(**summarise_plan(plan))


def zone_of(each: ZoneDeviation) -> schema.ZoneBody:
    """Return a zone of a plan with what became of it."""
    return schema.ZoneBody(
        zone=each.zone,
        planned_rate_ha=each.rate_ha,
        applied_rate_ha=each.applied_ha,
        area_m2=each.area_m2,
        planned=each.planned,
        applied=each.applied,
        difference=each.applied - each.planned,
        kind=each.kind,
        cause=each.cause,
        class_m2=each.class_m2,
        cause_m2=each.cause_m2,
        unknown_m2=each.unknown_m2,
    )


def pass_nutrients_of(told: PassNutrients) -> schema.PassNutrientsBody:
    """Return what one pass brought."""
    return schema.PassNutrientsBody(
        pass_id=told.one.id,
        start_ms=told.one.start_ms,
        product=None if told.product is None else told.product.id,
        product_kg=told.product_kg,
        kg_ha=elements_of(told.per_ha),
        kg_mu=elements_of(told.per_ha, 1.0 / MU_PER_HA),
        reason=told.reason,
        volatilisation=_risk_of(told.volatilisation, VOLATILISATION, told.followed.volatile),
        leaching=_risk_of(told.leaching, LEACHING, told.followed.leaching),
        weather=told.followed.inputs,
        weather_devices=told.followed.devices,
    )


def elements_of(nutrients: Nutrients | None, factor: float = 1.0) -> schema.ElementsBody | None:
    """Return nutrients times a factor."""
    if nutrients is None:
        return None
    scaled = nutrients.scaled(factor)
    return schema.ElementsBody(n=scaled.n, p2o5=scaled.p2o5, k2o=scaled.k2o, p=scaled.p, k=scaled.k)


def balance_of(balance: NitrogenBalance | None, input_kg_ha: float, output_kg_ha: float) -> schema.BalanceBody | None:
    """Return a nitrogen balance."""
    if balance is None:
        return None
    return schema.BalanceBody(
        input_kg_ha=input_kg_ha,
        output_kg_ha=output_kg_ha,
        nue=balance.nue,
        surplus_kg_ha=balance.surplus_kg_ha,
        verdict=balance.verdict,
    )


def efficiency_of(use: NitrogenUse) -> schema.EfficiencyBody:
    """Return the efficiencies of nitrogen."""
    return schema.EfficiencyBody(pfp=use.pfp, ae=use.ae, re=use.re, pe=use.pe, pnb=use.pnb)


def hour_of(one: Verdict) -> schema.HourBody:
    """Return an hour of weather with its verdict."""
    return schema.HourBody(
        start_ms=one.hour.start_ms,
        state=one.state,
        reasons=list(one.reasons),
        missing=list(one.missing),
        air_temperature_degc=one.hour.temperature_degc,
        relative_humidity_pct=one.hour.humidity_pct,
        wind_speed_m_s=one.hour.wind_m_s,
        rain_share=one.hour.rain_share,
        rain_mm=one.hour.rain_mm,
        delta_t_k=one.delta_t_k,
    )


def _areas(codes: NDArray[np.uint8], names: tuple[str, ...], cell_m: float) -> dict[str, float]:
    counts = np.bincount(codes.ravel(), minlength=len(names))
    return {name: float(counts[code]) * cell_m * cell_m for code, name in enumerate(names) if code}


def _risk_of(risk: Risk, method: Method, window: Window) -> schema.RiskBody:
    return schema.RiskBody(
        state=risk.state,
        reasons=list(risk.reasons),
        window=AnswerWindow(start_ms=window.start_ms, end_ms=window.end_ms),
        method=AnswerMethod(id=method.id, version=method.version, source=method.source),
    )
