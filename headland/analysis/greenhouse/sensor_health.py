"""Which sensors of a house lie, channel by channel, as the indices judge them; and which are silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.qartod import MISSING
from headland.agronomy.series.sensor_health import LIMITS, Finding
from headland.agronomy.series.time_grid import cut_periods
from headland.analysis.greenhouse.house import House
from headland.analysis.greenhouse.samples import LeftOut, gather
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.units_of_time import HOUR_MS

#: A channel that a descriptor names is silent when it said nothing for this long before the window's end.
_SILENT_MS: Final = HOUR_MS


@dataclass(frozen=True, slots=True)
class Health:
    """One channel of a device: good, doubtful, failed or silent, and the findings that say so."""

    device: str
    channel: str
    zone: str
    state: str
    n: int
    coverage: float
    findings: list[LeftOut]


def judge_house(scope: OrgScope, house: House, window: Window) -> list[Health]:
    """Return the health of every channel that can be judged, by device and channel."""
    periods = cut_periods([window.start_ms], window.end_ms)
    grid = gather(scope, house, tuple(LIMITS), periods)
    found = []
    for record, device in zip(house.records, grid.devices, strict=True):
        zone = house.zones.get(device.device)
        named = {c for c in record.descriptor.channels if c.partition(":")[0] in LIMITS}
        for channel in sorted(named | device.values.keys()):
            findings = [one for one in grid.left_out if (one.device, one.finding.channel) == (device.device, channel)]
            known = device.values.get(channel)
            stood_in = channel in device.stand_ins
            used = device.counts.get(channel)
            n = 0 if used is None or stood_in else int(used.sum())
            coverage = 0.0 if known is None else float(np.isfinite(known).mean())
            silent = _silence(device.device, channel, used, window)
            if silent is not None:
                findings = [*findings, silent]
            name = "" if zone is None else zone.name
            found.append(Health(device.device, channel, name, _state(findings), n, coverage, findings))
    return found


def _silence(
    device: str, channel: str, count: np.ndarray[tuple[int], np.dtype[np.int64]] | None, window: Window
) -> LeftOut | None:
    """Return the finding that nothing came at the window's end."""
    steps = _SILENT_MS // 300_000
    if count is not None and count[-steps:].any():
        return None
    start_ms = window.start_ms
    if count is not None and count.any():
        start_ms += 300_000 * int(np.flatnonzero(count)[-1] + 1)
    detail = "no usable sample for an hour or longer up to the end"
    return LeftOut(device, Finding(channel, "silent", MISSING, 0, start_ms, window.end_ms, False, detail))


def _state(findings: list[LeftOut]) -> str:
    tests = {one.finding.test for one in findings}
    if tests & {"flat_line", "sun_heated"}:
        return "failed"
    if "silent" in tests:
        return "silent"
    return "doubtful" if tests & {"drift", "over_saturation", "gross_range", "flagged"} else "good"
