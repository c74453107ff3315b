"""Messages of a broker by topic: how often, of which format, and which numbers are in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from edge.sources.mapping.field_map import NotANumber, read_number
from edge.sources.mapping.json_tree import flatten, parse_json
from edge.sources.mqtt.settings import DeviceFormat

#: Topics, numbers and messages that are remembered; beyond that topics are counted.
_MOST_TOPICS: Final = 5000
_MOST_NUMBERS: Final = 100
_MOST_MESSAGES: Final = 4
_MOST_BYTES: Final = 32 * 1024 * 1024
_LONGEST_VALUE: Final = 40
_LONGEST_PAYLOAD: Final = 256 * 1024
#: A bridge lists all of its devices in one message.
_LONGEST_DESCRIPTION: Final = 16 * 1024 * 1024

#: Topics by which a firmware is recognised.
_BY_TOPIC: Final[tuple[tuple[DeviceFormat, re.Pattern[str]], ...]] = (
    ("home_assistant", re.compile(r"^[^/]+(?:/[^/]+){2,3}/config$")),
    ("zigbee2mqtt", re.compile(r"^.+/bridge/(?:devices|info)$")),
    ("tasmota", re.compile(r"^(?:.+/)?tele/(?:.+/)?SENSOR$")),
    ("chirpstack", re.compile(r"^application/[^/]+/device/[^/]+/event/up$")),
    ("things_stack", re.compile(r"^v3/[^/]+/devices/[^/]+/up$")),
)
#: By which types of message a node of Sparkplug B and its devices are recognised.
_SPARKPLUG: Final = re.compile(r"^spBv1\.0/[^/]+/((?:N|D)(?:BIRTH|DATA|DEATH))/[^/]+(?:/[^/]+)?$")
#: Attributes by which Home Assistant's statestream is recognised; its states have their topics beside them.
_STATESTREAM: Final = re.compile(r"^.+/(?:sensor|number)/[a-z0-9_]+/(?:unit_of_measurement|device_class|state_class)$")
#: Ours, and the broker's own.
_NOT_DEVICES: Final = re.compile(r"^(?:headland/v1/|\$)")
_LINE: Final = re.compile(rb"^[A-Za-z0-9_.:-]+(?:,[^ ]+)? [A-Za-z0-9_.:-]+=[^ ,]+")


class HeardMessage(NamedTuple):
    """A message of the survey; a retained one may be old."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(slots=True)
class TopicSeen:
    """What was heard on a topic; `format` is None for what is neither a number nor a known format."""

    format: DeviceFormat | None
    messages: int = 0
    retained: int = 0
    numbers: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    heard: list[HeardMessage] = field(default_factory=list)


class BrokerSurvey:
    """The topics of a broker, from its messages."""

    def __init__(self) -> None:
        self._topics: dict[str, TopicSeen] = {}
        self._bytes = 0
        self.beyond = 0

    @property
    def topics(self) -> Mapping[str, TopicSeen]:
        """The topics in alphabetical order."""
        return dict(sorted(self._topics.items()))

    def add(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Add a message."""
        if _NOT_DEVICES.match(topic):
            return
        seen = self._topics.get(topic)
        if seen is None:
            if len(self._topics) >= _MOST_TOPICS:
                self.beyond += 1
                return
            seen = self._topics[topic] = TopicSeen(None)
        seen.messages += 1
        seen.retained += retained
        kind, leaves = _read(topic, payload[: _LONGEST_PAYLOAD + 1])
        seen.format = seen.format or kind
        self._keep(seen, HeardMessage(topic, payload, retained))
        if seen.format != "json":
            return
        for path, leaf in leaves.items():
            is_number = leaf is not None and not isinstance(read_number(leaf), NotANumber)
            where = seen.numbers if is_number else seen.texts
            if len(where) < _MOST_NUMBERS or path in where:
                where[path] = str(leaf)[:_LONGEST_VALUE]

    def _keep(self, seen: TopicSeen, message: HeardMessage) -> None:
        """Remember the first message of a topic and its last ones, as far as there is room."""
        longest = _LONGEST_PAYLOAD if seen.format == "json" else _LONGEST_DESCRIPTION
        if len(message.payload) > longest or self._bytes + len(message.payload) > _MOST_BYTES:
            return
        self._bytes += len(message.payload)
        if len(seen.heard) == _MOST_MESSAGES:
            self._bytes -= len(seen.heard.pop(1).payload)
        seen.heard.append(message)


def heard_messages(topics: Mapping[str, TopicSeen]) -> Sequence[HeardMessage]:
    """Return the remembered messages: what describes devices is before what they measure."""
    messages = [message for seen in topics.values() for message in seen.heard]
    return sorted(messages, key=lambda message: _turn(message.topic))


def _turn(topic: str) -> int:
    """Return the turn of a topic: a node's birth is before those of its devices, and data is last."""
    kind = _SPARKPLUG.match(topic)
    if kind is not None:
        return {"NBIRTH": 0, "DBIRTH": 1}.get(kind[1], 2)
    return 0 if topic.endswith(("/config", "/bridge/devices", "/unit_of_measurement")) else 2


def _read(topic: str, payload: bytes) -> tuple[DeviceFormat | None, Mapping[str, object]]:
    """Return the format of a message, and the values of a plain one by path."""
    if _SPARKPLUG.match(topic):
        return "sparkplug", {}
    if _STATESTREAM.match(topic):
        return "statestream", {}
    for kind, pattern in _BY_TOPIC:
        if pattern.match(topic) and payload[:1] in b"{[":
            return kind, {}
    if len(payload) > _LONGEST_PAYLOAD:
        return None, {}
    try:
        tree = parse_json(payload)
        leaves = flatten(tree)
    except ValueError:
        return ("line_protocol", {}) if _LINE.match(payload) else (None, {})
    if isinstance(tree, list) and tree and all(isinstance(item, dict) for item in tree):
        names = {key for item in tree for key in item}
        if names & {"n", "bn"} and names & {"v", "vs", "vb", "s", "bv"}:
            return "senml", {}
    if isinstance(tree, str):
        return None, {}
    return "json", leaves
