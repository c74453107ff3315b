"""Option that names the time-series store."""

from __future__ import annotations

from typing import Annotated

import typer

from station.server.stores import FORMS, STORE_URL

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help=f"Where samples are kept: {FORMS}; a plain path is a DuckDB file.",
        envvar=STORE_URL,
        show_default="the DuckDB file in the farm's folder",
    ),
]
