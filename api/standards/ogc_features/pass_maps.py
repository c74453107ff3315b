"""Tracks and cells of passes as map features need them, kept in the result cache by what they depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.arrays import Values
from headland.analysis.exports.as_applied import cells_of
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import compute_as_applied, fine_cell_m
from headland.analysis.passes.detection import FieldPass, refer_pass
from headland.analysis.passes.telemetry import load_pass_telemetry

#: Largest number of vertices of a track: a map shows no more detail.
_MOST_CORNERS: Final = 5000


@dataclass(frozen=True, slots=True)
class PassTrack:
    """The way of a pass: longitude and latitude of its vertices [deg], its number of positions and worst flag."""

    spots_deg: Values
    positions: int
    quality: int | None


@dataclass(frozen=True, slots=True)
class PassCells:
    """The cells of an as-applied map: edges [deg] as rows west, south, east, north; NaN where a rate is unknown."""

    unit: str
    coverage: float
    method: str
    quality: int
    edges_deg: Values
    rate_ha: Values
    amount: Values
    evidence: NDArray[np.uint8]
    places: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.rate_ha)


#: What stands for a pass of which nothing is known.
_NO_TRACK: Final = PassTrack(np.empty((0, 2)), 0, None)


def find_track(scope: OrgScope, field_pass: FieldPass) -> PassTrack:
    """Return the track of a pass, empty where its vehicle is unknown or its telemetry exceeds the limit."""
    key = ("map-track", scope.organisation, field_pass.key)
    return scope.cache.get(key, lambda: _read_track(scope, field_pass), (*key[:2], field_pass.id))


def find_cells(scope: OrgScope, field_pass: FieldPass) -> PassCells | None:
    """Return the cells of a pass, None where it has no map."""
    key = _cells_key(scope, field_pass)
    return scope.cache.get(key, lambda: _compute_cells(scope, field_pass), (*key[:2], field_pass.id))


def is_computed(scope: OrgScope, field_pass: FieldPass) -> bool:
    """Return whether the cells of a pass are in the cache."""
    return scope.cache.holds(_cells_key(scope, field_pass))


def _cells_key(scope: OrgScope, field_pass: FieldPass) -> tuple[object, ...]:
    return "map-cells", scope.organisation, field_pass.key


def _read_track(scope: OrgScope, field_pass: FieldPass) -> PassTrack:
    try:
        whole = load_pass_telemetry(scope, refer_pass(scope, field_pass))
    except AnalysisError:
        return _NO_TRACK
    telemetry = whole.within(Window(field_pass.start_ms, field_pass.end_ms + 1))
    track = telemetry.vehicle.track
    chosen = np.unique(np.linspace(0, telemetry.n - 1, min(telemetry.n, _MOST_CORNERS)).round().astype(np.int64))
    spots_deg = np.column_stack((track.longitude_deg[chosen], track.latitude_deg[chosen])).round(8)
    return PassTrack(spots_deg, telemetry.n, telemetry.quality)


def _compute_cells(scope: OrgScope, field_pass: FieldPass) -> PassCells | None:
    try:
        applied = compute_as_applied(scope, field_pass, cell_m=fine_cell_m(field_pass))
    except AnalysisError:
        return None
    at, south, west, north, east = cells_of(applied)
    return PassCells(
        applied.unit.lower(),
        applied.amount.coverage,
        applied.amount.method.id,
        applied.amount.quality,
        np.stack((west, south, east, north)).round(9),
        applied.map.rate_ha[at].round(3),
        applied.map.amount[at].round(6),
        applied.map.evidence[at].astype(np.uint8),
        applied.map.places[at].astype(np.uint8),
    )
