"""`headland sim fit`: the parameters of a real house, from its own measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from station.cli.option import Option


def sim_fit(
    climate: Annotated[Path, Option(help="Table (CSV) of temperature and humidity inside, and of what else it has.")],
    weather: Annotated[Path, Option(help="Table (CSV) of the weather outside.")],
    climate_map: Annotated[str, Option(help="Column map of the climate table: a file, or the name of a built-in map.")],
    weather_map: Annotated[str, Option(help="Column map of the weather table.")],
    controls: Annotated[
        Path | None, Option(help="Table (CSV) of vents, screens, pipes and lamps, where they are in one of their own.")
    ] = None,
    controls_map: Annotated[str | None, Option(help="Column map of the controls table.")] = None,
    start_day: Annotated[int, Option(help="Whole days to leave out at the start.", min=0)] = 0,
    days: Annotated[int, Option(help="Days to fit.", min=4, max=60)] = 14,
    later_days: Annotated[int, Option(help="Days after them to judge the fit on.", min=4, max=60)] = 14,
    height_m: Annotated[float | None, Option(help="Mean height of the house.", show_default="4.5")] = None,
    cover_ratio: Annotated[
        float | None, Option(help="Area of cover and outer walls per floor area.", show_default="1.3")
    ] = None,
    out: Annotated[Path, Option(help="House file to write, for headland sim greenhouse --house.")] = Path("house.toml"),
    model: Annotated[
        Path | None,
        Option(
            help="Climate model to write, for What if? on the greenhouse's page.", show_default="beside --out, as .json"
        ),
    ] = None,
) -> None:
    """Fit the house model to a real house, and report how well it tells the days after.

    The model is driven by the measured weather and positions and never sees the days that it is judged on. It controls
    nothing. A parameter that the data do not show stays at its prior, and the report says so.
    """
    from firmware_sim.greenhouse.house_file import SIZES
    from headland.errors import SettingsError
    from station.simulation.house_fit import FitTables, HouseFit, fit_house

    if (controls is None) != (controls_map is None):
        raise SettingsError("--controls and --controls-map belong together: give both or none.")
    for name, value in (("height_m", height_m), ("cover_ratio", cover_ratio)):
        low, high = SIZES[name]
        if value is not None and not low <= value <= high:
            raise SettingsError(f"--{name.replace('_', '-')} is {value:g}: give {low:g} to {high:g}.")
    tables = [(climate, climate_map), (weather, weather_map)]
    if controls is not None and controls_map is not None:
        tables.append((controls, controls_map))
    asked = HouseFit(start_day, days, later_days, height_m, cover_ratio)
    outcome = fit_house(FitTables(tables), asked, out, model)
    sys.stdout.write(f"{outcome.report}\n")
