"""The beginning of a table as people have it: encodings, delimiters, units, and what a map makes of its first rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.imports.table.map import TableColumn, TableMap, TimeColumn, check_map, load_map
from edge.imports.table.preview import convert_rows, look_at, units_of
from headland.contract.quantities import QUANTITIES
from headland.errors import DataDamaged, SettingsError

TABLE = "Time;Air [°F];RH\n2026-05-01 08:00;68,0;55\n2026-05-01 08:05;x;56\n"


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "house.csv"
    path.write_bytes(text.encode(encoding))
    return path


def fahrenheit(**changes: object) -> TableMap:
    table: dict[str, object] = {
        "device": "house-7",
        "delimiter": ";",
        "decimal": ",",
        "time": TimeColumn(name="Time", format="iso8601", zone="+08:00"),
        "column": [
            TableColumn(name="Air [°F]", channel="air_temperature_degc", unit="degF"),
            TableColumn(name="RH", channel="relative_humidity_pct", unit="%"),
        ],
    }
    return TableMap(**{**table, **changes})  # type: ignore[arg-type] # the fields of a map


@pytest.mark.parametrize(
    ("text", "encoding", "found", "delimiter"),
    [
        (TABLE, "utf-8", "utf-8", ";"),
        ("\ufeff时间,温度(℃)\n1,2\n", "utf-8", "utf-8", ","),
        ("时间\t温度(℃)\n1\t2\n", "gb18030", "gb18030", "\t"),
        ('"a,b";c\n1;2\n', "utf-8", "utf-8", ";"),
    ],
)
def test_encoding_and_delimiter_are_those_that_fit(
    tmp_path: Path, text: str, encoding: str, found: str, delimiter: str
) -> None:
    seen = look_at(write(tmp_path, text, encoding))
    assert (seen.encoding, seen.delimiter, seen.is_utf8) == (found, delimiter, found == "utf-8")
    assert len(seen.columns) == len(text.splitlines()[0].split(delimiter))
    assert not seen.columns[0].name.startswith("\ufeff")


def test_only_a_column_that_is_called_like_a_quantity_is_taken_for_one(tmp_path: Path) -> None:
    seen = look_at(write(tmp_path, "time,air_temperature_degc,Temperatur [°C],温度（℃）\n1,2,3,4\n"))
    assert [(column.channel, column.unit) for column in seen.columns] == [
        ("", ""),
        ("air_temperature_degc", ""),
        ("", "°C"),
        ("", "℃"),
    ]
    assert seen.rows == (("1", "2", "3", "4"),)


def test_units_are_those_that_convert_the_own_first() -> None:
    assert units_of("air_temperature_degc") == ["degC", "degF", "K"]
    assert units_of("vent_open_pct")[0] == "%"
    assert units_of("gps_fix_code") == ["1"]
    # As displays of combines write a flow; and no depth of water for a width.
    assert {"kg/s", "t/h", "lb/s"} < set(units_of("harvest_flow_kg_min"))
    assert units_of("working_width_m") == ["m", "mm", "in", "ft"]
    assert [name for name in QUANTITIES if "m3/m3" in units_of(name)] == ["substrate_moisture_pct"]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Flow [lb/s]", "lb/s"),
        ("mass lb/s", "lb/s"),
        ("moist %", "%"),
        ("T °C", "°C"),
        ("swath in", ""),
        ("time m", ""),
    ],
)
def test_a_unit_behind_a_name_is_seen_in_brackets_or_where_it_can_be_no_word(
    tmp_path: Path, name: str, unit: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"when,{name}\n2026-10-10,1\n", encoding="utf-8")
    assert [column.unit for column in look_at(path).columns] == ["", unit]


def test_the_first_rows_are_converted_as_the_import_will(tmp_path: Path) -> None:
    converted = convert_rows(write(tmp_path, TABLE), check_map(fahrenheit()))
    (first, second) = converted.rows
    assert first.time_ms == 1_777_593_600_000  # 2026-05-01 08:00 in China
    assert first.values == {"air_temperature_degc": pytest.approx(20.0), "relative_humidity_pct": 55.0}
    assert second.values["air_temperature_degc"] is None
    assert [(refusal.line, refusal.column, refusal.reason) for refusal in converted.refusals] == [
        (3, "Air [°F]", "not_a_number")
    ]


def test_a_long_table_is_read_no_further_than_its_first_rows(tmp_path: Path) -> None:
    lines = [f"2026-05-01 {hour:02}:{minute:02};68,0;55" for hour in range(24) for minute in range(60)]
    path = write(tmp_path, "Time;Air [°F];RH\n" + "\n".join([*lines, "broken"]))
    converted = convert_rows(path, check_map(fahrenheit()), most_rows=3)
    assert (len(converted.rows), converted.refusals) == (3, ())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"time": TimeColumn(name="Time", format="iso8601", zone="Nowhere")}, "time.zone"),
        ({"time": TimeColumn(name="Time", format="day first", zone="UTC")}, "time.format"),
        ({"column": [TableColumn(name="RH", channel="relative_humidity_pct", unit="lx")]}, "RH"),
    ],
)
def test_a_map_that_cannot_be_is_refused_with_a_sentence(changes: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        check_map(fahrenheit(**changes))


def test_a_column_that_nobody_explained_is_refused(tmp_path: Path) -> None:
    loaded = check_map(fahrenheit(column=[TableColumn(name="RH", channel="relative_humidity_pct", unit="%")]))
    with pytest.raises(DataDamaged, match="Air"):
        convert_rows(write(tmp_path, TABLE), loaded)


def test_a_map_may_be_json(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(
        '{"device": "house-7", "time": {"name": "t", "format": "iso8601", "zone": "UTC"},'
        ' "column": [{"name": "a", "channel": "co2_ppm", "unit": "ppm"}]}'
    )
    assert load_map(path).map.device == "house-7"
    path.write_text('{"device": "house-7"}')
    with pytest.raises(SettingsError, match="time"):
        load_map(path)
