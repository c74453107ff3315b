"""Pure parts of the weather on the page: hours in columns, amounts by their steps, and places as they are sent."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from headland.formats.weather.provider import round_place
from headland.registry.models.weather import ForecastPlace
from headland.units_of_time import HOUR_MS
from tests.machine import find_program

pytestmark = pytest.mark.services("node", "typescript")

SOURCE: Final = Path(__file__).parents[2] / "dashboard" / "src"
RUN: Final = """
import { readFileSync } from "node:fs";
const made = await import(process.argv[2]);
const asked = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(asked.map(([name, ...given]) => made[name](...given))));
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules as JavaScript: they import nothing."""
    folder = tmp_path_factory.mktemp("weather")
    node, compiler = find_program("node"), find_program("typescript")
    assert node is not None
    assert compiler is not None
    options = ["--target", "es2022", "--module", "es2022", "--outDir", str(folder), "--ignoreConfig"]
    names = ("weather/hour_columns", "settings/sent_places", "field/declared_soil", "field/irrigation_rows")
    sources = [str(SOURCE / f"{name}.ts") for name in names]
    subprocess.run([node, compiler, *options, *sources], check=True, timeout=120)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.mjs").write_text(RUN)
    return folder


def ask(compiled: Path, module: str, *asked: list[Any]) -> list[Any]:
    """Return what functions of a module return."""
    (path,) = compiled.rglob(f"{module}.js")
    node = find_program("node")
    assert node is not None
    run = [node, str(compiled / "run.mjs"), str(path)]
    told = subprocess.run(run, input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=120)
    answers: list[Any] = json.loads(told.stdout)
    return answers


def hour(at: int, temperature: float | None, rain: tuple[float, int, int] | None) -> dict[str, Any]:
    """An hour with a temperature of an interval, and the step that its rain is of: amount, first hour, hours."""
    bounds = {"low": None, "high": None, "basis": "provider"}
    value = None if temperature is None else {**bounds, "value": temperature, "low": temperature - 1}
    step = None
    if rain is not None:
        amount, first, hours = rain
        step = {**bounds, "value": amount, "start_ms": first * HOUR_MS, "end_ms": (first + hours) * HOUR_MS}
    return {"start_ms": at * HOUR_MS, "temperature_degc": value, "rain_mm": step}


def test_an_amount_of_several_hours_is_one_step_and_never_split(compiled: Path) -> None:
    long = (6.0, 2, 6)
    hours = [hour(0, 3.0, (1.0, 0, 1)), hour(1, None, None), *(hour(at, 4.0, long) for at in range(2, 8))]
    steps, all_of_it, half, unsaid = ask(
        compiled,
        "hour_columns",
        ["stepsOf", hours, "rain_mm"],
        ["sumWithin", [hour(0, 3.0, (1.0, 0, 1))["rain_mm"], hour(2, 3.0, long)["rain_mm"]], 0, 8 * HOUR_MS],
        ["sumWithin", [hour(2, 3.0, long)["rain_mm"]], 0, 5 * HOUR_MS],
        ["sumWithin", [], 0, HOUR_MS],
    )
    assert [(each["start_ms"], each["end_ms"], each["value"]) for each in steps] == [
        (0, HOUR_MS, 1.0),
        (2 * HOUR_MS, 8 * HOUR_MS, 6.0),
    ]
    # Of one hour nothing is said.
    assert all_of_it == {"sum": 7.0, "unsaidMs": HOUR_MS}
    # Three of the six hours are within: no half of the rain is.
    assert half == {"sum": 0, "unsaidMs": 5 * HOUR_MS}
    assert unsaid == {"sum": 0, "unsaidMs": HOUR_MS}


def test_an_hour_without_a_value_is_a_gap_and_an_interval_is_shown_where_one_is_known(compiled: Path) -> None:
    hours = [hour(0, 3.0, None), hour(1, None, None)]
    columns, nothing = ask(
        compiled,
        "hour_columns",
        ["columnsOf", hours, "temperature_degc"],
        ["columnsOf", [hour(0, None, None)], "temperature_degc"],
    )
    # JSON has no NaN: a gap of the line is null.
    assert (columns["values"], columns["low"], columns["high"]) == ([3.0, None], [2.0, None], [None, None])
    assert (columns["hasRange"], columns["hasValues"]) == (True, True)
    assert (nothing["hasRange"], nothing["hasValues"]) == (False, False)


@pytest.mark.parametrize("decimals", [0, 1, 2, 4])
def test_the_page_says_the_places_that_the_station_sends(compiled: Path, decimals: int) -> None:
    places = [(31.953472, 119.168613), (-0.001, -0.004), (-33.87654, -70.00001), (59.99999, 179.99999)]
    farms = [{"id": "f", "latitude_deg": 31.95, "longitude_deg": 119.17}]
    sites = [{"farm": "f", "latitude_deg": latitude, "longitude_deg": longitude} for latitude, longitude in places]
    closed = {"farm": "f", "latitude_deg": 1.0, "longitude_deg": 1.0, "active": False}
    without = {"farm": "f", "latitude_deg": None, "longitude_deg": None}
    nowhere = {"farm": "other", "latitude_deg": None, "longitude_deg": None}
    (told,) = ask(compiled, "sent_places", ["sentPlaces", [*sites, closed, without, nowhere], farms, decimals])
    rounded = [
        round_place(ForecastPlace(latitude_deg=latitude, longitude_deg=longitude), decimals)
        for latitude, longitude in [*places, (31.95, 119.17)]
    ]
    said = [f"{place.latitude_deg:.{decimals}f}°, {place.longitude_deg:.{decimals}f}°" for place in rounded]
    assert told == list(dict.fromkeys(said))


def test_what_is_declared_of_a_soil_stands_in_the_address_as_it_was_entered(compiled: Path) -> None:
    declared = {"texture": "loam", "wetted": 0.3, "most_mm": 25, "irrigation": ["2026-07-01=30", "2026-07-09=12.5"]}
    (text, nothing) = ask(compiled, "declared_soil", ["writeDeclared", declared], ["writeDeclared", {}])
    textures = ["loam", "clay"]
    (back, wrong) = ask(
        compiled,
        "declared_soil",
        ["readDeclared", text, textures],
        ["readDeclared", "texture=gold&wetted=much&most_mm=&flow_m3_h=8", textures],
    )
    assert back == declared
    assert wrong == {"flow_m3_h": 8}
    assert nothing == ""
    given = ask(
        compiled,
        "declared_soil",
        ["readGiven", " 2026-07-01 30\n\n2026-07-09=12.5 "],
        ["readGiven", "2026-07-01 30\n2026-13-01 9"],
        ["readGiven", "July 30"],
    )
    assert given == [
        {"given": ["2026-07-01=30", "2026-07-09=12.5"], "wrong": None},
        {"given": [], "wrong": "2026-13-01 9"},
        {"given": [], "wrong": "July 30"},
    ]


def test_water_given_is_one_list_of_what_counts_what_does_not_and_what_no_balance_has(compiled: Path) -> None:
    given = [
        {"day": "2026-06-01", "amount_mm": 30.0, "source": "meter", "name": "meter-1", "counted": True},
        {"day": "2026-06-01", "amount_mm": 28.0, "source": "record", "name": "a", "counted": False},
        {"day": "2026-06-03", "amount_mm": 15.0, "source": "record", "name": "b", "counted": True},
        {"day": "2026-06-02", "amount_mm": 5.0, "source": "request", "name": "", "counted": True},
    ]
    records = [
        {"id": "a", "day": "2026-06-01", "zone": None, "amount_mm": 28.0, "volume_m3": None},
        {"id": "b", "day": "2026-06-03", "zone": "east", "amount_mm": None, "volume_m3": 60.0},
        {"id": "c", "day": "2026-05-01", "zone": None, "amount_mm": 20.0, "volume_m3": None},
        {"id": "d", "day": "2026-06-04", "zone": "west", "amount_mm": 9.0, "volume_m3": None},
    ]
    whole, east, none = ask(
        compiled,
        "irrigation_rows",
        ["rowsOf", given, records, None],
        ["rowsOf", given, records, "east"],
        ["rowsOf", [], records, "west"],
    )
    told = [(each["day"], each["source"], each["counted"]) for each in whole]
    assert told == [
        ("2026-06-04", "record", "outside"),
        ("2026-06-03", "record", "counted"),
        ("2026-06-02", "request", "counted"),
        ("2026-06-01", "meter", "counted"),
        ("2026-06-01", "record", "by_meter"),
        ("2026-05-01", "record", "outside"),
    ]
    assert (whole[1]["amountMm"], whole[1]["volumeM3"], whole[1]["record"]["id"]) == (15.0, 60.0, "b")
    assert [each["day"] for each in east if each["counted"] == "outside"] == ["2026-05-01"]
    # Without a balance all that was written down for the zone and the field is still there.
    assert [each["record"]["id"] for each in none] == ["d", "a", "c"]
    assert len({each["key"] for each in whole}) == len(whole)


def test_an_amount_is_a_depth_or_a_volume_and_cubic_metres_a_mu_are_a_depth(compiled: Path) -> None:
    told = ask(
        compiled, "irrigation_rows", ["amountOf", 40, "m3_mu"], ["amountOf", 60, "m3"], ["amountOf", 12.5, "mm"],
        ["declaredAmounts", ["2026-07-01=30", "2026-07-05=12.5"]],
    )  # fmt: skip
    assert told[:3] == [
        {"amount_mm": 60, "volume_m3": None},
        {"amount_mm": None, "volume_m3": 60},
        {"amount_mm": 12.5, "volume_m3": None},
    ]
    assert told[3] == [{"day": "2026-07-01", "amount_mm": 30}, {"day": "2026-07-05", "amount_mm": 12.5}]


def test_a_zone_takes_a_declared_soil_as_a_whole_and_keeps_what_was_not_declared(compiled: Path) -> None:
    zone = {"id": "z", "texture": "clay", "field_capacity_pct": 38, "wilting_point_pct": 20, "efficiency": 0.8}
    soil, pump = ask(
        compiled,
        "irrigation_rows",
        ["withDeclared", zone, {"texture": "loam", "start_depleted": 0.3, "irrigation": ["2026-07-01=30"]}],
        ["withDeclared", zone, {"flow_m3_h": 20, "hours_a_day": 8}],
    )
    assert soil == {**zone, "texture": "loam", "field_capacity_pct": None, "wilting_point_pct": None}
    assert pump == {**zone, "flow_m3_h": 20, "hours_a_day": 8}
