"""Outdoor radiation of the hours before now, from the devices of a subject."""

from __future__ import annotations

from typing import Final

from headland.agronomy.series.qartod import NOT_EVALUATED
from headland.analysis.inputs.origin import of_one_origin
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.subjects import OutlookSubject
from headland.analysis.weather.outdoors.measured_hours import DAYS
from headland.store.port import SeriesFilter
from headland.units_of_time import DAY_MS, HOUR_MS

_RADIATION: Final = "global_radiation_w_m2"


def hourly_radiation(scope: OrgScope, subject: OutlookSubject) -> list[float | None]:
    """Return the mean outdoor radiation of each hour before now, the oldest first, of the device that knows most."""
    now_ms = scope.now_ms // HOUR_MS * HOUR_MS
    start_ms = now_ms - DAYS * DAY_MS
    best: list[float | None] = [None] * (DAYS * 24)
    for device in subject.devices:
        which = SeriesFilter(scope.organisation, device.descriptor.device, frozenset((_RADIATION,)))
        for buckets in of_one_origin(scope.store.buckets(which, start_ms, now_ms, HOUR_MS, NOT_EVALUATED)):
            hours: list[float | None] = [None] * (DAYS * 24)
            for at_ms, mean in zip(buckets.start_ms.tolist(), buckets.mean.tolist(), strict=True):
                hours[(at_ms - start_ms) // HOUR_MS] = mean
            best = max(best, hours, key=lambda column: sum(value is not None for value in column))
    return best
