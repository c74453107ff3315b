"""Helpers to make batches and to read a whole store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headland.contract.records import Clock, Event, Scalar
from headland.store.port import Mark, Points, SeriesFilter, SeriesKey, Store, StoredEvent, WriteBatch

Row = tuple[SeriesKey, int, float] | tuple[SeriesKey, int, float, int]

ORG = "acme"
EVERYTHING = SeriesFilter(ORG)


def key(
    channel: str = "air_temperature_degc",
    *,
    device: str = "gh-1",
    kind: str = "greenhouse",
    site: str = "home",
    organisation: str = ORG,
    simulated: bool = False,
) -> SeriesKey:
    return SeriesKey(organisation, site, kind, device, channel, simulated)


def points(*rows: Row) -> Points:
    keys = list(dict.fromkeys(row[0] for row in rows))
    return Points(
        keys,
        np.array([keys.index(row[0]) for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        np.array([row[3] if len(row) == 4 else 1 for row in rows], np.uint8),
    )


def batch(
    *rows: Row, events: Sequence[StoredEvent] = (), marks: Sequence[Mark] = (), latest_until_ms: int = 2**62
) -> WriteBatch:
    return WriteBatch(points(*rows), events, marks, latest_until_ms)


def event(
    time_ms: int, kind: str = "mode", device: str = "uav-1", organisation: str = ORG, **data: Scalar
) -> StoredEvent:
    return StoredEvent(
        organisation,
        Event(t=time_ms, device=device, kind=kind, device_kind="drone", site="home", clock=Clock.GPS, data=data),
    )


def rows_of(store: Store, which: SeriesFilter = EVERYTHING) -> list[tuple[SeriesKey, int, float, int]]:
    """Everything that a filter finds, as plain rows in the order the store gives."""
    return [
        (samples.key, time_ms, value, quality)
        for samples in store.raw(which, -(2**62), 2**62)
        for time_ms, value, quality in zip(
            samples.time_ms.tolist(), samples.value.tolist(), samples.quality.tolist(), strict=True
        )
    ]
