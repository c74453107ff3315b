"""Hostile KML: document types in every encoding, nesting, and sizes whose cost is bounded."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from headland.formats.field_import.geojson import read_geojson
from headland.formats.field_import.kml import read_kml
from headland.formats.field_import.outline import RefusedFile

RING = "116,40 116.001,40 116.001,40.001 116,40.001 116,40"
POLYGON = (
    f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{RING}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
)
MARK = f"<Placemark><name>north</name>{POLYGON}</Placemark>"
DOCTYPE = '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def kml(content: str, head: str = "") -> str:
    return f'{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{content}</Document></kml>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_is_refused_in_every_encoding(encoding: str) -> None:
    name = encoding.upper().removesuffix("-SIG").removesuffix("-LE").removesuffix("-BE")
    head = f'<?xml version="1.0" encoding="{name}"?>'
    mark = "\ufeff" if encoding.endswith(("-le", "-be")) else ""
    with pytest.raises(RefusedFile, match="declares entities"):
        read_kml((mark + kml(MARK, head + DOCTYPE)).encode(encoding), None)
    outlines, errors, _ = read_kml((mark + kml(MARK, head)).encode(encoding), None)
    assert ([outline.name for outline in outlines], errors) == (["north"], [])


@pytest.mark.parametrize("deep", [2, 50, 5000])
def test_nested_placemarks_are_refused_at_once(deep: int) -> None:
    began_s = time.thread_time()
    with pytest.raises(RefusedFile, match="placemark within a placemark"):
        read_kml(kml("<Placemark>" * deep + "<name>x</name>" * 2000 + "</Placemark>" * deep).encode(), None)
    assert time.thread_time() - began_s < 1.0


def test_nested_folders_are_bounded() -> None:
    with pytest.raises(RefusedFile, match="more than 64 deep"):
        read_kml(kml("<Folder>" * 100 + MARK + "</Folder>" * 100).encode(), None)
    outlines, _, _ = read_kml(kml("<Folder>" * 20 + MARK + "</Folder>" * 20).encode(), None)
    assert len(outlines) == 1


@pytest.mark.parametrize("encoding", ["utf-8", pytest.param("utf-16", marks=pytest.mark.long)])
def test_a_large_file_of_other_elements_costs_little_more_memory_than_itself(encoding: str) -> None:
    data = kml("<x><y/></x>" * 180_000).encode(encoding)
    tracemalloc.start()
    try:
        assert read_kml(data, None)[0] == []
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2 * len(data)


@pytest.mark.parametrize(
    "text",
    [
        "<kml>", "", "<kml><Placemark></kml>", '<?xml version="1.0" encoding="nonsense"?><kml/>', "\x00<kml/>",
        kml("&lol;"),
    ],
)  # fmt: skip
def test_what_is_no_kml_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(RefusedFile, match="not valid KML"):
        read_kml(text.encode(), None)


def test_properties_and_holes_are_read_as_before() -> None:
    hole = POLYGON.replace("outerBoundaryIs", "innerBoundaryIs").removeprefix("<Polygon>").removesuffix("</Polygon>")
    inner = hole.replace(RING, "116.0002,40.0002 116.0004,40.0002 116.0004,40.0004 116.0002,40.0002")
    both = POLYGON.replace("</Polygon>", f"{inner}</Polygon>")
    data = (
        "<ExtendedData><Data name='owner'><displayName>Owner</displayName><value>Li</value></Data>"
        "<SchemaData><SimpleData name='crop'>wheat</SimpleData></SchemaData></ExtendedData>"
    )
    mark = f"<Placemark><name>a</name>{data}<MultiGeometry>{both}{POLYGON}</MultiGeometry></Placemark>"
    [outline], errors, _ = read_kml(kml(f"<name>not this</name>{mark}").encode(), "owner")
    assert (outline.name, outline.properties, errors) == ("Li", {"name": "a", "owner": "Li", "crop": "wheat"}, [])
    assert [len(rings) for rings in outline.polygons] == [2, 1]


def test_many_values_of_one_name_are_read_in_time_that_grows_with_them_alone() -> None:
    values = "<value>" + "y" * 20 + "</value>"
    began_s = time.thread_time()
    outlines, _, _ = read_kml(
        kml(MARK.replace("</name>", f"</name><Data name='a'>{values * 120_000}</Data>")).encode(), None
    )
    assert time.thread_time() - began_s < 1.0
    assert outlines[0].properties == {"name": "north", "a": "y" * 2_400_000}


@pytest.mark.parametrize(
    ("bound", "sentence"),
    [("_MOST_TEXT", "A text of the KML"), ("MOST_POSITIONS", "coordinates"), ("_MOST_POLYGONS", "polygons")],
)
def test_texts_coordinates_and_polygons_are_bounded(monkeypatch: pytest.MonkeyPatch, bound: str, sentence: str) -> None:
    assert len(read_kml(kml(MARK).encode(), None)[0]) == 1
    monkeypatch.setattr(f"headland.formats.field_import.kml.{bound}", 4 if bound != "_MOST_POLYGONS" else 0)
    with pytest.raises(RefusedFile, match=f"{sentence}.*import it in parts"):
        read_kml(kml(MARK.replace("north", "n")).encode(), None)


def test_a_geojson_with_too_many_coordinates_is_refused_before_it_is_read() -> None:
    data = b'{"type":"Polygon","coordinates":[[' + b",".join([b"[0,0]"] * 2_000_000) + b"]]}"
    tracemalloc.start()
    try:
        with pytest.raises(RefusedFile, match="more than 2,000,000 coordinates"):
            read_geojson(data, None)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
