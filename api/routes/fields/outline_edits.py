"""Route that edits an outline, for a page that draws one; nothing is stored."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from api.http.problems import declare_problems
from api.http.records import Sent
from api.http.router import Router
from headland.analysis.outline_edits import edge_strip, split_outline
from headland.registry.models.geometry import MultiPolygon, Polygon, read_geometry, show_geometry
from headland.registry.validation.geometry import area_of, check_geometry

router = Router(prefix="/v1/fields", tags=["registry"], responses=declare_problems(422, 503))


class OutlineEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outline, and what is done with it: one of the two."""

    EXAMPLE: ClassVar = {
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[119.17, 31.95], [119.172, 31.95], [119.172, 31.952], [119.17, 31.95]]],
        },
        "strip_m": 5,
    }

    geometry: Polygon | MultiPolygon
    split_by: Annotated[
        Annotated[list[tuple[float, float]], Meta(max_length=10_000)] | None,
        "Points of a line (longitude, latitude) that divides the outline.",
    ] = None
    strip_m: Annotated[Annotated[float, Meta(gt=0, le=1000)] | None, "Width of a strip inside the edge."] = None


class OutlinePart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an outline."""

    geometry: Polygon | MultiPolygon
    area_m2: float


class OutlineParts(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of an outline, the largest first."""

    items: Annotated[list[OutlinePart], "The parts."]


@router.post("/outline", response_model=OutlineParts, responses={200: {"description": "The parts."},
             **declare_problems(400, 413)})  # fmt: skip
def edit_outline(edit: Sent[OutlineEdit]) -> OutlineParts:
    """Divide an outline along a line, or return the strip inside its edge; without either, measure it.

    The parts of a division are the largest first. Nothing is stored.
    """
    geometry = read_geometry(edit.geometry)
    if edit.split_by is not None:
        parts = split_outline(geometry, edit.split_by)
    elif edit.strip_m is not None:
        parts = [edge_strip(geometry, edit.strip_m)]
    else:
        parts = [check_geometry(geometry, "the outline")]
    return OutlineParts(items=[OutlinePart(geometry=show_geometry(part), area_m2=area_of(part)) for part in parts])
