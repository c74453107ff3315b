"""What is lost is said once, and waited for longer and longer."""

from __future__ import annotations

from collections import Counter

import pytest

from edge.sources.backoff import Backoff
from edge.sources.reconnect import Attempts


def test_a_loss_is_counted_and_said_once_until_it_answers_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    counts: Counter[str] = Counter()
    attempts = Attempts("house-1", counts, Backoff(1.0, 4.0, jitter=0.0))
    assert [attempts.fail(OSError("gone")) for _ in range(4)] == [1.0, 2.0, 4.0, 4.0]
    attempts.succeed()
    attempts.succeed()
    assert attempts.fail(OSError("gone")) == 1.0
    assert counts == {"lost": 2}
    assert [record.message for record in caplog.records] == [
        "house-1 is lost and waited for: gone",
        "house-1 answers again",
        "house-1 is lost and waited for: gone",
    ]
