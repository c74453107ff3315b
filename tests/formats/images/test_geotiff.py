"""GeoTIFF files, read by another program."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.io import MemoryFile

from headland.formats.images.geotiff import write_geotiff


@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (257, 130)])
def test_a_file_opens_with_gdal_and_is_north_up(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(1).uniform(0, 500, shape)
    values[0, 0] = np.nan
    with MemoryFile(write_geotiff(values, (119.17, 31.95), (1.06e-4, 9e-5))) as file, file.open() as opened:
        assert opened.crs.to_epsg() == 4326
        assert (opened.count, opened.dtypes[0], opened.compression.name) == (1, "float32", "deflate")
        assert np.isnan(opened.nodata)
        np.testing.assert_array_equal(opened.read(1)[::-1], values.astype(np.float32))
        assert opened.bounds == pytest.approx((119.17, 31.95, 119.17 + shape[1] * 1.06e-4, 31.95 + shape[0] * 9e-5))
        # The south-west cell is the first of the southernmost row.
        assert np.isnan(next(opened.sample([(119.17 + 5e-5, 31.95 + 4e-5)]))[0])


def test_a_projected_file_names_its_zone() -> None:
    data = write_geotiff(np.ones((2, 3)), (705_100.0, 3_536_950.0), (2.0, 2.0), 32650)
    with MemoryFile(data) as file, file.open() as opened:
        assert opened.crs.to_epsg() == 32650
        assert opened.crs.is_projected
        assert opened.transform.a == 2.0
        assert tuple(opened.bounds) == (705_100.0, 3_536_950.0, 705_106.0, 3_536_954.0)
