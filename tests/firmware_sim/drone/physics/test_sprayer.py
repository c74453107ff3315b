from __future__ import annotations

import pytest

from firmware_sim.core.noise import Noise
from firmware_sim.drone.field_model import SprayerPlan
from firmware_sim.drone.physics.sprayer import Sprayer

STEP_S = 0.02
PLAN = SprayerPlan("water", rate_l_ha=30.0, tank_l=20.0, pump_max_l_min=6.0, flow_bias=-0.06)


def sprayer(tank_l: float = 20.0, seed: int = 1) -> Sprayer:
    machine = Sprayer(PLAN, Noise(seed, 2), STEP_S)
    machine.tank_l = tank_l
    return machine


def run(machine: Sprayer, seconds: float, pump: float = 0.75) -> list[float]:
    flows = []
    for _ in range(round(seconds / STEP_S)):
        machine.step(pump, 0.0)
        flows.append(machine.flow_l_min)
    return flows


def test_true_flow_lags_and_is_biased() -> None:
    machine = sprayer()
    start = run(machine, 0.5)
    assert start[-1] == pytest.approx(4.5 * 0.94 * 0.632, rel=0.1)
    steady = run(machine, 120)
    assert sum(steady) / len(steady) == pytest.approx(4.5 * 0.94, rel=0.02)


def test_check_valves_end_the_flow_within_half_a_second() -> None:
    machine = sprayer()
    run(machine, 3)
    tail = run(machine, 0.5, 0.0)
    assert tail[0] > 0
    assert tail[-1] == 0


def test_an_empty_tank_ends_the_flow_though_the_pump_runs() -> None:
    machine = sprayer(tank_l=1.0)
    run(machine, 30)
    assert not machine.flowing
    assert machine.tank_l == pytest.approx(0, abs=1e-9)
    assert machine.applied_l == pytest.approx(1.0)


def test_the_integral_of_the_flow_is_what_the_tank_lost() -> None:
    machine = sprayer()
    flows = run(machine, 60) + run(machine, 2, 0.0)
    litres = sum(flows) * STEP_S / 60
    assert litres == pytest.approx(20.0 - machine.tank_l, rel=1e-3)
    assert machine.metered_l == pytest.approx(litres, rel=0.02)


def test_a_restart_counts_from_zero_and_refilling_stops_when_full() -> None:
    machine = sprayer(tank_l=19.0)
    run(machine, 10)
    machine.restart_sensors()
    assert machine.metered_l == 0
    for _ in range(200):
        machine.refill()
    assert machine.tank_l == 20.0
    assert machine.refill()
