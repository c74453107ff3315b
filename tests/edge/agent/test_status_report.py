"""Lines about a gateway for a person."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from edge.agent.status import AgentStatus, SourceStatus, UplinkStatus, write_status
from edge.agent.status_report import format_age, format_bytes, silence_sentence, status_lines, uplink_sentence
from edge.pipeline.alarms.raised_alarms import RaisedAlarm
from edge.pipeline.processor import FlagCount
from headland.clock import wall_clock_ms
from headland.contract.records import Clock, SpoolStatus

NOW_MS = 1_790_000_000_000
STATUS = AgentStatus(
    gateway="gw-1",
    time_ms=NOW_MS - 1500,
    started_ms=NOW_MS - 7_201_500,
    pid=4711,
    software="0.1.0",
    epoch="0192f3c4",
    sources=[
        SourceStatus(name="drone-link", type="mavlink", running=True, counters={"frames": 1204, "bad_crc": 0}),
        SourceStatus(name="house-1", type="modbus_tcp", running=False, restarts=2, last_error="no answer"),
    ],
    intake={"lost_messages": 0},
    spool=SpoolStatus(records=1204, bytes=3_100_000, oldest_ms=NOW_MS - 720_000),
    spool_counters={},
    uplink=UplinkStatus(connected=True, acked_seq=5021, acked_ms=NOW_MS - 800),
)


def test_the_lines_show_depth_age_losses_ack_uplink_and_sources() -> None:
    assert status_lines(STATUS, NOW_MS) == [
        "gateway   gw-1 (headland 0.1.0, pid 4711), up for 2.0 h",
        "uplink    connected; the store commits the records",
        "last ack  up to record 5,021, 0.8 s ago",
        "spool     1,204 records wait for their commit ack, 3.1 MB, the oldest of 12.0 min ago",
        "dropped   nothing",
        "sources   drone-link (mavlink) runs: frames 1,204",
        "          house-1 (modbus_tcp) does not run, restarted 2 times, last error: no answer: nothing read yet",
    ]


def test_what_a_source_sets_aside_is_shown_below_it() -> None:
    told = SourceStatus(name="drone-link", type="mavlink", running=True, warnings=["7 messages"], notes=["3 messages"])
    lines = status_lines(msgspec.structs.replace(STATUS, sources=[told]), NOW_MS)
    assert lines[-3:] == [
        "sources   drone-link (mavlink) runs: nothing read yet",
        "            WARNING 7 messages",
        "            3 messages",
    ]


def test_active_alarms_and_flagged_channels_are_listed() -> None:
    frost = RaisedAlarm(
        rule="frost",
        device="gh-1",
        severity="critical",
        channel="air_temperature_degc",
        condition="below",
        value=1.25,
        threshold=2.0,
        unit="degC",
        since_ms=NOW_MS - 600_000,
        raised_ms=NOW_MS - 300_000,
        device_kind="greenhouse",
        site="home",
        clock=Clock.RTC,
        text="heat",
    )
    silence = {"condition": "silent", "unit": "s", "value": 960.0, "threshold": 900.0, "text": ""}
    dead = msgspec.structs.replace(frost, rule="dead", severity="warning", **silence)
    flags = [
        FlagCount(device="gh-1", channel="co2_ppm", test="flat_line", flag="suspect", samples=1204),
        FlagCount(device="gh-1", channel="co2_ppm", test="gross_range", flag="fail", samples=3),
        *(FlagCount(device=f"h-{at}", channel="co2_ppm", test="spike", flag="fail", samples=1) for at in range(25)),
    ]
    lines = status_lines(msgspec.structs.replace(STATUS, alarms=[frost, dead], flags=flags), NOW_MS)
    assert lines[5:7] == [
        (
            "ALARMS    critical frost at gh-1: air_temperature_degc 1.25 degC, below 2 degC, "
            "since 2026-09-21 14:03:20 UTC, raised 14:08:20: heat"
        ),
        (
            "          warning dead at gh-1: no air_temperature_degc for 16.0 min, "
            "since 2026-09-21 14:03:20 UTC, raised 14:08:20"
        ),
    ]
    assert lines[9] == "flags     gh-1 co2_ppm: flat_line suspect 1,204, gross_range fail 3"
    assert len(lines) == 9 + 21
    assert lines[-1] == "          and 6 more channels: --json shows all"


def test_losses_are_listed_wherever_they_occurred() -> None:
    status = msgspec.structs.replace(
        STATUS,
        spool=SpoolStatus(
            dropped_records=48, dropped_points=24_000, thinned_points=1800, trouble="database or disk is full"
        ),
        intake={"lost_messages": 3, "lost_events": 1},
        uplink=UplinkStatus(connected=False, detail="the broker 10.0.0.1:1883 cannot be reached"),
        sources=[],
    )
    assert status_lines(status, NOW_MS)[1:] == [
        "uplink    not connected: the broker 10.0.0.1:1883 cannot be reached",
        "last ack  none received since the daemon started",
        "spool     empty: the store has everything; NOT ACCEPTING DATA: database or disk is full",
        (
            "dropped   1,800 samples thinned out of stored records; 48 records with 24,000 samples; "
            "3 messages with 1 events while the disk accepted nothing"
        ),
        "sources   none: edge.toml has no [[source]]",
    ]


def test_a_renewed_epoch_is_shown_with_its_reason_and_what_is_missing() -> None:
    spool = SpoolStatus(epoch_reason="copied", epoch_ms=NOW_MS - 7_200_000, renewals=2, shortened_records=7)
    assert status_lines(msgspec.structs.replace(STATUS, spool=spool, sources=[]), NOW_MS)[3:6] == [
        "spool     empty: the store has everything",
        "dropped   7 accepted records found missing in the spool's file",
        (
            "epoch     0192f3c4 began 2.0 h ago, renewal 2: the spool is a copy; where the original is in use, give"
            " this gateway an id of its own"
        ),
    ]


def test_an_overdue_commit_ack_and_the_weaker_guarantee_are_shown() -> None:
    late = UplinkStatus(connected=True, overdue_ms=NOW_MS - 42_000)
    assert uplink_sentence(late, NOW_MS) == (
        "connected, but no commit ack for 42.0 s: nothing is stored there; the records remain here and are sent again"
    )
    weak = msgspec.structs.replace(
        STATUS, uplink=UplinkStatus(connected=True, delete_on="puback", acked_seq=7, acked_ms=NOW_MS)
    )
    assert status_lines(weak, NOW_MS)[1:3] == [
        "uplink    connected; records are deleted when the broker has them, which does not prove that they are stored",
        "last ack  not used; the broker accepted all up to record 7",
    ]


@pytest.mark.parametrize(("age_ms", "is_silent"), [(0, False), (10_000, False), (10_001, True), (-20_000, True)])
def test_after_ten_seconds_without_a_status_a_daemon_counts_as_silent(age_ms: int, is_silent: bool) -> None:
    sentence = silence_sentence(STATUS, STATUS.time_ms + age_ms)
    assert (sentence is not None) is is_silent


@pytest.mark.parametrize(
    ("age_ms", "text"), [(0, "0.0 s"), (59_900, "59.9 s"), (90_000, "1.5 min"), (7_200_000, "2.0 h"), (10**9, "11.6 d")]
)
def test_a_span_is_shown_in_its_largest_unit(age_ms: int, text: str) -> None:
    assert format_age(age_ms) == text


@pytest.mark.parametrize(("size", "text"), [(999, "999 bytes"), (1500, "1.5 kB"), (3_100_000, "3.1 MB")])
def test_a_size_is_shown_in_its_largest_unit(size: int, text: str) -> None:
    assert format_bytes(size) == text


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "station", "edge", "status", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HEADLAND_DATA": "/nonexistent"},
    )


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Write the status again and again, as a daemon does: to start the command may take longer than one is silent."""
    ended = threading.Event()

    def write() -> None:
        while True:
            write_status(msgspec.structs.replace(STATUS, time_ms=wall_clock_ms()), folder)
            written.set()
            if ended.wait(0.2):
                return

    written = threading.Event()
    daemon = threading.Thread(target=write, name="test-daemon")
    daemon.start()
    assert written.wait(120)
    try:
        yield
    finally:
        ended.set()
        daemon.join()


def test_the_command_shows_the_status_and_its_exit_code_whether_the_daemon_is_alive(tmp_path: Path) -> None:
    folder = tmp_path / "edge"
    folder.mkdir()
    nothing = _run("--data", str(tmp_path))
    assert (nothing.returncode, "no gateway has run" in nothing.stderr) == (2, True)
    with _writing(folder):
        alive = _run("--data", str(tmp_path))
    assert (alive.returncode, alive.stderr) == (0, "")
    assert "1,204 records wait" in alive.stdout
    write_status(STATUS, folder)
    config = tmp_path / "edge.toml"
    config.write_text('[gateway]\nid = "gw-1"\nsite = "home"\ndata_dir = "edge"\n')
    silent = _run("-c", str(config), "--json")
    assert silent.returncode == 1
    assert "has not written its status" in silent.stderr
    shown = json.loads(silent.stdout)
    assert (shown["alive"], shown["spool"]["records"], shown["uplink"]["acked_seq"]) == (False, 1204, 5021)
