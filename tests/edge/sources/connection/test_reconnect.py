"""Growing waits between attempts, and one log line for each loss."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.connection.reconnect import Attempts, Backoff, troubles_of
from headland.errors import RetryLater


def test_waits_double_up_to_the_cap() -> None:
    backoff = Backoff(0.5, 60.0)
    assert [backoff.wait_s(failures, 0.0) for failures in (1, 2, 3, 7, 8, 9)] == [0.5, 1.0, 2.0, 32.0, 60.0, 60.0]


@given(st.integers(-5, 10**9), st.floats(0, 1, exclude_max=True))
def test_jitter_subtracts_at_most_its_share(failures: int, dice: float) -> None:
    backoff = Backoff(0.5, 60.0, jitter=0.5)
    full_s = backoff.wait_s(failures, 0.0)
    assert 0.5 * full_s <= backoff.wait_s(failures, dice) <= full_s <= 60.0


def test_a_loss_is_counted_and_logged_once_until_the_peer_answers_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    counts: Counter[str] = Counter()
    attempts = Attempts("house-1", counts, Backoff(1.0, 4.0, jitter=0.0))
    assert [attempts.fail(OSError("gone")) for _ in range(4)] == [1.0, 2.0, 4.0, 4.0]
    attempts.succeed()
    attempts.succeed()
    assert attempts.fail(OSError("gone")) == 1.0
    assert counts == {"lost": 2}
    assert [record.message for record in caplog.records] == [
        "house-1 is lost, reconnecting: gone",
        "house-1 answers again",
        "house-1 is lost, reconnecting: gone",
    ]


def test_a_peer_that_stays_away_is_a_sentence_and_a_single_lost_answer_is_none() -> None:
    line, unit = Attempts("line", Counter()), Attempts("line/7", Counter())
    unit.succeed()
    unit.fail(RetryLater("no answer within 1 s"))
    assert troubles_of(line, unit) == []
    for _ in range(2):
        unit.fail(RetryLater("no answer within 1 s"))
    assert troubles_of(line, unit) == [
        "line/7 does not answer (no answer within 1 s): check its power, cable and address; it is tried again"
    ]
    unit.succeed()
    assert troubles_of(line, unit) == []


def test_a_peer_that_has_not_answered_yet_is_waited_for_before_a_person_is_told() -> None:
    now_s = 1000.0
    attempts = Attempts("house-1", Counter(), clock=lambda: now_s)
    for _ in range(5):
        attempts.fail(OSError("refused"))
    assert attempts.trouble == ""
    now_s += 20.0
    assert "house-1 does not answer (refused)" in attempts.trouble


def test_a_peer_that_has_answered_and_is_lost_at_the_start_is_not_waited_for() -> None:
    now_s = 1000.0
    attempts = Attempts("house-1", Counter(), clock=lambda: now_s)
    attempts.fail(OSError("refused"))
    attempts.succeed()
    for _ in range(3):
        attempts.fail(OSError("gone"))
    assert "house-1 does not answer (gone)" in attempts.trouble
