"""Validation of map sources: an address that can be asked, in the coordinates in which its host draws."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from headland.network.map_tiles import BAIDU, TileSystem, check_template, system_of_host, tile_address
from headland.registry.models.errors import InvalidRecord
from headland.registry.models.map_sources import MapSource
from headland.registry.validation.targets import check_url

_NAMES: Final = {TileSystem.WGS84: "WGS84", TileSystem.GCJ02: "GCJ-02"}


def check_map_source(source: MapSource, _connection: sa.Connection, _organisation: str) -> MapSource:
    """Validate template, host and key of a source, and the coordinates that its host is known to draw in."""
    try:
        check_template(source.url, source.subdomains)
    except ValueError as error:
        raise InvalidRecord(f"The address of the map cannot be used: {error}.") from error
    if source.min_zoom > source.max_zoom:
        raise InvalidRecord("The coarsest zoom is finer than the finest one: correct them.")
    if ("{key}" in source.url) != bool(source.key):
        raise InvalidRecord("The key and its place in the address belong together: give both or none.")
    for column in range(max(1, len(source.subdomains))):
        _check_host(source, check_url(tile_address(source.url, source.subdomains, "k", 0, column, 0)).host)
    if not (source.name + source.attribution).isprintable():
        raise InvalidRecord("Name and attribution must be printable text in one line.")
    return source


def _check_host(source: MapSource, host: str) -> None:
    known = system_of_host(host)
    if known == BAIDU:
        raise InvalidRecord(
            "Tiles of Baidu have a grid of their own (BD-09), which this map cannot draw: choose Tianditu or Amap."
        )
    if known is not None and known != source.system:
        name = _NAMES[TileSystem(known)]
        raise InvalidRecord(f"The host {host} draws in {name}: choose these coordinates, or the map would be shifted.")
