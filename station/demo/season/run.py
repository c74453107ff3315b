"""Run of a season in a farm's folder: store and registry opened, progress shown, figures told and written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import typer

from headland.analysis.inputs.scope import OrgScope
from headland.errors import HeadlandError, SettingsError
from headland.registry.registry import open_registry
from station.demo.season.scenario import Report, SeasonSize, play_season
from station.demo.season.village import NOW_MS
from station.local.folder import FarmFolder
from station.server.organisation import FIRST_ORGANISATION
from station.server.storage.registries import registry_url
from station.server.storage.stores import duckdb_url, open_store


def run_season(size: SeasonSize, folder: FarmFolder, papers: Path) -> None:
    """Play a season in a new farm and write its papers; raises HeadlandError where a sum differs from the ledger."""
    if folder.registry_path.exists():
        raise SettingsError(f"{folder.root} has a farm already: a season begins with a new one.")
    papers.mkdir(parents=True, exist_ok=True)
    folder.create()
    with (
        closing(open_registry(registry_url(None, folder.registry_path), lambda: NOW_MS)) as registry,
        closing(open_store(duckdb_url(folder.store_path))) as store,
        _progress() as report,
    ):
        registry.add_organisation(FIRST_ORGANISATION, FIRST_ORGANISATION, "headland demo")
        scope = OrgScope(store, registry, FIRST_ORGANISATION, NOW_MS, "headland demo")
        played = play_season(scope, size, papers, report)
    told: dict[str, dict[str, float]] = {
        "figures": played.figures,
        "differences": dict(played.differences),
        "seconds": played.seconds,
    }
    (papers / "season.json").write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    for name, value in (item for part in told.values() for item in part.items()):
        typer.echo(f"{name:<30} {value:,}")
    typer.echo(f"{len(played.files)} papers in {papers}")
    if not played.is_sound:
        wrong = ", ".join(name for name, value in played.differences.items() if value)
        raise HeadlandError(f"The season's sums differ from what they were made of: {wrong}.")


@contextmanager
def _progress() -> Iterator[Report]:
    """Yield what displays the steps: a bar on a terminal, else a line for each step."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        told: set[str] = set()

        def tell(step: str, _done: int, _of: int) -> None:
            if step not in told:
                told.add(step)
                console.print(step)

        yield tell
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda step, done, of: bar.update(task, description=step, completed=done, total=of)
