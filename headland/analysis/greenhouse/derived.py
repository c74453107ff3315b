"""Inputs of the formulas from a house's grid: its air, its light, and its surfaces, measured or estimated."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.climate.air import AIR_CHANNELS
from headland.agronomy.climate.condensation import (
    CondensationMargin,
    Surface,
    weigh_surfaces,
)
from headland.agronomy.climate.leaf_wetness import LEAF, LeafMargin, estimate_leaf, hold_leaf
from headland.agronomy.climate.light import SUN_UMOL_J, UMOL_PER_LUX, Light, ppfd_from_global, ppfd_from_lux
from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.agronomy.climate.sensor_uncertainty import dew_uncertainty_k
from headland.agronomy.climate.sun import is_dark, is_day
from headland.agronomy.climate.surface_estimates import estimate_cover_degc, estimate_lagging_degc
from headland.agronomy.series.answer import COVER_NOT_KNOWN
from headland.agronomy.series.arrays import Mask, Values
from headland.agronomy.series.time_grid import Periods, count_true
from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.greenhouse.house import House
from headland.analysis.greenhouse.house_grid import HouseGrid
from headland.contract.leaf import LEAF_TEMPERATURE, SCREEN
from headland.i18n import CatalogText, term_or_name

OUTSIDE: Final = "outside_temperature_degc"
_COVER: Final = "cover_temperature_degc"
#: The channels of the leaves' wetness, and of the condensation margin.
LEAF_CHANNELS: Final = (*AIR_CHANNELS, LEAF_TEMPERATURE, SCREEN)
SURFACES: Final = (*AIR_CHANNELS, LEAF_TEMPERATURE, _COVER, SCREEN, OUTSIDE)
#: The channels of light, the most direct first.
LIGHT: Final = ("par_umol_m2_s", "illuminance_lx", "global_radiation_w_m2")
#: A sensor that is silent for more than this share of the time is no measured surface.
_MOST_HOLES: Final = 0.5
_NOTES: Final = "answer_notes"


def air_of(grid: HouseGrid) -> tuple[Values, Values]:
    """Return temperature and humidity by step, all NaN where they are not measured."""
    unknown = np.full(grid.periods.steps, np.nan)
    temperature, humidity = (grid.mean(channel) for channel in AIR_CHANNELS)
    return unknown if temperature is None else temperature, unknown if humidity is None else humidity


def by_day_of(house: House, periods: Periods) -> Mask | None:
    """Return at which steps the sun is up; None where the place is not known."""
    place = house.place
    if place.latitude_deg is None or place.longitude_deg is None:
        return None
    return is_day(periods.time_ms, place.latitude_deg, place.longitude_deg)


def in_dark_of(house: House, periods: Periods) -> Mask | None:
    """Return at which steps light can only be a lamp's; None where the place is not known."""
    place = house.place
    if place.latitude_deg is None or place.longitude_deg is None:
        return None
    return is_dark(periods.time_ms, place.latitude_deg, place.longitude_deg)


def margin_of(
    house: House,
    crop_targets: CropTargets,
    grid: HouseGrid,
    by_day: Mask | None,
    days: Periods | None = None,
    *,
    by_default: bool = False,
) -> CondensationMargin:
    """Return the margin of the most critical surface, of measured ones and estimates by offset, balance or lag.

    A cover is measured on the `days` on which a sensor knows it for half of the time, without them on all or none.
    One of unknown material is asked for, and estimated `by_default` only for a balance that says so.
    """
    air, humidity = air_of(grid)
    periods, crop = grid.periods, crop_targets.crop(house.crop)
    surfaces: list[Surface] = [leaf_of(house, crop_targets, grid, by_day)]
    assumed: list[str] = []
    cover, outside = (_where_known(grid.mean(channel), air, days) for channel in (_COVER, OUTSIDE))
    asked: dict[str, str] = {}
    material, is_known = crop_targets.cover(house.cover)
    if outside is not None and (cover is None or not cover[1].all()) and (is_known or by_default):
        estimate = estimate_cover_degc(air, np.where(outside[1], outside[0], np.nan), material.u_w_m2_k)
        surfaces.append(_surface("cover", cover, estimate, _method_of("cover", house, crop_targets)))
        name = _text(_cover_name(house, crop_targets))
        assumed += [OUTSIDE, f"cover_u_w_m2_k = {material.u_w_m2_k:g} ({name}: {material.source})"]
    elif cover is not None:
        surfaces.append(Surface("cover", np.where(cover[1], cover[0], np.nan)))
    elif outside is not None:
        asked["cover"] = COVER_NOT_KNOWN
    if crop.fruit_lag_s is not None:
        estimate = estimate_lagging_degc(periods.time_ms, air, crop.fruit_lag_s)
        surfaces.append(Surface("fruit", estimate, _method_of("fruit", house, crop_targets)))
    dew = dew_point_degc(air, humidity)
    return weigh_surfaces(surfaces, dew, tuple(assumed), dew_uncertainty_k(air, humidity, dew), asked)


def leaf_of(house: House, crop_targets: CropTargets, grid: HouseGrid, by_day: Mask | None) -> Surface:
    """Return the leaves of a house: measured at the steps at which a sensor is current, as in alarm rules."""
    air, _ = air_of(grid)
    estimate = estimate_leaf(air, by_day, grid.mean(SCREEN))
    column = grid.mean(LEAF_TEMPERATURE)
    held = None if column is None else hold_leaf(column)
    measured = None if held is None else (held, np.isfinite(held) | ~np.isfinite(air))
    return _surface(LEAF, measured, estimate, _method_of(LEAF, house, crop_targets))


def leaf_margin_of(house: House, crop_targets: CropTargets, grid: HouseGrid, by_day: Mask | None) -> LeafMargin:
    """Return how far the leaves of a house are above the dew point of its air."""
    leaf = leaf_of(house, crop_targets, grid, by_day)
    return LeafMargin(leaf, leaf.temperature_degc - dew_point_degc(*air_of(grid)))


def surface_notes(margin: CondensationMargin, house: House, crop_targets: CropTargets) -> dict[str, CatalogText]:
    """Return of each surface whether it was measured or how it was estimated, and what must be declared."""
    notes = {surface.name: surface_note(surface, house, crop_targets) for surface in margin.surfaces}
    return notes | {name: CatalogText(_NOTES, f"{name}_asked") for name in margin.asked}


def surface_note(surface: Surface, house: House, crop_targets: CropTargets) -> CatalogText:
    """Return whether a surface of a house was measured, or how it was estimated."""
    return _estimate_note(surface.name, house, crop_targets) if surface.estimated else CatalogText(_NOTES, "measured")


def light_of(
    house: House, grid: HouseGrid, transmission: float | None, lamp: str | None, by_day: Mask | None
) -> tuple[Light | None, CatalogText]:
    """Return the light with a note on its source; None, and what is missing, where it cannot be known."""
    in_dark = in_dark_of(house, grid.periods)
    par, lux, sun = (grid.mean(channel) for channel in LIGHT)
    declared = lamp or house.lamp or None
    has_lamps = declared not in {None, "sun"}
    if par is not None:
        note = CatalogText(_NOTES, "light_par", {"channel": LIGHT[0]})
        return Light(par, LIGHT[0], 1.0, _source(note), by_day, in_dark, has_lamps), note
    if lux is not None and declared in UMOL_PER_LUX:
        factor = UMOL_PER_LUX[declared]
        note = CatalogText(
            _NOTES,
            "light_lux",
            {"channel": LIGHT[1], "factor": f"{factor:g}", "lamp": CatalogText("lamps", declared)},
        )
        return Light(ppfd_from_lux(lux, declared), LIGHT[1], factor, _source(note), by_day, in_dark, has_lamps), note
    if sun is not None and transmission is not None:
        factor = SUN_UMOL_J * transmission
        values = {
            "channel": LIGHT[2], "factor": f"{factor:g}", "umol_j": f"{SUN_UMOL_J:g}",
            "transmission": f"{transmission:g}",
        }  # fmt: skip
        note = CatalogText(_NOTES, "light_sun", values)
        return Light(
            ppfd_from_global(sun, transmission), LIGHT[2], factor, _source(note), by_day, in_dark, has_lamps
        ), note
    if lux is not None:
        return None, CatalogText(_NOTES, "light_lamp_missing", {"lamps": ", ".join(UMOL_PER_LUX)})
    return None, CatalogText(_NOTES, "light_missing" if sun is None else "light_transmission_missing")


def _estimate_note(surface: str, house: House, crop_targets: CropTargets) -> CatalogText:
    """Return how a surface without a sensor is estimated."""
    if surface == "cover":
        material, _ = crop_targets.cover(house.cover)
        u_value, name = f"{material.u_w_m2_k:g}", _cover_name(house, crop_targets)
        return CatalogText(_NOTES, "cover_estimate", {"u_w_m2_k": u_value, "cover": name})
    if surface == "fruit":
        return CatalogText(_NOTES, "fruit_estimate", {"lag_s": f"{crop_targets.crop(house.crop).fruit_lag_s:g}"})
    return CatalogText(_NOTES, "leaf_estimate")


def _cover_name(house: House, crop_targets: CropTargets) -> str | CatalogText:
    _, is_known = crop_targets.cover(house.cover)
    if is_known:
        return term_or_name("covers", house.cover)
    return (
        CatalogText(_NOTES, "cover_not_known", {"cover": house.cover})
        if house.cover
        else CatalogText(_NOTES, "cover_not_declared")
    )


def _method_of(surface: str, house: House, crop_targets: CropTargets) -> str:
    """Return the rule of an estimate as the source of a method names it."""
    return _estimate_note(surface, house, crop_targets).text("en").partition(": ")[2]


def _source(note: CatalogText) -> str:
    """Return the part of a note on light that says where its factor is from."""
    return note.text("en").partition(": ")[2]


def _text(name: str | CatalogText) -> str:
    return name if isinstance(name, str) else name.text("en")


def _where_known(column: Values | None, air: Values, days: Periods | None) -> tuple[Values, Mask] | None:
    """Return a column with the steps of the days on which it is known for half of the time of the air; None for none.

    Without `days` all steps are one.
    """
    if column is None:
        return None
    days = Periods(0, np.array([0, len(air)], np.int64)) if days is None else days
    known = np.isfinite(air)
    both, least = count_true(days, np.isfinite(column) & known), _MOST_HOLES * count_true(days, known)
    use = np.repeat(both >= least, days.lengths)
    return (column, use) if (both > 0).any() and (both[both > 0] >= least[both > 0]).any() else None


def _surface(name: str, measured: tuple[Values, Mask] | None, estimate: Values, rule: str) -> Surface:
    """Return a surface as measured, and as estimated where it is not."""
    if measured is None:
        return Surface(name, estimate, rule)
    column, use = measured
    if use.all():
        return Surface(name, column)
    return Surface(name, np.where(use, column, estimate), rule, use)
