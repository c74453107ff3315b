"""Running a whole farm on one machine, supervised (`headland up`)."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from edge.agent.status import read_status
from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from station.local.folder import FarmFolder, FarmState
from station.local.plan import HOST, FarmPlan, UpSettings, free_port, make_plan
from station.local.supervisor import Supervisor
from station.server.signals import stop_event

#: All parts stop within 5 s of Ctrl-C; the rest is for the operating system.
_STOP_WITHIN_S: Final = 4.5
_CHECK_EVERY_S: Final = 0.25
_LOOK_EVERY_S: Final = 2.0
_MAX_SPEED: Final = 100.0
#: What a station lacks is told after this time: all of them lack something while they start.
_TELL_LACK_AFTER_S: Final = 30.0
_MOST_ANSWER_BYTES: Final = 65_536


def run_farm(settings: UpSettings, report: Callable[[str], None]) -> None:
    """Run the farm until SIGINT or SIGTERM; `report` receives output lines. Raises SettingsError before a start."""
    if not 1.0 <= settings.speed <= _MAX_SPEED:
        raise SettingsError(f"--speed must be 1 to {_MAX_SPEED:g}, not {settings.speed:g}.")
    folder = FarmFolder(settings.data_dir)
    folder.create()
    with folder.hold():
        stop = stop_event(signal.SIGHUP)
        _end_stale_broker(folder)
        api_port = _api_port(settings.port)
        plan = make_plan(settings, folder, api_port)
        supervisor = Supervisor(plan.parts, os.environ, report)
        report(f"Headland: a farm in {folder.root}")
        supervisor.start()
        try:
            _write_state(folder, plan, supervisor)
            for line in plan.lines:
                report(f"  {line}")
            _supervise(settings, folder, plan, supervisor, stop, report)
        finally:
            report("Stopping ...")
            supervisor.stop(_STOP_WITHIN_S)
            folder.state_path.unlink(missing_ok=True)
            report("Stopped. The data is in " + str(folder.root))


def _supervise(
    settings: UpSettings,
    folder: FarmFolder,
    plan: FarmPlan,
    supervisor: Supervisor,
    stop: threading.Event,
    report: Callable[[str], None],
) -> None:
    ready = told = False
    pids = supervisor.pids()
    began_s = time.monotonic()
    checked_s = 0.0
    warnings = _SourceWarnings(folder, report)
    while not stop.wait(_CHECK_EVERY_S):
        supervisor.tend()
        if supervisor.pids() != pids:
            pids = supervisor.pids()
            _write_state(folder, plan, supervisor)
        if not ready and time.monotonic() - checked_s > 0.5:
            checked_s = time.monotonic()
            lack = _lack_of(plan.api_url)
            ready = lack == ""
            if lack and not told and checked_s - began_s > _TELL_LACK_AFTER_S:
                told = True
                report(f"Not ready yet: {lack}")
                _report_address("Open", folder, plan.api_url, report, prints_key=settings.prints_key)
            if ready:
                _report_address("Ready: open", folder, plan.api_url, report, prints_key=settings.prints_key)
                if plan.past is not None:
                    supervisor.add(plan.past)
        warnings.look()


class _SourceWarnings:
    """What the gateway warns of its sources, said once for each time it begins: a port that is taken, for one."""

    def __init__(self, folder: FarmFolder, report: Callable[[str], None]) -> None:
        self._folder = folder
        self._report = report
        self._began_ms = wall_clock_ms()
        self._looked_s = 0.0
        self._said: set[str] = set()

    def look(self) -> None:
        """Read the gateway's status every few seconds."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = now_s
        with contextlib.suppress(SettingsError):  # it has none yet
            status = read_status(self._folder.edge_dir)
            if status.time_ms < self._began_ms:
                return
            now = [f"{source.name}: {text}" for source in status.sources for text in source.warnings]
            for warning in now:
                if _without_counts(warning) not in self._said:
                    self._report(f"Warning: {warning}")
            self._said = set(map(_without_counts, now))


def _without_counts(text: str) -> str:
    return re.sub(r"[0-9][0-9,]*", "", text)


def _report_address(
    word: str, folder: FarmFolder, api_url: str, report: Callable[[str], None], *, prints_key: bool
) -> None:
    key = folder.api_key() if prints_key else None
    # A browser does not send the part of a URL after #: the key reaches no server and no log.
    report(f"{word} {api_url}/{'' if key is None else f'#key={key}'}")
    report(
        f"  Help: {api_url}/help/. API: {api_url}/docs, with the key in {folder.api_key_path}. Ctrl-C stops everything."
    )


class _NotReady(msgspec.Struct, frozen=True):
    detail: str


def _lack_of(api_url: str) -> str | None:
    """Return what the station says that it lacks, empty where it is ready; None where it does not answer yet."""
    try:
        with urllib.request.urlopen(f"{api_url}/readyz", timeout=0.5) as response:  # noqa: S310 - our own loopback
            return "" if response.status == 200 else None
    except urllib.error.HTTPError as error:
        with contextlib.suppress(OSError, msgspec.MsgspecError), error:
            return msgspec.json.decode(error.read(_MOST_ANSWER_BYTES), type=_NotReady).detail
        return None
    except OSError:
        return None


def _write_state(folder: FarmFolder, plan: FarmPlan, supervisor: Supervisor) -> None:
    folder.write_state(
        FarmState(
            api_url=plan.api_url,
            broker_host=HOST,
            broker_port=plan.broker_port,
            broker=plan.broker,
            pids=supervisor.pids(),
        )
    )


def _end_stale_broker(folder: FarmFolder) -> None:
    """Kill the broker of a run whose supervisor was killed: mosquitto does not notice the loss of its parent."""
    pid = folder.last_broker_pid()
    if pid is None:
        return
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return
    if str(folder.broker_dir).encode() in command:
        os.kill(pid, signal.SIGKILL)


def _api_port(requested: int) -> int:
    if requested == 0:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, requested))
        except OSError as error:
            raise SettingsError(
                f"Port {requested} is in use ({error.strerror}). Choose another: --port {requested + 1}, "
                "or --port 0 for a free one."
            ) from error
    return requested
