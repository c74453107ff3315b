"""`headland doctor`: checks the installation and the running farm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headland.errors import RetryLater
from station.cli.exit_codes import ExitCode
from station.cli.options import (
    BROKER,
    DataOption,
    RegistryOption,
    StoreOption,
    farm_folder,
    host_and_port,
    read_password,
)

if TYPE_CHECKING:
    from station.local.folder import FarmFolder, FarmState


def doctor(
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    api: Annotated[
        str | None,
        typer.Option(metavar="URL", help="http://HOST:PORT of a running station.", show_default="the running farm's"),
    ] = None,
    broker: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Address of the MQTT broker.",
            show_default="the running farm's",
            rich_help_panel=BROKER,
        ),
    ] = None,
    username: Annotated[str | None, typer.Option(help="Broker user of ingest.", rich_help_panel=BROKER)] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="File that holds this user's password.", rich_help_panel=BROKER)
    ] = None,
    store: StoreOption = None,
    registry: RegistryOption = None,
) -> None:
    """Check broker, store, registry, clock, disk and versions, and recommend remedies. Exit code 1 if one failed."""
    import msgspec

    from station.doctor.finding import DiagnosticContext, State
    from station.doctor.run import examine, report_lines
    from station.local.folder import INGEST_USER
    from station.server.storage.registries import registry_url
    from station.server.storage.stores import store_url

    folder = farm_folder(data)
    running = _running_farm(folder)
    password = read_password(password_file)
    if broker is None and running is not None and password is None:
        username, password = INGEST_USER, folder.secret(INGEST_USER)
    findings = examine(
        DiagnosticContext(
            folder=folder,
            store_url=store_url(store, folder.store_path),
            registry_url=registry_url(registry, folder.registry_path),
            broker=_broker_address(broker, running),
            username=username or (INGEST_USER if password is not None else None),
            password=password,
            api_url=api.rstrip("/") if api is not None else running.api_url if running is not None else None,
        )
    )
    if as_json:
        typer.echo(msgspec.json.encode(findings))
    else:
        for line in report_lines(findings):
            typer.echo(line)
    if any(finding.state is State.FAILED for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def _running_farm(folder: FarmFolder) -> FarmState | None:
    try:
        return folder.read_state()
    except RetryLater:
        return None


def _broker_address(chosen: str | None, running: FarmState | None) -> tuple[str, int] | None:
    if chosen is not None:
        return host_and_port(chosen)
    return None if running is None else (running.broker_host, running.broker_port)
