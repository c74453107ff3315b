"""`headland store`: statistics, retention, compaction, backups and exports of a DuckDB store, idle or in use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.errors import HeadlandError, RetryLater, SettingsError
from station.cli.commands_app import Commands
from station.cli.options import STORAGE, DataOption, StoreOption, farm_folder, parse_instant
from station.server.storage.stores import duckdb_path, is_file, newest_real_ms, open_store, store_url

if TYPE_CHECKING:
    import httpx

    from headland.store.core.store_work import StoreWork
    from headland.store.duckdb.store import DuckDBStore
    from headland.store.duckdb.tables.compaction import Progress
    from station.local.folder import FarmFolder

store_app = Commands(no_args_is_help=True, help="Inspect, back up, export and copy stored samples.")

ApiOption = Annotated[
    str | None,
    typer.Option(
        "--api",
        metavar="URL",
        help="http://HOST:PORT of the station that has the store open.",
        show_default="the running farm's",
        rich_help_panel=STORAGE,
    ),
]
RawDaysOption = Annotated[int | None, typer.Option(help="Days to keep samples.", show_default="for ever", min=1)]
MinuteDaysOption = Annotated[
    int | None, typer.Option(help="Days to keep rollups by minute.", show_default="for ever", min=1)
]
PreviewOption = Annotated[bool, typer.Option("--preview", help="Tell what this would delete, and change nothing.")]
HourDaysOption = Annotated[
    int | None, typer.Option(help="Days to keep rollups by hour.", show_default="for ever", min=1)
]

_POLL_S: Final = 0.2
_TIMEOUT_S: Final = 10.0


@store_app.command("info")
def store_info(data: DataOption = None, store: StoreOption = None, api: ApiOption = None) -> None:
    """Show the number of samples, their time range, the retention and the file size."""
    _work(data, store, api, kind="info")


@store_app.command("keep")
def store_keep(
    raw_days: RawDaysOption = None,
    minute_days: MinuteDaysOption = None,
    hour_days: HourDaysOption = None,
    event_days: Annotated[int | None, typer.Option(help="Days to keep events.", show_default="for ever", min=1)] = None,
    preview: PreviewOption = False,
    data: DataOption = None,
    store: StoreOption = None,
    api: ApiOption = None,
) -> None:
    """Set the retention of samples, of rollups by minute and by hour, and of events; days' rollups stay for ever.

    Samples that a shorter retention refused are accepted again. What is deleted already stays so.
    """
    days = {"raw_days": raw_days, "minute_days": minute_days, "hour_days": hour_days, "event_days": event_days}
    _work(data, store, api, kind="keep", preview=preview, **days)


@store_app.command("compact")
def store_compact(
    preview: PreviewOption = False, data: DataOption = None, store: StoreOption = None, api: ApiOption = None
) -> None:
    """Delete expired samples, sort closed days and release free space. A station does this every night."""
    _work(data, store, api, kind="compact", preview=preview)


@store_app.command("clock")
def store_clock(
    accept: Annotated[
        bool, typer.Option("--accept", help="State that the clock is right: samples are deleted by it again.")
    ] = False,
    data: DataOption = None,
    store: StoreOption = None,
    api: ApiOption = None,
) -> None:
    """Show whether the station's clock can be believed: while it is in doubt, nothing is deleted."""
    _work(data, store, api, kind="accept_clock" if accept else "clock")


@store_app.command("lifecycle")
def store_lifecycle(
    kind: Annotated[
        str | None, typer.Argument(help="Kind whose days to set: audit or alarms.", show_default="list all kinds")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Days to keep it.", min=1)] = None,
    for_ever: Annotated[bool, typer.Option("--for-ever", help="Keep it for ever.")] = False,
    default: Annotated[bool, typer.Option("--default", help="Keep it for as long as by default.")] = False,
    preview: PreviewOption = False,
    data: DataOption = None,
    api: ApiOption = None,
) -> None:
    """List what bounds everything that a running station keeps, or set the days of the audit log or of alarms."""
    from station.cli.commands.farm.lifecycle import change_days, list_kinds

    if kind is None:
        list_kinds(data, api)
        return
    change_days(data, api, kind, days, for_ever=for_ever, default=default, preview=preview)


@store_app.command("backup")
def store_backup(
    file: Annotated[Path, typer.Argument(help="New file to write.")],
    data: DataOption = None,
    store: StoreOption = None,
    api: ApiOption = None,
) -> None:
    """Write a verified backup of one instant, also while the station is running."""
    _work(data, store, api, kind="backup", path=str(file.expanduser().absolute()))


@store_app.command("restore")
def store_restore(
    file: Annotated[Path, typer.Argument(help="Backup file.")], data: DataOption = None, store: StoreOption = None
) -> None:
    """Create a store from a backup, where none exists."""
    from headland.store.duckdb.copies.backup import restore
    from station.server.storage.store_admin_tasks import backup_sentence

    path = _path(farm_folder(data), store)
    with _progress() as progress:
        restored = restore(file.expanduser(), path, progress)
    typer.echo(backup_sentence("Restored", restored))


@store_app.command("repair")
def store_repair(data: DataOption = None, store: StoreOption = None, api: ApiOption = None) -> None:
    """Examine the whole file and its log, and save everything readable where they are damaged.

    A station does this at its start and when it meets damage; it examines a large file only in part then. The damaged
    bytes are kept beside the store.
    """
    _work(data, store, api, kind="repair")


@store_app.command("acknowledge")
def store_acknowledge(data: DataOption = None, store: StoreOption = None, api: ApiOption = None) -> None:
    """Acknowledge damage of the store, and lost or older books, so that the station reports itself ready again."""
    from headland.clock import wall_clock_ms
    from headland.files.damage_notes import acknowledge_notes
    from station.server.storage.store_admin_tasks import acknowledge

    folder = farm_folder(data)
    url = store_url(store, folder.store_path)
    for note in acknowledge_notes(folder.quarantine_path, wall_clock_ms(), "operator"):
        typer.echo(f"Acknowledged: {note.sentence}")
    if is_file(url) or api:
        _work(data, store, api, kind="acknowledge")
        return
    with closing(open_store(url)) as server:
        for sentence in acknowledge(server, wall_clock_ms()):
            typer.echo(sentence)


@store_app.command("export")
def store_export(
    file: Annotated[Path, typer.Argument(help="New file: .parquet, .csv or .csv.gz.")],
    organisation: Annotated[str, typer.Option(help="Organisation that owns the samples.")] = "local",
    device: Annotated[str | None, typer.Option(help="Export this device only.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Export this channel only; repeat for several.")] = None,
    start: Annotated[str | None, typer.Option(help="Start, inclusive, UTC: 2026-05-01 or 2026-05-01T06:30.")] = None,
    end: Annotated[str | None, typer.Option(help="End, exclusive, UTC.")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="One column per channel and one row per instant.")] = False,
    data: DataOption = None,
    store: StoreOption = None,
    api: ApiOption = None,
) -> None:
    """Export samples with units and quality as a table."""
    _work(
        data,
        store,
        api,
        kind="export",
        path=str(file.expanduser().absolute()),
        layout="wide" if wide else "long",
        organisation=organisation,
        device=device,
        channels=channel or None,
        start_ms=-(2**62) if start is None else parse_instant(start),
        end_ms=2**62 if end is None else parse_instant(end),
    )


@store_app.command("copy")
def store_copy(
    source: Annotated[str, typer.Argument(metavar="SRC", help="Store to read: a URL, or a DuckDB file.")],
    target: Annotated[str, typer.Argument(metavar="DST", help="Store to write to; its existing data is kept.")],
) -> None:
    """Copy a store into another, of any engine, and verify the copy. An interrupted copy can be repeated.

    Each series, and the events, devices, conflicts and marks, are compared by count and checksum. Neither store may
    be in use: stop the station or the ingest service that writes to it first.
    """
    from station.server.storage.store_copy import run_copy

    run_copy(source, target, typer.echo)


def _work(data: Path | None, store: str | None, api: str | None, **work: object) -> None:
    """Run a task on the store's file, or have the station that has it open run it, and print the result."""
    import msgspec

    from headland.store.core.store_work import StoreWork

    task = msgspec.convert(work, StoreWork)
    folder = farm_folder(data)
    with _progress() as progress:
        sentences = None if api else _work_here(folder, _path(folder, store), task, progress)
        if sentences is None:
            sentences = _work_there(folder, api or _api_url(folder), task, progress)
    for sentence in sentences:
        typer.echo(sentence)


def _work_here(folder: FarmFolder, path: Path, work: StoreWork, progress: Progress) -> list[str] | None:
    """Run a task on a file that no process has open; return None where one has."""
    from headland.clock.station_clock.station_clock import StationClock
    from headland.store.duckdb.store import DuckDBStore
    from station.server.storage.store_admin_tasks import do_work

    if not path.exists():
        raise SettingsError(f"No store at {path}: name the farm's folder with --data, or the store with --store.")
    try:
        store = DuckDBStore(path)
    except RetryLater:
        return None
    clock = StationClock(folder.clock_path, lambda: _newest_ms(store))
    store.judge_deletion_by(clock)
    try:
        return do_work(store, work, progress, clock)
    finally:
        clock.stop()
        store.close()


def _newest_ms(store: DuckDBStore) -> int | None:
    """Return the newest sample of a real device of any organisation."""
    found = [newest_real_ms(store, organisation) for organisation in store.organisations()]
    return max((newest_ms for newest_ms in found if newest_ms is not None), default=None)


def _work_there(folder: FarmFolder, api_url: str, work: StoreWork, progress: Progress) -> list[str]:
    """Have a running station run the task and follow its progress; raises HeadlandError with the station's message."""
    import httpx
    import msgspec

    headers = {"X-Headland-Store-Token": folder.secret("store")}
    try:
        with httpx.Client(base_url=api_url, timeout=_TIMEOUT_S, headers=headers) as station:
            job = _answer(station.post("/v1/store/jobs", json=msgspec.to_builtins(work)))
            while job["state"] == "running":
                time.sleep(_POLL_S)
                job = _answer(station.get(f"/v1/store/jobs/{job['id']}"))
                progress(str(job["words"]), float(str(job["fraction"])))
    except httpx.HTTPError as error:
        raise RetryLater(f"The station at {api_url} has the store open and does not respond: {error}.") from error
    if job["state"] == "failed":
        raise HeadlandError(str(job["error"]))
    sentences = job["sentences"]
    return [str(line) for line in sentences] if isinstance(sentences, list) else []


def _answer(response: httpx.Response) -> dict[str, object]:
    body: dict[str, object] = response.json()
    if response.is_error:
        raise HeadlandError(str(body.get("detail", f"the station responded with status {response.status_code}")))
    return body


def _api_url(folder: FarmFolder) -> str:
    try:
        return folder.read_state().api_url
    except RetryLater as error:
        raise RetryLater(
            "Another process has the store open. If it is a station, name its address: --api http://HOST:PORT."
        ) from error


def _path(folder: FarmFolder, store: str | None) -> Path:
    """Return the path of the DuckDB file; raises SettingsError for a database server."""
    url = store_url(store, folder.store_path)
    if not is_file(url):
        raise SettingsError(
            "This command works on DuckDB files only: use the server's own tools, or `headland store copy`."
        )
    return duckdb_path(url)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Display a progress bar on a terminal until the task is done."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from headland.store.duckdb.tables.compaction import no_progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield no_progress
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("opening", total=1.0)
        yield lambda step, fraction: bar.update(task, description=step or "working", completed=fraction)
