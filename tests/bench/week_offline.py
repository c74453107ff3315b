"""What a week without a network costs on the gateway's disk: 10 drones in the air and 50 greenhouse sensors.

`python -m tests.bench.week_offline [--seconds N] [--drones N] [--houses N]`

The real gateway reads simulated drones (one MAVLink port, default rates) and houses (Modbus, once a second, 11 channels
each) for a short stretch without a broker; the spool's growth after its first seconds, as it counts it on disk, is
taken times a week. Drones that fly all week are the worst there is; the share of the houses alone is measured too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import threading
from pathlib import Path

from edge.agent.agent import run_agent
from edge.agent.settings import EdgeSettings, GatewaySettings, SourceSettings
from edge.agent.status import AgentStatus, read_status
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.modbus.settings import ModbusSettings
from edge.uplink.settings import BrokerSettings
from headland.clock import wall_clock_ms
from tests.ports import find_free_port
from tests.waiting import wait_until

WEEK_S = 7 * 86_400
#: Vehicles are named and clocks mapped within this time.
SETTLE_S = 12.0


def simulate(mavlink_port: int, house_ports: list[int], drones: int) -> None:
    """Run the simulators until this process is ended."""
    from firmware_sim.drone.simulator import DroneSettings, run_drone
    from firmware_sim.greenhouse.simulator import GreenhouseSettings, run_greenhouse

    stop = threading.Event()
    link = f"udpout:127.0.0.1:{mavlink_port}"
    threads = [
        threading.Thread(target=run_drone, args=(DroneSettings(connect=link, seed=one, system_id=one), stop))
        for one in range(1, drones + 1)
    ]
    threads += [
        threading.Thread(target=run_greenhouse, args=(GreenhouseSettings(port=port, seed=port), stop))
        for port in house_ports
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(seconds: float, drones: int, houses: int) -> dict[str, float]:
    """Return the growth in bytes, records and samples a second, and what a week comes to."""
    mavlink_port, *house_ports = [find_free_port() for _ in range(houses + 1)]
    sources: list[SourceSettings] = [
        ModbusSettings(name=f"house-{at}", host="127.0.0.1", port=port, device=f"gh-{at}", registers=registers())
        for at, port in enumerate(house_ports)
    ]
    if drones:
        sources.append(MavlinkSettings(name="drones", url=f"udpin:127.0.0.1:{mavlink_port}"))
    context = multiprocessing.get_context("spawn")
    simulators = context.Process(target=simulate, args=(mavlink_port, house_ports, drones), daemon=True)
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = EdgeSettings(
            gateway=GatewaySettings(id="gw-1", site="home", data_dir=str(folder)),
            broker=BrokerSettings(port=find_free_port()),
            source=sources,
        )
        agent = threading.Thread(target=run_agent, args=(settings, stop))
        simulators.start()
        agent.start()
        try:
            wait_until(lambda: (folder / "status.json").exists() and read_status(folder).intake["rows"], 30)
            first = after(folder, wall_clock_ms() + round(SETTLE_S * 1000))
            last = after(folder, first.time_ms + round(seconds * 1000))
        finally:
            stop.set()
            agent.join(10)
            simulators.kill()
    took_s = (last.time_ms - first.time_ms) / 1000
    bytes_s = (last.spool.bytes - first.spool.bytes) / took_s
    return {
        "seconds": took_s,
        "records_s": (last.spool.records - first.spool.records) / took_s,
        "samples_s": (last.intake["points"] - first.intake["points"]) / took_s,
        "bytes_s": bytes_s,
        "week_bytes": bytes_s * WEEK_S,
    }


def registers() -> str:
    """The register map that comes with Headland, as a path."""
    from edge.sources.modbus.registers import find_map

    return str(find_map("greenhouse-sim.toml", Path()))


def after(folder: Path, time_ms: int) -> AgentStatus:
    """Return the first status that was written at `time_ms` or later."""
    wait_until(lambda: read_status(folder).time_ms >= time_ms, 600)
    return read_status(folder)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--drones", type=int, default=10)
    parser.add_argument("--houses", type=int, default=5)
    options = parser.parse_args()
    found = {
        "all": measure(options.seconds, options.drones, options.houses),
        "houses": measure(options.seconds, 0, options.houses),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
