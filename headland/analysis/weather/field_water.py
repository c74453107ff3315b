"""Water of a field's root zone: FAO-56's balance by the site's weather, gauges and meters, corrected by its probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Final, Literal

import numpy as np

from headland.agronomy.climate.air import Thresholds
from headland.agronomy.root_zone.advice import EstimatedWater, WaterAdvice, advise
from headland.agronomy.root_zone.balance import SoilAndCrop, WaterColumns, WaterState
from headland.agronomy.root_zone.crop_course import CropStages, follow_crop
from headland.agronomy.root_zone.ensemble import SeasonCase
from headland.agronomy.root_zone.evaporation import total_evaporable_mm
from headland.agronomy.root_zone.probe_checks import ProbeFinding, check_probes
from headland.agronomy.root_zone.probe_smoother import SmoothedWater, WithInterval, smooth_season
from headland.agronomy.root_zone.sensors import SoilSensor, StatedErrors, irrigation_error
from headland.agronomy.root_zone.tables import find_crop
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Method
from headland.agronomy.series.arrays import Values
from headland.analysis.greenhouse.house import House, find_site
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.field_irrigation import (
    DeclaredSoil,
    DeclaredWater,
    Given,
    GivenWater,
    WaterQuestion,
    declared_water,
    read_irrigation,
)
from headland.analysis.weather.field_probes import read_probes
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin
from headland.analysis.weather.site_weather import answer_weather
from headland.formats.tables.by_hand import midnight_ms
from headland.registry.models.irrigation import IrrigationZone
from headland.registry.models.models import Field, Season
from headland.units_of_time import DAY_MS, HOUR_MS

METHOD: Final = Method(
    "field_water", 2,
    "FAO-56 dual crop coefficient and root-zone balance (eq 69 to 88, tables 11, 17, 19, 22), with soil probes by an "
    "ensemble smoother (van Leeuwen and Evensen 1996) that learns its errors (Dee 1995); 90 % intervals",
)  # fmt: skip
#: The share of days whose evapotranspiration and rain must be known.
LEAST_KNOWN: Final = 0.9
#: What the first day's depletion is assumed to be where nobody says it, as a share of the water held.
_START, _START_ERROR = 0.5, 0.3
#: Evapotranspiration of the next days is that of so many last ones.
_LAST_DAYS: Final = 7
_ET0, _ET0_BY_TEMPERATURE, _RAIN = "et0_fao56_mm", "et0_hargreaves_mm", "rain_mm"
#: The soil below the deepest roots is not part of it, and no crop is followed for longer [days].
_LONGEST_DAYS: Final = 366
#: Climate of the tables, for which the coefficients hold: [m/s] and [%].
_TABLE_WIND_M_S, _TABLE_HUMIDITY_PCT = 2.0, 45.0


@dataclass(frozen=True, slots=True)
class FieldProbe:
    """A sensor that was used, with its readings at field capacity and wilting point as they were fitted."""

    device: Annotated[str, "The device."]
    depth_m: Annotated[float, "Its depth [m]."]
    days: Annotated[int, "Days of which a reading was used."]
    field_capacity: Annotated[EstimatedWater, "What it reads at field capacity [%]."]
    wilting_point: Annotated[EstimatedWater, "What it reads at the wilting point [%]."]


@dataclass(frozen=True, slots=True)
class LyingProbe:
    """A sensor's readings that contradict themselves, the water or the other probes."""

    device: Annotated[str, "The device."]
    depth_m: Annotated[float, "Its depth [m]."]
    test: Annotated[str, "range, spike, stuck, out_of_soil, rise_without_water, no_rise or drift."]
    first: Annotated[str, "First day, ISO 8601."]
    last: Annotated[str, "Last day, ISO 8601."]
    left_out: Annotated[bool, "Whether the readings were left out; else which of two sensors drifts is not known."]


@dataclass(frozen=True, slots=True)
class WaterDay:
    """A day of the balance; depths in millimetres."""

    day: Annotated[str, "Local day, ISO 8601."]
    depletion_mm: Annotated[float, "Water that the root zone lacks to field capacity at the day's end."]
    low_mm: Annotated[float, "Lower end of its 90 % interval."]
    high_mm: Annotated[float, "Upper end of its 90 % interval."]
    readily_mm: Annotated[float, "Depletion from which the crop is stressed."]
    available_mm: Annotated[float, "Water between field capacity and wilting point in the root zone."]
    rain_mm: Annotated[float, "Rain that fell."]
    irrigation_mm: Annotated[float, "Irrigation over the field that the soil kept."]
    et_mm: Annotated[float, "Evapotranspiration of the crop and the soil."]


@dataclass(frozen=True, slots=True)
class FieldWater:
    """The water of a field now; without a `reason` it has days and advice."""

    field: Annotated[str, "The field."]
    season: Annotated[str | None, "The season; null without one."]
    crop: Annotated[str | None, "Its crop."]
    zone: Annotated[str | None, "The irrigation zone; null for a field without one."]
    soil: Annotated[Literal["request", "zone"] | None, "Who said what the soil is; null where nobody did."]
    reason: Annotated[
        str | None,
        "no_season, crop_not_known, sowing_not_known, not_sown, season_over, soil_not_known, no_site or "
        "insufficient_data; null with an answer.",
    ]
    depletion_mm: Annotated[
        EstimatedWater | None, "Water that the root zone lacks to field capacity now, with today's rain."
    ]
    stress: Annotated[EstimatedWater | None, "Ks of the last day: 1 without stress, 0 at the wilting point."]
    advice: Annotated[WaterAdvice | None, "When to irrigate and how much."]
    probes: Annotated[tuple[FieldProbe, ...], "The sensors that were used."]
    left_out: Annotated[tuple[LyingProbe, ...], "Readings that lie, and those that are doubted."]
    irrigations: Annotated[tuple[GivenWater, ...], "Water that was given, by day, with its source."]
    assumed: Annotated[
        tuple[str, ...],
        "What nobody said or measured: start, irrigation, losses (of irrigation), days (without weather), kc_climate; "
        "probe_depth names sensors whose depth is not in their channel.",
    ]
    days: Annotated[tuple[WaterDay, ...], "The balance by local day since sowing."]
    method: Annotated[Method, "Method."]
    simulated: Annotated[bool, "Whether any of it is simulated."]
    rain_source: Annotated[
        ForecastOrigin | None, "Whose forecast `if_it_rains` rests on; null where the request says the rain."
    ] = None


@dataclass(frozen=True, slots=True)
class _Weather:
    """Weather of the local days since sowing: the last of them is today's and not over."""

    starts_ms: tuple[int, ...]
    dates: tuple[date, ...]
    et0_mm: Values
    rain_mm: Values
    simulated: bool


def answer_field_water(
    scope: OrgScope, field: Field, season: Season | None, zone: IrrigationZone | None, question: WaterQuestion
) -> FieldWater:
    """Return the water of a field, or of one of its irrigation zones, in a season, or why there is none."""
    declared = declared_water(field, zone, question)
    soil = declared.soil
    empty = FieldWater(
        field.id, None if season is None else season.id, None if season is None else season.crop,
        None if zone is None else zone.id, None if soil is None else soil.declared_by, None,
        None, None, None, (), (), (), (), (), METHOD, simulated=False,
    )  # fmt: skip
    crop = None if season is None else find_crop(season.crop)
    if season is None:
        return replace(empty, reason="no_season")
    if crop is None:
        return replace(empty, reason="crop_not_known")
    if season.sowing_date is None:
        return replace(empty, reason="sowing_not_known")
    if soil is None:
        return replace(empty, reason="soil_not_known")
    if field.site is None:
        return replace(empty, reason="no_site")
    weather = _read_weather(scope, field.site, season.sowing_date)
    if weather is None:
        return replace(empty, reason="not_sown")
    is_harvested = season.harvest_date is not None and season.harvest_date < weather.dates[-1]
    if is_harvested or len(weather.dates) - 1 > crop.days:
        return replace(empty, reason="season_over")
    known = np.isfinite(weather.et0_mm[:-1]) & np.isfinite(weather.rain_mm[:-1])
    if len(known) == 0 or known.mean() < LEAST_KNOWN:
        return replace(empty, reason=INSUFFICIENT_DATA, simulated=weather.simulated)
    return _settle(scope, field, zone, crop, soil, declared, weather, question, empty)


def _read_weather(scope: OrgScope, site: str, sowing: date) -> _Weather | None:
    """Return the weather of the days since sowing, of a year at most; None where sowing is ahead."""
    name, place, records = find_site(scope, site)
    sown_ms = midnight_ms(sowing, place.time_zone)
    if sown_ms >= scope.now_ms:
        return None
    end_ms = min(scope.now_ms, sown_ms + _LONGEST_DAYS * DAY_MS)
    family = ("field-water-weather", scope.organisation, name)

    def read() -> _Weather:
        house = House(name, records, place, {})
        answer = answer_weather(scope, house, Window(sown_ms, end_ms), Thresholds(0.0, None), 2.0)
        starts = tuple(start_ms for (start_ms, _), _ in answer.days)
        columns: dict[str, Values] = {
            wanted: np.array([
                np.nan if (found := of_day.get(wanted)) is None or found.value is None else found.value
                for _, of_day in answer.days
            ])
            for wanted in (_ET0, _ET0_BY_TEMPERATURE, _RAIN)
        }  # fmt: skip
        et0 = np.where(np.isfinite(columns[_ET0]), columns[_ET0], columns[_ET0_BY_TEMPERATURE])
        dates = tuple(sowing + timedelta(days=at) for at in range(len(starts)))
        simulated = any(record.descriptor.simulated for record in records)
        return _Weather(starts, dates, et0, columns[_RAIN], simulated)

    return scope.cache.get((*family, sowing.isoformat(), scope.now_ms // HOUR_MS), read, family)


def _settle(
    scope: OrgScope, field: Field, zone: IrrigationZone | None, crop: CropStages, soil: DeclaredSoil,
    declared: DeclaredWater, weather: _Weather, question: WaterQuestion, empty: FieldWater,
) -> FieldWater:  # fmt: skip
    count = len(weather.dates) - 1
    ends_ms = np.array(weather.starts_ms[1:], np.int64)
    edges_ms = np.array([*weather.starts_ms, scope.now_ms], np.int64)
    water_given = read_irrigation(scope, field, zone, declared, weather.dates, edges_ms, question.given_mm)
    given = water_given.mm * declared.limits.efficiency
    rain = np.nan_to_num(weather.rain_mm)
    et0 = weather.et0_mm[:-1]
    assumed = ["kc_climate"]
    if not np.isfinite(et0).all() or not np.isfinite(weather.rain_mm[:-1]).all():
        assumed.append("days")
    if not water_given.is_metered and not water_given.sources:
        assumed.append("irrigation")
    if water_given.sources and not declared.knows_losses:
        assumed.append("losses")
    if question.start_depleted is None:
        assumed.append("start")
    et0 = np.where(np.isfinite(et0), et0, np.nanmean(et0))
    case = _case(crop, soil, et0, rain[:-1], given[:-1], declared.wetted, question.start_depleted)
    capacity_pct, error_pct = 100.0 * soil.layers.field_capacity[0], 100.0 * soil.capacity_error
    read = read_probes(scope, field, ends_ms, capacity_pct, error_pct, declared.devices)
    if read.without_depth:
        assumed.append("probe_depth")
    sensors, findings = check_probes(read.sensors, case.water)
    errors = StatedErrors(irrigation=_irrigation_error(water_given, declared))
    if question.start_depleted is None:
        errors = replace(errors, start=_START_ERROR)
    water = smooth_season(case, sensors, errors)
    today_mm = float(rain[-1] + given[-1])
    now = _estimate(water.depletion_mm, -1, -today_mm)
    et_mm = float(np.mean(water.et_mm.value[-_LAST_DAYS:]))
    advice = advise(
        now, float(water.readily_mm[-1]), et_mm, declared.area_m2, declared.limits,
        question.forecast_rain_mm,
    )  # fmt: skip
    return replace(
        empty,
        depletion_mm=now,
        stress=_estimate(water.stress, -1),
        advice=advice,
        probes=_probes(sensors, water),
        left_out=tuple(_lying(finding, weather.dates) for finding in findings),
        irrigations=water_given.sources,
        assumed=tuple(assumed),
        days=tuple(_day(weather.dates[at], water, case.water, at) for at in range(count)),
        simulated=weather.simulated or water_given.simulated or read.simulated,
    )


def _irrigation_error(given: Given, declared: DeclaredWater) -> float:
    """Return the error of the season's irrigation: that of metered and of written water, each for its share."""
    share = given.metered_share
    return share * irrigation_error(is_metered=True, knows_losses=declared.knows_losses) + (
        1.0 - share
    ) * irrigation_error(is_metered=False, knows_losses=declared.knows_losses)


def _case(
    crop: CropStages, soil: DeclaredSoil, et0: Values, rain: Values, given: Values, wetted: float,
    start_depleted: float | None,
) -> SeasonCase:  # fmt: skip
    count, layers = len(et0), soil.layers
    course = follow_crop(crop, np.full(count, _TABLE_WIND_M_S), np.full(count, _TABLE_HUMIDITY_PCT))
    evaporable = total_evaporable_mm(layers.field_capacity[0], layers.wilting_point[0])
    start = _START if start_depleted is None else start_depleted
    first, deepest = layers.available_mm(crop.first_root_m), layers.available_mm(crop.root_m)
    return SeasonCase(
        WaterColumns(et0, rain, given, np.full(count, wetted)),
        course,
        layers.available_mm(course.root_m),
        SoilAndCrop(evaporable, min(soil.readily_mm, 0.8 * evaporable), crop.depletion_share, deepest),
        WaterState(start * evaporable, start * first, start * deepest, 1.0, first),
        crop.root_m,
    )


def _estimate(band: WithInterval, at: int, shift: float = 0.0) -> EstimatedWater:
    return EstimatedWater(*(max(float(each[at]) + shift, 0.0) for each in (band.value, band.low, band.high)))


def _probes(sensors: Sequence[SoilSensor], water: SmoothedWater) -> tuple[FieldProbe, ...]:
    return tuple(
        FieldProbe(
            sensor.probe, sensor.depth_m,
            int(water.used[:, at].sum()),
            _estimate(water.field_capacity, at), _estimate(water.wilting_point, at),
        )
        for at, sensor in enumerate(sensors)
        if np.isfinite(sensor.reading).any()
    )  # fmt: skip


def _lying(finding: ProbeFinding, dates: Sequence[date]) -> LyingProbe:
    first, last = dates[finding.first].isoformat(), dates[finding.last].isoformat()
    return LyingProbe(finding.probe, finding.depth_m, finding.test, first, last, finding.left_out)


def _day(day: date, water: SmoothedWater, given: WaterColumns, at: int) -> WaterDay:
    depleted = _estimate(water.depletion_mm, at)
    return WaterDay(
        day.isoformat(), depleted.value, depleted.low, depleted.high, float(water.readily_mm[at]),
        float(water.available_mm.value[at]), float(given.rain_mm[at]), float(given.irrigation_mm[at]),
        float(water.et_mm.value[at]),
    )  # fmt: skip
