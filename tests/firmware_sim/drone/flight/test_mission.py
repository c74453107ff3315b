from __future__ import annotations

import math

import pytest

from firmware_sim.drone.field_model import FieldSwath
from firmware_sim.drone.flight.mission.field_rows import list_items, row_start_seq, rows_done
from firmware_sim.drone.flight.mission.items import FRAME_RELATIVE, FRAME_TERRAIN
from firmware_sim.drone.scenarios import FIELDS, field_named
from headland.errors import SettingsError

DEMO = FIELDS["demo"]


def test_the_mission_turns_the_sprayer_on_and_off_at_every_row() -> None:
    items = list_items(DEMO)
    sprayer = [item.param1 for item in items if item.command == 216]
    assert sprayer == [1, 0] * 11
    assert [items[0].command, items[1].command, items[-1].command] == [16, 22, 20]


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_the_sprayer_is_on_from_edge_to_edge_of_each_row(name: str) -> None:
    scenario = FIELDS[name]
    items = list_items(scenario)
    for index, row in enumerate(scenario.rows()):
        first = row_start_seq(index)
        _, edge, on, far, off, _ = items[first : first + 6]
        assert (on.command, on.param1, off.command, off.param1) == (216, 1, 216, 0)
        for item, place in ((edge, row.start), (far, row.end)):
            there = scenario.frame().to_east_north(item.x / 1e7, item.y / 1e7)
            assert math.dist(there, scenario.to_east_north(*place)) < 0.01


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_rows_are_counted_by_the_item_flown_to(name: str) -> None:
    scenario = FIELDS[name]
    rows, items = len(scenario.rows()), list_items(scenario)
    for seq in range(1, len(items)):
        # A row is done once its second sprayer item is carried out: when the item after it is flown to.
        done = sum(item.command == 216 and item.param1 == 0 for item in items[1:seq])
        assert rows_done(seq) == done
    assert rows_done(len(items) - 1) == rows


def test_slopes_are_flown_above_the_ground_and_flat_fields_above_home() -> None:
    assert list_items(DEMO)[3].frame == FRAME_RELATIVE
    assert list_items(FIELDS["chongqing-terrace"])[3].frame == FRAME_TERRAIN


def test_an_unknown_scenario_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(SettingsError, match="demo"):
        field_named("nowhere")


def test_the_field_lies_near_jurong_with_its_area() -> None:
    ((first, *_), *_) = DEMO.corners_deg()
    assert abs(first[0] - 31.95) < 0.002
    assert abs(first[1] - 119.17) < 0.002


def test_the_wheat_fields_are_as_planned() -> None:
    wheat = FIELDS["jurong-wheat"]
    rows = wheat.rows()
    assert len(wheat.plots) == 3
    assert 0.5 < sum(plot.length_m * plot.width_m for plot in wheat.plots) / 10_000 < 1.2
    # 98 kg/ha over 5.5 m at 6 m/s is 19.4 kg/min (a jointing dressing of 45 kg N/ha as urea).
    assert wheat.machine.rate_ha * wheat.swath_m * wheat.speed_m_s * 0.006 == pytest.approx(19.4, abs=0.05)
    assert wheat.machine.rate_ha * 0.46 == pytest.approx(45, abs=0.1)
    assert sum(wheat.row_amount(row) for row in rows) > wheat.machine.capacity
    assert rows[0] == FieldSwath((0.0, 2.75), (110.0, 2.75))
    assert rows[1].start[0] == 110.0


def test_ground_is_straight_between_the_points_of_its_profile_and_level_beyond() -> None:
    terrace = FIELDS["chongqing-terrace"]
    ground = terrace.ground()

    def ground_m(along_m: float) -> float:
        return ground.height_m(*terrace.to_east_north(along_m, 3.0))

    assert [ground_m(along_m) for along_m in (-50, 0, 10, 20, 40, 60, 90)] == pytest.approx(
        [0, 0, 0.75, 1.5, 4.5, 6.5, 6.5]
    )
    assert DEMO.ground().height_m(50.0, 50.0) == 0
