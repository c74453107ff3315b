"""The `headland` command. Each subcommand loads its part when it runs: one extra is enough for one part."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Annotated, Final

import typer

from headland.errors import HeadlandError, SettingsError
from station.cli.commands.doctor import doctor
from station.cli.commands.farm.alarms import alarms_app
from station.cli.commands.farm.device import device_app
from station.cli.commands.farm.field import field_app
from station.cli.commands.farm.gateway import gateway_app
from station.cli.commands.farm.key import key_app
from station.cli.commands.farm.ledger import ledger_app
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
from station.cli.exit_codes import ExitCode, exit_code_help
from station.cli.log_output import configure_from_environment, log_uncaught_exceptions, report_error
from station.local.supervisor import SUPERVISED
from station.server.signals import end_process

#: New containers until the next search for garbage, where a part of Headland sets no other number.
_COLLECT_AFTER: Final = 10_000
_SERVICES: Final = "Services"
_FARM: Final = "Farm data and access"
_TESTING: Final = "Simulation and tests"

app = typer.Typer(
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
app.command(rich_help_panel=_FARM)(verify)
app.add_typer(store_app, name="store", rich_help_panel=_FARM)
app.add_typer(sim_app, name="sim", rich_help_panel=_TESTING)
app.command(rich_help_panel=_TESTING)(demo)
app.command(rich_help_panel=_TESTING)(chaos)
app.command(rich_help_panel=_TESTING)(simulate)

_EXTRA_OF_PART: Final = {
    "up": "all",
    "station": "all",
    "edge": "edge",
    "ingest": "ingest",
    "api": "api",
    "demo": "all",
    "chaos": "all",
    "simulate": "all",
    "field": "api",
    "key": "api",
    "verify": "proof",
    "sim": "sim",
    "broker": "all",
}


_PACKAGES: Final = ("api", "edge", "firmware_sim", "headland", "ingest", "station")


class _OwnPackages(MetaPathFinder):
    """Finds our packages beside this one: a folder of PYTHONPATH named as one of them, such as `api`, is not taken."""

    _installed_in: Final = (str(Path(__file__).resolve().parents[2]),)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of one of our packages; None for any other module."""
        if path is not None or fullname not in _PACKAGES:
            return None
        return PathFinder.find_spec(fullname, self._installed_in, target)


def _missing_sentence(error: ModuleNotFoundError) -> str:
    """Return what is missing and the remedy: an extra, or a foreign package of our name to be moved."""
    package = (error.name or "").partition(".")[0]
    if package in _PACKAGES:
        where = getattr(sys.modules.get(package), "__path__", None)
        place = f" at {next(iter(where))}" if where else ""
        return f"another package named {package}{place} hides Headland's: take it off PYTHONPATH, or rename it"
    part = next((word for word in sys.argv[1:] if word in _EXTRA_OF_PART), "up")
    return f"{error.name} is not installed; install it with: pip install 'headland[{_EXTRA_OF_PART[part]}]'"


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


def main() -> None:
    """Run the command line: an expected error ends it with one line on standard error and an exit code."""
    # What a farm stores is for its own user: measurements, logs, backups and exports.
    os.umask(0o077)
    sys.meta_path.insert(0, _OwnPackages())
    # What loading code makes stays: to search it for garbage every 700 objects is a seventh of a station's start.
    gc.set_threshold(_COLLECT_AFTER)
    try:
        configure_from_environment("headland", os.environ)
        log_uncaught_exceptions()
        if os.environ.get(SUPERVISED):
            _end_with_parent()
        app(prog_name="headland")
    except SystemExit as ended:
        if os.environ.get(SUPERVISED) and not ended.code:
            end_process()  # a part of a farm has closed everything, and the farm's end waits for it
        raise
    except HeadlandError as error:
        report_error(str(error))
        sys.exit(ExitCode.USAGE if isinstance(error, SettingsError) else ExitCode.FAILED)
    except ModuleNotFoundError as error:
        report_error(_missing_sentence(error))
        sys.exit(ExitCode.FAILED)


def _end_with_parent() -> None:
    """End this process with its supervisor, which holds the other end of standard input open."""

    def wait_for_end() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_end, name="parent-watch", daemon=True).start()
