"""`headland edge import`: a progress bar around the gateway's own importer."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from edge.agent.settings import load_settings
from edge.imports import importer
from edge.imports.table.map import open_map


def import_logs(files: Sequence[Path], config: Path, stop: threading.Event, table_map: str | None = None) -> None:
    """Import `files` with the settings in `config` and print what came of each; ends early when `stop` is set.

    With `table_map`, a file or the name of a map that comes along, they are tables.
    """
    settings = load_settings(config, os.environ)
    loaded = None if table_map is None else open_map(table_map, Path.cwd())
    console = Console()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("reading", total=1.0)

        def show(progress: importer.Progress) -> None:
            bar.update(task, completed=progress.fraction, description=progress.sentence)

        report = importer.import_files(files, settings, progress=show, stop=stop, table_map=loaded)
    for line in report.sentences():
        console.print(line, highlight=False, soft_wrap=True)
