"""Ranges against plain sets of numbers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.number_sets import Ranges, count, intersect, merge, subtract
from headland.store.port import MarkState
from tests.examples import examples

RANGES = st.lists(st.tuples(st.integers(1, 60), st.integers(-1, 9)).map(lambda pair: (pair[0], sum(pair))), max_size=12)


def numbers(ranges: Ranges | list[tuple[int, int]]) -> set[int]:
    return {number for low, high in ranges for number in range(low, high + 1)}


@settings(max_examples=examples(150), deadline=None)
@given(RANGES, RANGES)
def test_ranges_equal_the_sets_of_their_numbers(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    left, right = merge(one), merge(other)
    assert numbers(left) == numbers(one)
    assert numbers(subtract(left, right)) == numbers(one) - numbers(other)
    assert numbers(intersect(left, right)) == numbers(one) & numbers(other)
    assert count(left) == len(numbers(one))


@settings(max_examples=examples(100), deadline=None)
@given(RANGES, RANGES)
def test_every_result_is_in_order_and_touches_nothing(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    for result in (merge(one), subtract(merge(one), merge(other))):
        assert merge(result) == result


def test_a_mark_state_accounts_for_its_high_water_and_what_is_ahead() -> None:
    assert MarkState(3, ((5, 6), (9, 9))).accounted == ((1, 3), (5, 6), (9, 9))
    assert MarkState().accounted == ()
