"""What a pass that was broken off left over, and the mission that finishes it. No HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from api.applied import machine_of
from api.farm import Farm
from api.instants import Window
from api.pass_telemetry import hear
from api.passes import FieldPass, Work, read_work
from api.queries import find_device
from api.resume_plan import resume_plan
from headland.agronomy.coverage import draw_swaths, find_passes
from headland.agronomy.resume import Rest, find_rest, main_bearing_deg

_SQUARE_METRES_PER_HECTARE = 10_000.0
#: The vehicle stood at home before its first product, at most so long before.
_BEFORE_MS = 900_000


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """The rest of a pass; `amount` is what its lines take at the planned rate."""

    one: FieldPass
    work: Work
    rest: Rest
    planned_m2: float
    amount: float | None


def find_work_left(farm: Farm, one: FieldPass, planned_ha: float | None, swath_m: float | None) -> WorkLeft:
    """Return what a pass left over, by the ground that product was seen to reach; raises ProblemError (409).

    Ground over which only a command is known counts as treated: what may have got something is not treated again.
    """
    machine = machine_of(one, swath_m)
    work = read_work(farm, one)
    landed = work.stretches + machine.latency_s * 1000.0
    lines = find_passes(work.heard.told.track, landed, (work.plane.latitude_deg, work.plane.longitude_deg))
    rest = find_rest(work.outline.usable, draw_swaths(lines, machine.swath_m), machine.swath_m, main_bearing_deg(lines))
    drawn = draw_swaths([np.array(line) for line in rest.lines], machine.swath_m)
    planned_m2 = float(shapely.union_all(drawn, grid_size=1e-4).area) if drawn else 0.0
    rate = planned_ha or (one.declared.planned_rate_ha if one.declared else None)
    amount = None if rate is None else rate * planned_m2 / _SQUARE_METRES_PER_HECTARE
    return WorkLeft(one, work, rest, planned_m2, amount)


def plan_rest(farm: Farm, left: WorkLeft, height_m: float, speed_m_s: float) -> dict[str, Any]:
    """Return the mission of a rest, from where the vehicle was first heard before the pass."""
    record = find_device(farm, left.one.device)
    track = hear(farm, record, Window(left.one.start_ms - _BEFORE_MS, left.one.end_ms + 1)).told.track
    home = float(track.latitude_deg[0]), float(track.longitude_deg[0])
    return resume_plan(left.rest, left.work.plane, home, height_m=height_m, speed_m_s=speed_m_s)
