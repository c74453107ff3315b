"""Listeners to the commits of ingest in this process: the live feed, and threads that wait for new data."""

from __future__ import annotations

from collections.abc import Callable

from headland.store.port import WriteBatch, WriteResult


class CommitListeners:
    """Passes each commit on, in the thread that commits: a listener returns at once."""

    def __init__(self, hand_over: Callable[[WriteBatch, WriteResult], None]) -> None:
        self._hand_over = hand_over
        self._wakes: tuple[Callable[[], object], ...] = ()

    def add(self, wake: Callable[[], object]) -> None:
        """Call `wake` after each commit from now on; from any thread."""
        self._wakes = (*self._wakes, wake)

    def on_commit(self, batch: WriteBatch, result: WriteResult) -> None:
        """Pass a commit on."""
        self._hand_over(batch, result)
        for wake in self._wakes:
            wake()
