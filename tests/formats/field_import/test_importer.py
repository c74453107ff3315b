"""Import of outlines as other programs write them: all fields of a file or none."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import shapefile
from pyproj import CRS, Transformer
from typer.testing import CliRunner

from headland.files.chinese_coordinates import ChineseSystem, from_wgs84
from headland.files.text_encoding import TextEncoding, decode, settle_encoding, to_utf_8
from headland.formats.field_import.geojson import read_geojson
from headland.formats.field_import.importer import read_fields
from headland.formats.field_import.kml import read_kml
from headland.formats.field_import.outline import RefusedFile, feature_owner
from headland.formats.field_import.shapefiles import read_shapefile
from headland.registry.models.models import Farm, Field
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from station.cli.app import app
from tests.api.registry_api import RegistryApi, fill_registry, serve_registry

UTM = "EPSG:32650"
SQUARE = [[119.18, 31.95], [119.182, 31.95], [119.182, 31.952], [119.18, 31.952], [119.18, 31.95]]
HOLE = [[119.1805, 31.9505], [119.1805, 31.951], [119.181, 31.951], [119.181, 31.9505], [119.1805, 31.9505]]
BOWTIE = [[119.18, 31.95], [119.182, 31.952], [119.182, 31.95], [119.18, 31.952], [119.18, 31.95]]
#: GeographicLib's area of a rectangle of this size at this latitude.
SQUARE_M2 = 41_934.12218

Spots = Sequence[Sequence[float]]


def moved(ring: Spots, east_deg: float) -> list[list[float]]:
    return [[x + east_deg, y] for x, y in ring]


def swapped(ring: Spots) -> list[list[float]]:
    return [[y, x] for x, y in ring]


def in_utm(ring: Spots) -> list[list[float]]:
    turn = Transformer.from_crs("EPSG:4326", UTM, always_xy=True)
    return [list(turn.transform(x, y)) for x, y in ring]


def feature(name: str | None, *rings: Any, kind: str = "Polygon") -> dict[str, Any]:
    properties = {} if name is None else {"name": name}
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": list(rings)}}


def geojson(*features: Mapping[str, Any], **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode()


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return packed.getvalue()


def shapes(*parts: tuple[str, Sequence[Spots]], crs: str | None = UTM) -> bytes:
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=shapefile.POLYGON) as writer:
        writer.field("NAME", "C", size=80)
        for name, rings in parts:
            writer.poly([[tuple(spot) for spot in ring] for ring in rings])
            writer.record(name)
    files = {"plots__shp": shp.getvalue(), "plots__shx": shx.getvalue(), "plots__dbf": dbf.getvalue()}
    if crs is not None:
        files["plots__prj"] = CRS(crs).to_wkt("WKT1_ESRI").encode()
    return zipped(**files)


def kml(*rings: Spots) -> bytes:
    def boundary(ring: Spots, tag: str) -> str:
        text = " ".join(f"{x},{y},0" for x, y in ring)
        return f"<{tag}><LinearRing><coordinates>{text}</coordinates></LinearRing></{tag}>"

    inner = "".join(boundary(ring, "innerBoundaryIs") for ring in rings[1:])
    outer = boundary(rings[0], "outerBoundaryIs")
    return (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark>'
        f"<name>南田</name><Polygon>{outer}{inner}</Polygon></Placemark></Document></kml>"
    ).encode()


@pytest.fixture
def repositories(tmp_path: Path) -> Iterator[OrganisationRepositories]:
    registry, repositories, _ = fill_registry(tmp_path)
    yield repositories
    registry.close()


def farm_of(repositories: OrganisationRepositories) -> Farm:
    return repositories.farms.list()[0]


def import_fields(
    repositories: OrganisationRepositories, farm: Farm, data: bytes, **options: str | None
) -> list[Field]:
    """Add the fields of a file."""
    return repositories.fields.add_all(read_fields(repositories, farm, data, **options).fields)


@pytest.mark.parametrize(
    ("data", "crs"),
    [
        (geojson(feature("南田", SQUARE, HOLE)), None),
        (b"\xef\xbb\xbf" + geojson(feature("南田", SQUARE, HOLE)), None),
        (geojson(feature("南田", in_utm(SQUARE), in_utm(HOLE))), UTM),
        (
            geojson(
                feature("南田", in_utm(SQUARE), in_utm(HOLE)),
                crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32650"}},
            ),
            None,
        ),
        (shapes(("南田", [in_utm(SQUARE)[::-1], in_utm(HOLE)[::-1]])), None),
        (shapes(("南田", [SQUARE[::-1], HOLE[::-1]]), crs=None), "EPSG:4326"),
        (kml(SQUARE, HOLE), None),
        (zipped(doc__kml=kml(SQUARE, HOLE)), None),
    ],
    ids=["geojson", "bom", "utm-said", "utm-named", "shapefile", "no-prj", "kml", "kmz"],
)
def test_one_field_comes_out_of_every_kind_of_file(
    repositories: OrganisationRepositories, data: bytes, crs: str | None
) -> None:
    (made,) = import_fields(repositories, farm_of(repositories), data, crs=crs)
    assert made.name == "南田"
    assert len(made.geometry[0]) == 2
    # The hole is a quarter as wide and as high as the square, near enough at this latitude.
    assert made.area_m2 == pytest.approx(SQUARE_M2 * (1 - 1 / 16), rel=1e-5)
    assert repositories.fields.get(made.id) == made


def in_gcj(ring: Spots, system: ChineseSystem = ChineseSystem.GCJ_02) -> list[list[float]]:
    return [list(from_wgs84(x, y, system)) for x, y in ring]


def told_feature(key: str, value: str, ring: Spots) -> dict[str, Any]:
    one = feature("南田", ring)
    one["properties"][key] = value
    return one


@pytest.mark.parametrize(
    ("data", "crs"),
    [
        (geojson(feature("南田", in_gcj(SQUARE))), "GCJ-02"),
        (geojson(feature("南田", in_gcj(SQUARE, ChineseSystem.BD_09))), "BD-09"),
        (geojson(feature("南田", in_gcj(SQUARE)), crs={"type": "name", "properties": {"name": "GCJ-02"}}), None),
        (geojson(told_feature("coordType", "bd09ll", in_gcj(SQUARE, ChineseSystem.BD_09))), None),
        (geojson(told_feature("坐标系", "GCJ02", in_gcj(SQUARE))), None),
        (kml(in_gcj(SQUARE)), "GCJ-02"),
        (zipped(doc__kml=kml(in_gcj(SQUARE))), "GCJ-02"),
        # Programs that know no shifted system call its degrees WGS84.
        (shapes(("南田", [in_gcj(SQUARE)[::-1]]), crs="EPSG:4326"), "GCJ-02"),
        (shapes(("南田", [in_gcj(SQUARE)[::-1]]), crs="EPSG:4490"), "GCJ-02"),
    ],
    ids=["asked", "asked-baidu", "named", "property", "property-zh", "kml", "kmz", "prj-wgs84", "prj-cgcs2000"],
)
def test_an_outline_of_a_chinese_map_lands_within_a_metre(
    repositories: OrganisationRepositories, data: bytes, crs: str | None
) -> None:
    (made,) = import_fields(repositories, farm_of(repositories), data, crs=crs)
    assert made.area_m2 == pytest.approx(SQUARE_M2, rel=1e-4)
    centimetre_deg = 1e-7
    assert sorted(made.geometry[0][0][:-1]) == [pytest.approx(spot, abs=centimetre_deg) for spot in sorted(SQUARE[:-1])]


def test_a_file_of_several_systems_is_refused(repositories: OrganisationRepositories) -> None:
    other = feature("b", moved(SQUARE, 0.01))
    data = geojson(told_feature("coordType", "gcj02", in_gcj(SQUARE)), other)
    with pytest.raises(RefusedFile, match="several coordinate systems"):
        import_fields(repositories, farm_of(repositories), data)


def test_a_system_that_contradicts_the_files_own_is_refused(repositories: OrganisationRepositories) -> None:
    data = geojson(told_feature("coordType", "bd09ll", in_gcj(SQUARE)))
    for crs in ("GCJ-02", "EPSG:4326"):
        with pytest.raises(RefusedFile, match="declares BD-09"):
            import_fields(repositories, farm_of(repositories), data, crs=crs)
    with pytest.raises(RefusedFile, match="leave `crs` out"):
        import_fields(repositories, farm_of(repositories), shapes(("a", [in_utm(SQUARE)])), crs="GCJ-02")


def test_parts_stay_one_field_and_features_without_a_name_get_the_farms(repositories: OrganisationRepositories) -> None:
    parts = feature(None, [SQUARE], [moved(SQUARE, 0.01)], kind="MultiPolygon")
    (made,) = import_fields(repositories, farm_of(repositories), geojson(parts))
    assert (made.name, len(made.geometry)) == ("Home farm 1", 2)


def test_fields_are_named_by_the_given_property(repositories: OrganisationRepositories) -> None:
    one = feature("x", SQUARE)
    one["properties"]["plot"] = 17
    assert import_fields(repositories, farm_of(repositories), geojson(one), name_property="plot")[0].name == "17"


@pytest.mark.parametrize(
    ("data", "crs", "why"),
    [
        (geojson(feature("a", swapped(SQUARE))), None, "swapped"),
        (geojson(feature("a", in_utm(SQUARE))), None, "not in degrees"),
        (geojson(feature("a", swapped(in_utm(SQUARE)))), UTM, "feature 1"),
        (geojson(feature("a", SQUARE[:-1])), None, "not closed"),
        (kml(SQUARE[:-1]), None, "not closed"),
        (geojson(feature("a", BOWTIE)), None, "Self-intersection"),
        (geojson(feature("a", SQUARE, moved(HOLE, 0.01))), None, "Hole lies outside"),
        (geojson(feature("a", [SQUARE], [SQUARE], kind="MultiPolygon")), None, "without overlapping parts"),
        (geojson(feature("a", SQUARE[0], kind="Point")), None, "is a Point"),
        (geojson(feature("a", [[1, "x"]])), None, "not rings of positions"),
        (geojson(feature("a", [[1, 2], {"": None}])), None, "not rings of positions"),
        (geojson(feature("a", [[1, 2], None])), None, "not rings of positions"),
        (geojson(feature("a", moved(SQUARE, 60))), None, "km from its farm"),
        (geojson(feature("North", SQUARE)), None, "an existing field"),
        (geojson(feature("a", SQUARE), feature("a", moved(SQUARE, 0.01))), None, "another feature"),
        (geojson(feature("a", SQUARE)), "EPSG:99999", "not a known coordinate system"),
        (geojson(), None, "no polygon"),
        (b"{}", None, "not GeoJSON"),
        (b'{"type": ', None, "not valid JSON"),
        (b"\x00\x00\x27\x0a", None, "is not GeoJSON"),
        (b"PK\x03\x04cut", None, "cannot be read"),
        (zipped(readme__txt=b"hello"), None, "0 .shp files"),
        (zipped(plots__shp=b"\x00\x00\x27\x0a"), None, "cannot be read"),
        (shapes(("a", [SQUARE]), crs=None), None, "no .prj"),
        (shapes(("a", [in_utm(SQUARE)])), "EPSG:32651", "leave `crs` out"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><kml>&b;</kml>", None, "declares entities"),
        (b"<kml><Placemark></kml>", None, "not valid KML"),
        (b"<kml><Placemark><name>a</name><Point/></Placemark></kml>", None, "without a polygon"),
    ],
)
def test_an_invalid_file_is_refused_with_a_sentence_and_nothing_is_imported(
    repositories: OrganisationRepositories, data: bytes, crs: str | None, why: str
) -> None:
    with pytest.raises(RefusedFile) as refused:
        import_fields(repositories, farm_of(repositories), data, crs=crs)
    assert any(why in error.detail for error in refused.value.errors), refused.value
    assert [field.name for field in repositories.fields.list()] == ["North"]


def test_axes_swapped_within_both_ranges_are_detected_by_the_other_fields(
    repositories: OrganisationRepositories,
) -> None:
    farm = repositories.farms.add(Farm(name="Hof"))
    bavaria = [[11.0, 48.0], [11.002, 48.0], [11.002, 48.002], [11.0, 48.002], [11.0, 48.0]]
    import_fields(repositories, farm, geojson(feature("a", bavaria)))
    with pytest.raises(RefusedFile, match="latitude and longitude swapped"):
        import_fields(repositories, farm, geojson(feature("b", swapped(moved(bavaria, 0.01)))))


def test_over_http_each_feature_that_is_wrong_is_named(tmp_path: Path) -> None:
    with serve_registry(tmp_path) as known:
        good, bad = feature("good", SQUARE), feature("bad", BOWTIE)
        refused = known.client.post("/v1/fields/import", content=geojson(good, bad))
        assert (refused.status_code, refused.json()["type"]) == (400, "urn:headland:problem:import-refused")
        assert [(each["feature"], each["name"]) for each in refused.json()["features"]] == [(2, "bad")]
        assert names(known) == ["North"]
        made = known.client.post("/v1/fields/import", content=geojson(good), params={"farm": known.ids["farms"]})
        assert made.status_code == 201, made.text
        assert made.json()["items"][0]["area_m2"] == pytest.approx(SQUARE_M2, rel=1e-6)
        assert names(known) == ["North", "good"]
        known.client.post("/v1/farms", json={"name": "Second"})
        unclear = known.client.post("/v1/fields/import", content=geojson(feature("other", moved(SQUARE, 0.01))))
        assert (unclear.status_code, unclear.json()["type"]) == (400, "urn:headland:problem:which-farm")


def names(known: RegistryApi) -> list[str]:
    return [item["name"] for item in known.client.get("/v1/fields").json()["items"]]


def test_the_command_imports_a_file_and_prints_the_fields(tmp_path: Path) -> None:
    path = tmp_path / "plots.zip"
    path.write_bytes(shapes(("south", [in_utm(SQUARE)])))
    words = ["field", "import", str(path), "--data", str(tmp_path / "farm")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "south: 4.193 ha" in done.output
    again = CliRunner().invoke(app, words)
    assert again.exit_code != 0
    assert "an existing field" in again.output


def test_products_of_the_catalogue_are_added_one_by_one(tmp_path: Path) -> None:
    with serve_registry(tmp_path) as known:
        items = known.client.get("/v1/products/catalog").json()["items"]
        assert len(items) == 11
        assert all(item["source"] for item in items)
        for item in items:
            made = known.client.post(f"/v1/products/catalog/{item['name']}")
            assert made.status_code == 201, made.text
        by_name = {item["name"]: item for item in items}
        # 100 L of UAN 32 are 132 kg and hold 42.2 kg of nitrogen.
        uan = by_name["UAN 32"]
        assert 100 * uan["density_kg_l"] * uan["n_pct"] / 100 == pytest.approx(42.24)
        assert known.client.post("/v1/products/catalog/UAN 32").status_code == 409
        assert known.client.post("/v1/products/catalog/Guano").status_code == 404


def named_shapes(texts: Sequence[tuple[str, str]], encoding: str, cpg: str | None, columns: tuple[str, str]) -> bytes:
    """Return a shapefile of squares side by side; a name and an owner each, in some encoding."""
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=shapefile.POLYGON, encoding=encoding) as writer:
        for column in columns:
            writer.field(column, "C", size=40)
        for number, record in enumerate(texts):
            writer.poly([[tuple(spot) for spot in moved(SQUARE, 0.01 * number)]])
            writer.record(*record)
    files = {"plots__shp": shp.getvalue(), "plots__shx": shx.getvalue(), "plots__dbf": dbf.getvalue()}
    files["plots__prj"] = CRS("EPSG:4326").to_wkt("WKT1_ESRI").encode()
    return zipped(**files, **({} if cpg is None else {"plots__cpg": cpg.encode()}))


def changed(data: bytes, ending: str, change: Callable[[bytearray], None]) -> bytes:
    """Return a zip with one of its files changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(made, "w") as again:
        for name in archive.namelist():
            content = bytearray(archive.read(name))
            if name.endswith(ending):
                change(content)
            again.writestr(name, bytes(content))
    return made.getvalue()


def test_a_row_that_was_deleted_takes_its_shape_along_and_no_other_s_name() -> None:
    data = shapes(("a", [SQUARE]), ("b", [moved(SQUARE, 0.01)]), ("c", [moved(SQUARE, 0.02)]), crs="EPSG:4326")

    def delete(table: bytearray) -> None:
        table[int.from_bytes(table[8:10], "little")] = ord("*")

    outlines, *_ = read_shapefile(changed(data, ".dbf", delete), None)
    assert [outline.name for outline in outlines] == ["b", "c"]
    assert [round(outline.polygons[0][0][0][0], 3) for outline in outlines] == [119.19, 119.2]


@pytest.mark.parametrize("words", [-4, -1, 0])
def test_a_shape_whose_length_leads_back_is_damage_and_no_endless_file(words: int) -> None:
    def shorten(file: bytearray) -> None:
        file[104:108] = words.to_bytes(4, "big", signed=True)

    with pytest.raises(RefusedFile, match="cut or damaged"):
        read_shapefile(changed(shapes(("a", [SQUARE])), ".shp", shorten), None)


def test_names_in_no_encoding_are_refused_and_never_replaced() -> None:
    def spoil(table: bytearray) -> None:
        start = int.from_bytes(table[8:10], "little") + 1
        table[start : start + 4] = b"\xff\xff\x81\x20"

    with pytest.raises(RefusedFile, match="1 cells of the table are text in no known encoding"):
        read_shapefile(changed(shapes(("abcd", [SQUARE])), ".dbf", spoil), None)


SIMPLE = [("西大村测试地块", "王小二"), ("东南角三亩地", "张家")]
TRADITIONAL = [("西大村測試地塊", "王小二"), ("東南角三畝地", "張家")]
GERMAN = [("Große Wiese", "Müller"), ("Oberm Bühl", "Strauß")]


@pytest.mark.parametrize(
    ("encoding", "cpg", "texts", "found"),
    [
        ("gbk", None, SIMPLE, ("gb18030", "detected")),
        ("gb18030", None, SIMPLE, ("gb18030", "detected")),
        ("gbk", "GBK", SIMPLE, ("gb18030", "declared")),
        ("gbk", "936", SIMPLE, ("gb18030", "declared")),
        ("gbk", "ANSI 936", SIMPLE, ("gb18030", "declared")),
        # QGIS writes UTF-8 into the .cpg of whatever it was given.
        ("gbk", "UTF-8", SIMPLE, ("gb18030", "detected")),
        ("gbk", "no such thing", SIMPLE, ("gb18030", "detected")),
        ("utf-8", None, SIMPLE, ("utf-8", "detected")),
        ("utf-8", "GBK", SIMPLE, ("utf-8", "detected")),
        ("big5", None, TRADITIONAL, ("cp950", "detected")),
        ("big5", "950", TRADITIONAL, ("cp950", "declared")),
        ("cp1252", None, GERMAN, ("cp1252", "detected")),
    ],
)
@pytest.mark.parametrize("columns", [("name", "owner"), ("名称", "户主")])
def test_names_and_owners_of_a_shapefile_are_read_whatever_their_encoding(
    encoding: str,
    cpg: str | None,
    texts: list[tuple[str, str]],
    found: tuple[str, str],
    columns: tuple[str, str],
) -> None:
    if not columns[0].isascii() and encoding in ("big5", "cp1252"):
        columns = ("name", "owner")  # 户 is not in Big5
    data = named_shapes(texts, encoding, cpg, columns)
    outlines, _, _, settled = read_shapefile(data, None)
    assert [(outline.name, feature_owner(outline.properties, None)) for outline in outlines] == texts
    assert settled == TextEncoding(*found)


def test_a_name_that_its_column_cut_within_a_letter_does_not_change_the_encoding() -> None:
    long, short = "西大村三组东南角靠水渠的三亩水田".encode(), "南田".encode()
    assert settle_encoding([long[:40], short], None) == TextEncoding("utf-8", "detected")
    assert decode(long[:40], "utf-8") == "西大村三组东南角靠水渠的三"
    # Bytes that are no text in any of them are said to be that.
    assert settle_encoding([b"\xff\xff\x81\x20"], None).by == "assumed"


@pytest.mark.parametrize("encoding", ["gb2312", "GBK", "GB18030", "Big5"])
def test_owners_of_geojson_and_kml_are_kept_in_chinese_encodings_too(encoding: str) -> None:
    plot = feature("南田", SQUARE)
    plot["properties"]["户主" if encoding != "Big5" else "owner"] = "王小二"
    text = json.dumps({"type": "FeatureCollection", "features": [plot]}, ensure_ascii=False)
    data = "".join(f'<Data name="owner"><value>{name}</value></Data>' for name in ("王小二",))
    mark = kml(SQUARE).decode().replace("<Polygon>", f"<ExtendedData>{data}</ExtendedData><Polygon>")
    sent = mark.replace('encoding="UTF-8"', f'encoding="{encoding}"').encode(encoding)
    for (outline,) in (read_geojson(to_utf_8(text.encode(encoding))[0], None)[0], read_kml(sent, None)[0]):
        assert (outline.name, feature_owner(outline.properties, None)) == ("南田", "王小二")


def test_fields_on_the_same_ground_are_imported_and_told_and_a_dry_run_adds_nothing(tmp_path: Path) -> None:
    with serve_registry(tmp_path) as known:
        twice = geojson(
            feature("a", SQUARE), feature("b", moved(SQUARE, 0.001)), feature("beside", moved(SQUARE, 0.01))
        )
        seen = known.client.post("/v1/fields/import", content=twice, params={"dry_run": True})
        assert (seen.status_code, seen.json()["stored"], names(known)) == (200, False, ["North"])
        made = known.client.post("/v1/fields/import", content=twice)
        assert (made.status_code, made.json()["stored"]) == (201, True)
        for answer in (seen.json(), made.json()):
            assert [field["name"] for field in answer["items"]] == ["a", "b", "beside"]
            (shared,) = answer["shared_ground"]
            assert (shared["name"], shared["other_name"]) == ("a", "b")
            assert shared["share"] == pytest.approx(0.5, rel=1e-3)
            assert shared["area_m2"] == pytest.approx(SQUARE_M2 / 2, rel=1e-3)
        again = known.client.post("/v1/fields/import", content=geojson(feature("c", SQUARE)), params={"dry_run": True})
        assert [(pair["name"], pair["other_name"]) for pair in again.json()["shared_ground"]] == [
            ("c", "a"), ("c", "b"),
        ]  # fmt: skip
        listed = known.client.get("/v1/fields/shared-ground").json()["items"]
        assert [(pair["name"], pair["other_name"]) for pair in listed] == [("a", "b")]
