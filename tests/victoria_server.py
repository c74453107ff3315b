"""A real VictoriaMetrics on a free loopback port."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.machine import find_program
from tests.ports import find_free_port
from tests.waiting import wait_until


class VictoriaServer:
    """A single node with files of its own in `folder`. `kill` is SIGKILL: what was only in memory is lost."""

    host = "127.0.0.1"

    def __init__(
        self, folder: Path, flags: Sequence[str] = ("-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms")
    ) -> None:
        self.port = find_free_port()
        self._folder = folder
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def url(self, side: Path, more: str = "") -> str:
        """Return the store's URL with its side tables in a file."""
        return f"victoria+http://{self.host}:{self.port}?side=sqlite:///{side}{more}"

    def url_of(self, folder: Path) -> str:
        """Return the URL of a store that stands for a folder: the same one for the same folder.

        What is before 1970 lies in the side tables, so the server's own limit of a hundred years does not matter.
        """
        name = hashlib.blake2b(str(folder).encode(), digest_size=8).hexdigest()
        return self.url(folder / "side.sqlite", f"&store={name}&retention=1000y")

    @property
    def pid(self) -> int:
        """The process that keeps the samples."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = find_program("victoria-metrics")
        assert program is not None, "VictoriaMetrics is not on this machine: mark the test with pytest.mark.services"
        command = [
            program,
            f"-storageDataPath={self._folder / 'data'}",
            f"-httpListenAddr={self.host}:{self.port}",
            "-loggerLevel=ERROR",
            *self._flags,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers)

    def kill(self) -> None:
        """End it with SIGKILL; a second call does nothing."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(120)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text(encoding="utf-8", errors="replace")
        try:
            with urlopen(f"http://{self.host}:{self.port}/health", timeout=1):
                return True
        except (URLError, OSError):
            return False
