"""VictoriaMetrics engine: numbers on the server, everything else in SQL tables beside it."""

from __future__ import annotations

from headland.store.server.sql_metadata import SqlMetadata
from headland.store.server.sql_samples import SqlSamples
from headland.store.server.sql_tables import SqlTables
from headland.store.server.store import ServerStore
from headland.store.victoria.client import VictoriaConnection, parse_victoria_url
from headland.store.victoria.samples import VictoriaSamples


def open_victoria(url: str) -> ServerStore:
    """Return the store of a `victoria+http://...` URL, also while its server is away.

    Raises SettingsError for a URL, a login or a flag of the server that is wrong.
    """
    address = parse_victoria_url(url)
    tables = SqlTables(address.side_url, address.store)
    samples = VictoriaSamples(VictoriaConnection(address), SqlSamples(tables))
    return ServerStore("victoriametrics", samples, SqlMetadata(tables))
