"""The subcommand `headland doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from headland.errors import RetryLater
from station.cli.options import DataOption, farm_folder, host_and_port, read_password
from station.cli.registry_options import RegistryOption
from station.cli.store_options import StoreOption
from station.doctor.finding import DiagnosticContext, State
from station.doctor.run import examine, report_lines
from station.local.folder import INGEST_USER, FarmFolder, FarmState
from station.server.registries import registry_url
from station.server.stores import store_url


def doctor(
    data: DataOption = None,
    store: StoreOption = None,
    registry: RegistryOption = None,
    broker: Annotated[
        str | None, typer.Option(help="The broker as HOST:PORT.", show_default="the running farm's")
    ] = None,
    username: Annotated[str | None, typer.Option(help="The login of ingest there.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="A file that holds its password.")] = None,
    api: Annotated[
        str | None, typer.Option(help="http://HOST:PORT of a running station.", show_default="the running farm's")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings for a program.")] = False,
) -> None:
    """Look at broker, store, registry, clock, disk and versions, and say what to do. Exit code 1 when one failed."""
    folder = farm_folder(data)
    running = _running(folder)
    password = read_password(password_file)
    if broker is None and running is not None and password is None:
        username, password = INGEST_USER, folder.secret(INGEST_USER)
    findings = examine(
        DiagnosticContext(
            folder=folder,
            store_url=store_url(store, folder.store_path),
            registry_url=registry_url(registry, folder.registry_path),
            broker=_broker(broker, running),
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
        raise typer.Exit(1)


def _running(folder: FarmFolder) -> FarmState | None:
    try:
        return folder.read_state()
    except RetryLater:
        return None


def _broker(chosen: str | None, running: FarmState | None) -> tuple[str, int] | None:
    if chosen is not None:
        return host_and_port(chosen)
    return None if running is None else (running.broker_host, running.broker_port)
