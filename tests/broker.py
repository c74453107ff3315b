"""A real mosquitto on a free loopback port, for tests that need a broker to talk to, to kill and to bring back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.machine import find_program
from tests.ports import find_free_port, listens
from tests.waiting import wait_until


class Broker:
    """mosquitto with a configuration of its own in `folder`; anonymous clients may do anything.

    `lines` are added to the configuration. A kill is SIGKILL: what the broker had not saved is lost, as in a power cut.
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path, port: int | None = None, lines: Sequence[str] = ()) -> None:
        self.port = port or find_free_port()
        self._folder = folder
        self._config = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        base = [
            f"listener {self.port} {self.host}",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {folder}/",
            "max_queued_messages 0",
        ]
        if os.geteuid() == 0:
            base.append("user root")
        folder.mkdir(parents=True, exist_ok=True)
        self._config.write_text("\n".join([*base, *lines]) + "\n", encoding="utf-8")

    @property
    def log(self) -> str:
        """What the broker has written so far."""
        path = self._folder / "mosquitto.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def pid(self) -> int:
        """The process id; 0 where it does not run."""
        return self._process.pid if self._process is not None else 0

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        program = find_program("mosquitto")
        assert program is not None, "mosquitto is not on this machine: mark the test with pytest.mark.services"
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(self._config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._is_listening)

    def kill(self) -> None:
        """End it with SIGKILL; a second call does nothing."""
        self._end(graceful=False)

    def stop(self) -> None:
        """End it with SIGTERM, so that it saves its sessions and retained messages; a second call does nothing."""
        self._end(graceful=True)

    def restart(self) -> None:
        """Kill it when it still runs and start it again on the same port and folder."""
        self.kill()
        self.start()

    def _end(self, *, graceful: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if graceful:
            process.terminate()
        else:
            process.kill()
        process.wait(120)

    def _is_listening(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"mosquitto ended:\n{self.log}"
        return listens(self.port, self.host)
