"""The key of whoever runs a farm on this machine: made once, and kept in the farm's folder."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from headland.errors import SettingsError
from station.server.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from headland.registry.registry import Registry
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories

_LOGGER = logging.getLogger(__name__)

#: How the registry names it: it is the one in the file, and there is one of it.
NAME: Final = "this machine"


def keep_first_key(registry: Registry, repositories: OrganisationRepositories, path: Path) -> None:
    """See that a file holds a key that opens everything of the estate; raises SettingsError where it cannot be written.

    One that was revoked, has expired, or is no longer in the file is replaced.
    """
    from headland.registry.models.models import Scope

    try:
        kept = path.read_text().strip()
    except OSError:
        kept = ""
    access = registry.authenticate(kept)
    if access is not None and access.organisation.id == repositories.organisation and access.scope is Scope.ADMIN:
        return
    for lost in repositories.keys.list(name=NAME):
        repositories.keys.delete(lost.id, lost.version)
    _, key = repositories.mint_key(NAME, Scope.ADMIN)
    try:
        write_whole(path, f"{key}\n".encode())
    except OSError as error:
        raise SettingsError(f"The key cannot be kept in {path}: {error.strerror}.") from error
    _LOGGER.info("made a key that opens everything here, in %s", path)
