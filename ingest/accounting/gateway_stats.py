"""Statistics of each gateway since the start: message counts, latency, last status, and interrupted data."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from headland.contract.records import GatewayStatus
from ingest.accounting.delivery import GatewayFigures
from ingest.accounting.latency import LatencyHistogram

#: Gateway names come from outside: above this number new gateways are counted but not tracked.
MAX_GATEWAYS: Final = 10_000
#: A gateway is cut off when it is online and its spool grows while no data arrives for this long.
QUIET_S: Final = 60.0


@dataclass(slots=True)
class GatewayActivity:
    """Activity of gateways in one commit.

    `counts` are messages by (gateway, name of the count); `newest_ms` holds (gateway, newest sample time) of each
    message; `statuses` the last status of each gateway.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    newest_ms: list[tuple[str, int]] = field(default_factory=list)
    statuses: dict[str, GatewayStatus] = field(default_factory=dict)


@dataclass(slots=True)
class _GatewayRecord:
    """One gateway. `quiet_since_s` and `waiting_records` belong to its first online status since its last data."""

    counts: Counter[str] = field(default_factory=Counter)
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    status: GatewayStatus | None = None
    quiet_since_s: float | None = None
    waiting_records: int = 0

    def add_data(self, now_s: float) -> None:
        self.quiet_since_s = None if self.quiet_since_s is None else now_s
        self.waiting_records = 0 if self.status is None else self.status.spool.records

    def add_status(self, status: GatewayStatus, now_s: float) -> None:
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
    """Statistics of all gateways that sent anything. Updated by the writer after each commit, read from any thread."""

    def __init__(self, since_ms: int) -> None:
        self._since_ms = since_ms
        self._lock = threading.Lock()
        self._records: dict[str, _GatewayRecord] = {}
        self.untracked = 0

    def record(self, activity: GatewayActivity, now_ms: int, now_s: float) -> None:
        """Add the activity of a commit; `now_s` is monotonic."""
        with self._lock:
            for (gateway, name), count in activity.counts.items():
                record = self._find_or_add(gateway)
                if record is not None:
                    record.counts[name] += count
                    if name == "received":
                        record.add_data(now_s)
            for gateway, time_ms in activity.newest_ms:
                record = self._find_or_add(gateway)
                if record is not None:
                    record.latency.add(now_ms - time_ms)
            for gateway, status in activity.statuses.items():
                record = self._find_or_add(gateway)
                if record is not None:
                    record.add_status(status, now_s)

    def names(self) -> set[str]:
        """Return the gateways that sent anything."""
        with self._lock:
            return set(self._records)

    def statuses(self) -> dict[str, GatewayStatus]:
        """Return each gateway's last status."""
        with self._lock:
            return {name: record.status for name, record in self._records.items() if record.status is not None}

    def figures(self, gateway: str) -> GatewayFigures:
        """Return the figures of a gateway; zeros for an unknown one."""
        with self._lock:
            record = self._records.get(gateway)
            if record is None:
                return GatewayFigures(self._since_ms)
            counts = record.counts
            return GatewayFigures(
                self._since_ms,
                counts["received"],
                counts["duplicate"],
                counts["quarantined"],
                record.latency.summary(),
                record.status,
            )

    def cut_off(self, now_s: float) -> list[str]:
        """Return the gateways that are online and fill their spools while none of their data arrives."""
        with self._lock:
            return sorted(name for name, record in self._records.items() if record.is_cut_off(now_s))

    def _find_or_add(self, gateway: str) -> _GatewayRecord | None:
        record = self._records.get(gateway)
        if record is None:
            if len(self._records) >= MAX_GATEWAYS:
                self.untracked += 1
                return None
            record = self._records[gateway] = _GatewayRecord()
        return record
