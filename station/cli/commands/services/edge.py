"""`headland edge`: the gateway daemon and its tools."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.clock import wall_clock_ms
from station.cli.commands.services.edge_run import edge_run
from station.cli.commands_app import Commands
from station.cli.exit_codes import ExitCode
from station.cli.options import (
    ConfigOption,
    DataOption,
    farm_folder,
    host_and_port,
    language_of,
    parse_instant,
    read_password,
)
from station.server.signals import stop_event

if TYPE_CHECKING:
    from edge.imports.table.loggers.logger_table import LoggerChoice
    from station.local.folder import FarmFolder

#: Folder of a gateway's spool where its settings are below /etc, which holds no data; systemd's unit makes it.
SYSTEM_DATA_DIR: Final = Path("/var/lib/headland/edge")

edge_app = Commands(no_args_is_help=True, help="Run the gateway daemon, check it, and import flight logs.")


edge_app.command("run")(edge_run)


@edge_app.command("check")
def edge_check(config: ConfigOption) -> None:
    """Validate an edge.toml and list its sources; changes nothing. Exit code 1 if a plug-in cannot be loaded."""
    from edge.agent.plugin_loader import UnusableSettings, tag_of
    from edge.agent.settings import load_settings
    from edge.pipeline.alarms.rule_tables import gather_rules
    from edge.sources.mqtt.extension import load_decoder
    from edge.sources.mqtt.settings import MqttSettings
    from headland.runtime.extensions import ExtensionError

    settings = load_settings(config, os.environ)
    typer.echo(f"{config}: gateway {settings.gateway.id} sends to {settings.broker.host}:{settings.broker.port}")
    for source in settings.source:
        typer.echo(f"  {source.name}: {tag_of(source)}")
    limits = Path(settings.quality.limits).stem or "none"
    typer.echo(f"channels: {len(settings.channel)} with their own settings; limits of the others: {limits}")
    rules = gather_rules(settings.alarm, settings.alarms.rules, Path())
    typer.echo(f"alarms: {', '.join(rule.name for rule in rules) or 'none'}")
    unusable = [source for source in settings.source if isinstance(source, UnusableSettings)]
    reasons = [source.reason for source in unusable]
    for source in settings.source:
        if isinstance(source, MqttSettings) and source.decoder is not None:
            try:
                load_decoder(source.decoder, source.topic_filter)
            except ExtensionError as error:
                reasons.append(str(error))
    for reason in reasons:
        typer.echo(f"headland: {reason}", err=True)
    if reasons:
        raise typer.Exit(ExitCode.FAILED)


@edge_app.command("enrol")
def edge_enrol(
    station: Annotated[str, typer.Argument(help="URL of the station, as `headland gateway code` prints it.")],
    code: Annotated[str, typer.Argument(help="One-time code: four groups of five letters, in any case.")],
    out: Annotated[Path, typer.Option(help="Folder for edge.toml and the certificate.")] = Path(),
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of spool and status.",
            show_default=f"edge-data in the folder of --out; {SYSTEM_DATA_DIR} where that is below /etc",
        ),
    ] = None,
) -> None:
    """Get the settings and a certificate for this gateway with a one-time code. Its key never leaves this machine.

    As root, the files belong to the owner of the folder, as the user `headland` of the Debian package.
    """
    from edge.uplink.certificate import SETTINGS_FILE, enrol_gateway

    if data is None and out.resolve().is_relative_to("/etc"):
        data = SYSTEM_DATA_DIR
    gateway = enrol_gateway(station, code, out, data_dir=data)
    typer.echo(f"This is the gateway {gateway}. Its settings are in {out / SETTINGS_FILE}: add its sources there.")


@edge_app.command("listen")
def edge_listen(
    broker: Annotated[str, typer.Option(metavar="HOST:PORT", help="Address of the MQTT broker.")] = "127.0.0.1:1883",
    topic: Annotated[str, typer.Option(help="Topic filter to listen to.")] = "#",
    username: Annotated[str | None, typer.Option(help="Login at the broker, where it wants one.")] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(help="File that holds this login's password.", show_default="HEADLAND_BROKER_PASSWORD"),
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="Time to listen [s]; Ctrl-C ends it sooner.", min=1, max=86_400)
    ] = 60.0,
) -> None:
    """Listen to a broker, show what it carries, and propose the settings that read it."""
    from edge.sources.mqtt.settings import MqttSettings
    from edge.survey.listener import listen
    from edge.survey.proposals import propose

    host, port = host_and_port(broker)
    settings = MqttSettings(
        name="listen",
        format="json",
        host=host,
        port=port,
        topic=topic,
        username=username,
        password=None if username is None else read_password(password_file),
    )
    typer.echo(f"Listening to {topic} on {broker} for {seconds:g} s.", err=True)
    survey = listen(settings, seconds, stop_event())
    if not survey.topics:
        typer.echo("headland: no message of a device arrived: listen longer, or to another topic.", err=True)
        raise typer.Exit(ExitCode.FAILED)
    for name, seen in survey.topics.items():
        values = ", ".join(f"{path or '(value)'} {value}" for path, value in list(seen.numbers.items())[:12])
        kept = f", {seen.retained} retained" if seen.retained else ""
        typer.echo(
            f"# {name}: {seen.format or 'not read'}, {seen.messages} messages{kept}{f': {values}' if values else ''}"
        )
    if survey.beyond:
        typer.echo(f"# and {survey.beyond} messages on further topics")
    typer.echo("")
    typer.echo(propose(survey.topics) or "# Nothing here is of a format that a gateway reads.")


@edge_app.command("status")
def edge_status(
    data: DataOption = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings file of a gateway, instead of --data.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole status as JSON.")] = False,
) -> None:
    """Show the status of the gateway daemon; exit code 1 if it is older than ten seconds."""
    import msgspec

    from edge.agent.settings import load_settings
    from edge.agent.status import read_status
    from edge.agent.status_report import silence_sentence, status_lines

    status = read_status(farm_folder(data).edge_dir if config is None else load_settings(config, os.environ).data_dir)
    now_ms = wall_clock_ms()
    silent = silence_sentence(status, now_ms)
    if as_json:
        typer.echo(msgspec.json.encode({"alive": silent is None, **msgspec.structs.asdict(status)}))
    else:
        for line in status_lines(status, now_ms):
            typer.echo(line)
    if silent is not None:
        typer.echo(f"headland: {silent}", err=True)
        raise typer.Exit(ExitCode.FAILED)


@edge_app.command("import")
def edge_import(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Flight logs (.tlog .rlog .BIN .log .ulg), machine files (.zip), tables of loggers (TOA5, "
            "weewx, WeatherLink), other tables (.csv) with --map, or folders."
        ),
    ],
    table_map: Annotated[
        str | None, typer.Option("--map", help="Column map of the tables: a file, or the name of a built-in map.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", help="First instant of a log without satellite time, UTC: 2026-05-01T06:30."),
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", help="Device of a logger's table, which may name none itself.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="Time zone of a logger's table: +08:00, Europe/Berlin, UTC.")
    ] = None,
    units: Annotated[
        str | None,
        typer.Option("--units", help="Units that a logger's table does not state: degF,inHg,in,in/h,mph."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what columns of loggers' tables become, and import nothing.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Fail where another import runs, instead of beginning after it.")
    ] = False,
    data: DataOption = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Settings file of a gateway, instead of --data.")
    ] = None,
    status: Annotated[
        Path | None, typer.Option(help="File for progress and result as JSON, replaced as they change, for programs.")
    ] = None,
) -> None:
    """Import flight logs or tables into a running farm, by the gateway's pipeline. A repeated import adds nothing."""
    start_ms = None if start is None else parse_instant(start)
    from edge.imports.table.loggers.logger_table import LoggerChoice

    given = tuple(filter(None, (unit.strip() for unit in (units or "").split(","))))
    choice = LoggerChoice(device or "", zone or "", given)
    if table_map is None:
        _show_tables(files, choice)
    if dry_run:
        return
    settings_path = config if config is not None else _write_import_settings(farm_folder(data))
    _import_files(files, settings_path, table_map, start_ms, status, choice, waits=not no_wait)


def _show_tables(files: list[Path], choice: LoggerChoice) -> None:
    """Print what the columns of loggers' tables become."""
    from edge.imports.file_types import find_files
    from edge.imports.table.loggers.listing import list_columns

    for path in find_files(files):
        for line in list_columns(path, choice, language_of(os.environ)):
            typer.echo(line)


def _write_import_settings(folder: FarmFolder) -> Path:
    """Write the importing gateway's settings for the farm that runs on `folder`; raises RetryLater when none does."""
    from station.local.folder import IMPORT_GATEWAY
    from station.local.imports.gateway import write_import_settings

    folder.read_state()  # before the secret, whose folder a farm that never ran does not have
    return write_import_settings(folder, IMPORT_GATEWAY, folder.secret(IMPORT_GATEWAY))


def _import_files(
    files: list[Path],
    settings_path: Path,
    table_map: str | None,
    start_ms: int | None,
    status: Path | None,
    choice: LoggerChoice,
    *,
    waits: bool,
) -> None:
    """Import the files with a progress bar and print the result of each; ends early at SIGTERM or Ctrl-C."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from edge.agent.settings import load_settings
    from edge.imports import importer
    from edge.imports.table.map import open_map
    from station.local.imports.status_file import StatusFile

    stop, language = stop_event(), language_of(os.environ)
    settings = load_settings(settings_path, os.environ)
    told = StatusFile(status)
    columns = None if table_map is None else open_map(table_map, Path.cwd())
    console = Console()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("reading", total=1.0, left="")

        def update_bar(progress: importer.Progress) -> None:
            left = "" if progress.left_s is None else f"{timedelta(seconds=round(progress.left_s))} left"
            bar.update(task, completed=progress.fraction, description=progress.sentence, left=left)
            told.show(progress)

        with told.telling():
            report = importer.import_files(
                files,
                settings,
                progress=update_bar,
                stop=stop,
                table_map=columns,
                start_ms=start_ms,
                language=language,
                waits=waits,
                choice=choice,
            )
            told.end(report)
    for line in report.sentences(language):
        console.print(line, highlight=False, soft_wrap=True)
    if any(file.error for file in report.files):
        raise typer.Exit(ExitCode.FAILED)
