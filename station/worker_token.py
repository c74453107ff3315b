"""The token by which an API and the ingest workers elsewhere know each other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from headland.errors import SettingsError

if TYPE_CHECKING:
    from station.farm_folder import FarmFolder

WORKER_TOKEN: Final = "HEADLAND_WORKER_TOKEN"  # noqa: S105 - the name of a setting
_LEAST_LETTERS: Final = 16


def worker_token(folder: FarmFolder) -> str:
    """Return what HEADLAND_WORKER_TOKEN says, else what this farm's folder keeps; raises SettingsError."""
    told = os.environ.get(WORKER_TOKEN, "").strip()
    if not told:
        try:
            folder.create()
            return folder.secret("worker")
        except (OSError, SettingsError) as error:
            raise SettingsError(
                f"{WORKER_TOKEN} is not set, and {folder.root} can keep no secret: set it, for API and ingest alike."
            ) from error
    if len(told) < _LEAST_LETTERS:
        raise SettingsError(f"{WORKER_TOKEN} is too short to be a secret: take {_LEAST_LETTERS} letters or more.")
    return told
