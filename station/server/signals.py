"""Signals that end a process."""

from __future__ import annotations

import _thread
import logging
import os
import signal
import sys
import threading
import time
from typing import Final, NoReturn

_LOGGER = logging.getLogger(__name__)

_ending: Final[list[float]] = []


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


def end_process() -> NoReturn:
    """End this process at once, after all was closed: taking a hundred megabytes of modules apart takes a second."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def end_process_within(wait_s: float) -> None:
    """End this process after `wait_s`, whatever its threads do then; the first call counts.

    Store, registry, quarantine and spool survive an end at any moment: what was acknowledged is in them.
    """
    if _ending:
        return
    _ending.append(wait_s)

    def end() -> None:
        time.sleep(wait_s)
        _LOGGER.warning("Ended while work was under way; nothing that was acknowledged is lost")
        logging.shutdown()
        os._exit(0)

    _thread.start_new_thread(end, ())
