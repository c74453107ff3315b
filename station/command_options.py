"""What several subcommands share: the farm's folder, the settings file, and being told to stop."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from station.farm_folder import FarmFolder, default_folder

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The farm's folder.", show_default="HEADLAND_DATA or ~/.local/share/headland"),
]
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The gateway's edge.toml.")]


def farm_folder(data: Path | None) -> FarmFolder:
    """Return the folder that --data names, or the default one."""
    return FarmFolder(default_folder(os.environ) if data is None else data.expanduser().absolute())


def stop_event() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
