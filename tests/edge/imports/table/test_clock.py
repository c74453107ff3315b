"""Time of a row: month first, spreadsheets' days, and the hours that clocks skip or show twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.imports.table.clock import NoTime, read_time

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FORMAT = "%m/%d/%Y %H:%M"


def utc_ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type] # parts are a date's


def test_the_month_may_come_first() -> None:
    assert read_time("2/1/2022 0:04", FORMAT, AMSTERDAM, None) == utc_ms(2022, 1, 31, 23, 4)
    assert read_time("2/1/2022 0:04", "%d/%m/%Y %H:%M", AMSTERDAM, None) == utc_ms(2022, 1, 1, 23, 4)


@pytest.mark.parametrize(
    ("text", "spelling", "wanted"),
    [
        ("2022-02-01T12:00:00", "iso8601", utc_ms(2022, 2, 1, 11)),
        ("2022-02-01 12:00:00+08:00", "iso8601", utc_ms(2022, 2, 1, 4)),
        ("2022-02-01T12:00:00Z", "iso8601", utc_ms(2022, 2, 1, 12)),
        ("1643673600", "epoch_s", 1_643_673_600_000),
        ("1643673600.25", "epoch_s", 1_643_673_600_250),
        ("1643673600250", "epoch_ms", 1_643_673_600_250),
        # A spreadsheet shows day 44593 as 2022-02-01; a quarter of it is six o'clock.
        ("44593.25", "excel_days", utc_ms(2022, 2, 1, 5)),
    ],
)
def test_each_format_is_read(text: str, spelling: str, wanted: int) -> None:
    assert read_time(text, spelling, AMSTERDAM, None) == wanted


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("", FORMAT), ("13/13/2022 0:00", FORMAT), ("soon", "iso8601"), ("nan", "excel_days"), ("1e300", "excel_days"),
        ("inf", "epoch_s"), ("-5", "epoch_ms"), ("1e400", "epoch_ms"), ("0001-01-01", "iso8601"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_time_is_refused(text: str, spelling: str) -> None:
    assert read_time(text, spelling, AMSTERDAM, None) is NoTime.BAD


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("1643673600", "epoch_ms"), ("1643673600250", "epoch_s"),
        ("1643673600250000", "epoch_ms"), ("1643673600250000", "epoch_s"),
    ],
)  # fmt: skip
def test_a_time_in_another_unit_than_the_format_is_refused_as_one(text: str, spelling: str) -> None:
    assert read_time(text, spelling, AMSTERDAM, None) is NoTime.UNIT


def test_an_hour_that_the_clocks_skipped_does_not_exist() -> None:
    assert read_time("3/27/2022 2:30", FORMAT, AMSTERDAM, None) is NoTime.SKIPPED
    assert read_time("3/27/2022 3:00", FORMAT, AMSTERDAM, None) == utc_ms(2022, 3, 27, 1)


def test_an_hour_that_the_clocks_showed_twice_is_resolved_by_the_row_before() -> None:
    texts = [f"10/30/2022 {text}" for text in ("1:55", "2:00", "2:30", "2:00", "2:30", "3:00")]
    seen: list[int] = []
    for text in texts:
        time_ms = read_time(text, FORMAT, AMSTERDAM, seen[-1] if seen else None)
        assert not isinstance(time_ms, NoTime), text
        seen.append(time_ms)
    start = utc_ms(2022, 10, 29, 23, 55)
    assert [(time_ms - start) // 60_000 for time_ms in seen] == [0, 5, 35, 65, 95, 125]
    assert read_time("10/30/2022 2:30", FORMAT, AMSTERDAM, None) is NoTime.TWICE
    assert read_time("10/30/2022 2:30", FORMAT, AMSTERDAM, utc_ms(2023, 1, 1)) is NoTime.TWICE


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - local times
def test_a_year_of_local_times_in_order_is_read_unchanged(start: datetime) -> None:
    instant = start.replace(tzinfo=UTC, second=0, microsecond=0)
    previous_ms = None
    for _ in range(6):
        local = instant.astimezone(AMSTERDAM)
        time_ms = read_time(local.strftime(FORMAT), FORMAT, AMSTERDAM, previous_ms)
        if previous_ms is None and time_ms is NoTime.TWICE:
            return
        assert time_ms == round(instant.timestamp() * 1000)
        previous_ms = int(time_ms)
        instant += timedelta(minutes=20)
