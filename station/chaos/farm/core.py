"""Broker and station of a farm under test, as processes, and requests to the station."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from headland.errors import RetryLater
from station.chaos.farm.process import FarmProcess
from station.chaos.slowness import slowness
from station.local.broker import BrokerKind, BrokerUser, choose_broker, prepare_broker
from station.local.folder import INGEST_USER, FarmFolder
from station.local.plan import HOST, free_port

HEADLAND: Final = (sys.executable, "-P", "-m", "station")

_TIMEOUT_S: Final = 10.0
_READY_WITHIN_S: Final = 30.0
_OK, _NOT_FOUND = 200, 404


class NotInTime(RetryLater):
    """What a test waits for did not happen in time: no verdict, rather than a loss."""


class FarmCore:
    """A broker with gateway `logins` and a station with `environ`, on free loopback ports; all files in `root`."""

    def __init__(
        self, root: Path, broker: BrokerKind, logins: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> None:
        self.folder = FarmFolder(root)
        self.folder.create()
        self.broker_kind = choose_broker(broker)
        self.broker_port, self.api_port = free_port(), free_port()
        self.broker = self._make_broker(logins)
        self.station = self._make_station(environ or {})

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the farm for the length of the block; all processes end with it, also after an exception."""
        try:
            self.begin()
            self.wait_until(self.is_ready, _READY_WITHIN_S, "the farm was not ready")
            yield
        finally:
            with _ignoring_interrupts():
                self.end()

    def processes(self) -> list[FarmProcess]:
        """Return all processes in the order of their start."""
        return [self.broker, self.station]

    def begin(self) -> None:
        """Start all processes."""
        for process in self.processes():
            process.start()

    def end(self) -> None:
        """End all processes, whatever state they are in."""
        for process in reversed(self.processes()):
            process.end()

    def is_ready(self) -> bool:
        """Return whether messages can reach the store."""
        return ask(self.api_port, "/readyz")[0] == _OK

    def delivery(self, gateway: str) -> dict[str, Any] | None:
        """Return the station's report on a gateway's delivery; None while there is none."""
        response = self.get(f"/v1/gateways/{gateway}/delivery", {})
        return response if response and "gateway" in response else None

    def wait_until(self, condition: Callable[[], bool], within_s: float, failure: str) -> None:
        """Wait for a condition, on a busy machine longer than `within_s`. Raises NotInTime with `failure`."""
        began_s = time.monotonic()
        while not condition():
            waited_s = time.monotonic() - began_s
            if waited_s > within_s * slowness():
                raise NotInTime(f"{failure} within {waited_s:.0f} s; the logs are in {self.folder.logs_dir}")
            time.sleep(0.1)

    def get(self, path: str, query: Mapping[str, str | int]) -> dict[str, Any] | None:
        """Return the body of a GET; empty for 404, None without a response."""
        status, body = ask(self.api_port, f"{path}?{urlencode(query)}", self.folder.api_key())
        if status == _NOT_FOUND:
            return {}
        return dict(json.loads(body)) if status == _OK else None

    def _make_broker(self, logins: Sequence[str]) -> FarmProcess:
        folder = self.folder
        users = [BrokerUser(INGEST_USER, folder.secret(INGEST_USER), "ingest")]
        users += [BrokerUser(name, folder.secret(name), "gateway") for name in logins]
        command = prepare_broker(self.broker_kind, folder.broker_dir, self.broker_port, users)
        return self.process("broker", command)

    def _make_station(self, environ: Mapping[str, str]) -> FarmProcess:
        folder = self.folder
        login = ["--username", INGEST_USER, "--password-file", str(folder.secret_path(INGEST_USER))]
        addresses = ["--host", HOST, "--port", str(self.api_port), "--broker", f"{HOST}:{self.broker_port}"]
        return self.process("station", [*HEADLAND, "station", "--data", str(folder.root), *addresses, *login], environ)

    def process(self, name: str, command: list[str], environ: Mapping[str, str] | None = None) -> FarmProcess:
        """Return a process of the farm, not started yet, with its log."""
        # The test controls all settings: none from the caller's environment may change them.
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("HEADLAND_")}
        return FarmProcess(name, command, self.folder.logs_dir / f"{name}.log", {**inherited, **(environ or {})})


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C for the length of the block: a second one would leave a broker running."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def ask(port: int, path: str, key: str | None = None) -> tuple[int, bytes]:
    """Return status and body of a GET with `key`; status 0 without a response."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    try:
        with closing(HTTPConnection(HOST, port, timeout=_TIMEOUT_S)) as connection:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
    except (OSError, HTTPException):
        return 0, b""
