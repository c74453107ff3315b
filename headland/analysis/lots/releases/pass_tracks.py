"""Track of a pass for a public map: thinned, in metres from a corner, without a position on earth."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.detection import FieldPass, find_pass, load_pass_inputs
from headland.registry.models.releases import Evidence, Points, ReleasedPass

#: Points that a track keeps: a page of 100 kB shows no more.
_MOST_POINTS: Final = 250
_MOST_CORNERS: Final = 60
_MARGIN_M: Final = 4.0


def released_pass(scope: OrgScope, pass_id: str, evidence: Evidence) -> ReleasedPass | None:
    """Return the map of a pass, None where it has no track."""
    try:
        field_pass = find_pass(scope, pass_id)
        return _draw(scope, field_pass, evidence)
    except AnalysisError:
        return None


def _draw(scope: OrgScope, field_pass: FieldPass, evidence: Evidence) -> ReleasedPass | None:
    if field_pass.telemetry is None:
        return None
    inputs = load_pass_inputs(scope, field_pass, field_pass.telemetry)
    track = inputs.telemetry.vehicle.track
    east_m, north_m = inputs.plane.to_metres(track.latitude_deg, track.longitude_deg)
    within = (track.time_ms >= field_pass.start_ms) & (track.time_ms <= field_pass.end_ms)
    line = np.column_stack([east_m[within], north_m[within]])
    time_s = (track.time_ms[within] - field_pass.start_ms) / 1000.0
    if len(line) < 2:
        return None
    kept = np.unique(np.linspace(0, len(line) - 1, min(_MOST_POINTS, len(line))).astype(int))
    line, time_s = line[kept], time_s[kept]
    whole = inputs.outline.whole
    west, south, east, north = shapely.total_bounds([whole, shapely.LineString(line)])
    corner = np.array([west - _MARGIN_M, south - _MARGIN_M])
    thin = shapely.simplify(whole, 0.5)
    rings = [np.asarray(part.exterior.coords)[:, :2] for part in shapely.get_parts(thin)]
    return ReleasedPass(
        start_ms=field_pass.start_ms,
        end_ms=field_pass.end_ms,
        evidence=evidence,
        width_m=round(float(east - west) + 2 * _MARGIN_M, 1),
        height_m=round(float(north - south) + 2 * _MARGIN_M, 1),
        outlines=tuple(_points(ring[:: max(1, len(ring) // _MOST_CORNERS)] - corner) for ring in rings),
        track=_points(line - corner),
        time_s=tuple(round(float(each), 1) for each in time_s),
    )


def _points(metres: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Points:
    return tuple((round(float(east), 1), round(float(north), 1)) for east, north in metres)
