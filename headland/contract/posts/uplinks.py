"""Network servers of LoRaWAN whose webhooks the station reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from headland.contract.posts.consoles import BodyMap, Console
from headland.contract.posts.packs import PostedBody


class UplinkServer(StrEnum):
    """A kind of network server, and the name of its devices' source where it has none of their application."""

    THINGS_STACK = "things-stack"
    CHIRPSTACK = "chirpstack"


#: Reads what a server or console posted, with what its address says of channels. Raises SettingsError for a wrong one.
UplinkReader = Callable[[UplinkServer | Console, bytes, Sequence[str], BodyMap], PostedBody]
