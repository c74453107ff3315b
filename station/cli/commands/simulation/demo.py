"""`headland demo`: the way from telemetry to lot, papers and public page, on a simulated farm."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from station.cli.exit_codes import ExitCode
from station.cli.options import language_of

_SEASON: Final = "cooperative-season"


def demo(
    name: Annotated[str, typer.Argument(help="hubei-greenhouses, jurong-wheat or cooperative-season.", metavar="NAME")],
    papers: Annotated[
        Path | None, typer.Option(help="Folder of the papers.", show_default="headland-papers/NAME")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the farm, which may run already.", show_default="one that is deleted afterwards"),
    ] = None,
    language: Annotated[str | None, typer.Option(help="en or zh.", show_default="by the locale")] = None,
    members: Annotated[int, typer.Option(help="Members.", min=2, max=2000, rich_help_panel=_SEASON)] = 300,
    plots: Annotated[int, typer.Option(help="Their plots.", min=6, max=5000, rich_help_panel=_SEASON)] = 900,
    passes: Annotated[
        int, typer.Option(help="Flights of the two operators.", min=2, max=200, rich_help_panel=_SEASON)
    ] = 40,
    statements: Annotated[
        int, typer.Option(help="Statements to write as documents.", min=0, rich_help_panel=_SEASON)
    ] = 3,
    seed: Annotated[int, typer.Option(help="The same seed plays the same season.", min=0, rich_help_panel=_SEASON)] = 1,
) -> None:
    """Walk from telemetry to harvest, lots, papers and public page on a simulated farm, through its API.

    A cooperative's season is played without a running farm: flights, harvest, statements, a claim, a dispute and a
    variety trial, in both languages, with their sums held against the ledger.
    """
    from headland.errors import RetryLater, SettingsError
    from station.demo.demonstration import demonstration_named, run_demonstration
    from station.demo.papers import Papers
    from station.local.folder import FarmFolder
    from station.server.signals import stop_event

    if name != _SEASON:
        demonstration_named(name)
    spoken = language_of(os.environ) if language is None else language
    if spoken not in ("en", "zh"):
        raise SettingsError(f"--language must be en or zh, not {spoken!r}.")
    with ExitStack() as stack:
        root = data
        if root is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headland-demo-"))) / "farm"
        folder = (papers or Path("headland-papers") / name).expanduser().absolute()
        if name == _SEASON:
            from station.demo.season.run import run_season
            from station.demo.season.scenario import SeasonSize

            size = SeasonSize(members, plots, passes, statements, seed)
            run_season(size, FarmFolder(root.expanduser().absolute()), folder)
            return
        stop = stop_event()
        told = Papers(folder, "zh" if spoken == "zh" else "en", typer.echo)
        try:
            run_demonstration(name, FarmFolder(root.expanduser().absolute()), told, stop.is_set)
        except RetryLater as error:
            if stop.is_set():
                raise typer.Exit(ExitCode.INTERRUPTED) from error
            raise
