"""Signals that end a process."""

from __future__ import annotations

import _thread
import signal
import threading


def stop_event(*more: signal.Signals) -> threading.Event:
    """Return an event that SIGINT, SIGTERM and the signals `more` set; `more` stay ignored where they are (nohup)."""
    stop = threading.Event()

    def set_stop(*_: object) -> None:
        # In a thread: the handler interrupts the main thread, which may hold the event's lock.
        _thread.start_new_thread(stop.set, ())

    unignored = [number for number in more if signal.getsignal(number) is not signal.SIG_IGN]
    for number in (signal.SIGINT, signal.SIGTERM, *unignored):
        signal.signal(number, set_stop)
    return stop
