from __future__ import annotations

import pytest

from firmware_sim.noise import Noise
from firmware_sim.sprayer import Pump, Sprayer

STEP_S = 0.02
PUMP = Pump(max_l_min=6.0, rate_l_min_per_m_s=0.9, bias=-0.06)


def sprayer(tank_l: float = 20.0, seed: int = 1) -> Sprayer:
    return Sprayer(PUMP, tank_l, Noise(seed, 2), STEP_S)


def run(machine: Sprayer, seconds: float, commanded: bool, speed_m_s: float) -> list[float]:
    flows = []
    for _ in range(round(seconds / STEP_S)):
        machine.step(commanded, speed_m_s)
        flows.append(machine.flow_l_min)
    return flows


def test_the_pump_starts_100_ms_after_command_and_speed() -> None:
    machine = sprayer()
    run(machine, 0.1, True, 5.0)
    assert not machine.running
    run(machine, 0.04, True, 5.0)
    assert machine.running


def test_the_pump_runs_on_for_a_second_below_its_speed() -> None:
    machine = sprayer()
    run(machine, 3, True, 5.0)
    run(machine, 0.98, True, 0.5)
    assert machine.running
    run(machine, 0.06, True, 0.5)
    assert not machine.running


def test_taking_the_command_away_stops_the_pump_at_once() -> None:
    machine = sprayer()
    run(machine, 3, True, 5.0)
    run(machine, STEP_S, False, 5.0)
    assert not machine.running
    assert machine.output_us == 1000


def test_output_is_proportional_to_speed_with_a_floor() -> None:
    machine = sprayer()
    run(machine, 1, True, 5.0)
    assert machine.output_us == 1100 + round(800 * 4.5 / 6)
    run(machine, 0.5, True, 0.2)
    assert machine.output_us == 1100 + 80


def test_true_flow_lags_and_is_biased() -> None:
    machine = sprayer()
    start = run(machine, 0.62, True, 5.0)
    assert start[-1] == pytest.approx(4.5 * 0.94 * 0.632, rel=0.1)
    steady = run(machine, 120, True, 5.0)
    assert sum(steady) / len(steady) == pytest.approx(4.5 * 0.94, rel=0.02)


def test_check_valves_end_the_flow_within_half_a_second() -> None:
    machine = sprayer()
    run(machine, 3, True, 5.0)
    tail = run(machine, 0.5, False, 5.0)
    assert tail[0] > 0
    assert tail[-1] == 0


def test_an_empty_tank_ends_the_flow_while_the_pump_still_runs() -> None:
    machine = sprayer(tank_l=1.0)
    run(machine, 30, True, 5.0)
    assert machine.running
    assert machine.flow_l_min == 0
    assert machine.tank_l == pytest.approx(0, abs=1e-9)
    assert machine.applied_l == pytest.approx(1.0)


def test_the_integral_of_the_flow_is_what_the_tank_lost() -> None:
    machine = sprayer()
    flows = run(machine, 60, True, 5.0) + run(machine, 2, False, 2.0)
    litres = sum(flows) * STEP_S / 60
    assert litres == pytest.approx(20.0 - machine.tank_l, rel=1e-3)
    assert machine.metered_l == pytest.approx(litres, rel=0.02)
