"""`headland up`: the whole farm on one machine, supervised."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from headland.errors import SettingsError
from station.local.folder import FarmFolder, FarmState
from station.local.plan import HOST, FarmPlan, UpSettings, free_port, make_plan
from station.local.supervisor import Supervisor
from station.server.signals import stop_event

#: Everything ends within 5 s of Ctrl-C; the last part of it is for the kernel.
_STOP_WITHIN_S: Final = 4.5
_LOOK_EVERY_S: Final = 0.1
_MAX_SPEED: Final = 100.0


def run_farm(settings: UpSettings, say: Callable[[str], None]) -> None:
    """Run the farm until SIGINT or SIGTERM; `say` prints one line. Raises SettingsError before anything is started."""
    if not 1.0 <= settings.speed <= _MAX_SPEED:
        raise SettingsError(f"--speed must be 1 to {_MAX_SPEED:g}, not {settings.speed:g}.")
    folder = FarmFolder(settings.data_dir)
    folder.create()
    with folder.hold():
        stop = stop_event(signal.SIGHUP)
        _end_stale_broker(folder)
        api_port = _api_port(settings.port)
        plan = make_plan(settings, folder, api_port)
        supervisor = Supervisor(plan.parts, os.environ, say)
        say(f"Headland: a farm in {folder.root}")
        supervisor.start()
        try:
            _write_state(folder, plan, supervisor)
            for line in plan.lines:
                say(f"  {line}")
            _tend(settings, folder, plan, supervisor, stop, say)
        finally:
            say("Stopping ...")
            supervisor.stop(_STOP_WITHIN_S)
            folder.state_path.unlink(missing_ok=True)
            say("Stopped; the data stays in " + str(folder.root))


def _tend(
    settings: UpSettings,
    folder: FarmFolder,
    plan: FarmPlan,
    supervisor: Supervisor,
    stop: threading.Event,
    say: Callable[[str], None],
) -> None:
    ready = False
    pids = supervisor.pids()
    asked_s = 0.0
    while not stop.wait(_LOOK_EVERY_S):
        supervisor.tend()
        if supervisor.pids() != pids:
            pids = supervisor.pids()
            _write_state(folder, plan, supervisor)
        if not ready and time.monotonic() - asked_s > 0.5:
            asked_s = time.monotonic()
            ready = _is_ready(plan.api_url)
            if ready:
                _report_ready(folder, plan.api_url, say, prints_key=settings.prints_key)


def _report_ready(folder: FarmFolder, api_url: str, say: Callable[[str], None], *, prints_key: bool) -> None:
    key = folder.api_key() if prints_key else None
    # A browser does not send the part of a URL after #: the key reaches no server and no log.
    say(f"Ready: open {api_url}/{'' if key is None else f'#key={key}'}")
    say(
        f"  Help: {api_url}/help/. API: {api_url}/docs, with the key in {folder.api_key_path}. Ctrl-C stops everything."
    )


def _is_ready(api_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api_url}/readyz", timeout=0.5) as answer:  # noqa: S310 - our own loopback
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


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
    """End the broker of a run whose supervisor was killed: mosquitto does not notice that its parent is gone."""
    pid = folder.last_broker_pid()
    if pid is None:
        return
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return
    if str(folder.broker_dir).encode() in command:
        os.kill(pid, signal.SIGKILL)


def _api_port(wanted: int) -> int:
    if wanted == 0:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise SettingsError(
                f"Port {wanted} is taken ({error.strerror}). Choose another: --port {wanted + 1}, "
                "or --port 0 for any free one."
            ) from error
    return wanted
