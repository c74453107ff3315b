"""The machine under an ingest worker: clocks, MQTT client, commit thread, waiting. A simulation passes its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from headland.clock import MACHINE_CLOCK, MachineClock
from headland.clock.station_clock.station_clock import StationClock
from ingest.mqtt.inbox import Inbox
from ingest.mqtt.publish_reader import PublishReader


def _make_commits() -> Executor:
    return ThreadPoolExecutor(1, thread_name_prefix="ingest-commit")


def _wait_of(stopping: threading.Event) -> Callable[[float], bool]:
    return stopping.wait


@dataclass(frozen=True, slots=True)
class IngestMachine:
    """`make_client` makes the MQTT client of one connection, with the arguments of `PublishReader`.

    `make_commits` makes the executor of the store's transactions, one at a time. `make_wait` makes the function that
    waits some seconds before a failed transaction is repeated, and returns whether the worker stops meanwhile. Without
    a `station_clock` nobody doubts `clock`.
    """

    clock: MachineClock = MACHINE_CLOCK
    make_client: Callable[..., Any] = PublishReader
    make_inbox: Callable[[int], Inbox] = Inbox
    make_commits: Callable[[], Executor] = _make_commits
    make_wait: Callable[[threading.Event], Callable[[float], bool]] = _wait_of
    station_clock: StationClock | None = None


def machine_of(station_clock: StationClock) -> IngestMachine:
    """Return this machine with the station's clock."""
    return IngestMachine(clock=station_clock.machine(), station_clock=station_clock)


#: This machine.
MACHINE: Final = IngestMachine()
