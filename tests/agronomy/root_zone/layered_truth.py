"""Truth of a field for the smoother's tests: a soil of many layers, in which nothing is as its balance has it.

Water drains through layers of 0.1 m with a delay; roots take it up by their density and where it is easy to get;
evaporation falls off exponentially; soils, crop and places differ from what the smoother is told. Probes have wrong
gains and offsets, noise, steps of their resolution, and gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.root_zone.balance import SoilAndCrop, SoilLayers, WaterColumns, WaterState
from headland.agronomy.root_zone.crop_course import CropStages, follow_crop
from headland.agronomy.root_zone.ensemble import SeasonCase
from headland.agronomy.root_zone.evaporation import total_evaporable_mm
from headland.agronomy.root_zone.sensors import SensorPrior, SoilSensor
from headland.agronomy.series.arrays import Values

DAYS: Final = 140
LAYER_M: Final = 0.1
LAYERS: Final = 15
DEPTHS_M: Final = (0.1, 0.3, 0.6, 0.9)
#: What the smoother is told of a loam: FAO-56 table 19.
CAPACITY: Final = 0.25
WILTING: Final = 0.12
CROP: Final = CropStages(25, 35, 50, 30, 0.15, 1.10, 0.35, 1.0, 1.0, 0.55, 0.05, 0.25)


@dataclass(frozen=True)
class FieldTruth:
    """A field: what the smoother is told, and by place the true depletion [mm] and the readings [%] day by depth."""

    case: SeasonCase
    depletion_mm: list[Values]
    reading_pct: list[Values]

    def sensors(self, places: list[int]) -> list[SoilSensor]:
        """Return the sensors of the probes at some places."""
        return [
            SoilSensor(f"probe-{place}", depth, self.reading_pct[place][:, at], PRIOR)
            for place in places
            for at, depth in enumerate(DEPTHS_M)
        ]


#: Field capacity of a loam by its texture, and a sensor without a calibration, as a field's water is asked for.
PRIOR: Final = SensorPrior(100.0 * CAPACITY, float(np.hypot(3.04, 3.0)), 1.2, shared_error=3.04)


def make_field(seed: int, places: int = 6) -> FieldTruth:
    """Return a field with a season of weather and irrigation."""
    draw = np.random.default_rng(7000 + seed)
    et0 = np.clip(4.6 + 1.8 * np.sin(np.pi * np.arange(DAYS) / DAYS) + 1.1 * draw.standard_normal(DAYS), 0.6, 11.0)
    rain = np.where(draw.random(DAYS) < 0.13, draw.gamma(0.9, 11.0, DAYS), 0.0)
    given = np.zeros(DAYS)
    given[np.arange(int(draw.integers(8, 20)), DAYS - 15, int(draw.integers(9, 16)))] = float(draw.uniform(20.0, 40.0))
    course = follow_crop(CROP, np.full(DAYS, 2.2), np.full(DAYS, 50.0))
    layers = SoilLayers((2.0,), (CAPACITY,), (WILTING,))
    available = layers.available_mm(course.root_m)
    evaporable = total_evaporable_mm(CAPACITY, WILTING)
    first = float(draw.uniform(0.15, 0.5))
    start = WaterState(
        np.float64(evaporable), first * layers.available_mm(CROP.first_root_m),
        first * layers.available_mm(CROP.root_m),
        np.float64(1.0), layers.available_mm(CROP.first_root_m),
    )  # fmt: skip
    # The station's et0 and gauge, and the irrigation record, have errors of their own.
    told = WaterColumns(
        et0 * draw.uniform(0.93, 1.07) * np.exp(0.06 * draw.standard_normal(DAYS)), rain * draw.uniform(0.88, 1.05),
        given, np.ones(DAYS),
    )  # fmt: skip
    soil = SoilAndCrop(evaporable, 9.0, CROP.depletion_share, layers.available_mm(CROP.root_m))
    case = SeasonCase(told, course, available, soil, start, CROP.root_m)
    of_field = {
        "capacity": CAPACITY * draw.uniform(0.85, 1.2), "held": (CAPACITY - WILTING) * draw.uniform(0.8, 1.2),
        "kc": draw.uniform(0.85, 1.2), "depth": CROP.root_m * draw.uniform(0.85, 1.15),
        "efficiency": draw.uniform(0.75, 1.0), "drain": draw.uniform(0.6, 0.9), "first": first * draw.uniform(0.6, 1.4),
    }  # fmt: skip
    depletion, readings = [], []
    for _ in range(places):
        water, capacity = _run_place(draw, of_field, et0, rain, given, course.kcb)
        depletion.append(_depletion(water, capacity, course.root_m))
        readings.append(_read(draw, water))
    return FieldTruth(case, depletion, readings)


def _run_place(
    draw: np.random.Generator, field: dict[str, float], et0: Values, rain: Values, given: Values, kcb: Values
) -> tuple[Values, Values]:
    """Return water by day and layer, and field capacity by layer, both as shares of volume."""
    middle = LAYER_M * (np.arange(LAYERS) + 0.5)
    by_depth = 1.0 + 0.06 * np.cumsum(draw.standard_normal(LAYERS)) / np.sqrt(LAYERS)
    capacity = field["capacity"] * by_depth * draw.uniform(0.95, 1.05)
    wilting = capacity - field["held"] * draw.uniform(0.94, 1.06)
    theta = capacity - field["first"] * (capacity - wilting)
    uniformity, kc = draw.uniform(0.9, 1.1), field["kc"] * draw.uniform(0.97, 1.03)
    out = np.empty((len(et0), LAYERS))
    dry_days = 3.0
    for day in range(len(et0)):
        entered = rain[day] + given[day] * field["efficiency"] * uniformity
        dry_days = 0.0 if entered > 4.0 else dry_days + 1.0
        flow = entered / 1000.0 / LAYER_M
        for at in range(LAYERS):
            theta[at] += flow
            flow = max(theta[at] - capacity[at], 0.0) * field["drain"]
            flow += max(theta[at] - flow - 1.35 * capacity[at], 0.0)
            theta[at] -= flow
        cover = np.clip((kcb[day] - 0.15) / 0.95, 0.0, 1.0)
        soil_mm = (1.0 - cover) * et0[day] * 0.95 * np.exp(-0.45 * dry_days)
        theta[0] = max(theta[0] - soil_mm / 1000.0 / LAYER_M, 0.45 * wilting[0])
        roots_m = 0.2 + (field["depth"] - 0.2) * cover
        density = np.exp(-2.0 * middle / roots_m) * (middle < roots_m)
        easy = np.clip((theta - wilting) / (0.55 * (capacity - wilting)), 0.0, 1.0)
        if (density * easy).sum() > 0.0:
            wanted = kc * kcb[day] * et0[day]
            share = density * easy / (density * easy).sum()
            limit = np.clip(1.25 * (density * easy).sum() / density.sum(), 0.0, 1.0)
            taken = np.minimum(wanted * limit * share / 1000.0 / LAYER_M, np.maximum(theta - wilting, 0.0))
            theta = theta - taken
        out[day] = theta
    return out, capacity


def _depletion(water: Values, capacity: Values, root_m: Values) -> Values:
    """Return the depletion below field capacity over the roots' depth [mm], not below zero."""
    bottom = LAYER_M * (np.arange(LAYERS) + 1)
    inside = np.clip((root_m[:, None] - bottom[None, :] + LAYER_M) / LAYER_M, 0.0, 1.0)
    return np.asarray(np.maximum((inside * (capacity[None, :] - water)).sum(axis=1) * 1000.0 * LAYER_M, 0.0))


def _read(draw: np.random.Generator, water: Values) -> Values:
    """Return what a probe of this place reads [%]."""
    at = [int(depth / LAYER_M + 0.01) for depth in DEPTHS_M]
    gain, offset = draw.uniform(0.88, 1.12, len(at)), draw.uniform(-2.5, 2.5, len(at))
    reading = 100.0 * water[:, at] * gain + offset + 0.5 * draw.standard_normal((len(water), len(at)))
    reading = np.round(reading, 1)
    reading[draw.random(len(water)) < 0.08] = np.nan
    hole = int(draw.integers(20, len(water) - 20))
    reading[hole : hole + 9] = np.nan
    return reading
