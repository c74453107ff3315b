"""A simulated multirotor: body, autopilot and crew."""

from __future__ import annotations

from firmware_sim.drone.field_model import FieldScenario
from firmware_sim.drone.flight.autopilot import Autopilot
from firmware_sim.drone.flight.crew import Crew
from firmware_sim.drone.flight.traits import COPTER, Traits
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.physics.vehicle_body import STEP_MS, Body


class SimulatedVehicle:
    """A multirotor that treats its scenario's field repeatedly, in steps of `STEP_MS` of simulated time.

    `body` has the true state. The same seed, scenario and start give the same flight. With `flies` False it waits for
    a ground station. `delay_s` is the time before its first flight, `up_for_s` the time since the autopilot's boot. A
    ground station's silence counts in real time at any simulation `speed`.
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
        speed: float = 1.0,
        traits: Traits = COPTER,
    ) -> None:
        self.scenario = scenario
        self.time_ms = start_ms - start_ms % STEP_MS
        self.boot_ms = self.time_ms - round(up_for_s * 1000 / STEP_MS) * STEP_MS
        self.body = Body(scenario, seed, self.time_ms, with_ground=with_ground)
        self.parameters = Parameters(scenario, system_id)
        self.autopilot = Autopilot(self.body, self.parameters, traits, speed)
        self.crew = Crew(self.body, self.autopilot, flies=flies, delay_s=delay_s)

    @property
    def boot_time_ms(self) -> int:
        """Milliseconds since the autopilot's boot, as in `time_boot_ms`."""
        return self.time_ms - self.boot_ms

    @property
    def utc_ms(self) -> int:
        """UTC by the vehicle's clock."""
        return self.time_ms + self.body.receiver.clock_error_ms

    def reboot(self) -> None:
        """Restart the autopilot as after a watchdog reset: clocks and counters at zero, no position for a time.

        A vehicle in the air continues its flight, as with ArduPilot; on the ground it is disarmed.
        """
        self.boot_ms = self.time_ms
        self.body.receiver.power_up(self.time_ms)
        self.body.battery.consumed_mah = 0.0
        self.body.machine.restart_sensors()
        self.autopilot.restart()

    def step(self) -> None:
        """Advance by `STEP_MS`."""
        self.time_ms += STEP_MS
        self.crew.step(self.time_ms)
        self.body.step(self.time_ms, self.autopilot.step(self.time_ms))
