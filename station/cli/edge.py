"""`headland edge`: the gateway daemon and its tools."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from headland.clock import wall_clock_ms
from station.cli.options import ConfigOption, DataOption, farm_folder
from station.local.folder import IMPORT_GATEWAY, FarmFolder
from station.server.files import write_whole
from station.server.signals import stop_event

edge_app = typer.Typer(no_args_is_help=True, help="The gateway daemon and its tools.")


@edge_app.command("run")
def edge_run(config: ConfigOption) -> None:
    """Run the gateway daemon until it is told to stop."""
    from edge.agent.agent import run_agent
    from edge.agent.settings import load_settings

    run_agent(load_settings(config, os.environ), stop_event())


@edge_app.command("check")
def edge_check(config: ConfigOption) -> None:
    """Check an edge.toml and say what it would read; changes nothing. Exit code 1 where a plug-in does not work."""
    from edge.agent.plugin_loader import UnusableSettings, tag_of
    from edge.agent.settings import load_settings
    from edge.pipeline.channels.alarm_rules import gather_rules

    settings = load_settings(config, os.environ)
    typer.echo(f"{config}: gateway {settings.gateway.id} sends to {settings.broker.host}:{settings.broker.port}")
    for source in settings.source:
        typer.echo(f"  {source.name}: {tag_of(source)}")
    limits = Path(settings.quality.limits).stem or "none"
    typer.echo(f"channels: {len(settings.channel)} with settings of their own; limits of the others: {limits}")
    rules = gather_rules(settings.alarm, settings.alarms.rules, Path())
    typer.echo(f"alarms: {', '.join(rule.name for rule in rules) or 'none'}")
    unusable = [source for source in settings.source if isinstance(source, UnusableSettings)]
    for source in unusable:
        typer.echo(f"headland: {source.why}", err=True)
    if unusable:
        raise typer.Exit(1)


@edge_app.command("status")
def edge_status(
    data: DataOption = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="An edge.toml instead of a farm's folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it for a program.")] = False,
) -> None:
    """Say how the gateway daemon stands; exit code 1 when it has not written its status for ten seconds."""
    import msgspec

    from edge.agent.settings import load_settings
    from edge.agent.status import read_status
    from edge.agent.status_report import status_lines, why_silent

    status = read_status(farm_folder(data).edge_dir if config is None else load_settings(config, os.environ).data_dir)
    now_ms = wall_clock_ms()
    silent = why_silent(status, now_ms)
    if as_json:
        typer.echo(msgspec.json.encode({"alive": silent is None, **msgspec.structs.asdict(status)}))
    else:
        for line in status_lines(status, now_ms):
            typer.echo(line)
    if silent is not None:
        typer.echo(f"headland: {silent}", err=True)
        raise typer.Exit(1)


@edge_app.command("import")
def edge_import(
    files: Annotated[
        list[Path],
        typer.Argument(help="Flight logs (.tlog .rlog .BIN .ulg), tables (.csv) with --map, folders."),
    ],
    table_map: Annotated[
        str | None, typer.Option("--map", help="The map of the tables: a file, or a name that comes along.")
    ] = None,
    data: DataOption = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="An edge.toml instead of a farm's folder.")
    ] = None,
) -> None:
    """Put logs or tables through the gateway's own way into a running farm; a repeated import adds nothing."""
    from station.cli.import_progress import import_logs

    settings = config if config is not None else _import_settings(farm_folder(data))
    import_logs(files, settings, stop_event(), table_map)


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
