"""Frame of the sources that keep one connection or poll one: counters, retries, an end within a second, sentences."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from edge.sources.connection.reconnect import Attempts, troubles_of
from edge.sources.devices.device_clock import is_credible
from edge.sources.source import Sink
from headland.contract.records import Clock
from headland.errors import RetryLater


class RetriedSource:
    """A `Source` that is retried for ever; a subclass has `_work`, and what interrupts and closes its connection.

    `_counts` has `counters` from the start; `_peers` are all whose silence is a warning, the connection first.
    """

    def __init__(self, name: str, counters: Iterable[str]) -> None:
        self.name = name
        self._counts: Counter[str] = Counter(dict.fromkeys(map(str, counters), 0))
        self._attempts = Attempts(name, self._counts)
        self._stopping = threading.Event()

    def run(self, sink: Sink) -> None:
        """Work until `stop`; what is lost is retried with a growing back-off."""
        self._begin()
        try:
            while not self._stopping.is_set():
                try:
                    self._work(sink)
                except RetryLater as error:
                    self._wait_after(error)
        finally:
            self._close()

    def stop(self) -> None:
        """Make `run` return within a second."""
        self._stopping.set()
        self._interrupt()

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of read, refused and lost items so far, by name; of peers also those silent now."""
        peers = self._peers()[1:]
        silent = {"silent_now": sum(peer.failures > 0 for peer in peers)} if peers else {}
        return {**self._counts, **silent}

    def notes(self) -> list[str]:
        """Return sentences on what is read; most sources have only warnings."""
        return []

    def warnings(self) -> list[str]:
        """Return why the connection, or a peer behind it, does not answer as sentences."""
        return troubles_of(*self._peers())

    def _begin(self) -> None:
        """Start the grid of times, when `run` begins."""

    def _work(self, sink: Sink) -> None:
        """Read once, or until the connection is lost. Raises RetryLater."""
        raise NotImplementedError

    def _peers(self) -> Sequence[Attempts]:
        return (self._attempts,)

    def _wait_after(self, error: RetryLater) -> None:
        """Note a loss and wait for the next attempt; a stop is none."""
        if not self._stopping.is_set():
            self._stopping.wait(self._attempts.fail(error))

    def _interrupt(self) -> None:
        """End what `_work` waits for."""

    def _close(self) -> None:
        """Close the connection, when `run` ends."""

    def _stamp(self, own_ms: int | None, now_ms: int, *, has_clock: bool = True) -> tuple[Clock, int]:
        """Return a row's clock and time: the device's own where it is plausible, else that of its arrival.

        A device that has a clock whose time is not used is counted.
        """
        if own_ms is not None and is_credible(own_ms, now_ms):
            return Clock.RTC, own_ms
        if has_clock:
            self._counts["clock_unset"] += 1
        return Clock.ARRIVAL, now_ms
