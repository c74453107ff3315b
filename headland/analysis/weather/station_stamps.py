"""Meaning of the time stamps of a site's slow stations, observed from their radiation and the sun."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.climate.sun import elevation_deg
from headland.agronomy.series.stamps import Stamp, interval_ms, is_slow, observe_stamp
from headland.analysis.greenhouse.house import House
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.store.port import SeriesFilter
from headland.units_of_time import DAY_MS

_SUN: Final = "global_radiation_w_m2"
#: The time before and after a window whose radiation is looked at, so that short windows show what long ones do.
_BESIDE_MS: Final = 30 * DAY_MS
#: More samples than an hourly station has in two years are not read: faster ones need no meaning.
_MOST_SAMPLES: Final = 20_000
_SENTENCES: Final = {
    "before": "stores means of the time before their stamps",
    "after": "stores means of the time after their stamps",
}


def station_stamps(scope: OrgScope, house: House, window: Window) -> dict[str, Stamp]:
    """Return by device what the stamps of its slow samples mean, where its radiation shows that; no others."""
    place = house.place
    if place.latitude_deg is None or place.longitude_deg is None:
        return {}
    found: dict[str, Stamp] = {}
    for record in house.records:
        device = record.descriptor.device
        if _SUN not in record.descriptor.channels and record.descriptor.channels:
            continue
        which = SeriesFilter(scope.organisation, device, frozenset((_SUN,)))
        start_ms, end_ms = window.start_ms - _BESIDE_MS, window.end_ms + _BESIDE_MS
        for series in scope.store.raw(which, start_ms, end_ms, _MOST_SAMPLES):
            time_ms = series.time_ms
            if series.key.simulated != record.descriptor.simulated or not is_slow(time_ms):
                continue
            gap_ms = round(interval_ms(time_ms))
            heights = [
                elevation_deg(time_ms + shift_ms, place.latitude_deg, place.longitude_deg)
                for shift_ms in (0, -gap_ms, gap_ms)
            ]
            stamp, _ = observe_stamp(np.asarray(series.value, np.float64), *heights)
            if stamp is not None:
                found[device] = stamp
    return found


def declared_stamps(house: House, stamp: Stamp) -> dict[str, Stamp]:
    """Return one meaning for all devices of a site."""
    return {record.descriptor.device: stamp for record in house.records}


def stamp_notes(stamps: dict[str, Stamp], *, is_declared: bool) -> dict[str, str]:
    """Return a sentence on each station that stores means."""
    told = [f"{device} {_SENTENCES[stamp]}" for device, stamp in sorted(stamps.items()) if stamp in _SENTENCES]
    why = "as declared" if is_declared else "its radiation has light where the sun is down at the stamp"
    return {"stamps": f"{'; '.join(told)}: {why}."} if told else {}
