"""Opening a time-series store by its URL: the only module that knows all engines."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeGuard
from urllib.parse import urlsplit

from headland.errors import DataDamaged, SettingsError
from headland.network.addresses import hide_secrets
from station.server.process_memory import read_memory_bytes

if TYPE_CHECKING:
    from headland.clock.station_clock.station_clock import StationClock
    from headland.store.duckdb.store import DuckDBStore
    from headland.store.port import Store

_LOGGER = logging.getLogger(__name__)

STORE_URL: Final = "HEADLAND_STORE_URL"
FORMS: Final = "duckdb:///FILE, influx+http://HOST:PORT/BUCKET or victoria+http://HOST:PORT?side=sqlite:///FILE"

#: Hour of the local clock at which a DuckDB file is compacted.
_COMPACT_AT_HOUR: Final = 3

#: Module that an engine may lack -> extra that installs it; other modules are installed with the calling part.
_EXTRAS: Final = {"influxdb_client": "influx", "sqlalchemy": "postgres", "psycopg": "postgres"}


def store_url(chosen: str | None, default_path: Path) -> str:
    """Return the chosen URL, or that of the default DuckDB file."""
    return chosen or duckdb_url(default_path)


def duckdb_url(path: Path) -> str:
    """Return the URL of a DuckDB file: three slashes and the path (four slashes for an absolute path)."""
    return f"duckdb:///{path}"


def open_store(url: str) -> Store:
    """Open the store that a URL or a plain path names.

    A damaged DuckDB file is moved aside and a new one is created; the log reports it. Raises SettingsError for an
    unknown engine or one whose extra is not installed, and the exceptions of opening the engine.
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
    raise SettingsError(f"{hide_secrets(url)!r} is not the URL of a store: write {FORMS}.")


def duckdb_path(url: str) -> Path:
    """Return the path in `duckdb:///relative`, `duckdb:////absolute` or a plain path; raises SettingsError."""
    if "://" not in url:
        return Path(url).expanduser()
    parts = urlsplit(url)
    path = Path(parts.path[1:]).expanduser()
    if parts.netloc or not parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError(f"{url!r} is not a file: write duckdb:///relative/path or duckdb:////absolute/path.")
    if not path.is_absolute() and not path.parent.is_dir() and (Path("/") / path).parent.is_dir():
        raise SettingsError(f"{url!r} is relative to {Path.cwd()}; write duckdb:////{path} for /{path}.")
    return path


def is_file(url: str) -> bool:
    """Return whether a URL or a plain path is a DuckDB file."""
    return "://" not in url or urlsplit(url).scheme == "duckdb"


def newest_real_ms(store: Store, organisation: str) -> int | None:
    """Return the newest sample of a real device, by its time; None without any. Raises RetryLater."""
    from headland.store.port import SeriesFilter

    newest = store.last(SeriesFilter(organisation))
    return max((latest.time_ms for latest in newest if not latest.key.simulated), default=None)


def deleted_by_retention(store: Store) -> dict[str, tuple[int, int | None]]:
    """Return how many samples and events a store's own retention has deleted, and before when; none of a server."""
    if not is_embedded(store):
        return {}
    deleted = store.deleted()
    return {
        "samples": (deleted.samples, deleted.samples_before_ms),
        "events": (deleted.events, deleted.events_before_ms),
    }


def go_by_clock(store: Store, clock: StationClock) -> None:
    """Let a store judge by the station's clock what is too old: for a file to keep, for a server to take."""
    if is_embedded(store):
        store.judge_deletion_by(clock)
        return
    module = sys.modules.get("headland.store.server.store")
    if module is not None and isinstance(store, module.ServerStore):
        store.tell_time_by(clock.now_ms)


def is_embedded(store: Store) -> TypeGuard[DuckDBStore]:
    """Return whether a store is a file of this process; the engine is not loaded to answer that."""
    module = sys.modules.get("headland.store.duckdb.store")
    return module is not None and isinstance(store, module.DuckDBStore)


def folder_beside(url: str, default: Path) -> Path:
    """Return the folder of a store's file, or `default` for a store on a server."""
    return duckdb_path(url).parent if is_file(url) else default


def _open_duckdb(path: Path) -> Store:
    from headland.store.core.sample_cache import SampleCache, choose_size_bytes
    from headland.store.duckdb.store import DuckDBStore

    def open_file() -> Store:
        cache = SampleCache(choose_size_bytes(read_memory_bytes()))
        return DuckDBStore(path, compact_at_hour=_COMPACT_AT_HOUR, cache=cache)

    try:
        return open_file()
    except DataDamaged as damage:
        _LOGGER.error("%s A new store is created.", damage)  # noqa: TRY400 - the sentence is enough
        return open_file()
