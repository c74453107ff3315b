"""Messages to the service manager that started this process, as sd_notify(3) defines them: ready, alive, stopping."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from headland.runtime.supervised_thread import ThreadStatus

_LOGGER = logging.getLogger(__name__)

#: Messages in the time within which the manager expects one: two may be late or lost.
_IN_A_PERIOD: Final = 3
_MICROSECONDS: Final = 1_000_000


class ServiceManager:
    """The service manager of this process. Where none started it, calls do nothing.

    `list_threads` are the threads that this process cannot work without. While one of them has ended, `report` is
    silent, so that the manager restarts the process. A thread that waits for a broker or a store is no reason.
    """

    def __init__(
        self,
        list_threads: Callable[[], Sequence[ThreadStatus]] = list,
        environ: Mapping[str, str] = os.environ,
        process: int | None = None,
    ) -> None:
        self._list_threads = list_threads
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._fault = ""
        #: Seconds between two reports; None where the manager does not watch this process.
        self.report_every_s = _period_s(environ, os.getpid() if process is None else process)

    def report_ready(self) -> None:
        """Report that the process serves."""
        self._send("READY=1")

    def report_stopping(self) -> None:
        """Report that the process is about to end."""
        self._send("STOPPING=1")

    def report(self) -> None:
        """Report that the process works, unless one of its threads has ended."""
        if not self._address:
            return
        fault = next((thread.fault for thread in self._list_threads() if not thread.is_running), "")
        if fault != self._fault:
            self._fault = fault
            self._send(f"STATUS={fault}")
            if fault:
                _LOGGER.error("%s: the service manager is to restart this process", fault)
        if not fault:
            self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # A manager that does not read must not stop the process.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.sendto(message.encode(), self._address)


def _period_s(environ: Mapping[str, str], process: int) -> float | None:
    """Return the seconds between two reports; None without a watchdog, or where it watches another process."""
    try:
        within_s = int(environ.get("WATCHDOG_USEC", "0")) / _MICROSECONDS
        watched = int(environ.get("WATCHDOG_PID", process))
    except ValueError:
        return None
    return within_s / _IN_A_PERIOD if within_s > 0 and watched == process else None
