"""`headland demo`: the way from telemetry to lot, papers and public page, on a simulated farm."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from station.cli.options import language_of


def demo(
    name: Annotated[str, typer.Argument(help="hubei-greenhouses or jurong-wheat.", metavar="NAME")],
    papers: Annotated[
        Path | None, typer.Option(help="Folder of the papers.", show_default="headland-papers/NAME")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the farm, which may run already.", show_default="one that is deleted afterwards"),
    ] = None,
    language: Annotated[str | None, typer.Option(help="en or zh.", show_default="by the locale")] = None,
) -> None:
    """Walk from telemetry to harvest, lots, papers and public page on a simulated farm, through its API."""
    from headland.errors import SettingsError
    from station.demo.demonstration import demonstration_named, run_demonstration
    from station.demo.papers import Papers
    from station.local.folder import FarmFolder
    from station.server.signals import stop_event

    demonstration_named(name)
    spoken = language_of(os.environ) if language is None else language
    if spoken not in ("en", "zh"):
        raise SettingsError(f"--language must be en or zh, not {spoken!r}.")
    with ExitStack() as stack:
        root = data
        if root is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headland-demo-"))) / "farm"
        folder = (papers or Path("headland-papers") / name).expanduser().absolute()
        told = Papers(folder, "zh" if spoken == "zh" else "en", typer.echo)
        run_demonstration(name, FarmFolder(root.expanduser().absolute()), told, stop_event().is_set)
