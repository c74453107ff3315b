"""Decoder of Sparkplug B: `spBv1.0/<group>/<type>/<node>[/<device>]`, with names and units from the births."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.sources.mapping.field_map import UNKNOWN_UNIT, Measurement
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, PlainDecoder
from edge.sources.mqtt.sparkplug_payload import (
    BIRTH_NUMBER,
    Metric,
    SparkplugPayload,
    read_payload,
    write_rebirth_request,
)
from headland.units_of_time import MINUTE_MS

_MOST_NODES: Final = 1000
_READ: Final = frozenset({"NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH"})
#: Metrics of the protocol itself, which measure nothing.
_CONTROL: Final = ("Node Control/", "Device Control/", "Properties/")
_ASK_AGAIN_MS: Final = MINUTE_MS


@dataclass(slots=True)
class _Node:
    """What the births of a node say: name and unit of each metric, by device ("" for the node) and by alias."""

    number: float | bool | str | None = None
    sequence: int | None = None
    is_born: bool = False
    units: dict[tuple[str, str], str] = field(default_factory=dict)
    by_alias: dict[int, tuple[str, str]] = field(default_factory=dict)


class SparkplugDecoder(PlainDecoder):
    """Decoder that asks a node for its births where it has not received them, or may have missed newer ones.

    An alias is a name only as the last birth says so: after a gap in a node's sequence numbers, or a connection that
    was lost, its aliases are forgotten until it is born again. A metric with a name in its message needs no birth. A
    device is `<node>/<device>`, a node's own metrics are the device `<node>`; the group precedes both where the filter
    leaves it open.
    """

    def __init__(self, topic_filter: str, *, is_complete: bool = True) -> None:
        """`is_complete` False: some messages of a node are here in any order, so their numbers say nothing."""
        super().__init__([topic_filter])
        self._is_complete = is_complete
        levels = topic_filter.split("/")
        self._with_group = len(levels) < 2 or levels[1] in ("+", "#")
        self._nodes: dict[str, _Node] = {}
        self._asked_ms: dict[str, int] = {}
        self._to_ask: dict[str, None] = {}

    def restart(self) -> None:
        """Forget the births: while the connection was lost others may have come."""
        self._nodes.clear()
        self._to_ask.clear()
        self._asked_ms.clear()

    def take_requests(self, now_ms: int) -> Sequence[tuple[str, bytes]]:
        """Return topic and payload of what must be published now: a request for births, at most one a minute a node."""
        due = [each for each in self._to_ask if now_ms - self._asked_ms.get(each, -_ASK_AGAIN_MS) >= _ASK_AGAIN_MS]
        self._asked_ms.update(dict.fromkeys(due, now_ms))
        self._to_ask.clear()
        return [(_command_topic(each), write_rebirth_request(now_ms)) for each in due]

    def decode(
        self, topic: str, payload: bytes, now_ms: int
    ) -> Sequence[DecodedMessage | MessageRefusal] | MessageRefusal:
        """Return the measurements of a birth or of data, one message for each time in it."""
        del now_ms
        levels = topic.split("/")
        if not 4 <= len(levels) <= 5 or levels[2] not in _READ:
            return ()  # STATE, commands to nodes, and deaths of devices
        space, group, kind, name = levels[:4]
        device = levels[4] if len(levels) == 5 else ""
        try:
            read = read_payload(payload)
        except ValueError:
            return MessageRefusal.SHAPE
        key = f"{space}/{group}/{name}"
        node = self._nodes.get(key)
        if node is None:
            if len(self._nodes) >= _MOST_NODES:
                return MessageRefusal.TOO_MANY
            node = self._nodes[key] = _Node()
        if kind == "NDEATH":
            self._bury(key, node, read)
            return ()
        if not self._follow(node, kind, read) or (kind == "DBIRTH" and not node.is_born):
            self._to_ask[key] = None
        if kind.endswith("BIRTH"):
            _learn(node, device, read.metrics)
        shown = "/".join([*([group] if self._with_group else ()), name, *([device] if device else ())])
        return self._measured(key, node, device, read, shown)

    def _bury(self, key: str, node: _Node, read: SparkplugPayload) -> None:
        """Forget a node that has ended; a will of an earlier session that comes late ends nothing."""
        number = next((each.value for each in read.metrics if each.name == BIRTH_NUMBER), None)
        if node.number is None or number is None or number == node.number:
            self._nodes.pop(key, None)

    def _follow(self, node: _Node, kind: str, read: SparkplugPayload) -> bool:
        """Follow the sequence numbers; return False where a message, and so perhaps a birth, was missed."""
        if kind == "NBIRTH":
            node.units.clear()
            node.by_alias.clear()
            node.is_born = True
            node.sequence = read.sequence
            node.number = next((each.value for each in read.metrics if each.name == BIRTH_NUMBER), None)
            return True
        if not node.is_born:
            node.sequence = read.sequence
            return not any(each.name == "" for each in read.metrics)
        expected = None if node.sequence is None else (node.sequence + 1) % 256
        node.sequence = read.sequence
        if read.sequence in (None, expected) or expected is None or not self._is_complete:
            return True
        node.is_born = False
        node.by_alias.clear()
        return False

    def _measured(
        self, key: str, node: _Node, device: str, read: SparkplugPayload, shown: str
    ) -> list[DecodedMessage | MessageRefusal]:
        by_time: dict[int | None, list[Measurement]] = {}
        unknown = False
        for metric in read.metrics:
            name, unit = metric.name, metric.unit
            if not name:
                known = node.by_alias.get(-1 if metric.alias is None else metric.alias)
                if known is None or known[0] != device:
                    unknown = True
                    continue
                name = known[1]
            if name == BIRTH_NUMBER or name.startswith(_CONTROL) or not metric.has_value:
                continue
            unit = unit or node.units.get((device, name), "") or UNKNOWN_UNIT
            time_ms = read.time_ms if metric.time_ms is None else metric.time_ms
            by_time.setdefault(time_ms, []).append(Measurement(name, metric.value, unit))
        found: list[DecodedMessage | MessageRefusal] = [
            DecodedMessage(shown, numbers, time_ms, (device,) if device else ()) for time_ms, numbers in by_time.items()
        ]
        if unknown:
            self._to_ask[key] = None
            found.append(MessageRefusal.ALIAS)
        return found


def _learn(node: _Node, device: str, metrics: Sequence[Metric]) -> None:
    for metric in metrics:
        if not metric.name:
            continue
        if metric.unit:
            node.units[device, metric.name] = metric.unit
        if metric.alias is not None:
            node.by_alias[metric.alias] = (device, metric.name)


def _command_topic(node: str) -> str:
    space, group, name = node.split("/")
    return f"{space}/{group}/NCMD/{name}"
