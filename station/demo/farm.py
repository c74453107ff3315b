"""Farm of a demonstration: one that runs already, or a new one that `headland up` runs for the time of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from headland.client import Client
from headland.errors import HeadlandError, RetryLater
from station.local.folder import FarmFolder
from station.local.past.plan import read_plan

T = TypeVar("T")
#: A slow machine imports two weeks in a few minutes.
_READY_WITHIN_S: Final = 600.0
_LOOK_EVERY_S: Final = 0.5
#: What the station learns from its gateway is in the registry some seconds later.
_KNOWN_WITHIN_S: Final = 60.0
_STOP_WITHIN_S: Final = 30.0


@contextmanager
def demonstration_farm(folder: FarmFolder, options: list[str], is_stopped: Callable[[], bool]) -> Iterator[Client]:
    """Yield a client of the farm in `folder` once it has its past; a farm that is started here is stopped after.

    Raises HeadlandError where it does not start, RetryLater where `is_stopped` came first.
    """
    if folder.running():
        with Client(folder.read_state().api_url, folder.api_key()) as client:
            yield client
        return
    folder.root.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", "station", "up", "--data", str(folder.root), "--port", "0", *options]
    log_path = folder.root / "up.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for_past(folder, process, log_path, is_stopped)
        with Client(folder.read_state().api_url, folder.api_key()) as client:
            yield client
    finally:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for(ask: Callable[[], T | None]) -> T:
    """Return the first answer that is not empty; raises HeadlandError after a minute without one."""
    until_s = time.monotonic() + _KNOWN_WITHIN_S
    while not (found := ask()):
        if time.monotonic() > until_s:
            raise HeadlandError("The farm lacks what the demonstration needs: run it on a new folder.")
        time.sleep(_LOOK_EVERY_S)
    return found


def verify_offline(proof: Path, key: str, kept: Path) -> subprocess.CompletedProcess[str]:
    """Run `headland verify` on a proof document, with a log's key and a checkpoint that was kept."""
    words = ["verify", str(proof), "--key", key, "--kept", str(kept)]
    return subprocess.run(  # noqa: S603 - our own command, no shell
        [sys.executable, "-P", "-m", "station", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


def _wait_for_past(
    folder: FarmFolder, process: subprocess.Popen[bytes], log_path: Path, is_stopped: Callable[[], bool]
) -> None:
    until_s = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < until_s:
        if is_stopped():
            raise RetryLater("The demonstration was stopped.")
        if process.poll() is not None:
            lines = log_path.read_text(errors="replace").strip().splitlines()
            raise HeadlandError(f"The farm did not start: {lines[-1] if lines else 'it said nothing'}")
        plan = read_plan(folder)
        if plan is not None and plan.finished_ms is not None:
            return
        time.sleep(_LOOK_EVERY_S)
    raise HeadlandError(f"The farm's past was not ready after {_READY_WITHIN_S:.0f} s: see {folder.logs_dir}.")
