"""Base map that a person put on the station: PMTiles, a GeoTIFF, or GeoJSON of roads and water. None is fetched."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import msgspec
import orjson
from fastapi import Depends, Request
from starlette.responses import FileResponse, Response

from api.dependencies import ScopeOf, home_of
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf
from api.http.responses import reply
from api.http.router import Router
from headland.formats.images.orthophoto import RefusedPhoto, is_tiff, tile_photo

#: Of a GeoTIFF over HTTP: tiling takes seconds then.
_MOST_PIXELS: Final = 400_000_000
_MOST_TILES: Final = 2_000
#: The first bytes of PMTiles, version 3.
_PMTILES: Final = b"PMTiles\x03"
_MEDIA: Final = {"pmtiles": "application/vnd.pmtiles", "geojson": "application/geo+json"}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "PMTiles (version 3), a GeoTIFF of 8 bits, or a GeoJSON FeatureCollection in WGS84.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {media: {"schema": {"type": "string", "format": "binary"}} for media in _MEDIA.values()}}
}

router = Router(prefix="/v1/base-map", tags=["maps"], responses=declare_problems(404, 422, 503))


class BaseMapBody(msgspec.Struct, frozen=True, kw_only=True):
    """The base map of a station."""

    kind: Annotated[str | None, "pmtiles or geojson; null where none was put there."]
    bytes: int
    changed_ms: int | None


def _path_of(request: Request, scope: ScopeOf) -> Path:
    home = home_of(request)
    if home.base_map is None or scope.organisation != home.organisation:
        raise ProblemError(404, "no-base-map", "No base map here", "This API has no folder for a base map.")
    return home.base_map


PathOf = Annotated[Path, Depends(_path_of)]


@router.get("", response_model=BaseMapBody)
def get_base_map(request: Request, scope: ScopeOf) -> Response:
    """Return whether the station has a base map, and of which kind."""
    home = home_of(request)
    path = home.base_map if scope.organisation == home.organisation else None
    if path is None or not path.is_file():
        return reply(request, BaseMapBody(kind=None, bytes=0, changed_ms=None))
    found = path.stat()
    return reply(request, BaseMapBody(kind=_kind_of(path), bytes=found.st_size, changed_ms=int(found.st_mtime * 1000)))


@router.get("/file", response_class=FileResponse, responses=_FILE)
def get_base_map_file(path: PathOf) -> Response:
    """Return the base map; parts of it by Range, as maps read PMTiles."""
    if not path.is_file():
        raise ProblemError(404, "no-base-map", "No base map here", "Put one here first.")
    return FileResponse(path, media_type=_MEDIA[_kind_of(path)], headers={"Cache-Control": "no-cache"})


@router.put("", response_model=BaseMapBody, openapi_extra=_BODY, responses=declare_problems(400, 413))
def put_base_map(request: Request, scope: ScopeOf, path: PathOf, sent: BodyOf) -> Response:
    """Put a base map on the station, in place of the present one. Larger files: `headland field base-map FILE`.

    A GeoTIFF becomes tiles of at most 2,000 pictures, as fine as it is where that is enough.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_tiff(sent[:4]):
        _put_photo(path, sent)
        return get_base_map(request, scope)
    if not sent.startswith(_PMTILES):
        try:
            kind = orjson.loads(sent).get("type")
        except (orjson.JSONDecodeError, AttributeError):
            kind = None
        if kind != "FeatureCollection":
            sentence = "The file is neither PMTiles (version 3), a GeoTIFF nor a GeoJSON FeatureCollection."
            raise ProblemError(400, "bad-base-map", "Base map not readable", sentence)
    waiting = path.with_suffix(".new")
    waiting.write_bytes(sent)
    waiting.replace(path)
    return get_base_map(request, scope)


def _put_photo(path: Path, sent: bytes) -> None:
    # Two that come at once have files of their own.
    with TemporaryDirectory(dir=path.parent, prefix="base-map-") as folder:
        photo, tiles = Path(folder) / "photo.tif", Path(folder) / "tiles"
        photo.write_bytes(sent)
        try:
            tile_photo(photo, tiles, _MOST_PIXELS, _MOST_TILES)
        except RefusedPhoto as error:
            raise ProblemError(400, "bad-base-map", "Base map not readable", str(error)) from error
        tiles.replace(path)


@router.delete("", status_code=204)
def delete_base_map(path: PathOf) -> Response:
    """Take the base map away."""
    path.unlink(missing_ok=True)
    return Response(status_code=204)


def _kind_of(path: Path) -> str:
    with path.open("rb") as file:
        return "pmtiles" if file.read(len(_PMTILES)) == _PMTILES else "geojson"
