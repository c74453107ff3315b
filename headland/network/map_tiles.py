"""Addresses of map tiles: the template of a service, and the system of coordinates in which its host draws.

One table says by host whether tiles are in WGS84, shifted (GCJ-02), or of Baidu (BD-09), which has a projection and a
grid of its own. A host that is not in it is taken at a person's word.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec


class TileSystem(StrEnum):
    """The system of coordinates of tiles in Web Mercator."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


#: Baidu's tiles: another projection and another grid, which no map of this page has.
BAIDU: Final = "bd09"
#: Hosts, with all names below them, by the system in which they draw.
SYSTEM_OF_HOST: Final[dict[str, str]] = {
    **dict.fromkeys(("amap.com", "autonavi.com", "gaode.com", "is.autonavi.com"), TileSystem.GCJ02),
    **dict.fromkeys(("map.qq.com", "map.gtimg.com", "gtimg.com", "geoq.cn", "google.cn"), TileSystem.GCJ02),
    **dict.fromkeys(("baidu.com", "bdimg.com", "bdstatic.com"), BAIDU),
    **dict.fromkeys(("tianditu.gov.cn", "tianditu.cn", "openstreetmap.org", "arcgisonline.com"), TileSystem.WGS84),
}
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_KNOWN: Final = frozenset(("{x}", "{y}", "{-y}", "{z}", "{s}", "{key}"))
#: Names of parameters that carry a key, as services write them.
_NAMES_OF_KEYS: Final = frozenset(("tk", "key", "apikey", "api_key", "token", "access_token", "appid", "ak"))


class KnownMapService(msgspec.Struct, frozen=True, kw_only=True):
    """A service whose template, system and attribution are known: whoever adds it needs its key at most."""

    name: Annotated[str, "Stable name of the service."]
    title: Annotated[str, "Name for people."]
    title_zh: Annotated[str, "The same in Chinese."]
    url: Annotated[str, "Template of the address."]
    subdomains: Annotated[str, "Characters for `{s}`."]
    attribution: Annotated[str, "What has to be shown on the map."]
    system: Annotated[TileSystem, "In which coordinates it draws."]
    min_zoom: Annotated[int, "Its coarsest tiles."]
    max_zoom: Annotated[int, "Its finest tiles."]
    needs_key: Annotated[bool, "Whether it answers with a key only."]
    terms: Annotated[str, "Address of its conditions of use."]


def _tianditu(layer: str, title: str, title_zh: str) -> KnownMapService:
    query = (
        f"SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
        "&TILECOL={x}&TILEROW={y}&TILEMATRIX={z}&tk={key}"
    )
    return KnownMapService(
        name=f"tianditu-{layer}",
        title=title,
        title_zh=title_zh,
        url=f"https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?{query}",
        subdomains="01234567",
        attribution="© 天地图 tianditu.gov.cn",
        system=TileSystem.WGS84,
        min_zoom=1,
        max_zoom=18,
        needs_key=True,
        terms="https://www.tianditu.gov.cn/about/service.html",
    )


def _amap(name: str, title: str, title_zh: str, url: str) -> KnownMapService:
    return KnownMapService(
        name=name,
        title=title,
        title_zh=title_zh,
        url=url,
        subdomains="1234",
        attribution="© 高德地图 AutoNavi",
        system=TileSystem.GCJ02,
        min_zoom=3,
        max_zoom=18,
        needs_key=False,
        terms="https://lbs.amap.com/pages/terms/",
    )


KNOWN_SERVICES: Final = (
    _tianditu("img", "Tianditu, satellite images", "天地图影像"),
    _tianditu("vec", "Tianditu, streets", "天地图矢量"),
    _amap(
        "amap-streets",
        "Amap, streets",
        "高德街道图",
        "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",
    ),
    _amap(
        "amap-images",
        "Amap, satellite images",
        "高德卫星图",
        "https://webst0{s}.is.autonavi.com/appmaptile?style=6&x={x}&y={y}&z={z}",
    ),
    KnownMapService(
        name="openstreetmap",
        title="OpenStreetMap",
        title_zh="OpenStreetMap",
        url="https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        subdomains="",
        attribution="© OpenStreetMap contributors",
        system=TileSystem.WGS84,
        min_zoom=0,
        max_zoom=19,
        needs_key=False,
        terms="https://operations.osmfoundation.org/policies/tiles/",
    ),
    KnownMapService(
        name="esri-world-imagery",
        title="Esri World Imagery",
        title_zh="Esri 世界影像",
        url="https://services.arcgisonline.com/ArcGIS/rest/services/World_Imagery/MapServer/tile/{z}/{y}/{x}",
        subdomains="",
        attribution="Esri, Maxar, Earthstar Geographics, and the GIS User Community",
        system=TileSystem.WGS84,
        min_zoom=0,
        max_zoom=19,
        needs_key=False,
        terms="https://www.esri.com/en-us/legal/terms/full-master-agreement",
    ),
)


def system_of_host(host: str) -> str | None:
    """Return the system in which a host is known to draw, also of a name above it; None of one that is not known."""
    labels = host.lower().rstrip(".").split(".")
    for start in range(len(labels)):
        known = SYSTEM_OF_HOST.get(".".join(labels[start:]))
        if known is not None:
            return known
    return None


def check_template(url: str, subdomains: str) -> None:
    """Check a template of addresses; raises ValueError with the remedy as its text."""
    names = _PLACEHOLDER.findall(url)
    unknown = sorted(set(names) - _KNOWN)
    if unknown or url.count("{") != len(names) or url.count("}") != len(names):
        raise ValueError("in braces it may have x, y, -y, z, s and key alone")
    if "{x}" not in names or "{z}" not in names or ("{y}" in names) == ("{-y}" in names):
        raise ValueError("it needs z, x, and one of y and -y in braces")
    if ("{s}" in names) != bool(subdomains):
        raise ValueError("s in braces and its characters belong together: give both or none")
    parts = urlsplit(url)
    if set(_PLACEHOLDER.findall(parts.netloc)) - {"{s}"} or "{" in parts.scheme:
        raise ValueError("in its host s in braces alone may change")
    for name, value in parse_qsl(parts.query):
        if name.lower() in _NAMES_OF_KEYS and value != "{key}":
            raise ValueError("give the key in its own field, and in the address write key in braces")


def tile_address(url: str, subdomains: str, key: str, z: int, x: int, y: int) -> str:
    """Return the address of a tile; {-y} counts from the south, {s} is the same for a tile each time."""
    values = {
        "{z}": str(z),
        "{x}": str(x),
        "{y}": str(y),
        "{-y}": str(2**z - 1 - y),
        "{s}": subdomains[(x + y) % len(subdomains)] if subdomains else "",
        "{key}": quote(key, safe=""),
    }
    return _PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), url)
