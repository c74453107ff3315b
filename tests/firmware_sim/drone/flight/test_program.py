from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.flight.mission.program import Program
from tests.examples import examples

HOME, WAYPOINT, SPRAY = Item(16), Item(16, x=1, y=1), Item(216, 2, 1.0)


def jump(target: float, times: float) -> Item:
    return Item(177, 2, target, times)


def order(program: Program, limit: int = 40) -> list[int]:
    """Return the items that take time, in the order in which they come."""
    seqs: list[int] = []
    following = program.advance(1).next_seq
    while following is not None and len(seqs) < limit:
        seqs.append(following)
        following = program.advance(following + 1).next_seq
    return seqs


def test_a_jump_is_taken_as_often_as_it_says_and_then_passed() -> None:
    program = Program([HOME, WAYPOINT, WAYPOINT, jump(1, 2), WAYPOINT])
    assert order(program) == [1, 2, 1, 2, 1, 2, 4]
    assert order(program) == [1, 2, 4]
    program.restart()
    assert order(program) == [1, 2, 1, 2, 1, 2, 4]


def test_its_count_is_said() -> None:
    program = Program([HOME, WAYPOINT, jump(1, 2), WAYPOINT, jump(3, -1)])
    assert [program.advance(2).texts for _ in range(3)] == [("Mission: 2 Jump 1/2",), ("Mission: 2 Jump 2/2",), ()]
    assert program.advance(4).texts == ("Mission: 4 Jump 1/unlimited",)


@pytest.mark.parametrize(("times", "expected"), [(-1, [1, 2] * 20), (0, [1, 2, 4]), (-2, [1, 2, 4]), (0.9, [1, 2, 4])])
def test_minus_one_is_without_end_and_nothing_is_never(times: float, expected: list[int]) -> None:
    assert order(Program([HOME, WAYPOINT, WAYPOINT, jump(1, times), WAYPOINT])) == expected


def test_a_jump_to_itself_ends_the_mission_unless_it_ends_itself() -> None:
    assert order(Program([HOME, WAYPOINT, jump(2, -1), WAYPOINT])) == [1]
    assert order(Program([HOME, WAYPOINT, jump(2, 5), WAYPOINT])) == [1, 3]
    assert order(Program([HOME, WAYPOINT, jump(2, 1000), WAYPOINT])) == [1]


def test_two_jumps_to_each_other_end_the_mission() -> None:
    assert order(Program([HOME, WAYPOINT, jump(3, -1), jump(2, -1), WAYPOINT])) == [1]


@pytest.mark.parametrize("target", [0, 4, -3])
def test_a_jump_to_home_or_beyond_the_end_ends_the_mission(target: float) -> None:
    assert order(Program([HOME, WAYPOINT, jump(target, 1), WAYPOINT])) == [1]


def test_a_jump_forward_leaves_out_what_is_between() -> None:
    program = Program([HOME, WAYPOINT, SPRAY, jump(6, 1), WAYPOINT, SPRAY, WAYPOINT])
    assert program.advance(2).done == (2,)
    assert order(Program(program.items)) == [1, 6]


def test_a_jump_may_go_to_a_tag() -> None:
    tag = Item(600, 2, 7.0)
    program = Program([HOME, tag, WAYPOINT, Item(601, 2, 7.0, 1.0), WAYPOINT, Item(601, 2, 8.0, 1.0), WAYPOINT])
    assert order(program) == [2, 2, 4]


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(
        st.one_of(
            st.just(WAYPOINT),
            st.just(SPRAY),
            st.builds(jump, st.integers(-2, 12).map(float), st.floats(allow_nan=False, allow_infinity=False, width=32)),
        ),
        max_size=12,
    )
)
def test_every_mission_goes_on_or_ends(items: list[Item]) -> None:
    program = Program([HOME, *items])
    for seq in order(program, 200):
        assert program.items[seq].command == 16
