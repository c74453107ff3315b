"""A process of the farm under test: start, suspend, kill and end it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from headland.errors import RetryLater
from station.chaos.slowness import slowness
from station.local.supervisor import SUPERVISED

#: Time limit of an orderly end.
_END_WITHIN_S: Final = 10.0


class FarmProcess:
    """A command that can be started repeatedly, in its own session; its output goes to `log_path`."""

    def __init__(self, name: str, command: Sequence[str], log_path: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self.log_path = log_path
        self.late_ends = 0
        self._command = list(command)
        # Headland processes end with their standard input: none survives a killed test.
        self._environ = {**environ, SUPERVISED: "1"}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Id of the running process. Raises RetryLater where it has ended."""
        if self._process is None or self._process.poll() is not None:
            raise RetryLater(f"{self.name} has ended unexpectedly; its log is {self.log_path}")
        return self._process.pid

    @property
    def has_died(self) -> bool:
        """Whether the process has ended unexpectedly."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Start the process where it is not running."""
        if self._process is not None and self._process.poll() is None:
            return
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environ,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        os.killpg(self.pid, signal.SIGKILL)
        self._release()

    def freeze(self) -> None:
        """Suspend the process (SIGSTOP)."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume the process (SIGCONT)."""
        os.killpg(self.pid, signal.SIGCONT)

    def ask_to_end(self) -> None:
        """Request an orderly end (SIGTERM)."""
        os.killpg(self.pid, signal.SIGTERM)

    def wait_for_end(self) -> None:
        """Wait for the end after `ask_to_end`; a process that exceeds the time limit is killed and counted."""
        if self._process is None:
            return
        try:
            self._process.wait(_END_WITHIN_S * slowness())
        except subprocess.TimeoutExpired:
            self.late_ends += 1
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._release()

    def end(self) -> None:
        """End the process, whatever state it is in; never raises."""
        if self._process is None:
            return
        for number in (signal.SIGCONT, signal.SIGTERM):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
        deadline_s = time.monotonic() + 3.0
        while self._process.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._release()

    def _release(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
