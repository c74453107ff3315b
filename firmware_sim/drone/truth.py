"""Truth files of a drone: one row per simulated second, and the deposition on the ground."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from firmware_sim.core.truth_file import TruthFile
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.physics.deposition import GridHeader, write_grid
from firmware_sim.drone.physics.sprayer import Sprayer

_LOGGER = logging.getLogger(__name__)

_BEFORE: Final = (
    "time_ms",
    "boot_time_ms",
    "clock_error_ms",
    "latitude_deg",
    "longitude_deg",
    "relative_altitude_m",
    "height_above_ground_m",
    "ground_speed_m_s",
    "mode",
    "armed",
    "pump_on",
)
_AFTER: Final = ("treated_m2", "overlap_m2", "wind_m_s", "wind_from_deg")
COLUMNS: Final = {
    "L": (*_BEFORE, "flow_l_min", "applied_l", "tank_l", *_AFTER),
    "kg": (*_BEFORE, "flow_kg_min", "applied_kg", "hopper_kg", *_AFTER),
}


class DroneTruth:
    """Truth files of a drone: `drone-SEED.csv` continues after a restart, `drone-SEED-ground-START.npz` does not."""

    def __init__(self, folder: Path, vehicle: SimulatedVehicle, seed: int) -> None:
        self._vehicle = vehicle
        self._seed = seed
        self._rows = TruthFile(folder / f"drone-{seed}.csv", COLUMNS[vehicle.body.machine.unit])
        self._grid_path = folder / f"drone-{seed}-ground-{vehicle.time_ms}.npz"
        self._was_armed = False

    def record(self) -> None:
        """Record a step: a row at every whole second, the ground after every landing."""
        vehicle = self._vehicle
        if vehicle.time_ms % 1000 == 0:
            self._rows.append(vehicle.time_ms, truth_row(vehicle))
        if self._was_armed and not vehicle.autopilot.armed:
            self._write_ground()
        self._was_armed = vehicle.autopilot.armed

    def close(self) -> None:
        """Write the current deposition and close the file of rows."""
        self._write_ground()
        self._rows.close()

    def _write_ground(self) -> None:
        vehicle, deposition = self._vehicle, self._vehicle.body.deposition
        if deposition is None:
            return
        grid, scenario = deposition.grid, vehicle.scenario
        latitude, longitude = vehicle.body.frame.to_degrees(*grid.low)
        unit = vehicle.body.machine.unit
        header = GridHeader(
            scenario=scenario.name,
            product=scenario.machine.product,
            unit=f"{unit}/m2",
            latitude_deg=latitude,
            longitude_deg=longitude,
            cell_m=grid.cell_m,
            time_ms=vehicle.time_ms,
            released=vehicle.body.machine.applied,
            landed_outside=grid.outside,
            seed=self._seed,
            beyond_m=grid.beyond_m,
        )
        try:
            write_grid(self._grid_path, grid, header)
        except OSError as error:
            _LOGGER.warning("The ground truth %s cannot be written: %s", self._grid_path, error)


def truth_row(vehicle: SimulatedVehicle) -> tuple[str, ...]:
    """Return the true values of this instant as the columns after `time_ms`."""
    body, motion, machine = vehicle.body, vehicle.body.motion, vehicle.body.machine
    latitude, longitude = body.true_degrees()
    flow_per_min = machine.flow_l_min if isinstance(machine, Sprayer) else machine.flow_kg_min
    return (
        str(vehicle.boot_time_ms),
        str(body.receiver.clock_error_ms),
        f"{latitude:.9f}",
        f"{longitude:.9f}",
        f"{motion.up_m:.3f}",
        f"{body.height_m:.3f}",
        f"{motion.speed_m_s:.3f}",
        str(int(vehicle.autopilot.mode)),
        str(int(vehicle.autopilot.armed)),
        str(int(vehicle.autopilot.sprayer.spraying)),
        f"{flow_per_min:.4f}",
        f"{machine.applied:.5f}",
        f"{machine.left:.4f}",
        f"{body.raster.treated_m2:.2f}",
        f"{body.raster.overlap_m2:.2f}",
        f"{body.wind.speed_m_s:.2f}",
        f"{body.wind.from_deg:.1f}",
    )
