"""Yield through the API: files of a combine are imported and stored, and asked for by passes, map, pass and years."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from api.schemas.harvest.yields import YieldBody, YieldStabilityBody
from edge.imports.machine.source import MachineSource
from headland.agronomy.geometry.local_plane import Plane
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.lots import Harvest as HarvestRecord
from headland.registry.models.lots import Lot
from headland.registry.models.models import Farm, Field, Season
from headland.registry.models.plant_protection import EvidenceClass
from headland.store.memory import MemoryStore
from tests.agronomy.harvest.simulated_harvest import EAST_M, LAG_S, NORTH_M, Harvest, harvest
from tests.api.farm import OWN, write_series
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import SPREADER, serve_spread_field
from tests.edge.imports.machine.test_machine_source import Kept, write

PLANE = Plane(31.95, 119.17)
DAY_MS = 86_400_000
#: Noon of the harvests, one a year; the last is within 60 days of the present of the farm.
HARVESTS = [datetime(year, 10, 20, 12, tzinfo=UTC) for year in (2024, 2025, 2026)]
SPREAD_MS = int(datetime(2026, 6, 1, 8, tzinfo=UTC).timestamp() * 1000)
COLUMNS = [("IsoTime", "C"), ("DISTANCE", "N"), ("SWATHWIDTH", "N"), ("WetMass", "N"), ("Moisture", "N")]
ABOUT = {
    "Operation": "Harvest",
    "MachineUsage": {"1": {"MachineSerial": "H7"}},
    "DataAttributes": [
        {"Name": name, "Unit": unit}
        for name, unit in (("DISTANCE", "m"), ("SWATHWIDTH", "m"), ("WetMass", "kg1ha-1"), ("Moisture", "prcnt"))
    ],
}


def write_file(path: Path, made: Harvest, start_ms: int) -> Path:
    """Write what a combine's display exports: rows while it cuts, the wet mass per hectare of that moment's flow."""
    points = made.points
    latitude, longitude = PLANE.to_degrees(points.east_m, points.north_m)
    places, rows = [], []
    for at in np.flatnonzero(points.cutting).tolist():
        length = float(points.speed_m_s[at])
        rate = points.flow_kg_s[at] / max(length * points.width_m[at], 1e-6) * 10_000.0
        instant = datetime.fromtimestamp((start_ms + int(points.time_ms[at])) / 1000, UTC)
        rows.append(
            {
                "IsoTime": instant.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "DISTANCE": length, "SWATHWIDTH": float(points.width_m[at]), "WetMass": float(rate), "Moisture": 18.0,
            }
        )  # fmt: skip
        places.append((float(longitude[at]), float(latitude[at])))
    return write(path, COLUMNS, rows, ABOUT, places)


def spread(store: MemoryStore, seed: int) -> None:
    """Spread the field in strips of 12 m, 100 kg/ha on average, more to the east."""
    step_s, speed = 1, 4.0
    east, north, flow, on = [], [], [], []
    for number in range(round(EAST_M / 6.0 / 2)):
        along = np.arange(0.0, NORTH_M + 1e-6, speed * step_s)
        rate = 60.0 + 10.0 * number + 20.0 * np.sin(along / 17.0 + seed)
        turn = 6
        east += [6.0 + 12.0 * number] * (len(along) + turn)
        way = along if number % 2 == 0 else along[::-1]
        north += [*way, *[way[-1]] * turn]
        flow += [*(rate * 12.0 * speed / 10_000.0 * 60.0), *[0.0] * turn]
        on += [*[1.0] * len(along), *[0.0] * turn]
    latitude, longitude = PLANE.to_degrees(np.array(east), np.array(north))
    columns = {"latitude_deg": latitude, "longitude_deg": longitude, "pump_on": np.array(on)}
    columns["mass_flow_kg_min"] = np.array(flow)
    write_series(store, OWN, "home", "drone", "uav-yield", SPREAD_MS + 1000 * np.arange(len(east)), columns)
    channels = {"mass_flow_kg_min": ChannelInfo(unit="kg/min")}
    store.describe(
        OWN, "gw-1", Descriptor(device="uav-yield", kind="drone", site="home", name="uav-yield", channels=channels)
    )


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RegistryApi, str, list[str], list[Harvest]]]:
    folder = tmp_path_factory.mktemp("yields")
    store, made = MemoryStore(), []
    for number, day in enumerate(HARVESTS):
        made.append(harvest(number))
        kept = Kept()
        source = MachineSource(write_file(folder / f"{number}.zip", made[-1], int(day.timestamp() * 1000)), "home")
        source.run(kept)  # type: ignore[arg-type]  # it takes no events
        times = np.array([each.time_ms for each in kept.readings])
        for channel in sorted({name for each in kept.readings for name in each.values}):
            has = [at for at, each in enumerate(kept.readings) if each.values.get(channel) is not None]
            column = np.array([kept.readings[at].values[channel] for at in has], np.float64)
            write_series(store, OWN, "home", "machine", "machine-h7", times[has], {channel: column})
        store.describe(OWN, "gw-1", kept.descriptors[0])
    spread(store, 0)
    south, west = (float(edge) for edge in PLANE.to_degrees(np.array(0.0), np.array(0.0)))
    north, east = (float(edge) for edge in PLANE.to_degrees(np.array(EAST_M), np.array(NORTH_M)))
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    with serve_spread_field(folder, store) as api:
        repositories = api.repositories
        repositories.record_descriptor("gw-1", msgspec.structs.replace(kept.descriptors[0]))
        farm_id = repositories.farms.add(Farm(name="Jurong", longitude_deg=west, latitude_deg=south)).id
        field = repositories.fields.add(Field(farm=farm_id, name="East", geometry=((ring,),)))
        seasons = [
            repositories.seasons.add(
                Season(field=field.id, name=str(day.year), crop="rice", harvest_date=date(day.year, 10, 20))
            ).id
            for day in HARVESTS
        ]
        yield api, field.id, seasons, made


def get(farm: tuple[RegistryApi, str, list[str], list[Harvest]], path: str, **query: Any) -> dict[str, Any]:
    api, field = farm[:2]
    answer = api.client.get(f"/v1/fields/{field}/{path}", params=query, timeout=60)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_combine_s_file_is_a_harvest_pass_and_applies_nothing(farm: Any) -> None:
    (passed,) = get(farm, "harvest-passes")["items"]
    assert (passed["device"], passed["evidence"], passed["width_basis"]) == ("machine-h7", "measured_flow", "measured")
    assert passed["width_m"] == pytest.approx(6.0)
    assert get(farm, "passes", start=passed["start_ms"] - 1000, end=passed["end_ms"] + 1000)["items"] == []


def test_a_field_s_yield_is_that_which_was_cut_and_each_sample_is_kept_or_has_a_reason(farm: Any) -> None:
    found = get(farm, "yield", season=farm[2][2])
    msgspec.convert(found, YieldBody)
    (machine,) = found["machines"]
    assert machine["lag"]["basis"] == "fitted"
    assert machine["lag"]["applied_s"] == pytest.approx(LAG_S, abs=0.6)
    assert machine["samples"] == machine["kept"] + sum(machine["removed"].values())
    assert found["removed"] == machine["removed"]
    # What the last seconds of each strip cut arrives with the header up, when this display writes no rows.
    planted = farm[3][2].mass_kg / 1000.0
    assert 0.82 * planted < found["sensor_t"] < 1.01 * planted
    assert found["total"]["value"] == found["sensor_t"]
    assert (found["basis"], found["total"]["evidence"], found["simulated"]) == ("as_harvested", "measured_flow", False)
    assert found["mean"]["value"] == pytest.approx(planted / (EAST_M * NORTH_M) * 10_000.0, rel=0.03)
    assert found["mean_kg_mu"] == pytest.approx(found["mean"]["value"] * 1000 / 15)
    # The first row of each strip has no speed: how long it is, the file does not say.
    assert found["cut_m2"] == pytest.approx(EAST_M * NORTH_M, rel=0.04)
    assert 0.92 * planted < found["map_t"] < 1.02 * planted
    grid = np.array(found["grid"]["yield_t_ha"], np.float64)
    assert grid.shape == (found["rows"], found["columns"])
    assert 2.5 < np.nanmin(grid) < np.nanmean(grid) < np.nanmax(grid) < 10.0
    assert {each["id"] for each in found["methods"]} >= {"flow_lag_opposing", "yield_cleaning", "block_kriging_local"}


def test_a_weight_calibrates_the_map_and_a_wrong_one_is_refused(farm: Any) -> None:
    plain = get(farm, "yield", season=farm[2][2], format="summary")
    planted_kg = farm[3][2].mass_kg
    weighed = get(farm, "yield", season=farm[2][2], format="summary", weighed_kg=planted_kg)
    # The sensor missed what arrived with the header up; the cells together have the weight all the same.
    assert plain["sensor_t"] < 0.9 * planted_kg / 1000.0
    assert weighed["map_t"] == pytest.approx(planted_kg / 1000.0, rel=0.01)
    assert weighed["calibration"] == pytest.approx(weighed["map_t"] / plain["map_t"])
    assert weighed["total"]["value"] == pytest.approx(planted_kg / 1000.0)
    assert weighed["total"]["evidence"] == "declared"
    assert weighed["mean"]["value"] == pytest.approx(plain["mean"]["value"] * weighed["calibration"])
    assert weighed["grid"] is None
    dry = get(farm, "yield", season=farm[2][2], format="summary", weighed_kg=planted_kg, standard_moisture_pct=14.5)
    assert dry["total"]["value"] == pytest.approx(planted_kg / 1000.0 * 82.0 / 85.5)
    assert dry["map_t"] == pytest.approx(dry["total"]["value"], rel=0.01)
    api, field = farm[:2]
    wrong = api.client.get(f"/v1/fields/{field}/yield", params={"season": farm[2][2], "weighed_kg": 100.0})
    assert (wrong.status_code, wrong.json()["type"].rsplit(":", 1)[-1]) == (400, "weight-far-off")


def test_a_map_is_scaled_to_what_the_field_s_harvest_records_weighed_and_says_so(farm: Any) -> None:
    api, field, seasons, _ = farm
    plain = get(farm, "yield", season=seasons[0], format="summary")
    assert plain["weighing"] == {
        "kg": None, "source": None, "harvests": [], "first_ms": None, "last_ms": None, "used": False,
        "reason": "no_harvest_records",
    }  # fmt: skip
    sensor_g = plain["sensor_t"] * 1e6
    time_ms = int(HARVESTS[0].timestamp() * 1000)
    lots = api.repositories.lots

    def weigh(grams: float, *, evidence: EvidenceClass = EvidenceClass.MEASURED, **named: Any) -> tuple[str, str]:
        harvest = HarvestRecord(
            field=field, crop="rice", time_ms=time_ms, grams=round(grams), author="Li", evidence=evidence
        )
        code = f"L{sum(1 for _ in lots.lots.all()):03d}"
        lot = Lot(code=code, product="rice", crop="rice", time_ms=time_ms, grams=round(grams))
        made, recorded = lots.record_harvest(msgspec.structs.replace(harvest, **named), lot)
        return made.id, recorded.operation.id

    def read(**query: Any) -> dict[str, Any]:
        return get(farm, "yield", season=seasons[0], format="summary", **query)

    told, operation = weigh(sensor_g, evidence=EvidenceClass.DECLARED)
    found = read()
    assert (found["weighing"]["reason"], found["calibration"]) == ("harvest_not_weighed", 1.0)
    assert (found["weighing"]["harvests"], found["weighed_kg"]) == ([told], None)
    lots.correct(operation, time_ms, "Li", "")
    # One record names the season, the other is of its crop and time; one of another crop is of neither.
    first, _ = weigh(0.7 * sensor_g, season=seasons[0], time_ms=time_ms + 90 * DAY_MS)
    second, _ = weigh(0.4 * sensor_g)
    weigh(sensor_g, crop="straw")
    found = read()
    assert sorted(found["weighing"]["harvests"]) == sorted([first, second])
    assert (found["weighing"]["source"], found["weighing"]["used"], found["weighing"]["reason"]) == (
        "harvests", True, None,
    )  # fmt: skip
    assert found["calibration"] == pytest.approx(found["map_t"] / plain["map_t"], rel=1e-6)
    assert found["map_t"] == pytest.approx(1.1 * plain["sensor_t"], rel=0.01)
    assert found["sensor_t"] == plain["sensor_t"]
    assert found["weighed_kg"] == pytest.approx(1100.0 * plain["sensor_t"], rel=1e-6)
    assert found["total"]["value"] == pytest.approx(found["weighed_kg"] / 1000.0)
    assert found["mean"]["value"] == pytest.approx(found["calibration"] * plain["mean"]["value"], rel=1e-6)
    assert found["total"]["evidence"] == "measured"
    by_sensor = read(scale="sensor")
    assert (by_sensor["weighing"]["reason"], by_sensor["total"]["value"]) == ("weight_not_asked", plain["sensor_t"])
    assert by_sensor["weighing"]["kg"] == found["weighed_kg"]
    given = read(weighed_kg=plain["sensor_t"] * 900.0)
    assert (given["weighing"]["source"], given["total"]["value"]) == ("given", pytest.approx(0.9 * plain["sensor_t"]))
    # Without a season nobody says which of the crops is meant.
    window = {"start": time_ms - DAY_MS, "end": time_ms + DAY_MS}
    assert get(farm, "yield", format="summary", **window)["weighing"]["reason"] == "harvest_of_several_crops"
    _, simulated = weigh(1000.0, evidence=EvidenceClass.SIMULATED)
    assert read()["weighing"]["reason"] == "harvest_simulated"
    lots.correct(simulated, time_ms, "Li", "")
    weigh(3.0 * sensor_g)
    found = read()
    assert (found["weighing"]["reason"], found["calibration"]) == ("weight_far_off", 1.0)
    assert found["total"]["value"] == plain["sensor_t"]
    listed = get(farm, "yield/seasons")["items"]
    assert [each["season"] for each in listed][: len(seasons)] == seasons
    assert listed[0]["start_ms"] < time_ms < listed[0]["end_ms"]


def test_grain_is_brought_to_a_moisture_when_that_is_asked_for(farm: Any) -> None:
    wet = get(farm, "yield", season=farm[2][2], format="summary")
    dry = get(farm, "yield", season=farm[2][2], format="summary", standard_moisture_pct=14.5)
    assert dry["basis"] == "standard_moisture"
    assert dry["total"]["value"] == pytest.approx(wet["total"]["value"] * 82.0 / 85.5)
    assert dry["mean"]["value"] == pytest.approx(wet["mean"]["value"] * 82.0 / 85.5, rel=1e-3)


def test_cells_and_samples_are_features_for_a_map(farm: Any) -> None:
    cells = get(farm, "yield", season=farm[2][2], format="geojson")
    assert len(cells["features"]) == sum(
        value > 0 for row in get(farm, "yield", season=farm[2][2])["grid"]["cut_m2"] for value in row
    )
    assert {"yield_t_ha", "error_t_ha", "cut_m2"} <= set(cells["features"][0]["properties"])
    points = get(farm, "yield", season=farm[2][2], format="points")
    reasons = [each["properties"]["reason"] for each in points["features"]]
    assert {name: reasons.count(name) for name in points["removed"]} == points["removed"]


def test_yield_against_a_pass_has_each_cell_and_an_interval(farm: Any) -> None:
    (spreading,) = get(farm, "passes", start=SPREAD_MS - 60_000, end=SPREAD_MS + DAY_MS)["items"]
    found = get(farm, "yield/against-applied", season=farm[2][2], pass_id=spreading["id"], swath_m=12.0)
    assert found["unit"] == "kg"
    assert found["cells"] == len(found["items"]) > 300
    assert found["blocks"] >= 8
    assert found["low_t_per_unit"] < found["slope_t_per_unit"] < found["high_t_per_unit"]
    mean = np.mean([cell["applied_ha"] for cell in found["items"]])
    assert mean == pytest.approx(60.0 + 10.0 * 3.75, rel=0.15)


def test_stability_takes_three_seasons_and_names_those_without_a_harvest(farm: Any) -> None:
    api, field, seasons, _ = farm
    found = get(farm, "yield/stability")
    msgspec.convert(found, YieldStabilityBody)
    assert [each["season"] for each in found["seasons"]] == seasons
    relative = np.array(found["grid"]["relative_pct"], np.float64)
    assert np.nanmean(relative) == pytest.approx(100.0, abs=0.5)
    assert found["cells"] == np.count_nonzero(np.isfinite(relative))
    api.repositories.seasons.add(Season(field=field, name="2022", crop="rice", harvest_date=date(2022, 10, 20)))
    api.repositories.seasons.add(Season(field=field, name="later", crop="rice"))
    again = get(farm, "yield/stability")
    reasons = {each["name"]: each["reason"] for each in again["seasons"]}
    assert (reasons["2022"], reasons["later"], reasons["2025"]) == ("no_harvest_telemetry", "no_season_dates", None)
    equator = api.ids["field"]
    few = api.client.get(f"/v1/fields/{equator}/yield/stability").json()
    assert (few["reason"], few["grid"], few["cells"]) == ("too_few_seasons", None, 0)


def test_questions_without_an_answer_say_why(farm: Any) -> None:
    api, field, seasons, _ = farm

    def refused(path: str, **query: Any) -> tuple[int, str]:
        answer = api.client.get(f"/v1/fields/{path}", params=query)
        return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]

    equator = api.ids["field"]
    assert refused(f"{equator}/yield") == (409, "no-harvest-telemetry")
    assert refused(f"{equator}/yield", season=seasons[0]) == (400, "other-field")
    assert refused(f"{field}/yield", season=seasons[0], start=1, end=2)[0] == 400
    assert refused(f"{field}/yield/against-applied", season=seasons[0], pass_id=f"{equator}~{SPREADER}~1")[0] == 404
