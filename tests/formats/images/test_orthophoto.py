"""An orthophoto becomes tiles that lie where the picture lies, or is refused with the reason."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from pmtiles.reader import MmapSource, Reader
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rasterio.windows import Window

from headland.formats.images.orthophoto import RefusedPhoto, is_tiff, tile_photo

#: rasterio multiplies transforms in the way that its library of them will give up.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]

#: A quarter of the picture has each colour: red north-west, green north-east, blue south-west, white south-east.
COLOURS = np.array([[[220, 20], [20, 240]], [[20, 200], [20, 240]], [[20, 20], [220, 240]]], np.uint8)


def photo(path: Path, bands: np.ndarray | None = None, **changes: Any) -> Path:
    """Write a picture of 100 by 100 pixels, 2 m each, in the UTM zone of Jurong."""
    bands = np.kron(COLOURS, np.ones((50, 50), np.uint8)).astype(np.uint8) if bands is None else bands
    profile = {
        "driver": "GTiff", "crs": "EPSG:32650", "transform": from_origin(705_000, 3_537_000, 2, 2),
        "count": len(bands), "height": bands.shape[1], "width": bands.shape[2], "dtype": bands.dtype, **changes,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(bands)
    return path


def pixel(path: Path, longitude_deg: float, latitude_deg: float) -> tuple[int, ...]:
    """Return red, green, blue and alpha of a place in the finest tiles."""
    with path.open("rb") as file:
        reader = Reader(MmapSource(file))
        zoom = reader.header()["max_zoom"]
        x = (longitude_deg + 180.0) / 360.0 * 2**zoom
        y = (1.0 - math.asinh(math.tan(math.radians(latitude_deg))) / math.pi) / 2.0 * 2**zoom
        tile = reader.get(zoom, int(x), int(y))
    assert tile is not None
    with MemoryFile(tile) as memory, memory.open() as opened:
        found = opened.read(window=Window(int(x % 1 * 256), int(y % 1 * 256), 1, 1)).ravel().tolist()
    return tuple(found) if len(found) == 4 else (*found, 255)


def corner(east_m: float, south_m: float) -> tuple[float, float]:
    """Return longitude and latitude of a place in the picture, metres from its north-west corner."""
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(32650, 4326, always_xy=True)
    longitude, latitude = to_degrees.transform(705_000 + east_m, 3_537_000 - south_m)
    return longitude, latitude


def test_each_corner_of_the_picture_is_where_it_lies(tmp_path: Path) -> None:
    made = tile_photo(photo(tmp_path / "a.tif"), tmp_path / "a.pmtiles")
    assert made.source_m == pytest.approx(2, rel=0.02)
    assert made.source_m / 2 < made.finest_m <= made.source_m * 1.2
    for (east_m, south_m), colour in {
        (30, 30): (220, 20, 20), (170, 30): (20, 200, 20), (30, 170): (20, 20, 220), (170, 170): (240, 240, 240),
    }.items():  # fmt: skip
        found = pixel(tmp_path / "a.pmtiles", *corner(east_m, south_m))
        assert found == pytest.approx((*colour, 255), abs=12)
    # Beside the picture nothing is drawn.
    assert pixel(tmp_path / "a.pmtiles", *corner(-8, 30))[3] == 0


def test_fewer_tiles_are_coarser_ones(tmp_path: Path) -> None:
    fine = tile_photo(photo(tmp_path / "a.tif"), tmp_path / "fine")
    coarse = tile_photo(tmp_path / "a.tif", tmp_path / "coarse", most_tiles=fine.tiles - 1)
    assert coarse.tiles < fine.tiles
    assert coarse.finest_m >= 2 * fine.finest_m


def test_a_grey_picture_with_a_value_for_nothing_is_transparent_there(tmp_path: Path) -> None:
    grey = np.full((1, 100, 100), 120, np.uint8)
    grey[0, :, 50:] = 0
    tile_photo(photo(tmp_path / "a.tif", grey, nodata=0), tmp_path / "a.pmtiles")
    assert pixel(tmp_path / "a.pmtiles", *corner(30, 30)) == pytest.approx((120, 120, 120, 255), abs=6)
    assert pixel(tmp_path / "a.pmtiles", *corner(170, 30))[3] == 0


@pytest.mark.parametrize(
    ("bands", "changes", "reason"),
    [
        (None, {"crs": None}, "does not say where it lies"),
        (np.ones((1, 8, 8), np.float32), {}, "1 bands of float32"),
        (np.ones((5, 8, 8), np.uint8), {}, "5 bands of uint8"),
        (np.ones((1, 8, 8), np.uint8), {"photometric": "palette"}, "has a palette"),
        (np.zeros((1, 8, 8), np.uint8), {"nodata": 0}, "no visible pixel"),
    ],
)
def test_a_picture_that_cannot_be_a_map_is_refused_with_the_reason(
    tmp_path: Path, bands: np.ndarray | None, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RefusedPhoto, match=reason):
        tile_photo(photo(tmp_path / "a.tif", bands, **changes), tmp_path / "a.pmtiles")


def test_more_pixels_than_a_station_takes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedPhoto, match="10,000 pixels, at most 9,999"):
        tile_photo(photo(tmp_path / "a.tif"), tmp_path / "a.pmtiles", most_pixels=9_999)


def test_a_damaged_file_and_a_missing_extra_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = photo(tmp_path / "a.tif").read_bytes()
    assert is_tiff(whole)
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RefusedPhoto, match="cannot be read"):
        tile_photo(tmp_path / "cut.tif", tmp_path / "b")
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(RefusedPhoto, match=r"pip install 'headland\[geotiff\]'"):
        tile_photo(tmp_path / "a.tif", tmp_path / "b")
