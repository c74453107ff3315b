"""Tables of loggers and weather stations: headings that are not the first line, units below them, 24:00 as midnight."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from edge.imports.table.layout import find_layout
from edge.imports.table.map import TableMap, check_map
from edge.imports.table.preview import ConvertedRows, convert_rows, look_at
from edge.imports.table.proposal import FORMATS

#: The shape of Campbell's TOA5 (names by its program generator Short Cut), in our numbers.
TOA5 = (
    '"TOA5","Station7","CR1000","12345","CR1000.Std.31","CPU:field.CR1","4021","Hour"\r\n'
    '"TIMESTAMP","RECORD","BattV_Min","AirTC_Avg","RH","SlrkW_Avg","WS_ms_S_WVT","WindDir_D1_WVT","Rain_mm_Tot",'
    '"AirTC_Max"\r\n'
    '"TS","RN","Volts","Deg C","%","kW/m^2","meters/second","Deg","mm","Deg C"\r\n'
    '"","","Min","Avg","Smp","Avg","WVc","WVc","Tot","Max"\r\n'
    '"2026-05-01 23:00:00",0,12.6,14.2,81.2,0,1.2,120,0.2,15.0\r\n'
    '"2026-05-01 24:00:00",1,12.5,13.9,"NAN",0,0.9,118,0,14.4\r\n'
    '"2026-05-02 00:30:00",2\r\n'
    '"2026-05-02 01:00:00",2,12.5,13.1,84.6,0.25,0.4,96,0,14.0\r\n'
)
#: The shape of an export of WeatherLink.com, and of one of weewx.
WEATHERLINK = (
    '"Farm 7"\n"5/1/26 - 5/2/26"\n\n'
    '"Date & Time","Temp - °F","Hum - %","Wind Speed - mph"\n'
    '"4/30/26 11:55 PM","50.0","81","5.0"\n"5/1/26 12:00 AM","50.2","--","5.1"\n"5/1/26 12:05 AM","49.9","82","5.2"\n'
)
WEEWX = (
    "dateTime,usUnits,outTemp (degC),outHumidity (%),windSpeed (m/s)\n"
    "1777593600,17,11.5,81.0,0.4\n1777593900,17,11.4,81.5,\n"
)


def read(folder: Path, text: str, channels: dict[str, str]) -> ConvertedRows:
    """Import a table as it is proposed; `channels` are those expected, by heading."""
    path = folder / "station.dat"
    path.write_bytes(text.encode())
    seen = look_at(path)
    assert {column.name: column.channel for column in seen.proposal.columns if column.channel} == channels
    time = seen.proposal.time
    assert time is not None
    table = {
        "device": "station",
        "time": {"name": time.column, "format": time.format, "zone": "UTC"},
        "column": [
            {"name": column.name, "channel": column.channel, "unit": column.unit}
            for column in seen.proposal.columns
            if column.channel
        ],
        "ignored": [
            {"name": column.name, "why": "no quantity"}
            for column in seen.proposal.columns
            if not column.channel and column.name != time.column
        ],
        "lines_before": seen.lines_before,
        "lines_below": seen.lines_below,
        "missing": list(seen.missing),
        "layout": seen.layout,
    }
    return convert_rows(path, check_map(msgspec.convert(table, TableMap)))


def texts(rows: ConvertedRows) -> list[str]:
    return [datetime.fromtimestamp(row.time_ms / 1000, UTC).strftime("%m-%d %H:%M") for row in rows.rows]


def test_a_campbell_table_is_read_as_it_is_with_the_units_below_its_headings(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        TOA5,
        {
            "BattV_Min": "battery_min_v",
            "AirTC_Avg": "air_temperature_degc",
            "RH": "relative_humidity_pct",
            "SlrkW_Avg": "global_radiation_w_m2",
            "WS_ms_S_WVT": "wind_speed_m_s",
            "WindDir_D1_WVT": "wind_from_deg",
            "Rain_mm_Tot": "rain_tot_mm",
            "AirTC_Max": "air_tc_max_degc",
        },
    )
    assert texts(found) == ["05-01 23:00", "05-02 00:00", "05-02 01:00"]
    assert found.rows[1].values["relative_humidity_pct"] is None
    assert found.rows[2].values == {
        "air_temperature_degc": 13.1,
        "relative_humidity_pct": 84.6,
        "global_radiation_w_m2": 250.0,
        "wind_speed_m_s": 0.4,
        "wind_from_deg": 96.0,
        "battery_min_v": 12.5,
        "rain_tot_mm": 0.0,
        "air_tc_max_degc": 14.0,
    }
    # The line is that of the file, with the four lines above its rows.
    assert [refusal.sentence() for refusal in found.refusals] == ["line 7: wrong number of cells ('2 instead of 10')"]


def test_a_weather_consoles_export_with_lines_above_its_headings_is_read_in_its_units(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        WEATHERLINK,
        {
            "Temp - °F": "outside_temperature_degc",
            "Hum - %": "outside_humidity_pct",
            "Wind Speed - mph": "wind_speed_m_s",
        },
    )
    assert texts(found) == ["04-30 23:55", "05-01 00:00", "05-01 00:05"]
    assert found.rows[0].values == pytest.approx(
        {"outside_temperature_degc": 10.0, "outside_humidity_pct": 81.0, "wind_speed_m_s": 2.2352}
    )


def test_a_table_of_weewx_is_read_with_seconds_as_times(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        WEEWX,
        {
            "outTemp (degC)": "outside_temperature_degc",
            "outHumidity (%)": "outside_humidity_pct",
            "windSpeed (m/s)": "wind_speed_m_s",
        },
    )
    assert texts(found) == ["05-01 00:00", "05-01 00:05"]
    assert found.rows[1].values == {
        "outside_temperature_degc": 11.4,
        "outside_humidity_pct": 81.5,
        "wind_speed_m_s": None,
    }


@pytest.mark.parametrize(
    ("lines", "before", "below"),
    [
        (["Time,Air,Remark", "2026-05-01 08:00,50,dry", "2026-05-01 08:05,51,"], 0, 0),
        (["", "Time,Air", "2026-05-01 08:00,50"], 1, 0),
        (["house 7", "Time,Air", "2026-05-01 08:00,50", "2026-05-01 08:05,51"], 1, 0),
        (["Time,Air", ",degC", "2026-05-01 08:00,50"], 0, 1),
        (["Time,Air", ",degC", "", "", "2026-05-01 08:00,50"], 0, 1),
        (["Time,Air", "", ",degC", "2026-05-01 08:00,50"], 0, 2),
        # A heading may begin with a figure.
        (["house 7", "Time,10cm soil", "2026-05-01 08:00,50", "2026-05-01 08:05,51"], 1, 0),
        # Without a number below it nothing says that a line is no row.
        (["Time,Air", "now,warm", "later,cold"], 0, 0),
        # Rows with an empty cell behind the last are wider than the headings.
        (["Time,Air", "2026-05-01 08:00,50,", "2026-05-01 08:05,51,"], 0, 0),
        ([], 0, 0),
    ],
)
def test_headings_are_the_first_line_as_wide_as_the_rows(lines: list[str], before: int, below: int) -> None:
    layout = find_layout(lines, ",")
    assert (layout.lines_before, layout.lines_below) == (before, below)


def test_a_heading_of_two_lines_is_one(tmp_path: Path) -> None:
    text = 'house 7\nTime,"Air temp\n(degC)"\n2026-05-01 08:00,20.5\n2026-05-01 08:05,21\n'
    found = read(tmp_path, text, {"Air temp\n(degC)": "air_temperature_degc"})
    assert texts(found) == ["05-01 08:00", "05-01 08:05"]
    assert found.rows[0].values == {"air_temperature_degc": 20.5}


def test_the_page_and_the_proposal_know_the_same_formats_of_times() -> None:
    text = Path("dashboard/src/imports/time_formats.ts").read_text(encoding="utf-8")
    dates = re.findall(r'id: "(%[^" ]+)"', text)
    clocks = re.findall(r'id: "( %[^"]+)"', text)
    assert {"iso8601", *(date + clock for date in dates for clock in clocks)} == set(FORMATS)
