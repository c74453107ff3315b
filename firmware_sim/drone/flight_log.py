"""Log of simulated flights: one treatment of a field as a .tlog, the file that a ground station records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_sim.drone.physics.vehicle_body import STEP_MS
from firmware_sim.drone.simulator import Drone, DroneSettings

#: A treatment that is not over by then is cut.
_LONGEST_MS: Final = 2 * 3_600_000
#: After the landing, so that the counters of the last seconds are in the log.
_AFTER_MS: Final = 5000
_STEPS_BETWEEN_CHECKS: Final = 500


@dataclass(frozen=True, slots=True)
class RecordedFlight:
    """From the first arming to the last landing [epoch ms]."""

    start_ms: int
    end_ms: int


def record_treatment(
    settings: DroneSettings, start_ms: int, path: Path, is_stopped: Callable[[], bool]
) -> RecordedFlight | None:
    """Fly one treatment of the field from `start_ms` on and write its frames to `path`; None if stopped.

    The same settings and start give the same file.
    """
    drone = Drone(settings, start_ms)
    vehicle = drone.vehicle
    armed_ms = ended_ms = None
    with path.open("wb") as file:
        for step in range(_LONGEST_MS // STEP_MS):
            if step % _STEPS_BETWEEN_CHECKS == 0 and is_stopped():
                return None
            frames = drone.identify() if step == 0 else []
            stamp = (vehicle.time_ms * 1000).to_bytes(8, "big")
            file.writelines(stamp + frame for frame in (*frames, *drone.step()))
            if vehicle.autopilot.armed:
                armed_ms = vehicle.time_ms if armed_ms is None else armed_ms
                ended_ms = vehicle.time_ms
            elif ended_ms is not None and vehicle.crew.is_at_first_row and vehicle.time_ms - ended_ms >= _AFTER_MS:
                break
    return RecordedFlight(armed_ms or start_ms, ended_ms or vehicle.time_ms)
