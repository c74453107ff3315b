"""Exports of DJI's flights become a drone's rows, each value that of another reader of the file."""

from __future__ import annotations

import csv
import io
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from edge.imports.file_content import kind_of
from edge.imports.table.loggers.logger_table import LoggerChoice, map_of, recognise
from edge.imports.table.source import TableReport, TableSource
from headland.errors import DataDamaged
from tests.edge.sinks import ListSink

#: Between two seconds of the wall clock, as a flight begins.
BEGIN: Final = datetime(2026, 5, 1, 23, 59, 50, 340_000, tzinfo=UTC)
Values = dict[tuple[int, str], float]
FEET: Final = 0.3048
#: Headings of an export in feet and one in metres: unit, factor and offset of each kind of number.
FORMS: Final = {
    "imperial": {"h": ("feet", FEET, 0.0), "s": ("mph", 0.44704, 0.0), "t": ("f", 5 / 9, -160 / 9)},
    "metric": {"h": ("meters", 1.0, 0.0), "s": ("m/s", 1.0, 0.0), "t": ("c", 1.0, 0.0)},
}
RAD: Final = math.pi / 180


def stored(path: Path, choice: LoggerChoice) -> tuple[Values, TableReport, TableSource]:
    table = recognise(path)
    assert table is not None
    source, sink = TableSource(path, map_of(table, choice, path.name), "home"), ListSink()
    source.run(sink)
    assert {row.source.kind for row in sink.readings} <= {"drone"}
    values = {
        (row.time_ms, channel): value
        for row in sink.readings
        for channel, value in row.values.items()
        if value is not None
    }
    return values, source.report(), source


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def airdata(seed: int, form: str, rows: int = 300, every_ms: int = 100) -> tuple[str, Values]:
    """An export of Airdata and what it holds."""
    chance, units = random.Random(seed), FORMS[form]
    columns = [
        ("latitude", "latitude_deg", 1.0, 0.0), ("longitude", "longitude_deg", 1.0, 0.0),
        (f"height_above_takeoff({units['h'][0]})", "relative_altitude_m", *units["h"][1:]),
        (f"altitude_above_seaLevel({units['h'][0]})", "altitude_m", *units["h"][1:]),
        (f"speed({units['s'][0]})", "ground_speed_m_s", *units["s"][1:]),
        (f"distance({units['h'][0]})", "", 1.0, 0.0),
        ("satellites", "gps_satellites_count", 1.0, 0.0), ("voltage(v)", "battery_voltage_v", 1.0, 0.0),
        (" compass_heading(degrees)", "compass_heading_deg", 1.0, 0.0), (" pitch(degrees)", "pitch_rad", RAD, 0.0),
        ("isPhoto", "", 1.0, 0.0), ("battery_percent", "battery_remaining_pct", 1.0, 0.0),
        ("current(A)", "battery_current_a", 1.0, 0.0),
        (f"battery_temperature({units['t'][0]})", "battery_temperature_degc", *units["t"][1:]),
    ]  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["time(millisecond)", "datetime(utc)", *(name for name, *_ in columns), "message"])
    values: Values = {}
    for at in range(rows):
        moment = BEGIN + timedelta(milliseconds=every_ms * at)
        cells: list[str] = []
        for name, channel, factor, offset in columns:
            number = round(chance.uniform(0.1, 80), 6 if "itude" in name else 2)
            if name in ("latitude", "longitude") and at < 5:
                number = 0.0
            elif channel:
                values[ms(moment), channel] = number * factor + offset
            cells.append(repr(number))
        writer.writerow([every_ms * at, moment.strftime("%Y-%m-%d %H:%M:%S"), *cells, "Home Point, recorded"])
    return out.getvalue(), values


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(3))
def test_every_value_of_an_airdata_export_is_stored_within_a_row_of_its_instant(
    tmp_path: Path, form: str, seed: int
) -> None:
    text, expected = airdata(seed, form)
    path = tmp_path / "flight.csv"
    path.write_text(text)
    got, report, source = stored(path, LoggerChoice(device="agras-1"))
    # Whole seconds say when a flight began only to the length of a row: all of it is earlier by the same.
    first_ms = min(time_ms for time_ms, _ in got)
    early_ms = ms(BEGIN) - first_ms
    assert 0 <= early_ms < 100
    shifted = {(time_ms + early_ms, channel): value for (time_ms, channel), value in got.items()}
    assert shifted == pytest.approx(expected, rel=1e-9)
    assert (report.refused, report.rows, source.position_bytes > 0) == ({}, 300, True)


def flight_reader(seed: int, *, date: str, half: bool, zone: str) -> tuple[str, Values]:
    """An export of Flight Reader and what it holds."""
    chance = random.Random(seed)
    columns = [
        ("OSD.latitude", "latitude_deg", 1.0), ("OSD.longitude", "longitude_deg", 1.0),
        ("OSD.height [ft]", "relative_altitude_m", FEET), ("OSD.altitude [ft]", "altitude_m", FEET),
        ("OSD.hSpeed [MPH]", "ground_speed_m_s", 0.44704), ("OSD.hSpeedMax [MPH]", "", 1.0), ("OSD.pitch", "", 1.0),
        ("OSD.gpsNum", "gps_satellites_count", 1.0), ("BATTERY.chargeLevel", "battery_remaining_pct", 1.0),
        ("BATTERY.voltage [V]", "battery_voltage_v", 1.0),
    ]  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    headings = [f"CUSTOM.date [{zone}]", f"CUSTOM.updateTime [{zone}]", "OSD.flyTime [s]"]
    writer.writerow([*headings, *(name for name, *_ in columns), "APP.tip"])
    values: Values = {}
    for at in range(300):
        moment = BEGIN + timedelta(milliseconds=100 * at)
        hour = (moment.hour + 11) % 12 + 1 if half else moment.hour
        clock = f"{hour}:{moment:%M:%S}.{moment.microsecond // 10_000:02}" + (moment.strftime(" %p") if half else "")
        day = moment.strftime(date) if date != "US" else f"{moment.month}/{moment.day}/{moment.year}"
        numbers = [round(chance.uniform(0.1, 80), 5) for _ in columns]
        for number, (_, channel, factor) in zip(numbers, columns, strict=True):
            if channel:
                values[ms(moment), channel] = number * factor
        writer.writerow([day, clock if half else clock.zfill(11), at / 10, *numbers, ""])
    return "sep=,\n" + out.getvalue(), values


@pytest.mark.parametrize(
    ("date", "half", "zone"),
    [("US", True, "local"), ("%Y-%m-%d", True, "local"), ("%Y-%m-%d", False, "local"), ("US", True, "UTC")],
)
def test_every_value_of_a_flight_reader_export_is_stored_at_its_instant(
    tmp_path: Path, date: str, half: bool, zone: str
) -> None:
    text, expected = flight_reader(4, date=date, half=half, zone=zone)
    path = tmp_path / "flight.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    table = recognise(path)
    assert table is not None
    if zone == "local":
        with pytest.raises(DataDamaged, match="name it with --zone"):
            map_of(table, LoggerChoice(device="mavic"), path.name)
    got, report, _ = stored(path, LoggerChoice(device="mavic", zone="UTC"))
    assert got == pytest.approx(expected, rel=1e-9)
    assert report.refused == {}


def test_a_date_that_may_begin_with_the_day_is_asked_for(tmp_path: Path) -> None:
    text, _ = flight_reader(4, date="%d/%m/%Y", half=False, zone="local")
    path = tmp_path / "flight.csv"
    path.write_text(text)
    table = recognise(path)
    assert table is not None
    with pytest.raises(DataDamaged, match="day and month of its dates cannot be told apart"):
        map_of(table, LoggerChoice(device="mavic", zone="UTC"), path.name)


def test_a_flight_whose_clocks_do_not_fit_is_not_dated(tmp_path: Path) -> None:
    text, _ = airdata(1, "metric")
    path = tmp_path / "flight.csv"
    path.write_text(text.replace("2026-05-02 00:00:05", "2026-05-02 00:10:05"))
    with pytest.raises(DataDamaged, match="no row can be dated"):
        stored(path, LoggerChoice(device="agras-1"))


def test_the_encrypted_record_of_the_app_is_told_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "DJIFlightRecord_2026-05-01_[08-00-00].txt"
    path.write_bytes(random.Random(1).randbytes(5000))
    assert "export it as CSV" in str(kind_of(path))
