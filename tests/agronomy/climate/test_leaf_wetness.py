"""Leaf wetness models against what their papers' equations give, and periods of it."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.leaf_wetness import wet_by_depression, wet_by_humidity, wet_by_tree, wet_periods


@pytest.mark.parametrize(
    ("temperature", "humidity", "wind", "wet"),
    # The score at 20 degC, 95 % and 0.5 m/s is 16.3, over the bar of 14.4674; at 75 % the air is 4.6 K above its dew
    # point, which is dry whatever the score.
    [
        (20.0, 95.0, 0.5, True),
        (20.0, 75.0, 0.5, False),
        (5.0, 96.0, 0.2, True),
        (20.0, 95.0, 3.0, False),
        (1.0, 82.0, 1.0, False),
    ],
)
def test_the_tree_tells_wet_from_dry(temperature: float, humidity: float, wind: float, wet: bool) -> None:
    assert bool(wet_by_tree(temperature, humidity, wind)) is wet


def test_humidity_of_ninety_is_wet_and_unknown_is_not() -> None:
    assert wet_by_humidity([89.9, 90.0, np.nan, 100.0]).tolist() == [False, True, False, True]


def test_leaves_dry_later_than_they_grew_wet() -> None:
    # Depressions at 20 degC of about 4.6, 1.7, 2.6, 3.4, 4.6, 3.4, 1.7 K, then unknown, then 2.6 K.
    humidity = np.array([75.0, 90.0, 85.0, 81.0, 75.0, 81.0, 90.0, np.nan, 85.0])
    expected = [False, True, True, True, False, False, True, False, False]
    assert wet_by_depression(np.full(9, 20.0), humidity).tolist() == expected


def test_short_dry_breaks_do_not_end_a_period() -> None:
    hour = 3_600_000
    time_ms = np.arange(10, dtype=np.int64) * hour
    wet = np.array([0, 1, 1, 0, 1, 0, 0, 0, 1, 1], np.bool_)
    assert wet_periods(time_ms, wet, join_s=0.0, max_gap_s=3600.0).tolist() == [
        [hour, 3 * hour],
        [4 * hour, 5 * hour],
        [8 * hour, 9 * hour],
    ]
    joined = wet_periods(time_ms, wet, join_s=2 * 3600.0, max_gap_s=3600.0)
    assert joined.tolist() == [[hour, 5 * hour], [8 * hour, 9 * hour]]
    assert wet_periods(time_ms, np.zeros(10, np.bool_), join_s=0.0, max_gap_s=3600.0).shape == (0, 2)


def test_a_sample_speaks_for_no_longer_than_its_reach() -> None:
    time_ms = np.array([0, 10 * 3_600_000], np.int64)
    assert wet_periods(time_ms, np.ones(2, np.bool_), join_s=0.0, max_gap_s=600.0).tolist() == [
        [0.0, 600_000.0],
        [36_000_000.0, 36_000_000.0],
    ]
