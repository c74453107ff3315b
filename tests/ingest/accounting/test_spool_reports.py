"""Reports of spools: kept once and bounded for each gateway, and no value that a gateway sends stops their record."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.delivery import SpoolReport
from headland.contract.records import Clock, Event, Scalar
from ingest.accounting import ledger, spool_reports
from ingest.accounting.spool_reports import (
    MAX_REPORTS,
    REPORT_KINDS,
    REPORTS_LEFT_OUT,
    read_reports,
    record_reports,
    reports_in,
)
from tests.examples import examples


def new_file() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    made.execute(spool_reports.SCHEMA)
    made.execute(ledger.COUNTS_SCHEMA)
    return made


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = new_file()
    yield made
    made.close()


def event(data: dict[str, Scalar], *, t: int = 1000, kind: str = "spool_shortened", device: str = "gw-1") -> Event:
    return Event(t=t, device=device, kind=kind, device_kind="gateway", site="s", clock=Clock.NTP, data=data)


def report(number: int, gateway: str = "gw-1") -> tuple[str, SpoolReport]:
    return gateway, SpoolReport(1000 + number, "spool_shortened", {"first_seq": number, "last_seq": number})


def test_a_report_that_arrives_again_is_kept_once(connection: sqlite3.Connection) -> None:
    record_reports(connection, [report(1), report(2), report(1)])
    record_reports(connection, [report(2)])
    assert read_reports(connection) == {"gw-1": (report(1)[1], report(2)[1])}


def test_the_last_reports_of_each_gateway_remain_and_the_older_are_counted(connection: sqlite3.Connection) -> None:
    record_reports(connection, [report(0, "gw-2")])
    for number in range(MAX_REPORTS + 3):
        record_reports(connection, [report(number)])
    assert [each.data["first_seq"] for each in read_reports(connection, "gw-1")["gw-1"]] == list(
        range(3, MAX_REPORTS + 3)
    )
    assert read_reports(connection, "gw-2") == {"gw-2": (report(0)[1],)}
    assert ledger.read_gateway_counts(connection) == {"gw-1": {REPORTS_LEFT_OUT: 3}}


def test_only_what_a_gateway_says_about_its_own_spool_is_a_report() -> None:
    events = [
        event({}, device="gw-2"),
        event({}, kind="alarm_raised"),
        event({}, kind="spool_dropped"),
        event({"records": 4}),
    ]
    assert reports_in("gw-1", events) == [("gw-1", SpoolReport(1000, "spool_shortened", {"records": 4}))]


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300)
_DATA = st.dictionaries(
    st.sampled_from(["epoch", "why", "first_seq", "last_seq", "records", "points", "unknown"]), _SCALARS
)


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(), st.sampled_from(sorted(REPORT_KINDS)), _DATA)
def test_whatever_a_gateway_reports_is_kept_within_bounds(t: int, kind: str, data: dict[str, Scalar]) -> None:
    file = new_file()
    record_reports(file, reports_in("gw-1", [event(data, t=t, kind=kind)]))
    (kept,) = read_reports(file)["gw-1"]
    file.close()
    assert kept.kind == kind
    assert 0 <= kept.time_ms < 2**53
    for name, value in kept.data.items():
        assert value == (data[name][:200] if isinstance(value, str) else data[name])  # type: ignore[index]
        assert isinstance(value, str) or 0 <= value < 2**53
