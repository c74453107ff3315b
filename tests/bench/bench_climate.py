"""How long the climate indices take: a year of 200 compartments by the day, and a day of one as a page asks for it.

Figures: seconds for every daily index of a year of five-minute samples of all compartments (budget 10 s), and
milliseconds for one compartment's day with all of its hours (budget 50 ms). The samples are synthetic, in memory;
numpy lets go of the interpreter, so that two threads share the compartments on two cores.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from headland.agronomy.air import Air
from headland.agronomy.air_indices import air_indices, day_indices
from headland.agronomy.condensation import Surface
from headland.agronomy.condensation_indices import condensation_indices, weigh_surfaces, wet_events
from headland.agronomy.disease import DOWNY_MILDEWS
from headland.agronomy.disease_indices import disease_indices
from headland.agronomy.index import Index
from headland.agronomy.light_indices import Light, light_indices, rolling_light
from headland.agronomy.sensor_health import judge_channel
from headland.agronomy.steps import STEP_MS, Periods, Values, bridge_holes, cut_periods, mean_by_step
from headland.agronomy.sun import is_day

START_MS = 1_735_689_600_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
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
        flags, _ = judge_channel(channel, periods.time_ms, value)
        grid[channel] = bridge_holes(mean_by_step(periods, periods.time_ms, np.where(flags <= 3, value, np.nan))[0])
    t, rh, leaf = (grid[c] for c in ("air_temperature_degc", "relative_humidity_pct", "leaf_temperature_degc"))
    air = Air(t, rh, leaf, by_day)
    margin = weigh_surfaces(
        [Surface("leaf", leaf), Surface("cover", grid["cover_temperature_degc"])], air.dew_degc
    )
    light = Light(grid["par_umol_m2_s"], "par_umol_m2_s", 1.0, "measured", by_day)
    rolling_light(light)
    wet_events(periods, margin)
    return [
        *air_indices(periods, air),
        *condensation_indices(periods, margin),
        *day_indices(days, air, 10.0, 30.0),
        *light_indices(days, light, 10.0, t),
        *disease_indices(days, air, DOWNY_MILDEWS),
    ]


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--compartments", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    houses = [make_samples(options.days, seed) for seed in range(min(options.compartments, 8))]
    days = cut_periods([START_MS + DAY_MS * day for day in range(options.days)], START_MS + DAY_MS * options.days)
    by_day = is_day(days.time_ms, LATITUDE_DEG, LONGITUDE_DEG)
    began_s = time.perf_counter()
    began_cpu_s = time.process_time()
    with ThreadPoolExecutor(options.threads) as pool:
        counts = pool.map(
            lambda each: len(compute(days, days, houses[each % len(houses)], by_day)), range(options.compartments)
        )
        indices = max(counts)
    year_s, processor_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    one_day = cut_periods([START_MS], START_MS + DAY_MS)
    hours = cut_periods([START_MS + HOUR_MS * hour for hour in range(24)], START_MS + DAY_MS)
    today = {channel: value[: one_day.steps] for channel, value in houses[0].items()}
    took_ms = []
    for _ in range(20):
        began_s = time.perf_counter()
        compute(hours, one_day, today, by_day[: one_day.steps])
        took_ms.append(1000 * (time.perf_counter() - began_s))
    figures = {
        "threads_count": options.threads,
        "compartments_count": options.compartments,
        "samples_count": options.compartments * len(houses[0]) * days.steps,
        "indices_count": indices,
        "year_of_all_s": round(year_s, 2),
        "year_of_all_processor_s": round(processor_s, 2),
        "day_of_one_ms": round(float(np.median(took_ms)), 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
