"""The `headland` command. Each subcommand loads its part when it runs, so that one extra is enough for one part."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from headland.errors import HeadlandError, SettingsError
from station.cli.access_options import AudienceOption, IssuerOption, issuer_of, limits_from_environment
from station.cli.chaos import chaos
from station.cli.doctor import doctor
from station.cli.edge import edge_app
from station.cli.field import field_app
from station.cli.gateway import gateway_app
from station.cli.homeassistant_options import HomeOption, home_prefix
from station.cli.ingest import ingest_app
from station.cli.key import key_app
from station.cli.ledger import ledger_app
from station.cli.mail_options import MailOption, mail_settings
from station.cli.options import DataOption, farm_folder, host_and_port, read_password
from station.cli.registry_options import RegistryOption
from station.cli.sim import sim_app
from station.cli.store import store_app
from station.cli.store_options import StoreOption
from station.local.supervisor import SUPERVISED
from station.server.registries import registry_url
from station.server.stores import store_url
from station.server.worker_token import worker_token

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Headland: precision-agriculture telemetry, from the gateway to the answer.",
)
app.add_typer(edge_app, name="edge")
app.add_typer(field_app, name="field")
app.add_typer(gateway_app, name="gateway")
app.add_typer(ingest_app, name="ingest")
app.add_typer(key_app, name="key")
app.add_typer(ledger_app, name="ledger")
app.add_typer(sim_app, name="sim")
app.add_typer(store_app, name="store")
app.command()(chaos)
app.command()(doctor)

_EXTRA_OF_PART: Final = {
    "up": "all",
    "station": "all",
    "edge": "edge",
    "ingest": "ingest",
    "api": "api",
    "chaos": "all",
    "field": "api",
    "key": "api",
    "sim": "sim",
    "broker": "all",
}


class BrokerChoice(StrEnum):
    """Which broker `headland up` runs."""

    AUTO = "auto"
    MOSQUITTO = "mosquitto"
    IOTCORE = "iotcore"


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
    scenario: Annotated[str, typer.Option(help="What the simulators play.")] = "jurong-wheat",
    scale: Annotated[
        int | None, typer.Option(help="How many compartments, for a scenario of many (hubei-greenhouses).")
    ] = None,
    speed: Annotated[float, typer.Option(help="Simulated time runs this much faster, from a start in the past.")] = 1.0,
    no_sim: Annotated[bool, typer.Option("--no-sim", help="Start no simulators.")] = False,
    broker: Annotated[BrokerChoice, typer.Option(help="Which MQTT broker.")] = BrokerChoice.AUTO,
    seed: Annotated[int, typer.Option(help="The simulators' random seed.")] = 1,
    listen: Annotated[
        str | None, typer.Option(help="HOST[:PORT] where gateways elsewhere reach the broker; 0.0.0.0 is everywhere.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="The broker's certificate for --listen (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
    tls_ca: Annotated[Path | None, typer.Option(help="Who signed it; gateways get this.")] = None,
    tls_mutual: Annotated[
        bool, typer.Option("--tls-mutual", help="Gateways must show a certificate of --tls-ca, too.")
    ] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow --listen without TLS: passwords cross the network in clear.")
    ] = False,
) -> None:
    """Run a whole farm on this machine: broker, station, gateway and simulators. Ctrl-C ends it all."""
    from station.local.broker_listener import make_listener, tls_files
    from station.local.plan import UpSettings
    from station.local.up import run_farm

    run_farm(
        UpSettings(
            port=port,
            data_dir=farm_folder(data).root,
            scenario=scenario,
            scale=scale,
            speed=speed,
            simulate=not no_sim,
            broker=broker.value,
            seed=seed,
            listener=make_listener(listen, tls_files(tls_cert, tls_key, tls_ca, mutual=tls_mutual), insecure=insecure),
        ),
        _say,
    )


@app.command()
def station(
    data: DataOption = None,
    store: StoreOption = None,
    registry: RegistryOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    broker: Annotated[str, typer.Option(help="The broker as HOST:PORT.")] = "127.0.0.1:1883",
    username: Annotated[str, typer.Option(help="The broker user that may read all gateways.")] = "ingest",
    password_file: Annotated[Path | None, typer.Option(help="A file that holds its password.")] = None,
    organisation: Annotated[str, typer.Option(help="Whose gateways these are.")] = "local",
    oidc_issuer: IssuerOption = None,
    oidc_audience: AudienceOption = None,
    mail: MailOption = None,
    home_assistant: HomeOption = None,
    demo: Annotated[
        str | None, typer.Option(help="The scenario that is simulated, for the registry.", hidden=True)
    ] = None,
    demo_scale: Annotated[int | None, typer.Option(help="Its compartments.", hidden=True)] = None,
) -> None:
    """Run ingest and API in one process on one store."""
    from ingest.settings import IngestSettings
    from station.server.serve import StationSettings, run_station

    folder = farm_folder(data)
    folder.create()
    broker_host, broker_port = host_and_port(broker)
    run_station(
        StationSettings(
            store_url=store_url(store, folder.store_path),
            registry_url=registry_url(registry, folder.registry_path),
            demo=demo,
            demo_scale=demo_scale,
            store_token=folder.secret("store"),
            api_key_path=folder.api_key_path,
            issuer=issuer_of(oidc_issuer, oidc_audience),
            limits=limits_from_environment(),
            mail=mail_settings(mail),
            home_prefix=home_prefix(home_assistant),
            host=host,
            port=port,
            ingest=IngestSettings(
                host=broker_host,
                port=broker_port,
                username=username,
                password=read_password(password_file),
                organisation=organisation,
                quarantine_path=folder.quarantine_path,
            ),
        )
    )


@app.command()
def api(
    data: DataOption = None,
    store: StoreOption = None,
    registry: RegistryOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    organisation: Annotated[str, typer.Option(help="Whose farm this is.")] = "local",
    ingest: Annotated[
        list[str] | None, typer.Option(help="http://HOST:PORT of an ingest worker's --listen; once for each worker.")
    ] = None,
    oidc_issuer: IssuerOption = None,
    oidc_audience: AudienceOption = None,
    mail: MailOption = None,
) -> None:
    """Run the API alone, on a store that ingest elsewhere writes: InfluxDB or VictoriaMetrics, never a DuckDB file."""
    from station.server.serve import ApiSettings, run_api

    folder = farm_folder(data)
    run_api(
        ApiSettings(
            store_url=store_url(store, folder.store_path),
            registry_url=registry_url(registry, folder.registry_path),
            organisation=organisation,
            host=host,
            port=port,
            ingest_urls=ingest or [],
            worker_token=worker_token(folder) if ingest else "",
            issuer=issuer_of(oidc_issuer, oidc_audience),
            limits=limits_from_environment(),
            mail=mail_settings(mail),
        )
    )


@app.command(hidden=True)
def broker(config: Annotated[Path, typer.Option(help="iotcore's TOML.")]) -> None:
    """Run the pip-only broker; `headland up` starts this where mosquitto is not installed."""
    from iotcore import Broker

    # rumqttd writes every packet as an error record.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    Broker(config_path=str(config)).run_forever()


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
