"""MQTT source: devices on the gateway's broker, or on another one."""

from __future__ import annotations

import time
from typing import Final

from edge.sources.devices.device_clock import counts_from_2000
from edge.sources.devices.nodes import Nodes
from edge.sources.mqtt.decoders import make_decoder
from edge.sources.mqtt.extension import ExtensionDecoder
from edge.sources.mqtt.message import AskingDecoder, DecodedMessage, MessageRefusal
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.subscriber import BrokerMessage, Subscriber
from edge.sources.retried_source import RetriedSource
from edge.sources.source import Sink
from headland.clock import wall_clock_ms

_COUNTERS: Final = (
    "messages", "rows", "connects", "lost", "refused_topics", "retained_ignored", "skipped", "descriptions", "unmapped",
    "refused_unit", "refused_value", "clock_unset", "clock_from_2000", "births_asked", *MessageRefusal,
)  # fmt: skip
_RECEIVE_S: Final = 0.2
_SETTLED_S: Final = 5.0
#: Devices that a warning names.
_MOST_NAMED: Final = 5
#: The longest message of a device, and the longest that describes devices: a bridge lists all of its own in one.
_MOST_BYTES: Final = 256 * 1024
_MOST_DESCRIPTION_BYTES: Final = 16 * 1024 * 1024


class MqttSource(RetriedSource):
    """Subscribes to the devices of one format, and reconnects when the broker is lost.

    A retained message is old: it may describe devices, and is never a sample. A row has the payload's own time (`rtc`)
    where that is plausible, else the time of its arrival.
    """

    def __init__(self, settings: MqttSettings, gateway_id: str, site: str) -> None:
        super().__init__(settings.name, _COUNTERS)
        self._settings = settings
        self._client_id = f"{gateway_id}-{settings.name}"
        self._decoder = make_decoder(settings)
        self._topics = dict.fromkeys(self._decoder.topics)
        self._nodes = Nodes(
            settings.name,
            site,
            self._counts,
            settings,
            settings.node,
            settings.channel,
            listed_only=settings.listed_only,
            interval_s=settings.interval_s,
        )
        self._from_2000: dict[str, None] = {}

    def _work(self, sink: Sink) -> None:
        subscriber = Subscriber(self._settings, self._client_id)
        if isinstance(self._decoder, AskingDecoder):
            self._decoder.restart()
        try:
            subscriber.open(list(self._topics))
            self._receive(subscriber, sink)
        finally:
            subscriber.close()

    def notes(self) -> list[str]:
        """Return which numbers of its devices have no channel."""
        return self._nodes.unmapped_sentences()

    def warnings(self) -> list[str]:
        """Return why the broker cannot be reached, and whose clock counts from another year, as sentences.

        An extension that failed at a message is named, too.
        """
        wrong = [
            f"The clock of {device} is 30 years behind: it counts from 2000, as MicroPython does. Its values have the "
            'time of their arrival. Add 946684800 to its time.time(), or for format json set format = "unix2000_s".'
            for device in list(self._from_2000)
        ]
        failure = self._decoder.failure if isinstance(self._decoder, ExtensionDecoder) else ""
        return [*super().warnings(), *wrong, *filter(None, [failure])]

    def _receive(self, subscriber: Subscriber, sink: Sink) -> None:
        connected_s: float | None = None
        while not self._stopping.is_set():
            messages = subscriber.receive(_RECEIVE_S)
            self._counts["refused_topics"] = subscriber.refused_topics
            now_s = time.monotonic()
            if connected_s is None and subscriber.is_connected:
                connected_s = now_s
                self._counts["connects"] += 1
            if messages or (connected_s is not None and now_s - connected_s >= _SETTLED_S):
                # A broker that accepts every connection and ends it at once has not returned.
                self._attempts.succeed()
            now_ms = wall_clock_ms()
            for message in messages:
                self._handle(message, now_ms, subscriber, sink)
            if isinstance(self._decoder, AskingDecoder):
                for topic, payload in self._decoder.take_requests(now_ms):
                    self._counts["births_asked"] += 1
                    subscriber.publish(topic, payload)

    def _handle(self, message: BrokerMessage, now_ms: int, subscriber: Subscriber, sink: Sink) -> None:
        """Emit the measurements of a message, or count its refusal."""
        topic, payload, retained = message
        describes = self._decoder.describes(topic)
        if len(payload) > (_MOST_DESCRIPTION_BYTES if describes else _MOST_BYTES):
            self._counts["refused_size"] += 1
        elif describes:
            self._counts["descriptions"] += 1
            topics = self._decoder.read_description(topic, payload)
            if isinstance(topics, MessageRefusal):
                self._counts[topics] += 1
                return
            new = [new for new in topics if new not in self._topics and not self._settings.skips(new)]
            self._topics.update(dict.fromkeys(new))
            subscriber.subscribe(new)
        elif self._settings.skips(topic):
            self._counts["skipped"] += 1
        elif retained:
            self._counts["retained_ignored"] += 1
        else:
            self._counts["messages"] += 1
            decoded = self._decoder.decode(topic, payload, now_ms)
            if isinstance(decoded, MessageRefusal):
                self._counts[decoded] += 1
                return
            for part in decoded:
                if isinstance(part, MessageRefusal):
                    self._counts[part] += 1
                else:
                    self._emit(part, now_ms, sink)

    def _emit(self, message: DecodedMessage, now_ms: int, sink: Sink) -> None:
        node = self._nodes.find(message.name, message.aliases)
        if node is None:
            return
        own_ms = message.time_ms
        clock, time_ms = self._stamp(own_ms, now_ms, has_clock=own_ms is not None)
        if own_ms is not None and time_ms != own_ms and counts_from_2000(own_ms, now_ms):
            self._counts["clock_from_2000"] += 1
            if len(self._from_2000) < _MOST_NAMED:
                self._from_2000[node.device.id.device] = None
        node.device.update(model=message.model, simulated=message.simulated)
        node.emit(sink, clock, time_ms, message.measurements)
