"""Token shared by an API and its remote ingest workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Protocol

from headland.errors import SettingsError

#: Environment variable that holds the token.
WORKER_TOKEN: Final = "HEADLAND_WORKER_TOKEN"  # noqa: S105 - the name of a setting
_MIN_LENGTH: Final = 16


class SecretFolder(Protocol):
    """A folder that stores secrets."""

    @property
    def root(self) -> Path:
        """Path of the folder."""
        ...

    def create(self) -> None:
        """Create the folder where it is missing; raises OSError and SettingsError."""
        ...

    def secret(self, name: str) -> str:
        """Return the secret of a name, created at the first call; raises OSError and SettingsError."""
        ...


def worker_token(folder: SecretFolder) -> str:
    """Return the token in HEADLAND_WORKER_TOKEN, else the one in `folder`; raises SettingsError."""
    token = os.environ.get(WORKER_TOKEN, "").strip()
    if not token:
        try:
            folder.create()
            return folder.secret("worker")
        except (OSError, SettingsError) as error:
            raise SettingsError(
                f"{WORKER_TOKEN} is not set, and {folder.root} cannot be written: "
                "set the same token for the API and its ingest workers."
            ) from error
    if len(token) < _MIN_LENGTH:
        raise SettingsError(f"{WORKER_TOKEN} is shorter than {_MIN_LENGTH} characters: set a longer one.")
    return token
