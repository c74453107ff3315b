"""A station of several processes: one owns the store and commits, others serve the API on one listening socket."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal

from api.auth.shared_limits import SharedLimits
from headland.errors import SettingsError
from headland.runtime.service_manager import ServiceManager
from station.local.supervisor import Part, Supervisor
from station.server.api_workers.place import StationPlace, limits_path, metrics_folder, owner_path
from station.server.signals import stop_event

_PREFIX: Final = "headland-api-"
_LOCK_NAME: Final = "lock"


@contextmanager
def process_folder(parent: Path | None = None) -> Iterator[Path]:
    """Provide a new folder in `parent`, by default that of temporary files, and delete it afterwards.

    Those that killed processes of this user left there are deleted first. The path of a local socket has 108 bytes at
    most, so that a folder of data may lie too deep.
    """
    place = Path(tempfile.gettempdir()) if parent is None else parent
    for left in place.glob(f"{_PREFIX}*"):
        if _is_left_over(left):
            shutil.rmtree(left, ignore_errors=True)
    # The lock is there before the name is one that others look for.
    made = Path(tempfile.mkdtemp(prefix="headland-new-", dir=place))
    with (made / _LOCK_NAME).open("w") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        folder = made.rename(made.with_name(made.name.replace("headland-new-", _PREFIX)))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_left_over(folder: Path) -> bool:
    try:
        if folder.stat().st_uid != os.getuid():
            return False
        with (folder / _LOCK_NAME).open() as lock:
            fcntl.flock(lock.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


#: Most workers of a station: each has memory of its own, and connections to the owner.
MOST_WORKERS: Final = 16
#: Workers end first, then the owner, which commits what has arrived.
_STOP_WITHIN_S: Final = 4.2
_CHECK_EVERY_S: Final = 0.25
#: How long the port may be taken by the processes of a station that was killed and is starting again.
_PORT_WITHIN_S: Final = 6.0
_MOST_UNACCEPTED: Final = 2048


def run_processes(words: Sequence[str], host: str, port: int, workers: int, report: Callable[[str], None]) -> None:
    """Run the owner and `workers` processes of a station, each with the same `words`, until SIGTERM or SIGINT.

    One that ends is started again: connections that nobody had accepted wait, and the others go on. Raises
    SettingsError where the station cannot listen.
    """
    if not 2 <= workers <= MOST_WORKERS:
        raise SettingsError(f"--api-workers must be 1 to {MOST_WORKERS}, not {workers}.")
    stop = stop_event()
    with ExitStack() as cleanup:
        listening = cleanup.enter_context(_listen(host, port, stop))
        folder = cleanup.enter_context(process_folder())
        metrics_folder(folder).mkdir()
        SharedLimits.create(limits_path(folder))
        owners = cleanup.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        owners.bind(str(owner_path(folder)))
        owners.listen(_MOST_UNACCEPTED)

        def part(role: Literal["owner", "worker"], name: str, own: socket.socket, stop_stage: int) -> Part:
            place = StationPlace(role=role, name=name, folder=str(folder), listening=own.fileno())
            # This process answers to the service manager for all of them.
            environ = {**place.to_environment(), "NOTIFY_SOCKET": ""}
            if role == "worker":
                environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_folder(folder))
            command = [sys.executable, "-P", "-m", "station", *words]
            return Part(name, command, None, stop_stage, environ=environ, pass_fds=(own.fileno(),))

        supervisor = Supervisor(
            [
                part("owner", "owner", owners, 1),
                *(part("worker", f"api-{n}", listening, 0) for n in range(1, workers + 1)),
            ],
            os.environ,
            report,
        )
        supervisor.start()
        try:
            _tend(supervisor, listening, stop)
        finally:
            supervisor.stop(_STOP_WITHIN_S)


def _tend(supervisor: Supervisor, listening: socket.socket, stop: threading.Event) -> None:
    """Restart what ends, and tell the service manager that the station serves, and works."""
    manager, is_ready = ServiceManager(), False
    reported_s, every_s = 0.0, manager.report_every_s or 0.5
    while not stop.wait(_CHECK_EVERY_S):
        supervisor.tend()
        if time.monotonic() - reported_s < every_s or (is_ready and manager.report_every_s is None):
            continue
        reported_s = time.monotonic()
        if not _answers(listening):
            continue
        if not is_ready:
            manager.report_ready()
            is_ready = True
        manager.report()
    manager.report_stopping()


def _answers(listening: socket.socket) -> bool:
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=2.0) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _listen(host: str, port: int, stop: threading.Event) -> socket.socket:
    """Return a socket that listens; a station that was killed may hold the port for a moment longer."""
    until_s = time.monotonic() + _PORT_WITHIN_S
    while True:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, port), family=family, backlog=_MOST_UNACCEPTED)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > until_s or stop.wait(_CHECK_EVERY_S):
                raise SettingsError(
                    f"The API cannot listen on {host}, port {port} ({error.strerror}): choose another --port."
                ) from error
