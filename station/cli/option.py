"""An option of a command, declared without the library that reads command lines."""

from __future__ import annotations

from typing import Any


class Option:
    """What `typer.Option` takes: the option's names, by default its parameter's, and how help shows it.

    A service that runs for months reads its options itself (`station.cli.words`): typer, and pydantic by which typer
    converts values, would stay in its memory, 15 MB for each process.
    """

    def __init__(self, *names: str, envvar: str | None = None, **shown: Any) -> None:
        self.names = names
        self.envvar = envvar
        #: Further arguments of `typer.Option`: help, metavar, panel.
        self.shown = shown
