"""Settings of an HTTP source: the `[[source]]` tables of type `http`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from edge.sources.devices.device_clock import TimeSettings
from edge.sources.mapping.field_map import FieldSettings
from edge.sources.settings import Name, PlaceSettings, SourceTable
from headland.network.http_target import parse_target


class HttpSettings(SourceTable, PlaceSettings, frozen=True, kw_only=True, tag_field="type", tag="http"):
    """One device whose state is a JSON document at `url`, requested every `poll_s`.

    `from` of a channel is a JSON pointer (RFC 6901): `/sensors/0/temperature`. `headers` are added to each request, for
    example an authorization. `timeout_s` bounds the whole response.
    """

    name: Name
    url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+\S*\Z", max_length=2000)]
    device: Name
    poll_s: Annotated[float, Meta(ge=0.05, le=86_400)] = 60.0
    timeout_s: Annotated[float, Meta(ge=0.05, le=60)] = 5.0
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    channel: Annotated[list[FieldSettings], Meta(min_length=1)]
    time: TimeSettings | None = None

    def __post_init__(self) -> None:
        """Refuse an index instead of a pointer, and a header that cannot be sent."""
        split = urlsplit(self.url)  # raises ValueError, also for a wrong port
        if not split.hostname or split.port == 0:
            raise ValueError("url must have a host, and a port of 1 to 65535 if any")
        parse_target(self.url, permits_zone=True)  # raises ValueError with the remedy
        keys = [field.key for field in self.channel] + ([] if self.time is None else [self.time.key])
        if not all(isinstance(key, str) for key in keys):
            raise ValueError("from must be a JSON pointer: /sensors/0/temperature")
        for name, value in self.headers.items():
            if not name or not (name + value).isascii() or not (name + value).isprintable():
                raise ValueError(f"header {name!r} must be printable ASCII")
