"""A source on a thread of its own, for as long as a test runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edge.sources.connection.reconnect import DEVICE
from edge.sources.source import Source
from tests.edge.sinks import ListSink


@contextmanager
def running(source: Source) -> Iterator[ListSink]:
    """Run `source` into a list; at the end it must stop, whatever it waits for."""
    sink = ListSink()
    thread = threading.Thread(target=source.run, args=(sink,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        source.stop()
        thread.join(120)
        assert not thread.is_alive()


def least_wait_s(failures: int) -> float:
    """Return how long so many attempts in a row to reach one device take at least, however fast the machine is."""
    return sum(DEVICE.wait_s(failure, 1.0) for failure in range(1, failures))
