"""Whether Home Assistant is told what there is."""

from __future__ import annotations

import re
from typing import Annotated, Final

import typer

from headland.errors import SettingsError

HOME_PREFIX: Final = "HEADLAND_HOME_ASSISTANT"
_PREFIX: Final = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")

HomeOption = Annotated[
    str | None,
    typer.Option(
        "--home-assistant",
        metavar="PREFIX",
        help="Publish devices and values for Home Assistant; its discovery prefix is `homeassistant`.",
        envvar=HOME_PREFIX,
        show_default="off",
        show_envvar=True,
    ),
]


def home_prefix(told: str | None) -> str | None:
    """Return the discovery prefix, None for off; raises SettingsError."""
    if not told:
        return None
    if not _PREFIX.fullmatch(told):
        raise SettingsError(
            f"{told!r} is no discovery prefix: write the one of Home Assistant, which is homeassistant."
        )
    return told
