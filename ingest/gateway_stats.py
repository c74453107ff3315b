"""What was heard of each gateway since the start: counts, latency, its status, and whether its data has gone quiet."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from headland.contract.records import GatewayStatus
from ingest.commit_batch import CommitBatch
from ingest.delivery import Figures
from ingest.latency import LatencyHistogram

#: Names come from outside: beyond so many gateways no new one is followed, which is counted.
MAX_GATEWAYS: Final = 10_000
#: A gateway that is online, whose spool grows and of which nothing came for so long has a broken way to here.
QUIET_S: Final = 60.0


@dataclass(slots=True)
class _Page:
    """One gateway. `quiet_since_s` and `waiting_records` are of the first online status since its last data."""

    counts: Counter[str] = field(default_factory=Counter)
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    status: GatewayStatus | None = None
    quiet_since_s: float | None = None
    waiting_records: int = 0

    def hear_data(self, now_s: float) -> None:
        self.quiet_since_s = None if self.quiet_since_s is None else now_s
        self.waiting_records = 0 if self.status is None else self.status.spool.records

    def hear_status(self, status: GatewayStatus, now_s: float) -> None:
        self.status = status
        if not status.online:
            self.quiet_since_s = None
        elif self.quiet_since_s is None:
            self.quiet_since_s, self.waiting_records = now_s, status.spool.records

    def is_cut_off(self, now_s: float) -> bool:
        return (
            self.status is not None
            and self.quiet_since_s is not None
            and now_s - self.quiet_since_s > QUIET_S
            and self.status.spool.records > self.waiting_records
        )


class GatewayStats:
    """All gateways heard of. Written by the writer after each commit, read from any thread."""

    def __init__(self, since_ms: int) -> None:
        self._since_ms = since_ms
        self._lock = threading.Lock()
        self._pages: dict[str, _Page] = {}
        self.untracked = 0

    def take(self, flush: CommitBatch, now_ms: int, now_s: float) -> None:
        """Note what a committed flush held; `now_s` is monotonic."""
        with self._lock:
            for (gateway, name), count in flush.of_gateways.items():
                page = self._page(gateway)
                if page is not None:
                    page.counts[name] += count
                    if name == "received":
                        page.hear_data(now_s)
            for gateway, time_ms in flush.newest_ms:
                page = self._page(gateway)
                if page is not None:
                    page.latency.add(now_ms - time_ms)
            for gateway, status in flush.statuses.items():
                page = self._page(gateway)
                if page is not None:
                    page.hear_status(status, now_s)

    def names(self) -> set[str]:
        """Return the gateways heard of."""
        with self._lock:
            return set(self._pages)

    def statuses(self) -> dict[str, GatewayStatus]:
        """Return each gateway's last status."""
        with self._lock:
            return {name: page.status for name, page in self._pages.items() if page.status is not None}

    def figures(self, gateway: str) -> Figures:
        """Return what was counted of a gateway; zeros for one that is not known."""
        with self._lock:
            page = self._pages.get(gateway)
            if page is None:
                return Figures(self._since_ms)
            counts = page.counts
            return Figures(
                self._since_ms,
                counts["received"],
                counts["duplicate"],
                counts["quarantined"],
                page.latency.summary(),
                page.status,
            )

    def cut_off(self, now_s: float) -> list[str]:
        """Return the gateways that are online and fill their spools while nothing of theirs arrives."""
        with self._lock:
            return sorted(name for name, page in self._pages.items() if page.is_cut_off(now_s))

    def _page(self, gateway: str) -> _Page | None:
        page = self._pages.get(gateway)
        if page is None:
            if len(self._pages) >= MAX_GATEWAYS:
                self.untracked += 1
                return None
            page = self._pages[gateway] = _Page()
        return page
