"""Commands, options and help of `headland`. Each command loads its part when it runs: one extra is enough."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from station.cli.commands.doctor import doctor
from station.cli.commands.farm.alarms import alarms_app
from station.cli.commands.farm.device import device_app
from station.cli.commands.farm.field import field_app
from station.cli.commands.farm.gateway import gateway_app
from station.cli.commands.farm.key import key_app
from station.cli.commands.farm.ledger import ledger_app
from station.cli.commands.farm.mcp import mcp
from station.cli.commands.farm.store import store_app
from station.cli.commands.farm.verify import verify
from station.cli.commands.services.edge import edge_app
from station.cli.commands.services.ingest import ingest_app
from station.cli.commands.services.station import api, broker, station
from station.cli.commands.simulation.chaos import chaos
from station.cli.commands.simulation.demo import demo
from station.cli.commands.simulation.sim import sim_app
from station.cli.commands.simulation.simulate import simulate
from station.cli.commands.up import up
from station.cli.commands_app import Commands
from station.cli.exit_codes import ExitCode, exit_code_help

_SERVICES: Final = "Services"
_FARM: Final = "Farm data and access"
_TESTING: Final = "Simulation and tests"

app = Commands(
    name="headland",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Headland: precision-agriculture telemetry, from field gateways to analysis.",
    epilog=exit_code_help(),
)
app.command()(up)
app.command()(doctor)
app.command(rich_help_panel=_SERVICES)(station)
app.command(rich_help_panel=_SERVICES)(api)
app.command(hidden=True)(broker)
app.add_typer(ingest_app, name="ingest", rich_help_panel=_SERVICES)
app.add_typer(edge_app, name="edge", rich_help_panel=_SERVICES)
app.add_typer(alarms_app, name="alarms", rich_help_panel=_FARM)
app.add_typer(device_app, name="device", rich_help_panel=_FARM)
app.add_typer(field_app, name="field", rich_help_panel=_FARM)
app.add_typer(gateway_app, name="gateway", rich_help_panel=_FARM)
app.add_typer(key_app, name="key", rich_help_panel=_FARM)
app.add_typer(ledger_app, name="ledger", rich_help_panel=_FARM)
app.command(rich_help_panel=_FARM)(mcp)
app.command(rich_help_panel=_FARM)(verify)
app.add_typer(store_app, name="store", rich_help_panel=_FARM)
app.add_typer(sim_app, name="sim", rich_help_panel=_TESTING)
app.command(rich_help_panel=_TESTING)(demo)
app.command(rich_help_panel=_TESTING)(chaos)
app.command(rich_help_panel=_TESTING)(simulate)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"headland {version('headland')}")
        raise typer.Exit(ExitCode.OK)


@app.callback()
def _root(
    is_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Headland: precision-agriculture telemetry, from field gateways to analysis."""
