"""A house's grid in the terms of the formulas: its air, its light and its surfaces, measured or estimated by name."""

from __future__ import annotations

from typing import Final, TypeGuard

import numpy as np

from headland.agronomy.climate.air import AIR_CHANNELS, LEAF_TEMPERATURE
from headland.agronomy.climate.condensation import (
    Margin,
    Surface,
    estimate_cover_degc,
    estimate_lagging_degc,
    estimate_leaf_degc,
    weigh_surfaces,
)
from headland.agronomy.climate.light import SUN_UMOL_J, UMOL_PER_LUX, Light, ppfd_from_global, ppfd_from_lux
from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.agronomy.climate.sun import is_day
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.time_grid import Periods
from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.greenhouse.house import House
from headland.analysis.greenhouse.samples import HouseGrid

SCREEN: Final = "screen_closed_pct"
OUTSIDE: Final = "outside_temperature_degc"
_COVER: Final = "cover_temperature_degc"
#: What the margin of condensation is made of.
SURFACES: Final = (*AIR_CHANNELS, LEAF_TEMPERATURE, _COVER, SCREEN, OUTSIDE)
#: What tells the light, the surest first.
LIGHT: Final = ("par_umol_m2_s", "illuminance_lx", "global_radiation_w_m2")
#: A sensor that is silent for more than this is no measured surface.
_MOST_HOLES: Final = 0.5


def air_of(grid: HouseGrid) -> tuple[Values, Values]:
    """Return temperature and humidity by step, all NaN where nobody measures them."""
    nothing = np.full(grid.periods.steps, np.nan)
    found = [grid.mean(channel) for channel in AIR_CHANNELS]
    return nothing if found[0] is None else found[0], nothing if found[1] is None else found[1]


def by_day_of(house: House, periods: Periods) -> Mask | None:
    """Return at which steps the sun is up; None where nobody knows the place."""
    place = house.place
    if place.latitude_deg is None or place.longitude_deg is None:
        return None
    return is_day(periods.time_ms, place.latitude_deg, place.longitude_deg)


def margin_of(house: House, crop_targets: CropTargets, grid: HouseGrid, by_day: Mask | None) -> Margin:
    """Return the margin of the most critical surface: measured ones, else estimates by offset, cover balance or lag."""
    air, humidity = air_of(grid)
    periods, crop = grid.periods, crop_targets.crop(house.crop)
    surfaces: list[Surface] = []
    assumed: list[str] = []
    leaf, cover, outside = grid.mean(LEAF_TEMPERATURE), grid.mean(_COVER), grid.mean(OUTSIDE)
    if _is_known(leaf, air):
        surfaces.append(Surface("leaf", leaf))
    else:
        night = np.zeros(periods.steps, np.bool_) if by_day is None else by_day
        screen = grid.mean(SCREEN)
        closed = np.zeros(periods.steps, np.bool_) if screen is None else screen > 50.0
        how = "1.5 K below the air by night, 0.5 K under a closed screen"
        surfaces.append(Surface("leaf", estimate_leaf_degc(air, night, screen_closed=closed), how))
    if _is_known(cover, air):
        surfaces.append(Surface("cover", cover))
    elif _is_known(outside, air):
        of, declared = crop_targets.cover(house.cover)
        name = house.cover if declared else f"{house.cover or 'cover'} not known, default"
        how = f"heat that passes a cover of {of.u_w_m2_k:g} W/m2/K ({name})"
        surfaces.append(Surface("cover", estimate_cover_degc(air, outside, of.u_w_m2_k), how))
        assumed += [OUTSIDE, f"cover_u_w_m2_k = {of.u_w_m2_k:g} ({name}: {of.source})"]
    if crop.fruit_lag_s is not None:
        how = f"air behind a lag of {crop.fruit_lag_s:g} s"
        surfaces.append(Surface("fruit", estimate_lagging_degc(periods.time_ms, air, crop.fruit_lag_s), how))
    return weigh_surfaces(surfaces, dew_point_degc(air, humidity), tuple(assumed))


def light_of(
    house: House, grid: HouseGrid, transmission: float | None, lamp: str | None, by_day: Mask | None
) -> tuple[Light | None, str]:
    """Return the light and how it was made; None, and what is missing, where nothing tells it without a guess."""
    par, lux, sun = (grid.mean(channel) for channel in LIGHT)
    if par is not None:
        return Light(par, LIGHT[0], 1.0, "quantum sensor in the house", by_day), ""
    declared = lamp or house.lamp or None
    if lux is not None and declared in UMOL_PER_LUX:
        factor = UMOL_PER_LUX[declared]
        return Light(
            ppfd_from_lux(lux, declared), LIGHT[1], factor, f"lux under {declared}, Apogee Instruments' table", by_day
        ), ""
    if sun is not None and transmission is not None:
        factor = SUN_UMOL_J * transmission
        source = f"{SUN_UMOL_J:g} umol/J of sun (Thimijan and Heins 1983) behind a cover that passes {transmission:g}"
        return Light(ppfd_from_global(sun, transmission), LIGHT[2], factor, source, by_day), ""
    if lux is not None:
        return None, f"Only lux is measured: say lamp= one of {', '.join(UMOL_PER_LUX)}, or declare the house's lamp."
    if sun is not None:
        return None, "Only the sun outside is measured: say transmission= what the cover passes, 0 to 1."
    return None, "No light is measured."


def _is_known(column: Values | None, air: Values) -> TypeGuard[Values]:
    """Return whether a column is known for most of the time that the air is: what nobody heard has neither."""
    if column is None:
        return False
    known = np.isfinite(air)
    return bool(np.isfinite(column[known]).mean() >= _MOST_HOLES) if known.any() else False
