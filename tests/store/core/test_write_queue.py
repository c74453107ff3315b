"""The queue in front of the writer thread."""

from __future__ import annotations

import threading

import pytest

from headland.errors import RetryLater
from headland.store.core.write_queue import ActionJob, BatchJob, WriteQueue
from tests.store.batches import batch, key


def job(points: int) -> BatchJob:
    return BatchJob(batch(*((key(), time_ms, 1.0) for time_ms in range(points))))


def test_batches_at_the_head_are_taken_together_up_to_the_limit() -> None:
    queue = WriteQueue(max_jobs=10, max_group_points=5)
    jobs = [job(2), job(3), job(1), job(9)]
    for each in jobs:
        queue.put(each)
    assert queue.take() == jobs[:2]
    assert queue.take() == jobs[2:3]
    assert queue.take() == jobs[3:]


def test_an_action_is_taken_alone_and_in_its_turn() -> None:
    queue = WriteQueue(max_jobs=10, max_group_points=5)
    before, action, after = job(1), ActionJob(lambda: 0), job(1)
    for each in (before, action, after):
        queue.put(each)
    assert queue.take() == [before]
    assert queue.take() is action
    assert queue.take() == [after]


def test_a_full_queue_makes_its_callers_wait_and_drops_nothing() -> None:
    queue = WriteQueue(max_jobs=2, max_group_points=1)
    jobs = [job(1) for _ in range(6)]

    def feed() -> None:
        for each in jobs:
            queue.put(each)

    feeder = threading.Thread(target=feed, name="feeder")
    feeder.start()
    taken = []
    for _ in jobs:
        assert len(queue) <= 2
        group = queue.take()
        assert isinstance(group, list)
        taken += group
    feeder.join(120)
    assert taken == jobs


def test_a_closed_queue_returns_its_jobs_and_accepts_no_more() -> None:
    queue = WriteQueue(max_jobs=1, max_group_points=5)
    last = job(1)
    queue.put(last)
    refused = []

    def put_one_more() -> None:
        with pytest.raises(RetryLater, match="closed"):
            queue.put(job(1))
        refused.append(True)

    waiting = threading.Thread(target=put_one_more, name="waiting")
    waiting.start()
    queue.close()
    waiting.join(120)
    assert refused == [True]
    assert queue.take() == [last]
    assert queue.take() is None
