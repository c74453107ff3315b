"""`headland sim drone`, `greenhouse` and `past`: simulated machines, and what a simulated farm lacks of its past."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from headland.clock import wall_clock_ms
from station.cli.log_output import LogRecordFormat, configure_logging
from station.cli.option import Option
from station.cli.options import (
    SIMULATION,
    DataOption,
    LogFormatOption,
    farm_folder,
    host_and_port,
    read_password,
)
from station.server.signals import stop_event

if TYPE_CHECKING:
    from firmware_sim.greenhouse.simulator import LinesLink
    from firmware_sim.protocols.mqtt_publisher import BrokerLogin

#: A fast simulation without a given start catches up with the present after this time; it never runs ahead.
_CATCH_UP_S: Final = 600

_TRANSPORT: Final = "MAVLink"
_MODBUS: Final = "Modbus and serial ports"
_MQTT: Final = "MQTT devices"

SeedOption = Annotated[int, Option(help="Random seed.", rich_help_panel=SIMULATION)]
StartOption = Annotated[
    int | None,
    Option(
        help="Start of simulated time, epoch ms.",
        show_default="ten minutes of --speed before now",
        rich_help_panel=SIMULATION,
    ),
]
RealStartOption = Annotated[
    int | None,
    Option(help="Real time that --start-ms corresponds to, epoch ms.", rich_help_panel=SIMULATION),
]
TruthOption = Annotated[
    Path | None, Option(help="Folder for the true values of the simulation.", rich_help_panel=SIMULATION)
]


def sim_drone(
    connect: Annotated[
        str, Option(help="MAVLink endpoint: udpout:, udpin:, tcp: or tcpin:HOST:PORT.")
    ] = "udpout:127.0.0.1:14550",
    scenario: Annotated[str, Option(help="Flight scenario; a wrong name lists them all.")] = "demo",
    autopilot: Annotated[str, Option(help="Firmware that the vehicles speak for: copter, rover or px4.")] = "copter",
    idle: Annotated[bool, Option("--idle", help="Wait on the ground for commands of a ground station.")] = False,
    fleet: Annotated[int, Option(help="Number of drones; ids and seeds count up from the given ones.")] = 1,
    speed: Annotated[float, Option(help="Simulation speed, 1 to 100 times real time.")] = 1.0,
    system_id: Annotated[int, Option(help="MAVLink system id.", rich_help_panel=_TRANSPORT)] = 1,
    mavlink: Annotated[int, Option(help="MAVLink version, 1 or 2.", rich_help_panel=_TRANSPORT)] = 2,
    fault: Annotated[
        list[str] | None,
        Option(
            help="Inject a fault: lose=, duplicate=, reorder=, flip= with a share; delay=SECONDS; cut=AT:SECONDS; "
            "reboot=AT; clock-step=AT:SECONDS; no-fix=AT:SECONDS; same-id. Repeat for several.",
            rich_help_panel=SIMULATION,
        ),
    ] = None,
    seed: SeedOption = 1,
    start_ms: StartOption = None,
    real_start_ms: RealStartOption = None,
    truth: TruthOption = None,
    log_format: LogFormatOption = LogRecordFormat.TEXT,
) -> None:
    """Simulate drones over MAVLink: they spray or spread on their own, or fly as a ground station commands."""
    from firmware_sim.drone.simulator import DroneSettings, run_drone
    from firmware_sim.links.faults import read_faults

    configure_logging("sim-drone", log_format)
    run_drone(
        DroneSettings(
            connect=connect,
            scenario=scenario,
            seed=seed,
            speed=speed,
            start_ms=_resumed_ms(speed, start_ms, real_start_ms),
            truth_dir=truth,
            system_id=system_id,
            mavlink_version=mavlink,
            fleet=fleet,
            idle=idle,
            autopilot=autopilot,
            faults=read_faults(fault or ()),
        ),
        stop_event(),
    )


def sim_greenhouse(
    scenario: Annotated[str, Option(help="Greenhouse scenario; a wrong name lists them all.")] = "hubei-tomato",
    scale: Annotated[int | None, Option(help="Number of compartments.", show_default="the scenario's own")] = None,
    weather: Annotated[Path | None, Option(help="Weather file (CSV) to use instead of the weather generator.")] = None,
    house: Annotated[
        Path | None, Option(help="Parameters of a real house (TOML), by headland sim fit, for every compartment.")
    ] = None,
    speed: Annotated[float, Option(help="Simulation speed, as a multiple of real time.")] = 1.0,
    host: Annotated[str, Option(help="Address that Modbus/TCP listens on.", rich_help_panel=_MODBUS)] = "127.0.0.1",
    port: Annotated[
        int,
        Option("--modbus-port", "--port", help="Port of Modbus/TCP; 0 turns it off.", rich_help_panel=_MODBUS),
    ] = 5020,
    rtu_pty: Annotated[
        Path | None, Option(help="Create a Modbus RTU serial port with this link.", rich_help_panel=_MODBUS)
    ] = None,
    lines_pty: Annotated[
        list[str] | None,
        Option(
            metavar="[FORM:]LINK",
            help="Create a serial port that prints text lines; FORM is json, csv or kv. Repeat for several.",
            rich_help_panel=_MODBUS,
        ),
    ] = None,
    lines_period: Annotated[float, Option(help="Simulated seconds between text lines.", rich_help_panel=_MODBUS)] = 1.0,
    sdi12_pty: Annotated[
        Path | None, Option(help="Create an SDI-12 adapter with this link.", rich_help_panel=_MODBUS)
    ] = None,
    dtu: Annotated[
        str | None,
        Option(
            metavar="HOST:PORT",
            help="Port of a gateway that a DTU with the compartments connects to.",
            rich_help_panel=_MODBUS,
        ),
    ] = None,
    dtu_registration: Annotated[
        str, Option(help="Registration that the DTU sends first.", rich_help_panel=_MODBUS)
    ] = "headland-dtu",
    opcua_port: Annotated[int, Option(help="Port of an OPC UA server; 0 turns it off.", rich_help_panel=_MODBUS)] = 0,
    bacnet_port: Annotated[
        int, Option(help="UDP port of a BACnet device; 0 turns it off.", rich_help_panel=_MODBUS)
    ] = 0,
    mqtt: Annotated[
        str | None,
        Option(metavar="HOST:PORT", help="Broker that the MQTT devices publish to.", rich_help_panel=_MQTT),
    ] = None,
    mqtt_username: Annotated[str | None, Option(help="Login of the MQTT devices.", rich_help_panel=_MQTT)] = None,
    mqtt_password_file: Annotated[
        Path | None,
        Option(help="File that holds its password.", show_default="HEADLAND_BROKER_PASSWORD", rich_help_panel=_MQTT),
    ] = None,
    mqtt_name: Annotated[str, Option(help="Prefix of the MQTT devices' names.", rich_help_panel=_MQTT)] = "gh",
    mqtt_kind: Annotated[
        list[str] | None,
        Option(
            help="Kind of MQTT device: esphome, zigbee2mqtt, tasmota, chirpstack, things_stack, senml. "
            "Repeat for several.",
            show_default="all",
            rich_help_panel=_MQTT,
        ),
    ] = None,
    mqtt_period: Annotated[
        float, Option(help="Simulated seconds between their messages.", rich_help_panel=_MQTT)
    ] = 10.0,
    fault: Annotated[
        list[str] | None,
        Option(
            help="Inject a fault: noise=, cut=, lost=SHARE, hangup=SECONDS, silent=UNIT, stuck=UNIT. "
            "Repeat for several.",
            rich_help_panel=SIMULATION,
        ),
    ] = None,
    seed: SeedOption = 1,
    weather_seed: Annotated[
        int | None,
        Option(
            help="Random seed of the weather, shared by the greenhouses of a farm.",
            show_default="--seed",
            rich_help_panel=SIMULATION,
        ),
    ] = None,
    start_ms: StartOption = None,
    real_start_ms: RealStartOption = None,
    truth: TruthOption = None,
    forecast_port: Annotated[
        int | None, Option(help="Port of simulated providers of weather forecasts in this process.", hidden=True)
    ] = None,
    forecast_scenario: Annotated[
        list[str] | None, Option(help="Further greenhouse scenario whose weather they know.", hidden=True)
    ] = None,
    log_format: LogFormatOption = LogRecordFormat.TEXT,
) -> None:
    """Simulate a greenhouse behind Modbus/TCP and, as options, serial ports and MQTT devices."""
    from firmware_sim.greenhouse.simulator import GreenhouseSettings, run_greenhouse
    from firmware_sim.links.link_faults import read_faults
    from firmware_sim.protocols.dtu import DtuTarget
    from firmware_sim.protocols.mqtt_publisher import KINDS, MqttDevices

    configure_logging("sim-greenhouse", log_format)
    providers = None
    if forecast_port is not None:
        from firmware_sim.weather.server import ProviderServer, WeatherSettings

        # A process of their own would need 50 MB more.
        start = _resumed_ms(speed, start_ms, real_start_ms)
        known = tuple(dict.fromkeys((scenario, *(forecast_scenario or ()))))
        seed_of_weather = seed if weather_seed is None else weather_seed
        providers = ProviderServer(
            WeatherSettings("127.0.0.1", forecast_port, known, seed_of_weather, speed, start, wall_clock_ms())
        )
        providers.start()
    run_greenhouse(
        GreenhouseSettings(
            host=host,
            port=port,
            scenario=scenario,
            scale=scale,
            weather_path=weather,
            house_path=house,
            weather_seed=weather_seed,
            seed=seed,
            speed=speed,
            start_ms=_resumed_ms(speed, start_ms, real_start_ms),
            truth_dir=truth,
            rtu_link=rtu_pty,
            lines=[_lines_link(text) for text in lines_pty or ()],
            lines_period_s=lines_period,
            sdi12_link=sdi12_pty,
            opcua_port=opcua_port,
            bacnet_port=bacnet_port,
            dtu=None if dtu is None else DtuTarget(*host_and_port(dtu), dtu_registration),
            broker=None if mqtt is None else _login(mqtt, mqtt_username, mqtt_password_file),
            fleet=MqttDevices(mqtt_name, tuple(mqtt_kind or KINDS)),
            mqtt_period_s=mqtt_period,
            faults=read_faults(fault or ()),
        ),
        stop_event(),
    )
    if providers is not None:
        providers.close()


def _lines_link(text: str) -> LinesLink:
    from firmware_sim.greenhouse.simulator import LinesLink

    form, colon, link = text.partition(":")
    return LinesLink(form, Path(link)) if colon and form.isalnum() else LinesLink("json", Path(text))


def _login(address: str, username: str | None, password_file: Path | None) -> BrokerLogin:
    from firmware_sim.protocols.mqtt_publisher import BrokerLogin

    host, port = host_and_port(address)
    return BrokerLogin(host, port, username, None if username is None else read_password(password_file))


def sim_past(data: DataOption = None, log_format: LogFormatOption = LogRecordFormat.TEXT) -> None:
    """Make what a running simulated farm lacks of its past; `headland up` calls it once the farm is ready."""
    from station.local.past.make import make_past

    configure_logging("past", log_format)
    sys.stdout.write(f"{make_past(farm_folder(data), stop_event())}\n")


def _resumed_ms(speed: float, start_ms: int | None, real_start_ms: int | None) -> int:
    """Return the current simulated time [ms] of a clock that was `start_ms` at `real_start_ms`.

    A restart with the same two instants repeats no simulated time. Without `start_ms` the clock starts now, or at a
    higher speed early enough to catch up with the present after `_CATCH_UP_S`.
    """
    from firmware_sim.core.clock import SimClock

    now_ms = wall_clock_ms()
    if start_ms is None:
        return now_ms - round(max(0.0, speed - 1.0) * _CATCH_UP_S * 1000)
    return SimClock(speed, start_ms, now_ms if real_start_ms is None else real_start_ms).now_ms(now_ms)
