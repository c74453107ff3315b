"""When nitrogen that was applied may be lost: ammonia to the air, nitrate to the ground water. Risks, not amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.agronomy.answer import INSUFFICIENT_DATA
from headland.agronomy.nutrients import Grade

LOW: Final = "low"
HIGH: Final = "high"

#: Montana State University Extension, EB0208: urea on a moist or drying surface is lost for days, until 12.7 mm of rain
#: or more in one event has washed it in; less makes it worse.
VOLATILE_HOURS: Final = 72
INCORPORATING_MM: Final = 12.7
_WARM_DEGC: Final = 15.0
_ALKALINE_PH: Final = 7.0
_WINDY_M_S: Final = 3.0
#: Drainage that leaches: more than 50 mm within 30 days of 60 kg of nitrate nitrogen on a hectare; what is ammonium
#: does not count for its first two weeks.
LEACHING_DAYS: Final = 30
_LEACHING_MM: Final = 50.0
_LEACHING_KG_HA: Final = 60.0


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The weather and soil after an application, None where it is not known.

    `rain_mm` is the largest single event of `VOLATILE_HOURS`; `drainage_mm` what drained in `LEACHING_DAYS`, or at
    least a bound above it, such as all that rained.
    """

    temperature_degc: float | None = None
    wind_m_s: float | None = None
    is_moist: bool | None = None
    rain_mm: float | None = None
    soil_ph: float | None = None
    drainage_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """`state` is low, high or insufficient_data; `reasons` say what decided it, or what was not measured."""

    state: str
    reasons: tuple[str, ...]


def judge_volatilisation(grade: Grade, after: Aftermath) -> Risk:
    """Return the risk that urea on the surface goes off as ammonia."""
    if grade.n > 0.0 and not (grade.amide_n or grade.nitrate_n or grade.ammonium_n):
        return Risk(INSUFFICIENT_DATA, ("nitrogen_forms_not_told",))
    if grade.amide_n == 0.0:
        return Risk(LOW, ("no_urea",))
    if after.rain_mm is not None and after.rain_mm >= INCORPORATING_MM:
        return Risk(LOW, ("washed_in",))
    if after.is_moist is False:
        return Risk(LOW, ("dry_surface",))
    drivers = {
        "warm": _above(after.temperature_degc, _WARM_DEGC),
        "alkaline": _above(after.soil_ph, _ALKALINE_PH),
        "windy": _above(after.wind_m_s, _WINDY_M_S),
    }
    found = tuple(name for name, holds in drivers.items() if holds)
    if after.is_moist and found and after.rain_mm is not None:
        return Risk(HIGH, found)
    if after.is_moist and all(holds is False for holds in drivers.values()):
        return Risk(LOW, ("cool_calm_acid",))
    lacking = [name for name, holds in drivers.items() if holds is None] if not found else []
    lacking += ["surface_moisture"] if after.is_moist is None else []
    lacking += ["rain_mm"] if after.rain_mm is None else []
    return Risk(INSUFFICIENT_DATA, tuple(f"{name}_not_known" for name in lacking))


def judge_leaching(nitrate_n_kg_ha: float | None, after: Aftermath) -> Risk:
    """Return the risk that nitrate is washed below the roots."""
    if nitrate_n_kg_ha is None:
        return Risk(INSUFFICIENT_DATA, ("nitrogen_forms_not_told",))
    if nitrate_n_kg_ha < _LEACHING_KG_HA:
        return Risk(LOW, ("little_nitrate",))
    if after.drainage_mm is None:
        return Risk(INSUFFICIENT_DATA, ("drainage_not_known",))
    return Risk(HIGH, ("drainage",)) if after.drainage_mm > _LEACHING_MM else Risk(LOW, ("little_drainage",))


def _above(value: float | None, limit: float) -> bool | None:
    return None if value is None else value > limit
