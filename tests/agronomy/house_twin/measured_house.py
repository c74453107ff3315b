"""Columns of a made-up measured house: a day like a cosine, vents by the sun, lamps of the early morning."""

from __future__ import annotations

import numpy as np

from headland.agronomy.house_twin.drive import HUMIDITY, STEP_MS, TEMPERATURE

DAY_MS = 86_400_000
START_MS = 1_643_670_000_000 - 1_643_670_000_000 % DAY_MS
Columns = dict[str, tuple[np.ndarray, np.ndarray]]


def columns(days: int, seed: int = 1) -> Columns:
    times = np.arange(START_MS, START_MS + days * DAY_MS + STEP_MS, STEP_MS, dtype=np.float64)
    hour = (times - START_MS) / 3_600_000 % 24
    draws = np.random.default_rng(seed)
    cloud = np.repeat(draws.uniform(0.3, 1.0, 6 * days + 1), 48)[: len(times)]
    sun = np.maximum(0.0, 450 * cloud * np.cos((hour - 13) / 24 * 2 * np.pi) - 60)
    lit = (hour >= 4) & (hour < 8)
    values = {
        "outside_temperature_degc": 7 + 4 * np.cos((hour - 15) / 24 * 2 * np.pi) + 2 * cloud,
        "outside_humidity_pct": 80 - 12 * np.cos((hour - 15) / 24 * 2 * np.pi),
        "global_radiation_w_m2": sun,
        "wind_speed_m_s": 2 + 3 * cloud,
        "longwave_balance_w_m2": -80 * cloud,
        "vent_open_pct:1": np.clip(sun / 4 - 20, 0, 80),
        "vent_open_pct:2": np.clip(sun / 6 - 20, 0, 50),
        "screen_closed_pct:1": 100.0 * ((hour < 7) | (hour > 18)),
        "screen_closed_pct:2": 95.0 * ((hour < 4) | (hour > 20)),
        "pipe_temperature_degc": np.where((hour > 3) & (hour < 9), 45.0, 25.0 + 10 * cloud),
        "lamp_power_pct": np.full(len(times), 100.0),
        "par_umol_m2_s": 1.1 * sun + 160.0 * lit,
        "co2_ppm": np.full(len(times), 600.0),
        TEMPERATURE: 17 + 4 * np.cos((hour - 14) / 24 * 2 * np.pi),
        HUMIDITY: 75 - 12 * np.cos((hour - 14) / 24 * 2 * np.pi),
    }
    return {channel: (times, np.asarray(column, np.float64)) for channel, column in values.items()}
