"""Air exchange of a greenhouse: transpiration, air exchange by two balances and carbon dioxide used, by the hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headland.agronomy.climate.air import AIR_CHANNELS, Air
from headland.agronomy.climate.exchange import DeclaredHouse, HouseClimate, day_sums, exchange_indices
from headland.agronomy.climate.light import SUN_UMOL_J
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.time_grid import Periods
from headland.analysis.greenhouse.climate import ClimateQuery, HouseAnswers, build_answers, divide_window
from headland.analysis.greenhouse.derived import LIGHT, SURFACES, air_of, by_day_of, margin_of, surface_note
from headland.analysis.greenhouse.house import House
from headland.analysis.greenhouse.house_grid import HouseGrid
from headland.analysis.greenhouse.run_in import run_in
from headland.analysis.greenhouse.samples import read_with_run_in
from headland.analysis.inputs.window import Window
from headland.contract.leaf import LEAF_TEMPERATURE
from headland.i18n import CatalogText

_CO2, _SUN, _OUTSIDE_RH = "co2_ppm", "global_radiation_w_m2", "outside_humidity_pct"


def height_of(house: House, declared_m: float | None) -> float | None:
    """Return a house's mean height: as declared, else its volume over its floor area; None where neither is known."""
    if declared_m is not None or house.volume_m3 is None or house.floor_area_m2 is None:
        return declared_m
    return house.volume_m3 / house.floor_area_m2


def answer_exchange(query: ClimateQuery, declared: DeclaredHouse, transmission: float | None) -> HouseAnswers:
    """Return the balances of each local hour, or their sums over local days."""
    days, _ = divide_window(replace(query, by="day"))
    whole = query.window if query.by == "hour" else Window(days.start_ms, query.window.end_ms)
    hours, _ = divide_window(replace(query, by="hour", window=whole))
    run = run_in(query.house.place, hours)
    whole_grid = read_with_run_in(query.scope, query.house, (*SURFACES, *LIGHT[:1], _SUN, _CO2, _OUTSIDE_RH), run)
    inside, notes = _inside_of(query, whole_grid, transmission, run.days)
    indices, grid = run.part(exchange_indices(run.periods, inside, declared)), run.cut(whole_grid)
    if declared.height_m is None:
        notes["height"] = "Give height_m=, or register the greenhouse's volume_m3 and floor_area_m2, for the balances."
    if query.by == "hour":
        return replace(build_answers(query, grid, indices, None), notes=notes)
    # Days as sums of hours: both begin with the first day, and the present day has the hours that have passed.
    in_hours = Periods(hours.start_ms, np.searchsorted(hours.edges, days.edges))
    by_day = HouseGrid(days, grid.devices, grid.left_out)
    return replace(build_answers(query, by_day, day_sums(in_hours, hours, indices), None), notes=notes)


def _inside_of(
    query: ClimateQuery, grid: HouseGrid, transmission: float | None, days: Periods
) -> tuple[HouseClimate, dict[str, str | CatalogText]]:
    notes: dict[str, str | CatalogText] = {}
    by_day = by_day_of(query.house, grid.periods)
    air = Air(*air_of(grid))
    margin = margin_of(query.house, query.crop_targets, grid, by_day, days, by_default=True)
    radiation, channel, note = _radiation_of(grid, transmission)
    notes["radiation"] = note
    surface, canopy = next(each for each in margin.surfaces if each.name == "leaf"), LEAF_TEMPERATURE
    if surface.estimated is not None:
        canopy = ""
        notes["canopy"] = surface_note(surface, query.house, query.crop_targets)
    channels = tuple(name for name in (canopy, *AIR_CHANNELS, channel, _CO2) if name)
    inside = HouseClimate(
        air,
        radiation,
        surface.temperature_degc,
        grid.mean(_CO2),
        grid.mean("outside_temperature_degc"),
        grid.mean(_OUTSIDE_RH),
        next((surface.temperature_degc for surface in margin.surfaces if surface.name == "cover"), None),
        channels,
        margin.assumed,
    )
    for name, column in (("co2", inside.co2_ppm), ("outside", inside.outside_humidity_pct)):
        if column is None:
            notes[name] = f"{_CO2 if name == 'co2' else _OUTSIDE_RH} is not measured: the balance needs it."
    return inside, notes


def _radiation_of(grid: HouseGrid, transmission: float | None) -> tuple[Values | None, str, str]:
    """Return the radiation on the canopy, its channel, and a note on how it was computed."""
    par, sun = grid.mean(LIGHT[0]), grid.mean(_SUN)
    if par is not None:
        return np.maximum(par, 0.0) / SUN_UMOL_J, LIGHT[0], f"{LIGHT[0]} over {SUN_UMOL_J:g} umol/J, as of sunlight"
    if sun is not None and transmission is not None:
        return np.maximum(sun, 0.0) * transmission, _SUN, f"{_SUN} behind a cover that passes {transmission:g}"
    if sun is not None:
        return (
            None,
            "",
            "Only the radiation outside is measured: give transmission=, the share that the cover passes, 0 to 1.",
        )
    return None, "", "No light is measured."
