"""Store in another process of this machine, which alone has the file open: its port over a local socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from headland.contract.records import Descriptor, Event
from headland.files.damage_notes import FileDamage
from headland.runtime.remote.client import CALL_S, PortConnections
from headland.runtime.remote.server import ServedPort
from headland.store.port import (
    Buckets,
    Conflict,
    DeviceRecord,
    Latest,
    MarkState,
    Samples,
    SeriesFilter,
    SeriesKey,
    Store,
    StoreInfo,
    WriteBatch,
    WriteResult,
)

#: Name of the port on the socket.
PORT: Final = "store"


def served_store(store: Store) -> ServedPort:
    """Return a store as `PortServer` serves it."""
    return ServedPort(Store, store, {})


class RemoteStore:
    """A `Store` that another process has open. Every call raises RetryLater while that process does not answer.

    A write whose answer is lost may be stored: like every write, it may be repeated. What is asked for a request is
    cancelled with it at the other end, too. `close` closes the connections and leaves the store open.
    """

    def __init__(self, connections: PortConnections, within_s: float = CALL_S) -> None:
        self._connections = connections
        self._within_s = within_s

    def write(self, batch: WriteBatch) -> WriteResult:
        """Store a batch and its marks in one transaction."""
        return self._call("write")(batch)  # type: ignore[no-any-return]  # decoded as the port's type, here and below

    def marks(self) -> dict[tuple[str, str], MarkState]:
        """Return the accounted records by (gateway, epoch)."""
        return self._call("marks")()  # type: ignore[no-any-return]

    def describe(self, organisation: str, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> None:
        """Store a device's descriptor."""
        self._call("describe")(organisation, gateway, descriptor, unmark=unmark)

    def organisations(self) -> list[str]:
        """Return the organisations with anything but marks, in order."""
        return self._call("organisations")()  # type: ignore[no-any-return]

    def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
        """Return the devices of an organisation by id, or the one that is named."""
        return self._call("devices")(organisation, device)  # type: ignore[no-any-return]

    def series(self, which: SeriesFilter) -> list[SeriesKey]:
        """Return the series that hold at least one sample, by key."""
        return self._call("series")(which)  # type: ignore[no-any-return]

    def last(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series, by key."""
        return self._call("last")(which)  # type: ignore[no-any-return]

    def raw(
        self, which: SeriesFilter, start_ms: int, end_ms: int, limit: int | None = None, *, newest: bool = False
    ) -> list[Samples]:
        """Return the samples in [start_ms, end_ms) of each series that has any, by key."""
        return self._call("raw")(which, start_ms, end_ms, limit, newest=newest)  # type: ignore[no-any-return]

    def buckets(
        self, which: SeriesFilter, start_ms: int, end_ms: int, step_ms: int, max_quality: int = 2
    ) -> list[Buckets]:
        """Return aggregates over [start_ms + k step, start_ms + (k + 1) step)."""
        return self._call("buckets")(which, start_ms, end_ms, step_ms, max_quality)  # type: ignore[no-any-return]

    def events(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Event]:
        """Return events in [start_ms, end_ms) in time order, at most `limit`."""
        return self._call("events")(organisation, start_ms, end_ms, device, limit)  # type: ignore[no-any-return]

    def conflicts(
        self, organisation: str, start_ms: int, end_ms: int, device: str | None = None, limit: int = 10_000
    ) -> list[Conflict]:
        """Return the conflict record of [start_ms, end_ms) by time, series and value, at most `limit`."""
        return self._call("conflicts")(organisation, start_ms, end_ms, device, limit)  # type: ignore[no-any-return]

    def delete_before(self, organisation: str, cut_ms: int) -> int:
        """Delete samples, conflicts and events before `cut_ms`; return how many samples."""
        return self._call("delete_before")(organisation, cut_ms)  # type: ignore[no-any-return]

    def info(self) -> StoreInfo:
        """Return counts."""
        return self._call("info")()  # type: ignore[no-any-return]

    def damage(self) -> list[FileDamage]:
        """Return all damage and losses of the store, oldest first."""
        return self._call("damage")()  # type: ignore[no-any-return]

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge all damage and losses of the store."""
        return self._call("acknowledge_damage")(now_ms, by)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the connections; the store remains open in its process."""
        self._connections.close()

    def _call(self, method: str) -> Callable[..., Any]:
        def call(*positional: Any, **named: Any) -> Any:
            return self._connections.call(Store, PORT, method, positional, named, self._within_s)

        return call
