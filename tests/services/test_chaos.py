"""`headland chaos` as testers run it, short: nothing lost, nothing doubled, nothing left running."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.services.farm import HEADLAND
from tests.signals import hear_interrupts
from tests.waiting import wait_until

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]


def processes_on(root: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(root) in command:
            found.append(command)
    return found


def test_kills_and_an_intruder_lose_and_double_nothing(tmp_path: Path) -> None:
    figures, root = tmp_path / "chaos.json", tmp_path / "farm"
    faults = ("kill-gateway+broker", "intruder")
    only = [word for name in faults for word in ("--only", name)]
    done = subprocess.run(
        [*HEADLAND, "chaos", "--rounds", "2", "--freeze-s", "0.5", *only, "--json", figures, "--keep", root],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    rounds = json.loads(figures.read_text())["rounds"]
    assert {one["fault"] for one in rounds} == set(faults)
    for one in rounds:
        assert one["sent"] > 50
        assert one["stored"] == one["sent"] - one["not_accepted"]
        assert (one["lost"], one["duplicated"], one["trouble"]) == (0, 0, [])
        assert one["delivery"]["asked"]
    assert sum(one["quarantined"] for one in rounds) == 24
    wait_until(lambda: not processes_on(root))


@pytest.mark.long
def test_ctrl_c_ends_all_that_was_started(tmp_path: Path) -> None:
    root = tmp_path / "farm"
    with subprocess.Popen(
        [*HEADLAND, "chaos", "--only", "freeze-station+broker", "--keep", root],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=hear_interrupts,
    ) as kit:  # fmt: skip
        try:
            wait_until(lambda: any(is_stopped(pid) for pid in pids_on(root)))
        finally:
            os.kill(kit.pid, signal.SIGINT)
        assert kit.wait(120) != 0
    wait_until(lambda: not processes_on(root))


def pids_on(root: Path) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str(root / "broker").encode() in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


def is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
    except OSError:
        return False


def test_an_unknown_fault_is_refused_with_the_names_of_all(tmp_path: Path) -> None:
    done = subprocess.run(
        [*HEADLAND, "chaos", "--only", "earthquake"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 2
    assert "kill-gateway" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_a_short_soak_commits_every_record_of_every_gateway(tmp_path: Path) -> None:
    figures = tmp_path / "soak.json"
    done = subprocess.run(
        [*HEADLAND, "chaos", "--soak", "0.5", "--gateways", "12", "--json", figures],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(figures.read_text())
    assert (result["lost"], result["duplicated"], result["trouble"]) == (0, 0, [])
    assert (result["records"], result["points"]) == (12 * 30, 12 * 30 * 30)
