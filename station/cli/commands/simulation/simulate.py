"""`headland simulate`: the delivery chain under faults in simulated time, repeatable by its seed."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from headland.errors import SettingsError
from station.cli.exit_codes import ExitCode


class StoreName(StrEnum):
    """Engines of the simulated store."""

    MEMORY = "memory"
    DUCKDB = "duckdb"


def simulate(
    seed: Annotated[
        int | None,
        typer.Option(help="First random seed; the same seed gives the same run. Default: a new one, printed.", min=0),
    ] = None,
    hours: Annotated[
        float, typer.Option(help="Simulated hours: a seed is one run of 24 hours, the next seed the next.", min=0.1)
    ] = 240.0,
    faults: Annotated[str, typer.Option(help="Only these faults, separated by commas.")] = "",
    store: Annotated[
        StoreName, typer.Option(help="Engine of the simulated store: the reference in memory, or DuckDB on files.")
    ] = StoreName.MEMORY,
    list_faults: Annotated[bool, typer.Option("--list", help="List the faults and exit.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file.")] = None,
    trace: Annotated[Path | None, typer.Option(help="Write every step to this file.")] = None,
) -> None:
    """Simulate gateways, broker and station under faults, and compare the store with what the gateways accepted.

    The real spool, uplink and ingest run on simulated clocks, disks and network, a day in about a second. The exit code
    is 1 where a value was lost unsaid or stored twice; the command that repeats that run is printed.
    """
    from rich.console import Console

    from station.simulation.campaign import format_table, replay_command, run_campaign, write_json
    from station.simulation.faults.catalogue import FAULTS
    from station.simulation.world import RunResult

    if list_faults:
        typer.echo("\n".join(FAULTS))
        return
    names = [name.strip() for name in faults.split(",") if name.strip()] or list(FAULTS)
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        raise SettingsError(f"Unknown fault {unknown[0]!r}: choose from {', '.join(FAULTS)}.")
    first = secrets.randbelow(2**31) if seed is None else seed
    console = Console()
    console.print(f"headland simulate --seed {first} --hours {hours:g}", highlight=False)

    def report(result: RunResult) -> None:
        for sentence in result.sentences():
            console.print(f"seed {result.seed}: {sentence}", style="red", highlight=False)

    with ExitStack() as stack:
        lines_to = None if trace is None else stack.enter_context(trace.open("w"))
        campaign = run_campaign(first, hours, names, report, engine=store.value, lines_to=lines_to)
    typer.echo(format_table(campaign))
    rate = campaign.hours / max(campaign.seconds, 0.001) * 3600
    console.print(f"{campaign.seconds:.0f} s, {rate:,.0f} simulated hours an hour", highlight=False)
    for failure in campaign.failures:
        console.print(f"repeat it: {replay_command(campaign, failure, list(FAULTS))}", style="red", highlight=False)
    if json_file is not None:
        write_json(json_file, campaign)
    raise typer.Exit(ExitCode.OK if campaign.is_sound else ExitCode.FAILED)
