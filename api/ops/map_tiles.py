"""Tiles of map sources, asked of their services by the station in place of the browser, and kept for a while."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from anyio import CapacityLimiter

from api.auth.rate_limiter import Draw, Rate, TokenBuckets
from headland.errors import HeadlandError
from headland.network.address_policy import PUBLIC_ONLY, AddressPolicy
from headland.network.http_client import OutgoingClient
from headland.network.http_target import parse_target
from headland.network.map_tiles import tile_address
from headland.network.name_resolver import OutgoingError
from headland.registry.models.map_sources import MapSource

_WITHIN_S: Final = 8.0
_MOST_TILE_BYTES: Final = 1024 * 1024
_MOST_KEPT_BYTES: Final = 32 * 1024 * 1024
#: Requests to services at once, as a browser would send; the policy of OpenStreetMap asks for it.
_AT_ONCE: Final = 6
#: Tiles that one key or session may have fetched: some forty maps at once, then a map each ten seconds.
_FETCHES: Final = Rate(1500, 5)
#: After no answer nobody is asked for so long: a map of forty tiles would wait for each of them.
_SILENT_S: Final = 15.0
#: Where a service does not say how long a tile holds, and at most (OpenStreetMap asks for a week).
_USUAL_AGE_S: Final = 7 * 86_400
_MOST_AGE_S: Final = 30 * 86_400
_MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age=(\d{1,9})")
#: The first bytes of the pictures that are handed on; whatever else a service answers is not.
_SIGNS: Final = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}


class TileError(HeadlandError):
    """Why there is no tile: the last part of the problem's type."""

    def __init__(self, kind: str, wait_s: float = 0.0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture, its type, and until when it holds on this process's clock [s]."""

    body: bytes
    media_type: str
    until_s: float


@dataclass(frozen=True, slots=True)
class TileWanted:
    """A tile of a source of an organisation, in the source's own grid."""

    organisation: str
    source: MapSource
    z: int
    x: int
    y: int

    @property
    def name(self) -> tuple[str, str, int, int, int, int]:
        """What the tile is kept by; another version of its source is another one."""
        return self.organisation, self.source.id, self.source.version, self.z, self.x, self.y


class MapTiles:
    """Asks services for tiles; from any thread. `limiter` bounds how many are asked at once."""

    def __init__(self, policy: AddressPolicy | None, now_s: Callable[[], float] = time.monotonic) -> None:
        self._client = OutgoingClient(policy or PUBLIC_ONLY, _user_agent())
        self._now_s = now_s
        self._kept: OrderedDict[tuple[object, ...], Tile] = OrderedDict()
        self._bytes = 0
        self._silent_until_s: dict[tuple[str, int], float] = {}
        self._lock = threading.Lock()
        self._fetches = TokenBuckets(_FETCHES)
        self.limiter: Final = CapacityLimiter(_AT_ONCE)

    def kept(self, wanted: TileWanted) -> Tile | None:
        """Return a tile that was fetched before and still holds, or None."""
        with self._lock:
            tile = self._kept.get(wanted.name)
            if tile is None or tile.until_s <= self._now_s():
                return None
            self._kept.move_to_end(wanted.name)
            return tile

    def fetch(self, wanted: TileWanted, key: str, client: str, note: Callable[[Draw], None]) -> Tile:
        """Ask the service for a tile; raises TileError.

        `client` is whose quota it counts to, `note` is told what is left of it.
        The key is in the address that is asked, and in nothing else.
        """
        known = self.kept(wanted)
        if known is not None:
            return known
        source = wanted.source.id, wanted.source.version
        if self._silent_until_s.get(source, 0.0) > self._now_s():
            raise TileError("map-service-silent")
        draw = self._fetches.take(f"{wanted.organisation} {client}", self._now_s())
        note(draw)
        if draw.wait_s:
            raise TileError("map-tiles-quota", draw.wait_s)
        url = tile_address(wanted.source.url, wanted.source.subdomains, key, wanted.z, wanted.x, wanted.y)
        try:
            answer = self._client.get(
                parse_target(url), {"Accept": "image/webp,image/png,image/jpeg"}, _WITHIN_S, _MOST_TILE_BYTES
            )
        except (OutgoingError, ValueError) as error:
            # Its text may have the address, and so the key.
            self._note_silence(source)
            raise TileError("map-service-silent") from error
        if answer.status in (204, 404):
            raise TileError("no-map-tile")
        if answer.status != 200:
            raise TileError("map-service-refuses" if answer.status in (401, 403, 418, 429) else "map-service-silent")
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        sign = _SIGNS.get(media_type)
        if sign is None or not sign.match(answer.body):
            raise TileError("no-map-picture")
        age_s = _age_of(answer.headers.get("cache-control", ""))
        tile = Tile(answer.body, media_type, self._now_s() + age_s)
        if age_s:
            self._keep(wanted, tile)
        return tile

    def left_s(self, tile: Tile) -> int:
        """Return how long a tile still holds [s]."""
        return max(0, int(tile.until_s - self._now_s()))

    def _note_silence(self, source: tuple[str, int]) -> None:
        now_s = self._now_s()
        with self._lock:
            others = {each: until_s for each, until_s in self._silent_until_s.items() if until_s > now_s}
            self._silent_until_s = {**others, source: now_s + _SILENT_S}

    def _keep(self, wanted: TileWanted, tile: Tile) -> None:
        with self._lock:
            before = self._kept.pop(wanted.name, None)
            self._bytes += len(tile.body) - (0 if before is None else len(before.body))
            self._kept[wanted.name] = tile
            while self._bytes > _MOST_KEPT_BYTES:
                self._bytes -= len(self._kept.popitem(last=False)[1].body)


def _user_agent() -> str:
    """Return what identifies this software: services of tiles refuse whoever does not say."""
    try:
        return f"headland/{metadata.version('headland')}"
    except metadata.PackageNotFoundError:
        return "headland"


def _age_of(cache_control: str) -> int:
    """Return how long a tile may be kept by the answer's Cache-Control [s]; 0: not at all."""
    said = cache_control.lower()
    if "no-store" in said or "no-cache" in said:
        return 0
    found = _MAX_AGE.search(said)
    return _USUAL_AGE_S if found is None else min(int(found[1]), _MOST_AGE_S)
