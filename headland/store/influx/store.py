"""InfluxDB engine: 1.8, 2.x and 3.x directly; 1.6 and 1.7 behind the path mapping of docs/how-to/choose-a-store.md."""

from __future__ import annotations

from headland.store.influx.client import InfluxConnection, parse_influx_url
from headland.store.influx.metadata import InfluxMetadata
from headland.store.influx.samples import InfluxSamples
from headland.store.server.store import ServerStore


def open_influx(url: str) -> ServerStore:
    """Return the store of an `influx+http://...` URL, also while its server is away.

    Raises SettingsError for a URL or a login that is wrong.
    """
    connection = InfluxConnection(parse_influx_url(url))
    return ServerStore("influxdb", InfluxSamples(connection), InfluxMetadata(connection))
