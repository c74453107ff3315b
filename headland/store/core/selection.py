"""Selection and order of series, and validation of batches: the same for every engine."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from headland.contract.records import Descriptor, Event
from headland.store.port import DeviceRecord, Points, SeriesFilter, SeriesKey

#: The widest bounds of a window: inside a signed 64 bit integer, with room for a step.
_FARTHEST_MS = 2**62


def order_of(key: SeriesKey) -> tuple[str, str, str, str, str, bool]:
    """Return the sort key of a series."""
    return (key.organisation, key.site, key.kind, key.device, key.channel, key.simulated)


def matches(which: SeriesFilter, key: SeriesKey) -> bool:
    """Return whether a series matches a filter."""
    return (
        key.organisation == which.organisation
        and (which.device is None or key.device == which.device)
        and (which.channels is None or key.channel in which.channels)
        and (which.kind is None or key.kind == which.kind)
    )


def clamp_ms(time_ms: int) -> int:
    """Return a window's bound, limited to the range of the engines."""
    return max(-_FARTHEST_MS, min(_FARTHEST_MS, time_ms))


def check_step(step_ms: int) -> None:
    """Raise ValueError for a bucket without length."""
    if step_ms < 1:
        raise ValueError(f"a bucket must be at least 1 ms long, not {step_ms}")


def check_points(points: Points) -> None:
    """Raise ValueError for columns that violate the port's contract, a mistake of the caller."""
    count = len(points)
    if not len(points.index) == len(points.value) == len(points.quality) == count:
        raise ValueError("the columns of a batch must be equally long")
    if not count:
        return
    if int(points.index.min()) < 0 or int(points.index.max()) >= len(points.series):
        raise ValueError("a sample's index must name one of the batch's series")
    if not np.isfinite(points.value).all():
        raise ValueError("a sample's value must be finite")


def pack_event(event: Event) -> bytes:
    """Return an event as canonical JSON, its identity in a store: the order of its data does not matter."""
    return msgspec.json.encode(event, order="deterministic")


def device_of_series(organisation: str, keys: Iterable[SeriesKey], last_seen_ms: int | None) -> DeviceRecord:
    """Return a record of a device without a descriptor, made of its series."""
    known = sorted(keys, key=order_of)
    first = known[0]
    descriptor = Descriptor(
        device=first.device,
        kind=first.kind,
        site=first.site,
        name=first.device,
        simulated=any(key.simulated for key in known),
    )
    return DeviceRecord(organisation, "", descriptor, last_seen_ms=last_seen_ms)
