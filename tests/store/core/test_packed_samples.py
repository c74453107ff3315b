"""Packed samples give every bit back, whatever they are, and take few bytes where they are as sensors send them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headland.store.core.packed_samples import PackedSamples, pack
from headland.store.port import Times, Values
from headland.units_of_time import DAY_MS
from tests.examples import examples

START_MS = 20_000 * DAY_MS
#: Any finite number, and such as sensors send: whole, with decimals, single precision, and zeros of both signs.
VALUE = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.integers(-(2**31), 2**31).map(float),
    st.integers(-(10**6), 10**6).map(lambda number: number / 100),
    st.sampled_from([0.0, -0.0, 0.1, 127.0, -128.0, 32767.0, 5e-324, 1.7976931348623157e308]),
)
#: Times of a day, and steps of which all are multiples.
TIMES = st.tuples(
    st.sampled_from([1, 7, 1000, 10_000, 60_000]), st.lists(st.integers(0, DAY_MS - 1), max_size=60, unique=True)
).map(lambda drawn: sorted({offset_ms // drawn[0] * drawn[0] for offset_ms in drawn[1]}))


def unpacked(packed: PackedSamples, first: int = 0, end: int | None = None) -> tuple[Times, Values, NDArray[np.uint8]]:
    length = (len(packed) if end is None else end) - first
    columns = np.empty(length, np.int64), np.empty(length, np.float64), np.empty(length, np.uint8)
    packed.unpack_times(first, first + length, columns[0])
    packed.unpack_values(first, first + length, columns[1])
    packed.unpack_quality(first, first + length, columns[2])
    return columns


@settings(max_examples=examples(400), deadline=None)
@given(offset_ms=TIMES, data=st.data(), value_of=st.sampled_from([VALUE, st.integers(-300, 300).map(lambda n: n / 10)]))
def test_samples_come_back_bit_by_bit(
    offset_ms: list[int], data: st.DataObject, value_of: st.SearchStrategy[float]
) -> None:
    count = len(offset_ms)
    time_ms = START_MS + np.array(offset_ms, np.int64)
    value = np.array(data.draw(st.lists(value_of, min_size=count, max_size=count)), np.float64)
    quality = np.array(data.draw(st.lists(st.sampled_from([1, 2, 9]), min_size=count, max_size=count)), np.uint8)
    packed = pack(START_MS, time_ms, value, quality)
    found = unpacked(packed)
    assert found[0].tolist() == time_ms.tolist()
    assert found[1].tobytes() == value.tobytes()
    assert found[2].tolist() == quality.tolist()
    bounds = data.draw(st.tuples(*2 * [st.integers(START_MS - 5, START_MS + DAY_MS + 5)]))
    first, end = packed.find(packed.bounds_of(*bounds))
    assert unpacked(packed, first, end)[0].tolist() == [at for at in time_ms.tolist() if bounds[0] <= at < bounds[1]]


@pytest.mark.parametrize(
    ("step_ms", "value", "bytes_of_a_sample"),
    [
        (10_000, np.arange(8640) % 1000 / 10.0, 4),
        (10_000, np.arange(8640) % 100 + 0.0, 3),
        (9_999, np.arange(8640) % 1000 / 10.0, 4),
        (10_001, np.sqrt(np.arange(8639)), 10),
        (7_001, np.sqrt(np.arange(12341)).astype(np.float32).astype(np.float64), 6),
    ],
)
def test_a_day_of_a_sensor_takes_few_bytes(step_ms: int, value: Values, bytes_of_a_sample: int) -> None:
    time_ms = START_MS + np.arange(len(value), dtype=np.int64) * step_ms
    packed = pack(START_MS, time_ms, value, np.ones(len(value), np.uint8))
    objects_bytes = pack(START_MS, time_ms[:0], value[:0], np.ones(0, np.uint8)).size_bytes
    assert packed.size_bytes - objects_bytes == bytes_of_a_sample * len(value)
