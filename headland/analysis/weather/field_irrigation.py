"""Irrigation of a field or one of its zones: what is declared of it, and the water it was given by local day.

Sources
-------
.. [1] Allen et al. (1998), FAO-56: table 20, shares of the ground that methods of irrigation wet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

import numpy as np

from headland.agronomy.root_zone.advice import PumpLimits
from headland.agronomy.root_zone.balance import SoilLayers
from headland.agronomy.root_zone.tables import SOILS, Texture
from headland.agronomy.series.arrays import Times, Values
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.field_probes import read_meters
from headland.registry.models.irrigation import IrrigationMethod, IrrigationRecord, IrrigationZone
from headland.registry.models.models import Field

_M3_MM: Final = 1000.0
#: Shares of the ground that are wetted; of furrows that of narrow and wide beds alike; [1].
_WETTED: Final = {
    IrrigationMethod.DRIP: 0.35,
    IrrigationMethod.SPRINKLER: 1.0,
    IrrigationMethod.FURROW: 0.6,
    IrrigationMethod.BASIN: 1.0,
}
#: The standard error of a field capacity that was analysed, as a share of volume.
_ANALYSED_ERROR: Final = 0.02


@dataclass(frozen=True, slots=True)
class WaterQuestion:
    """What a request says of a field beside the registry; None is left to the irrigation zone's record.

    Shares are of volume; `given_mm` is irrigation that was recorded elsewhere, by date. Soil is the request's or the
    record's, and never a part of both.
    """

    texture: Texture | None = None
    field_capacity: float | None = None
    wilting_point: float | None = None
    start_depleted: float | None = None
    wetted: float | None = None
    efficiency: float | None = None
    most_mm: float | None = None
    flow_m3_h: float | None = None
    hours_a_day: float | None = None
    given_mm: tuple[tuple[date, float], ...] = ()
    forecast_rain_mm: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class DeclaredSoil:
    """A soil, its REW [mm], the standard error of its field capacity [share of volume], and who declared it."""

    layers: SoilLayers
    readily_mm: float
    capacity_error: float
    declared_by: Literal["request", "zone"]


@dataclass(frozen=True, slots=True)
class DeclaredWater:
    """What holds for a field or its zone, by the request and then by the record: None where nobody said it."""

    soil: DeclaredSoil | None
    wetted: float
    limits: PumpLimits
    knows_losses: bool
    area_m2: float
    devices: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class GivenWater:
    """Water of a local day that a meter counted or a person said."""

    day: Annotated[str, "Local day, ISO 8601."]
    amount_mm: Annotated[float, "Depth over the field or zone, before losses."]
    source: Annotated[Literal["meter", "record", "request"], "meter: counted; record: written down; request: said."]
    name: Annotated[str, "The meters' devices, the record's id; empty for a request."]
    counted: Annotated[bool, "Whether it is in the balance: where a meter counted on that day, a record is not."]


@dataclass(frozen=True, slots=True)
class Given:
    """Irrigation by local day [mm], and where it is from."""

    mm: Values
    sources: tuple[GivenWater, ...]
    is_metered: bool
    simulated: bool

    @property
    def metered_share(self) -> float:
        """The share of the water that a meter counted; 1 without any water."""
        counted = [each for each in self.sources if each.counted]
        total_mm = sum(each.amount_mm for each in counted)
        metered_mm = sum(each.amount_mm for each in counted if each.source == "meter")
        return metered_mm / total_mm if total_mm > 0.0 else 1.0


def zone_of_field(scope: OrgScope, field: Field) -> IrrigationZone | None:
    """Return the irrigation zone that is all of a field; None without one."""
    zones = scope.repositories.irrigation_zones.all(field=field.id)
    return next((zone for zone in zones if zone.area_m2 is None), None)


def declared_water(field: Field, zone: IrrigationZone | None, question: WaterQuestion) -> DeclaredWater:
    """Return what holds: the request's arguments, then the zone's record."""
    area_m2 = field.usable_area_m2 or field.area_m2
    by_method = 1.0 if zone is None or zone.method is None else _WETTED[zone.method]
    known = zone or IrrigationZone(field=field.id, name="-")
    limits = PumpLimits(
        _first(question.efficiency, known.efficiency, 1.0),
        question.most_mm if question.most_mm is not None else known.most_mm,
        question.flow_m3_h if question.flow_m3_h is not None else known.flow_m3_h,
        _first(question.hours_a_day, known.hours_a_day, 24.0),
    )
    return DeclaredWater(
        _soil(question, known),
        _first(question.wetted, known.wetted, by_method),
        limits,
        question.efficiency is not None or known.efficiency is not None,
        known.area_m2 or area_m2,
        frozenset(known.devices) or None,
    )


def _first(asked: float | None, recorded: float | None, otherwise: float) -> float:
    if asked is not None:
        return asked
    return otherwise if recorded is None else recorded


def _soil(question: WaterQuestion, zone: IrrigationZone) -> DeclaredSoil | None:
    if question.texture is not None or question.field_capacity is not None:
        return _soil_of(question.texture, question.field_capacity, question.wilting_point, "request")
    capacity = None if zone.field_capacity_pct is None else zone.field_capacity_pct / 100.0
    wilting = None if zone.wilting_point_pct is None else zone.wilting_point_pct / 100.0
    return _soil_of(None if zone.texture is None else zone.texture.value, capacity, wilting, "zone")


def _soil_of(
    texture: Texture | None, capacity: float | None, wilting: float | None, declared_by: Literal["request", "zone"]
) -> DeclaredSoil | None:
    """Return a soil by measured figures, else by its texture."""
    row = None if texture is None else SOILS[texture]
    if capacity is not None and wilting is not None:
        readily_mm = 8.0 if row is None else row.readily_evaporable_mm
        return DeclaredSoil(SoilLayers((3.0,), (capacity,), (wilting,)), readily_mm, _ANALYSED_ERROR, declared_by)
    if row is None:
        return None
    capacity, wilting = row.middle
    layers = SoilLayers((3.0,), (capacity,), (wilting,))
    return DeclaredSoil(layers, row.readily_evaporable_mm, row.capacity_error, declared_by)


def read_irrigation(
    scope: OrgScope, field: Field, zone: IrrigationZone | None, declared: DeclaredWater, dates: Sequence[date],
    day_edges_ms: Times, said: Sequence[tuple[date, float]],
) -> Given:  # fmt: skip
    """Return the water that a field or its zone was given by local day [mm], before losses.

    Meters of the zone count over its area, those of the field over all of it. On a day on which a meter counted, what
    people wrote down is that water and is not counted again. What a request says is always counted.
    """
    whole_m2 = field.usable_area_m2 or field.area_m2
    metered_m2 = whole_m2 if declared.devices is None else declared.area_m2
    meters = read_meters(scope, field, day_edges_ms, metered_m2, declared.devices)
    total, at = meters.mm.copy(), {day: index for index, day in enumerate(dates)}
    sources = [
        GivenWater(dates[index].isoformat(), float(meters.mm[index]), "meter", ", ".join(meters.devices), counted=True)
        for index in np.flatnonzero(meters.mm > 0.0).tolist()
    ]
    zones = {each.id: each for each in scope.repositories.irrigation_zones.all(field=field.id)}
    for record in scope.repositories.irrigations.all(field=field.id):
        amount = _depth_mm(record, zones, zone, whole_m2)
        if record.day not in at or amount is None:
            continue
        counted = not meters.mm[at[record.day]] > 0.0
        total[at[record.day]] += amount if counted else 0.0
        sources.append(GivenWater(record.day.isoformat(), amount, "record", record.id, counted=counted))
    for day, amount in said:
        if day in at:
            total[at[day]] += amount
            sources.append(GivenWater(day.isoformat(), amount, "request", "", counted=True))
    sources.sort(key=lambda each: (each.day, each.source, each.name))
    return Given(total, tuple(sources), bool(meters.devices), meters.simulated)


def _depth_mm(
    record: IrrigationRecord, zones: dict[str, IrrigationZone], zone: IrrigationZone | None, whole_m2: float
) -> float | None:
    """Return a record's water as depth over the field, or over a zone [mm]; None for that of another zone."""
    of_record = None if record.zone is None else zones.get(record.zone)
    given_m2 = whole_m2 if of_record is None or of_record.area_m2 is None else of_record.area_m2
    depth = record.amount_mm if record.amount_mm is not None else _M3_MM * (record.volume_m3 or 0.0) / given_m2
    if zone is None or zone.area_m2 is None:
        return depth * given_m2 / whole_m2
    return depth if of_record is None or of_record.area_m2 is None or of_record.id == zone.id else None
