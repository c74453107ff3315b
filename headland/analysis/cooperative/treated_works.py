"""Works in the ledger: the newest entry of each pass and field on the ground that it treated, of any rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np

from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import polygons_of
from headland.analysis.cooperative.treated_ground import (
    PlacedGround,
    TreatedGround,
    ground_of_cells,
    pack_ground,
    unpack_ground,
    unpack_mask,
)
from headland.analysis.inputs.field_geometry import plane_of
from headland.registry.models.models import Field
from headland.registry.repositories.ledger.entries import LedgerEntry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Kind of the ledger's entries about treated ground, one for each pass and field.
TREATED: Final = "treated"
_M2_1_M: Final = 200_000.0
_M2_2_M: Final = 2_000_000.0
_PAGE: Final = 500


def treated_works(
    repositories: OrganisationRepositories,
    operators: dict[str, str] | None = None,
    field: str | None = None,
    measured: Mapping[tuple[str, str], Mapping[str, Any]] | None = None,
) -> list[TreatedGround]:
    """Return the newest statement of each pass and field in the ledger; `operators` name who works with a device.

    `measured`, by field and pass, is what would be recorded of passes that are not in the ledger.

    A machine does one work on a field at a time: a detected pass that was declared since, and a declaration that was
    corrected by another, are marked as replaced.
    """
    newest = _newest_entries(repositories, field)
    bodies = {**(measured or {}), **{key: msgspec.json.decode(entry.body) for key, entry in newest.items()}}
    replaced = _replaced_passes(bodies)
    return [
        _work_of(repositories, key, body, operators or {}, is_replaced=key in replaced) for key, body in bodies.items()
    ]


def recorded_of_pass(repositories: OrganisationRepositories, pass_id: str) -> dict[str, Mapping[str, Any]]:
    """Return what the newest entries of a pass say, by field."""
    entries = repositories.ledger.read(kind=TREATED, pass_id=pass_id)
    return {entry.field: msgspec.json.decode(entry.body) for entry in entries}


def is_by_cells(body: Mapping[str, Any]) -> bool:
    """Return whether an entry has the cells of a map in place of the ground of the swaths."""
    return "cells" in body


def lattice_of(field: Field) -> Grid:
    """Return the cells of a field's own, always the same: 1 m, 2 m above 20 ha, 5 m above 200 ha."""
    polygons = polygons_of(field.geometry, plane_of(field))
    cell_m = 1.0 if field.area_m2 <= _M2_1_M else 2.0 if field.area_m2 <= _M2_2_M else 5.0
    west, south, east, north = polygons.bounds
    west, south = np.floor(west / cell_m) * cell_m, np.floor(south / cell_m) * cell_m
    rows, columns = int(np.ceil((north - south) / cell_m)), int(np.ceil((east - west) / cell_m))
    return Grid(float(west), float(south), cell_m, max(rows, 1), max(columns, 1))


def write_ground(placed: PlacedGround) -> dict[str, Any]:
    """Return what the ledger says of ground and its place."""
    plane = placed.plane
    place = {} if plane is None else {"latitude_deg": plane.latitude_deg, "longitude_deg": plane.longitude_deg}
    return {"ground": pack_ground(placed.polygons), **place}


def read_ground(repositories: OrganisationRepositories, field: str, body: Mapping[str, Any]) -> PlacedGround:
    """Return the ground of an entry about a field, also of one by cells.

    Cells of before places were kept lie where those of the field's outline lie today, if these have the same shape.
    """
    plane = Plane(body["latitude_deg"], body["longitude_deg"]) if "latitude_deg" in body else None
    if not is_by_cells(body):
        return PlacedGround(unpack_ground(body["ground"]), plane)
    rows, columns, cell_m = body["rows"], body["columns"], body["cell_m"]
    cells = unpack_mask(body["cells"], rows, columns)
    if plane is not None:
        return PlacedGround(ground_of_cells(cells, Grid(body["west_m"], body["south_m"], cell_m, rows, columns)), plane)
    today = repositories.fields.get(field, also_deleted=True)
    lattice = lattice_of(today)
    if (lattice.rows, lattice.columns, lattice.cell_m) == (rows, columns, cell_m):
        return PlacedGround(ground_of_cells(cells, lattice), plane_of(today))
    return PlacedGround(ground_of_cells(cells, Grid(0.0, 0.0, cell_m, rows, columns)), None, (rows, columns))


def _newest_entries(
    repositories: OrganisationRepositories, field: str | None = None
) -> dict[tuple[str, str], LedgerEntry]:
    """Return the newest entry of each field and pass."""
    newest: dict[tuple[str, str], LedgerEntry] = {}
    after = 0
    while page := repositories.ledger.read(kind=TREATED, field=field, after_seq=after, limit=_PAGE):
        after = page[-1].seq
        newest.update({(entry.field, entry.pass_id): entry for entry in page})
    return newest


def _replaced_passes(bodies: Mapping[tuple[str, str], Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return the passes of a field for which another of the same machine at the same time stands.

    A declared pass stands for a detected one, and the newest declaration for those before it.
    """
    works: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for field, pass_id in bodies:
        works.setdefault((field, bodies[field, pass_id]["device"]), []).append((field, pass_id))
    replaced: set[tuple[str, str]] = set()
    for keys in works.values():
        standing: list[Mapping[str, Any]] = []
        # Ids of declarations grow with time; that of a detected pass has its device in it.
        for key in sorted(keys, key=lambda key: ("~" not in key[1], key[1]), reverse=True):
            body = bodies[key]
            is_declared = "~" not in key[1]
            if any(_overlap(body, other) and (is_declared or other["declared"]) for other in standing):
                replaced.add(key)
            else:
                standing.append({**body, "declared": is_declared})
    return replaced


def _overlap(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return bool(first["start_ms"] < second["end_ms"] and second["start_ms"] < first["end_ms"])


def _work_of(
    repositories: OrganisationRepositories,
    key: tuple[str, str],
    body: Mapping[str, Any],
    operators: dict[str, str],
    *,
    is_replaced: bool,
) -> TreatedGround:
    return TreatedGround(
        field=key[0],
        pass_id=key[1],
        operator=operators.get(body["device"], body["device"]),
        start_ms=body["start_ms"],
        product=body["product"],
        placed=read_ground(repositories, key[0], body),
        grams=body["grams"],
        evidence_m2=tuple((name, body["evidence_m2"].get(name, 0.0)) for name in EVIDENCE[1:]),
        is_night=body["night"],
        simulated=body["simulated"],
        is_replaced=is_replaced,
        is_by_cells=is_by_cells(body),
    )
