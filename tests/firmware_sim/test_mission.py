from __future__ import annotations

import math
from itertools import pairwise

import pytest

from firmware_sim.mission import PLANNED_ACCELERATION_M_S2, list_items, plan_sortie, row_litres, rows_for
from firmware_sim.scenario import FIELDS, field_named
from headland.errors import SettingsError

DEMO = FIELDS["demo"]


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_the_legs_of_a_sortie_join_from_home_to_home(name: str) -> None:
    scenario = FIELDS[name]
    sortie = plan_sortie(scenario, 0, len(scenario.row_offsets_m))
    for before, after in pairwise(sortie.legs):
        assert math.dist(before.end, after.start) < 1e-9
    assert sortie.legs[0].start == sortie.legs[-1].end == scenario.home_east_north()


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_leg_can_be_braked_from_its_entry_to_its_exit(name: str) -> None:
    scenario = FIELDS[name]
    sortie = plan_sortie(scenario, 0, len(scenario.row_offsets_m))
    for index, leg in enumerate(sortie.legs):
        entry, leaving = sortie.entry_m_s[index], sortie.entry_m_s[index + 1]
        assert entry**2 - leaving**2 <= 2 * PLANNED_ACCELERATION_M_S2 * leg.length_m + 1e-9
        assert entry <= leg.cap_m_s + 1e-9


def test_rows_are_sprayed_from_edge_to_edge_and_nothing_else() -> None:
    sprayed = [leg for leg in plan_sortie(DEMO, 0, 11).legs if leg.spray]
    assert len(sprayed) == 11
    assert all(leg.length_m == pytest.approx(DEMO.length_m) for leg in sprayed)


def test_a_small_tank_is_given_only_the_rows_it_suffices_for() -> None:
    assert row_litres(DEMO) == pytest.approx(1.8)
    assert rows_for(DEMO, 12.0, 0) == 6
    assert rows_for(DEMO, 12.0, 6) == 11
    assert rows_for(DEMO, 0.5, 3) == 4


def test_the_mission_turns_the_sprayer_on_and_off_at_every_row() -> None:
    items = list_items(DEMO)
    sprayer = [item.param1 for item in items if item.command == 216]
    assert sprayer == [1, 0] * 11
    assert [items[0].command, items[1].command, items[-1].command] == [16, 22, 20]


def test_an_unknown_scenario_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(SettingsError, match="demo"):
        field_named("nowhere")


def test_the_field_lies_near_jurong_with_its_area() -> None:
    corners = DEMO.corners_deg()
    assert all(abs(lat - 31.95) < 0.002 and abs(lon - 119.17) < 0.002 for lat, lon in corners)
