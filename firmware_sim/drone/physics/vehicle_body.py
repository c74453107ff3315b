"""Body of a vehicle: motion, battery, machine, satellite receiver and treated ground. It has no flight modes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from firmware_sim.core.noise import Noise, Wander
from firmware_sim.drone.field_model import Airframe, FieldScenario, SprayerPlan
from firmware_sim.drone.physics.coverage_truth import Edge, Raster, edge_of
from firmware_sim.drone.physics.deposition import Deposition, make_deposition
from firmware_sim.drone.physics.kinematics import Aim, Motion, climb, fall, hold, steer, turn_nose
from firmware_sim.drone.physics.sprayer import Sprayer
from firmware_sim.drone.physics.spreader import Spreader
from firmware_sim.drone.physics.wind import Wind

STEP_MS: Final = 20
STEP_S: Final = STEP_MS / 1000
#: Maximum number of steps between painted swath edges; the start and end of a flow are painted at once.
_PAINT_STEPS: Final = 5
_RASTER_MARGIN_M: Final = 30.0
#: Time from power-up to a position and UTC.
_FIX_S: Final = 3.0
#: Standard deviations of the true height from its target, and of the reported position from the true one.
_HEIGHT_ERROR_M: Final = 0.1
_RTK_M: Final = (0.02, 0.02, 0.04)


@dataclass(slots=True)
class Battery:
    """Flight battery: lithium cells in series."""

    airframe: Airframe
    consumed_mah: float = 0.0
    current_a: float = 1.2

    @property
    def remaining_pct(self) -> int:
        """Charge left."""
        return max(0, round(100 * (1 - self.consumed_mah / self.airframe.capacity_mah)))

    @property
    def voltage_v(self) -> float:
        """Voltage at the terminals: 4.2 V a cell when full, falling with charge and current."""
        used = min(1.0, self.consumed_mah / self.airframe.capacity_mah)
        return self.airframe.cells * (4.2 - 0.45 * used - 0.25 * used**6 - 0.001 * self.current_a)

    def step(self, flying: bool, load_kg: float, wiggle: float) -> None:
        """Draw the current of one step: hovering power grows with the mass to the power of 1.5 (momentum theory)."""
        frame = self.airframe
        hover_a = frame.hover_a * ((frame.dry_kg + load_kg) / frame.dry_kg) ** 1.5
        target_a = hover_a * (1 + 0.03 * wiggle) if flying else 1.2
        self.current_a += (target_a - self.current_a) * min(1.0, STEP_S / 0.3)
        self.consumed_mah += self.current_a * STEP_S / 3.6


class Receiver:
    """RTK receiver: reported position, and the clock that it sets."""

    def __init__(self, noise: Noise) -> None:
        self._noise = noise
        self._drift = [Wander(noise, deviation, 8.0, STEP_S) for deviation in _RTK_M]
        self._fix_from_ms = 0
        self._lost_until_ms = 0
        self.knows_time = False
        self.has_fix = False
        #: Error of the vehicle's UTC, positive when ahead.
        self.clock_error_ms = 0

    def power_up(self, now_ms: int) -> None:
        """Restart without a position or a time."""
        self.has_fix = self.knows_time = False
        self._fix_from_ms = now_ms + int(_FIX_S * 1000)

    def lose_fix(self, now_ms: int, for_s: float) -> None:
        """Receive no satellites for a time."""
        self._lost_until_ms = now_ms + int(for_s * 1000)

    def step(self, now_ms: int) -> None:
        """Advance by one step."""
        for offset in self._drift:
            offset.step()
        self.has_fix = now_ms >= self._fix_from_ms and now_ms >= self._lost_until_ms
        self.knows_time = self.knows_time or self.has_fix

    def offsets_m(self, extra_m: float = 0.0) -> tuple[float, float, float]:
        """Return the error east, north and up, with `extra_m` of white noise."""
        noise = self._noise
        east, north, up = (
            offset.value + extra_m * noise.normal() if extra_m else offset.value for offset in self._drift
        )
        return east, north, up


@dataclass(frozen=True, slots=True)
class BodyCommand:
    """Command of the autopilot: `up_m` above home; drift without an `aim`; motors off when not `armed`."""

    armed: bool
    flying: bool
    aim: Aim | None
    up_m: float
    pump: float = 0.0
    spinner: float = 0.0


class Body:
    """True state of a vehicle, stepped by `STEP_MS`; `deposition` is None where it is not recorded."""

    def __init__(self, scenario: FieldScenario, seed: int, start_ms: int, *, with_ground: bool) -> None:
        self.scenario = scenario
        self.frame = scenario.frame()
        self.start_ms = start_ms
        self.motion = Motion(*scenario.home_east_north(), yaw_rad=math.radians(scenario.bearing_deg))
        self.battery = Battery(scenario.airframe)
        self.sensor_noise = Noise(seed, 1)
        self.receiver = Receiver(self.sensor_noise)
        self.receiver.power_up(start_ms)
        machine_noise = Noise(seed, 2)
        self.machine: Sprayer | Spreader = (
            Sprayer(scenario.machine, machine_noise, STEP_S)
            if isinstance(scenario.machine, SprayerPlan)
            else Spreader(scenario.machine, machine_noise, STEP_S)
        )
        air_noise = Noise(seed, 3)
        self.wind = Wind(scenario, air_noise, STEP_S)
        self._height_error = Wander(air_noise, _HEIGHT_ERROR_M, 3.0, STEP_S)
        self.raster = _raster_of(scenario)
        self.deposition: Deposition | None = make_deposition(scenario, seed, STEP_S) if with_ground else None
        self._ground = scenario.ground()
        self.ground_m = self._ground.height_m(self.motion.east_m, self.motion.north_m)
        self._painted: Edge | None = None
        self._unpainted_steps = 0

    @property
    def height_m(self) -> float:
        """True height above the ground."""
        return self.motion.up_m - self.ground_m

    @property
    def landed(self) -> bool:
        """Whether the vehicle is on the ground."""
        return self.height_m <= 0

    def true_degrees(self) -> tuple[float, float]:
        """Return the true (latitude, longitude)."""
        return self.frame.to_degrees(self.motion.east_m, self.motion.north_m)

    def reported(self, extra_m: float = 0.0) -> tuple[float, float, float]:
        """Return the reported (latitude, longitude, height above home): RTK error plus `extra_m` of noise."""
        east, north, up = self.receiver.offsets_m(extra_m)
        latitude, longitude = self.frame.to_degrees(self.motion.east_m + east, self.motion.north_m + north)
        return latitude, longitude, self.motion.up_m + up

    def step(self, now_ms: int, order: BodyCommand) -> None:
        """Advance by one step that ends at `now_ms`."""
        self.receiver.step(now_ms)
        self.wind.step((now_ms - self.start_ms) / 1000)
        self._move(order)
        self.machine.step(order.pump, order.spinner)
        self.battery.step(order.armed, self.machine.load_kg, self.wind.speed_m_s - self.wind.mean_m_s)
        self._treat()

    def _move(self, order: BodyCommand) -> None:
        motion = self.motion
        if not order.flying:
            if motion.up_m > self.ground_m:
                fall(motion, self.ground_m, STEP_S)
            else:
                hold(motion, self.ground_m)
            return
        if order.aim is None:
            # Level without position hold: it drifts with the wind.
            push = self.wind.drag_m_s2(motion.east_m_s, motion.north_m_s)
            here = Aim(motion.east_m, motion.north_m, motion.east_m_s, motion.north_m_s)
            steer(motion, here, push, STEP_S)
        else:
            steer(motion, order.aim, self.wind.push_m_s2() if self.height_m > 0.3 else (0.0, 0.0), STEP_S)
            turn_nose(motion, order.aim, STEP_S)
        self.ground_m = self._ground.height_m(motion.east_m, motion.north_m)
        error_m = self._height_error.step()
        climb(motion, order.up_m + (error_m if order.up_m > self.ground_m else 0.0), self.ground_m, STEP_S)

    def _treat(self) -> None:
        """Update the raster of treated ground and the deposition."""
        if self.deposition is not None:
            machine = self.machine
            released, width = 0.0, 1.0
            if isinstance(machine, Sprayer):
                released = machine.flow_l_min * STEP_S / 60
            else:
                released = machine.flow_kg_min * STEP_S / 60
                width = max(0.3, machine.disc_rpm / machine.plan.spinner_rpm)
            self.deposition.step(released, self.motion, (self.wind.east_m_s, self.wind.north_m_s), self.height_m, width)
        flowing = self.machine.flowing
        if self._painted is None:
            if flowing:
                self._painted, self._unpainted_steps = edge_of(self.motion, self.scenario.swath_m), 0
            return
        self._unpainted_steps += 1
        if flowing and self._unpainted_steps < _PAINT_STEPS:
            return
        edge = edge_of(self.motion, self.scenario.swath_m)
        self.raster.paint(self._painted, edge)
        self._painted, self._unpainted_steps = (edge, 0) if flowing else (None, 0)


def _raster_of(scenario: FieldScenario) -> Raster:
    (west, south), (east, north) = scenario.bounds_m()
    margin = _RASTER_MARGIN_M
    return Raster((west - margin, south - margin), (east + margin, north + margin))
