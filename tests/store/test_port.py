"""MarkState against a plain set of numbers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.port import Mark, MarkState
from tests.examples import examples

RANGES = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=25
)


def state_of(ranges: list[tuple[int, int]]) -> tuple[MarkState, set[int]]:
    state, numbers = MarkState(), set[int]()
    for first, last in ranges:
        state = state.add(Mark("gw", "e", first, last))
        numbers |= set(range(first, last + 1))
    return state, numbers


@settings(max_examples=examples(200), deadline=None)
@given(RANGES)
def test_a_mark_state_is_the_set_of_the_numbers_added(ranges: list[tuple[int, int]]) -> None:
    state, numbers = state_of(ranges)
    told = set(range(1, state.high_water + 1))
    for low, high in state.ahead:
        told |= set(range(low, high + 1))
    assert told == numbers


@settings(max_examples=examples(200), deadline=None)
@given(RANGES)
def test_ranges_ahead_are_in_order_and_touch_nothing(ranges: list[tuple[int, int]]) -> None:
    state, _ = state_of(ranges)
    end = state.high_water
    for low, high in state.ahead:
        assert end + 1 < low <= high
        end = high


@settings(max_examples=examples(200), deadline=None)
@given(RANGES)
def test_the_order_of_marks_does_not_matter(ranges: list[tuple[int, int]]) -> None:
    assert state_of(ranges)[0] == state_of(ranges[::-1])[0] == state_of(ranges + ranges)[0]


@settings(max_examples=examples(200), deadline=None)
@given(RANGES, st.integers(1, 50), st.integers(0, 8))
def test_covers_is_true_when_every_record_was_added(ranges: list[tuple[int, int]], first: int, more: int) -> None:
    state, numbers = state_of(ranges)
    assert state.covers(Mark("gw", "e", first, first + more)) == (set(range(first, first + more + 1)) <= numbers)


def test_adding_what_is_covered_changes_nothing() -> None:
    state = MarkState(5, ((8, 9),))
    assert state.add(Mark("gw", "e", 2, 5)) == state.add(Mark("gw", "e", 8, 8)) == state
