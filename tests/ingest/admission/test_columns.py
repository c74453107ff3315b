"""Blocks of many messages as one set of columns."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.clock.station_clock.record import AGREE_MS, trusted_limits
from headland.contract.quantities import QUANTITIES
from headland.contract.records import Block, Clock
from headland.store.port import Points
from ingest.admission.columns import EARLIEST_MS, SampleColumns
from tests.examples import examples
from tests.ingest.gateway import T0_MS, block_of

Row = tuple[str, str, int, float, int]


def rows_of(points: Points) -> list[Row]:
    """Return (device, channel, time, value, flag) of each sample."""
    keys = [points.series[index] for index in points.index]
    columns = zip(keys, points.time_ms.tolist(), points.value.tolist(), points.quality.tolist(), strict=True)
    return [(key.device, key.channel, time_ms, value, flag) for key, time_ms, value, flag in columns]


def points_of(*blocks: Block, now_ms: int = T0_MS + 3_600_000) -> Points:
    columns = SampleColumns("home")
    for block in blocks:
        columns.add(block)
    return columns.points(trusted_limits(now_ms).flag_after_ms)


def test_nothing_gives_no_points() -> None:
    points = points_of()
    assert len(points) == 0
    columns = (points.index, points.time_ms, points.value, points.quality)
    assert [column.dtype.name for column in columns] == ["int32", "int64", "float64", "uint8"]


def test_each_value_has_its_series_time_and_flag() -> None:
    points = points_of(
        block_of({"air_temperature_degc": [20.0, 21.0], "co2_ppm": [400.0, None]}, T0_MS),
        block_of({"air_temperature_degc": [22.0]}, T0_MS + 5000),
        block_of({"air_temperature_degc": [9.0]}, T0_MS, device="gh-2"),
    )
    assert rows_of(points) == [
        ("gh-1", "air_temperature_degc", T0_MS, 20.0, 1),
        ("gh-1", "air_temperature_degc", T0_MS + 100, 21.0, 1),
        ("gh-1", "co2_ppm", T0_MS, 400.0, 1),
        ("gh-1", "air_temperature_degc", T0_MS + 5000, 22.0, 1),
        ("gh-2", "air_temperature_degc", T0_MS, 9.0, 1),
    ]
    assert len(points.series) == 3


def test_simulated_and_real_samples_are_different_series() -> None:
    real = block_of({"co2_ppm": [400.0]})
    simulated = Block(
        device="gh-1",
        kind="greenhouse",
        site="home",
        clock=Clock.NTP,
        t0=T0_MS,
        dt=[0],
        c={"co2_ppm": [1.0]},
        simulated=True,
    )
    assert [key.simulated for key in points_of(real, simulated).series] == [False, True]


@pytest.mark.parametrize(("value", "flag"), [(-60.0, 1), (80.0, 1), (80.001, 4), (-1e300, 4)])
def test_a_physically_impossible_value_is_flagged_and_stored(value: float, flag: int) -> None:
    assert rows_of(points_of(block_of({"air_temperature_degc": [value]}))) == [
        ("gh-1", "air_temperature_degc", T0_MS, value, flag)
    ]


def test_the_worse_of_two_flags_counts() -> None:
    block = block_of(
        {"air_temperature_degc": [20.0, 20.0, 99.0, 99.0], "oil_temperature_degc": [1.0, 1.0, 1.0, 1.0]},
        quality={"air_temperature_degc": [1, 3, 3, 9], "oil_temperature_degc": [1, 2, 3, 4]},
    )
    assert points_of(block).quality.tolist() == [1, 3, 4, 9, 2, 2, 3, 4]


@pytest.mark.parametrize(
    ("time_ms", "flag"),
    [(T0_MS, 1), (T0_MS + AGREE_MS, 1), (T0_MS + AGREE_MS + 1, 4), (EARLIEST_MS, 1), (EARLIEST_MS - 1, 4), (0, 4)],
)
def test_a_time_of_a_wrong_clock_is_flagged(time_ms: int, flag: int) -> None:
    points = points_of(block_of({"co2_ppm": [400.0], "air_temperature_degc": [20.0]}, time_ms), now_ms=T0_MS)
    assert points.quality.tolist() == [flag, flag]
    assert points.time_ms.tolist() == [time_ms, time_ms]


def test_a_block_whose_values_are_all_missing_leaves_nothing() -> None:
    assert len(points_of(block_of({"co2_ppm": [None, None], "air_temperature_degc": [None, None]}))) == 0


BLOCKS = st.lists(
    st.builds(
        lambda device, channels, rows, t0, values: Block(
            device=device,
            kind="greenhouse",
            site="home",
            clock=Clock.NTP,
            t0=t0,
            dt=[row * 7 for row in range(rows)],
            c={
                channel: [values[(row + shift) % len(values)] for row in range(rows)]
                for shift, channel in enumerate(channels)
            },
        ),
        st.sampled_from(["a", "b"]),
        st.lists(st.sampled_from(sorted(QUANTITIES)), min_size=1, max_size=4, unique=True),
        st.integers(1, 5),
        st.integers(T0_MS, T0_MS + 1000),
        st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=7),
    ),
    max_size=6,
)


@settings(max_examples=examples(100), deadline=None)
@given(BLOCKS)
def test_columns_equal_reading_value_by_value(blocks: list[Block]) -> None:
    expected = [
        (
            block.device,
            channel,
            block.t0 + offset_ms,
            value,
            1 if QUANTITIES[channel].low <= value <= QUANTITIES[channel].high else 4,
        )
        for block in blocks
        for channel, column in block.c.items()
        for offset_ms, value in zip(block.dt, column, strict=True)
        if value is not None
    ]
    assert rows_of(points_of(*blocks)) == expected
