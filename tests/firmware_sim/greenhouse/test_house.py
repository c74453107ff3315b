from __future__ import annotations

import numpy as np
import pytest

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.place import CHONGQING, FOREST_EDGE
from firmware_sim.greenhouse.scenarios import HOUSES, house_named
from firmware_sim.greenhouse.sensors import CLEAN
from firmware_sim.greenhouse.true_climate import TRUTH_COLUMNS
from firmware_sim.greenhouse.weather import Weather
from firmware_sim.protocols.modbus_table import SLOTS
from headland.agronomy.house_model.moist_air import dew_point_degc, saturation_pa
from headland.errors import SettingsError

START_MS = 1_795_000_000_000


def house(name: str = "hubei-tomato", seed: int = 1, scale: int | None = None) -> Compartments:
    return Compartments(HOUSES[name].scaled(scale), seed, START_MS)


def test_clean_readings_are_what_is_true_within_the_sensors_noise() -> None:
    compartments = house()
    for _ in range(5):
        compartments.step()
        readings = compartments.readings(1)
        for kind in CLEAN:
            truth = compartments.truth[kind.channel][0]
            assert readings[kind.channel] == pytest.approx(truth, abs=5 * kind.noise + 1e-9), kind.channel


def test_every_register_has_its_channel_in_every_compartment() -> None:
    compartments = house("hubei-greenhouses")
    assert compartments.units == 12
    for unit in range(1, 13):
        assert set(compartments.readings(unit)) == set(SLOTS)


def test_truth_agrees_with_itself() -> None:
    truth = {name: values[0] for name, values in house().truth.items()}
    assert tuple(truth) == TRUTH_COLUMNS
    degc, pct = float(truth["air_temperature_degc"]), float(truth["relative_humidity_pct"])
    assert truth["vpd_kpa"] == pytest.approx(saturation_pa(degc) * (1 - pct / 100) / 1000)
    assert truth["dew_point_degc"] == pytest.approx(dew_point_degc(saturation_pa(degc) * pct / 100))
    deficit = 1000 * saturation_pa(degc) * (1 - pct / 100) / (461.5 * (degc + 273.15))
    assert truth["humidity_deficit_g_m3"] == pytest.approx(deficit)
    margin = truth["leaf_temperature_degc"] - truth["dew_point_degc"]
    assert truth["leaf_condensation_margin_k"] == pytest.approx(margin)


def test_the_edge_is_nearer_to_the_outside_and_the_roof_warmer() -> None:
    truth = house("hubei-greenhouses").truth
    heated = truth["air_temperature_degc"] > truth["outside_temperature_degc"] + 3
    assert heated.any()
    assert (truth["air_temperature_degc:1"] < truth["air_temperature_degc"])[heated].all()
    assert (truth["air_temperature_degc:2"] > truth["air_temperature_degc"])[heated].all()


def test_the_same_seed_gives_the_same_readings() -> None:
    one, other, third = house(seed=4), house(seed=4), house(seed=5)
    for compartments in (one, other, third):
        for _ in range(30):
            compartments.step()
    assert one.readings(1) == other.readings(1)
    assert one.readings(1) != third.readings(1)


@pytest.mark.parametrize(("step_ms", "parts"), [(1000, 1), (60_000, 1), (100_000, 2), (150_000, 3), (300_000, 5)])
def test_a_long_step_is_made_of_stable_ones(step_ms: int, parts: int) -> None:
    scenario, start_ms = HOUSES["hubei-greenhouses"], START_MS - START_MS % 300_000
    long = Compartments(scenario, 1, start_ms, step_ms=step_ms)
    assert long.steps_within == parts
    fine = Compartments(scenario, 1, start_ms, step_ms=step_ms // parts)
    for _ in range(4):
        long.step()
        for _ in range(parts):
            fine.step()
        assert long.time_ms == fine.time_ms
        np.testing.assert_array_equal(long.climate.air_degc, fine.climate.air_degc)
        np.testing.assert_array_equal(long.climate.vapour_kg_m3, fine.climate.vapour_kg_m3)


def test_what_a_compartment_does_does_not_depend_on_its_neighbours() -> None:
    few, many = house("hubei-greenhouses", scale=3), house("hubei-greenhouses", scale=14)
    for compartments in (few, many):
        for _ in range(10):
            compartments.step()
    np.testing.assert_allclose(few.climate.air_degc, many.climate.air_degc[:3], rtol=1e-12)
    np.testing.assert_allclose(many.climate.air_degc[12:], many.climate.air_degc[:2], rtol=1e-12)


def test_the_edge_of_the_forest_is_cooler_and_moister_by_day_than_the_fields() -> None:
    # Three in the afternoon of 10 July 2026 in Chongqing.
    afternoon_ms = 1_783_666_800_000
    fields = Weather(CHONGQING, 1).at(afternoon_ms)
    edge = Compartments(HOUSES["chongqing-forest-edge"], 2, afternoon_ms, Weather(FOREST_EDGE, 1)).truth
    # Reference figures of such a place: 1 to 3 K cooler by day, some 8 % moister.
    assert -3.5 < edge["air_temperature_degc"][0] - fields.temperature_degc < -0.8
    assert edge["relative_humidity_pct"][0] > fields.humidity_pct + 3


def test_a_scale_out_of_bounds_and_an_unknown_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="1 to 240"):
        house_named("hubei-greenhouses").scaled(0)
    with pytest.raises(
        SettingsError, match="chongqing-film, chongqing-forest-edge, chongqing-hill-film, hubei-greenhouses"
    ):
        house_named("nowhere")
