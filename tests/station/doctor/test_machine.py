"""What the doctor makes of packages, space, writes and clocks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from headland.clock.kernel_clock import kernel_clock_error_ms
from station.doctor import machine
from station.doctor.finding import State
from station.doctor.machine import assess_fsync, assess_packages, assess_space, check_clock_steps

ASKED = [
    "msgspec>=0.20",
    'duckdb>=1.4; extra == "ingest"',
    'influxdb-client>=1.50; extra == "influx"',
    'psycopg[binary]>=3.2; extra == "postgres"',
    'pytest>=8.3; extra == "dev"',
    'headland[edge]; extra == "all"',
]
WHOLE = {"msgspec": "0.22.0", "duckdb": "1.10.0", "influxdb-client": "1.50.0", "psycopg": "3.3.9"}


def without(*names: str) -> dict[str, str]:
    return {name: version for name, version in WHOLE.items() if name not in names}


@pytest.mark.parametrize(
    ("installed", "state", "words"),
    [
        (WHOLE, State.OK, "headland 0.1.0"),
        (without("influxdb-client"), State.WARNING, "not installed: influxdb-client"),
        (without("influxdb-client", "psycopg"), State.WARNING, "influxdb-client, psycopg"),
        (without("msgspec"), State.WARNING, "not installed: msgspec"),
        ({**WHOLE, "duckdb": "1.3.2"}, State.FAILED, "too old: duckdb 1.3.2 (at least 1.4)"),
    ],
)
def test_packages_are_held_against_what_is_asked_for(installed: Mapping[str, str], state: State, words: str) -> None:
    (finding,) = assess_packages("0.1.0", ASKED, installed)
    assert finding.state is state
    assert words in finding.condition


def test_what_a_missing_package_is_for_is_said() -> None:
    (finding,) = assess_packages("0.1.0", ASKED, without("psycopg"))
    assert "'headland[postgres]' (postgres is for PostgreSQL)" in finding.remedy


@pytest.mark.parametrize(
    ("free_bytes", "state"), [(50_000_000_000, State.OK), (1_900_000_000, State.WARNING), (100_000_000, State.FAILED)]
)
def test_little_free_space_is_a_warning_and_hardly_any_a_failure(free_bytes: int, state: State) -> None:
    assert assess_space(Path("/farm"), free_bytes).state is state


@pytest.mark.parametrize(("median_ms", "state"), [(0.3, State.OK), (19.0, State.OK), (80.0, State.WARNING)])
def test_a_slow_disk_is_a_warning(median_ms: float, state: State) -> None:
    assert assess_fsync(median_ms).state is state


@pytest.mark.parametrize(
    ("wall_s", "steady_s", "state"),
    [(2.01, 2.0, State.OK), (3602.0, 2.0, State.WARNING), (-3598.0, 2.0, State.WARNING)],
)
def test_a_clock_that_jumps_is_told(wall_s: float, steady_s: float, state: State) -> None:
    finding = check_clock_steps(wall_s, steady_s)
    assert finding.state is state
    if state is State.WARNING:
        assert "3600.0 s" in finding.condition


SET_BACK = """
import time
real = time.time
time.time = lambda: real() - 40 * 365 * 86400
from pathlib import Path
from station.doctor.machine import check_clock
print(*(f"{finding.state} {finding.remedy}" for finding in check_clock(None)))
"""


def test_a_clock_that_was_never_set_has_failed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SET_BACK], capture_output=True, text=True, check=True,
        cwd=Path(__file__).resolve().parents[3], env=os.environ,
    )  # fmt: skip
    assert done.stdout.startswith("failed Set the clock")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_the_kernels_word_is_taken_for_whether_a_clock_is_kept_right(monkeypatch: pytest.MonkeyPatch) -> None:

    states = {None: State.UNKNOWN, float("inf"): State.WARNING, 1.5: State.OK}
    for error_ms, state in states.items():
        monkeypatch.setattr(machine, "kernel_clock_error_ms", lambda error_ms=error_ms: error_ms)
        (finding,) = machine.check_clock(None)  # type: ignore[arg-type] # it looks at no context
        assert finding.state is state
    monkeypatch.undo()
    assert kernel_clock_error_ms() is not None
