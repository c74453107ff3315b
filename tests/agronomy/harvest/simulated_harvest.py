"""A simulated harvest: a planted yield surface, cut strip by strip, measured late, mixed and with noise and faults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headland.agronomy.harvest.harvest_points import HarvestPoints
from headland.agronomy.series.arrays import Mask, Values

EAST_M, NORTH_M, WIDTH_M = 102.0, 120.0, 6.0
#: The grain's mean time from the header to the sensor [s]: a delay, and the mean of the mixing.
DELAY_S, MIXING_S = 9.0, 2.0
#: Less half a second, because a sample has the mean flow of the second that follows it.
LAG_S = DELAY_S + MIXING_S - 0.5
#: Simulated steps in a second between samples.
_FINE = 10
_TURN_S = 18


@dataclass(frozen=True)
class Harvest:
    """The samples of a harvest, which of them have a planted fault, and the mass that was really cut [kg]."""

    points: HarvestPoints
    spikes: Mask
    repeated: Mask
    stops: Mask
    mass_kg: float


def surface(seed: int, east_m: Values, north_m: Values) -> Values:
    """Return the planted yield [t/ha], 3 to 9, smooth over some tens of metres."""
    random = np.random.default_rng(1000 + seed)
    total = np.zeros(np.broadcast(east_m, north_m).shape)
    for _ in range(6):
        length_m, angle, phase = random.uniform(60.0, 160.0), random.uniform(0, np.pi), random.uniform(0, 2 * np.pi)
        along = east_m * np.cos(angle) + north_m * np.sin(angle)
        total = total + np.sin(2 * np.pi * along / length_m + phase)
    return np.asarray(6.0 + 0.75 * np.clip(total, -4.0, 4.0))


def harvest(seed: int, *, noise: float = 0.05, faults: bool = True, one_way: bool = False) -> Harvest:
    """Cut the field in strips to the north and back; the last strips repeat half of the width of the one before."""
    random = np.random.default_rng(seed)
    steps: list[tuple[float, float, float, float, float, bool, bool]] = []
    now = 0.0
    strips = int(EAST_M / WIDTH_M)
    middles = [(number + 0.5) * WIDTH_M for number in range(strips)]
    if faults:
        middles.append(EAST_M - 1.5)  # a quarter of a width beyond the edge, the rest cut before
    for number, middle_m in enumerate(middles):
        up = one_way or number % 2 == 0
        is_last = number == strips
        pace = usual = random.uniform(1.5, 2.1)
        along, stop_at = 0.0, random.uniform(0.3, 0.7) * NORTH_M if faults and number % 5 == 2 else np.inf
        while along < NORTH_M:
            slow = 0.0 <= along - stop_at < 8.0
            pace += (0.15 * usual - pace) * 0.08 if slow else (usual - pace) * 0.08
            place_n = along if up else NORTH_M - along
            steps.append((now, middle_m, place_n, pace, 1.5 if is_last else WIDTH_M, slow, is_last))
            along, now = along + pace / _FINE, now + 1.0 / _FINE
        for _ in range(_TURN_S * _FINE):
            steps.append((now, middle_m, NORTH_M + 8.0 if up else -8.0, 1.2, 0.0, False, False))
            now += 1.0 / _FINE
    time_s, east, north, speed, cut_m, slow_at, repeated = (np.array(column) for column in zip(*steps, strict=True))
    tonnes = surface(seed, np.minimum(east, EAST_M - 0.75), north)
    cut_kg = tonnes / 10.0 * cut_m * speed / _FINE
    kernel = np.exp(-np.arange(0.0, 14.0, 1.0 / _FINE) / MIXING_S)
    late = np.concatenate((np.zeros(round(DELAY_S * _FINE)), np.convolve(cut_kg, kernel / kernel.sum())))
    flow = late[: len(cut_kg)] * _FINE
    rows = np.arange(0, len(flow), _FINE)
    n = len(rows)
    flow = np.add.reduceat(flow, rows)[:n] / _FINE * (1.0 + random.normal(0.0, noise, n))
    down = cut_m[rows] > 0.0
    spikes = np.zeros(n, np.bool_)
    if faults:
        spikes[random.choice(np.flatnonzero(down), n // 100, replace=False)] = True
        flow = np.where(spikes, flow * random.choice([0.2, 2.5], n), flow)
    points = HarvestPoints(
        time_ms=np.round(time_s[rows] * 1000).astype(np.int64),
        east_m=east[rows] + random.normal(0.0, 0.15, n),
        north_m=north[rows] + random.normal(0.0, 0.15, n),
        width_m=np.where(down, WIDTH_M, 0.0),
        speed_m_s=np.maximum(speed[rows] + random.normal(0.0, 0.02, n), 0.0),
        flow_kg_s=np.maximum(flow, 0.0),
        moisture_pct=np.full(n, np.nan),
    )
    return Harvest(points, spikes, repeated[rows], slow_at[rows] & down, float(cut_kg.sum()))
