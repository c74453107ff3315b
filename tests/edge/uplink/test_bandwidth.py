"""New records and a backlog share a link, and a metered link is not exceeded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.uplink.bandwidth import BacklogShare, Bucket, Freshness
from tests.examples import examples


@pytest.mark.parametrize("backlog", [0.1, 0.5, 0.9])
def test_while_both_wait_the_bytes_are_divided_by_the_share(backlog: float) -> None:
    share = BacklogShare(backlog)
    sent = {True: 0, False: 0}
    for number in range(2000):
        is_backlog = share.prefers_backlog
        size = 900 + number * 37 % 500 + 3000 * is_backlog
        sent[is_backlog] += size
        share.sent(size, is_backlog=is_backlog)
    assert sent[True] / sum(sent.values()) == pytest.approx(backlog, abs=0.01)


def test_at_one_the_oldest_is_always_sent_first_and_at_zero_the_newest() -> None:
    always, never = BacklogShare(1.0), BacklogShare(0.0)
    for _ in range(100):
        assert always.prefers_backlog
        assert not never.prefers_backlog
        always.sent(1000, is_backlog=True)
        never.sent(1000, is_backlog=False)


def test_a_long_time_of_backlog_alone_gives_new_records_a_bounded_credit() -> None:
    share = BacklogShare(0.5)
    for _ in range(100_000):
        share.sent(10_000, is_backlog=True)
    new = 0
    while not share.prefers_backlog:
        share.sent(10_000, is_backlog=False)
        new += 10_000
    assert new <= 600_000


@settings(max_examples=examples(100), deadline=None)
@given(
    st.integers(1000, 100_000),
    st.lists(st.tuples(st.floats(0, 3), st.integers(100, 131_072)), min_size=1, max_size=100),
)
def test_the_limit_holds_over_any_time_within_one_second_and_one_message(
    bytes_s: int, steps: list[tuple[float, int]]
) -> None:
    bucket, now_s, spent, largest = Bucket.full(bytes_s, 5.0), 5.0, 0, 0
    for wait_s, size in steps:
        now_s += wait_s
        bucket = bucket.refill(now_s)
        if bucket.wait_s == 0:
            bucket = bucket.spend(size)
            spent, largest = spent + size, max(largest, size)
        assert spent <= bytes_s * (now_s - 5.0 + 1.0) + largest + 1e-6


def test_a_debt_determines_the_wait() -> None:
    bucket = Bucket.full(1000, 0.0).spend(3000)
    assert bucket.wait_s == 2.0
    assert bucket.refill(2.0).wait_s == 0.0
    assert bucket.refill(100.0).level_bytes == 1000


def test_records_become_old_by_their_time_in_the_spool() -> None:
    freshness = Freshness(10.0, old_seq=100)
    assert freshness.note(100, 0.0) == 100
    assert freshness.note(150, 5.0) == 100
    assert freshness.note(200, 9.9) == 100
    assert freshness.note(200, 15.0) == 150
    assert freshness.note(200, 100.0) == 200
    freshness.reset(7)
    assert freshness.note(8, 101.0) == 7
