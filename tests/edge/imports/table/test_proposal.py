"""Proposals of columns: small tables of the shapes of climate computers, loggers and combines."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.imports.table.map import load_map
from edge.imports.table.preview import look_at
from headland.contract.file_imports import TableProposal
from headland.contract.foreign_units import convert_to_channel

MAPS = Path("edge/imports/table/maps")
#: First rows of the three tables for which a map comes with Headland, in our numbers.
CLIMATE = (
    "Date,Tair,Rhair,CO2air,HumDef,VentLee,VentWind,AssimLight,EnScr,BlckScr,Tpipe,CO2reg,PARin,Tair_sigrow,Rhair_sigrow,"
    "PARin_sigrow,stomata_cond,Netrad_ridder,Transp_ridder,Tleaf_ridder\n"
    "2/1/2022 23:55,14.1,80.2,430,2.4,0.5,0,0,99,99,20,2,0,11.2,84,,0,,,\n"
    "2/2/2022 0:00,14.0,80.4,431,2.4,0.4,0,0,99,99,21,2,0,11.1,84,-0.04,0,,,\n"
)
CONTROLS = (
    "Date,CO2_vip,dx_vip,heating_temp_vip,net_pipe_vip,assim_vip,scr_enrg_vip,scr_blck_vip,vent_templee_vip,"
    "vent_tempwind_vip,lee_wind_min_vip\n"
    "2/1/2022 23:55,400,2.2,13.2,0,15,100,100,15.8,15.8,0\n2/2/2022 0:00,400,2.2,13.2,0,15,100,100,15.8,15.8,0\n"
)
WEATHER = (
    "Date,Tout ,Rhout,Iglob,Windsp,RadSum,Winddir,Rain,PARout,Pyrgeo ,AbsHumOut\n"
    "2/1/2022 23:55,5.1,77.1,1,4.4,320,128,0,0,-78,5.3\n2/2/2022 0:00,4.9,77.4,0,4.4,0,128,1,0,-76,5.2\n"
)


def proposal_of(folder: Path, text: str, encoding: str = "utf-8") -> TableProposal:
    path = folder / "table.csv"
    path.write_bytes(text.encode(encoding))
    return look_at(path).proposal


def columns_of(proposal: TableProposal) -> dict[str, tuple[str, str]]:
    return {column.name: (column.channel, column.unit) for column in proposal.columns if column.channel}


@pytest.mark.parametrize(
    ("text", "built_in"),
    [(CLIMATE, "agc3-reference-climate"), (CONTROLS, "agc3-reference-controls"), (WEATHER, "agc3-weather")],
    ids=["climate", "controls", "weather"],
)
def test_a_climate_computers_table_is_proposed_as_its_map_has_it(tmp_path: Path, text: str, built_in: str) -> None:
    proposal = proposal_of(tmp_path, text)
    known = load_map(MAPS / f"{built_in}.toml").map
    expected = {each.name: (each.channel, convert_to_channel(each.channel, each.unit)) for each in known.column}
    found = {
        each.name: (each.channel, convert_to_channel(each.channel, each.unit or "1"))
        for each in proposal.columns
        if each.channel
    }
    assert found == expected
    assert proposal.time is not None
    # 2/1 may be a day of January: the next row, five minutes later, says that it is none.
    assert (proposal.time.column, proposal.time.format, proposal.time.zone) == ("Date", known.time.format, "")


def test_chinese_headings_with_units_in_brackets_are_proposed(tmp_path: Path) -> None:
    header = (
        "采集时间(北京时间);1号棚空气温度(℃);空气湿度（%RH）;土壤温度[°C];土壤水分(%);光照强度(lux);设定温度(℃);备注"
    )
    row = "2026-05-01 08:0{};21,5;66,0;18,2;31,5;12000;22,0;晴"
    proposal = proposal_of(tmp_path, "\n".join([header, row.format(0), row.format(5), ""]), "gb18030")
    assert columns_of(proposal) == {
        "1号棚空气温度(℃)": ("air_temperature_degc", "degC"),
        "空气湿度（%RH）": ("relative_humidity_pct", "%"),
        "土壤温度[°C]": ("soil_temperature_degc", "degC"),
        "土壤水分(%)": ("substrate_moisture_pct", "%"),
    }
    assert proposal.decimal == ","
    assert proposal.time is not None
    assert (proposal.time.format, proposal.time.zone) == ("iso8601", "+08:00")
    assert all(column.is_unit_stated for column in proposal.columns if column.channel)


def test_a_combines_table_has_grain_and_its_coordinates_are_of_the_named_system(tmp_path: Path) -> None:
    text = (
        "GPS time,经度(GCJ-02),纬度(GCJ-02),Swath Width(m),Crop Flow(t/h),Moisture(%),Elevation\n"
        "2026-06-01T08:00:00+08:00,113.42,34.75,4.2,18.5,14.1,95\n2026-06-01T08:00:01+08:00,113.43,34.75,4.2,18,14,96\n"
    )
    proposal = proposal_of(tmp_path, text)
    assert columns_of(proposal) == {
        "经度(GCJ-02)": ("longitude_deg", "deg"),
        "纬度(GCJ-02)": ("latitude_deg", "deg"),
        "Swath Width(m)": ("working_width_m", "m"),
        "Crop Flow(t/h)": ("harvest_flow_kg_min", "t/h"),
        "Moisture(%)": ("grain_moisture_pct", "%"),
        "Elevation": ("altitude_m", ""),
    }
    assert proposal.coordinates == "GCJ-02"


@pytest.mark.parametrize(
    ("cells", "time_format"),
    [
        (("01/02/2026 23:50", "02/02/2026 00:00"), "%d/%m/%Y %H:%M"),
        (("01/02/2026 23:50", "01/03/2026 00:00"), "%m/%d/%Y %H:%M"),
        (("01/02/2026 08:00", "01/02/2026 08:10"), ""),
        (("1777593600", "1777593900"), "epoch_s"),
        (("2026年05月01日 08:00", "2026年05月01日 08:05"), "%Y年%m月%d日 %H:%M"),
    ],
)
def test_the_format_of_the_time_is_the_one_in_which_rows_follow_one_another(
    tmp_path: Path, cells: tuple[str, str], time_format: str
) -> None:
    proposal = proposal_of(tmp_path, "".join(["时间,温度(℃)\n", *(f"{cell},20\n" for cell in cells)]))
    assert proposal.time is not None
    assert proposal.time.format == time_format


@pytest.mark.parametrize(
    "text",
    ["time,mass,dist\n0,16.5,116\n3,22.5,159\n", "Date,温度(℃),temperature target\n27/11/2032,a,20\n"],
    ids=["seconds", "words"],
)
def test_nothing_is_proposed_of_counters_words_and_set_points(tmp_path: Path, text: str) -> None:
    proposal = proposal_of(tmp_path, text)
    assert columns_of(proposal) == {}
    assert proposal.time is None


def test_a_unit_that_no_heading_states_is_one_in_which_every_cell_is_possible(tmp_path: Path) -> None:
    proposal = proposal_of(tmp_path, "time,RadSum,Tair\n2026-05-01 08:00,1800,20\n2026-05-01 08:05,1805,21\n")
    assert columns_of(proposal) == {
        "RadSum": ("radiation_sum_mj_m2", "J/cm2"),
        "Tair": ("air_temperature_degc", "degC"),
    }
    assert not any(column.is_unit_stated for column in proposal.columns)
