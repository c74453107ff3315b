"""The simulated multirotor as a whole: a body, the autopilot that flies it, and the crew."""

from __future__ import annotations

from firmware_sim.drone.field_model import FieldScenario
from firmware_sim.drone.flight.autopilot import Autopilot
from firmware_sim.drone.flight.crew import Pilot
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.physics.vehicle_body import STEP_MS, Body


class Vehicle:
    """A multirotor that treats its scenario's field again and again, in steps of `STEP_MS` of simulated time.

    Everything true is in `body`. The same seed, scenario and start give the same flight; where `flies` is False it
    stands until a ground station flies it. `delay_s` passes before its first flight; its autopilot has been `up_for_s`.
    """

    def __init__(
        self,
        scenario: FieldScenario,
        seed: int,
        start_ms: int,
        *,
        system_id: int = 1,
        flies: bool = True,
        delay_s: float = 0.0,
        up_for_s: float = 0.0,
        with_ground: bool = False,
    ) -> None:
        self.scenario = scenario
        self.time_ms = start_ms - start_ms % STEP_MS
        self.boot_ms = self.time_ms - round(up_for_s * 1000 / STEP_MS) * STEP_MS
        self.body = Body(scenario, seed, self.time_ms, with_ground=with_ground)
        self.parameters = Parameters(scenario, system_id)
        self.autopilot = Autopilot(self.body, self.parameters)
        self.pilot = Pilot(self.body, self.autopilot, flies=flies, delay_s=delay_s)

    @property
    def boot_time_ms(self) -> int:
        """Milliseconds since the autopilot started, as `time_boot_ms` carries them."""
        return self.time_ms - self.boot_ms

    @property
    def utc_ms(self) -> int:
        """What the vehicle takes for UTC."""
        return self.time_ms + self.body.receiver.clock_error_ms

    def reboot(self) -> None:
        """Start the autopilot again, as its watchdog would: clocks and counters at zero, no position for a while.

        A vehicle in the air flies on, as ArduPilot's does; one on the ground comes up disarmed.
        """
        self.boot_ms = self.time_ms
        self.body.receiver.power_up(self.time_ms)
        self.body.battery.consumed_mah = 0.0
        self.body.machine.restart_sensors()
        self.autopilot.restart()

    def step(self) -> None:
        """Advance by `STEP_MS`."""
        self.time_ms += STEP_MS
        self.pilot.step(self.time_ms)
        self.body.step(self.time_ms, self.autopilot.step(self.time_ms))
