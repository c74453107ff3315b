"""Orthophoto in a GeoTIFF as raster tiles (PMTiles, version 3) for a base map: rasterio reads, pmtiles writes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from headland.contract.map_tiles import MOST_ZOOM
from headland.errors import HeadlandError

#: First bytes of a TIFF and of a BigTIFF, in both orders of bytes.
TIFF_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: An orthophoto of a few hundred hectares at 5 cm; a small file can claim to be much larger.
MOST_PIXELS: Final = 4_000_000_000
#: Tiles at most: the resolution is lowered to it.
MOST_TILES: Final = 20_000
TILE_PX: Final = 256
_LEAST_PX: Final = 16
_MERCATOR: Final = "EPSG:3857"
#: Half of the equator in Web Mercator [m].
_EDGE_M: Final = math.pi * 6_378_137.0
#: Of WebP, which is a third of JPEG's size and knows transparency.
_QUALITY: Final = "80"


class RefusedPhoto(HeadlandError):  # noqa: N818 - it names the state of the file
    """A GeoTIFF cannot be a base map; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class TiledPhoto:
    """What was written: the number of tiles, and the size of a pixel of the picture and of its finest tiles [m]."""

    tiles: int
    source_m: float
    finest_m: float


def is_tiff(start: bytes) -> bool:
    """Tell whether a file begins as a TIFF."""
    return start.startswith(TIFF_STARTS)


def tile_photo(source: Path, target: Path, most_pixels: int = MOST_PIXELS, most_tiles: int = MOST_TILES) -> TiledPhoto:
    """Write a GeoTIFF as PMTiles of WebP; raises RefusedPhoto.

    Tiles are as fine as the picture, or coarser where they would be more than `most_tiles`. Empty ones are left out.
    """
    try:
        import pmtiles.writer  # noqa: F401 - whether the extra is there
        import rasterio
    except ImportError as error:
        sentence = "Reading a GeoTIFF is not installed: run pip install 'headland[geotiff]', or give PMTiles."
        raise RefusedPhoto(sentence) from error
    try:
        # No other driver: a file of a stranger names nothing else to open.
        with rasterio.open(source, driver="GTiff") as photo:
            _check(photo, most_pixels)
            return _write(photo, target, most_tiles)
    except rasterio.errors.RasterioError as error:
        raise RefusedPhoto("The GeoTIFF cannot be read: export it again, as a picture of 8 bits.") from error


def _check(photo: Any, most_pixels: int) -> None:
    from rasterio.enums import ColorInterp

    if photo.crs is None or photo.transform.is_identity:
        raise RefusedPhoto("The GeoTIFF does not say where it lies: export it with its coordinate system.")
    if photo.count not in (1, 2, 3, 4) or any(kind != "uint8" for kind in photo.dtypes):
        kinds = ", ".join(sorted(set(photo.dtypes)))
        raise RefusedPhoto(
            f"The GeoTIFF has {photo.count} bands of {kinds}: export it as a picture of 8 bits, grey or in colours."
        )
    if ColorInterp.palette in photo.colorinterp:
        raise RefusedPhoto("The GeoTIFF has a palette: export it in colours (RGB).")
    if photo.width * photo.height > most_pixels:
        raise RefusedPhoto(
            f"The GeoTIFF has {photo.width * photo.height:,} pixels, at most {most_pixels:,} are taken: "
            "export it with larger pixels or in parts."
        )


def _write(photo: Any, target: Path, most_tiles: int) -> TiledPhoto:
    from pmtiles.tile import Compression, TileType, zxy_to_tileid
    from pmtiles.writer import Writer
    from rasterio.warp import calculate_default_transform, transform_bounds

    west, south, east, north = transform_bounds(photo.crs, "EPSG:4326", *photo.bounds)
    if not (-180.0 <= west < east <= 180.0 and -85.0 <= south < north <= 85.0):
        raise RefusedPhoto("The GeoTIFF lies outside of what a map shows: check its coordinate system.")
    size = (photo.width, photo.height)
    transform, _, _ = calculate_default_transform(photo.crs, _MERCATOR, *size, *photo.bounds)
    zoom, tiles = _plan(transform_bounds(photo.crs, _MERCATOR, *photo.bounds), transform.a, most_tiles)
    written = 0
    sides = {"min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north}
    centre = {"center_lon_e7": (west + east) / 2.0, "center_lat_e7": (south + north) / 2.0}
    head = {name: round(degrees * 1e7) for name, degrees in {**sides, **centre}.items()}
    head |= {"center_zoom": zoom, "tile_type": TileType.WEBP, "tile_compression": Compression.NONE}
    with target.open("wb") as file:
        writer = Writer(file)
        try:
            for tile_id, tile in sorted((zxy_to_tileid(*tile), tile) for tile in tiles):
                data = _draw(photo, tile)
                if data is not None:
                    writer.write_tile(tile_id, data)
                    written += 1
            if written == 0:
                raise RefusedPhoto("The GeoTIFF has no visible pixel.")
            writer.finalize(head, {"type": "baselayer", "format": "webp"})
        finally:
            writer.tile_f.close()
    shrink = math.cos(math.radians((south + north) / 2.0))
    return TiledPhoto(written, transform.a * shrink, 2.0 * _EDGE_M / TILE_PX / 2**zoom * shrink)


def _plan(
    bounds_m: tuple[float, float, float, float], resolution_m: float, most_tiles: int
) -> tuple[int, list[tuple[int, int, int]]]:
    """Return the finest zoom, and the tiles (zoom, column, row) of it and of all coarser ones on which it is seen."""

    def spans(zoom: int) -> tuple[range, range]:
        west, south, east, north = bounds_m
        return _span(west + _EDGE_M, east + _EDGE_M, zoom), _span(_EDGE_M - north, _EDGE_M - south, zoom)

    def count(zoom: int) -> int:
        columns, rows = spans(zoom)
        return len(columns) * len(rows)

    zoom = min(max(math.ceil(math.log2(2.0 * _EDGE_M / TILE_PX / resolution_m) - 0.25), 0), MOST_ZOOM)
    # Where it is smaller than a mark on the map it need not be drawn.
    widest_m = max(bounds_m[2] - bounds_m[0], bounds_m[3] - bounds_m[1])
    first = min(zoom, max(0, math.floor(math.log2(2.0 * _EDGE_M / TILE_PX / widest_m * _LEAST_PX))))
    while zoom > first and sum(count(each) for each in range(first, zoom + 1)) > most_tiles:
        zoom -= 1
    tiles = [
        (each, column, row) for each in range(first, zoom + 1) for row in spans(each)[1] for column in spans(each)[0]
    ]
    return zoom, tiles


def _span(first_m: float, last_m: float, zoom: int) -> range:
    """Return the tiles that a stretch touches."""
    count, side_m = 2**zoom, 2.0 * _EDGE_M / 2**zoom
    first = min(count - 1, max(0, math.floor(first_m / side_m)))
    return range(first, max(first + 1, min(count, math.ceil(last_m / side_m))))


def _draw(photo: Any, tile: tuple[int, int, int]) -> bytes | None:
    """Return a tile as WebP; None where nothing of the picture is in it."""
    import numpy as np
    from rasterio.enums import ColorInterp, Resampling
    from rasterio.io import MemoryFile
    from rasterio.transform import from_bounds
    from rasterio.vrt import WarpedVRT

    zoom, column, row = tile
    side_m = 2.0 * _EDGE_M / 2**zoom
    west, north = column * side_m - _EDGE_M, _EDGE_M - row * side_m
    place = from_bounds(west, north - side_m, west + side_m, north, TILE_PX, TILE_PX)
    has_alpha = ColorInterp.alpha in photo.colorinterp
    with WarpedVRT(
        photo, crs=_MERCATOR, transform=place, width=TILE_PX, height=TILE_PX, resampling=Resampling.bilinear,
        add_alpha=not has_alpha and photo.nodata is None,
    ) as flat:  # fmt: skip
        alpha = flat.dataset_mask()
        if not np.any(alpha):
            return None
        bands = [band for band, kind in enumerate(photo.colorinterp, 1) if kind != ColorInterp.alpha][:3]
        colours = flat.read(bands if len(bands) == 3 else [1, 1, 1])
    with MemoryFile() as memory:
        # The place is not stored, but a picture without one causes a warning.
        shape = {"width": TILE_PX, "height": TILE_PX, "count": 4, "dtype": "uint8", "transform": place}
        with memory.open(driver="WEBP", QUALITY=_QUALITY, **shape) as picture:
            picture.write(np.stack([*colours, alpha]))
        return bytes(memory.read())
