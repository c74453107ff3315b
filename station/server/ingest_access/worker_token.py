"""Token shared by an API and its remote ingest workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Protocol

from headland.errors import SettingsError

#: Environment variable that holds the token.
WORKER_TOKEN: Final = "HEADLAND_WORKER_TOKEN"  # noqa: S105 - the name of a setting
_LEAST_LETTERS: Final = 16


class SecretFolder(Protocol):
    """A folder that keeps secrets."""

    @property
    def root(self) -> Path:
        """The folder's path."""
        ...

    def create(self) -> None:
        """Make the folder where it is missing; raises OSError and SettingsError."""
        ...

    def secret(self, name: str) -> str:
        """Return the secret of that name, made at the first call; raises OSError and SettingsError."""
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
                f"{WORKER_TOKEN} is not set, and {folder.root} cannot hold a secret: "
                "set the same token for the API and its ingest workers."
            ) from error
    if len(token) < _LEAST_LETTERS:
        raise SettingsError(f"{WORKER_TOKEN} is shorter than {_LEAST_LETTERS} characters: set a longer one.")
    return token
