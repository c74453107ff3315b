from __future__ import annotations

import pytest

from firmware_sim.core.noise import Noise
from firmware_sim.drone.field_model import SpreaderPlan
from firmware_sim.drone.physics.spreader import Spreader

STEP_S = 0.02
PLAN = SpreaderPlan("urea 46-0-0", rate_kg_ha=98.0, hopper_kg=50.0, feed_max_kg_min=60.0, flow_bias=-0.08)
FEEDER, SPINNER = 19.4 / 60, 0.55


def spreader(hopper_kg: float = 50.0) -> Spreader:
    machine = Spreader(PLAN, Noise(1, 2), STEP_S)
    machine.hopper_kg = hopper_kg
    return machine


def run(machine: Spreader, seconds: float, feeder: float = FEEDER) -> list[float]:
    flows = []
    for _ in range(round(seconds / STEP_S)):
        machine.step(feeder, SPINNER if feeder else 0.0)
        flows.append(machine.flow_kg_min)
    return flows


def test_true_flow_lags_and_is_less_than_ordered() -> None:
    machine = spreader()
    start = run(machine, 0.6)
    assert start[-1] == pytest.approx(19.4 * 0.92 * 0.632, rel=0.12)
    steady = run(machine, 90)
    assert sum(steady) / len(steady) == pytest.approx(19.4 * 0.92, rel=0.02)


def test_the_gate_shuts_within_half_a_second() -> None:
    machine = spreader()
    run(machine, 5)
    tail = run(machine, 0.5, 0.0)
    assert tail[4] > 4
    assert tail[-1] == 0


def test_the_flow_tails_off_as_the_hopper_runs_empty() -> None:
    machine = spreader(hopper_kg=3.0)
    flows = run(machine, 30)
    whole = [flow for flow in flows if flow > 15]
    tail = [flow for flow in flows[len(whole) :] if 0 < flow < 15]
    assert len(tail) * STEP_S > 1
    assert flows[-1] == 0
    assert machine.hopper_kg < 0.05
    assert machine.applied_kg == pytest.approx(3.0, abs=0.05)


def test_kilograms_close_between_flow_hopper_and_sensor() -> None:
    machine = spreader()
    flows = []
    sensed_kg = 0.0
    for seconds, feeder in ((40, FEEDER), (3, 0.0)):
        for _ in range(round(seconds / STEP_S)):
            flows += run(machine, STEP_S, feeder)
            sensed_kg += machine.sense_kg_min() * STEP_S / 60
    applied_kg = sum(flows) * STEP_S / 60
    assert applied_kg == pytest.approx(50.0 - machine.hopper_kg, rel=1e-9)
    assert applied_kg == pytest.approx(machine.applied_kg, rel=1e-9)
    assert sensed_kg == pytest.approx(applied_kg, rel=0.02)


def test_load_cells_are_good_to_some_hundred_grams_and_feel_a_climb() -> None:
    machine = spreader()
    weights = [machine.weigh_kg(0.0) for _ in range(500)]
    assert sum(weights) / len(weights) == pytest.approx(50.0, abs=0.3)
    assert max(weights) - min(weights) < 1.5
    climbing = [machine.weigh_kg(2.0) for _ in range(500)]
    assert sum(climbing) / len(climbing) == pytest.approx(51.0, abs=0.3)


def test_the_disc_needs_its_time_and_says_its_speed() -> None:
    machine = spreader()
    run(machine, 0.4)
    assert machine.disc_rpm == pytest.approx(1100 * 0.632, rel=0.05)
    run(machine, 4)
    assert machine.sense_rpm() == pytest.approx(1100, abs=20)
    run(machine, 4, 0.0)
    assert machine.sense_rpm() == 0
