"""Poll slots on a fixed grid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.sources.connection.schedule import PollSchedule


def test_the_duration_of_a_poll_does_not_accumulate() -> None:
    schedule = PollSchedule(1.0, 100.0)
    asked = []
    now_s = 100.0
    for _ in range(1000):
        now_s += schedule.wait_s(now_s)
        asked.append(now_s)
        now_s += 0.3
        assert schedule.advance(now_s) == 0
    assert asked == [100.0 + slot for slot in range(1000)]


def test_slots_that_passed_meanwhile_are_missed_and_not_repeated() -> None:
    schedule = PollSchedule(1.0, 0.0)
    assert schedule.wait_s(0.0) == 0.0
    assert schedule.advance(3.2) == 3
    assert round(schedule.wait_s(3.2), 6) == 0.8


@given(st.floats(0.05, 100), st.lists(st.floats(0, 50), max_size=30))
def test_the_next_slot_is_always_ahead(period_s: float, works: list[float]) -> None:
    schedule, now_s = PollSchedule(period_s, 0.0), 0.0
    for work_s in works:
        now_s += schedule.wait_s(now_s) + work_s
        before = schedule.slot
        assert schedule.advance(now_s) >= 0
        assert schedule.slot > before
        assert 0.0 <= schedule.wait_s(now_s) <= period_s * 1.0001
