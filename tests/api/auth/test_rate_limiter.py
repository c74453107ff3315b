"""Token buckets of one process and those that several share: one suite; and what only several can prove."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.auth.rate_limiter import Rate, RateBuckets, TokenBuckets
from api.auth.shared_limits import SharedLimits

RATE = Rate(3, 0.5)
Make = Callable[[Rate], RateBuckets]


@pytest.fixture
def limits(tmp_path: Path) -> Iterator[SharedLimits]:
    SharedLimits.create(tmp_path / "limits")
    made = SharedLimits(tmp_path / "limits")
    yield made
    made.close()


@pytest.fixture(params=["own", "shared"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "own":
        return TokenBuckets
    limits: SharedLimits = request.getfixturevalue("limits")
    return lambda rate: limits.buckets("requests", rate)


def test_a_burst_passes_and_then_one_for_each_token_that_time_adds(make: Make) -> None:
    buckets = make(RATE)
    assert [buckets.take("key", 100.0).wait_s for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
    assert buckets.take("key", 101.0).wait_s == 1.0
    assert buckets.take("key", 102.0).wait_s == 0.0
    assert buckets.take("key", 102.0).wait_s == 2.0


def test_names_have_buckets_of_their_own(make: Make) -> None:
    buckets = make(RATE)
    for number in range(500):
        assert [buckets.take(f"key {number}", 5.0).wait_s > 0 for _ in range(4)] == [False, False, False, True]


def test_kinds_of_one_file_do_not_count_together(limits: SharedLimits) -> None:
    requests, failures = limits.buckets("requests", RATE), limits.buckets("failures", RATE)
    assert [requests.take("10.0.0.1", 1.0).wait_s for _ in range(3)] == [0.0, 0.0, 0.0]
    assert failures.take("10.0.0.1", 1.0).wait_s == 0.0


def test_more_names_than_there_are_places_forget_those_unused_for_longest(limits: SharedLimits) -> None:
    buckets = limits.buckets("requests", Rate(1, 0.001))
    for number in range(40_000):
        assert buckets.take(f"key {number}", float(number)).wait_s == 0.0
    assert buckets.take("key 39999", 40_000.0).wait_s > 0


def take_many(path: Path, count: int, passed: multiprocessing.Queue[int]) -> None:
    """In another process: take as fast as it goes."""
    buckets = SharedLimits(path).buckets("requests", Rate(1000, 0.0001))
    passed.put(sum(buckets.take("key", 1.0).wait_s == 0.0 for _ in range(count)))


def test_processes_together_take_no_more_than_the_rate(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    SharedLimits.create(path)
    spawn = multiprocessing.get_context("spawn")
    passed = spawn.Queue()
    takers = [spawn.Process(target=take_many, args=(path, 600, passed)) for _ in range(3)]
    for taker in takers:
        taker.start()
    assert sum(passed.get(timeout=120) for _ in takers) == 1000
    for taker in takers:
        taker.join(120)


def test_what_one_forgets_every_other_process_sees(limits: SharedLimits, tmp_path: Path) -> None:
    other = SharedLimits(tmp_path / "limits")
    before = other.forgotten()
    limits.forget()
    assert other.forgotten() == before + 1
    other.close()
