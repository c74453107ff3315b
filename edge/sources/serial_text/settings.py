"""Settings of a line source: the `[[source]]` tables of type `lines`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.sources.connection.serial_or_tcp import LINK_URL, Parity, parse_link
from edge.sources.devices.device_clock import TimeSettings
from edge.sources.devices.nodes import NodeSettings
from edge.sources.mapping.field_map import FieldSettings
from edge.sources.serial_text.line import LineFormat
from edge.sources.settings import Name, PlaceSettings, Seconds, SourceTable


class LinesSettings(SourceTable, PlaceSettings, frozen=True, kw_only=True, tag_field="type", tag="lines"):
    """A serial device (or a TCP address) that sends lines of text by itself.

    All lines belong to `device`, or each to the device named in its field `sender`: those of the `node` tables, and
    with `listed_only` no other. `columns` names the columns of CSV; without it they are numbered from 0. A line that
    begins with `comment` is ignored. `interval_s` is how often a line is expected.
    """

    name: Name
    url: Annotated[str, Meta(pattern=LINK_URL)]
    parity: Parity = "none"
    data_bits: Literal[7, 8] = 8
    stop_bits: Literal[1, 2] = 1
    format: LineFormat
    delimiter: Annotated[str, Meta(min_length=1, max_length=4)] = ","
    columns: list[str] = msgspec.field(default_factory=list)
    comment: Annotated[str, Meta(min_length=1, max_length=4)] = "#"
    longest_line_bytes: Annotated[int, Meta(ge=16, le=65_536)] = 1024
    device: Name | None = None
    sender: str | Annotated[int, Meta(ge=0, le=1000)] | None = None
    listed_only: bool = False
    interval_s: Seconds | None = None
    channel: list[FieldSettings] = msgspec.field(default_factory=list)
    node: list[NodeSettings] = msgspec.field(default_factory=list)
    time: TimeSettings | None = None

    def __post_init__(self) -> None:
        """Refuse a wrong link, and a source without a device."""
        parse_link(self.url)
        if (self.device is None) == (self.sender is None):
            raise ValueError("name either device, or sender: the field that names the device of each line")
        if self.node and self.sender is None:
            raise ValueError("node tables need sender: the field that names the device of each line")
        keys = [field.key for field in self.channel] + ([] if self.time is None else [self.time.key])
        if self.format == "csv" and any(isinstance(key, str) != bool(self.columns) for key in keys):
            raise ValueError("from must be one of columns where these are named, else an index from 0")

    @property
    def listed_nodes(self) -> list[NodeSettings]:
        """The devices in the settings: the one `device`, or the `node` tables."""
        if self.device is None:
            return self.node
        place = {key: getattr(self, key) for key in PlaceSettings.__struct_fields__}
        return [NodeSettings(match=self.device, device=self.device, **place)]
