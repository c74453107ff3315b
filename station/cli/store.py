"""`headland store`: what is kept, for how long, compaction, back-ups and exports, of a store at rest or in use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.errors import HeadlandError, RetryLater, SettingsError
from station.cli.options import DataOption, farm_folder
from station.cli.store_options import StoreOption
from station.local.folder import FarmFolder
from station.server.stores import duckdb_path, is_file, store_url

if TYPE_CHECKING:
    import httpx

    from api.ops.store_admin_port import StoreWork
    from headland.store.duckdb.compaction import Progress

store_app = typer.Typer(no_args_is_help=True, help="What is stored: figures, retention, compaction, back-ups, exports.")

ApiOption = Annotated[
    str | None,
    typer.Option("--api", help="Where the running station serves.", show_default="what the running farm says"),
]
DaysOption = Annotated[int | None, typer.Option(help="Days.", show_default="for ever", min=1)]

_LOOK_S: Final = 0.2
_ANSWER_S: Final = 10.0


@store_app.command("info")
def store_info(data: DataOption = None, store: StoreOption = None, api: ApiOption = None) -> None:
    """Say how much is stored, from when to when, and what the file takes."""
    _work(data, store, api, kind="info")


@store_app.command("keep")
def store_keep(
    raw_days: DaysOption = None,
    minute_days: DaysOption = None,
    hour_days: DaysOption = None,
    data: DataOption = None,
    store: StoreOption = None,
    api: ApiOption = None,
) -> None:
    """Set for how long samples, and rollups of minutes and of hours, are kept; rollups of days always are."""
    _work(data, store, api, kind="keep", raw_days=raw_days, minute_days=minute_days, hour_days=hour_days)


@store_app.command("compact")
def store_compact(data: DataOption = None, store: StoreOption = None, api: ApiOption = None) -> None:
    """Let go what is not to be kept, sort closed days and give free room back; a station does it every night."""
    _work(data, store, api, kind="compact")


@store_app.command("backup")
def store_backup(
    file: Annotated[Path, typer.Argument(help="The new file to write.")],
    data: DataOption = None,
    store: StoreOption = None,
    api: ApiOption = None,
) -> None:
    """Write a verified back-up of one instant, also while the station writes on."""
    _work(data, store, api, kind="backup", path=str(file.expanduser().absolute()))


@store_app.command("restore")
def store_restore(
    file: Annotated[Path, typer.Argument(help="The back-up.")], data: DataOption = None, store: StoreOption = None
) -> None:
    """Make a store of a back-up, where there is none yet."""
    from headland.store.duckdb.backup import restore
    from station.server.store_admin_tasks import tell_backup

    path = _path(farm_folder(data), store)
    with _progress() as progress:
        made = restore(file.expanduser(), path, progress)
    typer.echo(tell_backup("Restored", made))


@store_app.command("export")
def store_export(
    file: Annotated[Path, typer.Argument(help="The new file: .parquet, .csv or .csv.gz.")],
    organisation: Annotated[str, typer.Option(help="Whose samples.")] = "local",
    device: Annotated[str | None, typer.Option(help="Only this device's.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Only this channel's; may be said several times.")] = None,
    start: Annotated[str | None, typer.Option(help="From this instant, UTC: 2026-05-01 or 2026-05-01T06:30.")] = None,
    end: Annotated[str | None, typer.Option(help="Up to, and without, this instant.")] = None,
    wide: Annotated[bool, typer.Option("--wide", help="A column for each channel, a row for each instant.")] = False,
    data: DataOption = None,
    store: StoreOption = None,
    api: ApiOption = None,
) -> None:
    """Write samples with their units and quality as a table for other programs."""
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
    source: Annotated[str, typer.Argument(metavar="SRC", help="The store to read: a URL, or a DuckDB file.")],
    target: Annotated[str, typer.Argument(metavar="DST", help="The store to write to; what it holds already stays.")],
) -> None:
    """Copy everything into another store, of any engine, and prove it; start it again if it was interrupted.

    Each series, and the events, devices, conflicts and marks, are counted and summed on both sides. Neither store may
    be in use meanwhile: stop the station or the ingest that writes to it.
    """
    from station.cli.store_copy import run_copy

    run_copy(source, target, typer.echo)


def parse_instant(text: str) -> int:
    """Return the epoch milliseconds of an ISO 8601 date or time, UTC where it names no zone; raises SettingsError."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text!r} is no instant: write 2026-05-01, or 2026-05-01T06:30.") from error
    return round((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1000)


def _work(data: Path | None, store: str | None, api: str | None, **work: object) -> None:
    """Do a piece of work on the file, or have the station that holds it do so, and say what came of it."""
    from api.ops.store_admin_port import StoreWork

    asked = StoreWork.model_validate(work)
    folder = farm_folder(data)
    with _progress() as progress:
        sentences = None if api else _work_here(_path(folder, store), asked, progress)
        if sentences is None:
            sentences = _work_there(folder, api or _api_url(folder), asked, progress)
    for sentence in sentences:
        typer.echo(sentence)


def _work_here(path: Path, work: StoreWork, progress: Progress) -> list[str] | None:
    """Work on a file that nobody has open; None where another process holds it."""
    from headland.store.duckdb.store import DuckDBStore
    from station.server.store_admin_tasks import do_work

    if not path.exists():
        raise SettingsError(f"There is no store {path}; name its farm with --data, or itself with --store.")
    try:
        store = DuckDBStore(path)
    except RetryLater:
        return None
    try:
        return do_work(store, work, progress)
    finally:
        store.close()


def _work_there(folder: FarmFolder, api_url: str, work: StoreWork, progress: Progress) -> list[str]:
    """Have a running station work on its store and follow it; raises HeadlandError with what it says."""
    import httpx

    headers = {"X-Headland-Store-Token": folder.secret("store")}
    try:
        with httpx.Client(base_url=api_url, timeout=_ANSWER_S, headers=headers) as station:
            job = _answer(station.post("/v1/store/jobs", json=work.model_dump(mode="json")))
            while job["state"] == "running":
                time.sleep(_LOOK_S)
                job = _answer(station.get(f"/v1/store/jobs/{job['id']}"))
                progress(str(job["words"]), float(str(job["fraction"])))
    except httpx.HTTPError as error:
        raise RetryLater(f"The station at {api_url} holds the store and does not answer: {error}.") from error
    if job["state"] == "failed":
        raise HeadlandError(str(job["error"]))
    sentences = job["sentences"]
    return [str(line) for line in sentences] if isinstance(sentences, list) else []


def _answer(response: httpx.Response) -> dict[str, object]:
    body: dict[str, object] = response.json()
    if response.is_error:
        raise HeadlandError(str(body.get("detail", f"the station answered {response.status_code}")))
    return body


def _api_url(folder: FarmFolder) -> str:
    try:
        return folder.read_state().api_url
    except RetryLater as error:
        raise RetryLater(
            "The store is in use by another process; where that is a station, say where it serves: --api http://HOST:PORT."
        ) from error


def _path(folder: FarmFolder, store: str | None) -> Path:
    """Return the DuckDB file that is meant; raises SettingsError for a server."""
    url = store_url(store, folder.store_path)
    if not is_file(url):
        raise SettingsError("This is for DuckDB files; a server has tools of its own, and `headland store copy`.")
    return duckdb_path(url)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar on a terminal that goes away when the work is done."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from headland.store.duckdb.compaction import keep_quiet

    console = Console(stderr=True)
    if not console.is_terminal:
        yield keep_quiet
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        task = bar.add_task("opening", total=1.0)
        yield lambda words, fraction: bar.update(task, description=words or "working", completed=fraction)
