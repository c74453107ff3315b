"""Ten tasks of a data scientist, in three lines each at most, with the API's own numbers."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest

import headland
from headland.client import AsyncFarm, Farm, RequestRefused, UnknownName, things
from headland.client.api.records import Farm as Farmland
from headland.client.houses import Answers
from headland.client.windows import instant_ms, span_ms
from headland.contract.records import ChannelInfo, Descriptor
from headland.errors import SettingsError
from headland.store.memory import MemoryStore
from tests.api.farm import HOUSE, NOW_MS, OWN, START_MS, fill_farm, write_series
from tests.api.harvest.test_yields import SPREAD_MS
from tests.api.harvest.test_yields import farm as harvested  # noqa: F401 - a fixture
from tests.api.server import body_of
from tests.api.spread_field import declaration, serve_spread_field
from tests.floors.modules import ROOT

PAGE = ROOT / "docs" / "how-to" / "python-client.md"
#: Names of the page's farm, by those of the tests'.
NAMES = {
    '"Equator"': '"jurong-wheat"',
    "field.passes(start=SPREAD_MS - HOUR_MS, end=SPREAD_MS + DAY_MS)": "field.passes()",
}

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def write_week(store: MemoryStore, device: str) -> None:
    """Keep a greenhouse for eight days, every five minutes, warm and less humid at noon."""
    times = np.arange(NOW_MS - 8 * DAY_MS, NOW_MS, 300_000)
    wave = np.sin(2 * np.pi * (times % DAY_MS) / DAY_MS)
    columns = {
        "air_temperature_degc": 22.0 + 6.0 * wave,
        "relative_humidity_pct": 85.0 - 12.0 * wave,
        "co2_ppm": 600.0 + 100.0 * wave,
        "par_umol_m2_s": np.maximum(0.0, 900.0 * wave),
    }
    write_series(store, OWN, "home", "greenhouse", device, times, columns)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    store = fill_farm()
    write_week(store, "greenhouse-1")
    store.describe(OWN, "gw-1", described("greenhouse-1"))
    with serve_spread_field(tmp_path_factory.mktemp("farm"), store) as api:
        body_of(api.client.post("/v1/passes", json=declaration(api)), 201)
        add_trial(api.client, api.ids["fields"])
        with headland.connect(str(api.client.base_url), "any", timeout_s=120) as client:
            yield client


@pytest.fixture(autouse=True)
def at_the_farms_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The served farm's present is a fixed one, and it judges no clock."""
    monkeypatch.setattr(things, "now_ms", lambda _: NOW_MS)


def described(device: str) -> Descriptor:
    units = {
        "air_temperature_degc": "degC",
        "relative_humidity_pct": "%",
        "co2_ppm": "ppm",
        "par_umol_m2_s": "umol/m2/s",
    }
    channels = {name: ChannelInfo(unit=unit, interval_s=300.0) for name, unit in units.items()}
    return Descriptor(device=device, kind="greenhouse", site="home", name=device, channels=channels)


def add_trial(client: httpx.Client, field: str) -> None:
    """Add a trial of four nitrogen rates in four blocks with its yields."""
    yields = {"name": "Grain mass", "trait": "yield", "method": "weighed", "unit": "t/ha"}
    variable = body_of(client.post("/v1/trial-variables", json=yields), 201)["id"]
    order = {
        "field": field, "name": "Nitrogen 2027", "kind": "rcbd", "replicates": 4, "seed": 7,
        "length_m": 12, "width_m": 4, "gap_m": 1,
        "latitude_deg": 31.9512, "longitude_deg": 119.1712, "heading_deg": 0, "variables": [variable],
        "treatments": [{"name": f"N{rate}", "rate_ha": rate * 2.17, "n_kg_ha": rate} for rate in (0, 90, 180, 270)],
    }  # fmt: skip
    made = body_of(client.post("/v1/trials", json=order), 201)["trial"]
    items = [
        {"plot": plot["number"], "variable": variable, "value": str(4 + plot["treatment"] + 0.1 * plot["block"])}
        for plot in made["plots"]
    ]
    body_of(client.post(f"/v1/trials/{made['id']}/observations", json={"items": items}), 201)


def week_of_vpd(farm: Farm) -> Any:
    return farm.greenhouse("greenhouse-1").climate(last="7d", by="hour").pandas().vpd_kpa


def applied_as_map(farm: Farm) -> Any:
    field = farm.field("Equator")
    return field.passes()[-1].as_applied(swath_m=5.0).geopandas()


def disease_against_humidity(farm: Farm) -> Any:
    house = farm.greenhouse("greenhouse-1")
    humidity = house.climate(last="7d", by="day").pandas()
    return house.disease(last="7d").pandas().combine_first(humidity)


def trial_means(farm: Farm) -> Any:
    return farm.trial("Nitrogen 2027").means("Grain mass").pandas().set_index("treatment").value


def light_by_day(farm: Farm) -> Any:
    return farm.greenhouse("greenhouse-1").light(last="7d", by="day").polars()


def samples_with_units(farm: Farm) -> Any:
    return farm.device("gh-1").series("co2_ppm", last="1h").xarray().co2_ppm


def condensation_hours(farm: Farm) -> Any:
    return farm.greenhouse("greenhouse-1").condensation(last="2d", by="day").pandas(evidence=True)


def verdict(farm: Farm) -> Any:
    passes = farm.field("Equator").passes()
    return passes[-1].verdict(swath_m=5.0)


def weather_by_day(farm: Farm) -> Any:
    return farm.site("home").weather(last="2d", by="day").pandas()


def yield_against_applied(farm: Farm) -> Any:
    field = farm.field("East")
    spread = field.passes(start=SPREAD_MS - HOUR_MS, end=SPREAD_MS + DAY_MS)[-1]
    return field.yield_against(spread, season=field.seasons()[-1].id, swath_m=12.0).pandas()


TASKS = (
    week_of_vpd, applied_as_map, disease_against_humidity, trial_means, light_by_day, samples_with_units,
    condensation_hours, verdict, weather_by_day, yield_against_applied,
)  # fmt: skip


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_a_task_is_three_lines_without_a_name_in_brackets(task: Any) -> None:
    (function,) = ast.parse(inspect.getsource(task)).body
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) <= 3
    keys = [node.slice for node in ast.walk(function) if isinstance(node, ast.Subscript)]
    assert not any(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in keys)
    assert len(TASKS) == 10
    # The page shows what is tested.
    lines = [line.strip().removeprefix("return ") for line in inspect.getsource(task).splitlines()[1:]]
    text = "\n".join(lines).strip()
    for own, shown in NAMES.items():
        text = text.replace(own, shown)
    assert text in PAGE.read_text(encoding="utf-8")


def raw(farm: Farm, path: str, **query: Any) -> Any:
    return farm.get(path, **query)


def answers_of(body: Any, name: str) -> list[float | None]:
    return [item["answers"].get(name, {}).get("value") for item in body["items"]]


def plain(values: Any) -> list[float | None]:
    return [None if value is None or value != value else float(value) for value in values]


def test_a_week_of_vpd_is_the_answer_of_the_api_and_knows_its_unit(farm: Farm) -> None:
    found = week_of_vpd(farm)
    body = raw(farm, "/v1/greenhouses/greenhouse-1/climate", start=NOW_MS - 7 * DAY_MS, end=NOW_MS, by="hour")
    assert plain(found) == answers_of(body, "vpd_kpa")
    assert len(found) >= 168
    assert sum(value is not None for value in plain(found)) >= 160
    frame = farm.greenhouse("greenhouse-1").climate(last="7d", by="hour", end=NOW_MS)
    first = body["items"][0]["answers"]["vpd_kpa"]
    known = frame.pandas().attrs["columns"]["vpd_kpa"]
    assert known["units"] == first["unit"] == "kPa"
    assert known["method"] == f"{first['method']['id']} {first['method']['version']}"
    assert known["coverage"] == min(item["answers"]["vpd_kpa"]["coverage"] for item in body["items"])
    assert known["quality"] == max(item["answers"]["vpd_kpa"]["quality"] for item in body["items"])
    assert frame.pandas().attrs["simulated"] is body["simulated"]
    assert frame.pandas().index[0].timestamp() * 1000 == body["items"][0]["window"]["start_ms"]


def test_units_survive_to_xarray_of_a_frame_that_was_changed(farm: Farm) -> None:
    frame = farm.greenhouse("greenhouse-1").climate(last="7d", by="hour", end=NOW_MS).pandas()
    for made in (frame, frame[frame.vpd_kpa > 0.5], frame.resample("6h").mean()):
        cube = made.to_xarray()
        assert cube.vpd_kpa.attrs["units"] == "kPa"
        assert cube.vpd_kpa.attrs["simulated"] in (True, False)
        assert cube.sizes["time"] == len(made)


def test_the_map_of_a_pass_has_the_cells_and_rates_of_the_api(farm: Farm) -> None:
    found = applied_as_map(farm)
    passed = raw(farm, f"/v1/fields/{farm.field('Equator').name}/passes", start=START_MS - HOUR_MS, end=NOW_MS)
    path = f"/v1/passes/{passed['items'][-1]['id']}/as-applied"
    known = raw(farm, path, format="geojson", swath_m=5.0)
    assert found.crs.to_epsg() == 4326
    assert plain(found.rate_ha) == [feature["properties"]["rate_ha"] for feature in known["features"]]
    assert found.attrs["columns"]["rate_ha"]["units"] == known["unit"]
    assert found.attrs["simulated"] is known["simulated"]
    assert found.geometry.iloc[0].bounds[0] == known["features"][0]["geometry"]["coordinates"][0][0][0]
    assert verdict(farm).text == raw(farm, path.replace("as-applied", "verdict"), swath_m=5.0)["text"]


def test_disease_and_humidity_stand_side_by_side(farm: Farm) -> None:
    found = disease_against_humidity(farm)
    body = raw(farm, "/v1/greenhouses/greenhouse-1/disease", start=NOW_MS - 7 * DAY_MS, end=NOW_MS)
    names = list(body["items"][0]["answers"])
    assert set(names) <= set(found.columns)
    assert all(plain(found[name]) == answers_of(body, name) for name in names)
    assert found.vpd_kpa.notna().sum() >= 7


def test_the_other_answers_about_a_house_and_its_weather_are_those_of_the_api(farm: Farm) -> None:
    week = {"start": NOW_MS - 7 * DAY_MS, "end": NOW_MS, "by": "day"}
    light = raw(farm, "/v1/greenhouses/greenhouse-1/light", **week)
    found = light_by_day(farm)
    for name in light["items"][0]["answers"]:
        assert plain(found.get_column(name)) == answers_of(light, name)
        assert found.attrs["columns"][name]["units"] == light["items"][0]["answers"][name]["unit"]
    wet = raw(farm, "/v1/greenhouses/greenhouse-1/condensation", **{**week, "start": NOW_MS - 2 * DAY_MS})
    hours = condensation_hours(farm)
    for name in wet["items"][0]["answers"]:
        assert plain(hours[name]) == answers_of(wet, name)
        assert list(hours[f"{name}.quality"]) == [item["answers"][name]["quality"] for item in wet["items"]]
    weather = raw(farm, "/v1/sites/home/weather", start=NOW_MS - 2 * DAY_MS, end=NOW_MS, by="day")
    assert len(weather_by_day(farm)) == len(weather["items"])


def test_samples_are_an_array_with_a_unit(farm: Farm) -> None:
    found = samples_with_units(farm)
    body = raw(farm, f"/v1/devices/{HOUSE}/series", channel="co2_ppm", start=NOW_MS - HOUR_MS, end=NOW_MS)
    assert plain(found.values) == body["channels"]["co2_ppm"]
    assert found.attrs["units"] == "ppm"
    assert found.time.values.astype("datetime64[ms]").astype(int).tolist() == body["time_ms"]


def test_means_of_a_trial_are_those_of_the_api(farm: Farm) -> None:
    found = trial_means(farm)
    trial = farm.trial("Nitrogen 2027")
    [variable] = [each.id for each in farm.api.list_trial_variables() if each.name == "Grain mass"]
    body = raw(farm, f"/v1/trials/{trial.name}/result", variable=variable)
    assert found.to_dict() == {mean["treatment"]: mean["value"] for mean in body["means"]}
    assert found["N270"] > found["N0"]
    assert trial.means("Grain mass").pandas().attrs["columns"]["value"]["units"] == "t/ha"


def test_an_unknown_name_is_told_with_those_that_there_are(farm: Farm) -> None:
    with pytest.raises(UnknownName, match=r"There is no field 'Mars': there are .*Equator"):
        farm.field("Mars")
    with pytest.raises(RequestRefused, match="gh-404"):
        farm.greenhouse("gh-404").climate(last="7d")


def test_a_notebook_shows_a_frame_and_a_record_and_no_name_as_html(farm: Farm) -> None:
    shown = farm.greenhouse("greenhouse-1").climate(last="7d", by="hour", end=NOW_MS)._repr_html_()
    assert "vpd_kpa [kPa]" in shown
    assert "Equator" in farm.field("Equator")._repr_html_()
    made = Farmland(name="<script>alert(1)</script>", longitude_deg=1.0, latitude_deg=1.0)
    assert "<script>" not in made._repr_html_()


def test_an_awaited_answer_is_the_same_frame(farm: Farm) -> None:
    url = str(farm._connection.http.base_url)

    async def ask() -> Any:
        async with AsyncFarm(url, "any") as other:
            return Answers(await other.api.get_climate("greenhouse-1", start=NOW_MS - DAY_MS, end=NOW_MS, by="hour"))

    found = asyncio.run(ask())
    assert found.columns == farm.greenhouse("greenhouse-1").climate(last="24h", by="hour", end=NOW_MS).columns


@pytest.mark.long
def test_yield_against_applied_is_the_answer_of_the_api(harvested: Any) -> None:  # noqa: F811
    api, field, seasons, _ = harvested
    with headland.connect(str(api.client.base_url), "any", timeout_s=120) as client:
        found = yield_against_applied(client)
        [spread] = client.field("East").passes(start=SPREAD_MS - HOUR_MS, end=SPREAD_MS + DAY_MS)
        query = {"season": seasons[2], "pass_id": spread.name, "swath_m": 12.0}
        body = raw(client, f"/v1/fields/{field}/yield/against-applied", **query)
        assert found.applied_ha.tolist() == [cell["applied_ha"] for cell in body["items"]]
        assert found.yield_t_ha.tolist() == [cell["yield_t_ha"] for cell in body["items"]]
        assert found.attrs["columns"]["applied_ha"]["units"] == "kg/ha"


@pytest.mark.parametrize(
    ("span", "length_ms"),
    [("7d", 7 * DAY_MS), ("24h", DAY_MS), ("1.5h", 5_400_000), ("30min", 1_800_000), ("2w", 14 * DAY_MS)],
)
def test_a_span_is_read(span: str, length_ms: int) -> None:
    assert span_ms(span) == span_ms(timedelta(milliseconds=length_ms)) == length_ms


@pytest.mark.parametrize("span", ["7", "d", "-7d", "0h", "7 days ago", "", timedelta(0), timedelta(hours=-1)])
def test_what_is_no_span_is_refused_with_the_forms(span: Any) -> None:
    with pytest.raises(ValueError, match="span"):
        span_ms(span)


def test_an_instant_without_a_zone_is_refused() -> None:
    assert instant_ms("2026-11-24T08:00:00Z") == instant_ms(datetime(2026, 11, 24, 8, tzinfo=UTC)) == 1795507200000
    with pytest.raises(ValueError, match="time zone"):
        instant_ms("2026-11-24T08:00:00")


@pytest.mark.parametrize(("library", "frame"), [("pandas", "pandas"), ("polars", "polars"), ("xarray", "xarray")])
def test_a_library_that_is_not_installed_is_named_with_the_remedy(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, library: str, frame: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    answers = farm.greenhouse("greenhouse-1").climate(last="2h")
    with pytest.raises(SettingsError, match=rf"{library} is not installed: pip install 'headland\[frames\]'"):
        getattr(answers, frame)()
