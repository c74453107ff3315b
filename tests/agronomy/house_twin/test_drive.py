from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.house_model.canopy import LATENT_J_KG
from headland.agronomy.house_model.climate_model import COVER_J_M2K, FLOOR_J_M2K, PIPE_J_M2K, start_climate
from headland.agronomy.house_model.compartment import structure_of
from headland.agronomy.house_twin.base import glasshouse
from headland.agronomy.house_twin.drive import HUMIDITY, STEP_MS, drive_of, run, sampled, stepped
from headland.errors import SettingsError
from tests.agronomy.house_twin.measured_house import DAY_MS, START_MS, columns


def test_energy_and_water_close_over_days_of_measured_positions() -> None:
    drive = drive_of(sampled(columns(3), START_MS, START_MS + 3 * DAY_MS))
    house = structure_of([glasshouse()])
    climate = first = start_climate(house, drive.outside[0])
    heat, water = 0.0, 0.0
    for moved in zip(drive.actuators, drive.outside, drive.given, strict=True):
        climate, flux = stepped(house, climate, *moved)
        gained = flux.boiler_to_pipe + flux.lamps_to_air + flux.sun_to_air + flux.sun_to_canopy + flux.sun_to_floor
        lost = flux.air_to_outside + flux.cover_to_outside + flux.cover_to_sky + flux.floor_to_soil + flux.air_to_wall
        # Water that evaporates takes its heat from leaf and soil, and gives it to the cover where it condenses.
        latent = LATENT_J_KG * (flux.transpiration + flux.soil_evaporation - flux.condensation)
        heat += STEP_MS / 1000 * float((gained - lost - latent)[0])
        water += (
            STEP_MS
            / 1000
            * float((flux.transpiration + flux.soil_evaporation - flux.condensation - flux.vapour_to_outside)[0])
        )
    stored = (
        house.air_j_m2k * (climate.air_degc - first.air_degc) + COVER_J_M2K * (climate.cover_degc - first.cover_degc)
        + FLOOR_J_M2K * (climate.floor_degc - first.floor_degc) + PIPE_J_M2K * (climate.pipe_degc - first.pipe_degc)
    )  # fmt: skip
    assert heat == pytest.approx(float(stored[0]), abs=1.0)
    held = house.height_m * (climate.vapour_kg_m3 - first.vapour_kg_m3)
    assert water == pytest.approx(float(held[0]), abs=1e-6)


def test_lamps_are_what_the_light_shows_and_not_what_was_commanded() -> None:
    """A computer's column says 100 % all day and night, and a sensor inside sees the lamps from 4 to 8 only."""
    seen = drive_of(sampled(columns(3), START_MS, START_MS + 3 * DAY_MS))
    lit = np.array([float(each.lamp_umol_m2_s[0]) for each in seen.given if each.lamp_umol_m2_s is not None])
    hour = np.arange(len(lit)) * STEP_MS // 3_600_000 % 24
    assert (lit[(hour >= 4) & (hour < 8)] > 120).all()
    assert (lit[(hour >= 20) | (hour < 4)] == 0).all()


@pytest.mark.parametrize("channel", ["outside_temperature_degc", "global_radiation_w_m2", HUMIDITY])
def test_a_table_without_what_the_model_needs_is_refused_with_the_channel(channel: str) -> None:
    lacking = {name: column for name, column in columns(3).items() if name != channel}
    with pytest.raises(SettingsError, match=f"{channel} is not among the columns"):
        drive_of(sampled(lacking, START_MS, START_MS + 3 * DAY_MS))


def test_a_house_whose_vents_nobody_recorded_is_refused() -> None:
    lacking = {name: column for name, column in columns(3).items() if not name.startswith("vent")}
    with pytest.raises(SettingsError, match="how much air the house lets out"):
        drive_of(sampled(lacking, START_MS, START_MS + 3 * DAY_MS))


def test_a_week_without_values_is_not_bridged() -> None:
    holed: Mapping[str, tuple[np.ndarray, np.ndarray]] = {
        name: (times, np.where((times > START_MS + DAY_MS) & (times < START_MS + 2 * DAY_MS), np.nan, values))
        for name, (times, values) in columns(3).items()
    }
    with pytest.raises(SettingsError, match="missing 2"):
        drive_of(sampled(holed, START_MS, START_MS + 3 * DAY_MS))


def test_the_humidity_of_a_driven_house_is_high_by_night_and_low_at_noon() -> None:
    """The phase: a house that is closed and cool by night and vented by day, as real ones are."""
    drive = drive_of(sampled(columns(3), START_MS, START_MS + 3 * DAY_MS))
    course = run(structure_of([replace(glasshouse(), leaf_area_index=0.6)]), drive)
    hour = np.arange(len(course.humidity_pct)) * STEP_MS // 3_600_000 % 24
    night, noon = (
        course.humidity_pct[(hour < 4) | (hour > 21)].mean(),
        course.humidity_pct[(hour > 11) & (hour < 14)].mean(),
    )
    assert night > noon + 5
