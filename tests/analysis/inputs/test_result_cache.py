"""The cache of results: computed once, bounded by entries and bytes, counted."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.result_cache import ResultCache


@dataclass(frozen=True)
class Result:
    values: Values
    parts: dict[str, Values]


def result(length: int) -> Result:
    return Result(np.zeros(length), {"part": np.zeros(length)})


def test_a_result_is_computed_once_for_its_key() -> None:
    cache = ResultCache()
    first = cache.get("a", lambda: result(3))
    assert cache.get("a", lambda: result(4)) is first
    assert cache.get("b", lambda: result(4)) is not first
    assert (cache.counters()["result_cache_hits"], cache.counters()["result_cache_misses"]) == (1, 2)


def test_the_least_recently_used_entry_is_evicted_first() -> None:
    cache = ResultCache(most_entries=2)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda: result(1))
    before = cache.counters()
    assert (before["result_cache_entries"], before["result_cache_evictions"]) == (2, 1)
    assert cache.get("a", lambda: result(9)).values.shape == (1,)
    cache.get("b", lambda: result(1))
    assert cache.counters()["result_cache_misses"] == before["result_cache_misses"] + 1


def test_arrays_count_against_the_limit_of_bytes() -> None:
    cache = ResultCache(most_bytes=20_000)
    for key in range(5):
        cache.get(key, lambda: result(500))
    counters = cache.counters()
    assert counters["result_cache_entries"] == 2
    assert 16_000 <= counters["result_cache_bytes"] <= 20_000
    assert counters["result_cache_evictions"] == 3


def test_a_result_larger_than_the_cache_is_returned_and_not_kept() -> None:
    cache = ResultCache(most_bytes=1_000)
    assert len(cache.get("a", lambda: result(500)).values) == 500
    assert cache.counters()["result_cache_entries"] == 0
    assert cache.counters()["result_cache_bytes"] == 0


def test_cached_arrays_are_read_only() -> None:
    cached = ResultCache().get("a", lambda: result(3))
    for values in (cached.values, cached.parts["part"]):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


def test_an_error_is_raised_and_not_cached() -> None:
    cache = ResultCache()

    def fail() -> Result:
        raise KeyError("no samples")

    with pytest.raises(KeyError):
        cache.get("a", fail)
    assert len(cache.get("a", lambda: result(2)).values) == 2


def test_threads_that_ask_at_once_share_one_computation() -> None:
    cache, started, may_end = ResultCache(), threading.Event(), threading.Event()
    computed: list[int] = []

    def compute() -> Result:
        computed.append(1)
        started.set()
        assert may_end.wait(120)
        return result(2)

    found: list[Result] = []
    threads = [threading.Thread(target=lambda: found.append(cache.get("a", compute))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert started.wait(120)
    may_end.set()
    for thread in threads:
        thread.join(120)
    assert len(computed) == 1
    assert len({id(each) for each in found}) == 1
    assert len(found) == 4


def test_a_waiting_thread_computes_the_result_where_the_first_one_fails() -> None:
    cache, started, may_fail = ResultCache(), threading.Event(), threading.Event()

    def fail() -> Result:
        started.set()
        assert may_fail.wait(120)
        raise KeyError("gone")

    def expect_failure() -> None:
        with pytest.raises(KeyError):
            cache.get("a", fail)

    first = threading.Thread(target=expect_failure)
    first.start()
    assert started.wait(120)
    found: list[Result] = []
    second = threading.Thread(target=lambda: found.append(cache.get("a", lambda: result(7))))
    second.start()
    may_fail.set()
    first.join(120)
    second.join(120)
    assert [len(each.values) for each in found] == [7]


def test_a_window_that_moves_for_a_week_leaves_its_newest_results_only() -> None:
    cache = ResultCache()
    cache.get("another", lambda: result(1))
    for quarter in range(7 * 24 * 4):
        cache.get(("water", "gh-1", quarter), lambda: result(100), family=("water", "gh-1"))
        # Requests that began before the quarter turned still find theirs.
        cache.get(("water", "gh-1", max(0, quarter - 1)), lambda: result(100), family=("water", "gh-1"))
    counters = cache.counters()
    assert (counters["result_cache_entries"], counters["result_cache_misses"]) == (3, 1 + 7 * 24 * 4)
    assert cache.holds("another")
    assert counters["result_cache_bytes"] < 3 * 2500


def test_an_evicted_member_of_a_family_is_computed_again() -> None:
    cache = ResultCache(most_entries=1)
    for key in ("a", "b", "a", "b"):
        cache.get(key, lambda: result(1), family="both")
    assert cache.counters()["result_cache_misses"] == 4
    assert cache.counters()["result_cache_entries"] == 1


class Told(msgspec.Struct):
    text: str
    hours: list[float]


def test_numbers_and_texts_in_any_record_count_against_the_limit_of_bytes() -> None:
    cache = ResultCache()
    cache.get("a", lambda: [Told("x" * 1000, [float(hour) for hour in range(1000)])])
    # A list of a thousand numbers has 8 bytes for each reference and 24 for each number.
    assert 1000 + 32_000 <= cache.counters()["result_cache_bytes"] <= 36_000
