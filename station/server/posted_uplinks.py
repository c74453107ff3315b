"""Readers of what network servers of LoRaWAN and consoles post: a gateway's own, loaded with the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headland.contract.posts.consoles import BodyMap, Console
from headland.contract.posts.packs import PostedBody
from headland.contract.posts.uplinks import UplinkServer

_NO_MAP: Final = BodyMap()


def read_uplink(
    server: UplinkServer | Console, body: bytes, channels: Sequence[str], about: BodyMap = _NO_MAP
) -> PostedBody:
    """Return the records of an uplink or upload, by a gateway's own map. Raises SettingsError for a wrong channel."""
    if server is Console.ECOWITT:
        from edge.posts.weather_consoles import read_weather_console

        return read_weather_console(body, channels)
    if server is Console.JSON:
        from edge.posts.json_bodies import read_json

        return read_json(body, channels, about)
    if isinstance(server, Console):
        from edge.posts import devices

        return (devices.read_shelly if server is Console.SHELLY else devices.read_weatherlink)(body, channels)
    from edge.posts import uplinks

    return uplinks.read_uplink(server, body, channels)
