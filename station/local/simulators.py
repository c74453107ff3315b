"""How the simulators of a farm are started, and how the farm's gateway is told of them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Final

from headland.clock import wall_clock_ms
from station.local.folder import FarmFolder, SimRun
from station.local.greenhouse_simulators import FarmBus, plan_house
from station.local.simulator import Simulator, numbered
from station.server.scenarios import FarmDrone, FarmScenario

#: How long a fast simulation runs until it meets the present.
_CATCH_UP_S: Final = 600


def plan_simulators(
    farm: FarmScenario,
    seed: int,
    speed: float,
    bus: FarmBus,
    free_port: Callable[[socket.SocketKind], int],
) -> list[Simulator]:
    """Return the simulators of a farm, all on one simulated clock."""
    folder, host = bus.folder, bus.host
    now_ms = wall_clock_ms()
    run = folder.next_sim_run(speed, now_ms, round((speed - 1.0) * _CATCH_UP_S * 1000))
    drones = [
        _drone(drone, number, host, free_port(socket.SOCK_DGRAM), _shared(seed + number - 1, run, folder))
        for number, drone in enumerate(farm.drones, 1)
    ]
    houses = [
        plan_house(house, number, bus, free_port(socket.SOCK_STREAM), speed, _shared(seed + number - 1, run, folder))
        for number, house in enumerate(farm.houses, 1)
    ]
    return drones + houses


def _shared(seed: int, run: SimRun, folder: FarmFolder) -> list[str]:
    return [
        "--seed",
        str(seed),
        "--speed",
        f"{run.speed:g}",
        "--start-ms",
        str(run.start_ms),
        "--real-start-ms",
        str(run.real_start_ms),
        "--truth",
        str(folder.truth_dir),
    ]


def _drone(drone: FarmDrone, number: int, host: str, port: int, shared: list[str]) -> Simulator:
    name = numbered("sim-drone", number)
    link = ["--connect", f"udpout:{host}:{port}", "--scenario", drone.scenario, "--system-id", str(number)]
    source = f"""
[[source]]
type = "mavlink"
name = "{name}"
site = {json.dumps(drone.site)}
url = "udpin:{host}:{port}"
simulated = true
{drone.profile}"""
    line = f"drone       simulated, MAVLink on UDP {port}, scenario {drone.scenario}"
    return Simulator(name, ["sim", "drone", *link, *shared], source, line)
