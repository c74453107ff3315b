"""Tables of loggers and weather stations are recognised, and every value is that of another reader of the same file."""

from __future__ import annotations

import csv
import io
import random
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from edge.imports.table.loggers.logger_table import LoggerChoice, device_of, map_of, recognise
from edge.imports.table.preview import look_at
from edge.imports.table.source import TableReport, TableSource
from headland.errors import DataDamaged
from tests.edge.sinks import ListSink

BEGIN: Final = datetime(2026, 5, 1, tzinfo=UTC)
Values = dict[tuple[int, str], float]
#: What the tests know of units: nothing of the catalogue.
TO_SI: Final[dict[str, Callable[[float], float]]] = {
    "F": lambda f: (f - 32) * 5 / 9,
    "C": lambda c: c,
    "inHg": lambda p: p * 33.863889,
    "hPa": lambda p: p,
    "kPa": lambda p: p * 10,
    "in": lambda r: r * 25.4,
    "cm": lambda r: r * 10,
    "mph": lambda v: v * 0.44704,
    "km/h": lambda v: v / 3.6,
    "kW": lambda w: w * 1000,
    "share": lambda s: s * 100,
    "same": lambda x: x,
}


def stored(path: Path, choice: LoggerChoice) -> tuple[Values, TableReport]:
    """Read a file as the import does; values by instant and channel."""
    table = recognise(path)
    assert table is not None
    source, sink = TableSource(path, map_of(table, choice, path.name), "home"), ListSink()
    source.run(sink)
    values = {
        (row.time_ms, channel): value
        for row in sink.readings
        for channel, value in row.values.items()
        if value is not None
    }
    return values, source.report()


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


# Campbell


def toa5(rows: int, seed: int, units: Sequence[tuple[str, str, str]], *, step: timedelta, quoted: bool = True) -> str:
    """A TOA5 file: names, units and kinds of values are given."""
    chance = random.Random(seed)
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(
        ("TOA5", f"Site {seed}", "CR1000X", "4711", "CR1000X.Std.05.01", "CPU:orchard.CR1X", "31337", "Ten")
    )
    writer.writerow(("TIMESTAMP", "RECORD", *(name for name, _, _ in units)))
    writer.writerow(("TS", "RN", *(unit for _, unit, _ in units)))
    writer.writerow(("", "", *(kind for _, _, kind in units)))
    for at in range(rows):
        moment = BEGIN + at * step
        text = moment.strftime("%Y-%m-%d %H:%M:%S")
        if moment.hour == moment.minute == moment.second == 0 and at:
            text = (moment - timedelta(days=1)).strftime("%Y-%m-%d 24:00:00")
        if moment.microsecond:
            text += f".{moment.microsecond // 100_000}"
        cells = ['"NAN"' if chance.random() < 0.05 else f"{chance.uniform(-5, 40):.4g}" for _ in units]
        out.write(",".join((f'"{text}"' if quoted else text, str(at), *cells)) + "\n")
    return out.getvalue()


AIR: Final = (("AirTC_Avg", "Deg C", "Avg"), ("RH", "%", "Smp"), ("Rain_mm_Tot", "mm", "Tot"))
#: Files: their columns, and for each its channel and conversion; None for one that has none.
CAMPBELL: Final = {
    "hourly": (AIR, timedelta(hours=1), (
        ("air_temperature_degc", "C"), ("relative_humidity_pct", "same"), ("rain_tot_mm", "same"))),
    "units": ((
        ("BattV_Min", "Volts", "Min"), ("BP_Avg", "kPa", "Avg"), ("VWC(1)", "m^3/m^3", "Smp"),
        ("VWC(2)", "m^3/m^3", "Smp"), ("SlrkW_Avg", "kW/m^2", "Avg"), ("WindDir", "Deg", "WVc"),
        ("T_F_Avg", "Deg F", "Avg"), ("AirTC", "Deg C", "Max"),
    ), timedelta(minutes=10), (
        ("battery_min_v", "same"), ("bp_avg_kpa", "same"), ("substrate_moisture_pct:1", "share"),
        ("substrate_moisture_pct:2", "share"), ("global_radiation_w_m2", "kW"), ("wind_from_deg", "same"),
        (None, "F"), ("air_tc_max_degc", "C"))),
    "tenths": (AIR[:1], timedelta(milliseconds=100), (("air_temperature_degc", "C"),)),
    "daily": (AIR[1:], timedelta(days=1), (("relative_humidity_pct", "same"), ("rain_tot_mm", "same"))),
    "without units": ((*AIR, ("State", "", "Smp"), ("Fruit", "furlong", "Avg")), timedelta(minutes=30), (
        ("air_temperature_degc", "C"), ("relative_humidity_pct", "same"), ("rain_tot_mm", "same"), (None, ""),
        (None, ""))),
}  # fmt: skip


@pytest.mark.parametrize("name", CAMPBELL)
@pytest.mark.parametrize("form", ["LF", "CRLF and BOM", "times without quotes"])
def test_every_value_of_a_toa5_file_is_stored_at_its_instant(tmp_path: Path, name: str, form: str) -> None:
    columns, step, expected_columns = CAMPBELL[name]
    text = toa5(300, 7, columns, step=step, quoted=form != "times without quotes")
    path = tmp_path / "station.dat"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() if "CRLF" in form else text.encode())
    got, report = stored(path, LoggerChoice(zone="+02:00"))
    table = recognise(path)
    assert table is not None
    found = {column.name: column.channel for column in table.columns}
    expected: Values = {}
    for row in list(csv.reader(io.StringIO(text)))[4:]:
        day, clock = row[0].split(" ")
        hour, minute, second = clock.split(":")
        since = timedelta(hours=int(hour), minutes=int(minute), seconds=float(second))
        moment = datetime.fromisoformat(day).replace(tzinfo=UTC) + since - timedelta(hours=2)
        for cell, (heading, _, _), (channel, unit) in zip(row[2:], columns, expected_columns, strict=True):
            if channel is None and unit:
                channel = found[heading]
            assert found[heading] == (channel or "")
            if channel and cell != "NAN":
                expected[ms(moment), channel] = TO_SI[unit](float(cell))
    assert got == pytest.approx(expected, rel=1e-12)
    assert report.refused == {}
    assert device_of(table) == "site-7-ten"
    assert report.rows == 300


def test_a_file_of_two_heads_is_read_by_each_with_its_columns_and_units(tmp_path: Path) -> None:
    later = (("RH", "%", "Smp"), ("AirTC_Avg", "Deg F", "Avg"), ("Leaf", "Deg C", "Smp"), ("Odd", "mm", "Smp"))
    first = toa5(20, 1, AIR, step=timedelta(hours=1))
    second = toa5(20, 2, later, step=timedelta(hours=1)).replace("2026-05", "2026-06")
    path = tmp_path / "two.dat"
    path.write_text(first + "\ufeff" + second, encoding="utf-8")
    got, report = stored(path, LoggerChoice(zone="UTC"))
    rows = list(csv.reader(io.StringIO(second)))[4:]
    expected = {
        (ms(datetime.fromisoformat(row[0]).replace(tzinfo=UTC)), "air_temperature_degc"): (float(row[3]) - 32) * 5 / 9
        for row in rows
        if row[3] != "NAN" and "24:" not in row[0]
    }
    june = ms(datetime(2026, 6, 1, tzinfo=UTC))
    air = {key: value for key, value in got.items() if key[1] == "air_temperature_degc" and key[0] >= june}
    assert air == pytest.approx(expected, rel=1e-12)
    assert len({time_ms for time_ms, _ in got}) == 40
    assert report.refused == {}


def test_a_unit_that_changes_into_none_of_the_channel_is_refused_cell_by_cell(tmp_path: Path) -> None:
    later = toa5(5, 2, (("AirTC_Avg", "mm", "Avg"),), step=timedelta(hours=1)).replace("2026-05", "2026-06")
    path = tmp_path / "two.dat"
    path.write_text(toa5(5, 1, AIR[:1], step=timedelta(hours=1)) + later)
    got, report = stored(path, LoggerChoice(zone="UTC"))
    assert max(time_ms for time_ms, _ in got) < ms(datetime(2026, 6, 1, tzinfo=UTC))
    assert set(report.refused) == {"other_unit"}


def test_what_a_toa5_file_does_not_say_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "station.dat"
    path.write_text(toa5(3, 7, AIR, step=timedelta(hours=1)))
    table = recognise(path)
    assert table is not None
    with pytest.raises(DataDamaged, match="name it with --zone"):
        map_of(table, LoggerChoice(), path.name)
    path.write_text('"TOB1","CR1000","CR1000"\n')
    with pytest.raises(DataDamaged, match=r"TOB1 file of a Campbell logger.*convert it to TOA5"):
        recognise(path)


# weewx


#: Columns of the tests' archives: channel, and how each system has it.
WEEWX: Final = {
    "outTemp": ("outside_temperature_degc", {1: "F", 16: "C", 17: "C"}),
    "inTemp": ("air_temperature_degc", {1: "F", 16: "C", 17: "C"}),
    "outHumidity": ("outside_humidity_pct", {}),
    "barometer": ("sea_level_pressure_hpa", {1: "inHg", 16: "hPa", 17: "hPa"}),
    "windSpeed": ("wind_speed_m_s", {1: "mph", 16: "km/h", 17: "same"}),
    "windDir": ("wind_from_deg", {}),
    "rain": ("interval_rain_mm", {1: "in", 16: "cm", 17: "same"}),
    "rainRate": ("rain_rate_mm_h", {1: "in", 16: "cm", 17: "same"}),
    "radiation": ("global_radiation_w_m2", {}),
    "extraTemp2": ("extra_temperature_degc:2", {1: "F", 16: "C", 17: "C"}),
    "soilMoist1": ("soil_water_tension_kpa:1", {}),
    "windchill": (None, {}),
    "sourceOfTheirOwn": (None, {}),
}  # fmt: skip


def archive(path: Path, seed: int, systems: Sequence[int], rows: int = 200) -> None:
    """An archive as weewx makes it, with rows in these systems one behind the other."""
    chance = random.Random(seed)
    connection = sqlite3.connect(path)
    listed = ", ".join(f"`{name}` REAL" for name in WEEWX)
    connection.execute(
        "CREATE TABLE archive (`dateTime` INTEGER NOT NULL UNIQUE PRIMARY KEY, `usUnits` INTEGER NOT NULL, "
        f"`interval` INTEGER NOT NULL, {listed})"
    )
    connection.execute("CREATE TABLE archive_day__metadata (name CHAR(20), value TEXT)")
    for at in range(rows):
        system = systems[at * len(systems) // rows]
        values = [None if chance.random() < 0.1 else chance.uniform(0, 60) for _ in WEEWX]
        marks = ", ".join("?" * (3 + len(values)))
        connection.execute(f"INSERT INTO archive VALUES ({marks})", (1_777_593_600 + 300 * at, system, 5, *values))
    connection.commit()
    connection.close()


def expected_of(path: Path) -> Values:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    values = {}
    for row in connection.execute("SELECT * FROM archive"):
        for name, (channel, units) in WEEWX.items():
            if channel is not None and row[name] is not None:
                convert = TO_SI[units.get(row["usUnits"], "same")]
                values[row["dateTime"] * 1000, channel] = convert(row[name])
    connection.close()
    return values


SYSTEMS: Final = [(1,), (16,), (17,), (1, 17), (16, 1, 16)]


@pytest.mark.parametrize("systems", SYSTEMS)
@pytest.mark.parametrize("form", ["sdb", "csv"])
def test_every_value_of_a_weewx_archive_is_stored_in_our_units(
    tmp_path: Path, systems: tuple[int, ...], form: str
) -> None:
    made = tmp_path / "weewx.sdb"
    archive(made, sum(systems), systems)
    before = made.read_bytes()
    path = made
    if form == "csv":
        connection = sqlite3.connect(made)
        found = connection.execute("SELECT * FROM archive ORDER BY dateTime")
        path = tmp_path / "archive.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([each[0] for each in found.description])
            writer.writerows(found)
        connection.close()
    got, report = stored(path, LoggerChoice(device="roof"))
    assert got == pytest.approx(expected_of(made), rel=1e-6)
    assert report.refused == {}
    assert report.rows == 200
    assert made.read_bytes() == before


def test_a_row_in_an_unknown_system_of_units_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "archive.csv"
    path.write_text("dateTime,usUnits,outTemp\n1777593600,17,11.5\n1777593900,99,50\n1777594200,1,50\n")
    got, report = stored(path, LoggerChoice(device="roof"))
    assert sorted(got.values()) == [pytest.approx(10), 11.5]
    assert report.refused == {"unknown_unit_system": 1}


def test_another_database_and_a_damaged_one_are_told(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIEW archive AS SELECT 1 AS dateTime, 1 AS usUnits")
    connection.commit()
    connection.close()
    assert recognise(path) is None
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    with pytest.raises(DataDamaged, match="cannot be read as a SQLite database"):
        recognise(path)
    archive(tmp_path / "whole.sdb", 1, (1,), rows=4000)
    cut = (tmp_path / "whole.sdb").read_bytes()
    path.write_bytes(cut[: len(cut) // 2])
    with pytest.raises(DataDamaged, match="cannot be read as a SQLite database"):
        stored(path, LoggerChoice(device="roof"))


# Davis


POINTS: Final = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
ABOVE: Final = "\t\tTemp\tHi\tOut\tWind\tWind\tHi\tTHW\t\t\tRain\tSolar\tIn \tWind"
BELOW: Final = "Date\tTime\tOut\tTemp\tHum\tSpeed\tDir\tSpeed\tIndex\tBar  \tRain\tRate\tRad.\tTemp\tSamp"
TWO_LINES: Final = (
    "outside_temperature_degc", "highest_outside_temperature_degc", "outside_humidity_pct", "wind_speed_m_s",
    "wind_from_deg", "wind_gust_m_s", None, "sea_level_pressure_hpa", "interval_rain_mm", "rain_rate_mm_h",
    "global_radiation_w_m2", "air_temperature_degc", None,
)  # fmt: skip
IMPERIAL: Final = ("degF", "inHg", "in", "in/h", "mph")
METRIC: Final = ("degC", "hPa", "mm", "mm/h", "km/h")
#: Formats of date and time, units as chosen in WeatherLink, and how the tests convert the columns.
DAVIS: Final = {
    "US": ("%m/%d/%y", "half", IMPERIAL, "F F same mph same mph same inHg in in same F same"),
    "Britain": ("%d/%m/%y", "%H:%M", METRIC, "C C same km/h same km/h same hPa same same same C same"),
    "Germany": ("%d.%m.%y", "%H:%M", METRIC, "C C same km/h same km/h same hPa same same same C same"),
    "ISO": ("%Y-%m-%d", "%H:%M", ("degC", "mbar", "mm", "mm/h", "m/s"),
            "C C same same same same same hPa same same same C same"),
    "mixed": ("%m/%d/%y", "half", ("degC", "inHg", "mm", "mm/h", "mph"),
              "C C same mph same mph same inHg same same same C same"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAVIS)
def test_every_value_of_a_two_line_export_is_stored_in_the_units_that_were_named(tmp_path: Path, name: str) -> None:
    date, clock, units, conversions = DAVIS[name]
    chance = random.Random(name)
    expected: Values = {}
    lines = [ABOVE, BELOW]
    for at in range(600):
        moment = BEGIN + at * timedelta(minutes=30)
        half = f"{(moment.hour + 11) % 12 + 1}:{moment:%M}{'a' if moment.hour < 12 else 'p'}"
        cells = [moment.strftime(date), half if clock == "half" else moment.strftime(clock)]
        for channel, unit in zip(TWO_LINES, conversions.split(), strict=True):
            point = channel == "wind_from_deg"
            number = chance.randrange(16) if point else round(chance.uniform(0, 50), 2)
            text = POINTS[int(number)] if point else f" {number:.2f}"
            if chance.random() < 0.1:
                cells.append("---")
                continue
            cells.append(text)
            if channel is not None:
                expected[ms(moment), channel] = number * 22.5 if point else TO_SI[unit](number)
        lines.append("\t".join(cells))
    path = tmp_path / "2026.txt"
    path.write_bytes("\r\n".join([*lines, ""]).encode())
    table = recognise(path)
    assert table is not None
    with pytest.raises(DataDamaged, match="does not state the units of Temp Out, Hi Temp, Wind Speed"):
        map_of(table, LoggerChoice(device="roof", zone="UTC"), path.name)
    got, report = stored(path, LoggerChoice(device="roof", zone="UTC", units=units))
    assert got == pytest.approx(expected, rel=1e-6)
    assert report.refused == {}


@pytest.mark.parametrize("unit", ["F", "°F", "°C"])
@pytest.mark.parametrize("titles", ['"Farm 7"\n"5/1/26 - 5/9/26"\n\n', ""])
def test_every_value_of_an_export_with_units_in_its_headings_is_stored(tmp_path: Path, unit: str, titles: str) -> None:
    chance = random.Random(unit)
    headings = [
        "Date & Time",
        "Barometer - in Hg",
        f"Temp - {unit}",
        "Hum - %",
        "Wind Direction",
        "Rain - in",
        "Rain Rate - in/h",
    ]
    channels = [
        ("sea_level_pressure_hpa", "inHg"), ("outside_temperature_degc", unit.strip("°")),
        ("outside_humidity_pct", "same"),
        ("wind_from_deg", "same"), ("interval_rain_mm", "in"), ("rain_rate_mm_h", "in"),
    ]  # fmt: skip
    expected: Values = {}
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(headings)
    for at in range(400):
        moment = BEGIN + at * timedelta(minutes=30)
        cells = [f"{moment.month}/{moment.day}/{moment:%y} {(moment.hour + 11) % 12 + 1:02}:{moment:%M %p}"]
        for channel, to in channels:
            number = chance.uniform(0, 40)
            text = POINTS[int(number) % 16] if channel == "wind_from_deg" else f"{number:.2f}"
            cells.append(text)
            degrees = 22.5 * (int(number) % 16)
            expected[ms(moment), channel] = degrees if channel == "wind_from_deg" else TO_SI[to](float(text))
        writer.writerow(cells)
    path = tmp_path / "export.csv"
    path.write_text(titles + out.getvalue(), encoding="utf-8")
    got, report = stored(path, LoggerChoice(device="" if titles else "roof", zone="UTC"))
    assert got == pytest.approx(expected, rel=1e-6)
    assert (report.refused, report.device) == ({}, "farm-7" if titles else "roof")


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "Date,Time,Air\n2026-05-01,08:00,3\n", "Date & Time,Colour\n5/1/26 8:00,red\n", "", "\n\n"]
)
def test_another_table_is_not_taken_for_a_loggers(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    assert recognise(path) is None
    assert look_at(path).layout == "headings"
