"""Loading of a series' frontier from a server into the state in memory."""

from __future__ import annotations

import numpy as np

from headland.store.core.state import StoreState
from headland.store.port import Latest, Samples
from headland.store.server.ports import SampleServer


def load_frontier(state: StoreState, samples: SampleServer, sid: int, newest: Latest, ahead_ms: list[int]) -> None:
    """Load the frontier of a series; where a clock ran ahead, from the last samples of the series."""
    at = np.array([sid], np.int32)
    if newest.time_ms not in ahead_ms:
        ahead_ms = [time_ms for time_ms in ahead_ms if time_ms > newest.time_ms]
        latest: Latest | None = newest
    else:
        end = samples.newest(newest.key, len(ahead_ms) + 1)
        latest = None if end is None else _newest_allowed(end, set(ahead_ms))
    if latest is not None:
        state.frontier.advance(
            at,
            np.array([latest.time_ms], np.int64),
            np.array([latest.value], np.float64),
            np.array([latest.quality], np.uint8),
        )
    if ahead_ms:
        above = [time_ms for time_ms in ahead_ms if latest is None or time_ms > latest.time_ms]
        state.frontier.advance_ahead(np.full(len(above), sid, np.int32), np.array(above, np.int64))


def _newest_allowed(end: Samples, never: set[int]) -> Latest | None:
    for time_ms, value, quality in zip(
        reversed(end.time_ms.tolist()), reversed(end.value.tolist()), reversed(end.quality.tolist()), strict=True
    ):
        if time_ms not in never:
            return Latest(end.key, time_ms, value, quality)
    return None
