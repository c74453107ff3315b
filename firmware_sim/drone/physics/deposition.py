"""True deposition on the ground, on a grid: granules individually, droplets as an even fan with a tail downwind.

A granule leaves the disc's rim with its tangential speed and an equal radial one, and drag that grows with the square
of its speed has it fall with the terminal velocity Vt; vertical and horizontal drag are taken as independent, [1]:

    t = Vt / g arcosh(exp(g h / Vt^2)),  x = Vt^2 / g ln(1 + g v t / Vt^2),  v = sqrt(2) w r

Sources
-------
.. [1] Mennel and Reece (1963), J. agric. Engng Res. 8, 78-84: trajectories of granules with quadratic drag (not
       re-read). The speed of the rim by speed and radius: Agriculture 2020, 10, 467, section 2.1, read in part.
"""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from firmware_sim.drone.field_model import FieldScenario, SprayerPlan, SpreaderPlan
from firmware_sim.drone.physics.droplets import draw_directions_rad, draw_distances_m, make_tail
from firmware_sim.drone.physics.kinematics import Motion

Floats = NDArray[np.float64]

CELL_M: Final = 0.25
#: Ground around the plots: granules land near, droplets drift.
_MARGIN_M, _SPRAY_MARGIN_M = 30.0, 60.0
#: Where bands of the distance beyond the grid begin.
BEYOND_M: Final = (0.0, 20.0, 50.0, 100.0)
#: Number of steps in a batch, in which the vehicle is assumed to fly straight.
_BATCH_STEPS: Final = 10
#: Delay from the feeder's gate through the chute to the disc's rim.
_CHUTE_S: Final = 0.3
_GRANULE_FALL_M_S: Final = 8.0
#: Share of the vehicle's velocity that a granule has on its way down.
_CARRIED: Final = 0.6
_ALONG_SD_M: Final = 0.5
#: Droplets fall with the rotors' downwash and drift with a third of the wind.
_DROPLET_FALL_M_S: Final = 3.0
_DRIFT: Final = 0.3
_FAN: Final = 24
#: Droplets of the tail that stand for those of a batch.
_TAIL_DROPS: Final = 48
_EDGE_M: Final = 0.15
#: Radius of the discs of spreaders that drones carry [m], and the terminal velocity of a prill of 3 mm [m/s].
_RADIUS_M, _TERMINAL_M_S, _GRAVITY_M_S2 = 0.1, 8.0, 9.81
_LEAST_HEIGHT_M: Final = 0.2
_GOLDEN: Final = 0.618034


@dataclass(frozen=True, slots=True)
class GridHeader:
    """Header of a grid file; rows run north and columns east from the south-west corner."""

    scenario: str
    product: str
    unit: str
    latitude_deg: float
    longitude_deg: float
    cell_m: float
    time_ms: int
    released: float
    landed_outside: float
    seed: int
    beyond_m: dict[str, float]


class DepositGrid:
    """Amount on square cells of a rectangle in east-north metres; amounts outside are summed separately."""

    def __init__(self, low: tuple[float, float], high: tuple[float, float], cell_m: float = CELL_M) -> None:
        self.low = low
        self.cell_m = cell_m
        columns = math.ceil((high[0] - low[0]) / cell_m)
        rows = math.ceil((high[1] - low[1]) / cell_m)
        self.amounts: Floats = np.zeros((rows, columns))
        self.outside = 0.0
        self._beyond = np.zeros(len(BEYOND_M))

    def add(self, east_m: Floats, north_m: Floats, amount_each: float) -> None:
        """Add the same amount at each of the points."""
        rows, columns = self.amounts.shape
        column = np.floor((east_m - self.low[0]) / self.cell_m).astype(np.int64)
        row = np.floor((north_m - self.low[1]) / self.cell_m).astype(np.int64)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        if not inside.all():
            self._count_beyond(east_m[~inside], north_m[~inside], amount_each)
        np.add.at(self.amounts.reshape(-1), (row * columns + column)[inside], amount_each)

    def _count_beyond(self, east_m: Floats, north_m: Floats, amount_each: float) -> None:
        self.outside += amount_each * len(east_m)
        rows, columns = self.amounts.shape
        high = self.low[0] + columns * self.cell_m, self.low[1] + rows * self.cell_m
        past_m = [
            np.maximum(np.maximum(low_m - at_m, at_m - high_m), 0.0)
            for at_m, low_m, high_m in zip((east_m, north_m), self.low, high, strict=True)
        ]
        band = np.searchsorted(BEYOND_M, np.hypot(*past_m), side="right") - 1
        self._beyond += amount_each * np.bincount(band, minlength=len(BEYOND_M))

    @property
    def beyond_m(self) -> dict[str, float]:
        """The amount outside by its distance from the grid, each band named by where it begins [m]."""
        return {f"{edge_m:g}": float(amount) for edge_m, amount in zip(BEYOND_M, self._beyond, strict=True)}

    def per_m2(self) -> Floats:
        """Return the amount per square metre of each cell."""
        return self.amounts / self.cell_m**2

    @property
    def total(self) -> float:
        """Total amount, inside and outside."""
        return float(self.amounts.sum()) + self.outside


class Deposition(Protocol):
    """Deposition of a machine's output on the grid."""

    grid: DepositGrid

    @property
    def airborne(self) -> float:
        """Amount that was released and has not landed yet."""
        ...

    def step(self, amount: float, motion: Motion, air: tuple[float, float], height_m: float, width: float) -> None:
        """Release an amount during one step; `width` is the disc's speed over its nominal one, which widens the fan."""
        ...


def make_deposition(scenario: FieldScenario, seed: int, step_s: float) -> Deposition:
    """Return the deposition model of the scenario's machine, on a grid around its plots."""
    (west, south), (east, north) = scenario.bounds_m()
    margin_m = _MARGIN_M if isinstance(scenario.machine, SpreaderPlan) else _SPRAY_MARGIN_M
    grid = DepositGrid((west - margin_m, south - margin_m), (east + margin_m, north + margin_m))
    if isinstance(scenario.machine, SpreaderPlan):
        return Granules(scenario.machine, grid, seed, step_s, scenario.height_m)
    return Droplets(scenario.machine, scenario.swath_m, grid, step_s, seed)


class Granules:
    """Granules of equal mass with random trajectories; the counts per cell are Poisson distributed."""

    def __init__(
        self, plan: SpreaderPlan, grid: DepositGrid, seed: int, step_s: float, usual_height_m: float = 4.0
    ) -> None:
        self.grid = grid
        self._plan = plan
        self._usual_m = throw_m(plan.spinner_rpm, usual_height_m)
        self._random = np.random.default_rng((seed, 4))
        self._step_s = step_s
        self._granule_kg = plan.granule_mg * 1e-6
        self._chute: deque[float] = deque([0.0] * round(_CHUTE_S / step_s))
        self._batch_kg = 0.0
        self._batch_steps = 0
        self._flying: deque[tuple[int, Floats, Floats]] = deque()
        self._step = 0

    @property
    def airborne(self) -> float:
        """Kilograms in the chute, on the disc and in the air."""
        flying = sum(len(east) for _, east, _ in self._flying)
        return sum(self._chute) + self._batch_kg + flying * self._granule_kg

    def step(self, amount: float, motion: Motion, air: tuple[float, float], height_m: float, width: float) -> None:
        """Release `amount` kg during one step."""
        self._step += 1
        self._chute.append(amount)
        self._batch_kg += self._chute.popleft()
        self._batch_steps += 1
        if self._batch_steps >= _BATCH_STEPS:
            count = int(self._batch_kg / self._granule_kg)
            if count:
                self._throw(count, motion, air, max(0.2, height_m), width)
                self._batch_kg -= count * self._granule_kg
            self._batch_steps = 0
        while self._flying and self._flying[0][0] <= self._step:
            _, east, north = self._flying.popleft()
            self.grid.add(east, north, self._granule_kg)

    def _throw(self, count: int, motion: Motion, air: tuple[float, float], height_m: float, width: float) -> None:
        random, fall_s = self._random, height_m / _GRANULE_FALL_M_S
        # Thrown at a random time of the batch, which ends now.
        before_s = random.random(count) * (_BATCH_STEPS * self._step_s)
        ahead = random.normal(0.0, _ALONG_SD_M, count)
        left = self._lateral(count) * throw_m(width * self._plan.spinner_rpm, height_m) / self._usual_m
        sine, cosine = _course(motion)
        on_s = _CARRIED * fall_s - before_s
        east = motion.east_m + motion.east_m_s * on_s + sine * ahead - cosine * left + air[0] * fall_s
        north = motion.north_m + motion.north_m_s * on_s + cosine * ahead + sine * left + air[1] * fall_s
        self._flying.append((self._step + round(fall_s / self._step_s), east, north))

    def _lateral(self, count: int) -> Floats:
        """Return the distance of each granule to the left of the track."""
        plan, random = self._plan, self._random
        side = np.where(random.random(count) < plan.left_share, plan.lobe_m, -plan.lobe_m)
        lobes = side + random.normal(0.0, plan.lobe_sd_m, count)
        # The sum of two uniform variables is a trapezoid, level up to half its reach.
        flat = plan.reach_m * (1.5 * (random.random(count) - 0.5) + 0.5 * (random.random(count) - 0.5))
        return np.where(random.random(count) < plan.flat_share, flat, lobes)


class Droplets:
    """An even fan over the swath of a boom, which decreases over a few decimetres at its edges, and a tail downwind."""

    def __init__(self, plan: SprayerPlan, swath_m: float, grid: DepositGrid, step_s: float, seed: int = 0) -> None:
        self.grid = grid
        self._widths_m = (swath_m - _EDGE_M, swath_m + _EDGE_M)
        self._before_s = np.repeat((np.arange(4) + 0.5) / 4 * _BATCH_STEPS * step_s, 2 * _FAN)
        self._tail = make_tail(plan.droplet_um, plan.droplet_span)
        self._delta_t_k = plan.delta_t_k
        self._random = np.random.default_rng((seed, 5))
        self._phase = 0.0
        self._batch_l = 0.0
        self._batch_steps = 0

    @property
    def airborne(self) -> float:
        """Litres that are not on the grid yet."""
        return self._batch_l

    def step(self, amount: float, motion: Motion, air: tuple[float, float], height_m: float, width: float) -> None:
        """Release `amount` litres during one step."""
        self._batch_l += amount
        self._batch_steps += 1
        if self._batch_steps < _BATCH_STEPS:
            return
        self._batch_steps = 0
        if self._batch_l <= 0:
            return
        sine, cosine = _course(motion)
        shift_s = _DRIFT * height_m / _DROPLET_FALL_M_S
        left = np.tile(self._across(), 4) * width
        east = motion.east_m - motion.east_m_s * self._before_s - cosine * left + air[0] * shift_s
        north = motion.north_m - motion.north_m_s * self._before_s + sine * left + air[1] * shift_s
        tail_l = self._tail.share * self._batch_l
        self.grid.add(east, north, (self._batch_l - tail_l) / len(left))
        self._add_tail(tail_l, east, north, air, height_m)
        self._batch_l = 0.0

    def _add_tail(
        self, amount_l: float, east: Floats, north: Floats, air: tuple[float, float], height_m: float
    ) -> None:
        """Let droplets go on with the wind from where the fan landed."""
        random, wind_m_s = self._random, math.hypot(*air)
        start = random.integers(0, len(east), _TAIL_DROPS)
        far_m = draw_distances_m(self._tail, random, _TAIL_DROPS, wind_m_s, max(height_m, 0.2), self._delta_t_k)
        course = math.atan2(air[0], air[1]) + draw_directions_rad(random, _TAIL_DROPS)
        self.grid.add(
            east[start] + far_m * np.sin(course), north[start] + far_m * np.cos(course), amount_l / _TAIL_DROPS
        )

    def _across(self) -> Floats:
        """Return the positions of a fan's drops; they alternate with those of the last fan, which avoids aliasing."""
        self._phase = (self._phase + _GOLDEN) % 1.0
        places = (np.arange(_FAN) + self._phase) / _FAN - 0.5
        return np.concatenate([places * width_m for width_m in self._widths_m])


def write_grid(path: Path, grid: DepositGrid, header: GridHeader) -> None:
    """Write a compressed .npz with `per_m2` (rows north, columns east) and `header` (JSON), atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, per_m2=grid.per_m2().astype(np.float32), header=np.array(json.dumps(asdict(header))))
    part.replace(path)


def read_grid(path: Path) -> tuple[Floats, dict[str, Any]]:
    """Return the amounts per m2 and the header of a grid file."""
    with np.load(path, allow_pickle=False) as file:
        return np.asarray(file["per_m2"], dtype=np.float64), json.loads(str(file["header"]))


def _course(motion: Motion) -> tuple[float, float]:
    """Return sine and cosine of the direction of travel, or of the yaw at low speed."""
    speed = motion.speed_m_s
    if speed > 0.3:
        return motion.east_m_s / speed, motion.north_m_s / speed
    return math.sin(motion.yaw_rad), math.cos(motion.yaw_rad)


def throw_m(disc_rpm: float, height_m: float) -> float:
    """Return how far from the disc a granule lands [m] by its speed [1/min, 0..] and height [m]; [1]."""
    stretch_m = _TERMINAL_M_S**2 / _GRAVITY_M_S2
    fall_s = _TERMINAL_M_S / _GRAVITY_M_S2 * math.acosh(math.exp(max(height_m, _LEAST_HEIGHT_M) / stretch_m))
    leaves_m_s = math.sqrt(2.0) * disc_rpm * 2.0 * math.pi / 60.0 * _RADIUS_M
    return stretch_m * math.log1p(leaves_m_s * fall_s / stretch_m)
