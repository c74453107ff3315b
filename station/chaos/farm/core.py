"""Broker and station of a farm under test, as the processes that users run, and what the station answers."""

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
from station.local.broker import BrokerKind, BrokerUser, choose_broker, prepare_broker
from station.local.folder import INGEST_USER, FarmFolder
from station.local.plan import HOST, free_port

HEADLAND: Final = (sys.executable, "-P", "-m", "station")

_ANSWER_S: Final = 10.0
_READY_WITHIN_S: Final = 30.0
_OK, _NOT_FOUND = 200, 404


class FarmCore:
    """A broker that knows `logins` as gateways, and a station; both on free loopback ports, all files in `root`."""

    def __init__(self, root: Path, broker: BrokerKind, logins: Sequence[str]) -> None:
        self.folder = FarmFolder(root)
        self.folder.create()
        self.broker_kind = choose_broker(broker)
        self.broker_port, self.api_port = free_port(), free_port()
        self.broker = self._make_broker(logins)
        self.station = self._make_station()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the farm for the length of the block; whatever happens in it, all of the farm ends with it."""
        try:
            self.begin()
            self.wait_until(self.is_ready, _READY_WITHIN_S, "the farm did not get ready")
            yield
        finally:
            with _undisturbed():
                self.end()

    def processes(self) -> list[FarmProcess]:
        """Return all parts, in the order of their start."""
        return [self.broker, self.station]

    def begin(self) -> None:
        """Start all parts."""
        for process in self.processes():
            process.start()

    def end(self) -> None:
        """End all parts, whatever state they are in."""
        for process in reversed(self.processes()):
            process.end()

    def is_ready(self) -> bool:
        """Tell whether messages can reach the store."""
        return ask(self.api_port, "/readyz")[0] == _OK

    def delivery(self, gateway: str) -> dict[str, Any] | None:
        """Return what the station says of a gateway's delivery; None while it cannot say."""
        answer = self.get(f"/v1/gateways/{gateway}/delivery", {})
        return answer if answer and "gateway" in answer else None

    def wait_until(self, is_so: Callable[[], bool], within_s: float, otherwise: str) -> None:
        """Wait for a condition. Raises RetryLater with the sentence `otherwise`."""
        deadline_s = time.monotonic() + within_s
        while not is_so():
            if time.monotonic() > deadline_s:
                raise RetryLater(f"{otherwise} within {within_s:g} s; the logs are in {self.folder.logs_dir}")
            time.sleep(0.1)

    def get(self, path: str, query: Mapping[str, str | int]) -> dict[str, Any] | None:
        """Return the body; empty where there is no such thing (yet), None where nobody answers."""
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

    def _make_station(self) -> FarmProcess:
        folder = self.folder
        login = ["--username", INGEST_USER, "--password-file", str(folder.secret_path(INGEST_USER))]
        where = ["--host", HOST, "--port", str(self.api_port), "--broker", f"{HOST}:{self.broker_port}"]
        return self.process("station", [*HEADLAND, "station", "--data", str(folder.root), *where, *login])

    def process(self, name: str, command: list[str], environ: Mapping[str, str] | None = None) -> FarmProcess:
        """Return a part of the farm that is not yet started, with its log."""
        # The kit hurts what it can repair by itself: no limits of the caller's environment leak in.
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HEADLAND_")}
        return FarmProcess(name, command, self.folder.logs_dir / f"{name}.log", {**kept, **(environ or {})})


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let an impatient second Ctrl-C not leave a broker behind."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def ask(port: int, path: str, key: str | None = None) -> tuple[int, bytes]:
    """Return status and body of a GET that shows `key`; status 0 where nobody answers."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    try:
        with closing(HTTPConnection(HOST, port, timeout=_ANSWER_S)) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
    except (OSError, HTTPException):
        return 0, b""
