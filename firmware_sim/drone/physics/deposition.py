"""Ground truth of what landed where: granules one by one, droplets as an even fan, on a grid."""

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
from firmware_sim.drone.physics.kinematics import Motion

Floats = NDArray[np.float64]

CELL_M: Final = 0.25
_MARGIN_M: Final = 30.0
#: Steps thrown together, as long as the vehicle flies straight on meanwhile.
_BATCH_STEPS: Final = 10
#: From the feeder's gate through the chute to the disc's rim.
_CHUTE_S: Final = 0.3
_GRANULE_FALL_M_S: Final = 8.0
#: A granule keeps this much of the vehicle's speed on its way down.
_CARRIED: Final = 0.6
_ALONG_SD_M: Final = 0.5
#: Droplets ride on the rotors' downwash; a third of the wind gets at them.
_DROPLET_FALL_M_S: Final = 3.0
_DRIFT: Final = 0.3
_FAN: Final = 24
_FRAY_M: Final = 0.15
_GOLDEN: Final = 0.618034


@dataclass(frozen=True, slots=True)
class GridHeader:
    """What a grid file says beside its array: rows run north and columns east from the south-west corner."""

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


class Grid:
    """Amount on square cells of a rectangle in east-north metres; what lands beside it is counted apart."""

    def __init__(self, low: tuple[float, float], high: tuple[float, float], cell_m: float = CELL_M) -> None:
        self.low = low
        self.cell_m = cell_m
        columns = math.ceil((high[0] - low[0]) / cell_m)
        rows = math.ceil((high[1] - low[1]) / cell_m)
        self.amounts: Floats = np.zeros((rows, columns))
        self.outside = 0.0

    def add(self, east_m: Floats, north_m: Floats, amount_each: float) -> None:
        """Put the same amount on each of the points."""
        rows, columns = self.amounts.shape
        column = np.floor((east_m - self.low[0]) / self.cell_m).astype(np.int64)
        row = np.floor((north_m - self.low[1]) / self.cell_m).astype(np.int64)
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        self.outside += amount_each * int(np.count_nonzero(~inside))
        np.add.at(self.amounts.reshape(-1), (row * columns + column)[inside], amount_each)

    def per_m2(self) -> Floats:
        """Return the amount per square metre of each cell."""
        return self.amounts / self.cell_m**2

    @property
    def total(self) -> float:
        """All that has landed, inside and outside."""
        return float(self.amounts.sum()) + self.outside


class Fall(Protocol):
    """What leaves a machine and falls on the grid; `airborne` is on its way."""

    grid: Grid

    @property
    def airborne(self) -> float:
        """Amount that has left the machine and not landed yet."""
        ...

    def step(self, amount: float, motion: Motion, air: tuple[float, float], height_m: float, width: float) -> None:
        """Let go of an amount during one step; `width` scales the pattern, as a disc's speed does."""
        ...


def fall_over(scenario: FieldScenario, seed: int, step_s: float) -> Fall:
    """Return the fall that fits the scenario's machine, over a grid around its plots."""
    (west, south), (east, north) = scenario.bounds_m()
    grid = Grid((west - _MARGIN_M, south - _MARGIN_M), (east + _MARGIN_M, north + _MARGIN_M))
    if isinstance(scenario.machine, SpreaderPlan):
        return Granules(scenario.machine, grid, seed, step_s)
    return Droplets(scenario.machine, scenario.swath_m, grid, step_s)


class Granules:
    """Granules of one mass, each thrown by chance; their numbers in a cell are Poisson's without being drawn so."""

    def __init__(self, plan: SpreaderPlan, grid: Grid, seed: int, step_s: float) -> None:
        self.grid = grid
        self._plan = plan
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
        """Let go of `amount` kg during one step."""
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
        # Thrown at any moment of the batch, which ends here.
        before_s = random.random(count) * (_BATCH_STEPS * self._step_s)
        ahead = random.normal(0.0, _ALONG_SD_M, count)
        left = self._lateral(count) * width
        sine, cosine = _course(motion)
        on_s = _CARRIED * fall_s - before_s
        east = motion.east_m + motion.east_m_s * on_s + sine * ahead - cosine * left + air[0] * fall_s
        north = motion.north_m + motion.north_m_s * on_s + cosine * ahead + sine * left + air[1] * fall_s
        self._flying.append((self._step + round(fall_s / self._step_s), east, north))

    def _lateral(self, count: int) -> Floats:
        """Return how far left of the track each granule is thrown."""
        plan, random = self._plan, self._random
        side = np.where(random.random(count) < plan.left_share, plan.lobe_m, -plan.lobe_m)
        lobes = side + random.normal(0.0, plan.lobe_sd_m, count)
        # The sum of two uniforms is a trapezoid: level to half its reach.
        flat = plan.reach_m * (1.5 * (random.random(count) - 0.5) + 0.5 * (random.random(count) - 0.5))
        return np.where(random.random(count) < plan.flat_share, flat, lobes)


class Droplets:
    """A boom's even fan over the swath, thinning out over a few decimetres at its edges."""

    def __init__(self, _plan: SprayerPlan, swath_m: float, grid: Grid, step_s: float) -> None:
        self.grid = grid
        self._widths_m = (swath_m - _FRAY_M, swath_m + _FRAY_M)
        self._before_s = np.repeat((np.arange(4) + 0.5) / 4 * _BATCH_STEPS * step_s, 2 * _FAN)
        self._phase = 0.0
        self._batch_l = 0.0
        self._batch_steps = 0

    @property
    def airborne(self) -> float:
        """Litres that wait for the next time something is put on the grid."""
        return self._batch_l

    def step(self, amount: float, motion: Motion, air: tuple[float, float], height_m: float, width: float) -> None:
        """Let go of `amount` litres during one step."""
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
        self.grid.add(east, north, self._batch_l / len(left))
        self._batch_l = 0.0

    def _across(self) -> Floats:
        """Return where the drops of one fan fall; each fan's lie between those of the last, or cells would beat."""
        self._phase = (self._phase + _GOLDEN) % 1.0
        places = (np.arange(_FAN) + self._phase) / _FAN - 0.5
        return np.concatenate([places * width_m for width_m in self._widths_m])


def write_grid(path: Path, grid: Grid, header: GridHeader) -> None:
    """Write a compressed .npz with `per_m2` (rows north, columns east) and `header` (JSON), whole or not at all."""
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
    """Return sine and cosine of the direction of travel, of the nose when it hardly moves."""
    speed = motion.speed_m_s
    if speed > 0.3:
        return motion.east_m_s / speed, motion.north_m_s / speed
    return math.sin(motion.yaw_rad), math.cos(motion.yaw_rad)
