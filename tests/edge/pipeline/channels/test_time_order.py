"""Data time goes forward, and one time in the future does not stop it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.channels.time_order import TimeOrder, TimeStep

DAY_MS = 86_400_000


def steps(*times_ms: int) -> list[str]:
    time = TimeOrder()
    return [time.classify(time_ms).name.lower() for time_ms in times_ms]


def test_late_data_and_a_repeated_time_are_late() -> None:
    assert steps(0, 1000, 1000, 500, 1001) == ["forward", "forward", "late", "late", "forward"]


def test_after_a_time_in_the_future_the_third_row_resets_the_order() -> None:
    classified = steps(0, DAY_MS, 1000, 2000, 3000, 4000)
    assert classified == ["forward", "forward", "late", "late", "reset", "forward"]


def test_late_data_between_live_rows_never_resets_the_order() -> None:
    live = [DAY_MS + at for at in range(10)]
    late = list(range(10))
    mixed = [time_ms for pair in zip(live, late, strict=True) for time_ms in pair]
    assert steps(*mixed) == ["forward", "late"] * 10


@given(st.lists(st.integers(0, 10 * DAY_MS), max_size=60))
def test_a_running_clock_is_accepted_within_an_hour_after_any_times(times_ms: list[int]) -> None:
    time = TimeOrder()
    for time_ms in times_ms:
        time.classify(time_ms)
    classified = [time.classify(minute * 60_000) for minute in range(100)]
    assert set(classified[64:]) == {TimeStep.FORWARD}
