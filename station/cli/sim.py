"""`headland sim`: simulated hardware."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.clock import wall_clock_ms
from station.cli.options import host_and_port, read_password
from station.server.signals import stop_event

if TYPE_CHECKING:
    from firmware_sim.greenhouse.simulator import LinesLink
    from firmware_sim.protocols.mqtt_publisher import BrokerLogin

#: How long a fast simulation without a given start runs until it meets the present: simulated time is never ahead.
_CATCH_UP_S: Final = 600

sim_app = typer.Typer(no_args_is_help=True, help="Simulated hardware that speaks its real protocols.")


@sim_app.command("drone")
def sim_drone(
    connect: Annotated[str, typer.Option(help="udpout:HOST:PORT, udpin:, tcp: or tcpin:")] = "udpout:127.0.0.1:14550",
    scenario: Annotated[str, typer.Option(help="What to fly.")] = "demo",
    seed: Annotated[int, typer.Option(help="The random seed.")] = 1,
    speed: Annotated[float, typer.Option(help="How much faster than real time, 1 to 100.")] = 1.0,
    start_ms: Annotated[
        int | None,
        typer.Option(help="Where simulated time starts, epoch ms; by default ten minutes of --speed ago."),
    ] = None,
    real_start_ms: Annotated[int | None, typer.Option(help="The real time that start belongs to, epoch ms.")] = None,
    truth: Annotated[Path | None, typer.Option(help="A folder for what is really true.")] = None,
    system_id: Annotated[int, typer.Option(help="The MAVLink system id.")] = 1,
    fleet: Annotated[int, typer.Option(help="So many drones, with ids and seeds from the given ones on.")] = 1,
    idle: Annotated[bool, typer.Option("--idle", help="Stand until a ground station flies it.")] = False,
    mavlink: Annotated[int, typer.Option(help="The MAVLink version to speak, 1 or 2.")] = 2,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="lose=, duplicate=, reorder=, flip= with a share; delay=SECONDS; cut=AT:SECONDS; reboot=AT; "
            "clock-step=AT:SECONDS; no-fix=AT:SECONDS; same-id. May be given several times."
        ),
    ] = None,
) -> None:
    """Fly simulated drones over MAVLink: they spray or spread by themselves, or as a ground station tells them."""
    from firmware_sim.drone.simulator import DroneSettings, run_drone
    from firmware_sim.links.faults import read_faults

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
            faults=read_faults(fault or ()),
        ),
        stop_event(),
    )


@sim_app.command("greenhouse")
def sim_greenhouse(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--modbus-port", "--port", help="The Modbus/TCP port to listen on; 0: none.")
    ] = 5020,
    rtu_pty: Annotated[Path | None, typer.Option(help="Where the link of a Modbus RTU port is made.")] = None,
    lines_pty: Annotated[
        list[str] | None,
        typer.Option(help="[json:|csv:|kv:]LINK of a port that prints lines; may be given several times."),
    ] = None,
    lines_period: Annotated[float, typer.Option(help="Simulated seconds between lines.")] = 1.0,
    sdi12_pty: Annotated[Path | None, typer.Option(help="Where the link of an SDI-12 adapter is made.")] = None,
    mqtt: Annotated[str | None, typer.Option(help="HOST:PORT of the broker that MQTT devices publish to.")] = None,
    mqtt_username: Annotated[str | None, typer.Option(help="Their login.")] = None,
    mqtt_password_file: Annotated[
        Path | None, typer.Option(help="A file with its password; else HEADLAND_BROKER_PASSWORD.")
    ] = None,
    mqtt_name: Annotated[str, typer.Option(help="What the names of the MQTT devices begin with.")] = "gh",
    mqtt_kind: Annotated[
        list[str] | None,
        typer.Option(help="esphome, zigbee2mqtt, tasmota, chirpstack, things_stack, senml; all if left out."),
    ] = None,
    mqtt_period: Annotated[float, typer.Option(help="Simulated seconds between their messages.")] = 10.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="noise=, cut=, lost=SHARE, hangup=SECONDS, silent=UNIT, stuck=UNIT; several are allowed."),
    ] = None,
    scenario: Annotated[str, typer.Option(help="Which house.")] = "hubei-tomato",
    scale: Annotated[int | None, typer.Option(help="How many compartments, instead of the scenario's own.")] = None,
    weather: Annotated[Path | None, typer.Option(help="A CSV of weather, instead of the generator's.")] = None,
    seed: Annotated[int, typer.Option(help="The random seed.")] = 1,
    weather_seed: Annotated[
        int | None, typer.Option(help="The weather's own seed, shared by the houses of a farm.")
    ] = None,
    speed: Annotated[float, typer.Option(help="How much faster than real time.")] = 1.0,
    start_ms: Annotated[
        int | None,
        typer.Option(help="Where simulated time starts, epoch ms; by default ten minutes of --speed ago."),
    ] = None,
    real_start_ms: Annotated[int | None, typer.Option(help="The real time that start belongs to, epoch ms.")] = None,
    truth: Annotated[Path | None, typer.Option(help="A folder for what is really true.")] = None,
) -> None:
    """Run a simulated greenhouse behind Modbus/TCP and, where asked for, serial ports and MQTT devices."""
    from firmware_sim.greenhouse.simulator import GreenhouseSettings, run_greenhouse
    from firmware_sim.links.link_faults import read_faults
    from firmware_sim.protocols.mqtt_publisher import KINDS, Fleet

    run_greenhouse(
        GreenhouseSettings(
            host=host,
            port=port,
            scenario=scenario,
            scale=scale,
            weather_path=weather,
            weather_seed=weather_seed,
            seed=seed,
            speed=speed,
            start_ms=_resumed_ms(speed, start_ms, real_start_ms),
            truth_dir=truth,
            rtu_link=rtu_pty,
            lines=[_lines_link(text) for text in lines_pty or ()],
            lines_period_s=lines_period,
            sdi12_link=sdi12_pty,
            broker=None if mqtt is None else _login(mqtt, mqtt_username, mqtt_password_file),
            fleet=Fleet(mqtt_name, tuple(mqtt_kind or KINDS)),
            mqtt_period_s=mqtt_period,
            faults=read_faults(fault or ()),
        ),
        stop_event(),
    )


def _lines_link(text: str) -> LinesLink:
    from firmware_sim.greenhouse.simulator import LinesLink

    form, colon, link = text.partition(":")
    return LinesLink(form, Path(link)) if colon and form.isalnum() else LinesLink("json", Path(text))


def _login(address: str, username: str | None, password_file: Path | None) -> BrokerLogin:
    from firmware_sim.protocols.mqtt_publisher import BrokerLogin

    host, port = host_and_port(address)
    return BrokerLogin(host, port, username, None if username is None else read_password(password_file))


def _resumed_ms(speed: float, start_ms: int | None, real_start_ms: int | None) -> int:
    """Return the simulated time now, of a clock that read `start_ms` at `real_start_ms`: a restart repeats nothing.

    Without a start it is now, or at a higher speed so long ago that the present is met after `_CATCH_UP_S`.
    """
    from firmware_sim.core.clock import SimClock

    now_ms = wall_clock_ms()
    if start_ms is None:
        return now_ms - round(max(0.0, speed - 1.0) * _CATCH_UP_S * 1000)
    return SimClock(speed, start_ms, now_ms if real_start_ms is None else real_start_ms).now_ms(now_ms)
