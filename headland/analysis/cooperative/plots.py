"""Plots of a cooperative by place, with the passes that are declared on each: read once for a season's passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headland.agronomy.application.as_applied import BESIDE_M
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.field_geometry import bounds_of, plane_of
from headland.analysis.passes.as_applied import AppliedPass
from headland.analysis.passes.detection import FieldPass
from headland.registry.models.models import Field, Pass
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


@dataclass(frozen=True, slots=True)
class Plots:
    """All fields with their boxes (W, S, E, N) [deg], and declared passes by field."""

    fields: Sequence[Field]
    boxes_deg: Values
    declared: Mapping[str, Sequence[Pass]]

    def around(self, field_pass: FieldPass) -> list[Field]:
        """Return the other fields that a pass's map shows and that have no declared pass by its machine at its time."""
        plane, corners = plane_of(field_pass.field), bounds_of(field_pass.field)
        east_m, north_m = plane.to_metres(np.array(corners[1::2]), np.array(corners[::2]))
        low, high = (plane.to_degrees(east_m + side, north_m + side) for side in (-BESIDE_M, BESIDE_M))
        return self._within((low[1][0], low[0][0], high[1][1], high[0][1]), field_pass)

    def treated(self, applied: AppliedPass) -> list[Field]:
        """Return those of `around` whose box has treated ground on the pass's map."""
        rows, columns = np.nonzero(applied.map.evidence)
        if not len(rows):
            return []
        grid, plane = applied.map.grid, applied.inputs.plane
        east_m = grid.west_m + grid.cell_m * np.array([columns.min(), columns.max() + 1.0])
        north_m = grid.south_m + grid.cell_m * np.array([rows.min(), rows.max() + 1.0])
        latitude, longitude = plane.to_degrees(east_m, north_m)
        return self._within((longitude[0], latitude[0], longitude[1], latitude[1]), applied.field_pass)

    def _within(self, box_deg: tuple[float, float, float, float], field_pass: FieldPass) -> list[Field]:
        west, south, east, north = box_deg
        box = self.boxes_deg
        is_near = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
        near = (self.fields[at] for at in np.flatnonzero(is_near).tolist())
        return [field for field in near if field.id != field_pass.field.id and not self._has_own(field, field_pass)]

    def _has_own(self, field: Field, field_pass: FieldPass) -> bool:
        return any(
            other.device == field_pass.device
            and other.start_ms < field_pass.end_ms
            and field_pass.start_ms < other.end_ms
            for other in self.declared.get(field.id, ())
        )


def read_plots(repositories: OrganisationRepositories) -> Plots:
    """Return all fields of an organisation."""
    fields = list(repositories.fields.all())
    declared: dict[str, list[Pass]] = {}
    for each in repositories.passes.records.all():
        declared.setdefault(each.field, []).append(each)
    return Plots(fields, np.array([bounds_of(field) for field in fields]).reshape(-1, 4), declared)
