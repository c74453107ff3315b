"""Truth files of a simulated greenhouse: climate, hourly sums and sensor errors.

`greenhouse-SEED.csv` has the climate of every compartment; `greenhouse-hours-SEED.csv` light, energy, water, carbon
dioxide and condensation of each complete or partial hour; `greenhouse-sensors-SEED.csv` the errors of each sensor.
Times are epoch milliseconds UTC, units are in the names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from firmware_sim.core.truth_file import TruthFile
from firmware_sim.greenhouse.house import STEP_MS, Compartments
from firmware_sim.greenhouse.scenarios import HouseScenario
from firmware_sim.greenhouse.true_climate import TRUTH_COLUMNS
from headland.agronomy.house_model.moist_air import Numbers
from headland.units_of_time import HOUR_MS

_STEP_S: Final = STEP_MS / 1000
CLIMATE_COLUMNS: Final = ("time_ms", "compartment", *TRUTH_COLUMNS)
HOUR_COLUMNS: Final = (
    "time_ms",
    "compartment",
    "seconds_s",
    "air_temperature_degc",
    "vpd_kpa",
    "light_mol_m2",
    "leaf_condensation_h",
    "cover_condensation_h",
    "sun_mj_m2",
    "heating_mj_m2",
    "lamp_mj_m2",
    "transpiration_kg_m2",
    "condensation_kg_m2",
    "irrigation_kg_m2",
    "co2_injected_g_m2",
)
SENSOR_COLUMNS: Final = (
    "time_ms",
    "compartment",
    "channel",
    "bias",
    "drift_per_day",
    "noise",
    "lag_s",
    "quantum",
    "radiation_error_per_600_w_m2",
    "spike_ratio",
    "spike_size",
    "dropout_ratio",
    "planted",
    "planted_from_ms",
)


class HouseTruth:
    """Writes the true values of a greenhouse; call `record` after every step."""

    def __init__(self, folder: Path, scenario: HouseScenario, seed: int, house: Compartments) -> None:
        self._climate = TruthFile(folder / f"greenhouse-{seed}.csv", CLIMATE_COLUMNS)
        self._hours = TruthFile(folder / f"greenhouse-hours-{seed}.csv", HOUR_COLUMNS)
        self._every_ms = 1000 * scenario.truth_every_s
        self._hour_ms = house.time_ms - house.time_ms % HOUR_MS
        self._sums = np.zeros((len(HOUR_COLUMNS) - 2, house.units))
        _write_sensors(TruthFile(folder / f"greenhouse-sensors-{seed}.csv", SENSOR_COLUMNS), scenario, house)

    def record(self, house: Compartments) -> None:
        """Record the last step of the greenhouse."""
        hour_ms = house.time_ms - house.time_ms % HOUR_MS
        if hour_ms != self._hour_ms:
            self._end_hour()
            self._hour_ms = hour_ms
        self._sums += _STEP_S * np.stack(_rates(house))
        if house.time_ms % self._every_ms == 0:
            rows = np.stack([house.truth[name] for name in TRUTH_COLUMNS], axis=1)
            for unit, row in enumerate(rows.tolist(), 1):
                self._climate.append(house.time_ms, [str(unit), *(f"{value:.5f}" for value in row)])

    def close(self) -> None:
        """Write the current partial hour and close the files."""
        self._end_hour()
        self._climate.close()
        self._hours.close()

    def _end_hour(self) -> None:
        seconds_s = self._sums[0]
        if seconds_s[0] > 0:
            rows = self._sums.copy()
            rows[1:3] /= seconds_s
            for unit, row in enumerate(rows.T.tolist(), 1):
                self._hours.append(self._hour_ms, [str(unit), *(f"{value:.6f}" for value in row)])
        self._sums[:] = 0.0


def _rates(house: Compartments) -> list[Numbers]:
    """Return the rates per second of `HOUR_COLUMNS` except the first two; means are divided later."""
    truth, fluxes = house.truth, house.fluxes
    return [
        np.ones(house.units),
        truth["air_temperature_degc"],
        truth["vpd_kpa"],
        truth["par_umol_m2_s"] * 1e-6,
        (truth["leaf_condensation_margin_k"] <= 0) / 3600,
        (truth["cover_condensation_margin_k"] <= 0) / 3600,
        (fluxes.sun_to_canopy + fluxes.sun_to_floor) * 1e-6,
        fluxes.boiler_to_pipe * 1e-6,
        truth["lamp_power_w_m2"] * 1e-6,
        fluxes.transpiration,
        fluxes.condensation,
        fluxes.irrigation,
        fluxes.injection * 1e3,
    ]


def _write_sensors(file: TruthFile, scenario: HouseScenario, house: Compartments) -> None:
    sensors = house.sensors
    planted = {(fault.unit, fault.channel): fault for fault in scenario.planted}
    for unit in range(1, house.units + 1):
        for place, kind in enumerate(sensors.kinds):
            fault = planted.get((unit, kind.channel))
            errors = (
                sensors.bias[unit - 1, place], sensors.drift_per_day[unit - 1, place],
                kind.noise, kind.lag_s, kind.quantum, kind.radiation, kind.spikes, kind.spike_size, kind.dropouts,
            )  # fmt: skip
            since = "" if fault is None else str(house.time_ms + round(fault.after_h * HOUR_MS))
            name = "" if fault is None else fault.kind
            file.append(house.time_ms, [str(unit), kind.channel, *(f"{error:.6g}" for error in errors), name, since])
    file.close()
