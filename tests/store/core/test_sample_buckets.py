"""Buckets of packed samples are those of the same samples in columns, however these are cut into pieces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headland.store.core import sample_buckets
from headland.store.core.columns import Columns
from headland.store.core.packed_samples import Piece, join_pieces, pack, wrap
from headland.store.core.sample_buckets import BUCKET_COLUMNS, make_buckets, make_buckets_of_pieces
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.examples import examples

START_MS = 20_000 * DAY_MS
#: How far samples are apart, and with how many of them a day begins; some at any instants.
CADENCE_MS = st.sampled_from([1, 1000, 10_000, 60_000, 61_001, HOUR_MS])
STEP_MS = st.sampled_from([1, 7000, 300_000, 600_000, HOUR_MS, 25 * HOUR_MS, 2**62])
Part = tuple[int, int, int, bool, bool]
PART = st.tuples(CADENCE_MS, st.integers(1, 700), st.integers(0, 2**16), st.booleans(), st.booleans())


def columns_of(part: Part, day: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.uint8]]:
    every_ms, count, seed, is_even, has_flags = part
    random = np.random.default_rng(seed)
    count = min(count, DAY_MS // every_ms)
    offset_ms = np.arange(count, dtype=np.int64) * every_ms
    if not is_even:
        offset_ms = np.unique(random.integers(0, DAY_MS, count))
    quality = random.choice(np.array([1, 2, 4], np.uint8), len(offset_ms)) if has_flags else np.full(len(offset_ms), 2)
    return START_MS + day * DAY_MS + offset_ms, random.integers(-99, 99, len(offset_ms)) / 10, quality.astype(np.uint8)


def pieces_of(parts: Sequence[Part], start_ms: int, end_ms: int) -> list[Piece]:
    pieces = []
    for day, part in enumerate(parts):
        columns = columns_of(part, day)
        packed = wrap(*columns) if day % 2 else pack(START_MS + day * DAY_MS, *columns)
        first, end = packed.find(packed.bounds_of(start_ms, end_ms))
        if first < end:
            pieces.append(Piece(packed, first, end))
    return pieces


@settings(max_examples=examples(300), deadline=None)
@given(
    series=st.lists(st.lists(PART, min_size=1, max_size=3), min_size=0, max_size=4),
    start_ms=st.sampled_from([-(2**62), START_MS, START_MS - 1, START_MS + 12345, START_MS + DAY_MS + 7]),
    end_ms=st.sampled_from([START_MS + HOUR_MS, START_MS + 2 * DAY_MS - 1, 2**62]),
    step_ms=STEP_MS,
    max_quality=st.sampled_from([0, 1, 2, 255]),
    at_once=st.sampled_from([1, 1000, 2**17]),
)
def test_buckets_of_packed_samples_are_those_of_their_columns(
    series: list[list[Part]], start_ms: int, end_ms: int, step_ms: int, max_quality: int, at_once: int
) -> None:
    of = {sid: pieces for sid, parts in enumerate(series) if (pieces := pieces_of(parts, start_ms, end_ms))}
    columns, part_of = join_pieces(of)
    columns["sid"] = np.repeat(
        np.array(list(part_of), np.int32), np.array([part.stop - part.start for part in part_of.values()], np.int64)
    )
    expected = make_buckets(columns, start_ms, step_ms, max_quality)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_buckets, "_SAMPLES_AT_ONCE", at_once)
        found = make_buckets_of_pieces(of, start_ms, end_ms, step_ms, max_quality)
    assert as_lists(found) == as_lists(expected)
    np.testing.assert_allclose(found["mean"], expected["mean"], rtol=1e-12, atol=1e-12)


def as_lists(columns: Columns) -> dict[str, list[float]]:
    return {name: columns[name].tolist() for name in ("sid", *BUCKET_COLUMNS) if name != "mean"}
