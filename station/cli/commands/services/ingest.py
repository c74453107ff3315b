"""`headland ingest`: the ingest service, and its quarantine of refused messages."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from station.cli.commands.services.ingest_run import ingest_run
from station.cli.commands_app import Commands
from station.cli.options import (
    DataOption,
    farm_folder,
)

if TYPE_CHECKING:
    from ingest.quarantine.quarantine import Quarantine
    from ingest.quarantine.refused_messages import QuarantinedMessage

ingest_app = Commands(no_args_is_help=True, help="Run the ingest service; inspect refused messages.")
quarantine_app = Commands(no_args_is_help=True, help="Inspect, replay and delete refused messages.")
ingest_app.add_typer(quarantine_app, name="quarantine")

MessagesArgument = Annotated[list[int], typer.Argument(help="Message ids from `list`.", metavar="ID...")]

_PREVIEW_BYTES: Final = 4096
_POLL_S: Final = 0.1


ingest_app.command("run")(ingest_run)


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
