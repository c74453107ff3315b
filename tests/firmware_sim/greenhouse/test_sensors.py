from __future__ import annotations

import numpy as np
import pytest

from firmware_sim.greenhouse.sensors import FIELD, PlantedFault, SensorArray, SensorKind
from headland.agronomy.house_model.moist_air import Numbers

START_MS = 1_795_000_000_000


def measured(kind: SensorKind, truth: float, steps: int, units: int = 1, sun: float = 0.0, seed: int = 1) -> Numbers:
    """Return the readings of a sensor of a constant truth, steps by units, a second apart."""
    array = SensorArray([kind], units, seed)
    inside = np.full(units, sun)
    return np.stack(
        [
            array.measure(np.full((units, 1), truth), inside, START_MS + 1000 * index, 1.0)[:, 0]
            for index in range(steps)
        ]
    )


def test_bias_spreads_among_sensors_and_stays_with_each() -> None:
    read = measured(SensorKind("x", bias=0.5), 20.0, 3, units=400)
    assert np.std(read[0] - 20) == pytest.approx(0.5, rel=0.15)
    assert (read[0] == read[2]).all()


def test_noise_has_its_size_and_no_bias() -> None:
    read = measured(SensorKind("x", noise=0.2), 20.0, 3000)[:, 0] - 20
    assert np.std(read) == pytest.approx(0.2, rel=0.1)
    assert np.mean(read) == pytest.approx(0, abs=0.02)


def test_drift_grows_by_the_day() -> None:
    array = SensorArray([SensorKind("x", drift_per_day=0.1)], 1, 3)
    truth = np.zeros((1, 1))
    first = array.measure(truth, np.zeros(1), START_MS, 1.0)[0, 0]
    later = array.measure(truth, np.zeros(1), START_MS + 10 * 86_400_000, 1.0)[0, 0]
    assert first == 0
    assert later == pytest.approx(10 * array.drift_per_day[0, 0])


def test_a_slow_sensor_follows_a_step_by_its_time_constant() -> None:
    array = SensorArray([SensorKind("x", lag_s=60)], 1, 1)
    array.measure(np.zeros((1, 1)), np.zeros(1), START_MS, 1.0)
    for second in range(1, 61):
        read = array.measure(np.ones((1, 1)), np.zeros(1), START_MS + 1000 * second, 1.0)
    assert read[0, 0] == pytest.approx(1 - np.exp(-1), abs=1e-6)


def test_readings_are_rounded_to_what_the_sensor_resolves_and_stay_in_its_range() -> None:
    assert measured(SensorKind("x", quantum=0.5), 20.3, 1)[0, 0] == 20.5
    assert measured(SensorKind("x", high=100), 104.0, 1)[0, 0] == 100


def test_an_unshielded_sensor_reads_too_high_in_the_sun() -> None:
    assert measured(SensorKind("x", radiation=2.5), 20.0, 1, sun=600.0)[0, 0] == 22.5


def test_spikes_and_dropouts_come_as_often_as_they_should() -> None:
    read = measured(SensorKind("x", spikes=0.02, spike_size=50, dropouts=0.05), 20.0, 4000)[:, 0]
    assert np.mean(np.isnan(read)) == pytest.approx(0.05, rel=0.3)
    assert np.mean(read == 70) == pytest.approx(0.02, rel=0.4)


def test_a_planted_fault_sticks_or_ends_a_sensor_from_its_hour_on() -> None:
    faults = [PlantedFault(1, "x", "stuck", 1.0), PlantedFault(2, "x", "dead", 2.0), PlantedFault(9, "x", "dead")]
    array = SensorArray([SensorKind("x", noise=1.0)], 2, 1, faults)
    read = np.stack(
        [array.measure(np.zeros((2, 1)), np.zeros(2), START_MS + hour * 1_800_000, 1.0)[:, 0] for hour in range(8)]
    )
    assert len(set(read[2:, 0])) == 1
    assert len(set(read[:2, 0])) == 2
    assert np.isnan(read[4:, 1]).all()
    assert np.isfinite(read[:4, 1]).all()


def test_the_same_seed_errs_in_the_same_way() -> None:
    one, other, third = (measured(FIELD[0], 20.0, 50, seed=seed) for seed in (4, 4, 5))
    assert (one == other).all()
    assert (one != third).any()


def test_a_compartment_has_twelve_sensors_and_an_unshielded_one() -> None:
    assert len({kind.channel for kind in FIELD}) == 12
    assert any(kind.radiation > 0 for kind in FIELD)
