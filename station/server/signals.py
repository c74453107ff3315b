"""Signals that end a process."""

from __future__ import annotations

import _thread
import signal
import threading


def stop_event(*more: signal.Signals) -> threading.Event:
    """Return an event that SIGINT and SIGTERM set, and `more` but for those that were already ignored (nohup)."""
    stop = threading.Event()

    def ask_to_stop(*_: object) -> None:
        # In a thread: this runs between two steps of the main thread, which may hold the event's own lock.
        _thread.start_new_thread(stop.set, ())

    unignored = [number for number in more if signal.getsignal(number) is not signal.SIG_IGN]
    for number in (signal.SIGINT, signal.SIGTERM, *unignored):
        signal.signal(number, ask_to_stop)
    return stop
