"""The device at the other end of a serial line: a pseudo-terminal under a path that outlives a cut."""

from __future__ import annotations

import os
import threading
import tty
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path


class PtyPeer:
    """Passes received bytes to `answer` and sends each piece that it returns, one write each."""

    def __init__(self, path: Path, answer: Callable[[bytes], Iterable[bytes]] = lambda _: ()) -> None:
        self.path = path
        self.answer = answer
        self._lock = threading.Lock()
        self._master: int | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"serial:{self.path}:9600"

    def start(self) -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        self._master = master
        # Held open here as well, so that the line outlives a client that closes it.
        self._thread = threading.Thread(target=self._serve, args=(master, slave), name="pty-peer", daemon=True)
        self._thread.start()

    def send(self, *pieces: bytes) -> None:
        with self._lock:
            if self._master is not None:
                for piece in pieces:
                    os.write(self._master, piece)

    def cut(self) -> None:
        """End the line as an unplugged adapter does; `start` brings it back."""
        with self._lock:
            master, self._master = self._master, None
        self.path.unlink(missing_ok=True)
        if master is not None and self._thread is not None:
            self._thread.join(120)
            assert not self._thread.is_alive()

    def _serve(self, master: int, slave: int) -> None:
        os.set_blocking(master, False)
        try:
            while self._master == master:
                try:
                    data = os.read(master, 4096)
                except BlockingIOError:
                    threading.Event().wait(0.002)
                    continue
                with suppress(OSError):
                    self.send(*self.answer(data))
        finally:
            os.close(slave)
            os.close(master)
