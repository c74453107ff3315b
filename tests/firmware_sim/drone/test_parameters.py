from __future__ import annotations

import pytest

from firmware_sim.drone.parameter_tables import REAL32
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.scenarios import FIELDS


def test_values_are_kept_and_whole_numbers_are_rounded() -> None:
    table = Parameters(FIELDS["demo"], 7)
    assert table.set("SPRAY_SPEED_MIN", 150.4)
    assert table["SPRAY_SPEED_MIN"] == 150
    assert table.type_of("SPRAY_PUMP_RATE") == REAL32
    assert table.set("SPRAY_PUMP_RATE", 12.5)
    assert table["SPRAY_PUMP_RATE"] == 12.5
    assert table["SYSID_THISMAV"] == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [("NOTHING", 1.0), ("SPRAY_ENABLE", float("nan")), ("SPRAY_ENABLE", 300.0), ("RTL_ALT", float("inf"))],
)
def test_what_does_not_fit_changes_nothing(name: str, value: float) -> None:
    table = Parameters(FIELDS["demo"], 1)
    before = {known: table[known] for known in table}
    assert not table.set(name, value)
    assert {known: table[known] for known in table} == before


def test_each_machine_has_the_parameters_that_tell_of_it() -> None:
    sprayer, spreader = Parameters(FIELDS["demo"], 1), Parameters(FIELDS["jurong-wheat"], 1)
    assert (sprayer.servo_with(22), sprayer.servo_with(23)) == (9, None)
    assert (spreader.servo_with(22), spreader.servo_with(23)) == (9, 10)
    assert (sprayer["BATT2_MONITOR"], sprayer["BATT3_MONITOR"], sprayer["BATT2_CAPACITY"]) == (11, 12, 25_000)
    assert spreader["BATT2_MONITOR"] == 0
    assert all(len(name) <= 16 for name in spreader)
