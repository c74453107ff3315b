"""Statistics of each gateway since the start: message counts, latency, last status, gaps and contradictions."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from headland.contract.delivery import RefusedDevice
from headland.contract.gateway_state import RecentTrouble
from headland.contract.records import GatewayStatus
from ingest.accounting.delivery import GatewayFigures
from ingest.accounting.latency import LatencyHistogram

#: Gateway names come from outside: above this number new gateways are counted but not tracked.
MAX_GATEWAYS: Final = 10_000
#: A gateway is cut off when it is online and its spool grows while no data arrives for this long.
QUIET_S: Final = 60.0
#: Alternations between processes within this time are counted.
TWIN_WITHIN_S: Final = 600.0
#: Counts whose sum of the last hour is a value for alarm rules.
RECENT: Final = frozenset(("quarantined", "conflicting", "other_content", "foreign"))
_MAX_INSTANCES: Final = 8
_MAX_REFUSED_DEVICES: Final = 50
_RECENT_S: Final = 3600.0


@dataclass(slots=True)
class GatewayActivity:
    """Activity of gateways in one commit.

    `counts` are messages by (gateway, name of the count); `newest_ms` holds (gateway, newest sample time) of each
    message; `statuses` the last status of each gateway, and `all_statuses` all of them in order. `refused_devices` are
    devices of others that a gateway wrote about.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    newest_ms: list[tuple[str, int]] = field(default_factory=list)
    statuses: dict[str, GatewayStatus] = field(default_factory=dict)
    all_statuses: list[GatewayStatus] = field(default_factory=list)
    refused_devices: list[tuple[str, RefusedDevice]] = field(default_factory=list)


@dataclass(slots=True)
class _RecentCounts:
    """Counts of the present hour and of the one before."""

    began_s: float = 0.0
    now: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)

    def turn(self, now_s: float) -> None:
        if now_s - self.began_s >= _RECENT_S:
            self.before = self.now if now_s - self.began_s < 2 * _RECENT_S else Counter()
            self.now, self.began_s = Counter(), now_s

    def add(self, name: str, count: int, now_s: float) -> None:
        self.turn(now_s)
        self.now[name] += count

    def get(self, name: str, now_s: float) -> int:
        self.turn(now_s)
        return self.now[name] + self.before[name]


@dataclass(slots=True)
class _Instances:
    """Processes that speak as one gateway: `last_ms` is each one's newest status, `current` who spoke last.

    A process that speaks again after another one is alive beside it: a restarted process has a new name and an ended
    one does not return. A status that was received before has no newer time.
    """

    last_ms: OrderedDict[str, int] = field(default_factory=OrderedDict)
    current: str = ""
    alternations_s: deque[float] = field(default_factory=lambda: deque(maxlen=60))

    def add(self, status: GatewayStatus, now_s: float) -> None:
        name = status.instance or status.epoch
        if not status.online or not name:
            return
        before_ms = self.last_ms.get(name)
        if before_ms is not None and status.t <= before_ms:
            return
        if before_ms is not None and name != self.current:
            self.alternations_s.append(now_s)
        self.last_ms[name] = status.t
        self.last_ms.move_to_end(name)
        if len(self.last_ms) > _MAX_INSTANCES:
            self.last_ms.popitem(last=False)
        self.current = name

    def alternations(self, now_s: float) -> int:
        return sum(now_s - at_s <= TWIN_WITHIN_S for at_s in self.alternations_s)


@dataclass(slots=True)
class _GatewayRecord:
    """One gateway. `quiet_since_s` and `waiting_records` belong to its first online status since its last data."""

    counts: Counter[str] = field(default_factory=Counter)
    recent: _RecentCounts = field(default_factory=_RecentCounts)
    instances: _Instances = field(default_factory=_Instances)
    refused_devices: OrderedDict[str, RefusedDevice] = field(default_factory=OrderedDict)
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    status: GatewayStatus | None = None
    quiet_since_s: float | None = None
    waiting_records: int = 0

    def add_count(self, name: str, count: int, now_s: float) -> None:
        self.counts[name] += count
        if name == "received":
            self.add_data(now_s)
        elif name in RECENT:
            self.recent.add(name, count, now_s)

    def add_data(self, now_s: float) -> None:
        self.quiet_since_s = None if self.quiet_since_s is None else now_s
        self.waiting_records = 0 if self.status is None else self.status.spool.records

    def add_status(self, status: GatewayStatus, now_s: float) -> None:
        self.status = status
        if not status.online:
            self.quiet_since_s = None
        elif self.quiet_since_s is None:
            self.quiet_since_s, self.waiting_records = now_s, status.spool.records

    def add_refused(self, refused: RefusedDevice) -> None:
        self.refused_devices[refused.device] = refused
        self.refused_devices.move_to_end(refused.device)
        if len(self.refused_devices) > _MAX_REFUSED_DEVICES:
            self.refused_devices.popitem(last=False)

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
                for record in self._find_or_add(gateway):
                    record.add_count(name, count, now_s)
            for gateway, time_ms in activity.newest_ms:
                for record in self._find_or_add(gateway):
                    record.latency.add(now_ms - time_ms)
            for status in activity.all_statuses:
                for record in self._find_or_add(status.gw):
                    record.instances.add(status, now_s)
            for gateway, status in activity.statuses.items():
                for record in self._find_or_add(gateway):
                    record.add_status(status, now_s)
            for gateway, refused in activity.refused_devices:
                for record in self._find_or_add(gateway):
                    record.add_refused(refused)

    def names(self) -> set[str]:
        """Return the gateways that sent anything."""
        with self._lock:
            return set(self._records)

    def statuses(self) -> dict[str, GatewayStatus]:
        """Return each gateway's last status."""
        with self._lock:
            return {name: record.status for name, record in self._records.items() if record.status is not None}

    def figures(self, gateway: str, now_s: float) -> GatewayFigures:
        """Return the figures of a gateway; zeros for an unknown one. `now_s` is monotonic."""
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
                tuple(record.refused_devices.values()),
                record.instances.alternations(now_s),
            )

    def troubles(self, now_s: float) -> dict[str, RecentTrouble]:
        """Return the contradictions of each gateway that has any in the last hour; `now_s` is monotonic."""
        with self._lock:
            troubles = {
                name: RecentTrouble(
                    **{count: record.recent.get(count, now_s) for count in RECENT},
                    alternations=record.instances.alternations(now_s),
                )
                for name, record in self._records.items()
            }
        return {name: trouble for name, trouble in sorted(troubles.items()) if trouble != RecentTrouble()}

    def cut_off(self, now_s: float) -> list[str]:
        """Return the gateways that are online and fill their spools while none of their data arrives."""
        with self._lock:
            return sorted(name for name, record in self._records.items() if record.is_cut_off(now_s))

    def _find_or_add(self, gateway: str) -> tuple[_GatewayRecord, ...]:
        """Return the record of a gateway; none beyond the limit."""
        record = self._records.get(gateway)
        if record is None:
            if len(self._records) >= MAX_GATEWAYS:
                self.untracked += 1
                return ()
            record = self._records[gateway] = _GatewayRecord()
        return (record,)
