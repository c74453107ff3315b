"""Devices of one source, by the name that the source uses for each."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from edge.sources.devices.device import SourceDevice
from edge.sources.mapping.field_map import FieldMap, FieldSettings, Measurement
from edge.sources.settings import Name, PlaceSettings, Seconds
from edge.sources.source import Sink
from headland.contract.records import Clock, is_name

#: The most devices that are not in the settings: a stranger must not create any number of them.
MOST_UNLISTED: Final = 1000
_LONGEST_NAME: Final = 64
#: Sentences about devices with numbers without a channel, and names in each.
_MOST_SENTENCES: Final = 5
_MOST_NAMES: Final = 8
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]")


class NodeSettings(PlaceSettings, frozen=True, kw_only=True):
    """A `node` table: the source's name `match` is `device`; its `channel` tables override the source's own."""

    match: Annotated[str, Meta(min_length=1, max_length=256)]
    device: Name
    interval_s: Seconds | None = None
    channel: list[FieldSettings] = msgspec.field(default_factory=list)


class Node:
    """One device and its field map."""

    def __init__(self, device: SourceDevice, fields: FieldMap) -> None:
        self.device = device
        self._fields = fields

    @property
    def unmapped(self) -> Mapping[str, str]:
        """Names of numbers that no channel was found for, each with a value."""
        return self._fields.unmapped

    def emit(self, sink: Sink, clock: Clock, time_ms: int, measurements: Iterable[Measurement]) -> None:
        """Emit a row of the measurements that can be converted, where there is any."""
        self.device.emit(sink, clock, time_ms, self._fields.convert(measurements))


class Nodes:
    """Finds the device of a name. A device that is not in the settings gets the id `<source>.<its name>`.

    With `listed_only` it is ignored instead, and counted as `unlisted`.
    """

    def __init__(
        self,
        source: str,
        site: str,
        counts: Counter[str],
        place: PlaceSettings,
        listed: Sequence[NodeSettings],
        fields: Sequence[FieldSettings],
        *,
        listed_only: bool = False,
        interval_s: float | None = None,
    ) -> None:
        self._source = source
        self._site = site
        self._counts = counts
        self._place = place
        self._fields = fields
        self._listed_only = listed_only
        self._interval_s = interval_s
        self._unlisted = 0
        self._nodes = {
            node.match: self._make(
                node.device, node, [*fields, *node.channel], interval_s if node.interval_s is None else node.interval_s
            )
            for node in listed
        }
        self._listed = frozenset(self._nodes)

    def unmapped_sentences(self) -> list[str]:
        """Return a sentence for each of the first devices whose numbers have no channel, with their names."""
        named = [(node.device.id.device, node.unmapped) for node in list(self._nodes.values()) if node.unmapped]
        sentences = []
        for device, names in named[:_MOST_SENTENCES]:
            shown = ", ".join(f"{name} ({value})" for name, value in list(names.items())[:_MOST_NAMES])
            rest = "" if len(names) <= _MOST_NAMES else f" and {len(names) - _MOST_NAMES} more"
            sentences.append(f"{device}: no channel for {shown}{rest}; map them with [[source.channel]].")
        return sentences

    def find(self, name: str, aliases: Iterable[str] = ()) -> Node | None:
        """Return the device with the source's `name`; None where it is not accepted, which is counted.

        A listed device may be listed under any of its names.
        """
        node = self._nodes.get(name) or next((self._nodes[alias] for alias in aliases if alias in self._listed), None)
        if node is not None:
            return node
        if self._listed_only:
            self._counts["unlisted"] += 1
            return None
        if not name or self._unlisted >= MOST_UNLISTED:
            self._counts["refused_device"] += 1
            return None
        self._unlisted += 1
        device = name_device(self._source, name)
        node = self._nodes[name] = self._make(device, self._place, self._fields, self._interval_s)
        return node

    def _make(
        self, device: str, place: PlaceSettings, fields: Sequence[FieldSettings], interval_s: float | None
    ) -> Node:
        return Node(
            SourceDevice(device, place, self._site, self._counts, name=device, interval_s=interval_s),
            FieldMap(fields, self._counts),
        )


def name_device(source: str, name: str) -> str:
    """Return the device id of `name` within `source`: two names never share an id."""
    device = f"{source}.{name}"
    if is_name(device):
        return device
    mark = f"-{zlib.crc32(name.encode(errors='surrogatepass')):08x}"
    return _NOT_IN_NAMES.sub("-", device)[: _LONGEST_NAME - len(mark)] + mark
