"""The simulated multirotor as a whole: what it does next, where it truly is and what its sensors report."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

from firmware_sim.flight import Follower, Motion, climb, hold, steer, turn_nose
from firmware_sim.mission import plan_sortie, rows_for
from firmware_sim.noise import Noise, Wander
from firmware_sim.raster import Edge, Raster, edge_of
from firmware_sim.scenario import FieldScenario
from firmware_sim.sprayer import Pump, Sprayer

STEP_MS: Final = 20
_STEP_S: Final = STEP_MS / 1000
#: A swath's edge is painted at least this often, and whenever the flow starts or ends.
_PAINT_STEPS = 5
_RASTER_MARGIN_M = 30.0
#: From power-up to a position and UTC.
_FIX_S = 3.0
_RETURN_HEIGHT_M = 8.0
_REFILL_L_S = 1.5
_TEXTS_KEPT = 20


class Phase(Enum):
    """What the vehicle is about; the value is (ArduCopter custom mode, armed, MAV_LANDED_STATE)."""

    BOOT = (0, False, 1)
    GROUND = (4, False, 1)
    TAKE_OFF = (4, True, 3)
    MISSION = (3, True, 2)
    RETURN = (6, True, 2)
    LAND = (9, True, 4)

    @property
    def mode(self) -> int:
        """ArduCopter's custom mode: 0 stabilize, 3 auto, 4 guided, 6 return, 9 land."""
        return self.value[0]

    @property
    def armed(self) -> bool:
        """Whether the motors may turn."""
        return self.value[1]

    @property
    def landed_state(self) -> int:
        """MAVLink's MAV_LANDED_STATE."""
        return self.value[2]


@dataclass(slots=True)
class Battery:
    """The flight pack: 12 lithium cells in series."""

    capacity_mah: float = 22_000.0
    consumed_mah: float = 0.0
    current_a: float = 1.2

    @property
    def remaining_pct(self) -> int:
        """Charge left."""
        return max(0, round(100 * (1 - self.consumed_mah / self.capacity_mah)))

    @property
    def voltage_v(self) -> float:
        """Voltage at the terminals: 4.2 V a cell when full, falling with charge and current."""
        used = min(1.0, self.consumed_mah / self.capacity_mah)
        return 12 * (4.2 - 0.45 * used - 0.25 * used**6) - 0.012 * self.current_a

    def step(self, flying: bool, load: float, wiggle: float) -> None:
        """Draw the current of one step; `load` is 1 for an empty tank at hover."""
        target_a = 62.0 * load * (1 + 0.03 * wiggle) if flying else 1.2
        self.current_a += (target_a - self.current_a) * min(1.0, _STEP_S / 0.3)
        self.consumed_mah += self.current_a * _STEP_S / 3.6


@dataclass(frozen=True, slots=True)
class Text:
    """A STATUSTEXT: MAV_SEVERITY and at most 50 characters."""

    severity: int
    text: str


class Vehicle:
    """A multirotor that flies its scenario's field again and again, in steps of `STEP_MS` of simulated time.

    Everything true is in `motion`, `sprayer` and `raster`; `reported()` and the noise offsets are what its sensors
    make of it. The same seed, scenario and start give the same flight.
    """

    def __init__(self, scenario: FieldScenario, seed: int, start_ms: int) -> None:
        self.scenario = scenario
        self.boot_ms = start_ms - start_ms % STEP_MS
        self.time_ms = self.boot_ms
        self.frame = scenario.frame()
        self.phase = Phase.BOOT
        self.motion = Motion(*scenario.home_east_north(), yaw_rad=math.radians(scenario.bearing_deg))
        self.battery = Battery()
        self.texts: deque[Text] = deque(maxlen=_TEXTS_KEPT)
        self.mission_seq = 0
        self.sensor_noise = Noise(seed, 1)
        rate_l_min_per_m_s = scenario.rate_l_ha * scenario.swath_m * 0.006
        pump = Pump(scenario.pump_max_l_min, rate_l_min_per_m_s, scenario.flow_bias)
        self.sprayer = Sprayer(pump, scenario.tank_l, Noise(seed, 2), _STEP_S)
        self.raster = _raster_of(scenario)
        gusts = Noise(seed, 3)
        self._gust = [Wander(gusts, 0.06 * scenario.wind_m_s, 1.5, _STEP_S) for _ in range(2)]
        self._drift = [Wander(self.sensor_noise, deviation, 8.0, _STEP_S) for deviation in (0.02, 0.02, 0.04)]
        self._next_row = 0
        self._follower: Follower | None = None
        self._ready_ms = self.boot_ms + int(_FIX_S * 1000)
        self._painted: Edge | None = None
        self._unpainted_steps = 0

    @property
    def has_fix(self) -> bool:
        """Whether the receiver knows where it is and what time it is."""
        return self.phase is not Phase.BOOT

    @property
    def boot_time_ms(self) -> int:
        """Milliseconds since power-up, as `time_boot_ms` carries them."""
        return self.time_ms - self.boot_ms

    def true_degrees(self) -> tuple[float, float]:
        """Return the true (latitude, longitude)."""
        return self.frame.to_degrees(self.motion.east_m, self.motion.north_m)

    def reported(self, extra_m: float = 0.0) -> tuple[float, float, float]:
        """Return the reported (latitude, longitude, height above home): RTK-grade error plus `extra_m` of noise."""
        noise = self.sensor_noise
        east, north, up = (
            offset.value + extra_m * noise.normal() if extra_m else offset.value for offset in self._drift
        )
        latitude, longitude = self.frame.to_degrees(self.motion.east_m + east, self.motion.north_m + north)
        return latitude, longitude, self.motion.up_m + up

    def step(self) -> None:
        """Advance by `STEP_MS`."""
        self.time_ms += STEP_MS
        for offset in self._drift:
            offset.step()
        self._decide()
        commanded = self._move()
        self.sprayer.step(commanded, self.motion.speed_m_s)
        load = 1 + 0.4 * self.sprayer.tank_l / 20 + 0.01 * self.motion.speed_m_s
        self.battery.step(self.phase.armed, load, self._gust[0].value)
        self._paint()

    def _decide(self) -> None:
        """Change the phase where its end is reached."""
        follower = self._follower
        if self.phase in {Phase.BOOT, Phase.GROUND}:
            self._wait()
        elif self.phase is Phase.TAKE_OFF and self.motion.up_m > 0.6 * self.scenario.height_m:
            self._enter(Phase.MISSION, "Mission: auto")
        elif self.phase is Phase.MISSION and follower is not None and follower.returning:
            self._enter(Phase.RETURN, "Mission complete, returning home")
        elif self.phase is Phase.RETURN and follower is not None and follower.done and self.motion.speed_m_s < 0.1:
            self._enter(Phase.LAND, "Landing")
        elif self.phase is Phase.LAND and self.motion.up_m <= 0:
            hold(self.motion)
            self._follower = None
            self._ready_ms = self.time_ms + int(self.scenario.pause_s * 1000)
            self._enter(Phase.GROUND, f"Landed, refilling: {self.sprayer.tank_l:.1f} L left")

    def _wait(self) -> None:
        """Stand: refill the tank, and when all is ready take off with the next rows."""
        scenario = self.scenario
        if self.phase is Phase.GROUND:
            self.sprayer.refill(min(scenario.tank_l, self.sprayer.tank_l + _REFILL_L_S * _STEP_S))
        if self.time_ms < self._ready_ms or self.sprayer.tank_l < scenario.tank_l:
            return
        if self.phase is Phase.BOOT:
            self.texts.append(Text(6, "Headland simulator: RTK fixed, EKF using GPS"))
        else:
            self.battery = Battery()
        end_row = rows_for(scenario, self.sprayer.tank_l, self._next_row)
        self._follower = Follower(plan_sortie(scenario, self._next_row, end_row))
        self._next_row = end_row % len(scenario.row_offsets_m)
        self.mission_seq = 1
        self._enter(Phase.TAKE_OFF, "Arming motors, taking off")

    def _enter(self, phase: Phase, text: str) -> None:
        self.phase = phase
        self.texts.append(Text(6, text))

    def _move(self) -> bool:
        """Advance the motion; return whether the sprayer is commanded on."""
        follower, motion = self._follower, self.motion
        if follower is None:
            return False
        if self.phase in {Phase.MISSION, Phase.RETURN}:
            follower.step(_STEP_S)
            self.mission_seq = follower.leg.seq
        aim = follower.aim()
        gust = (self._gust[0].step(), self._gust[1].step())
        steer(motion, aim, gust if motion.up_m > 0.3 else (0.0, 0.0), _STEP_S)
        climb(motion, self._target_height_m(), _STEP_S)
        turn_nose(motion, aim, _STEP_S)
        return self.phase is Phase.MISSION and follower.leg.spray

    def _target_height_m(self) -> float:
        if self.phase is Phase.LAND:
            return 0.0
        return _RETURN_HEIGHT_M if self.phase is Phase.RETURN else self.scenario.height_m

    def _paint(self) -> None:
        """Put the ground sprayed since the last edge on the raster."""
        flowing = self.sprayer.flow_l_min > 0
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
    corners = [
        scenario.to_east_north(along, across) for along in (0, scenario.length_m) for across in (0, scenario.width_m)
    ]
    east, north = [x for x, _ in corners], [y for _, y in corners]
    margin = _RASTER_MARGIN_M
    return Raster((min(east) - margin, min(north) - margin), (max(east) + margin, max(north) + margin))
