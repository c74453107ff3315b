"""The `headland` command. Each subcommand loads its part when it runs, so that one extra is enough for one part."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from headland.errors import HeadlandError, SettingsError
from station.farm_folder import IMPORT_GATEWAY, FarmFolder, default_folder, write_whole
from station.supervisor import SUPERVISED

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Headland: precision-agriculture telemetry, from the gateway to the answer.",
)
edge_app = typer.Typer(no_args_is_help=True, help="The gateway daemon and its tools.")
sim_app = typer.Typer(no_args_is_help=True, help="Simulated hardware that speaks its real protocols.")
app.add_typer(edge_app, name="edge")
app.add_typer(sim_app, name="sim")

_EXTRA_OF_PART: Final = {"up": "all", "station": "all", "edge": "edge", "sim": "sim", "broker": "all"}


class BrokerChoice(StrEnum):
    """Which broker `headland up` runs."""

    AUTO = "auto"
    MOSQUITTO = "mosquitto"
    IOTCORE = "iotcore"


DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The farm's folder.", show_default="HEADLAND_DATA or ~/.local/share/headland"),
]
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The gateway's edge.toml.")]


def main() -> None:
    """Run the command line; a person gets one sentence, not a trace."""
    logging.basicConfig(
        level=os.environ.get("HEADLAND_LOG", "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if os.environ.get(SUPERVISED):
        _end_with_parent()
    try:
        app()
    except HeadlandError as error:
        typer.echo(f"headland: {error}", err=True)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
    except ModuleNotFoundError as error:
        part = next((word for word in sys.argv[1:] if word in _EXTRA_OF_PART), "up")
        typer.echo(
            f"headland: this needs {error.name}; install it with: pip install 'headland[{_EXTRA_OF_PART[part]}]'",
            err=True,
        )
        sys.exit(1)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Where the API and the page listen (loopback); 0 takes a free one.")] = 8000,
    data: DataOption = None,
    scenario: Annotated[str, typer.Option(help="What the simulators play.")] = "demo",
    speed: Annotated[float, typer.Option(help="Simulated time runs this much faster, from a start in the past.")] = 1.0,
    no_sim: Annotated[bool, typer.Option("--no-sim", help="Start no simulators.")] = False,
    broker: Annotated[BrokerChoice, typer.Option(help="Which MQTT broker.")] = BrokerChoice.AUTO,
    seed: Annotated[int, typer.Option(help="The simulators' random seed.")] = 1,
) -> None:
    """Run a whole farm on this machine: broker, station, gateway and simulators. Ctrl-C ends it all."""
    from station.up import UpSettings, run_farm

    run_farm(
        UpSettings(
            port=port,
            data_dir=_folder(data).root,
            scenario=scenario,
            speed=speed,
            simulate=not no_sim,
            broker=broker.value,
            seed=seed,
        ),
        _say,
    )


@app.command()
def station(
    data: DataOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    broker: Annotated[str, typer.Option(help="The broker as HOST:PORT.")] = "127.0.0.1:1883",
    username: Annotated[str, typer.Option(help="The broker user that may read all gateways.")] = "ingest",
    password_file: Annotated[Path | None, typer.Option(help="A file that holds its password.")] = None,
    organisation: Annotated[str, typer.Option(help="Whose gateways these are.")] = "local",
) -> None:
    """Run ingest and API in one process on one store file."""
    from ingest.settings import IngestSettings

    from station.serve import StationSettings, run_station

    folder = _folder(data)
    folder.create()
    broker_host, broker_port = _host_and_port(broker)
    run_station(
        StationSettings(
            store_path=folder.store_path,
            host=host,
            port=port,
            ingest=IngestSettings(
                host=broker_host,
                port=broker_port,
                username=username,
                password=_read_password(password_file),
                organisation=organisation,
                quarantine_path=folder.quarantine_path,
            ),
        )
    )


@app.command(hidden=True)
def broker(config: Annotated[Path, typer.Option(help="iotcore's TOML.")]) -> None:
    """Run the pip-only broker; `headland up` starts this where mosquitto is not installed."""
    from iotcore import Broker

    # rumqttd writes every packet as an error record.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    Broker(config_path=str(config)).run_forever()


@edge_app.command("run")
def edge_run(config: ConfigOption) -> None:
    """Run the gateway daemon until it is told to stop."""
    from edge.agent import run_agent
    from edge.settings import load_settings

    run_agent(load_settings(config, os.environ), _stop_event())


@edge_app.command("check")
def edge_check(config: ConfigOption) -> None:
    """Check an edge.toml and say what it would read; changes nothing."""
    from edge.settings import load_settings

    settings = load_settings(config, os.environ)
    typer.echo(f"{config}: gateway {settings.gateway.id} sends to {settings.broker.host}:{settings.broker.port}")
    for source in settings.source:
        typer.echo(f"  {source.name}: {type(source).__struct_config__.tag}")


@edge_app.command("import")
def edge_import(
    files: Annotated[list[Path], typer.Argument(help="Flight logs (.tlog).")],
    data: DataOption = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="An edge.toml instead of a farm's folder.")
    ] = None,
) -> None:
    """Put flight logs through the gateway's own way into a running farm; a repeated import adds nothing."""
    from station.importing import import_logs

    import_logs(files, config if config is not None else _import_settings(_folder(data)), _stop_event())


@sim_app.command("drone")
def sim_drone(
    connect: Annotated[str, typer.Option(help="udpout:HOST:PORT, udpin:, tcp: or tcpin:")] = "udpout:127.0.0.1:14550",
    scenario: Annotated[str, typer.Option(help="What to fly.")] = "demo",
    seed: Annotated[int, typer.Option(help="The random seed.")] = 1,
    speed: Annotated[float, typer.Option(help="How much faster than real time.")] = 1.0,
    start_ms: Annotated[
        int | None, typer.Option(help="Where simulated time starts, epoch ms; now when left out.")
    ] = None,
    real_start_ms: Annotated[int | None, typer.Option(help="The real time that start belongs to, epoch ms.")] = None,
    truth: Annotated[Path | None, typer.Option(help="A folder for what is really true.")] = None,
    system_id: Annotated[int, typer.Option(help="The MAVLink system id.")] = 1,
) -> None:
    """Fly a simulated spraying drone over MAVLink."""
    from firmware_sim.drone import DroneSettings, run_drone

    real_ms = real_start_ms if real_start_ms is not None else time.time_ns() // 1_000_000
    run_drone(
        DroneSettings(
            connect=connect,
            scenario=scenario,
            seed=seed,
            speed=speed,
            start_ms=real_ms if start_ms is None else start_ms,
            real_start_ms=real_ms,
            truth_dir=truth,
            system_id=system_id,
        ),
        _stop_event(),
    )


@sim_app.command("greenhouse")
def sim_greenhouse(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The Modbus/TCP port to listen on.")] = 5020,
    scenario: Annotated[str, typer.Option(help="Which house.")] = "demo",
    seed: Annotated[int, typer.Option(help="The random seed.")] = 1,
    speed: Annotated[float, typer.Option(help="How much faster than real time.")] = 1.0,
    start_ms: Annotated[
        int | None, typer.Option(help="Where simulated time starts, epoch ms; now when left out.")
    ] = None,
    real_start_ms: Annotated[int | None, typer.Option(help="The real time that start belongs to, epoch ms.")] = None,
    truth: Annotated[Path | None, typer.Option(help="A folder for what is really true.")] = None,
) -> None:
    """Run a simulated greenhouse behind a Modbus/TCP controller."""
    from firmware_sim.greenhouse_server import GreenhouseSettings, run_greenhouse

    real_ms = real_start_ms if real_start_ms is not None else time.time_ns() // 1_000_000
    run_greenhouse(
        GreenhouseSettings(
            host=host,
            port=port,
            scenario=scenario,
            seed=seed,
            speed=speed,
            start_ms=real_ms if start_ms is None else start_ms,
            real_start_ms=real_ms,
            truth_dir=truth,
        ),
        _stop_event(),
    )


def _folder(data: Path | None) -> FarmFolder:
    return FarmFolder(default_folder(os.environ) if data is None else data.expanduser().absolute())


def _import_settings(folder: FarmFolder) -> Path:
    """Write the importing gateway's settings for the farm that runs on `folder`; raises RetryLater when none does."""
    state = folder.read_state()
    path = folder.import_dir / "import.toml"
    text = f"""# Made by `headland edge import` at every call.
[gateway]
id = "{IMPORT_GATEWAY}"
site = "home"
data_dir = '{folder.import_dir}'

[broker]
host = "{state.broker_host}"
port = {state.broker_port}
username = "{IMPORT_GATEWAY}"
password = "{folder.secret(IMPORT_GATEWAY)}"
"""
    write_whole(path, text.encode())
    return path


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"{text!r} is no HOST:PORT.")
    return host, int(port)


def _read_password(path: Path | None) -> str | None:
    if path is None:
        return os.environ.get("HEADLAND_BROKER_PASSWORD")
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"The password file {path} cannot be read: {error.strerror}.") from error


def _stop_event() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _end_with_parent() -> None:
    """End this process when its supervisor is gone: standard input is a pipe that the supervisor holds open."""

    def wait_for_end() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_end, name="parent-watch", daemon=True).start()


def _say(line: str) -> None:
    typer.echo(line)
    sys.stdout.flush()
