"""Shapefiles of tractors and combines: John Deere's own exports, names of desktop programs, and damage."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import shapefile
import shapely

from edge.imports.file_content import LogKind, kind_of
from edge.imports.machine.columns import read_columns
from edge.imports.machine.source import MachineSource
from edge.sources.source import Reading
from headland.contract.records import Descriptor
from headland.errors import DataDamaged

#: Exports of an application display (JohnDeere/SampleData, MIT).
DEERE = Path(__file__).parent / "john_deere"
START = "2017-11-29T16:21:"


@dataclass
class Kept:
    """A sink that keeps what it gets."""

    readings: list[Reading] = field(default_factory=list)
    descriptors: list[Descriptor] = field(default_factory=list)

    def reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def describe(self, descriptor: Descriptor) -> None:
        self.descriptors.append(descriptor)


def read(path: Path, start_ms: int | None = None) -> tuple[Kept, MachineSource]:
    kept, source = Kept(), MachineSource(path, "wuhan", start_ms=start_ms)
    source.run(kept)  # type: ignore[arg-type]  # it takes no events
    return kept, source


def write(
    path: Path,
    columns: list[tuple[str, str]],
    rows: list[dict[str, Any]],
    about: Any = None,
    places: list[tuple[float, float]] | None = None,
) -> Path:
    """Write a ZIP archive with a shapefile of points, one every 10 m to the north at 119.17 E, or at given places."""
    parts = {name: io.BytesIO() for name in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts, shapeType=shapefile.POINT) as made:
        for name, kind in columns:
            made.field(name, kind, 24, 6 if kind == "N" else 0)
        for number, row in enumerate(rows):
            made.point(*((119.17, 31.95 + number * 1e-4) if places is None else places[number]))
            made.record(**row)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(f"doc/field-1.{name}", part.getvalue())
        if about is not None:
            archive.writestr("doc/field-1-Deere-Metadata.json", json.dumps(about))
    return path


def vendor_area_m2(*, overlaps: bool = True) -> float:
    """Return the area of the display's own polygons; with `overlaps` each is counted as often as it was worked."""
    with zipfile.ZipFile(DEERE / "application-polygons.zip") as archive:
        parts = {
            name[-3:]: io.BytesIO(archive.read(name)) for name in archive.namelist() if name[-3:] in ("shp", "dbf")
        }
    shapes = shapefile.Reader(**parts).shapes()
    scale = (83_240.0, 111_068.0)  # metres per degree at 41.76 N (WGS84)
    rings = [[(x * scale[0], y * scale[1]) for x, y in shape.points] for shape in shapes]
    polygons = [shapely.make_valid(shapely.Polygon(ring)) for ring in rings if len(ring) > 3]
    return sum(each.area for each in polygons) if overlaps else float(shapely.union_all(polygons).area)


def worked_m2(readings: list[Reading]) -> float:
    area = 0.0
    for before, each in pairwise(readings):
        speed, width = each.values.get("ground_speed_m_s"), each.values.get("working_width_m")
        if speed is not None and width is not None:
            area += speed * width * (each.time_ms - before.time_ms) / 1000
    return area


def test_points_of_john_deere_give_the_area_of_its_polygons_and_what_was_applied() -> None:
    kept, source = read(DEERE / "application-points.zip")
    report = source.report()
    assert (report.messages, report.rows, report.devices) == (780, 780, ("machine-1n04045rjc0000106",))
    assert report.left_out == {"without_speed": 1}
    assert worked_m2(kept.readings) == pytest.approx(vendor_area_m2(), rel=0.005)
    values = kept.readings[400].values
    assert values["working_width_m"] == pytest.approx(36.957)
    assert report.notes == ("worked area 19.27 ha, overlaps counted each time", "applied 1,799 L")
    (descriptor,) = kept.descriptors
    assert (descriptor.kind, descriptor.model, descriptor.channels["flow_l_min"].unit) == (
        "machine",
        "tractor",
        "L/min",
    )


def test_polygons_and_points_of_one_work_have_the_same_amounts() -> None:
    points, polygons = read(DEERE / "application-points.zip")[0], read(DEERE / "application-polygons.zip")[0]
    assert worked_m2(points.readings) == pytest.approx(worked_m2(polygons.readings), rel=0.005)


@pytest.mark.parametrize("name", ["application-points.zip", "application-polygons.zip"])
def test_a_machine_file_is_known_by_its_contents(name: str) -> None:
    assert kind_of(DEERE / name) is LogKind.MACHINE


def test_sections_of_one_instant_are_one_row(tmp_path: Path) -> None:
    columns = [("IsoTime", "C"), ("DISTANCE", "N"), ("SWATHWIDTH", "N"), ("AppliedRat", "N")]
    about = {
        "Operation": "Application",
        "DataAttributes": [
            {"Name": "DISTANCE", "Unit": "ft"},
            {"Name": "SWATHWIDTH", "Unit": "ft"},
            {"Name": "AppliedRate", "Unit": "lb1ac-1"},
        ],
    }
    rows = [
        {
            "IsoTime": f"{START}{second:02d}.000Z",
            "DISTANCE": 10.0,
            "SWATHWIDTH": width,
            "AppliedRat": rate,
            "Heading": 0,
        }
        for second in (0, 1)
        for width, rate in ((10.0, 100.0), (30.0, 200.0))
    ]
    kept, _ = read(write(tmp_path / "deere.zip", columns, rows, about))
    assert len(kept.readings) == 2
    values = kept.readings[1].values
    assert values["working_width_m"] == pytest.approx(40 * 0.3048)
    # 175 lb/ac on 40 ft by 10 ft in a second.
    kg = 175 * 0.45359237 * 40 * 10 / 43_560
    assert values["mass_flow_kg_min"] == pytest.approx(kg * 60)


@pytest.mark.parametrize(
    ("system", "width_m", "rate"), [("f", 3.048, 100 * 0.45359237 / 4046.8564224), ("m", 10.0, 100 * 1e-4)]
)
def test_the_system_of_units_is_that_of_columns_that_name_theirs(
    tmp_path: Path, system: str, width_m: float, rate: float
) -> None:
    columns = [("Date", "D"), ("Time", "C"), (f"Distance_{system}", "N"), ("Swth_Wdth_", "N"), ("Duration_s", "N")]
    columns += [("Yld_Mass_W", "N"), ("Moisture__", "N"), ("Track_deg_", "N")]
    rows = [
        {
            "Date": date(2026, 10, 1), "Time": f"14:00:0{second}", f"Distance_{system}": 6.0, "Swth_Wdth_": 10.0,
            "Duration_s": 1.0, "Yld_Mass_W": 100.0, "Moisture__": 14.5, "Track_deg_": 359.0,
        }
        for second in range(3)
    ]  # fmt: skip
    path = write(tmp_path / "cnh.zip", columns, rows)
    assert read(path)[1].report().left_out == {"undated_rows": 3}
    start_ms = 1_790_834_400_000
    kept, source = read(path, start_ms)
    assert [each.time_ms - start_ms for each in kept.readings] == [0, 1000, 2000]
    values = kept.readings[1].values
    distance_m = 6.0 * (0.3048 if system == "f" else 1.0)
    assert values["working_width_m"] == pytest.approx(width_m)
    assert values["harvest_flow_kg_min"] == pytest.approx(rate * width_m * distance_m * 60)
    assert (values["grain_moisture_pct"], values["heading_deg"]) == (14.5, 359.0)
    assert source.report().devices[0].startswith("machine-")


def test_a_column_without_a_unit_is_named_and_not_read() -> None:
    found = read_columns(("Swth_Wdth_", "Duration_s", "AppliedRat"), {})
    assert set(found.by_name) == {"Duration_s"}
    assert found.without_unit == ("Swth_Wdth_", "AppliedRat")
    both = read_columns(("Swth_Wdth_", "Distance_f", "Y_Offset_m"), {})
    assert "Swth_Wdth_" in both.without_unit
    seeds = {"DataAttributes": [{"Name": "AppliedRate", "Unit": "seeds1ac-1"}]}
    assert read_columns(("AppliedRat",), seeds).without_unit == ("AppliedRat [seeds1ac-1]",)


def damaged(path: Path, part: str, change: Any) -> Path:
    """Write the points of John Deere with one part changed."""
    with zipfile.ZipFile(DEERE / "application-points.zip") as archive, zipfile.ZipFile(path, "w") as made:
        for name in archive.namelist():
            content = bytearray(archive.read(name))
            if name.endswith(part):
                content = change(content) or content
            made.writestr(name, bytes(content))
    return path


def first_record(content: bytearray) -> int:
    return int.from_bytes(content[8:10], "little")


def delete(content: bytearray) -> None:
    content[first_record(content)] = ord("*")


def no_place(content: bytearray) -> None:
    content[108:112] = (0).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("part", "change", "lost", "rows"),
    [
        (".dbf", lambda content: content[:-1000], "cut", 775),
        (".shp", lambda content: content[:-100], "cut", 776),
        (".dbf", delete, "deleted", 779),
        (".shp", no_place, "no_place", 779),
    ],
)
def test_a_damaged_record_is_counted_and_the_others_are_read(
    tmp_path: Path, part: str, change: Any, lost: str, rows: int
) -> None:
    _, source = read(damaged(tmp_path / "cut.zip", part, change))
    report = source.report()
    assert report.left_out[lost] > 0
    assert report.rows == pytest.approx(rows, abs=2)


def test_an_archive_without_shapefiles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    with pytest.raises(DataDamaged, match="no shapefile"):
        read(path)
