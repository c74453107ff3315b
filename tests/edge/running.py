"""A source on a thread of its own, for as long as a test runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edge.sources.source import Source
from tests.edge.sinks import ListSink


@contextmanager
def running(source: Source) -> Iterator[ListSink]:
    """Run `source` into a list; at the end it must stop within a second or so."""
    sink = ListSink()
    thread = threading.Thread(target=source.run, args=(sink,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        source.stop()
        thread.join(2)
        assert not thread.is_alive()
