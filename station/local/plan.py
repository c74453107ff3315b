"""Plan of a farm on one machine: its processes, ports and settings files."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from headland.i18n import Language
from headland.network.addresses import hide_secrets
from station.local.broker import NO_ACCESS_LIST, BrokerKind, choose_broker, move_sessions_aside, prepare_broker
from station.local.broker_listener import BrokerAddress, Listener
from station.local.folder import GATEWAY, INGEST_USER, FarmFolder
from station.local.gateways import Gateways, broker_users, own_users
from station.local.past.plan import PastPlan, is_new, needs_past
from station.local.simulators import FarmBus, Simulator, plan_simulators
from station.local.supervisor import Part
from station.server.files import write_whole
from station.server.homeassistant import HOME_PREFIX
from station.server.scenarios import DEFAULT_FARM, farm_named
from station.server.storage.registries import REGISTRY_URL, registry_url
from station.server.storage.stores import STORE_URL

HOST: Final = "127.0.0.1"
#: Default port of an autopilot's ground station.
_MAVLINK_PORT: Final = 14550
#: Maximum batch age of the farm's own gateway [s].
LIVE_AGE_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class UpSettings:
    """Options of `headland up`."""

    port: int = 8000
    data_dir: Path = Path()
    scenario: str = DEFAULT_FARM
    #: Whether a farm that is new gets a simulated past; it needs the simulators.
    past: bool = True
    #: Number of compartments of the scenario's large greenhouses; None: the scenario's own number.
    scale: int | None = None
    #: Language of the names of a new farm's fields and houses.
    language: Language = "en"
    speed: float = 1.0
    simulate: bool = True
    broker: BrokerKind = "auto"
    seed: int = 1
    listener: Listener | None = None
    #: Ground stations that share the drones' link where nothing is simulated, as `url` of a source's `forward`.
    ground_stations: Sequence[str] = ()
    #: Processes that serve the API, where more than one beside the one that owns the store.
    api_workers: int = 1
    #: Whether to print the link that signs in; not where lines go to a log.
    prints_key: bool = True


@dataclass(frozen=True, slots=True)
class FarmPlan:
    """Parts of a farm, the lines that describe them, and its addresses."""

    parts: Sequence[Part]
    lines: Sequence[str]
    api_url: str
    broker: str
    broker_port: int
    #: The task that makes the farm's past once it is ready, None where there is nothing to make.
    past: Part | None = None


def make_plan(settings: UpSettings, folder: FarmFolder, api_port: int) -> FarmPlan:
    """Choose ports and write the settings of all parts into the folder; starts nothing."""
    kind = choose_broker(settings.broker)
    if kind == "iotcore" and os.environ.get(HOME_PREFIX):
        raise SettingsError(f"{HOME_PREFIX} needs mosquitto: {NO_ACCESS_LIST}")
    broker_port = open_address(folder, settings.listener).port
    with Gateways(folder).hold():
        users = broker_users(folder) if kind == "mosquitto" else own_users(folder)
        without_login = [] if kind == "mosquitto" else [gateway.name for gateway in Gateways(folder).all()]
        devices_port = broker_port if kind == "mosquitto" else free_port()
        broker_command = prepare_broker(kind, folder.broker_dir, broker_port, users, settings.listener, devices_port)
    api_url = f"http://{HOST}:{api_port}"
    is_new_farm = is_new(folder)
    simulators = _simulators(settings, folder, devices_port)
    edge_toml = folder.edge_dir / "edge.toml"
    write_whole(edge_toml, _edge_settings(settings, folder, broker_port, simulators).encode())
    if is_new_farm and settings.simulate:
        from station.local.ground import write_ground  # shapely, for the first start alone

        write_ground(folder.base_map_path, farm_named(settings.scenario, settings.scale))
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
        "--api-workers",
        str(settings.api_workers),
        *_demo_arguments(settings),
        *_forecast_arguments(simulators),
    ]

    def part(name: str, arguments: Sequence[str], stop_stage: int) -> Part:
        command = [sys.executable, "-P", "-m", "station", *arguments]
        return Part(name, command, folder.logs_dir / f"{name}.log", stop_stage)

    parts = [
        Part(
            "broker",
            broker_command,
            folder.logs_dir / "broker.log",
            stop_stage=2,
            remedy=lambda: move_sessions_aside(folder.broker_dir, wall_clock_ms()),
        ),
        part("station", station, stop_stage=1),
        part("edge", ["edge", "run", "-c", str(edge_toml)], stop_stage=0),
    ]
    lines = [
        f"broker      {kind} on {HOST}:{broker_port}",
        *_access_lines(kind, without_login),
        *_listener_lines(settings.listener),
        f"station     ingest and API, store {hide_secrets(os.environ.get(STORE_URL) or str(folder.store_path))}",
        f"registry    {hide_secrets(registry_url(os.environ.get(REGISTRY_URL), folder.registry_path))}",
        f"edge        gateway {GATEWAY}, settings {edge_toml}",
    ]
    planned_ms = wall_clock_ms()
    for simulator in simulators:
        parts.append(part(simulator.name, simulator.arguments, 0))
        if simulator.waits_for_gateway:
            parts[-1].may_start = partial(_gateway_runs, folder.edge_dir, planned_ms)
    lines += [simulator.line for simulator in simulators]
    lines += [f"forecasts   simulated, {each.forecasts_url}" for each in simulators if each.forecasts_url]
    if not simulators:
        lines += [f"drones      MAVLink on UDP {HOST}:{_MAVLINK_PORT}; more sources: {_sources_path(folder)}"]
    past = None
    if _needs_past(settings, folder, is_new=is_new_farm):
        past = part("past", ["sim", "past", "--data", str(folder.root)], 0)
        past.is_task = True
        lines.append("past        simulated, made once this farm is ready; --no-past leaves it out")
    lines.append(f"logs        {folder.logs_dir}")
    return FarmPlan(parts, lines, api_url, kind, broker_port, past)


def _gateway_runs(edge_dir: Path, since_ms: int) -> bool:
    """Tell whether a gateway that began at `since_ms` or later has started its sources."""
    from edge.agent.status import read_status  # the station asks this module for the broker's address alone

    try:
        return read_status(edge_dir).started_ms >= since_ms
    except SettingsError:  # it has no status yet
        return False


def _needs_past(settings: UpSettings, folder: FarmFolder, *, is_new: bool) -> bool:
    """Plan the past of a new farm; return whether any of it is still to be made."""
    run = folder.sim_run()
    if not settings.simulate or not settings.past or run is None:
        return False
    plan = PastPlan(
        scenario=settings.scenario,
        scale=settings.scale,
        seed=settings.seed,
        end_ms=run.start_ms,
        language=settings.language,
    )
    return needs_past(folder, plan, is_new=is_new)


def _access_lines(kind: str, without_login: Sequence[str]) -> list[str]:
    """Return what a broker without an access list means for this farm."""
    if kind == "mosquitto":
        return []
    refused = f" Not accepted: {', '.join(without_login)}." if without_login else ""
    return [f"            {NO_ACCESS_LIST}{refused}"]


def _demo_arguments(settings: UpSettings) -> list[str]:
    """Return the station's arguments for the language of its first names, and for the simulated scenario."""
    named = ["--demo-language", settings.language]
    if not settings.simulate:
        return named
    scale = [] if settings.scale is None else ["--demo-scale", str(settings.scale)]
    return ["--demo", settings.scenario, *named, *scale]


def _forecast_arguments(simulators: Sequence[Simulator]) -> list[str]:
    """Return the station's arguments for the simulated providers of weather forecasts, where there are any."""
    urls = [each.forecasts_url for each in simulators if each.forecasts_url is not None]
    return ["--simulated-forecasts", urls[0]] if urls else []


def _simulators(settings: UpSettings, folder: FarmFolder, devices_port: int) -> list[Simulator]:
    if not settings.simulate:
        return []
    farm = farm_named(settings.scenario, settings.scale)
    bus = FarmBus(HOST, devices_port, folder, settings.seed)
    return plan_simulators(farm, settings.seed, settings.speed, bus, free_port)


def _edge_settings(settings: UpSettings, folder: FarmFolder, broker_port: int, simulators: Sequence[Simulator]) -> str:
    """Return the gateway's edge.toml; it includes the user's own sources from sources.toml in the farm's folder."""
    quoted = json.dumps  # TOML's basic strings escape as JSON's do
    text = f"""# Written by `headland up` at every start. Add your own sources in {_sources_path(folder)}
[gateway]
id = {quoted(GATEWAY)}
site = "home"
data_dir = {quoted(str(folder.edge_dir))}

[broker]
host = "{HOST}"
port = {broker_port}
username = {quoted(GATEWAY)}
password = {quoted(folder.secret(GATEWAY))}
ack_key = "{folder.ack_key(GATEWAY)}"
"""
    if not simulators:
        text += f"""
[[source]]
type = "mavlink"
name = "drones"
url = "udpin:{HOST}:{_MAVLINK_PORT}"
{_forward_line(settings.ground_stations)}"""
    own = _sources_path(folder)
    own_sources = own.read_text() if own.exists() else ""
    if "[batch]" not in own_sources:
        # On one machine small batches cost little, and an open page shows a value a fifth of a second later.
        text += f"\n[batch]\nfollowed_age_s = {LIVE_AGE_S}\n"
    if simulators and "[alarms]" not in own_sources:
        text += '\n[alarms]\nrules = ["greenhouse"]\n'
        place_deg = next((each.place_deg for each in simulators if each.place_deg is not None), None)
        if place_deg is not None:
            text += f"latitude_deg = {place_deg[0]}\nlongitude_deg = {place_deg[1]}\n"
    text += "".join(simulator.source_toml for simulator in simulators)
    return text + (f"\n{own_sources}" if own_sources else "")


def _forward_line(ground_stations: Sequence[str]) -> str:
    """Return the setting by which ground stations share the link. Raises SettingsError for one that cannot."""
    if not ground_stations:
        return ""
    from edge.sources.mavlink.settings import ForwardSettings

    for url in ground_stations:
        try:
            msgspec.convert({"url": url}, ForwardSettings)
        except msgspec.ValidationError as error:
            raise SettingsError(
                f"--ground-station {url} is no address of one: write udpout:ADDRESS:PORT, where it listens, or "
                "tcpin:ADDRESS:PORT, where it connects."
            ) from error
    return "forward = [" + ", ".join(f"{{ url = {json.dumps(url)} }}" for url in ground_stations) + "]\n"


def _listener_lines(listener: Listener | None) -> list[str]:
    if listener is None:
        return []
    security = "without TLS: passwords cross the network unencrypted"
    if listener.tls is not None:
        security = "with mutual TLS" if listener.tls.mutual else "with TLS"
        if listener.tls.enrols:
            return [f"gateways    accepted on {listener.host}:{listener.port} by code: headland gateway code NAME"]
    elif listener.is_loopback:
        security = "without TLS"
    return [f"gateways    accepted on {listener.host}:{listener.port} {security}; add one: headland gateway add NAME"]


def _sources_path(folder: FarmFolder) -> Path:
    return folder.root / "sources.toml"


def broker_address(folder: FarmFolder) -> BrokerAddress:
    """Return the broker's address at its last start; before the first start a port is chosen."""
    try:
        return msgspec.json.decode(folder.broker_address_path.read_bytes(), type=BrokerAddress)
    except (OSError, msgspec.MsgspecError):
        address = BrokerAddress(port=free_port())
        write_whole(folder.broker_address_path, msgspec.json.encode(address))
        return address


def open_address(folder: FarmFolder, listener: Listener | None) -> BrokerAddress:
    """Return and store the broker's address for this start: the last loopback port where it is free."""
    port = broker_address(folder).port
    address = BrokerAddress(port=port if _is_free(port) else free_port(), listener=listener)
    write_whole(folder.broker_address_path, msgspec.json.encode(address))
    return address


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a free loopback port."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    """Return whether a loopback port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
