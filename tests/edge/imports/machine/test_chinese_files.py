"""Machines' shapefiles of China: texts in any of its encodings, places in any of its coordinate systems."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
import shapefile
from pyproj import CRS, Transformer

from edge.imports.machine.layers import LayerReader, find_layers
from headland.errors import DataDamaged
from headland.files.zip_members import open_zip
from tests.edge.imports.machine.test_machine_source import read
from tests.examples import some_long

SIMPLE = ("作业名", "麦田北块施肥", "尿素")
TRADITIONAL = ("作業名", "麥田北塊施肥", "尿素")
PLACES = [(119.17, 31.95 + number * 1e-4) for number in range(5)]


def made(path: Path, encoding: str, cpg: str | None, system: str | None, prj: bytes | None) -> tuple[str, ...]:
    """Write an archive with five points in a system, and a column named and filled in Chinese; return its words."""
    words = TRADITIONAL if encoding == "big5" else SIMPLE
    project = Transformer.from_crs("EPSG:4326", system or "EPSG:4326", always_xy=True)
    parts = {name: io.BytesIO() for name in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POINT, encoding=encoding) as writer:
        for name, kind, size in (("IsoTime", "C", 24), (words[0], "C", 30), ("SWATHWIDTH", "N", 12)):
            writer.field(name, kind, size, 3 if kind == "N" else 0)
        for number, place in enumerate(PLACES):
            writer.point(*project.transform(*place))
            writer.record(f"2026-05-01T08:00:{number:02d}.000Z", words[1 + number % 2], 12.5)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(f"作业/north.{name}", part.getvalue())
        if cpg is not None:
            archive.writestr("作业/north.cpg", cpg)
        if prj is not None:
            archive.writestr("作业/north.prj", prj)
    return words


def wkt(system: str) -> bytes:
    return CRS(system).to_wkt("WKT1_ESRI").encode()


ENCODINGS = [
    ("utf-8", "UTF-8"),
    ("utf-8", None),
    ("gbk", "GBK"),
    ("gbk", "936"),
    ("gbk", None),
    ("gbk", "UTF-8"),
    ("gb18030", "GB18030"),
    ("gb18030", None),
    ("big5", "Big5"),
    ("big5", None),
]
#: WGS84; UTM 50 N; CGCS2000 in degrees, in a zone of 3 degrees by its meridian and by its number, and one of 6 degrees.
SYSTEMS = ["EPSG:4326", "EPSG:32650", "EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:4498"]


@pytest.mark.parametrize(
    ("system", "encoding", "cpg"),
    some_long([pytest.param(system, *encoding) for system in SYSTEMS for encoding in ENCODINGS]),
)
def test_texts_and_places_are_read_exactly_in_every_encoding_and_system(
    tmp_path: Path, encoding: str, cpg: str | None, system: str
) -> None:
    path = tmp_path / "work.zip"
    words = made(path, encoding, cpg, system, wkt(system))
    with open_zip(path) as members:
        (name,) = find_layers(path)
        reader = LayerReader(members, name)
    assert reader.layer.columns == ("IsoTime", words[0], "SWATHWIDTH")
    assert [record.cells[words[0]] for record in reader.records] == [words[1 + number % 2] for number in range(5)]
    assert (reader.lost, reader.notes) == ({}, [])
    kept, source = read(path)
    rows = [(each.values["longitude_deg"], each.values["latitude_deg"]) for each in kept.readings]
    assert rows == [pytest.approx(place, abs=2e-9) for place in PLACES]
    assert source.report().left_out.keys() <= {"without_speed"}


@pytest.mark.parametrize(("encoding", "cpg"), ENCODINGS)
def test_a_file_without_a_system_is_read_in_degrees_and_says_so(tmp_path: Path, encoding: str, cpg: str | None) -> None:
    path = tmp_path / "work.zip"
    made(path, encoding, cpg, None, None)
    kept, source = read(path)
    assert len(kept.readings) == len(PLACES)
    assert any("no .prj" in note and "WGS84" in note for note in source.report().notes)
    assert not any("\N{REPLACEMENT CHARACTER}" in note for note in source.report().notes)


@pytest.mark.parametrize(
    ("system", "prj", "cause"),
    [
        *((system, None, "has no .prj, and its places are not longitude and latitude") for system in SYSTEMS if
          not CRS(system).is_geographic),
        ("EPSG:32650", wkt("EPSG:4326"), "none of its places is on earth in the coordinate system of its .prj"),
        ("EPSG:32650", wkt("EPSG:4490"), "none of its places is on earth in the coordinate system of its .prj"),
        ("EPSG:32650", b"UTM 50N", "The .prj is not well-known text"),
        ("EPSG:32650", b'PROJCS["x"', "is not a known coordinate system"),
        ("EPSG:32650", b'LOCAL_CS["ground",UNIT["metre",1]]', "is neither geographic nor projected"),
    ],
)  # fmt: skip
def test_a_file_whose_places_cannot_be_known_is_refused_by_its_cause(
    tmp_path: Path, system: str, prj: bytes | None, cause: str
) -> None:
    path = tmp_path / "work.zip"
    made(path, "gbk", None, system, prj)
    with pytest.raises(DataDamaged, match=cause) as caught:
        read(path)
    (sentence,) = caught.value.args
    assert sentence.text("zh") != sentence.text("en")


def test_a_projected_file_names_the_missing_pyproj_and_degrees_need_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    degrees, projected = tmp_path / "degrees.zip", tmp_path / "projected.zip"
    made(degrees, "gbk", "GBK", "EPSG:4326", wkt("EPSG:4326"))
    made(projected, "gbk", "GBK", "EPSG:4549", wkt("EPSG:4549"))
    monkeypatch.setitem(sys.modules, "headland.files.coordinate_systems", None)
    assert len(read(degrees)[0].readings) == len(PLACES)
    with pytest.raises(DataDamaged, match="needs pyproj, which is not installed"):
        read(projected)


def test_text_in_no_encoding_is_counted_and_never_replaced(tmp_path: Path) -> None:
    path, broken = tmp_path / "work.zip", tmp_path / "broken.zip"
    made(path, "utf-8", "UTF-8", "EPSG:4326", wkt("EPSG:4326"))
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(broken, "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, archive.read(name).replace("尿素".encode(), b"\xff\xff\x81\x20\xff\xff"))
    with open_zip(broken) as members:
        reader = LayerReader(members, find_layers(broken)[0])
    assert reader.lost["unreadable_text"] == 2
    assert [record.cells.get(SIMPLE[0]) for record in reader.records] == [SIMPLE[1], None] * 2 + [SIMPLE[1]]
    assert len(read(broken)[0].readings) == len(PLACES)


def test_lines_are_refused_by_their_kind(tmp_path: Path) -> None:
    parts = {name: io.BytesIO() for name in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POLYLINE) as writer:
        writer.field("IsoTime", "C", 24)
        writer.line([PLACES])
        writer.record("2026-05-01T08:00:00.000Z")
    path = tmp_path / "lines.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(f"north.{name}", part.getvalue())
    with pytest.raises(DataDamaged, match="polyline"):
        read(path)
