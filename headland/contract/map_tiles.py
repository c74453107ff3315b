"""Limits of map tiles: `map_tiles.json` is the table, and the page reads the same file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec


class _Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most_zoom: int
    usual_zoom: int


_LIMITS: Final = msgspec.json.decode(Path(__file__).with_name("map_tiles.json").read_bytes(), type=_Limits)

#: The finest tiles that any service has, and that an orthophoto is cut into.
MOST_ZOOM: Final = _LIMITS.most_zoom
#: The finest of a service that does not say.
USUAL_ZOOM: Final = _LIMITS.usual_zoom
