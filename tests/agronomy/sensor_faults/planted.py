"""Sensor faults planted in good samples, drawn by seed: kind, channel, size and onset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.units_of_time import DAY_MS

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Series = dict[str, tuple[Times, Floats]]

KINDS: Final = ("stuck", "alternating", "step", "drift", "noise", "spikes", "gain")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large planted faults of a quantity are, as ranges in its unit.

    `stuck_sd` is the noise of a stuck sensor, `gap` the difference of two alternating values, `drift_a_day` a slope;
    `gain` are factors above 1, of a change up or down.
    """

    stuck_sd: tuple[float, float]
    gap: tuple[float, float]
    step: tuple[float, float]
    drift_a_day: tuple[float, float]
    spike: tuple[float, float]
    gain: tuple[float, float] = (1.25, 1.5)


_TEMPERATURE: Final = Sizes((0.02, 0.08), (0.2, 1.5), (3.0, 5.0), (0.25, 0.4), (4.0, 8.0))
_HUMIDITY: Final = Sizes((0.05, 0.5), (1.0, 6.0), (12.0, 20.0), (1.2, 2.0), (12.0, 30.0))
SIZES: Final = {
    "air_temperature_degc": _TEMPERATURE,
    "leaf_temperature_degc": _TEMPERATURE,
    "soil_temperature_degc": _TEMPERATURE,
    "outside_temperature_degc": Sizes((0.02, 0.08), (0.2, 1.5), (5.0, 8.0), (0.4, 0.6), (5.0, 10.0)),
    "relative_humidity_pct": _HUMIDITY,
    "outside_humidity_pct": _HUMIDITY,
    "co2_ppm": Sizes((0.5, 4.0), (10.0, 60.0), (200.0, 400.0), (12.0, 20.0), (300.0, 900.0)),
    "par_umol_m2_s": Sizes((0.5, 4.0), (10.0, 60.0), (80.0, 200.0), (8.0, 15.0), (300.0, 900.0)),
    "global_radiation_w_m2": Sizes((0.5, 4.0), (10.0, 60.0), (60.0, 150.0), (8.0, 15.0), (300.0, 900.0)),
    "wind_speed_m_s": Sizes((0.02, 0.08), (0.2, 1.0), (4.0, 8.0), (0.4, 0.7), (12.0, 25.0), (1.8, 2.5)),
}
#: Channels that cannot be below nothing, and the most of a humidity.
_NOT_NEGATIVE: Final = ("co2_ppm", "par_", "global_radiation", "wind_", "relative_humidity", "outside_humidity")


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault: what, where and since when."""

    kind: str
    channel: str
    onset_ms: int
    end_ms: int
    size: float


def draw_fault(random: np.random.Generator, kind: str, channels: Sequence[str], span_ms: tuple[int, int]) -> Planted:
    """Return a fault of a kind in one of some channels, with its onset in a span; it lasts for days, or to the end."""
    channel = str(random.choice(sorted(channels)))
    sizes = SIZES[channel.partition(":")[0]]
    low, high = {
        "stuck": sizes.stuck_sd, "alternating": sizes.gap, "step": sizes.step, "drift": sizes.drift_a_day,
        "noise": (8.0, 12.0), "spikes": sizes.spike, "gain": sizes.gain,
    }[kind]  # fmt: skip
    size = float(random.uniform(low, high))
    if kind in {"step", "drift", "spikes"}:
        size *= float(random.choice((-1.0, 1.0)))
    if kind == "gain" and random.random() < 0.5:
        size = 1.0 / size
    start, end = span_ms
    onset = int(random.integers(start, end))
    lasts_d = float(random.uniform(1.5, 4.0)) if kind in {"stuck", "alternating", "noise"} else 1000.0
    return Planted(kind, channel, onset, onset + int(lasts_d * DAY_MS), size)


def plant(series: Series, fault: Planted, random: np.random.Generator) -> Series:
    """Return the series with a fault; values stay within what the sensor can report."""
    time_ms, value = series[fault.channel]
    faulty = value.copy()
    at = (time_ms >= fault.onset_ms) & (time_ms < fault.end_ms)
    n, days = int(at.sum()), (time_ms[at] - fault.onset_ms) / DAY_MS
    if fault.kind in {"stuck", "alternating"}:
        # A sensor that hangs on a lamp or on the sun of noon is as likely as one that hangs at night.
        first = float(value[at][np.isfinite(value[at])][0])
    if fault.kind == "stuck":
        faulty[at] = first + random.normal(0.0, fault.size, n)
    elif fault.kind == "alternating":
        faulty[at] = first + fault.size * random.integers(0, 2, n)
    elif fault.kind == "step":
        faulty[at] += fault.size
    elif fault.kind == "drift":
        faulty[at] += fault.size * days
    elif fault.kind == "noise":
        faulty[at] += random.normal(0.0, fault.size * own_noise(value), n)
    elif fault.kind == "spikes":
        hit = random.random(n) < 0.01
        faulty[at] += fault.size * hit
    else:
        faulty[at] *= fault.size
    if fault.channel.startswith(_NOT_NEGATIVE):
        faulty = np.maximum(faulty, 0.0)
    if "humidity" in fault.channel:
        faulty = np.minimum(faulty, 100.0)
    return {**series, fault.channel: (time_ms, np.where(np.isfinite(value), faulty, np.nan))}


def own_noise(value: Floats) -> float:
    """Return the noise of a sensor from its first differences where they are not 0: half of them are smaller."""
    off = np.abs(np.diff(value))
    off = off[np.isfinite(off) & (off > 0.0)]
    return float(np.median(off)) / 0.6745 / np.sqrt(2.0) if len(off) else 1.0
