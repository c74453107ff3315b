"""How the simulators of a farm are started, and how the farm's gateway is told of them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from station.farm_folder import FarmFolder, SimRun
from station.scenarios import FarmDrone, FarmHouse, farm_named

#: How long a fast simulation runs until it meets the present.
_CATCH_UP_S: Final = 600


@dataclass(frozen=True, slots=True)
class Simulator:
    """One simulator: its part's name, its command, the gateway's source for it and the line that tells of it."""

    name: str
    arguments: Sequence[str]
    source_toml: str
    line: str


def plan_simulators(
    scenario: str,
    seed: int,
    speed: float,
    folder: FarmFolder,
    host: str,
    free_port: Callable[[socket.SocketKind], int],
) -> list[Simulator]:
    """Return the simulators of a farm scenario, all on one simulated clock; raises SettingsError for another name."""
    farm = farm_named(scenario)
    now_ms = time.time_ns() // 1_000_000
    run = folder.next_sim_run(speed, now_ms, round((speed - 1.0) * _CATCH_UP_S * 1000))
    drones = [
        _drone(drone, number, host, free_port(socket.SOCK_DGRAM), _shared(seed + number - 1, run, folder))
        for number, drone in enumerate(farm.drones, 1)
    ]
    houses = [
        _house(house, number, host, free_port(socket.SOCK_STREAM), speed, _shared(seed + number - 1, run, folder))
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


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _drone(drone: FarmDrone, number: int, host: str, port: int, shared: list[str]) -> Simulator:
    name = _numbered("sim-drone", number)
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


def _house(house: FarmHouse, number: int, host: str, port: int, speed: float, shared: list[str]) -> Simulator:
    name = _numbered("sim-greenhouse", number)
    source = f"""
[[source]]
type = "modbus_tcp"
name = "{name}"
site = {json.dumps(house.site)}
host = "{host}"
port = {port}
unit = 1
device = {json.dumps(house.device)}
kind = "greenhouse"
poll_s = {max(0.1, 1.0 / speed):g}
clock_speed = {speed:g}
registers = "greenhouse-sim.toml"
simulated = true
"""
    link = ["--host", host, "--port", str(port), "--scenario", house.scenario]
    line = f"greenhouse  simulated, Modbus/TCP on {port}, scenario {house.scenario}, speed {speed:g}"
    return Simulator(name, ["sim", "greenhouse", *link, *shared], source, line)
