import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.local.broker import move_sessions_aside, prepare_broker
from station.local.supervisor import Part, Supervisor, restart_wait_s
from station.local.up import _STOP_WITHIN_S
from tests.ports import find_free_port
from tests.waiting import WaitUntil

OBEDIENT = "import time\nprint('up', flush=True)\ntime.sleep(60)"
STUBBORN = "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)"


class Farm:
    """A supervisor of small real processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.parts: list[Part] = []

    def add(self, name: str, code: str, stage: int = 0) -> None:
        self.parts.append(Part(name, [sys.executable, "-c", code], self.folder / f"{name}.log", stage))

    def start(self) -> Supervisor:
        self.supervisor = Supervisor(self.parts, os.environ, self.said.append)
        self.supervisor.start()
        return self.supervisor

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    yield made
    made.supervisor.stop(1.0)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_part_that_is_killed_starts_again_and_it_is_said(farm: Farm, wait_until: WaitUntil) -> None:
    farm.add("edge", OBEDIENT)
    supervisor = farm.start()
    first = supervisor.pids().get("edge")
    assert first is not None
    os.kill(first, signal.SIGKILL)

    def started_again() -> bool:
        supervisor.tend()
        return supervisor.pids().get("edge") not in (None, first)

    wait_until(started_again)
    assert farm.said[0].startswith("edge ended (killed by SIGKILL); it restarts in 0.5 s.")


def test_a_part_that_waits_for_another_starts_when_it_may_and_after_a_failure_at_once(
    farm: Farm, wait_until: WaitUntil
) -> None:
    may: list[bool] = []
    farm.add("edge", OBEDIENT)
    farm.add("sim-drone", OBEDIENT)
    farm.parts[1].may_start = lambda: bool(may)
    supervisor = farm.start()
    supervisor.tend()
    assert set(supervisor.pids()) == {"edge"}
    may.append(True)
    supervisor.tend()
    first = supervisor.pids()["sim-drone"]
    may.clear()
    os.kill(first, signal.SIGKILL)

    def started_again() -> bool:
        supervisor.tend()
        return supervisor.pids().get("sim-drone") not in (None, first)

    wait_until(started_again)


def test_the_last_record_of_a_part_that_logs_json_is_reported_by_its_message(farm: Farm, wait_until: WaitUntil) -> None:
    farm.add("station", """print('{"level": "CRITICAL", "message": "the disk is full"}')""")
    supervisor = farm.start()

    def is_reported() -> bool:
        supervisor.tend()
        return bool(farm.said)

    wait_until(is_reported)
    assert farm.said[0].endswith("station.log ends: the disk is full")


def test_a_task_ends_with_its_result_and_one_that_fails_is_given_up_in_the_end(
    farm: Farm, wait_until: WaitUntil
) -> None:
    farm.add("edge", OBEDIENT)
    supervisor = farm.start()
    for name, code in (("past", "print('all is made')"), ("broken", "raise SystemExit(2)")):
        part = Part(name, [sys.executable, "-c", code], farm.folder / f"{name}.log", 0, is_task=True)
        supervisor.add(part)
        part.failures = 4

    def are_over() -> bool:
        supervisor.tend()
        return "all is made" in farm.said and "broken is given up until the next start." in farm.said

    wait_until(are_over)
    assert set(supervisor.pids()) == {"edge"}


def test_what_a_part_said_last_is_shown(farm: Farm, wait_until: WaitUntil) -> None:
    farm.add("station", "import sys\nprint('headland: the disk is full')\nsys.exit(3)")
    supervisor = farm.start()

    def said() -> bool:
        supervisor.tend()
        return bool(farm.said)

    wait_until(said)
    assert "exit code 3" in farm.said[0]
    assert farm.said[0].endswith("headland: the disk is full")


def test_a_program_that_is_not_there_is_said_and_tried_again_later(farm: Farm) -> None:
    farm.parts.append(Part("broker", ["/nowhere/mosquitto"], farm.folder / "broker.log", 0))
    farm.start()
    assert "Cannot start broker" in farm.said[0]
    assert farm.supervisor.pids().get("broker") is None


def test_stop_leaves_no_process_even_where_one_ignores_the_signal(
    farm: Farm, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm.add("edge", OBEDIENT)
    farm.add("station", STUBBORN, stage=1)
    supervisor = farm.start()
    pids = [supervisor.pids().get("edge"), supervisor.pids().get("station")]
    wait_until(lambda: "up" in farm.log("edge") and "up" in farm.log("station"))
    # Time stands still until the obedient one has ended, however busy the machine is.
    clock = count(1)
    monkeypatch.setattr(
        "station.local.supervisor.time.monotonic", lambda: next(clock) if "edge" not in supervisor.pids() else 0
    )
    supervisor.stop(1.0)
    monkeypatch.undo()
    assert all(pid is not None and gone(pid) for pid in pids)
    assert farm.said == ["station did not stop in time and was killed"]


def test_a_child_of_a_child_ends_too(farm: Farm, wait_until: WaitUntil) -> None:
    farm.add(
        "edge",
        f"import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {OBEDIENT!r}])\n"
        "print('child', p.pid, flush=True)\np.wait()",
    )
    supervisor = farm.start()
    wait_until(lambda: "child" in farm.log("edge"))
    grandchild = int(farm.log("edge").split()[farm.log("edge").split().index("child") + 1])
    supervisor.stop(2.0)
    wait_until(lambda: gone(grandchild))


def test_waves_end_in_their_order(farm: Farm, wait_until: WaitUntil) -> None:
    note = (
        "import signal, sys, time\n"
        "def end(*_):\n    print('ended', time.monotonic(), flush=True)\n    sys.exit()\n"
        "signal.signal(15, end)\nprint('up', flush=True)\ntime.sleep(60)"
    )
    for stage, name in enumerate(["edge", "station", "broker"]):
        farm.add(name, note, stage)
    supervisor = farm.start()
    wait_until(lambda: all("up" in farm.log(part.name) for part in farm.parts))
    supervisor.stop(60.0)
    ends = [float(farm.log(part.name).split()[-1]) for part in farm.parts]
    assert ends == sorted(ends)


def test_all_parts_of_a_farm_are_given_less_than_five_seconds_to_end() -> None:
    assert _STOP_WITHIN_S < 5.0


@given(st.integers(1, 1000))
def test_the_wait_grows_to_a_cap(failures: int) -> None:
    assert 0.5 <= restart_wait_s(failures) <= restart_wait_s(failures + 1) <= 15.0


def test_a_remedy_is_applied_after_two_failed_starts_and_not_after_kills(farm: Farm, wait_until: WaitUntil) -> None:
    applied: list[int] = []
    farm.add("broken", "raise SystemExit(3)")
    farm.add("killed", "import os\nos.kill(os.getpid(), 9)")
    broken, killed = farm.parts

    def mend() -> str:
        applied.append(broken.failed_starts)
        return "mended"

    def mend_killed() -> str:
        raise AssertionError("a part that was killed did start")

    broken.remedy, killed.remedy = mend, mend_killed
    supervisor = farm.start()

    def tended() -> bool:
        supervisor.tend()
        return killed.failures >= 2 and "mended" in farm.said

    wait_until(tended)
    assert applied[0] == 2


@pytest.mark.services("mosquitto")
def test_a_broker_with_damaged_sessions_starts_without_them(tmp_path: Path, wait_until: WaitUntil) -> None:
    said: list[str] = []
    (tmp_path / "mosquitto.db").write_bytes(b"\0\1" * 200)
    command = prepare_broker("mosquitto", tmp_path, find_free_port(), [])
    part = Part("broker", command, tmp_path / "broker.log", 0, remedy=lambda: move_sessions_aside(tmp_path, 0))
    supervisor = Supervisor([part], os.environ, said.append)
    supervisor.start()

    kept = tmp_path / "mosquitto.db.damaged-19700101T000000"

    def runs() -> bool:
        supervisor.tend()
        return kept.exists() and bool(supervisor.pids()) and time.monotonic() - part.started_s > 1.0

    try:
        wait_until(runs)
        assert any("starts without them" in line for line in said)
    finally:
        supervisor.stop(2.0)


def test_the_log_of_a_part_that_runs_for_long_is_shortened_and_it_goes_on(
    farm: Farm, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.local.supervisor._LOG_MAX_BYTES", 1000)
    code = "import sys, time\nfor n in range(10**9):\n print('line', n, flush=True)\n time.sleep(0.001)"
    farm.add("station", code)
    supervisor = farm.start()
    wait_until(lambda: len(farm.log("station")) > 1000)
    supervisor.tend()
    earlier = farm.folder / "station.log.1"
    assert earlier.stat().st_size > 1000
    last = int(earlier.read_text().split("\n")[-2].split()[1])
    assert farm.log("station").count("\n") < last
    wait_until(lambda: farm.log("station").count("\n") > 20)
    assert "\0" not in farm.log("station")
    # A second time: one earlier file is kept.
    wait_until(lambda: len(farm.log("station")) > 1000)
    supervisor.tend()
    assert sorted(path.name for path in farm.folder.glob("station.log*")) == ["station.log", "station.log.1"]
