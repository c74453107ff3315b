"""Zones divide a field by its measurements, and their rates add up to the planned total."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.prescription.treatment_zones import (
    NO_ZONE,
    cluster_zones,
    quantile_zones,
    share_rates,
    smooth_zones,
)
from tests.examples import examples


def test_quantiles_divide_a_field_evenly_and_omit_unmeasured_cells() -> None:
    index = np.arange(100.0).reshape(10, 10)
    index[0, 0] = np.nan
    labels = quantile_zones(index, 3)
    assert labels[0, 0] == NO_ZONE
    assert [int((labels == zone).sum()) for zone in range(3)] == [33, 33, 33]
    assert np.all(np.diff(labels.ravel()[1:]) >= 0)


def test_clusters_find_the_parts_that_were_planted() -> None:
    rng = np.random.default_rng(5)
    truth = np.repeat([2, 0, 1], 20)[None, :] * np.ones((30, 1), np.int64)
    layers = np.stack(
        (truth * 0.1 + rng.normal(0, 0.01, truth.shape), 50.0 - 20.0 * truth + rng.normal(0, 2, truth.shape))
    )
    layers[0, 3, 3] = np.nan
    labels = cluster_zones(layers, 3, seed=1)
    assert labels[3, 3] == NO_ZONE
    known = labels != NO_ZONE
    assert np.array_equal(labels[known], truth[known])
    assert np.array_equal(labels, cluster_zones(layers, 3, seed=1))


def test_fewer_kinds_of_cells_than_zones_are_refused() -> None:
    with pytest.raises(ValueError, match="3 zones need"):
        cluster_zones(np.array([[[1.0, 1.0, 2.0, 2.0]]]), 3)


def test_specks_take_the_zone_around_them() -> None:
    labels = np.zeros((7, 7), np.int64)
    labels[:, 4:] = 1
    labels[2, 1] = 1
    labels[5, 6] = 0
    labels[0, 0] = NO_ZONE
    smooth = smooth_zones(labels)
    assert (smooth[2, 1], smooth[5, 6], smooth[0, 0]) == (0, 1, NO_ZONE)
    expected = np.where(np.arange(7) < 4, 0, 1) * np.ones((7, 1), np.int64)
    expected[0, 0] = NO_ZONE
    assert np.array_equal(smooth, expected)


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(0.0, 300.0)), min_size=1, max_size=8),
    st.floats(0.0, 100.0),
    st.floats(1.0, 200.0),
    st.floats(0.0, 1.0),
)
def test_rates_come_to_the_total_within_their_limits(
    parts: list[tuple[float, float]], least: float, span: float, share: float
) -> None:
    area, wish = np.array(parts).T
    total = float(area.sum() * (least + share * span))
    rates = share_rates(area, wish, total, (least, least + span))
    assert float(area @ rates) == pytest.approx(total, rel=1e-6, abs=1e-6)
    assert rates.min() >= least - 1e-9
    assert rates.max() <= least + span + 1e-9
    order = np.argsort(wish)
    assert np.all(np.diff(rates[order]) >= -1e-9)


def test_unlimited_rates_keep_their_proportions() -> None:
    rates = share_rates(np.array([1.0, 2.0]), np.array([130.0, 60.0]), 500.0, (0.0, 1000.0))
    assert rates == pytest.approx([260.0, 120.0])


@given(st.floats(0.0, 0.99))
def test_a_total_beyond_the_limits_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"takes 100\.0 to 300\.0 kg"):
        share_rates(np.array([1.0, 1.0]), np.array([1.0, 2.0]), 100.0 * share, (50.0, 150.0))
