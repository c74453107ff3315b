"""Tiles of map sources, and the services that are known. The record's own routes are those of every kind."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from anyio import to_thread
from fastapi import Path, Request
from starlette.responses import Response

from api.auth.limit_headers import note_rate
from api.dependencies import AccessOf, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.ops.map_tiles import MapTiles, TileError, TileWanted
from api.routes.registry import RecordId
from headland.analysis.inputs.scope import OrgScope
from headland.contract.map_tiles import MOST_ZOOM
from headland.network.map_tiles import KNOWN_SERVICES

_PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in ("image/png", "image/jpeg", "image/webp")
        }
    },
    **declare_problems(404, 422, 429, 502, 503),
}
_LIST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/KnownMapService"}},
        "next": {"type": "null"},
    },
    "required": ["items", "next"],
}
_Column = Annotated[int, Path(description="Column or row of the tile in the source's grid.", ge=0, lt=2**MOST_ZOOM)]

router = Router(prefix="/v1/map-sources", tags=["maps"], responses=declare_problems(422, 503))


@router.get(
    "/catalog",
    name="list_known_map_services",
    responses={200: {"content": {"application/json": {"schema": _LIST}}}},
)
def get_known_services(request: Request) -> Response:
    """List the services whose address, coordinates and attribution are known; nothing is asked of them."""
    return reply(request, {"items": KNOWN_SERVICES, "next": None})


@router.get("/{thing}/tiles/{z}/{x}/{y}", name="get_map_tile", response_class=Response, responses=_PICTURE)
async def get_tile(
    request: Request,
    scope: ScopeOf,
    access: AccessOf,
    thing: RecordId,
    z: Annotated[int, Path(description="Zoom of the tile.", ge=0, le=MOST_ZOOM)],
    x: _Column,
    y: _Column,
) -> Response:
    """Return a tile of a source, as its service gives it, in the source's grid, counted from the north.

    A tile of a source in GCJ-02 shows ground some hundred metres beside the tile of the same numbers in WGS84.
    """
    tiles: MapTiles = request.app.state.map_tiles
    wanted, key = await to_thread.run_sync(_wanted, scope, thing, z, x, y)
    tile = tiles.kept(wanted)
    try:
        if tile is None:
            at_once = tiles.limiter
            note = partial(note_rate, request.scope, "tiles")
            tile = await to_thread.run_sync(tiles.fetch, wanted, key, access.by, note, limiter=at_once)
    except TileError as fault:
        raise _problem_of(fault, wanted.source.name) from fault
    age = f"private, max-age={tiles.left_s(tile)}" if tiles.left_s(tile) else "no-store"
    return Response(tile.body, 200, {"Cache-Control": age}, tile.media_type)


def _wanted(scope: OrgScope, thing: str, z: int, x: int, y: int) -> tuple[TileWanted, str]:
    """Return the tile that is wanted and the key of its source; raises NotFound."""
    sources = scope.repositories.map_sources
    source = sources.get(thing)
    if not source.min_zoom <= z <= source.max_zoom or max(x, y) >= 2**z:
        raise ProblemError(404, "no-map-tile", "Tile missing", "The source has no such tile: choose another zoom.")
    return TileWanted(scope.organisation, source, z, x, y), sources.key_of(thing)


def _problem_of(fault: TileError, name: str) -> ProblemError:
    if fault.kind == "map-tiles-quota":
        sentence = "Too many tiles of the map were asked for: wait a moment."
        return ProblemError(
            429, fault.kind, "Quota spent", sentence, headers={"Retry-After": str(int(fault.wait_s) + 1)}
        )
    if fault.kind == "no-map-tile":
        return ProblemError(404, fault.kind, "Tile missing", "The source has no such tile: choose another zoom.")
    if fault.kind == "map-service-refuses":
        sentence = f"The map service {name} refuses this station: check its key and its conditions of use."
        return ProblemError(502, fault.kind, "Service refuses", sentence)
    if fault.kind == "no-map-picture":
        sentence = f"The map service {name} answers with something that is no picture: check its address."
        return ProblemError(502, fault.kind, "No picture", sentence)
    sentence = f"The map service {name} does not answer: choose another map, or try again later."
    return ProblemError(502, "map-service-silent", "Service silent", sentence)
