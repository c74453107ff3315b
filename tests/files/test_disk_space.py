"""Room on the farm's disk: how fast the farm grows, for how many days there is room, and a warning in time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.files.disk_space import (
    LEAST_DAYS,
    DiskReading,
    add_reading,
    forecast,
    load_readings,
    measure,
    save_readings,
    sentence_of,
    space_path,
)
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.examples import examples

T0_MS = 1_700_000_000_000
GB = 1_000_000_000
QUARTER_HOUR_MS = 900_000


def reading(at_ms: int, farm_bytes: float, total_bytes: int = 2 * GB, others_bytes: int = 0) -> DiskReading:
    free = max(0, total_bytes - others_bytes - round(farm_bytes))
    return DiskReading(at_ms=at_ms, farm_bytes=round(farm_bytes), free_bytes=free, total_bytes=total_bytes)


def kept_after(days: float, growth_bytes_day: float, every_ms: int = HOUR_MS) -> tuple[DiskReading, ...]:
    kept: tuple[DiskReading, ...] = ()
    for at_ms in range(0, round(days * DAY_MS) + 1, every_ms):
        kept = add_reading(kept, reading(T0_MS + at_ms, growth_bytes_day * at_ms / DAY_MS))
    return kept


def test_the_days_left_are_the_free_bytes_by_the_growth_of_a_day() -> None:
    found = forecast(kept_after(20, 10e6))
    assert found is not None
    assert found.growth_bytes_day == pytest.approx(10e6)
    assert found.days_left == pytest.approx((2 * GB - 200e6) / 10e6, rel=1e-6)
    assert sentence_of(found) == "1.8 GB free (90%), the farm has 0.20 GB and grows by 10.0 MB a day: room for 180 days"


def test_too_little_history_is_said_and_gives_no_days() -> None:
    found = forecast(kept_after(1.5, 10e6))
    assert found is not None
    assert (found.growth_bytes_day, found.days_left) == (None, None)
    assert sentence_of(found).endswith("how long it lasts is told after two days (known: 1.5)")
    assert forecast(()) is None


def test_one_import_is_no_growth_and_a_farm_that_shrinks_has_no_end() -> None:
    kept = kept_after(10, 5e6)
    kept = add_reading(kept, reading(kept[-1].at_ms + HOUR_MS, kept[-1].farm_bytes + 500e6))
    found = forecast(kept)
    assert found is not None
    assert found.growth_bytes_day == pytest.approx(5e6, rel=0.1)
    shrinks = forecast(tuple(reading(T0_MS + day * DAY_MS, GB - day * 1e6) for day in range(5)))
    assert shrinks is not None
    assert shrinks.days_left is None
    assert not shrinks.is_nearly_full


def test_the_record_is_bounded_and_has_the_newest_reading() -> None:
    kept = kept_after(60, 1e6, QUARTER_HOUR_MS)
    assert kept[-1].at_ms == T0_MS + 60 * DAY_MS
    assert len(kept) <= 122
    assert kept[-1].at_ms - kept[0].at_ms <= 30 * DAY_MS


def test_readings_of_a_clock_that_was_ahead_are_left_out() -> None:
    kept = kept_after(5, 1e6)
    ahead = add_reading(kept, reading(T0_MS + 400 * DAY_MS, 6e6))
    again = add_reading((*kept, ahead[-1]), reading(T0_MS + 5 * DAY_MS + HOUR_MS, 6e6))
    assert max(known.at_ms for known in again) == T0_MS + 5 * DAY_MS + HOUR_MS


def test_a_tenth_of_the_disk_is_nearly_full_whatever_grows() -> None:
    found = forecast([reading(T0_MS, 1.85 * GB)])
    assert found is not None
    assert found.is_nearly_full


@settings(max_examples=examples(60), deadline=None)
@given(
    st.floats(3e6, 60e6),
    st.floats(0.0, 0.6),
    st.integers(0, 600_000_000),
    st.floats(0.8, 1.25),
)
def test_a_farm_on_a_disk_of_2_gb_is_warned_two_weeks_before_it_is_full(
    growth_bytes_day: float, by_day: float, others_bytes: int, season: float
) -> None:
    """A year of a farm whose open day is unsorted until night, and whose growth changes through the year."""
    kept: tuple[DiskReading, ...] = ()
    warned_ms = full_ms = None
    farm_bytes = 0.0
    for hour in range(0, 365 * 24, 6):
        at_ms = T0_MS + hour * HOUR_MS
        farm_bytes += growth_bytes_day / 4 * (1 + (season - 1) * hour / (365 * 24))
        open_day = by_day * growth_bytes_day * (hour % 24) / 24
        now = reading(at_ms, farm_bytes + open_day, others_bytes=others_bytes)
        kept = add_reading(kept, now)
        found = forecast(kept)
        assert found is not None
        if warned_ms is None and found.is_nearly_full:
            warned_ms = at_ms
        if now.free_bytes == 0:
            full_ms = at_ms
            break
    if full_ms is not None:
        assert warned_ms is not None
        assert full_ms - warned_ms >= min((LEAST_DAYS - 3) * DAY_MS, full_ms - T0_MS - 3 * DAY_MS)


def test_the_folder_and_its_disk_are_measured_and_kept(tmp_path: Path) -> None:
    space_path(tmp_path).parent.mkdir()
    (tmp_path / "store" / "farm.duckdb").write_bytes(b"x" * 1_000_000)
    found = measure(tmp_path, T0_MS)
    assert 1_000_000 <= found.farm_bytes < 1_100_000
    assert 0 < found.free_bytes < found.total_bytes
    save_readings(tmp_path, [found])
    assert load_readings(tmp_path) == (found,)
    space_path(tmp_path).write_bytes(b"[{")
    assert load_readings(tmp_path) == ()
