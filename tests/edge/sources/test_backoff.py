"""Back-off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.sources.backoff import Backoff


def test_waits_double_up_to_the_cap() -> None:
    backoff = Backoff(0.5, 60.0)
    assert [backoff.wait_s(failures, 0.0) for failures in (1, 2, 3, 7, 8, 9)] == [0.5, 1.0, 2.0, 32.0, 60.0, 60.0]


@given(st.integers(-5, 10**9), st.floats(0, 1, exclude_max=True))
def test_chance_takes_off_at_most_its_part(failures: int, dice: float) -> None:
    backoff = Backoff(0.5, 60.0, jitter=0.5)
    full_s = backoff.wait_s(failures, 0.0)
    assert 0.5 * full_s <= backoff.wait_s(failures, dice) <= full_s <= 60.0
