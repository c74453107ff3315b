"""Route that edits an outline, for a page that draws one; nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.responses import Response

from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf
from api.http.router import Router
from api.routes.registry import reply_json
from headland.analysis.outline_edits import edge_strip, split_outline
from headland.registry.models.geometry import MultiPolygon, Polygon, read_geometry, show_geometry
from headland.registry.validation.geometry import area_of

_GEOMETRY: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"type": {"type": "string"}, "coordinates": {"type": "array", "items": {}}},
    "required": ["type", "coordinates"],
}
_PART: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"geometry": _GEOMETRY, "area_m2": {"type": "number"}},
    "required": ["geometry", "area_m2"],
}
_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": _PART}},
    "required": ["items"],
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "geometry": _GEOMETRY,
                        "split_by": {
                            "type": ["array", "null"],
                            "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
                            "maxItems": 10_000,
                            "description": "Points of a line (longitude, latitude) that divides the outline.",
                        },
                        "strip_m": {"type": ["number", "null"], "description": "Width of a strip inside the edge."},
                    },
                    "required": ["geometry"],
                    "example": {
                        "geometry": {
                            "type": "Polygon",
                            "coordinates": [[[119.17, 31.95], [119.172, 31.95], [119.172, 31.952], [119.17, 31.95]]],
                        },
                        "strip_m": 5,
                    },
                }
            }
        },
    }
}

router = Router(prefix="/v1/fields", tags=["registry"], responses=declare_problems(422, 503))


class OutlineEdit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outline, and what is done with it: one of the two."""

    geometry: Polygon | MultiPolygon
    split_by: Annotated[list[tuple[float, float]], Meta(max_length=10_000)] | None = None
    strip_m: Annotated[float, Meta(gt=0, le=1000)] | None = None


@router.post(
    "/outline",
    openapi_extra=_BODY,
    responses={
        200: {"description": "The parts.", "content": {"application/json": {"schema": _ANSWER}}},
        **declare_problems(400, 413),
    },
)
def edit_outline(sent: BodyOf) -> Response:
    """Divide an outline along a line, or return the strip inside its edge; without either, measure it.

    The parts of a division are the largest first. Nothing is stored.
    """
    try:
        edit = msgspec.json.decode(sent, type=OutlineEdit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(422, "bad-body", "Invalid request body", f"Correct the outline: {error}.") from error
    geometry = read_geometry(edit.geometry)
    if edit.split_by is not None:
        parts = split_outline(geometry, edit.split_by)
    elif edit.strip_m is not None:
        parts = [edge_strip(geometry, edit.strip_m)]
    else:
        parts = [geometry]
    return reply_json({"items": [{"geometry": show_geometry(part), "area_m2": area_of(part)} for part in parts]})
