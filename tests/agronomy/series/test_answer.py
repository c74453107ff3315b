import numpy as np
import pytest

from headland.agronomy.series.answer import expected_interval_s, share_of_window, share_out_s


def coverage(time_ms: list[int], start_ms: int, end_ms: int, reach_s: float) -> float:
    return share_of_window(share_out_s(np.array(time_ms, dtype=np.int64), start_ms, end_ms, reach_s), start_ms, end_ms)


def test_regular_samples_cover_the_window() -> None:
    assert coverage(list(range(0, 60_000, 1000)), 0, 60_000, 2.0) == pytest.approx(1.0)


def test_half_a_window_of_samples_covers_half_of_it_and_its_reach() -> None:
    assert coverage(list(range(0, 30_000, 1000)), 0, 60_000, 2.0) == pytest.approx((29.0 + 2.0) / 60.0)


def test_one_lost_sample_leaves_no_hole_and_many_do() -> None:
    assert coverage([0, 1000, 3000, 4000], 0, 4000, 2.0) == pytest.approx(1.0)
    assert coverage([0, 1000, 9000, 10_000], 0, 10_000, 2.0) == pytest.approx(0.6)


def test_no_samples_cover_nothing() -> None:
    assert coverage([], 0, 1000, 2.0) == 0.0
    assert coverage([], 1000, 1000, 2.0) == 0.0


def test_each_instant_belongs_to_the_nearest_sample() -> None:
    assert share_out_s(np.array([0, 1000, 4000]), 0, 5000, 10.0).tolist() == [0.5, 2.0, 2.5]


def test_the_descriptor_tells_the_interval_else_the_samples_do() -> None:
    times = np.array([0, 240_000, 480_000, 960_000])
    assert expected_interval_s(times, 60.0) == 60.0
    assert expected_interval_s(times, None) == 240.0
    assert expected_interval_s(times[:1], None) == 1.0
