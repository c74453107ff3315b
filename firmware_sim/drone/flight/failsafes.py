"""Failsafes of the autopilot, with ArduCopter's rules: idle on the ground, low battery, lost ground station."""

from __future__ import annotations

from typing import Final, Protocol

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.flight.fence import ACTIONS, NAMES, Fence
from firmware_sim.drone.flight.modes import MISSION_MODES, Mode, Stage
from firmware_sim.drone.flight.traits import Traits
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.physics.vehicle_body import STEP_MS, Body

#: BATT_FS_LOW_ACT -> the modes to try, in order; 0 does nothing, 1 and every other value land.
_LOW_ACTIONS: Final[dict[int, tuple[Mode, ...]]] = {
    2: (Mode.RTL,),
    3: (Mode.SMART_RTL, Mode.RTL),
    4: (Mode.SMART_RTL,),
    6: (Mode.AUTO_RTL, Mode.RTL),
    7: (Mode.BRAKE,),
}
#: FS_OPTIONS: do not act on a lost ground station in a mission, while landing, and in a mode with a pilot.
_CONTINUE_MISSION, _CONTINUE_LANDING, _CONTINUE_PILOT = 2, 8, 16
_PILOTED: Final = frozenset(
    {Mode.STABILIZE, Mode.ACRO, Mode.ALT_HOLD, Mode.LOITER, Mode.POSHOLD, Mode.SPORT, Mode.DRIFT, Mode.ZIGZAG,
     Mode.BRAKE}
)  # fmt: skip
_LANDING: Final = frozenset({Mode.LAND})


class Watched(Protocol):
    """What the failsafes need of an autopilot."""

    body: Body
    parameters: Parameters
    mode: Mode
    stage: Stage
    armed: bool
    fence: Fence
    home: Place

    @property
    def airborne(self) -> bool:
        """Whether the vehicle flies, or drives."""

    def set_mode(self, number: int, /) -> bool:
        """Change the mode where it can be entered."""

    def disarm(self) -> bool:
        """Stop the motors on the ground."""

    def send_text(self, severity: int, text: str, /) -> None:
        """Send a STATUSTEXT."""


class Failsafes:
    """Changes an autopilot's mode when something fails; a station's silence counts in real time at any `speed`."""

    def __init__(self, autopilot: Watched, traits: Traits, speed: float = 1.0) -> None:
        self._autopilot = autopilot
        self._traits = traits
        self._speed = speed
        self._idle_ms = 0
        self._heard_ms: int | None = None
        self.station_lost = False
        self.battery_low = False
        #: Bits of the fences that are breached; the number of breaches, and the time of the last one.
        self.breached = 0
        self.breaches = 0
        self.breached_ms = 0

    @property
    def any(self) -> bool:
        """Whether a failsafe has acted and its cause lasts."""
        return self.station_lost or self.battery_low or self.breached > 0

    def hear_station(self, now_ms: int) -> None:
        """Note a heartbeat of the ground station that SYSID_MYGCS names."""
        self._heard_ms = now_ms

    def restart(self) -> None:
        """Forget the ground station and what failed, as at a reboot."""
        self._heard_ms, self.station_lost = None, False
        self.breached = self.breaches = 0

    def stay_idle(self) -> None:
        """Begin to count the idle time on the ground."""
        self._idle_ms = 0

    def step(self, now_ms: int) -> None:
        """Check all failsafes at this step."""
        self._check_station(now_ms)
        autopilot = self._autopilot
        if not autopilot.armed:
            self.battery_low, self.breached = False, 0
            return
        if autopilot.stage is Stage.IDLE:
            self._idle_ms += STEP_MS
            delay_s = autopilot.parameters["DISARM_DELAY"]
            if delay_s and self._idle_ms >= delay_s * 1000:
                autopilot.disarm()
            return
        self._check_battery()
        self._check_fence(now_ms)

    def _check_battery(self) -> None:
        """Act once when the charge falls below BATT_LOW_MAH."""
        autopilot = self._autopilot
        battery, parameters = autopilot.body.battery, autopilot.parameters
        left_mah = battery.airframe.capacity_mah - battery.consumed_mah
        if self.battery_low or left_mah >= parameters["BATT_LOW_MAH"]:
            return
        self.battery_low = True
        autopilot.send_text(3, "Battery 1 is low")
        action = int(parameters["BATT_FS_LOW_ACT"])
        if action and autopilot.mode not in {Mode.RTL, Mode.LAND}:
            self._try(*_LOW_ACTIONS.get(action, ()))

    def _check_fence(self, now_ms: int) -> None:
        """Act once when a fence is breached that was not."""
        autopilot = self._autopilot
        motion = autopilot.body.motion
        now = autopilot.fence.breaches((motion.east_m, motion.north_m), motion.up_m, autopilot.home)
        new, self.breached = now & ~self.breached, now
        if not new:
            return
        self.breaches, self.breached_ms = self.breaches + 1, now_ms
        for bit, name in NAMES.items():
            if new & bit:
                autopilot.send_text(2, f"{name} fence breached")
        action = int(autopilot.parameters["FENCE_ACTION"])
        if action and autopilot.mode not in {Mode.RTL, Mode.SMART_RTL, Mode.LAND}:
            self._try(*ACTIONS.get(action, (Mode.RTL,)))

    def _check_station(self, now_ms: int) -> None:
        """Act when the ground station has been silent for FS_GCS_TIMEOUT; one that was never heard is not missed."""
        autopilot = self._autopilot
        parameters = autopilot.parameters
        if not parameters["FS_GCS_ENABLE"] or self._heard_ms is None:
            return
        silent = now_ms - self._heard_ms > max(0.0, parameters["FS_GCS_TIMEOUT"]) * 1000 * self._speed
        if silent == self.station_lost:
            return
        self.station_lost = silent
        if not silent:
            autopilot.send_text(4, "GCS Failsafe Cleared")
            return
        self._act_on_silence()

    def _act_on_silence(self) -> None:
        autopilot = self._autopilot
        options = int(autopilot.parameters["FS_OPTIONS"])
        outcome = ""
        if not autopilot.armed:
            pass
        elif not autopilot.airborne and autopilot.stage is Stage.IDLE:
            outcome = " - Disarming"
            autopilot.disarm()
        elif options & _CONTINUE_LANDING and autopilot.mode in _LANDING:
            outcome = " - Continuing Landing"
        elif options & _CONTINUE_MISSION and autopilot.mode in MISSION_MODES:
            outcome = " - Continuing Auto Mode"
        elif options & _CONTINUE_PILOT and autopilot.mode in _PILOTED:
            outcome = " - Continuing Pilot Control"
        else:
            self._try(*self._traits.on_silence(autopilot.parameters))
        autopilot.send_text(4, f"GCS Failsafe{outcome}")

    def _try(self, *modes: Mode) -> None:
        """Enter the first of the modes that can be entered, else the last resort."""
        if not any(self._autopilot.set_mode(mode) for mode in modes):
            self._autopilot.set_mode(self._traits.last_resort)
