"""Hostile shapefiles: coordinate systems that name files, and archives packed by methods that take what they like."""

from __future__ import annotations

import io
import zipfile

import pytest

from headland.errors import DataDamaged
from headland.files.coordinate_systems import read_prj
from headland.formats.field_import.outline import RefusedFile
from headland.formats.field_import.zip_archive import unpack

WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]{}],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]{}]'
)
BOUND = (
    "BOUNDCRS[SOURCECRS[{0}],TARGETCRS[{0}],"
    'ABRIDGEDTRANSFORMATION["x",METHOD["NTv2"],PARAMETERFILE["Latitude and longitude difference file","/etc/passwd"]]]'
)


@pytest.mark.parametrize(
    "text",
    [
        "+proj=longlat +nadgrids=/etc/passwd",
        "+proj=longlat +geoidgrids=@/etc/passwd",
        "+init=epsg:4326",
        "EPSG:4326",
        "/etc/passwd",
        '{"type": "GeographicCRS"}',
        WGS84.format("", ',EXTENSION["PROJ4","+proj=longlat +nadgrids=/etc/passwd"]'),
        BOUND.format(WGS84.format("", "")),
    ],
)
def test_a_prj_that_is_no_wkt_or_names_a_file_is_refused(text: str) -> None:
    with pytest.raises(DataDamaged, match="is not well-known text without grid files"):
        read_prj(text.encode())


def test_a_prj_without_files_is_read_also_with_the_empty_grid_of_web_maps() -> None:
    assert read_prj(WGS84.format("", "").encode()).is_geographic
    text = WGS84.format("", ',EXTENSION["PROJ4","+proj=longlat +nadgrids=@null"]')
    assert read_prj(f"\n{text}".encode()).is_geographic


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("is_damaged", [True, False])
def test_a_zip_packed_by_an_unusual_method_is_refused(method: int, is_damaged: bool) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a.shp", b"0" * 1000)
    data = packed.getvalue()
    if is_damaged:
        data = data[:40] + bytes(20) + data[60:]
    with pytest.raises(RefusedFile, match="unusual method"):
        unpack(data, (".shp",))
