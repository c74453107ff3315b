"""Loss risks of applied nitrogen: ammonia to the air, nitrate to the ground water. Risks, not amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.agronomy.prescription.nutrients import Grade
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Method

LOW: Final = "low"
MODERATE: Final = "moderate"
HIGH: Final = "high"

#: Urea that is not washed in within three days continues to be lost.
VOLATILE_HOURS: Final = 72
INCORPORATING_MM: Final = 12.7
_WARM_DEGC: Final = 15.0
_ALKALINE_PH: Final = 7.0
_WINDY_M_S: Final = 3.0
VOLATILISATION: Final = Method(
    "urea_volatilisation",
    2,
    "Montana State University, 21 trials 2008-2015 (landresources.montana.edu/ureavolatilization, lessons learned;"
    " Extension EB0208): the largest losses are from urea on a damp surface, in the cold too; 0.5 in (12.7 mm) of rain"
    " in a single event stop them, light rain does not. That warmth, wind and a high pH add to it is theirs; the limits"
    " 15 degC, 3 m/s and pH 7, and three days, are Headland's own",
)
#: Drainage that leaches: more than 50 mm within 30 days of 60 kg/ha of nitrate nitrogen; ammonium and urea do not count
#: for their first two weeks.
LEACHING_DAYS: Final = 30
NITRIFYING_DAYS: Final = 14
LEACHING_MM: Final = 50.0
_LEACHING_KG_HA: Final = 60.0
#: FAO-56, eq 72: the crop coefficient is at most 1.05 to 1.30.
MOST_CROP_COEFFICIENT: Final = 1.3
LEACHING: Final = Method(
    "nitrate_leaching",
    2,
    "Drainage by the water balance P - ETc - (FC - theta) z (FAO-56, eq 88), bounded by what is measured: at most all"
    " rain less what the soil could still hold, at least that less 1.3 times the reference evapotranspiration (FAO-56,"
    " eq 72). The limits, more than 50 mm within 30 days of 60 kg N/ha as nitrate and two weeks for ammonium and urea"
    " to become it, are a screening rule without a published source. Irrigation is not in it",
)


@dataclass(frozen=True, slots=True)
class WeatherAfter:
    """The weather and soil after an application; None where unknown.

    rain_mm
        The largest single event of `VOLATILE_HOURS`.
    is_over, is_month_over
        Whether `VOLATILE_HOURS`, and `LEACHING_DAYS`, have passed: until then it may still rain.
    least_drainage_mm, most_drainage_mm
        Lower and upper limit of the drainage in `LEACHING_DAYS`.
    most_late_drainage_mm
        Upper limit of the drainage after `NITRIFYING_DAYS`.
    """

    temperature_degc: float | None = None
    wind_m_s: float | None = None
    is_moist: bool | None = None
    rain_mm: float | None = None
    soil_ph: float | None = None
    is_over: bool = True
    is_month_over: bool = True
    least_drainage_mm: float | None = None
    most_drainage_mm: float | None = None
    most_late_drainage_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk: `state` is low, moderate, high or insufficient_data; `reasons` name what decided it or is unknown."""

    state: str
    reasons: tuple[str, ...]


def volatilisation_risk(grade: Grade, after: WeatherAfter) -> Risk:
    """Return the risk that urea on the surface is lost as ammonia; by `VOLATILISATION`."""
    if grade.n > 0.0 and not (grade.amide_n or grade.nitrate_n or grade.ammonium_n):
        return Risk(INSUFFICIENT_DATA, ("nitrogen_forms_not_told",))
    if grade.amide_n == 0.0:
        return Risk(LOW, ("no_urea",))
    if after.rain_mm is not None and after.rain_mm >= INCORPORATING_MM:
        return Risk(LOW, ("washed_in",))
    lacking = [name for name in ("is_moist", "rain_mm") if getattr(after, name) is None]
    if lacking:
        return Risk(INSUFFICIENT_DATA, tuple(f"{name.removeprefix('is_')}_not_known" for name in lacking))
    if not after.is_moist:
        return Risk(LOW, ("dry_surface",)) if after.is_over else Risk(INSUFFICIENT_DATA, ("not_over_yet",))
    drivers = {
        "warm": _above(after.temperature_degc, _WARM_DEGC),
        "alkaline": _above(after.soil_ph, _ALKALINE_PH),
        "windy": _above(after.wind_m_s, _WINDY_M_S),
    }
    present = tuple(name for name, holds in drivers.items() if holds)
    if present:
        return Risk(HIGH, ("moist_surface", *present, *(() if after.is_over else ("not_over_yet",))))
    if not after.is_over:
        return Risk(INSUFFICIENT_DATA, ("not_over_yet",))
    # A damp surface alone causes losses; an unknown driver could only raise the risk.
    unknown = tuple(f"{name}_not_known" for name, holds in drivers.items() if holds is None)
    return Risk(MODERATE, ("moist_surface", *unknown))


def leaching_risk(grade: Grade, product_kg_ha: float | None, after: WeatherAfter) -> Risk:
    """Return the risk that nitrate is washed below the roots; by `LEACHING`."""
    has_forms = grade.nitrate_n or grade.ammonium_n or grade.amide_n or grade.n == 0.0
    if product_kg_ha is None or not has_forms:
        return Risk(INSUFFICIENT_DATA, ("amount_not_known" if has_forms else "nitrogen_forms_not_told",))
    if product_kg_ha * grade.n < _LEACHING_KG_HA:
        return Risk(LOW, ("little_nitrogen",))
    has_nitrate = product_kg_ha * grade.nitrate_n >= _LEACHING_KG_HA
    most_mm = after.most_drainage_mm if has_nitrate else after.most_late_drainage_mm
    if has_nitrate and after.least_drainage_mm is not None and after.least_drainage_mm > LEACHING_MM:
        return Risk(HIGH, ("drainage",))
    if not after.is_month_over:
        return Risk(INSUFFICIENT_DATA, ("not_over_yet",))
    if most_mm is not None and most_mm <= LEACHING_MM:
        return Risk(LOW, ("little_drainage",))
    return Risk(INSUFFICIENT_DATA, ("rain_mm_not_known" if most_mm is None else "soil_water_not_known",))


def _above(value: float | None, limit: float) -> bool | None:
    return None if value is None else value > limit
