"""MQTT devices on the gateway's broker, or on another one."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from edge.sources.connection.reconnect import Attempts
from edge.sources.devices.device_clock import is_credible
from edge.sources.devices.nodes import Nodes
from edge.sources.mqtt.decoders import make_decoder
from edge.sources.mqtt.message import DecodedMessage, Refusal
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.subscriber import BrokerMessage, Listener
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.errors import RetryLater

_COUNTERS: Final = (
    "messages", "rows", "connects", "lost", "refused_topics", "retained_ignored", "descriptions", "unmapped",
    "refused_unit", "refused_value", "clock_unset", *Refusal,
)  # fmt: skip
_LISTEN_S: Final = 0.2
_SETTLED_S: Final = 5.0
#: The longest message of a device, and the longest that describes devices: a bridge lists all of its own in one.
_MOST_BYTES: Final = 256 * 1024
_MOST_DESCRIPTION_BYTES: Final = 16 * 1024 * 1024


class MqttSource:
    """Listens to the devices of one format, and connects again when the broker is lost.

    A retained message is what was, not what is: it describes devices, and never is a sample. A row carries the
    payload's own time (`rtc`) where that can be true, else that of its arrival.
    """

    def __init__(self, settings: MqttSettings, gateway_id: str, site: str) -> None:
        self.name = settings.name
        self._settings = settings
        self._client_id = f"{gateway_id}-{settings.name}"
        self._counts: Counter[str] = Counter(dict.fromkeys(map(str, _COUNTERS), 0))
        self._attempts = Attempts(settings.name, self._counts)
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
        self._stopping = threading.Event()

    def run(self, sink: Sink) -> None:
        """Listen until `stop`; a lost broker is waited for with a growing back-off."""
        while not self._stopping.is_set():
            listener = Listener(self._settings, self._client_id)
            try:
                listener.open(list(self._topics))
                self._listen(listener, sink)
            except RetryLater as error:
                self._stopping.wait(self._attempts.fail(error))
            finally:
                listener.close()

    def stop(self) -> None:
        """Make `run` return within a second."""
        self._stopping.set()

    def counters(self) -> Mapping[str, int]:
        """Return what was read, refused and lost so far, by name."""
        return dict(self._counts)

    def _listen(self, listener: Listener, sink: Sink) -> None:
        connected_s: float | None = None
        while not self._stopping.is_set():
            heard = listener.listen(_LISTEN_S)
            self._counts["refused_topics"] = listener.refused_topics
            now_s = time.monotonic()
            if connected_s is None and listener.is_connected:
                connected_s = now_s
                self._counts["connects"] += 1
            if heard or (connected_s is not None and now_s - connected_s >= _SETTLED_S):
                # A broker that takes every connection and ends it at once is not there again.
                self._attempts.succeed()
            now_ms = wall_clock_ms()
            for message in heard:
                self._take(message, now_ms, listener, sink)

    def _take(self, message: BrokerMessage, now_ms: int, listener: Listener, sink: Sink) -> None:
        """Hand on what a message says, or count why it says nothing."""
        topic, payload, retained = message
        describes = self._decoder.describes(topic)
        if len(payload) > (_MOST_DESCRIPTION_BYTES if describes else _MOST_BYTES):
            self._counts["refused_size"] += 1
        elif describes:
            self._counts["descriptions"] += 1
            found = self._decoder.learn(topic, payload)
            if isinstance(found, Refusal):
                self._counts[found] += 1
                return
            new = [one for one in found if one not in self._topics]
            self._topics.update(dict.fromkeys(new))
            listener.subscribe(new)
        elif retained:
            self._counts["retained_ignored"] += 1
        else:
            self._counts["messages"] += 1
            said = self._decoder.decode(topic, payload, now_ms)
            if isinstance(said, Refusal):
                self._counts[said] += 1
                return
            for one in said:
                if isinstance(one, Refusal):
                    self._counts[one] += 1
                else:
                    self._say(one, now_ms, sink)

    def _say(self, said: DecodedMessage, now_ms: int, sink: Sink) -> None:
        node = self._nodes.find(said.name, said.aliases)
        if node is None:
            return
        clock, time_ms = Clock.ARRIVAL, now_ms
        if said.time_ms is not None:
            if is_credible(said.time_ms, now_ms):
                clock, time_ms = Clock.RTC, said.time_ms
            else:
                self._counts["clock_unset"] += 1
        node.device.learn(model=said.model, simulated=said.simulated)
        node.say(sink, clock, time_ms, said.measurements)
