"""The base near Wuhan with the truth beside it: sensors that err, through store and API, against what really was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.scenarios import house_named
from headland.contract.records import Descriptor
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series
from tests.api.server import body_of, own_app, serve

#: Two winter days near Wuhan, from local midnight (UTC+8): 2026-01-10 and 11.
START_MS = 1_767_974_400_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAYS = 2
STEP_MS = 20_000
READ_MS = 60_000
SCENARIO = house_named("hubei-greenhouses")
UNITS = len(SCENARIO.compartments)
#: Which of the planted faults takes a sensor out that the climate indices rest on.
STUCK = next(fault for fault in SCENARIO.planted if fault.kind == "stuck")
DEAD = next(fault for fault in SCENARIO.planted if fault.kind == "dead")


@dataclass(frozen=True, slots=True)
class Farm:
    """A client of the API, and the true values: by name, steps of `STEP_MS` by units."""

    client: httpx.Client
    truth: dict[str, np.ndarray]

    def ask(self, unit: int, about: str, **params: Any) -> Any:
        window = {"start": START_MS, "end": START_MS + DAYS * DAY_MS}
        return body_of(self.client.get(f"/v1/greenhouses/{name(unit)}/{about}", params={**window, **params}))


def name(unit: int) -> str:
    return f"greenhouse-{unit}"


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    house = Compartments(SCENARIO, 1, START_MS, step_ms=STEP_MS)
    kept = ("vpd_kpa", "par_umol_m2_s", "leaf_condensation_margin_k", "cover_condensation_margin_k")
    truth: dict[str, list[np.ndarray]] = {each: [] for each in kept}
    readings: list[list[Any]] = [[] for _ in range(UNITS)]
    times: list[int] = []
    while house.time_ms < START_MS + DAYS * DAY_MS:
        for each in kept:
            truth[each].append(house.truth[each])
        if house.time_ms % READ_MS == 0:
            times.append(house.time_ms)
            for unit in range(UNITS):
                readings[unit].append(house.readings(unit + 1))
        house.step()
    store = MemoryStore()
    for unit in range(UNITS):
        channels = {
            channel: np.array([np.nan if r[channel] is None else r[channel] for r in readings[unit]], np.float64)
            for channel in readings[unit][0]
        }
        for channel, values in channels.items():
            told = np.isfinite(values)
            write_series(
                store, OWN, "wuhan", "greenhouse", name(unit + 1), np.array(times)[told],
                {channel: values[told]}, simulated=True,
            )  # fmt: skip
        place = SCENARIO.place
        store.describe(
            OWN,
            "gw-1",
            Descriptor(
                device=name(unit + 1), kind="greenhouse", site="wuhan", name=name(unit + 1), simulated=True,
                latitude_deg=place.latitude_deg, longitude_deg=place.longitude_deg,
            ),
        )  # fmt: skip
    end_ms = START_MS + DAYS * DAY_MS
    app = own_app(store, now_ms=lambda: end_ms)
    with serve(app) as client:
        yield Farm(client, {each: np.array(rows) for each, rows in truth.items()})


def by_hour(column: np.ndarray) -> np.ndarray:
    return column.reshape(DAYS * 24, -1)


@pytest.mark.long
def test_condensation_hours_are_found_as_they_were(farm: Farm) -> None:
    found, true = [], []
    for unit in range(1, UNITS + 1):
        items = farm.ask(unit, "condensation", by="hour")["items"]
        for surface in ("leaf", "cover"):
            wet = [item["answers"][f"{surface}_condensation_h"]["value"] for item in items]
            assert None not in wet, f"compartment {unit}"
            really = by_hour(farm.truth[f"{surface}_condensation_margin_k"][:, unit - 1] <= 0.0).mean(axis=1)
            found.append(np.array(wet, np.float64))
            true.append(really)
    hours, really = np.concatenate(found), np.concatenate(true)
    both = np.minimum(hours, really).sum()
    print(f"precision {both / hours.sum():.3f} recall {both / really.sum():.3f} of {really.sum():.0f} h")
    assert really.sum() > 100.0
    assert both / hours.sum() >= 0.9
    assert both / really.sum() >= 0.9


@pytest.mark.long
def test_light_and_deficit_are_as_they_were_in_spite_of_noise_and_a_stuck_sensor(farm: Farm) -> None:
    light, deficit = [], []
    for unit in range(1, UNITS + 1):
        days = farm.ask(unit, "light", by="day")["items"]
        # Days are those of UTC here: no site is known. Only whole ones are compared.
        for item in days:
            first, end = ((item["window"][edge] - START_MS) // STEP_MS for edge in ("start_ms", "end_ms"))
            if first < 0 or end > DAYS * DAY_MS // STEP_MS or end - first < DAY_MS // STEP_MS:
                continue
            really = farm.truth["par_umol_m2_s"][first:end, unit - 1].sum() * STEP_MS / 1e9
            light.append(abs(item["answers"]["dli_mol_m2"]["value"] / really - 1.0))
        hours = farm.ask(unit, "climate", by="hour")["items"]
        really = by_hour(farm.truth["vpd_kpa"][:, unit - 1]).mean(axis=1)
        deficit.append(np.array([item["answers"]["vpd_kpa"]["value"] for item in hours], np.float64) - really)
    off = np.concatenate(deficit)
    print(f"DLI off at most {max(light):.4f}; VPD off at most {np.abs(off).max():.4f} kPa")
    assert len(light) >= UNITS
    assert max(light) <= 0.02
    assert np.abs(off).max() <= 0.05


@pytest.mark.long
def test_the_stuck_sensor_is_named_and_only_it(farm: Farm) -> None:
    named = []
    for unit in range(1, UNITS + 1):
        body = farm.ask(unit, "data-quality")
        for channel in body["devices"][0]["channels"]:
            named += [(unit, channel["channel"], f["test"]) for f in channel["findings"] if f["test"] != "spike"]
    print(named)
    assert (STUCK.unit, STUCK.channel, "flat_line") in named
    assert (DEAD.unit, DEAD.channel, "silent") in named
    assert {n for n in named if n[2] == "flat_line"} == {(STUCK.unit, STUCK.channel, "flat_line")}
    # Every roof sensor lacks a shield; no other thermometer may be blamed for that.
    heated = {(unit, channel) for unit, channel, test in named if test == "sun_heated"}
    assert all(channel == "air_temperature_degc:2" for _, channel in heated)


@pytest.mark.long
def test_what_was_left_out_is_said_beside_the_index(farm: Farm) -> None:
    body = farm.ask(STUCK.unit, "climate", by="day")
    assert any(one["channel"] == STUCK.channel and one["left_out"] for one in body["left_out"])
    answer = body["items"][1]["answers"]["vpd_kpa"]
    assert answer["evidence"] == "measured_twin"
    assert answer["simulated"] is True
