"""The cache of samples is bounded, keeps only what is past, and nothing that changed while it was read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from headland.store.core.packed_samples import PackedSamples, pack
from headland.store.core.sample_cache import LEAST_BYTES, QUIET_S, SampleCache, choose_size_bytes, find_days
from headland.units_of_time import DAY_MS


def a_day(day: int, samples: int = 1000) -> PackedSamples:
    time_ms = day * DAY_MS + np.arange(samples, dtype=np.int64) * 1000
    return pack(day * DAY_MS, time_ms, np.zeros(samples), np.ones(samples, np.uint8))


def keep(cache: SampleCache, *places: tuple[int, int], organisation: str = "org") -> None:
    with cache.reading() as reading:
        cache.put(reading, organisation, {(day, sid): a_day(day) for day, sid in places})


def kept(cache: SampleCache, *sids: int, days: range = range(10)) -> list[tuple[int, int]]:
    return sorted(cache.find(sids, days).parts)


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_what_was_not_used_for_longest_goes_first() -> None:
    clock = Clock()
    cache = SampleCache(4 * a_day(0).size_bytes, clock_s=clock)
    keep(cache, (1, 7), (1, 8), (2, 7), (2, 8))
    assert kept(cache, 7, days=range(1, 2)) == [(1, 7)]
    clock.now_s += 60
    keep(cache, (3, 7), (3, 8))
    assert kept(cache, 7, 8) == [(1, 7), (2, 8), (3, 7), (3, 8)]
    assert cache.counters()["sample_cache_bytes"] == 4 * a_day(0).size_bytes


def test_an_organisation_that_reads_much_displaces_its_own_and_no_other_below_an_equal_share() -> None:
    clock = Clock()
    cache = SampleCache(6 * a_day(0).size_bytes, clock_s=clock)
    keep(cache, (1, 7), (2, 7), organisation="small")
    for day in range(9):
        clock.now_s += 60
        keep(cache, (day, 8), organisation="large")
    assert kept(cache, 7, 8) == [(1, 7), (2, 7), (5, 8), (6, 8), (7, 8), (8, 8)]
    # The other may grow up to the same share, also where the larger was just read, and no further.
    keep(cache, *((day, 7) for day in range(3, 9)), organisation="small")
    assert kept(cache, 7, 8) == [(1, 7), (2, 7), (3, 7), (6, 8), (7, 8), (8, 8)]
    assert (cache.has_room("small"), cache.has_room("large")) == (False, True)
    assert cache.counters()["sample_cache_bytes"] == 6 * a_day(0).size_bytes


def test_of_a_question_about_more_than_fits_a_part_stays() -> None:
    clock = Clock()
    cache = SampleCache(4 * a_day(0).size_bytes, clock_s=clock)
    for _ in range(3):
        for day in range(6):
            clock.now_s += 5
            if kept(cache, 7, days=range(day, day + 1)) == [] and cache.has_room("org"):
                keep(cache, (day, 7))
        assert kept(cache, 7) == [(0, 7), (1, 7), (2, 7), (3, 7)]
        assert not cache.has_room("org")
    # What is read instead is kept once the others were not read for a minute.
    clock.now_s += 61
    assert cache.has_room("org")
    keep(cache, (8, 7), (9, 7))
    assert kept(cache, 7) == [(2, 7), (3, 7), (8, 7), (9, 7)]
    assert cache.has_room("org")


def test_the_memory_is_a_share_of_the_machines_between_bounds() -> None:
    assert choose_size_bytes(None) == LEAST_BYTES
    assert choose_size_bytes(2**30) == LEAST_BYTES
    assert choose_size_bytes(8 * 2**30) == 256 * 2**20
    assert choose_size_bytes(2**40) == 2**30


def test_a_part_larger_than_all_of_it_leaves_nothing_and_stops_nothing() -> None:
    cache = SampleCache(100)
    keep(cache, (1, 7))
    assert kept(cache, 7) == []
    assert cache.counters()["sample_cache_bytes"] == 0


def test_a_change_removes_its_days_and_no_others() -> None:
    cache = SampleCache(2**20, quiet_s=0.0)
    keep(cache, (1, 7), (2, 7), (2, 8), (3, 7))
    with cache.changing({2, 5}):
        found = cache.find([7, 8], range(1, 4))
        assert (sorted(found.parts), found.open_days) == ([(1, 7), (3, 7)], [2])
    found = cache.find([7, 8], range(1, 4))
    assert (found.open_days, found.missing) == ([], {1: [8], 2: [7, 8], 3: [8]})
    with cache.changing_all():
        pass
    assert kept(cache, 7, 8) == []
    assert cache.counters()["sample_cache_bytes"] == 0


def test_what_was_read_of_a_day_that_changed_meanwhile_is_not_kept() -> None:
    cache = SampleCache(2**20, quiet_s=0.0)
    with cache.reading() as reading:
        with cache.changing({2}):
            pass
        cache.put(reading, "org", {(1, 7): a_day(1), (2, 7): a_day(2)})
        assert (reading.is_unchanged({1}), reading.is_unchanged({1, 2})) == (True, False)
    assert kept(cache, 7) == [(1, 7)]
    with cache.reading() as reading:
        with cache.changing_all():
            pass
        cache.put(reading, "org", {(3, 7): a_day(3)})
        assert not reading.is_unchanged({3})
    assert kept(cache, 7) == []


def test_a_reading_that_begins_while_anything_may_change_keeps_nothing() -> None:
    cache = SampleCache(2**20, quiet_s=0.0)
    with cache.changing_all(), cache.reading() as reading:
        cache.put(reading, "org", {(1, 7): a_day(1)})
    assert kept(cache, 7) == []
    assert not reading.is_unchanged({1})


def test_a_change_that_fails_is_over() -> None:
    cache = SampleCache(2**20, quiet_s=0.0)
    with pytest.raises(OSError, match="disk"), cache.changing({1}):
        raise OSError("disk")
    with pytest.raises(OSError, match="disk"), cache.changing_all():
        raise OSError("disk")
    keep(cache, (1, 7))
    assert kept(cache, 7) == [(1, 7)]


def test_a_day_is_open_until_nothing_was_written_to_it_for_a_minute() -> None:
    clock = Clock()
    cache = SampleCache(2**20, clock_s=clock)
    with cache.changing({2}):
        pass
    clock.now_s += QUIET_S - 0.1
    assert cache.find([7], range(1, 3)).open_days == [2]
    clock.now_s += 0.2
    assert cache.find([7], range(1, 3)).open_days == []


def test_what_nobody_reads_for_ten_minutes_is_freed() -> None:
    clock = Clock()
    cache = SampleCache(2**20, clock_s=clock)
    keep(cache, (1, 7), (2, 7))
    clock.now_s += 400
    kept(cache, 7, days=range(2, 3))
    clock.now_s += 300
    cache.free_unused()
    assert kept(cache, 7) == [(2, 7)]
    clock.now_s += 600
    cache.free_unused()
    assert cache.counters()["sample_cache_bytes"] == 0


def test_only_what_is_asked_again_and_fits_is_kept() -> None:
    cache = SampleCache(2**20)
    assert cache.admit([7, 8], DAY_MS) is None
    cache.note([7, 8], 2 * DAY_MS, 4000)
    assert cache.admit([7, 8], 3 * DAY_MS) == pytest.approx(6000)
    assert cache.admit([7], DAY_MS) is None  # another question
    assert cache.admit([7, 8], 300 * DAY_MS) is None  # half of the memory is less
    cache.note([9], DAY_MS, 24)
    assert cache.admit([9], DAY_MS) is None  # a sample an hour is not worth it


def test_the_days_of_instants_are_found_before_1970_too() -> None:
    columns = [np.array([-1, 0, DAY_MS], np.int64), np.array([], np.int64), np.array([5 * DAY_MS - 1], np.int64)]
    assert find_days(columns) == {-1, 0, 1, 4}
    far = [np.array([-(2**62), 0, 2**62], np.int64)]
    assert find_days(far) == {-(2**62) // DAY_MS, 0, 2**62 // DAY_MS}
