"""Which time-series engine a URL names, and opening it: the one place that knows them all."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from headland.addresses import hide_secrets
from headland.errors import DataDamaged, SettingsError

if TYPE_CHECKING:
    from headland.store.port import Store

_LOGGER = logging.getLogger(__name__)

STORE_URL: Final = "HEADLAND_STORE_URL"
FORMS: Final = "duckdb:///FILE, influx+http://HOST:PORT/BUCKET or victoria+http://HOST:PORT?side=sqlite:///FILE"

#: The hour of the night, by the local clock, at which a DuckDB file is put in order.
_COMPACT_AT_HOUR: Final = 3

#: What installs a module that an engine may lack; the others come with the part that asks.
_EXTRAS: Final = {"influxdb_client": "influx", "sqlalchemy": "postgres", "psycopg": "postgres"}


def store_url(chosen: str | None, default_path: Path) -> str:
    """Return the URL that was chosen, else that of the DuckDB file by default."""
    return chosen or duckdb_url(default_path)


def duckdb_url(path: Path) -> str:
    """Return the URL of a DuckDB file: three slashes and the path, so four where it is absolute."""
    return f"duckdb:///{path}"


def open_store(url: str) -> Store:
    """Open the store that a URL or a plain path names.

    A damaged DuckDB file was moved aside and a new one is begun, which the log says. Raises SettingsError for a URL
    that names no engine or an engine whose extra is not installed, and what opening the engine raises.
    """
    parts = urlsplit(url)
    try:
        if is_file(url):
            return _open_duckdb(duckdb_path(url))
        if parts.scheme in ("influx+http", "influx+https"):
            from headland.store.influx.store import open_influx

            return open_influx(url)
        if parts.scheme in ("victoria+http", "victoria+https"):
            from headland.store.victoria.store import open_victoria

            return open_victoria(url)
    except ModuleNotFoundError as missing:
        module = str(missing.name).partition(".")[0]
        raise SettingsError(
            f"The store {hide_secrets(url)} needs {module}; "
            f"install it with: pip install 'headland[{_EXTRAS.get(module, 'ingest')}]'"
        ) from missing
    raise SettingsError(f"{hide_secrets(url)!r} names no store: write {FORMS}.")


def duckdb_path(url: str) -> Path:
    """Return the file that `duckdb:///relative`, `duckdb:////absolute` or a plain path names; raises SettingsError."""
    if "://" not in url:
        return Path(url).expanduser()
    parts = urlsplit(url)
    path = Path(parts.path[1:]).expanduser()
    if parts.netloc or not parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError(f"{url!r} names no file: write duckdb:///relative/path or duckdb:////absolute/path.")
    if not path.is_absolute() and not path.parent.is_dir() and (Path("/") / path).parent.is_dir():
        raise SettingsError(f"{url!r} is a path relative to {Path.cwd()}; write duckdb:////{path} for /{path}.")
    return path


def is_file(url: str) -> bool:
    """Tell whether a URL or a plain path names a DuckDB file."""
    return "://" not in url or urlsplit(url).scheme == "duckdb"


def folder_beside(url: str, otherwise: Path) -> Path:
    """Return the folder of a store's file, or `otherwise` for a store that is no file here."""
    return duckdb_path(url).parent if is_file(url) else otherwise


def _open_duckdb(path: Path) -> Store:
    from headland.store.duckdb.store import DuckDBStore

    try:
        return DuckDBStore(path, compact_at_hour=_COMPACT_AT_HOUR)
    except DataDamaged as damage:
        _LOGGER.error("%s A new store is begun.", damage)  # noqa: TRY400 - the sentence is enough
        return DuckDBStore(path, compact_at_hour=_COMPACT_AT_HOUR)
