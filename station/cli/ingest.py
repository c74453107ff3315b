"""`headland ingest`: the way from the broker to the store as a service of its own, and what it refused."""

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
from headland.contract.topics import SHARDS
from headland.errors import SettingsError
from station.cli.options import DataOption, farm_folder, host_and_port, read_password
from station.cli.store_options import StoreOption
from station.server.signals import stop_event
from station.server.stores import folder_beside, store_url
from station.server.worker_token import worker_token

if TYPE_CHECKING:
    from ingest.quarantine import Quarantine, QuarantinedMessage

ingest_app = typer.Typer(no_args_is_help=True, help="From the broker to the store, and what was refused on the way.")
quarantine_app = typer.Typer(no_args_is_help=True, help="The messages that were refused, whole or in part.")
ingest_app.add_typer(quarantine_app, name="quarantine")

MessagesArgument = Annotated[list[int], typer.Argument(help="Ids, as `list` shows them.", metavar="ID...")]

_SHOWN_BYTES: Final = 4096
_LOOK_S: Final = 0.1


@ingest_app.command("run")
def ingest_run(
    broker: Annotated[str, typer.Option(help="The broker as HOST:PORT.")],
    store: StoreOption = None,
    data: DataOption = None,
    shards: Annotated[str, typer.Option(help="Which of the 16 shards it takes: 0-7, or 0,2,9-11.")] = "0-15",
    username: Annotated[str, typer.Option(help="The broker user that may read all gateways.")] = "ingest",
    password_file: Annotated[Path | None, typer.Option(help="A file that holds its password.")] = None,
    organisation: Annotated[str, typer.Option(help="Whose gateways these are.")] = "local",
    client_id: Annotated[
        str | None, typer.Option(help="Its name at the broker, which keeps its messages under it while it is away.")
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(help="HOST:PORT that answers for its gateways to an API with the same HEADLAND_WORKER_TOKEN."),
    ] = None,
) -> None:
    """Run ingest as a service of its own, for all shards or for some; each keeps its own session and quarantine."""
    from ingest.settings import IngestSettings
    from station.server.serve import StationSettings, run_ingest, run_station

    taken = parse_shards(shards)
    name = f"ingest-{min(taken)}-{max(taken)}" if len(taken) < SHARDS else "ingest-0"
    host, port = host_and_port(broker)
    password = read_password(password_file)
    folder = farm_folder(data)
    url = store_url(store, folder.store_path)
    settings = IngestSettings(
        host=host,
        port=port,
        username=None if password is None else username,
        password=password,
        organisation=organisation,
        client_id=client_id or name,
        shards=taken,
        quarantine_path=folder_beside(url, folder.store_path.parent)
        / ("quarantine.sqlite" if len(taken) == SHARDS else f"quarantine-{name}.sqlite"),
    )
    if listen is None:
        run_ingest(settings, url, stop_event())
    else:
        run_station(StationSettings(url, *host_and_port(listen), settings, worker_token=worker_token(folder)))


@quarantine_app.command("list")
def quarantine_list(
    data: DataOption = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest first.", min=1)] = 50,
    gateway: Annotated[str | None, typer.Option(help="Only this gateway's.")] = None,
) -> None:
    """List the messages that were refused, the newest first."""
    with _open(data) as quarantine:
        found = quarantine.list(limit, gateway=gateway)
        if not found:
            typer.echo("Nothing was refused.")
            return
        typer.echo(f"{'ID':>6}  {'LAST SEEN (UTC)':<19}  {'COUNT':>5}  {'GATEWAY':<16}  {'RECORD':<12}  WHY")
        for kept in found:
            record = "" if kept.seq is None else str(kept.seq)
            why = kept.detail if len(kept.detail) <= 100 else kept.detail[:97] + "..."
            typer.echo(
                f"{kept.id:>6}  {_utc(kept.last_seen_ms):<19}  {kept.count:>5}  {kept.gateway or '?':<16}  "
                f"{record:<12}  {why}{'  (to be tried again)' if kept.is_asked else ''}"
            )


@quarantine_app.command("show")
def quarantine_show(
    message: Annotated[int, typer.Argument(help="Its id.", metavar="ID")],
    data: DataOption = None,
    out: Annotated[Path | None, typer.Option(help="Write its bytes to this file as well.")] = None,
) -> None:
    """Show a refused message: whose it is, why it was refused, and its bytes."""
    with _open(data) as quarantine:
        kept = _find(quarantine, message)
    records = "not told" if kept.seq is None else f"{kept.first} to {kept.seq} of epoch {kept.epoch}"
    typer.echo(f"id          {kept.id}")
    typer.echo(f"topic       {kept.topic}")
    typer.echo(f"gateway     {kept.gateway or 'not told'}")
    typer.echo(f"records     {records}")
    typer.echo(f"seen        {kept.count} times, from {_utc(kept.first_seen_ms)} to {_utc(kept.last_seen_ms)} UTC")
    typer.echo(f"replays     {kept.replays} in vain")
    typer.echo(f"properties  {kept.properties}")
    typer.echo(f"why         {kept.detail}")
    typer.echo(f"payload     {len(kept.payload)} bytes")
    typer.echo(_payload_text(kept.payload))
    if out is not None:
        out.write_bytes(kept.payload)


@quarantine_app.command("replay")
def quarantine_replay(
    messages: MessagesArgument,
    data: DataOption = None,
    wait_s: Annotated[float, typer.Option("--wait", help="Wait so many seconds for what comes of it.")] = 10.0,
) -> None:
    """Let the running ingest try refused messages again: what it accepts now is stored, once.

    Nothing is published: ingest takes them from the quarantine itself, as soon as it runs.
    """
    with _open(data) as quarantine:
        before = {number: _find(quarantine, number) for number in messages}
        for number in before:
            quarantine.ask(number, wall_clock_ms())
        deadline_s = time.monotonic() + wait_s
        for number, kept in before.items():
            typer.echo(f"{number}: {_outcome(quarantine, kept, deadline_s)}")


@quarantine_app.command("drop")
def quarantine_drop(messages: MessagesArgument, data: DataOption = None) -> None:
    """Delete refused messages for good; their records stay accounted for as quarantined."""
    with _open(data) as quarantine:
        for number in messages:
            _find(quarantine, number)
        for number in messages:
            quarantine.drop(number)
            typer.echo(f"{number}: deleted")


def parse_shards(text: str) -> frozenset[int]:
    """Return the shards that `0-7` or `0,2,9-11` names; raises SettingsError."""
    shards: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        high = high if dash else low
        if not (low.isdecimal() and high.isdecimal() and int(low) <= int(high) < SHARDS):
            raise SettingsError(f"{text!r} names no shards: write 0-7, or 0,2,9-11, of 0 to {SHARDS - 1}.")
        shards |= set(range(int(low), int(high) + 1))
    return frozenset(shards)


@contextmanager
def _open(data: Path | None) -> Iterator[Quarantine]:
    from ingest.quarantine import Quarantine
    from ingest.settings import IngestSettings

    settings = IngestSettings(quarantine_path=farm_folder(data).quarantine_path)
    quarantine = Quarantine(settings.quarantine_path, settings.quarantine_max_bytes, settings.quarantine_max_records)
    try:
        yield quarantine
    finally:
        quarantine.close()


def _find(quarantine: Quarantine, number: int) -> QuarantinedMessage:
    kept = quarantine.find(number)
    if kept is None:
        raise SettingsError(f"There is no message {number} in quarantine; `headland ingest quarantine list` shows all.")
    return kept


def _outcome(quarantine: Quarantine, before: QuarantinedMessage, deadline_s: float) -> str:
    """Return what came of a replay as a sentence, once that is known or the time is up."""
    while True:
        kept = quarantine.find(before.id)
        if kept is None:
            return "stored"
        if not kept.is_asked and kept.replays > before.replays:
            return f"refused again: {kept.detail}"
        if time.monotonic() >= deadline_s:
            return "it is tried as soon as an ingest runs on this folder"
        time.sleep(_LOOK_S)


def _payload_text(payload: bytes) -> str:
    """Return a payload as text where it is some, inflated or not, else in hexadecimal."""
    try:
        body = zlib.decompressobj().decompress(payload, _SHOWN_BYTES)
    except zlib.error:
        body = payload[:_SHOWN_BYTES]
    text = body.decode("utf-8", "replace")
    return text if text.isprintable() and "\ufffd" not in text else payload[:_SHOWN_BYTES].hex(" ")


def _utc(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
