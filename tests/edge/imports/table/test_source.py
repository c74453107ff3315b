"""A table becomes readings; an unreadable cell is reported with line, column and reason, and no other is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.imports.table.map import LoadedMap, load_map
from edge.imports.table.rows import RowReader, match_header
from edge.imports.table.source import TableSource
from headland.errors import DataDamaged, SettingsError
from headland.files.chinese_coordinates import ChineseSystem, from_wgs84
from tests.edge.sinks import ListSink

MAP = """
device = "gh-9"
interval_s = 300
encoding = "{encoding}"
delimiter = "{delimiter}"
decimal = "{decimal}"
[time]
name = "Date"
format = "%m/%d/%Y %H:%M"
zone = "UTC"
[[column]]
name = "Tair"
channel = "air_temperature_degc"
unit = "°F"
[[column]]
name = "Rh"
channel = "relative_humidity_pct"
unit = "%"
[[ignored]]
name = "note"
why = "text"
"""
START_MS = 1_643_673_600_000


def loaded(folder: Path, encoding: str = "utf-8", delimiter: str = ",", decimal: str = ".") -> LoadedMap:
    path = folder / "map.toml"
    path.write_text(MAP.format(encoding=encoding, delimiter=delimiter, decimal=decimal), encoding="utf-8")
    return load_map(path)


def read(folder: Path, text: str, encoding: str = "utf-8", **changes: str) -> tuple[TableSource, ListSink]:
    table = folder / "t.csv"
    table.write_bytes(text.encode(encoding))
    source, sink = TableSource(table, loaded(folder, encoding, **changes), "home"), ListSink()
    source.run(sink)
    return source, sink


def test_cells_become_values_in_our_units_and_empty_cells_are_missing(tmp_path: Path) -> None:
    source, sink = read(tmp_path, "Date,Tair ,Rh,note\n2/1/2022 0:00,50,NaN,x\n\n2/1/2022 0:05,,41.5,\n")
    assert [(row.time_ms - START_MS, dict(row.values)) for row in sink.readings] == [
        (0, {"air_temperature_degc": pytest.approx(10), "relative_humidity_pct": None}),
        (300_000, {"air_temperature_degc": None, "relative_humidity_pct": 41.5}),
    ]
    assert source.report().refused == {}
    (descriptor,) = sink.descriptors
    channel = descriptor.channels["air_temperature_degc"]
    assert (descriptor.device, descriptor.site, channel.unit, channel.interval_s) == ("gh-9", "home", "degC", 300)


def test_a_refused_cell_is_reported_and_the_rest_of_its_row_is_kept(tmp_path: Path) -> None:
    text = (
        "Date,Tair,Rh,note\n"
        "2/1/2022 0:00,abc,40,\n"
        "2/1/2022 0:00,50,40,\n"
        "31/1/2022 0:05,50,40,\n"
        "2/1/2022 0:05,50\n"
        "2/1/2022 0:10,1_0,inf,\n"
        '2/1/2022 0:15,50,40,"two\nlines"\n'
    )
    source, sink = read(tmp_path, text)
    assert [row.time_ms - START_MS for row in sink.readings] == [0, 600_000, 900_000]
    assert sink.readings[0].values == {"air_temperature_degc": None, "relative_humidity_pct": 40}
    report = source.report()
    assert report.refused == {"not_a_number": 3, "repeated_time": 1, "bad_time": 1, "wrong_number_of_cells": 1}
    assert [refusal.sentence() for refusal in report.refusals] == [
        "line 2, column Tair: not a number ('abc')",
        "line 3, column Date: repeated time ('2/1/2022 0:00')",
        "line 4, column Date: bad time ('31/1/2022 0:05')",
        "line 5: wrong number of cells ('2 instead of 4')",
        "line 6, column Tair: not a number ('1_0')",
        "line 6, column Rh: not a number ('inf')",
    ]


def test_tables_of_other_places_are_read(tmp_path: Path) -> None:
    text = "Date;Tair;Rh;note\r\n2/1/2022 0:00;50,5;40;温室\r\n"
    _, sink = read(tmp_path, text, "gb18030", delimiter=";", decimal=",")
    assert sink.readings[0].values["air_temperature_degc"] == pytest.approx(50.5 * 5 / 9 - 160 / 9)
    _, sink = read(tmp_path, "\ufeffDate,Tair,Rh,note\n2/1/2022 0:00,50,40,\n")
    assert len(sink.readings) == 1


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("Date,Tair,note", "the map names the column 'Rh'"),
        ("Date,Tair,Rh,note,CO2", "has no column 'CO2'"),
        ("Date,Tair,Tair,Rh,note", "'Tair' is twice"),
        ("", "the map names the column 'Date'"),
    ],
)
def test_a_table_that_does_not_match_its_map_is_refused_whole(tmp_path: Path, header: str, sentence: str) -> None:
    with pytest.raises(DataDamaged, match=r"^t\.csv") as caught:
        read(tmp_path, header + "\n2/1/2022 0:00,1,2,3\n")
    assert sentence in str(caught.value)


def test_a_line_that_is_not_csv_is_counted_and_skipped(tmp_path: Path) -> None:
    huge = "9" * 200_000
    source, sink = read(tmp_path, f"Date,Tair,Rh,note\n2/1/2022 0:00,{huge},1,\n2/1/2022 0:05,50,40,\n")
    assert source.report().refused["not_csv"] == 1
    assert len(sink.readings) == 1


@given(st.lists(st.lists(st.text(max_size=20), max_size=6), max_size=20))
def test_any_cells_give_rows_with_finite_values_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    reader = match_header(loaded(tmp_path_factory.getbasetemp()), ["Date", "Tair", "Rh", "note"])
    assert isinstance(reader, RowReader)
    for line, cells in enumerate(rows, start=2):
        row = reader.read(line, cells)
        refusals = reader.take_refusals()
        assert row is not None or refusals or not any(cell.strip() for cell in cells)
        assert all(refusal.sentence() for refusal in refusals)


def test_the_past_of_a_device_that_a_source_reads_now_leaves_its_descriptor_and_marks_what_is_simulated(
    tmp_path: Path,
) -> None:
    table, path = tmp_path / "t.csv", tmp_path / "map.toml"
    table.write_text("Date,Tair,Rh,note\n2/1/2022 0:00,50,41.5,x\n")
    text = MAP.format(encoding="utf-8", delimiter=",", decimal=".")
    path.write_text(f"simulated = true\ndescribes = false\n{text}", encoding="utf-8")
    sink = ListSink()
    TableSource(table, load_map(path), "home").run(sink)
    assert sink.descriptors == []
    assert [reading.source.simulated for reading in sink.readings] == [True]


PLACES = """
device = "boat-9"
kind = "machine"
coordinates = "{coordinates}"
[time]
name = "Date"
format = "epoch_s"
zone = "UTC"
[[column]]
name = "lng"
channel = "longitude_deg"
unit = "°"
[[column]]
name = "lat"
channel = "latitude_deg"
unit = "°"
"""


@pytest.mark.parametrize("system", list(ChineseSystem))
def test_a_track_of_a_chinese_map_lands_within_a_metre_and_half_a_place_is_none(
    tmp_path: Path, system: ChineseSystem
) -> None:
    (tmp_path / "map.toml").write_text(PLACES.format(coordinates=system.value), encoding="utf-8")
    places = [(119.17, 31.95), (119.1701, 31.9502)]
    shifted = [from_wgs84(*place, system) for place in places]
    lines = [f"{1_700_000_000 + at},{lng!r},{lat!r}" for at, (lng, lat) in enumerate(shifted)]
    lines += ["1700000002,,31.95", "1700000003,10.0,50.0"]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["Date,lng,lat", *lines]), encoding="utf-8")
    source, sink = TableSource(table, load_map(tmp_path / "map.toml"), "home"), ListSink()
    source.run(sink)
    got = [(reading.values["longitude_deg"], reading.values["latitude_deg"]) for reading in sink.readings]
    assert got[:2] == [pytest.approx(place, abs=1e-8) for place in places]
    assert got[2] == (None, None)
    outside = {ChineseSystem.GCJ_02: (10.0, 50.0), ChineseSystem.BD_09: (None, None)}
    assert got[3] == outside[system]
    assert source.report().refused == ({} if system is ChineseSystem.GCJ_02 else {"outside_coordinate_system": 1})


def test_a_chinese_system_needs_both_columns_of_a_place(tmp_path: Path) -> None:
    text = PLACES.format(coordinates="GCJ-02").rpartition("[[column]]")[0]
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="'latitude_deg' is missing"):
        load_map(tmp_path / "map.toml")
