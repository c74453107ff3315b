"""What several subcommands share: the farm's folder, the settings file, and being told to stop."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from headland.errors import SettingsError
from station.local.folder import FarmFolder, default_folder

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The farm's folder.", show_default="HEADLAND_DATA or ~/.local/share/headland"),
]
ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The gateway's edge.toml.")]


def farm_folder(data: Path | None) -> FarmFolder:
    """Return the folder that --data names, or the default one."""
    return FarmFolder(default_folder(os.environ) if data is None else data.expanduser().absolute())


def host_and_port(text: str) -> tuple[str, int]:
    """Return the parts of HOST:PORT; raises SettingsError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SettingsError(f"{text!r} is no HOST:PORT.")
    return host, int(port)


def read_password(path: Path | None) -> str | None:
    """Return a password from its file, else from HEADLAND_BROKER_PASSWORD; raises SettingsError."""
    if path is None:
        return os.environ.get("HEADLAND_BROKER_PASSWORD")
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"The password file {path} cannot be read: {error.strerror}.") from error
