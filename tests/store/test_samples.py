"""Suite of every engine: samples."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headland.errors import RetryLater
from headland.store.port import OriginCounts, Points, SeriesFilter, Store, WriteBatch, WriteResult
from tests.examples import examples
from tests.store.batches import EVERYTHING, ORG, batch, key, points, rows_of

A = key("air_temperature_degc")
B = key("relative_humidity_pct")
DRONE = key("altitude_m", device="uav-1", kind="drone")
OTHERS = key("air_temperature_degc", organisation="other")


def test_an_empty_store_gives_empty_answers(store: Store) -> None:
    assert store.series(EVERYTHING) == []
    assert store.last(EVERYTHING) == []
    assert store.raw(EVERYTHING, 0, 2**40) == []
    assert store.buckets(EVERYTHING, 0, 2**40, 1000) == []
    assert store.devices(ORG) == []
    assert store.marks() == {}
    assert store.conflicts(ORG, 0, 2**40) == []
    assert store.delete_before(ORG, 2**40) == 0
    assert (store.info().points, store.info().series) == (0, 0)


def test_what_is_written_is_read_in_key_and_time_order(store: Store) -> None:
    result = store.write(batch((B, 30, 3.0, 3), (A, 20, 2.0), (A, 10, 1.0), (B, 10, 4.0)))
    assert result == WriteResult(4)
    assert rows_of(store) == [(A, 10, 1.0, 1), (A, 20, 2.0, 1), (B, 10, 4.0, 1), (B, 30, 3.0, 3)]
    assert (store.info().points, store.info().series) == (4, 2)


def test_an_empty_batch_changes_nothing(store: Store) -> None:
    assert store.write(batch()) == WriteResult(0)
    assert store.series(EVERYTHING) == []


def test_a_named_series_without_samples_is_not_listed(store: Store) -> None:
    empty = points()
    store.write(batch((A, 1, 1.0)))
    store.write(type(batch())(Points([B], empty.index, empty.time_ms, empty.value, empty.quality)))
    assert store.series(EVERYTHING) == [A]


def test_a_sample_sent_again_is_a_duplicate(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (A, 20, 2.0)))
    assert store.write(batch((A, 10, 1.0), (A, 20, 2.0), (A, 30, 3.0))) == WriteResult(1, duplicate=2)
    assert rows_of(store) == [(A, 10, 1.0, 1), (A, 20, 2.0, 1), (A, 30, 3.0, 1)]


def test_another_quality_of_the_same_value_is_a_duplicate(store: Store) -> None:
    store.write(batch((A, 10, 1.0, 1)))
    assert store.write(batch((A, 10, 1.0, 3))) == WriteResult(0, duplicate=1)
    assert rows_of(store) == [(A, 10, 1.0, 1)]


def test_another_value_is_a_conflict_and_the_stored_one_remains(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (A, 20, 2.0)))
    assert store.write(batch((A, 10, 9.0), (A, 20, 2.0))) == WriteResult(0, duplicate=1, conflicting=1)
    assert rows_of(store) == [(A, 10, 1.0, 1), (A, 20, 2.0, 1)]
    assert store.info().counters["conflicts"] == 1


def test_conflicts_are_read_by_time_series_and_value_inside_the_window(store: Store) -> None:
    store.write(batch((B, 10, 1.0), (A, 10, 1.0), (A, 20, 2.0), (A, 30, 3.0)))
    store.write(batch((A, 10, 9.0, 3), (B, 10, 7.0), (A, 20, 8.0), (A, 20, 6.0), (A, 30, 5.0)))
    told = [(one.key, one.time_ms, one.stored, one.value, one.quality) for one in store.conflicts(ORG, 10, 30)]
    assert told == [(A, 10, 1.0, 9.0, 3), (B, 10, 1.0, 7.0, 1), (A, 20, 2.0, 6.0, 1), (A, 20, 2.0, 8.0, 1)]
    assert store.conflicts(ORG, 10, 30, limit=3) == store.conflicts(ORG, 10, 30)[:3]
    assert all(one.seen_ms > 1_700_000_000_000 for one in store.conflicts(ORG, 10, 31))
    assert len(store.conflicts(ORG, 10, 31)) == 5


def test_conflicts_are_found_by_device_and_never_across_organisations(store: Store) -> None:
    mine, other, theirs = key(), key(device="gh-2"), key(organisation="other")
    for value in (1.0, 2.0):
        store.write(batch((mine, 10, value), (other, 10, value), (theirs, 10, value)))
    assert [one.key for one in store.conflicts(ORG, 0, 99, "gh-2")] == [other]
    assert [one.key for one in store.conflicts("other", 0, 99)] == [theirs]
    assert store.conflicts("nobody", 0, 99) == store.conflicts(ORG, 11, 99) == []
    store.delete_before(ORG, 99)
    assert store.conflicts(ORG, 0, 99) == []


def test_a_conflict_has_the_time_at_which_it_was_seen_if_given(store: Store) -> None:
    store.write(batch((A, 10, 1.0)))
    store.write(replace(batch((A, 10, 9.0)), seen_ms=77))
    store.write(replace(batch((A, 10, 9.0)), seen_ms=88))
    assert [one.seen_ms for one in store.conflicts(ORG, 0, 99)] == [77]


def test_a_conflict_sent_again_is_recorded_once(store: Store) -> None:
    store.write(batch((A, 10, 1.0)))
    for _ in range(3):
        assert store.write(batch((A, 10, 9.0), (A, 10, 9.0))).conflicting == 2
    assert store.info().counters["conflicts"] == 1


def test_inside_a_batch_the_first_wins(store: Store) -> None:
    result = store.write(batch((A, 10, 1.0), (A, 10, 2.0), (A, 10, 1.0), (B, 10, 2.0), (A, 5, 0.5)))
    assert result == WriteResult(3, duplicate=1, conflicting=1)
    assert rows_of(store) == [(A, 5, 0.5, 1), (A, 10, 1.0, 1), (B, 10, 2.0, 1)]


def test_inside_a_batch_repeats_of_a_stored_sample_are_compared_with_the_stored_value(store: Store) -> None:
    store.write(batch((A, 10, 1.0)))
    assert store.write(batch((A, 10, 2.0), (A, 10, 2.0), (A, 10, 1.0))) == WriteResult(0, duplicate=1, conflicting=2)
    assert rows_of(store) == [(A, 10, 1.0, 1)]


def test_results_are_counted_by_the_origin_of_the_samples(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (A, 20, 2.0)))
    sent = batch((A, 10, 9.0), (A, 20, 2.0), (A, 30, 3.0), (A, 40, 4.0), (A, 40, 5.0))
    origin = np.array([7, 7, 2, 3, 2], np.int32)
    result = store.write(replace(sent, points=replace(sent.points, origin=origin)))
    assert result == WriteResult(2, duplicate=1, conflicting=2)
    assert result.by_origin == {2: OriginCounts(1, 1), 3: OriginCounts(1, 0), 7: OriginCounts(0, 1)}
    fresh = batch((A, 50, 1.0))
    assert store.write(replace(fresh, points=replace(fresh.points, origin=origin[:1]))).by_origin == {}


def test_late_samples_fill_the_gap_they_belong_to(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (A, 50, 5.0)))
    store.write(batch((A, 30, 3.0), (A, 60, 6.0), (A, 1, 0.1)))
    assert [row[1] for row in rows_of(store)] == [1, 10, 30, 50, 60]
    assert store.last(EVERYTHING)[0].time_ms == 60


def test_simulated_and_real_series_never_mix(store: Store) -> None:
    fake = key("air_temperature_degc", simulated=True)
    store.write(batch((A, 10, 1.0), (fake, 10, 2.0)))
    assert rows_of(store) == [(A, 10, 1.0, 1), (fake, 10, 2.0, 1)]


def test_no_read_crosses_an_organisation(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (OTHERS, 10, 2.0)))
    assert rows_of(store) == [(A, 10, 1.0, 1)]
    assert store.series(SeriesFilter("other")) == [OTHERS]
    assert [device.descriptor.device for device in store.devices("other")] == ["gh-1"]
    assert store.last(SeriesFilter("nobody")) == []


def test_a_filter_selects_by_device_channels_and_kind(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (B, 10, 2.0), (DRONE, 10, 3.0)))
    assert store.series(SeriesFilter(ORG, device="gh-1")) == [A, B]
    assert store.series(SeriesFilter(ORG, kind="drone")) == [DRONE]
    assert store.series(SeriesFilter(ORG, channels=frozenset({"altitude_m", "relative_humidity_pct"}))) == [DRONE, B]
    assert store.series(SeriesFilter(ORG, device="gh-1", kind="drone")) == []
    assert store.series(SeriesFilter(ORG, channels=frozenset())) == []


def test_raw_windows_are_half_open_and_limited_for_each_series(store: Store) -> None:
    store.write(batch(*((series, time_ms, float(time_ms)) for series in (A, B) for time_ms in range(0, 100, 10))))
    found = store.raw(EVERYTHING, 10, 40)
    assert [(samples.key, samples.time_ms.tolist()) for samples in found] == [(A, [10, 20, 30]), (B, [10, 20, 30])]
    assert [samples.time_ms.tolist() for samples in store.raw(EVERYTHING, 10, 90, limit=2)] == [[10, 20], [10, 20]]
    assert [s.time_ms.tolist() for s in store.raw(SeriesFilter(ORG, channels=frozenset({A.channel})), 10, 90, 2)] == [
        [10, 20]
    ]
    assert [s.time_ms.tolist() for s in store.raw(EVERYTHING, 10, 90, limit=2, newest=True)] == [[70, 80], [70, 80]]
    assert store.raw(EVERYTHING, 10, 90, limit=0) == []
    assert store.raw(EVERYTHING, 10, 90, limit=0, newest=True) == []
    assert store.raw(EVERYTHING, 40, 40) == []
    assert store.raw(EVERYTHING, 90, 10) == []


def test_the_newest_samples_are_found_however_long_ago_they_were(store: Store) -> None:
    now_ms, hour_ms, day_ms = 1_795_507_200_000, 3_600_000, 86_400_000
    ages_ms = {
        key("air_temperature_degc"): [1000 * age for age in range(90)],
        key("relative_humidity_pct"): [7 * hour_ms * age for age in range(20)],
        key("co2_ppm", device="gh-2"): [300 * day_ms, 299 * day_ms, 299 * day_ms + 1, 20 * day_ms],
        key("altitude_m", device="uav-1", kind="drone"): [0],
    }
    rows = [(series, now_ms - age, float(age)) for series, ages in ages_ms.items() for age in ages]
    # A sample of a clock that is ahead.
    rows.append((key("relative_humidity_pct"), now_ms + 400 * day_ms, -1.0))
    store.write(batch(*rows, latest_until_ms=now_ms))
    for low_ms, high_ms in ((-(2**62), 2**62), (now_ms - day_ms, now_ms), (0, now_ms - 10 * day_ms)):
        whole = {samples.key: samples.time_ms.tolist() for samples in store.raw(EVERYTHING, low_ms, high_ms)}
        for limit in (1, 3, 50):
            newest = store.raw(EVERYTHING, low_ms, high_ms, limit, newest=True)
            assert {samples.key: samples.time_ms.tolist() for samples in newest} == {
                series: times[-limit:] for series, times in whole.items()
            }
            assert [samples.key for samples in newest] == list(whole)


def test_answers_have_the_ports_column_types(store: Store) -> None:
    store.write(batch((A, 10, 1.0)))
    samples = store.raw(EVERYTHING, 0, 100)[0]
    assert [str(column.dtype) for column in (samples.time_ms, samples.value, samples.quality)] == [
        "int64",
        "float64",
        "uint8",
    ]
    buckets = store.buckets(EVERYTHING, 0, 100, 10)[0]
    assert {str(column.dtype) for column in (buckets.start_ms, buckets.count)} == {"int64"}
    assert {str(column.dtype) for column in (buckets.mean, buckets.low, buckets.high, buckets.last)} == {"float64"}
    assert not isinstance(samples.value, np.ma.MaskedArray)
    assert not isinstance(buckets.mean, np.ma.MaskedArray)
    latest = store.last(EVERYTHING)[0]
    assert (type(latest.time_ms), type(latest.value), type(latest.quality)) == (int, float, int)


def test_buckets_hold_count_mean_low_high_and_the_newest_value(store: Store) -> None:
    store.write(batch((A, 100, 1.0), (A, 105, 4.0), (A, 109, 2.0), (A, 110, 7.0), (A, 135, 8.0)))
    (found,) = store.buckets(EVERYTHING, 100, 140, 10)
    assert found.key == A
    assert found.start_ms.tolist() == [100, 110, 130]
    assert found.count.tolist() == [3, 1, 1]
    assert found.mean.tolist() == pytest.approx([7 / 3, 7.0, 8.0])
    assert found.low.tolist() == [1.0, 7.0, 8.0]
    assert found.high.tolist() == [4.0, 7.0, 8.0]
    assert found.last.tolist() == [2.0, 7.0, 8.0]


def test_buckets_start_at_the_window_and_end_with_it(store: Store) -> None:
    store.write(batch(*((A, time_ms, float(time_ms)) for time_ms in range(20))))
    (found,) = store.buckets(EVERYTHING, 3, 12, 5)
    assert found.start_ms.tolist() == [3, 8]
    assert found.count.tolist() == [5, 4]
    assert found.last.tolist() == [7.0, 11.0]


def test_buckets_work_before_1970_and_over_all_time(store: Store) -> None:
    store.write(batch((A, -15, 1.0), (A, -5, 2.0), (A, 5, 3.0)))
    assert store.buckets(EVERYTHING, -20, 20, 10)[0].start_ms.tolist() == [-20, -10, 0]
    (whole,) = store.buckets(EVERYTHING, -(2**62), 2**62, 2**62)
    assert whole.count.sum() == 3


def test_buckets_leave_out_worse_flags_than_asked_for(store: Store) -> None:
    store.write(batch((A, 1, 1.0, 1), (A, 2, 2.0, 2), (A, 3, 3.0, 3), (A, 4, 4.0, 4), (B, 1, 1.0, 4)))
    (good,) = store.buckets(EVERYTHING, 0, 10, 10)
    assert (good.count.tolist(), good.last.tolist()) == ([2], [2.0])
    assert [found.count.tolist() for found in store.buckets(EVERYTHING, 0, 10, 10, max_quality=4)] == [[4], [1]]


def test_a_bucket_without_length_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="at least 1 ms"):
        store.buckets(EVERYTHING, 0, 10, 0)


def test_last_is_the_newest_by_time_not_by_arrival(store: Store) -> None:
    store.write(batch((A, 20, 2.0, 3)))
    store.write(batch((A, 10, 1.0), (B, 5, 5.0)))
    found = store.last(EVERYTHING)
    assert [(latest.key, latest.time_ms, latest.value, latest.quality) for latest in found] == [
        (A, 20, 2.0, 3),
        (B, 5, 5.0, 1),
    ]


def test_samples_from_the_future_are_stored_and_never_the_latest(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (A, 5000, 9.0), (B, 6000, 9.0), latest_until_ms=100))
    assert [row[1] for row in rows_of(store)] == [10, 5000, 6000]
    assert [(latest.key, latest.time_ms) for latest in store.last(EVERYTHING)] == [(A, 10)]
    assert store.write(batch((A, 5000, 9.0), (B, 6000, 8.0))) == WriteResult(0, duplicate=1, conflicting=1)
    store.write(batch((A, 20, 2.0), (A, 4000, 4.0), (A, 6000, 6.0), latest_until_ms=4000))
    assert [(latest.key, latest.time_ms) for latest in store.last(EVERYTHING)] == [(A, 4000)]
    store.write(batch((A, 4500, 4.5), (A, 5000, 9.0), (A, 5500, 5.5)))
    assert [(latest.key, latest.time_ms) for latest in store.last(EVERYTHING)] == [(A, 5500)]
    assert [row[1] for row in rows_of(store) if row[0] == A] == [10, 20, 4000, 4500, 5000, 5500, 6000]


def test_the_time_limit_itself_may_be_the_latest(store: Store) -> None:
    store.write(batch((A, 100, 1.0), (A, 101, 2.0), latest_until_ms=100))
    assert store.last(EVERYTHING)[0].time_ms == 100


def test_delete_before_keeps_the_cut_itself_and_other_organisations(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (A, 20, 2.0), (B, 10, 1.0), (OTHERS, 10, 1.0)))
    assert store.delete_before(ORG, 20) == 2
    assert rows_of(store) == [(A, 20, 2.0, 1)]
    assert rows_of(store, SeriesFilter("other")) == [(OTHERS, 10, 1.0, 1)]
    assert store.series(EVERYTHING) == [A]
    assert [latest.key for latest in store.last(EVERYTHING)] == [A]
    assert (store.info().points, store.info().series) == (2, 2)


def test_deleting_leaves_series_of_similar_names(store: Store) -> None:
    alike = [
        key("b_m", kind="a", device="d"),
        key("b_m", kind="a", device="d", simulated=True),
        key("b_m", kind="a", device="d", site="south"),
        key("m", kind="a_b", device="d"),
        key("b_m", kind="a", device="d.e"),
    ]
    store.write(batch(*((series, 10 + at, float(at)) for at, series in enumerate(alike)), (alike[0], 90, 9.0)))
    for at in range(len(alike)):
        assert store.delete_before(ORG, 11 + at) == 1
        left = [(other, 10 + later, float(later), 1) for later, other in enumerate(alike) if later > at]
        assert sorted(rows_of(store), key=str) == sorted([*left, (alike[0], 90, 9.0, 1)], key=str)


def test_what_was_deleted_may_be_written_again(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (A, 20, 2.0), (A, 30, 3.0)))
    store.delete_before(ORG, 25)
    assert store.write(batch((A, 10, 7.0), (A, 30, 3.0))) == WriteResult(1, duplicate=1)
    store.delete_before(ORG, 1000)
    assert store.devices(ORG) == []
    assert store.write(batch((A, 15, 4.0))) == WriteResult(1)
    assert store.last(EVERYTHING)[0].time_ms == 15
    assert rows_of(store) == [(A, 15, 4.0, 1)]


def test_a_future_sample_survives_the_deletion_of_the_latest(store: Store) -> None:
    store.write(batch((A, 10, 1.0), (A, 5000, 9.0), latest_until_ms=100))
    store.delete_before(ORG, 100)
    assert store.series(EVERYTHING) == [A]
    assert store.last(EVERYTHING) == []
    assert store.write(batch((A, 5000, 9.0), (A, 200, 2.0))) == WriteResult(1, duplicate=1)
    assert store.last(EVERYTHING)[0].time_ms == 200


def test_series_are_listed_with_their_units(store: Store) -> None:
    named = [
        key("ground_speed_m_s"),
        key("battery_voltage_v:2"),
        key("strange_thing_kpa"),
        key("mode_code"),
        key("odd"),
    ]
    store.write(batch(*((each, 10, 1.0) for each in named)))
    assert {each.channel: each.unit for each in store.series(EVERYTHING)} == {
        "ground_speed_m_s": "m/s",
        "battery_voltage_v:2": "V",
        "strange_thing_kpa": "kPa",
        "mode_code": "1",
        "odd": None,
    }


def test_coverage_is_the_share_of_the_expected_samples_in_each_bucket(store: Store) -> None:
    store.write(batch(*((A, time_ms, 1.0) for time_ms in (0, 10, 20, 30, 40, 50, 55, 57, 100, 205))))
    (found,) = store.buckets(EVERYTHING, 0, 210, 50)
    assert found.start_ms.tolist() == [0, 50, 100, 200]
    assert found.coverage(50, 210, 10).tolist() == [1.0, 0.6, 0.2, 1.0]


_ORGANISATIONS = itertools.count()


# Each example has an organisation of its own: to open a store takes longer than all that is asked of it.
@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start_ms=st.integers(-9 * 10**12, 9 * 10**12),  # the years 1684 to 2255, which every engine can hold
    step_ms=st.integers(1, 10**9),
    length_ms=st.integers(0, 10**10),
    times=st.lists(st.integers(0, 10**10), min_size=1, max_size=20, unique=True),
)
# A server that cuts off the product of seconds and 1000 would make 1238 ms of this step.
@example(start_ms=1, step_ms=1239, length_ms=2478, times=[1238])
def test_a_bucket_may_start_at_any_instant(
    store: Store, start_ms: int, step_ms: int, length_ms: int, times: list[int]
) -> None:
    step_ms = max(step_ms, length_ms // 1000)
    expected: dict[int, list[int]] = {}
    for time_ms in sorted(times):
        if time_ms < length_ms:
            expected.setdefault(start_ms + time_ms // step_ms * step_ms, []).append(time_ms)
    series = key(organisation=f"org-{next(_ORGANISATIONS)}")
    store.write(batch(*((series, start_ms + time_ms, float(time_ms)) for time_ms in times)))
    found = store.buckets(SeriesFilter(series.organisation), start_ms, start_ms + length_ms, step_ms)
    rows = [row for each in found for row in zip(each.start_ms.tolist(), each.count.tolist(), each.last, strict=True)]
    assert rows == [(label, len(group), group[-1]) for label, group in expected.items()]


@pytest.mark.long
def test_a_million_samples_are_written_once_and_read_back(store: Store) -> None:
    count, series = 1_000_000, 10
    index = np.repeat(np.arange(series, dtype=np.int32), count // series)
    time_ms = np.tile(np.arange(count // series, dtype=np.int64) * 100, series)
    keys = [key(f"channel_{number}_degc") for number in range(series)]
    whole = WriteBatch(Points(keys, index, time_ms, time_ms / 8, np.ones(count, np.uint8)))
    assert store.write(whole) == WriteResult(count)
    assert store.info().points == count
    assert store.write(WriteBatch(Points(keys, index[:500], time_ms[:500], time_ms[:500] / 8, np.ones(500, np.uint8))))
    (found,) = store.raw(SeriesFilter(ORG, channels=frozenset({"channel_3_degc"})), 0, 2**40)
    np.testing.assert_array_equal(found.time_ms, time_ms[: count // series])
    np.testing.assert_array_equal(found.value, found.time_ms / 8)
    (hours,) = store.buckets(SeriesFilter(ORG, channels=frozenset({"channel_0_degc"})), 0, 10**7, 3_600_000)
    assert (hours.count.tolist(), hours.last.tolist()) == (
        [36_000, 36_000, 28_000],
        [449_987.5, 899_987.5, 1_249_987.5],
    )
    assert store.info().points == count


def test_a_batch_that_breaks_the_contract_is_refused_whole(store: Store) -> None:
    good = points((A, 1, 1.0), (A, 2, 2.0))
    with pytest.raises(ValueError, match="finite"):
        store.write(batch((A, 1, 1.0), (A, 2, float("nan"))))
    with pytest.raises(ValueError, match="equally long"):
        store.write(type(batch())(Points([A], good.index, good.time_ms, good.value[:1], good.quality)))
    with pytest.raises(ValueError, match="must name one"):
        store.write(type(batch())(Points([A], good.index + 1, good.time_ms, good.value, good.quality)))
    assert store.series(EVERYTHING) == []


def test_a_closed_store_raises_and_closes_twice(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(RetryLater, match="closed"):
        store.write(batch((A, 1, 1.0)))
    with pytest.raises(RetryLater, match="closed"):
        store.raw(EVERYTHING, 0, 10)
    with pytest.raises(RetryLater, match="closed"):
        store.last(EVERYTHING)
