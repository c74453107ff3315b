"""The `headland` command. Each subcommand loads its part when it runs: one extra is enough for one part."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Final

from headland.errors import HeadlandError, SettingsError
from station.cli.exit_codes import ExitCode
from station.cli.log_output import configure_from_environment, log_uncaught_exceptions, report_error
from station.cli.words import read_words
from station.local.supervisor import SUPERVISED
from station.server.signals import end_process

#: New containers until the next search for garbage, where a part of Headland sets no other number.
_COLLECT_AFTER: Final = 10_000
#: What runs for months, by its words: it loads nothing of the command line where its options are plain.
_SERVICES: Final = {
    "up": "up:up",
    "station": "services.station:station",
    "api": "services.station:api",
    "broker": "services.station:broker",
    "edge run": "services.edge_run:edge_run",
    "ingest run": "services.ingest_run:ingest_run",
    "sim drone": "simulation.simulators:sim_drone",
    "sim greenhouse": "simulation.simulators:sim_greenhouse",
    "sim past": "simulation.simulators:sim_past",
}
_EXTRA_OF_PART: Final = {
    "up": "all",
    "station": "all",
    "edge": "edge",
    # A service of either also serves HTTP and speaks MQTT.
    "ingest": "ingest,api",
    "api": "ingest,api",
    "demo": "all",
    "chaos": "all",
    "simulate": "all",
    "field": "api",
    "key": "api",
    "mcp": "mcp",
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


def main() -> None:
    """Run the command line: an expected error ends it with one line on standard error and an exit code."""
    # What a farm stores is for its own user: measurements, logs, backups and exports.
    os.umask(0o077)
    sys.meta_path.insert(0, _OwnPackages())
    # What loading code makes stays: to search it for garbage every 700 objects is a seventh of a station's start.
    gc.set_threshold(_COLLECT_AFTER)
    # Each further thread of numpy's linear algebra spins for 0.1 s at every start. Only the largest kriging gains by a
    # second one, which it takes from ingest.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        configure_from_environment("headland", os.environ)
        log_uncaught_exceptions()
        if os.environ.get(SUPERVISED):
            _end_with_parent()
        service = find_service(sys.argv[1:], os.environ)
        if service is None:
            from station.cli.app import app

            app(prog_name="headland")
        else:
            service()
            sys.exit(ExitCode.OK)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:  # whoever reads our output has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(ExitCode.FAILED)
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


def find_service(words: Sequence[str], environ: Mapping[str, str]) -> Callable[[], None] | None:
    """Return the service that these words start, with its arguments; None for what typer has to read."""
    for length in (1, 2):
        service = " ".join(words[:length])
        if service in _SERVICES:
            function = function_of(service)
            arguments = read_words(function, words[length:], environ)
            return None if arguments is None else partial(function, **arguments)
    return None


def function_of(service: str) -> Callable[..., None]:
    """Return the function that runs a service."""
    module, _, name = _SERVICES[service].partition(":")
    function: Callable[..., None] = getattr(import_module(f"station.cli.commands.{module}"), name)
    return function


def _end_with_parent() -> None:
    """End this process with its supervisor, which holds the other end of standard input open."""

    def wait_for_end() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_end, name="parent-watch", daemon=True).start()
