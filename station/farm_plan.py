"""What runs on a farm's machine: the parts, their commands, ports and settings."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from headland.errors import SettingsError
from station.broker import BrokerKind, choose_broker, prepare_broker
from station.broker_listener import BrokerAddress, Listener
from station.farm_folder import GATEWAY, INGEST_USER, FarmFolder, SimRun, write_whole
from station.gateways import Gateways, broker_users
from station.supervisor import Part

HOST: Final = "127.0.0.1"
#: How long a fast simulation runs until it meets the present.
_CATCH_UP_S: Final = 600
#: A drone's autopilot talks to this port unless told otherwise.
_MAVLINK_PORT: Final = 14550


@dataclass(frozen=True, slots=True)
class FarmScenario:
    """What the simulators of one farm play, and the site each stands on."""

    field: str
    field_site: str
    house: str
    house_site: str


SCENARIOS: Final = {
    "demo": FarmScenario("demo", "jurong", "hubei-tomato", "wuhan"),
    "refill": FarmScenario("jurong-refill", "jurong", "hubei-tunnel", "wuhan"),
    "heavy": FarmScenario("jurong-heavy", "jurong", "hubei-tomato", "wuhan"),
    "chongqing": FarmScenario("chongqing-terrace", "chongqing", "chongqing-film", "chongqing"),
}


@dataclass(frozen=True, slots=True)
class UpSettings:
    """The options of `headland up`."""

    port: int = 8000
    data_dir: Path = Path()
    scenario: str = "demo"
    speed: float = 1.0
    simulate: bool = True
    broker: BrokerKind = "auto"
    seed: int = 1
    listener: Listener | None = None


@dataclass(frozen=True, slots=True)
class FarmPlan:
    """The parts of a farm, what to print of them, and how others reach it."""

    parts: Sequence[Part]
    lines: Sequence[str]
    api_url: str
    broker: str
    broker_port: int


def make_plan(settings: UpSettings, folder: FarmFolder, api_port: int) -> FarmPlan:
    """Choose ports, write every part's settings into the folder and return the parts; starts nothing."""
    kind = choose_broker(settings.broker)
    broker_port = open_address(folder, settings.listener).port
    with Gateways(folder).hold():
        users = broker_users(folder)
        broker_command = prepare_broker(kind, folder.broker_dir, broker_port, users, settings.listener)
    api_url = f"http://{HOST}:{api_port}"
    simulators = _Simulators.make(settings, folder) if settings.simulate else None
    edge_toml = folder.edge_dir / "edge.toml"
    write_whole(edge_toml, _edge_settings(folder, broker_port, simulators).encode())
    station = [
        "station",
        "--data",
        str(folder.root),
        "--host",
        HOST,
        "--port",
        str(api_port),
        "--broker",
        f"{HOST}:{broker_port}",
        "--username",
        INGEST_USER,
        "--password-file",
        str(folder.secret_path(INGEST_USER)),
    ]

    def part(name: str, arguments: Sequence[str], stop_stage: int) -> Part:
        command = [sys.executable, "-P", "-m", "station", *arguments]
        return Part(name, command, folder.logs_dir / f"{name}.log", stop_stage)

    parts = [
        Part("broker", broker_command, folder.logs_dir / "broker.log", stop_stage=2),
        part("station", station, stop_stage=1),
        part("edge", ["edge", "run", "-c", str(edge_toml)], stop_stage=0),
    ]
    lines = [
        f"broker      {kind} on {HOST}:{broker_port}",
        *_listener_lines(settings.listener),
        "station     ingest and API, store " + str(folder.store_path),
        f"edge        gateway {GATEWAY}, settings {edge_toml}",
    ]
    if simulators is not None:
        parts += [
            part("sim-drone", simulators.drone_arguments, 0),
            part("sim-greenhouse", simulators.house_arguments, 0),
        ]
        lines += [
            f"drone       simulated, MAVLink on UDP {simulators.drone_port}, scenario {settings.scenario}",
            f"greenhouse  simulated, Modbus/TCP on {simulators.house_port}, speed {settings.speed:g}",
        ]
    else:
        lines += [f"drones      MAVLink on UDP {HOST}:{_MAVLINK_PORT}; more sources: {_sources_path(folder)}"]
    lines.append(f"logs        {folder.logs_dir}")
    return FarmPlan(parts, lines, api_url, kind, broker_port)


@dataclass(frozen=True, slots=True)
class _Simulators:
    """How the two simulators are started and where they listen."""

    scenario: FarmScenario
    speed: float
    drone_port: int
    house_port: int
    drone_arguments: Sequence[str]
    house_arguments: Sequence[str]

    @classmethod
    def make(cls, settings: UpSettings, folder: FarmFolder) -> _Simulators:
        now_ms = time.time_ns() // 1_000_000
        span_ms = round((settings.speed - 1.0) * _CATCH_UP_S * 1000)
        run = folder.next_sim_run(settings.speed, now_ms, span_ms)
        drone_port, house_port = free_port(socket.SOCK_DGRAM), free_port()
        scenario = _scenario(settings.scenario)
        shared = _sim_arguments(settings, run, folder)
        return cls(
            scenario,
            settings.speed,
            drone_port,
            house_port,
            ["sim", "drone", "--connect", f"udpout:{HOST}:{drone_port}", "--scenario", scenario.field, *shared],
            ["sim", "greenhouse", "--host", HOST, "--port", str(house_port), "--scenario", scenario.house, *shared],
        )


def _sim_arguments(settings: UpSettings, run: SimRun, folder: FarmFolder) -> list[str]:
    return [
        "--seed",
        str(settings.seed),
        "--speed",
        f"{run.speed:g}",
        "--start-ms",
        str(run.start_ms),
        "--real-start-ms",
        str(run.real_start_ms),
        "--truth",
        str(folder.truth_dir),
    ]


def _edge_settings(folder: FarmFolder, broker_port: int, simulators: _Simulators | None) -> str:
    """Return the gateway's edge.toml; the user's own sources are taken from sources.toml beside the farm's folder."""
    quoted = json.dumps  # TOML's basic strings escape as JSON's do
    text = f"""# Made by `headland up` at every start. Your own sources belong into {_sources_path(folder)}
[gateway]
id = {quoted(GATEWAY)}
site = "home"
data_dir = {quoted(str(folder.edge_dir))}

[broker]
host = "{HOST}"
port = {broker_port}
username = {quoted(GATEWAY)}
password = {quoted(folder.secret(GATEWAY))}
"""
    if simulators is None:
        text += f"""
[[source]]
type = "mavlink"
name = "drones"
url = "udpin:{HOST}:{_MAVLINK_PORT}"
"""
    else:
        text += f"""
[[source]]
type = "mavlink"
name = "sim-drone"
site = {quoted(simulators.scenario.field_site)}
url = "udpin:{HOST}:{simulators.drone_port}"
simulated = true
[source.sprayer]
pump_servo = 9
pump_off_us = 1050
flow_battery_id = 1

[[source]]
type = "modbus_tcp"
name = "sim-greenhouse"
site = {quoted(simulators.scenario.house_site)}
host = "{HOST}"
port = {simulators.house_port}
unit = 1
device = "greenhouse-1"
kind = "greenhouse"
poll_s = {max(0.1, 1.0 / simulators.speed):g}
clock_speed = {simulators.speed:g}
registers = "greenhouse-sim.toml"
simulated = true
"""
    own = _sources_path(folder)
    return text + ("\n" + own.read_text() if own.exists() else "")


def _listener_lines(listener: Listener | None) -> list[str]:
    if listener is None:
        return []
    how = "without TLS: passwords cross the network in clear"
    if listener.tls is not None:
        how = "with mutual TLS" if listener.tls.mutual else "with TLS"
    elif listener.is_loopback:
        how = "without TLS"
    return [f"gateways    come in on {listener.host}:{listener.port} {how}; add one: headland gateway add NAME"]


def _sources_path(folder: FarmFolder) -> Path:
    return folder.root / "sources.toml"


def _scenario(name: str) -> FarmScenario:
    if name not in SCENARIOS:
        raise SettingsError(f"There is no scenario {name!r}: take one of {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]


def broker_address(folder: FarmFolder) -> BrokerAddress:
    """Return where the broker listens, as its last start had it; before the first one a port is chosen for it."""
    try:
        return msgspec.json.decode(folder.broker_address_path.read_bytes(), type=BrokerAddress)
    except (OSError, msgspec.MsgspecError):
        address = BrokerAddress(port=free_port())
        write_whole(folder.broker_address_path, msgspec.json.encode(address))
        return address


def open_address(folder: FarmFolder, listener: Listener | None) -> BrokerAddress:
    """Return where the broker shall listen now: on the last run's loopback port, if free, so that others find it."""
    port = broker_address(folder).port
    address = BrokerAddress(port=port if _is_free(port) else free_port(), listener=listener)
    write_whole(folder.broker_address_path, msgspec.json.encode(address))
    return address


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    """Tell whether a loopback port can be listened on now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
