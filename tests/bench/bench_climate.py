"""How long the climate indices take: a year of 200 compartments by the day, and a day of one as a page asks for it.

Figures: seconds for every daily index of a year of five-minute samples of all compartments (budget 10 s), in memory;
numpy lets go of the interpreter, so that two threads share the compartments on two cores. Milliseconds for one
compartment's day with all of its hours, in memory; and for the whole HTTP request of a page for a day of a house
(budget 50 ms) and a week: a DuckDB file with a month of samples a minute of all houses, a registry with their zones.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np

from api.app import create_app
from headland.agronomy.climate.air import Air, Thresholds, air_indices, day_indices
from headland.agronomy.climate.condensation import Surface, condensation_indices, weigh_surfaces, wet_events
from headland.agronomy.climate.disease import DOWNY_MILDEWS, disease_indices
from headland.agronomy.climate.leaf_wetness import LeafMargin
from headland.agronomy.climate.light import Light, light_indices, rolling_light
from headland.agronomy.climate.sun import is_day
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import Index
from headland.agronomy.series.sensor_health import check_channel
from headland.agronomy.series.time_grid import STEP_MS, Periods, fill_gaps, make_periods, mean_by_step
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Farm, Greenhouse, GreenhouseZone, Site
from headland.registry.registry import open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Points, SeriesKey, Store, WriteBatch
from tests.api.server import serve

START_MS = 1_735_689_600_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MONTH_DAYS = 30
LATITUDE_DEG, LONGITUDE_DEG = 30.55, 114.35


def make_samples(days: int, seed: int) -> dict[str, Values]:
    """Return a year of one compartment: daily and yearly waves, noise, and a hole here and there."""
    random = np.random.default_rng(seed)
    count = days * DAY_MS // STEP_MS
    day = np.arange(count) * STEP_MS / DAY_MS
    wave = np.sin(2 * np.pi * (day - 0.3))
    air = 18.0 + 6.0 * wave + 4.0 * np.sin(2 * np.pi * day / 365) + random.normal(0, 0.1, count)
    humidity = np.clip(78.0 - 18.0 * wave + random.normal(0, 1.0, count), 0, 100)
    air[random.random(count) < 0.001] = np.nan
    return {
        "air_temperature_degc": air,
        "relative_humidity_pct": humidity,
        "leaf_temperature_degc": air - 0.8 + random.normal(0, 0.1, count),
        "cover_temperature_degc": air - 4.0 + random.normal(0, 0.2, count),
        "par_umol_m2_s": np.maximum(700.0 * wave, 0.0),
    }


def compute(periods: Periods, days: Periods, samples: dict[str, Values], by_day: np.ndarray) -> list[Index]:
    """Do all of it for one compartment: judge the samples, put them on the grid, and compute every index."""
    grid: dict[str, Values] = {}
    for channel, value in samples.items():
        flags, _ = check_channel(channel, periods.time_ms, value)
        grid[channel] = fill_gaps(mean_by_step(periods, periods.time_ms, np.where(flags <= 3, value, np.nan))[0])
    t, rh, leaf = (grid[c] for c in ("air_temperature_degc", "relative_humidity_pct", "leaf_temperature_degc"))
    air = Air(t, rh, leaf, by_day)
    margin = weigh_surfaces([Surface("leaf", leaf), Surface("cover", grid["cover_temperature_degc"])], air.dew_degc)
    light = Light(grid["par_umol_m2_s"], "par_umol_m2_s", 1.0, "measured", by_day)
    rolling_light(light)
    wet_events(periods, margin)
    return [
        *air_indices(periods, air),
        *condensation_indices(periods, margin),
        *day_indices(days, air, Thresholds(10.0, 30.0)),
        *light_indices(days, light, 10.0, t),
        *disease_indices(days, air, LeafMargin(margin.surfaces[0], leaf - air.dew_degc), DOWNY_MILDEWS),
    ]


def ask_pages(folder: Path, houses: int) -> dict[str, float]:
    """Return how long a page waits for a house: a day and a week of it, through HTTP, store and registry."""
    end_ms = START_MS + MONTH_DAYS * DAY_MS
    registry = open_registry(f"sqlite:///{folder}/registry.sqlite")
    repositories = registry.repositories(registry.add_organisation("bench", "Bench", "bench").id, "bench")
    store = DuckDBStore(folder / "farm.duckdb")
    fill(store, repositories, houses)
    app = create_app(
        store, organisation="bench", readiness=list, counters=dict, now_ms=lambda: end_ms, registry=registry
    )  # fmt: skip
    found: dict[str, float] = {"request_points_count": float(sum(each.points for each in [store.info()]))}
    with serve(app) as client:
        for name, days in (("day", 1), ("week", 7)):
            took_ms, sizes = [], []
            for ask in range(20):
                params = {"start": end_ms - days * DAY_MS, "end": end_ms, "width": 1000}
                began_s = time.perf_counter()
                answer = client.get(f"/v1/greenhouses/gh-{ask % houses}/overview", params=params)
                took_ms.append(1000 * (time.perf_counter() - began_s))
                sizes.append(len(answer.content))
                answer.raise_for_status()
            found[f"request_{name}_median_ms"] = round(statistics.median(took_ms[2:]), 1)
            found[f"request_{name}_worst_ms"] = round(max(took_ms[2:]), 1)
            found[f"request_{name}_bytes"] = float(max(sizes))
    store.close()
    registry.close()
    return found


def fill(store: Store, repositories: OrganisationRepositories, houses: int) -> None:
    """Store a month of samples a minute of all houses, each in a zone of a greenhouse."""
    farm = repositories.farms.add(Farm(name="Home"))
    site = repositories.sites.add(
        Site(
            farm=farm.id, name="home", time_zone="Asia/Shanghai", latitude_deg=LATITUDE_DEG, longitude_deg=LONGITUDE_DEG
        )
    )
    kept = repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name="House", cover="film"))
    minutes = MONTH_DAYS * 1440
    time_ms = START_MS + 60_000 * np.arange(minutes, dtype=np.int64)
    for house in range(houses):
        zone = repositories.zones.add(GreenhouseZone(greenhouse=kept.id, name=f"zone {house}", crop="tomato"))
        five = make_samples(MONTH_DAYS, house)
        more = {
            "co2_ppm": 420.0,
            "outside_temperature_degc": 8.0,
            "global_radiation_w_m2": 150.0,
            "vent_open_pct": 10.0,
        }
        random = np.random.default_rng(house)
        columns = {name: np.repeat(value, 5) for name, value in five.items()}
        columns |= {name: np.full(minutes, value) for name, value in more.items()}
        told = Descriptor(
            device=f"gh-{house}", kind="greenhouse", site="home", name=f"House {house}",
            channels={name: ChannelInfo(unit="1") for name in columns},
        )  # fmt: skip
        for name, value in columns.items():
            noisy = value + random.normal(0.0, 0.01, minutes)
            fit = np.isfinite(noisy)
            key = SeriesKey("bench", "home", "greenhouse", told.device, name)
            count = int(fit.sum())
            points = Points([key], np.zeros(count, np.int32), time_ms[fit], noisy[fit], np.ones(count, np.uint8))
            store.write(WriteBatch(points))
        store.describe("bench", "gw", told)
        repositories.devices.change(msgspec.structs.replace(repositories.record_descriptor("gw", told), zone=zone.id))


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--compartments", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--houses", type=int, default=12)
    options = parser.parse_args()
    houses = [make_samples(options.days, seed) for seed in range(min(options.compartments, 8))]
    days = make_periods([START_MS + DAY_MS * day for day in range(options.days)], START_MS + DAY_MS * options.days)
    by_day = is_day(days.time_ms, LATITUDE_DEG, LONGITUDE_DEG)
    began_s = time.perf_counter()
    began_cpu_s = time.process_time()
    with ThreadPoolExecutor(options.threads) as pool:
        counts = pool.map(
            lambda each: len(compute(days, days, houses[each % len(houses)], by_day)), range(options.compartments)
        )
        indices = max(counts)
    year_s, processor_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    one_day = make_periods([START_MS], START_MS + DAY_MS)
    hours = make_periods([START_MS + HOUR_MS * hour for hour in range(24)], START_MS + DAY_MS)
    today = {channel: value[: one_day.steps] for channel, value in houses[0].items()}
    took_ms = []
    for _ in range(20):
        began_s = time.perf_counter()
        compute(hours, one_day, today, by_day[: one_day.steps])
        took_ms.append(1000 * (time.perf_counter() - began_s))
    with tempfile.TemporaryDirectory() as folder:
        asked = ask_pages(Path(folder), options.houses)
    figures = {
        "threads_count": options.threads,
        "compartments_count": options.compartments,
        "samples_count": options.compartments * len(houses[0]) * days.steps,
        "indices_count": indices,
        "year_of_all_s": round(year_s, 2),
        "year_of_all_processor_s": round(processor_s, 2),
        "day_of_one_ms": round(float(np.median(took_ms)), 2),
        **asked,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
