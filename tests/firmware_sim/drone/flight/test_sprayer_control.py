from __future__ import annotations

from firmware_sim.drone.flight.outputs import ServoOutputs
from firmware_sim.drone.flight.sprayer_control import AcSprayer
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.scenarios import FIELDS

STEP_S = 0.02


def sprayer(scenario: str = "demo", **parameters: float) -> AcSprayer:
    table = Parameters(FIELDS[scenario], 1)
    for name, value in parameters.items():
        assert table.set(name, value)
    machine = AcSprayer(table, ServoOutputs(table), STEP_S)
    machine.run(True)
    return machine


def run(machine: AcSprayer, seconds: float, speed_m_s: float) -> None:
    for _ in range(round(seconds / STEP_S)):
        machine.step(speed_m_s)


def test_it_sprays_more_than_100_ms_after_command_and_speed() -> None:
    machine = sprayer()
    run(machine, 0.1, 5.0)
    assert not machine.spraying
    run(machine, 0.02, 5.0)
    assert machine.spraying


def test_it_sprays_on_for_a_second_below_its_speed() -> None:
    machine = sprayer()
    run(machine, 3, 5.0)
    run(machine, 1.0, 0.5)
    assert machine.spraying
    run(machine, 0.02, 0.5)
    assert not machine.spraying


def test_a_moment_below_its_speed_does_not_end_it() -> None:
    machine = sprayer()
    run(machine, 3, 5.0)
    for _ in range(5):
        run(machine, 0.9, 0.5)
        run(machine, 0.04, 1.5)
    assert machine.spraying


def test_taking_the_command_away_ends_it_at_once_and_the_output_rests_at_its_minimum() -> None:
    machine = sprayer()
    run(machine, 3, 5.0)
    machine.run(False)
    run(machine, STEP_S, 5.0)
    assert not machine.spraying
    assert machine.pulses_us() == {9: 1100}


def test_the_demand_is_proportional_to_speed_between_its_floor_and_all() -> None:
    machine = sprayer()
    run(machine, 1, 5.0)
    # 30 L/ha over 5 m at 5 m/s are 4.5 L/min of the pump's 6.
    assert machine.pulses_us() == {9: 1100 + round(800 * 4.5 / 6)}
    run(machine, 0.5, 0.2)
    assert machine.pulses_us() == {9: 1100 + 80}
    run(machine, 0.5, 50.0)
    assert machine.pulses_us() == {9: 1900}


def test_outputs_are_found_by_function_and_may_be_reversed() -> None:
    machine = sprayer(SERVO9_FUNCTION=0, SERVO5_FUNCTION=22, SERVO5_REVERSED=1, SERVO6_FUNCTION=23)
    run(machine, 1, 5.0)
    assert machine.pulses_us() == {5: 1900 - round(800 * 4.5 / 6), 6: 1300}
    machine.run(False)
    machine.step(5.0)
    assert machine.pulses_us() == {5: 1900, 6: 1100}


def test_without_an_output_nothing_is_pumped() -> None:
    machine = sprayer(SERVO9_FUNCTION=0)
    run(machine, 1, 5.0)
    assert machine.spraying
    assert machine.shares() == (0.0, 0.0)


def test_a_disabled_sprayer_cannot_be_told_to_run() -> None:
    machine = sprayer(SPRAY_ENABLE=0)
    run(machine, 3, 5.0)
    assert not machine.running
    assert not machine.spraying


def test_a_spreader_gets_the_flow_of_its_plan_and_its_disc_its_speed() -> None:
    machine = sprayer("jurong-wheat")
    run(machine, 1, 6.0)
    feeder, spinner = machine.shares()
    # 98 kg/ha over 5.5 m at 6 m/s are 19.4 kg/min of the feeder's 60; 1100 rpm of the disc's 2000.
    assert round(feeder * 60, 1) == 19.4
    assert round(spinner * 2000) == 1100
