"""Past of a simulated greenhouse as tables, one for each compartment: what its controller or nodes report."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from firmware_sim.greenhouse.house import STABLE_STEP_S, Compartments
from firmware_sim.greenhouse.scenarios import HouseScenario
from firmware_sim.greenhouse.weather import Weather
from firmware_sim.protocols.lorawan_devices import ChirpStack
from firmware_sim.protocols.modbus_table import SLOTS
from firmware_sim.protocols.readings import Readings
from headland.errors import SettingsError

#: The column of the time [epoch ms]; the others are channels.
TIME_COLUMN: Final = "time_ms"
#: channel -> steps per unit, as the controller's registers have them.
CONTROLLER_STEPS: Final[Mapping[str, float]] = {channel: slot.scale for channel, slot in SLOTS.items()}
#: channel -> steps per unit, as the LoRaWAN nodes send them.
NODE_STEPS: Final[Mapping[str, float]] = {channel: 10.0**decimals for _, channel, decimals in ChirpStack.PROPERTIES}
_STABLE_STEP_MS: Final = int(STABLE_STEP_S * 1000)


def write_past(
    scenario: HouseScenario,
    *,
    seed: int,
    weather_seed: int,
    start_ms: int,
    end_ms: int,
    every_ms: int,
    steps: Mapping[str, float],
    paths: Sequence[Path],
    is_stopped: Callable[[], bool],
    written: Callable[[float], None] = lambda _: None,
) -> bool:
    """Write the samples of [start_ms, end_ms), `every_ms` apart, to a path for each compartment; False if stopped.

    The same arguments give the same files. All compartments are stepped together, by the longest stable step that
    divides `every_ms`, which is 1 or more. `written` is told the share that is written, 0 to 1, after each row.
    """
    if is_stopped():
        return False
    step_ms = _step_ms(every_ms)
    weather = Weather(scenario.place, weather_seed, scenario.frost_every_days)
    house = Compartments(scenario, seed, start_ms, weather, step_ms)
    with ExitStack() as files:
        writers = []
        for path in paths:
            writer = csv.writer(files.enter_context(path.open("w", newline="")))
            writer.writerow((TIME_COLUMN, *steps))
            writers.append(writer)
        while house.time_ms < end_ms:
            if house.time_ms % every_ms == 0 and house.time_ms >= start_ms:
                if is_stopped():
                    return False
                for unit, writer in enumerate(writers, 1):
                    writer.writerow((house.time_ms, *_row(house.readings(unit), steps)))
                written((house.time_ms - start_ms) / (end_ms - start_ms))
            house.step(measures=(house.time_ms + step_ms) % every_ms == 0)
    return True


def _step_ms(every_ms: int) -> int:
    """Return the longest stable step of which a whole number is `every_ms`."""
    if every_ms < 1:
        raise SettingsError(f"Samples {every_ms} ms apart are not possible: give 1 ms or more.")
    parts = math.ceil(every_ms / _STABLE_STEP_MS)
    while every_ms % parts:
        parts += 1
    return every_ms // parts


def _row(readings: Readings, steps: Mapping[str, float]) -> list[str]:
    """Return the cells of a row, in the steps of the device; a missing value is an empty cell."""
    cells = []
    for channel, per_unit in steps.items():
        value = readings.get(channel)
        known = value is not None and not math.isnan(value)
        cells.append(f"{round((value or 0.0) * per_unit) / per_unit:.10g}" if known else "")
    return cells
