"""Map sources: services of map tiles that an administrator names; without one nothing is fetched from elsewhere."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from headland.contract.map_tiles import MOST_ZOOM, USUAL_ZOOM
from headland.network.map_tiles import TileSystem
from headland.registry.models.models import VersionedRecord

#: What stands in a record for a key that is kept.
HIDDEN_KEY: Final = "***"

Zoom = Annotated[int, Meta(ge=0, le=MOST_ZOOM)]


class MapSource(VersionedRecord, frozen=True, kw_only=True):
    """A service of map tiles in Web Mercator, which the station asks in place of the browser.

    The key is given once and shown as `***`; given as it was shown it stays what it is.
    """

    name: Annotated[str, Meta(min_length=1, max_length=80), "Name in the choice of the map."]
    url: Annotated[
        str,
        Meta(min_length=8, max_length=500),
        "Template of the address, with {z}, {x}, and {y} or {-y} (from the south), {s} for its hosts, {key}.",
    ]
    attribution: Annotated[str, Meta(min_length=1, max_length=300), "Shown on the map as long as its tiles are."]
    system: Annotated[TileSystem, "Coordinates in which it draws: wgs84, or gcj02 as Amap and Tencent do."] = (
        TileSystem.WGS84
    )
    min_zoom: Annotated[Zoom, "Its coarsest tiles."] = 0
    max_zoom: Annotated[Zoom, "Its finest tiles."] = USUAL_ZOOM
    subdomains: Annotated[str, Meta(pattern="^[a-z0-9]{0,16}$"), "Characters for {s}, one after another."] = ""
    key: Annotated[str, Meta(pattern="^[!-~]{0,200}$"), "Key for {key}: never shown, *** where there is one."] = ""
