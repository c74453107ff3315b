"""Consoles and devices that post samples in a form of their maker, without a header, and how their texts are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from headland.contract.records import NAME


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


_Path = Annotated[str, Meta(min_length=1, max_length=256)]


class SenderMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept with a sender's key of its bodies, so that it need not be in each address.

    What an address says itself counts before it.
    """

    channels: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=400)], ...],
        Meta(max_length=64, examples=[["air_temperature_degc,degC,t"]]),
        "Channels of its values, each as CHANNEL,UNIT,NAME.",
    ] = ()
    device: Annotated[
        Annotated[str, Meta(pattern=f"^{NAME.pattern}$")] | None, "Of JSON by a map: the device of its documents."
    ] = None
    device_from: Annotated[
        tuple[_Path, ...], Meta(max_length=4), "Of JSON by a map: paths of values that name the device."
    ] = ()
    time: Annotated[_Path | None, "Of JSON by a map: path of the document's own time."] = None
    time_format: Annotated[
        Literal["iso8601", "unix_s", "unix_ms", "unix2000_s"], "Of JSON by a map: format of that time."
    ] = "iso8601"

    def with_channels(self, given: Sequence[str]) -> list[str]:
        """Return the channels that an address gives, then those of other names that are kept."""
        names = {each.split(",", 2)[-1] for each in given}
        return [*given, *(each for each in self.channels if each.split(",", 2)[-1] not in names)]

    def about(self, given: BodyMap) -> BodyMap:
        """Return where device and time are: as an address says, else as it is kept."""
        names_device = given.device is not None or bool(given.device_from)
        device, device_from = (given.device, given.device_from) if names_device else (self.device, self.device_from)
        time, form = (given.time, given.time_format) if given.time is not None else (self.time, self.time_format)
        return BodyMap(device, device_from, time, form)


#: Fields by which a console proves to its maker's service who it is.
_SECRETS: Final = re.compile(rb"(^|[&?])(PASSKEY|PASSWORD)=[^&]*", re.IGNORECASE)


def hide_secrets(text: bytes) -> bytes:
    """Return a form or query without the values of secrets, as it may be kept."""
    return _SECRETS.sub(rb"\1\2=", text)
