"""Reader of what network servers of LoRaWAN post: a gateway's own, loaded with the first of them."""

from __future__ import annotations

from collections.abc import Sequence

from headland.contract.posts.packs import PostedBody
from headland.contract.posts.uplinks import UplinkServer


def read_uplink(server: UplinkServer, body: bytes, channels: Sequence[str]) -> PostedBody:
    """Return the records of an uplink, as a gateway reads it over MQTT. Raises SettingsError for a wrong channel."""
    from edge.posts import uplinks

    return uplinks.read_uplink(server, body, channels)
