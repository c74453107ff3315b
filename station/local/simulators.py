"""Simulators of a farm: their command lines, and the gateway's settings that read them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from headland.clock import wall_clock_ms
from station.local.folder import DEVICES_USER, FarmFolder, SimRun
from station.server.scenarios import FarmDrone, FarmHouse, FarmScenario

#: Time after which a fast simulation catches up with the present.
_CATCH_UP_S: Final = 600
#: Simulated seconds between messages of a radio node, and between polls of a controller.
_RADIO_PERIOD_S: Final = 60.0
_POLL_S: Final = 10.0
#: So many compartments are read every second.
_FEW: Final = 4
_FEW_POLL_S: Final = 1.0
#: Time for reading one compartment of many.
_UNIT_POLL_S: Final = 0.01
_MIN_POLL_S: Final = 0.1
#: The gateway's register map of a simulated controller.
SIMULATED_MAP: Final = "greenhouse-sim.toml"
#: Field of a node's decoded payload -> channel.
_RADIO_FIELDS: Final = {
    "air_temperature": "air_temperature_degc",
    "air_humidity": "relative_humidity_pct",
    "soil_temperature": "soil_temperature_degc",
    "soil_moisture": "substrate_moisture_pct",
    "leaf_temperature": "leaf_temperature_degc",
    "co2": "co2_ppm",
    "par": "par_umol_m2_s",
}


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator: the name of its part, its arguments, the gateway's source for it, and its line in the output."""

    name: str
    arguments: Sequence[str]
    source_toml: str
    line: str
    #: Whether it sends to whoever listens: before the gateway runs, the beginning of a flight would be lost.
    waits_for_gateway: bool = False
    #: Latitude and longitude of a greenhouse.
    place_deg: tuple[float, float] | None = None
    #: Address of the simulated providers of weather forecasts that run in it.
    forecasts_url: str | None = None


@dataclass(frozen=True, slots=True)
class FarmBus:
    """Connections of the greenhouses: their host, the broker's port for MQTT devices, and the farm's folder."""

    host: str
    devices_port: int
    folder: FarmFolder
    #: Seed of the weather, shared by all greenhouses of the farm.
    weather_seed: int


def plan_simulators(
    farm: FarmScenario,
    seed: int,
    speed: float,
    bus: FarmBus,
    free_port: Callable[[socket.SocketKind], int],
) -> list[Simulator]:
    """Return the simulators of a farm; all use the same simulated clock."""
    folder, host = bus.folder, bus.host
    now_ms = wall_clock_ms()
    run = folder.next_sim_run(speed, now_ms, round((speed - 1.0) * _CATCH_UP_S * 1000))
    drones = [
        _drone(drone, number, host, free_port(socket.SOCK_DGRAM), _shared(seed + number - 1, run, folder))
        for number, drone in farm.flying
    ]
    houses = [
        plan_house(house, number, bus, free_port(socket.SOCK_STREAM), speed, _shared(seed + number - 1, run, folder))
        for number, house in enumerate(farm.houses, 1)
    ]
    return drones + _with_forecasts(houses, farm, host, free_port)


def _with_forecasts(
    houses: list[Simulator], farm: FarmScenario, host: str, free_port: Callable[[socket.SocketKind], int]
) -> list[Simulator]:
    """Return the greenhouses, the first with the providers of weather forecasts for all of their places."""
    if not houses:
        return []
    port = free_port(socket.SOCK_STREAM)
    known = [word for house in farm.houses for word in ("--forecast-scenario", house.scenario)]
    arguments = [*houses[0].arguments, "--forecast-port", str(port), *known]
    return [replace(houses[0], arguments=arguments, forecasts_url=f"http://{host}:{port}"), *houses[1:]]


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
    line = f"drone       simulated, MAVLink on UDP {port}, scenario {drone.scenario}"
    source = drone_source(drone, number, host, port)
    return Simulator(name, ["sim", "drone", *link, *shared], source, line, waits_for_gateway=True)


def drone_source(drone: FarmDrone, number: int, host: str, port: int) -> str:
    """Return the gateway's source for the farm's `number`-th drone."""
    return f"""
[[source]]
type = "mavlink"
name = "{numbered("sim-drone", number)}"
site = {json.dumps(drone.site)}
url = "udpin:{host}:{port}"
simulated = true
{drone.profile}"""


def plan_house(
    house: FarmHouse, number: int, bus: FarmBus, port: int, speed: float, shared: Sequence[str]
) -> Simulator:
    """Return the simulator of the farm's `number`-th greenhouse; `port` is a free port."""
    from firmware_sim.greenhouse.scenarios import house_named

    place = house_named(house.scenario).place
    name = numbered("sim-greenhouse", number)
    arguments, source, line = (
        _radio(house, name, bus) if house.radio else _controller(house, name, bus.host, port, speed)
    )
    weather = ["--weather-seed", str(bus.weather_seed)]
    scale = ["--scale", str(house.compartments)] if house.compartments > 1 else []
    return Simulator(
        name, ["sim", "greenhouse", "--scenario", house.scenario, *scale, *arguments, *weather, *shared], source, line,
        place_deg=(place.latitude_deg, place.longitude_deg),
    )  # fmt: skip


def _controller(house: FarmHouse, name: str, host: str, port: int, speed: float) -> tuple[list[str], str, str]:
    """Return the arguments of a Modbus controller, the gateway's source for it, and its line in the output."""
    is_single = house.compartments == 1
    every_s = _FEW_POLL_S if house.compartments <= _FEW else _POLL_S
    poll_s = max(_MIN_POLL_S, every_s / speed, _UNIT_POLL_S * house.compartments)
    source = f"""
[[source]]
type = "modbus_tcp"
name = "{name}"
site = {json.dumps(house.site)}
host = "{host}"
port = {port}
kind = "{house.kind}"
poll_s = {poll_s:g}
clock_speed = {speed:g}
simulated = true
"""
    if is_single:
        source += f'unit = 1\ndevice = {json.dumps(house.device)}\nregisters = "{SIMULATED_MAP}"\n'
    else:
        for unit, device in enumerate(house.devices, 1):
            source += f"""[[source.node]]
unit = {unit}
device = {json.dumps(device)}
registers = "{SIMULATED_MAP}"
site = {json.dumps(house.site)}
kind = "{house.kind}"
simulated = true
"""
    compartments = "" if is_single else f", {house.compartments} compartments"
    line = f"greenhouse  simulated, Modbus/TCP on {port}, scenario {house.scenario}{compartments}, speed {speed:g}"
    return ["--host", host, "--port", str(port)], source, line


def _radio(house: FarmHouse, name: str, bus: FarmBus) -> tuple[list[str], str, str]:
    """Return the arguments of LoRaWAN nodes, the gateway's source for them, and their line in the output."""
    password_file = str(bus.folder.secret_path(DEVICES_USER))
    broker = f"{bus.host}:{bus.devices_port}"
    arguments = ["--port", "0", "--mqtt", broker, "--mqtt-username", DEVICES_USER]
    arguments += ["--mqtt-password-file", password_file, "--mqtt-name", f"{house.device}-"]
    arguments += ["--mqtt-kind", "chirpstack", "--mqtt-period", f"{_RADIO_PERIOD_S:g}"]
    source = f"""
[[source]]
type = "mqtt"
name = "{name}"
format = "chirpstack"
host = "{bus.host}"
port = {bus.devices_port}
username = "{DEVICES_USER}"
password = {json.dumps(bus.folder.secret(DEVICES_USER))}
site = {json.dumps(house.site)}
kind = "{house.kind}"
simulated = true
listed_only = true
interval_s = {_RADIO_PERIOD_S:g}
"""
    for key, channel in _RADIO_FIELDS.items():
        source += f'[[source.channel]]\nfrom = "{key}"\nchannel = "{channel}"\n'
    for unit, device in enumerate(house.devices, 1):
        source += f"""[[source.node]]
match = "{house.device}-{unit}-lora"
device = {json.dumps(device)}
site = {json.dumps(house.site)}
kind = "{house.kind}"
simulated = true
"""
    line = f"nodes       simulated, LoRaWAN over the broker, scenario {house.scenario}, {house.compartments} of them"
    return arguments, source, line


def numbered(name: str, number: int) -> str:
    """Return a name for the first, and the name with its number for later ones."""
    return name if number == 1 else f"{name}-{number}"
