"""What the DuckDB engine keeps in memory of its file: series, frontiers, marks, devices, counts; rebuilt at open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb
import msgspec
import numpy as np

from headland.contract.records import Descriptor
from headland.store import duckdb_sql as sql
from headland.store.frontier import NEVER_MS, Frontier
from headland.store.port import DeviceRecord, Latest, Mark, MarkState, SeriesFilter, SeriesKey
from headland.store.selection import device_of_series
from headland.store.series_catalog import SeriesCatalog


@dataclass(slots=True)
class StoreState:
    """The picture in memory. Only the writer thread changes it, after a commit, under the store's lock."""

    catalog: SeriesCatalog = field(default_factory=SeriesCatalog)
    frontier: Frontier = field(default_factory=Frontier)
    marks: dict[tuple[str, str], MarkState] = field(default_factory=dict)
    devices: dict[tuple[str, str], tuple[str, Descriptor]] = field(default_factory=dict)
    points: int = 0
    events: int = 0
    conflicts: int = 0

    def select(self, which: SeriesFilter) -> list[tuple[int, SeriesKey]]:
        """Return the series that a filter means and that hold a sample, by key."""
        found = [sid for sid in self.catalog.select(which) if self.frontier.holds_samples(sid)]
        return [(sid, self.catalog.key(sid)) for sid in found]

    def latest(self, which: SeriesFilter) -> list[Latest]:
        """Return the newest sample of each series that a filter means, by key."""
        sids = np.array(self.catalog.select(which), np.int32)
        sids = sids[self.frontier.latest_ms[sids] != NEVER_MS]
        rows = zip(
            sids.tolist(),
            self.frontier.latest_ms[sids].tolist(),
            self.frontier.latest_value[sids].tolist(),
            self.frontier.latest_quality[sids].tolist(),
            strict=True,
        )
        return [Latest(self.catalog.key(sid), time_ms, value, quality) for sid, time_ms, value, quality in rows]

    def list_devices(self, organisation: str) -> list[DeviceRecord]:
        """Return the devices that are described or have samples, by id."""
        described = {device for owner, device in self.devices if owner == organisation}
        names = sorted(described | self.catalog.devices(organisation))
        records = [self._device(organisation, name) for name in names]
        return [record for record in records if record is not None]

    def _device(self, organisation: str, device: str) -> DeviceRecord | None:
        sids = self.catalog.of_device(organisation, device)
        filled = [self.catalog.key(sid) for sid in sids if self.frontier.holds_samples(sid)]
        newest_ms = max((int(self.frontier.latest_ms[sid]) for sid in sids), default=NEVER_MS)
        last_seen_ms = None if newest_ms == NEVER_MS else newest_ms
        described = self.devices.get((organisation, device))
        if described is None:
            return device_of_series(organisation, filled, last_seen_ms) if filled else None
        gateway, descriptor = described
        if any(self.catalog.key(sid).simulated for sid in sids):
            descriptor = msgspec.structs.replace(descriptor, simulated=True)
        return DeviceRecord(organisation, gateway, descriptor, last_seen_ms=last_seen_ms)


def load_state(connection: duckdb.DuckDBPyConnection) -> StoreState:
    """Return the picture of an open file; reads every point once."""
    state = StoreState()
    state.catalog.add(SeriesKey(*row) for row in connection.execute(sql.LOAD_SERIES).fetchall())
    state.frontier.grow(len(state.catalog))
    _load_frontier(connection, state.frontier)
    for gateway, epoch, high_water, ahead in connection.execute(sql.LOAD_MARKS).fetchall():
        ranges = msgspec.json.decode(ahead, type=tuple[tuple[int, int], ...])
        known = state.marks.get((gateway, epoch), MarkState())
        for first, last in ((1, high_water), *ranges):
            known = known.add(Mark(gateway, epoch, first, last))
        state.marks[gateway, epoch] = known
    for organisation, gateway, device, descriptor in connection.execute(sql.LOAD_DEVICES).fetchall():
        state.devices[organisation, device] = (gateway, msgspec.json.decode(descriptor, type=Descriptor))
    state.points = count(connection, sql.COUNT_POINTS)
    state.events = count(connection, sql.COUNT_EVENTS)
    state.conflicts = count(connection, sql.COUNT_CONFLICTS)
    return state


def count(connection: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, object] | None = None) -> int:
    """Return the one number that a statement answers with: for one that changes rows, how many."""
    return int(connection.execute(statement, values).fetchall()[0][0])


def _load_frontier(connection: duckdb.DuckDBPyConnection, frontier: Frontier) -> None:
    """Series that never ran ahead are known by their newest sample; the few others are looked at sample by sample."""
    ahead = connection.execute(sql.LOAD_AHEAD).fetchnumpy()
    newest = connection.execute(sql.LOAD_LATEST).fetchnumpy()
    plain = ~np.isin(newest["sid"], ahead["sid"])
    frontier.advance(newest["sid"][plain], newest["ts"][plain], newest["v"][plain], newest["q"][plain])
    if len(ahead["sid"]):
        rest = connection.execute(sql.LOAD_LATEST_OF_AHEAD).fetchnumpy()
        frontier.advance(rest["sid"], rest["ts"], rest["v"], rest["q"])
        frontier.advance_ahead(ahead["sid"], ahead["ts"])
