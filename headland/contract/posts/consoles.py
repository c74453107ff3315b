"""Consoles and devices that post samples in a form of their maker, without a header, and how their texts are read."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple


class Console(StrEnum):
    """A kind of console or device; the value is the slug of its sender."""

    ECOWITT = "ecowitt"
    SHELLY = "shelly"
    WEATHERLINK = "weatherlink"
    JSON = "json"


class BodyMap(NamedTuple):
    """What the address says of JSON of any shape beside its channels: where device and time are in it."""

    device: str | None = None
    device_from: tuple[str, ...] = ()
    time: str | None = None
    time_format: str = "iso8601"


#: Fields by which a console proves to its maker's service who it is.
_SECRETS: Final = re.compile(rb"(^|[&?])(PASSKEY|PASSWORD)=[^&]*", re.IGNORECASE)


def hide_secrets(text: bytes) -> bytes:
    """Return a form or query without the values of secrets, as it may be kept."""
    return _SECRETS.sub(rb"\1\2=", text)
