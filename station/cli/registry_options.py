"""Option that names the registry database."""

from __future__ import annotations

from typing import Annotated

import typer

from station.server.registries import FORMS, REGISTRY_URL

RegistryOption = Annotated[
    str | None,
    typer.Option(
        "--registry",
        metavar="URL",
        help=f"Where farms, fields, devices and keys are kept: {FORMS}.",
        envvar=REGISTRY_URL,
        show_default="the SQLite file in the farm's folder",
        show_envvar=True,
    ),
]
