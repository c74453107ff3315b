"""How much of one core a large simulated greenhouse takes: compartments of twelve sensors, sixty times faster.

Figures: seconds of processor time for each simulated minute, and the share of one core that makes at 60 times.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.scenarios import house_named
from firmware_sim.greenhouse.truth import HouseTruth
from firmware_sim.protocols.modbus_table import register_table

START_MS = 1_795_000_000_000


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--compartments", type=int, default=200)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--speed", type=float, default=60.0)
    options = parser.parse_args()
    scenario = house_named("hubei-greenhouses").scaled(options.compartments)
    house = Compartments(scenario, 1, START_MS)
    with tempfile.TemporaryDirectory() as folder:
        truth = HouseTruth(Path(folder), scenario, 1, house)
        began_s = time.process_time()
        for second in range(60 * options.minutes):
            house.step()
            truth.record(house)
            if second % 60 == 0:
                # Once a simulated minute every compartment is read over its bus.
                for unit in range(1, house.units + 1):
                    register_table(house.readings(unit), house.time_ms)
        took_s = time.process_time() - began_s
        truth.close()
    per_minute_s = took_s / options.minutes
    figures = {
        "compartments_count": house.units,
        "sensors_count": house.units * len(house.sensors.kinds),
        "cpu_per_simulated_minute_s": round(per_minute_s, 4),
        "core_at_speed_pct": round(100 * per_minute_s * options.speed / 60, 1),
        "fastest_on_one_core_ratio": round(60 / per_minute_s),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
