"""Trial of a proposed source: what it stores of the messages that were heard, by decoder and field map. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from paho.mqtt.client import topic_matches_sub

from edge.sources.devices.nodes import Nodes
from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.decoders import make_decoder
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.source import Reading, Readings
from edge.survey.survey import HeardMessage
from headland.contract.records import Clock, Descriptor, Event

#: Rows of one second apart are no repetition.
_STEP_MS: Final = 1000


@dataclass(slots=True)
class SourceTrial:
    """What a source made of the messages: decoded numbers, stored values by message, and what it refused."""

    decoded: list[tuple[HeardMessage, DecodedMessage]] = field(default_factory=list)
    stored: dict[HeardMessage, dict[str, Mapping[str, float | None]]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def devices(self) -> dict[str, dict[str, float | None]]:
        """Return the last values by device and channel."""
        found: dict[str, dict[str, float | None]] = {}
        for rows in self.stored.values():
            for device, values in rows.items():
                found.setdefault(device, {}).update(values)
        return found


class _Rows:
    """A sink that keeps the rows of one message."""

    def __init__(self) -> None:
        self.rows: dict[str, Mapping[str, float | None]] = {}

    def reading(self, reading: Reading) -> None:
        """Keep a row."""
        self.rows[reading.source.device] = {**self.rows.get(reading.source.device, {}), **reading.values}

    def runs(self, runs: Sequence[Readings]) -> None:
        """Take nothing: such a source has rows."""

    def event(self, event: Event) -> None:
        """Take nothing."""

    def describe(self, descriptor: Descriptor) -> None:
        """Take nothing: nothing is sent."""


def try_source(settings: MqttSettings, messages: Sequence[HeardMessage]) -> SourceTrial:
    """Return what a source stores of messages, as the gateway's would; a retained one only describes."""
    decoder = make_decoder(settings, is_complete=False)
    trial = SourceTrial()
    nodes = Nodes(settings.name, "home", trial.counts, settings, settings.node, settings.channel)
    topics = dict.fromkeys(decoder.topics)
    waiting: list[HeardMessage] = []
    for message in messages:
        if any(topic_matches_sub(topic, message.topic) for topic in topics) and decoder.describes(message.topic):
            found = decoder.read_description(message.topic, message.payload)
            if not isinstance(found, MessageRefusal):
                topics.update(dict.fromkeys(topic for topic in found if not settings.skips(topic)))
        else:
            waiting.append(message)
    for number, message in enumerate(waiting):
        if settings.skips(message.topic) or not any(topic_matches_sub(topic, message.topic) for topic in topics):
            continue
        decoded = decoder.decode(message.topic, message.payload, number * _STEP_MS)
        if isinstance(decoded, MessageRefusal):
            trial.counts[decoded] += 1
            continue
        sink = _Rows()
        for part in decoded:
            if isinstance(part, MessageRefusal):
                trial.counts[part] += 1
                continue
            trial.decoded.append((message, part))
            node = nodes.find(part.name, part.aliases)
            if node is not None:
                node.emit(sink, Clock.ARRIVAL, number * _STEP_MS, part.measurements)
        if sink.rows:
            trial.stored[message] = sink.rows
    return trial


def known_unit(measurement: Measurement) -> str:
    """Return the unit that a message states for a number; "" for none."""
    return "" if measurement.unit in (None, "?") else str(measurement.unit)
