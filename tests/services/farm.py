"""A farm as a user starts it: `headland up` as a process, asked over HTTP."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from station.cli.commands.up import PAST
from station.local.folder import FarmFolder
from tests.station.cli.command_line import call
from tests.waiting import PATIENCE_S, wait_until

T = TypeVar("T")

#: Between two calls of a condition that costs the farm or the test tens of milliseconds.
SELDOM_S: Final = 1.0


class Farm:
    """`headland up` on `root` with its own HOME; ends by SIGTERM and checks that nothing is left."""

    def __init__(self, root: Path, *options: str) -> None:
        self.folder = FarmFolder(root)
        root.mkdir(parents=True, exist_ok=True)
        self._home = root / "home"
        self._home.mkdir(exist_ok=True)
        self._output = (root / "up.txt").open("ab")
        self._suspended: list[int] = []
        # A client of its own for each request would load the certificates of the world each time. No keep-alive: parts
        # are killed.
        self._client = httpx.Client(verify=False, limits=httpx.Limits(max_keepalive_connections=0), timeout=120)
        self.process = subprocess.Popen(
            [*PATIENT, "up", "--data", str(root), "--port", "0", *options],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env=self.environ,
        )

    @property
    def environ(self) -> dict[str, str]:
        """What every command of this farm's user sees."""
        farm = {"HOME": str(self._home), "HEADLAND_DATA": str(self.folder.root), PAST: "0"}
        return {**os.environ, **farm}

    @property
    def headers(self) -> dict[str, str]:
        """What whoever runs this farm shows to its API."""
        return {"Authorization": f"Bearer {self.folder.api_key()}"}

    @property
    def said(self) -> str:
        """What `headland up` printed."""
        return (self.folder.root / "up.txt").read_text()

    def wait_ready(self, timeout_s: float = PATIENCE_S) -> None:
        """Wait until /readyz answers 200. A farm that does not become ready is ended: no fixture would do it."""
        try:
            self.wait_until(self._ready, timeout_s)
        except BaseException:
            self.process.terminate()
            raise

    def wait_until(self, condition: Callable[[], T], timeout_s: float = PATIENCE_S, every_s: float = 0.1) -> T:
        """Wait for a condition that asks the farm: not so often that the questions are its main work.

        One that lets the farm find or map passes, or reads the truth, has `every_s=SELDOM_S`.
        """
        return wait_until(condition, timeout_s, every_s=every_s)

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON answer of a GET that must succeed."""
        address = self.folder.read_state().api_url + path
        answer = self._client.get(address, params=parameters, headers=self.headers, timeout=120)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def client(self) -> httpx.Client:
        """Return a client of the API that shows this farm's key."""
        return httpx.Client(base_url=self.folder.read_state().api_url, headers=self.headers, timeout=120, verify=False)

    def devices(self, kind: str) -> list[dict[str, Any]]:
        """Return the devices of a kind."""
        return [item for item in self.get("/v1/devices")["items"] if item["kind"] == kind]

    def reached_ms(self, device: str, *channels: str) -> int:
        """Return up to when all of these channels of a device are stored; 0 where one is not."""
        latest = self.get(f"/v1/devices/{device}/latest")["channels"]
        return min(int(latest[channel]["time_ms"]) if channel in latest else 0 for channel in channels)

    def application(self, rows: list[dict[str, float]], swath_m: float, *needed: str) -> Any:
        """Return the application answer over the time of a drone's rows of truth, once these channels are stored."""
        start_ms, end_ms = int(rows[0]["time_ms"]), int(rows[-1]["time_ms"]) + 1
        drone = self.wait_until(lambda: self.devices("drone"))[0]["id"]
        self.wait_until(lambda: self.reached_ms(drone, *needed) > end_ms + 2000)

        def complete() -> Any:
            """Return the answer once it rests on all of the time: a gateway that was behind sends the newest first."""
            answer = self.get(f"/v1/devices/{drone}/application", start=start_ms, end=end_ms, swath_m=swath_m)
            amounts = (answer["product_applied_l"], answer["product_applied_kg"], answer["area_treated_m2"])
            return answer if all(each["coverage"] > 0.98 for each in amounts if each is not None) else None

        return self.wait_until(complete, every_s=SELDOM_S)

    def run(self, *arguments: str, timeout_s: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run another `headland` command of the same user to its end."""
        return subprocess.run(
            [*HEADLAND, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `headland` command of the same user within the process of the tests, which is much faster."""
        return call(*arguments, environ=self.environ)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start another `headland` command of the same user."""
        return subprocess.Popen(
            [*HEADLAND, *arguments],
            env=self.environ,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def kill(self, *parts: str) -> None:
        """SIGKILL parts at once, and wait until the supervisor runs others."""
        pids = {part: self.folder.read_state().pids[part] for part in parts}
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        for part, pid in pids.items():
            wait_until(lambda part=part, pid=pid: self.folder.read_state().pids.get(part, pid) != pid)  # type: ignore[misc]

    def suspend(self, part: str) -> None:
        """SIGSTOP a part until `stop`: a drone that flies 60 times faster costs a third of a core, also for nobody."""
        pid = self.folder.read_state().pids[part]
        os.kill(pid, signal.SIGSTOP)
        self._suspended.append(pid)

    def stop(self) -> None:
        """SIGTERM. Fails where a part does not end by itself, and where a process is left."""
        for pid in self._suspended:
            os.kill(pid, signal.SIGCONT)
        self.process.terminate()
        self.process.wait(timeout=300)
        self._output.close()
        self._client.close()
        assert "did not stop in time" not in self.said
        wait_until(lambda: not self.processes())  # one that was killed is there a moment longer

    def processes(self) -> list[str]:
        """Return the command lines of processes that name this farm's folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.folder.root) in command:
                found.append(command)
        return found

    def truth(self, name: str) -> list[dict[str, float]]:
        """Return the whole rows of a simulator's truth file."""
        lines = (self.folder.truth_dir / name).read_text().split("\n")[:-1]
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(lines)]

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.said
        try:
            return self._client.get(self.folder.read_state().api_url + "/readyz", timeout=20).status_code == 200
        except Exception:
            return False


HEADLAND: Sequence[str] = [sys.executable, "-P", "-m", "station"]
#: The same, with patience for parts that end: a busy machine needs longer than the 4.5 s after which they are killed.
PATIENT: Sequence[str] = [
    sys.executable, "-P", "-c",
    "from station.cli.main import main; from station.local import up; up._STOP_WITHIN_S = 120.0; main()",
]  # fmt: skip
