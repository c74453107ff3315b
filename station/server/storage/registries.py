"""Opening the registry by the URL of its database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from headland.clock import wall_clock_ms
from headland.errors import SettingsError

if TYPE_CHECKING:
    from headland.registry.registry import Registry

REGISTRY_URL: Final = "HEADLAND_REGISTRY_URL"
FORMS: Final = "sqlite:////absolute/path or postgresql://USER:PASSWORD@HOST/DATABASE"


def registry_url(chosen: str | None, default_path: Path) -> str:
    """Return the chosen URL, or that of the default SQLite file."""
    return chosen or f"sqlite:///{default_path}"


def open_registry(url: str, *, now_ms: Callable[[], int] = wall_clock_ms, deferred: bool = False) -> Registry:
    """Open the registry, created or migrated where needed; raises SettingsError and RetryLater.

    `now_ms` tells the time of its records. `deferred`: the first call of the registry opens it, and each later one
    until that succeeds.
    """
    try:
        from headland.registry.registry import open_registry as open_it

        return open_it(url, now_ms, deferred=deferred)
    except ModuleNotFoundError as missing:
        extra = "postgres" if url.startswith("postgres") else "api"
        raise SettingsError(
            f"The registry needs {missing.name}; install it with: pip install 'headland[{extra}]'"
        ) from missing
