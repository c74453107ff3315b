"""Data time goes forward, and one stamp from the future does not stop it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.channels.time_order import DataTime, Turn

DAY_MS = 86_400_000


def turns(*times_ms: int) -> list[str]:
    time = DataTime()
    return [time.take(time_ms).name.lower() for time_ms in times_ms]


def test_late_data_and_a_repeated_time_are_behind() -> None:
    assert turns(0, 1000, 1000, 500, 1001) == ["forward", "forward", "behind", "behind", "forward"]


def test_after_a_stamp_from_the_future_time_begins_anew_with_the_third_row() -> None:
    found = turns(0, DAY_MS, 1000, 2000, 3000, 4000)
    assert found == ["forward", "forward", "behind", "behind", "anew", "forward"]


def test_late_data_between_live_rows_never_turns_time_back() -> None:
    live = [DAY_MS + at for at in range(10)]
    late = list(range(10))
    mixed = [one for pair in zip(live, late, strict=True) for one in pair]
    assert turns(*mixed) == ["forward", "behind"] * 10


@given(st.lists(st.integers(0, 10 * DAY_MS), max_size=60))
def test_whatever_came_before_a_clock_that_runs_is_believed_within_an_hour(times_ms: list[int]) -> None:
    time = DataTime()
    for time_ms in times_ms:
        time.take(time_ms)
    found = [time.take(minute * 60_000) for minute in range(100)]
    assert set(found[64:]) == {Turn.FORWARD}
