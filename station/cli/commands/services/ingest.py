"""`headland ingest`: the ingest service, and its quarantine of refused messages."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from station.cli.log_output import LogFormat, configure_logging
from station.cli.options import (
    BROKER,
    NETWORK,
    AckSecretOption,
    DataOption,
    HomeOption,
    LogFormatOption,
    StoreOption,
    TracesOption,
    ack_secret,
    farm_folder,
    home_prefix,
    host_and_port,
    ingest_bounds,
    read_password,
    trace_settings,
)
from station.server.ingest_access.worker_token import worker_token
from station.server.signals import stop_event
from station.server.storage.stores import folder_beside, store_url

if TYPE_CHECKING:
    from ingest.quarantine.quarantine import Quarantine, QuarantinedMessage

ingest_app = typer.Typer(no_args_is_help=True, help="Run the ingest service; inspect refused messages.")
quarantine_app = typer.Typer(no_args_is_help=True, help="Inspect, replay and delete refused messages.")
ingest_app.add_typer(quarantine_app, name="quarantine")

MessagesArgument = Annotated[list[int], typer.Argument(help="Message ids from `list`.", metavar="ID...")]

_PREVIEW_BYTES: Final = 4096
_POLL_S: Final = 0.1


@ingest_app.command("run")
def ingest_run(
    broker: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Address of the MQTT broker.", rich_help_panel=BROKER)
    ],
    username: Annotated[
        str, typer.Option(help="Broker user that may read the data of all gateways.", rich_help_panel=BROKER)
    ] = "ingest",
    password_file: Annotated[
        Path | None,
        typer.Option(
            help="File that holds this user's password.",
            show_default="HEADLAND_BROKER_PASSWORD",
            rich_help_panel=BROKER,
        ),
    ] = None,
    ack_secret_file: AckSecretOption = None,
    client_id: Annotated[
        str | None,
        typer.Option(
            help="MQTT client id; the broker queues messages under it while the service is down.",
            show_default="from the shards",
            rich_help_panel=BROKER,
        ),
    ] = None,
    data: DataOption = None,
    organisation: Annotated[str, typer.Option(help="Organisation that owns the gateways.")] = "local",
    shards: Annotated[str, typer.Option(help="Shards of 0 to 15 to process: 0-7, or 0,2,9-11.")] = "0-15",
    store: StoreOption = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Serve gateway status to an API that has the same HEADLAND_WORKER_TOKEN.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    home_assistant: HomeOption = None,
    traces: TracesOption = None,
    log_format: LogFormatOption = LogFormat.TEXT,
) -> None:
    """Run ingest as a service for all shards or some. Each service has its own broker session and quarantine.

    Of several services of a broker, only one may publish to Home Assistant.
    """
    from headland.contract.ack_keys import session_name
    from headland.contract.topics import SHARDS
    from ingest.settings import IngestSettings
    from station.server.serve import StationSettings, run_ingest, run_station

    configure_logging("ingest", log_format)
    taken = parse_shards(shards)
    name = f"ingest-{min(taken)}-{max(taken)}" if len(taken) < SHARDS else "ingest-0"
    host, port = host_and_port(broker)
    password = read_password(password_file)
    folder = farm_folder(data)
    url = store_url(store, folder.store_path)
    secret = ack_secret(ack_secret_file, folder)
    settings = IngestSettings(
        host=host,
        port=port,
        username=None if password is None else username,
        password=password,
        ack_secret=secret,
        organisation=organisation,
        client_id=client_id or session_name(secret, name),
        former_client_id=None if client_id else name,
        shards=taken,
        quarantine_path=folder_beside(url, folder.store_path.parent)
        / ("quarantine.sqlite" if len(taken) == SHARDS else f"quarantine-{name}.sqlite"),
        **ingest_bounds(),
    )
    prefix = home_prefix(home_assistant)
    if listen is None:
        run_ingest(settings, url, stop_event(), prefix, trace_settings(traces))
    else:
        served = StationSettings(url, *host_and_port(listen), settings, worker_token=worker_token(folder))
        run_station(replace(served, home_prefix=prefix, traces=trace_settings(traces)))


@quarantine_app.command("list")
def quarantine_list(
    data: DataOption = None,
    limit: Annotated[int, typer.Option(help="Maximum number of messages.", min=1)] = 50,
    gateway: Annotated[str | None, typer.Option(help="List messages of this gateway only.")] = None,
) -> None:
    """List the refused messages, newest first."""
    with _open(data) as quarantine:
        messages = quarantine.list(limit, gateway=gateway)
        if not messages:
            typer.echo("No refused messages.")
            return
        typer.echo(f"{'ID':>6}  {'LAST SEEN (UTC)':<19}  {'COUNT':>5}  {'GATEWAY':<16}  {'RECORD':<12}  REASON")
        for message in messages:
            record = "" if message.seq is None else str(message.seq)
            why = message.detail if len(message.detail) <= 100 else message.detail[:97] + "..."
            typer.echo(
                f"{message.id:>6}  {_utc(message.last_seen_ms):<19}  {message.count:>5}  {message.gateway or '?':<16}  "
                f"{record:<12}  {why}{'  (replay pending)' if message.is_asked else ''}"
            )


@quarantine_app.command("show")
def quarantine_show(
    number: Annotated[int, typer.Argument(help="Message id.", metavar="ID")],
    data: DataOption = None,
    out: Annotated[Path | None, typer.Option(help="Also write the payload to this file.")] = None,
) -> None:
    """Show a refused message: its gateway, the reason of the refusal, and its payload."""
    with _open(data) as quarantine:
        message = _find(quarantine, number)
    records = "unknown" if message.seq is None else f"{message.first} to {message.seq} of epoch {message.epoch}"
    typer.echo(f"id          {message.id}")
    typer.echo(f"topic       {message.topic}")
    typer.echo(f"gateway     {message.gateway or 'unknown'}")
    typer.echo(f"records     {records}")
    typer.echo(f"seen        {message.count} times, {_utc(message.first_seen_ms)} to {_utc(message.last_seen_ms)} UTC")
    typer.echo(f"replays     {message.replays} without success")
    typer.echo(f"properties  {message.properties}")
    typer.echo(f"reason      {message.detail}")
    typer.echo(f"payload     {len(message.payload)} bytes")
    typer.echo(_payload_text(message.payload))
    if out is not None:
        out.write_bytes(message.payload)


@quarantine_app.command("replay")
def quarantine_replay(
    messages: MessagesArgument,
    data: DataOption = None,
    wait_s: Annotated[float, typer.Option("--wait", help="Seconds to wait for the result.")] = 10.0,
) -> None:
    """Have the running ingest process refused messages again; records that it accepts now are stored once.

    Nothing is published: ingest reads the messages from the quarantine, also when it starts later.
    """
    with _open(data) as quarantine:
        before = {number: _find(quarantine, number) for number in messages}
        for number in before:
            quarantine.request_replay(number, wall_clock_ms())
        deadline_s = time.monotonic() + wait_s
        for number, message in before.items():
            typer.echo(f"{number}: {_outcome(quarantine, message, deadline_s)}")


@quarantine_app.command("drop")
def quarantine_drop(messages: MessagesArgument, data: DataOption = None) -> None:
    """Delete refused messages permanently; their records remain counted as quarantined."""
    with _open(data) as quarantine:
        for number in messages:
            _find(quarantine, number)
        for number in messages:
            quarantine.drop(number)
            typer.echo(f"{number}: deleted")


def parse_shards(text: str) -> frozenset[int]:
    """Return the shards in a list such as `0-7` or `0,2,9-11`; raises SettingsError."""
    from headland.contract.topics import SHARDS

    shards: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        high = high if dash else low
        if not (low.isdecimal() and high.isdecimal() and int(low) <= int(high) < SHARDS):
            raise SettingsError(
                f"{text!r} is not a list of shards: write 0-7, or 0,2,9-11, with shards from 0 to {SHARDS - 1}."
            )
        shards |= set(range(int(low), int(high) + 1))
    return frozenset(shards)


@contextmanager
def _open(data: Path | None) -> Iterator[Quarantine]:
    from ingest.quarantine.quarantine import Quarantine
    from ingest.settings import IngestSettings

    settings = IngestSettings(quarantine_path=farm_folder(data).quarantine_path)
    quarantine = Quarantine(settings.quarantine_path, settings.quarantine_max_bytes, settings.quarantine_max_records)
    try:
        yield quarantine
    finally:
        quarantine.close()


def _find(quarantine: Quarantine, number: int) -> QuarantinedMessage:
    message = quarantine.find(number)
    if message is None:
        raise SettingsError(f"No message {number} in quarantine; list all with `headland ingest quarantine list`.")
    return message


def _outcome(quarantine: Quarantine, before: QuarantinedMessage, deadline_s: float) -> str:
    """Return the result of a replay as a sentence, once it is known or the time is up."""
    while True:
        message = quarantine.find(before.id)
        if message is None:
            return "stored"
        if not message.is_asked and message.replays > before.replays:
            return f"refused again: {message.detail}"
        if time.monotonic() >= deadline_s:
            return "pending until an ingest service runs on this folder"
        time.sleep(_POLL_S)


def _payload_text(payload: bytes) -> str:
    """Return a payload as text, inflated where it is compressed, or in hexadecimal where it is not text."""
    try:
        body = zlib.decompressobj().decompress(payload, _PREVIEW_BYTES)
    except zlib.error:
        body = payload[:_PREVIEW_BYTES]
    text = body.decode("utf-8", "replace")
    return text if text.isprintable() and "\ufffd" not in text else payload[:_PREVIEW_BYTES].hex(" ")


def _utc(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
