"""Thread that publishes devices and their newest values to Home Assistant over MQTT."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Set
from typing import TYPE_CHECKING, Any, Final

import paho.mqtt.client as mqtt

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import MAX_QUALITY, read_latest, unit_of
from headland.clock import wall_clock_ms
from headland.contract.topics import home_status_topic, home_value_topic
from headland.errors import HeadlandError
from headland.runtime.readiness import Check
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from ingest.mqtt.broker_client import broker_client
from station.server.homeassistant.dead_band import DeadBand
from station.server.homeassistant.discovery import (
    ALARM,
    DATA_PROBLEM,
    OFFLINE,
    ONLINE,
    binary_message,
    describe,
    discovery_topic,
    expiry_s,
    has_data_problem,
    value_message,
)
from station.server.homeassistant.forecast import describe_forecast, device_of, forecast_messages

if TYPE_CHECKING:
    from headland.analysis.weather.hourly_forecast import HourlyForecast
    from headland.store.port import DeviceRecord, Latest, Store
    from ingest.settings import IngestSettings

_LOGGER = logging.getLogger(__name__)

_PUBLISH_EVERY_S: Final = 2.0
#: Maximum number of queued messages; further values are dropped and counted, and the next value follows.
_MAX_QUEUED: Final = 1000
#: A value is sent again in this share of the time after which it expires.
_KEEP_ALIVE_SHARE: Final = 3
_BINARY_KEEP_ALIVE_MS: Final = 60_000
#: Wait after a refusal, before which nothing has changed in the broker's access list.
_REFUSED_WAIT_S: Final = 60.0
#: Topics of messages that the broker has not answered yet, of which the newest are remembered.
_MAX_UNANSWERED: Final = 2 * _MAX_QUEUED

#: Returns the subjects of active alarms.
FindAlarms = Callable[[], Set[str]]
#: Returns the weather to come at each site at an instant, with its place if known.
FindForecasts = Callable[[int], Mapping[str, tuple["HourlyForecast", tuple[float, float] | None]]]


class HomeAssistantBridge:
    """Publishes committed values, from the station only: it knows the devices of all gateways.

    Discovery messages are retained and published again only when they change. Values are not retained; a value that is
    too old or of bad quality (QARTOD 3 and 4) is not published, and Home Assistant shows the sensor as unavailable.
    A value within the dead band of the one that is shown is not published either: the recorder stores each change.
    `alarms` returns the subjects of active alarms; without it there are no sensors of alarms. `forecasts` returns the
    weather to come at the sites, each of which is a device; where it ends, its sensors expire.
    """

    def __init__(
        self,
        prefix: str,
        store: Store,
        organisation: str,
        broker: IngestSettings,
        alarms: FindAlarms | None = None,
        forecasts: FindForecasts | None = None,
    ) -> None:
        self._alarms = alarms
        self._forecasts = forecasts
        self._forecast_sent: dict[str, tuple[bytes, int]] = {}
        self._prefix = prefix
        self._store = store
        self._organisation = organisation
        self._broker = broker
        self._described: dict[str, bytes] = {}
        self._published_ms: dict[tuple[str, str], int] = {}
        self._dead_band = DeadBand()
        self._binary: dict[tuple[str, str], tuple[bool, int, int]] = {}
        self._unanswered: dict[int, str] = {}
        self._refused_topic: str | None = None
        self._refused_s = 0.0
        self._counts: Counter[str] = Counter(described=0, said=0, dropped=0, refused=0)
        self._is_reconnected = threading.Event()
        self._thread = SupervisedThread(
            "home-assistant-bridge", self._publish_if_connected, every_s=_PUBLISH_EVERY_S, waits_first=True
        )
        self._client = self._make_client(broker)

    def start(self) -> None:
        """Start the thread; it waits for a broker that is not reachable."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()
        self._thread.start()

    def stop(self) -> None:
        """Publish the status offline and end the thread."""
        self._thread.stop()
        if self._client.is_connected():
            self._client.publish(home_status_topic(), OFFLINE, qos=1, retain=True).wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()

    def counters(self) -> Mapping[str, int]:
        """Return the number of published descriptions and values, and of dropped messages."""
        return {f"home_{name}": count for name, count in self._counts.copy().items()}

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def check(self) -> Check:
        """Return what is known of the connection; Home Assistant is no condition of the station's readiness."""
        if self._refused_topic is not None:
            sentence = (
                f"The broker does not let this login write {self._refused_topic}: Home Assistant does not get it. Add "
                "the lines of Home Assistant to the broker's access list (docs/how-to/other-programs.md)."
            )
            return Check("home-assistant", True, sentence)
        if not self._client.is_connected():
            return Check("home-assistant", True, "The publisher for Home Assistant waits for the broker.")
        return Check("home-assistant", True, f"published for Home Assistant: {self._counts['said']} values.")

    def publish_changes(self) -> None:
        """Publish changes since the last call. Raises HeadlandError while the store is not reachable."""
        if self._is_reconnected.is_set():
            # The broker may have lost its retained messages.
            self._is_reconnected.clear()
            self._described.clear()
            self._published_ms.clear()
            self._dead_band.clear()
            self._binary.clear()
            self._forecast_sent.clear()
            self._publish(home_status_topic(), ONLINE.encode(), retain=True)
        scope = OrgScope(self._store, None, self._organisation, wall_clock_ms(), by="station")
        records = {r.descriptor.device: r for r in scope.store.devices(scope.organisation)}
        alarmed = self._find_alarmed()
        for device, samples in read_latest(scope).items():
            if (record := records.get(device)) is not None:
                with self._thread.items.isolate(f"Device {device} of the Home Assistant bridge"):
                    self._describe(record, samples)
                    self._publish_values(record, samples, scope.now_ms)
                    problem = has_data_problem(record, samples, scope.now_ms)
                    self._publish_binary(device, DATA_PROBLEM, is_on=problem, now_ms=scope.now_ms)
                    if alarmed is not None:
                        self._publish_binary(device, ALARM, is_on=device in alarmed, now_ms=scope.now_ms)

        with self._thread.items.isolate("Forecasts of the Home Assistant bridge"):
            self._publish_forecasts(scope.now_ms)

    def _publish_forecasts(self, now_ms: int) -> None:
        """Publish the weather to come at each site when it changes, and again before its sensors expire."""
        try:
            found = {} if self._forecasts is None else self._forecasts(now_ms)
        except HeadlandError:
            return
        for site, (forecast, place) in found.items():
            device = device_of(site)
            self._describe_as(device, describe_forecast(forecast))
            for name, content in forecast_messages(forecast, now_ms, place).items():
                topic, message = home_value_topic(device, name), json.dumps(content).encode()
                sent, sent_ms = self._forecast_sent.get(topic, (b"", 0))
                is_due = sent != message or now_ms - sent_ms >= _BINARY_KEEP_ALIVE_MS
                if is_due and self._publish(topic, message, retain=False):
                    self._forecast_sent[topic] = message, now_ms
                    self._counts["said"] += 1

    def _find_alarmed(self) -> Set[str] | None:
        """Return the subjects of active alarms, None while they are not known: their sensors expire."""
        try:
            return None if self._alarms is None else self._alarms()
        except HeadlandError:
            return None

    def _describe(self, record: DeviceRecord, samples: Mapping[str, Latest]) -> None:
        device = record.descriptor.device
        units = {channel: unit_of(record, channel) for channel in samples}
        self._describe_as(device, describe(record, samples, units, has_alarms=self._alarms is not None))

    def _describe_as(self, device: str, content: Mapping[str, Any]) -> None:
        message = json.dumps(content).encode()
        if self._described.get(device) != message and self._publish(
            discovery_topic(self._prefix, device), message, retain=True
        ):
            self._described[device] = message
            self._counts["described"] += 1

    def _publish_values(self, record: DeviceRecord, samples: Mapping[str, Latest], now_ms: int) -> None:
        descriptor = record.descriptor
        for channel, sample in samples.items():
            is_old = now_ms - sample.time_ms > expiry_s(record, channel) * 1000
            if (
                is_old
                or sample.quality > MAX_QUALITY
                or self._published_ms.get((descriptor.device, channel)) == sample.time_ms
            ):
                continue
            unit = unit_of(record, channel)
            keep_alive_ms = expiry_s(record, channel) * 1000 // _KEEP_ALIVE_SHARE
            chosen = self._dead_band.choose(sample, unit, now_ms, keep_alive_ms)
            self._published_ms[descriptor.device, channel] = sample.time_ms
            if chosen is None:
                continue
            message = json.dumps(value_message(chosen, unit, simulated=chosen.key.simulated)).encode()
            if self._publish(home_value_topic(descriptor.device, channel), message, retain=False):
                self._counts["said"] += 1
            else:
                self._dead_band.forget(chosen)

    def _publish_binary(self, device: str, name: str, *, is_on: bool, now_ms: int) -> None:
        """Publish a binary sensor when it changes, and again before it expires."""
        was_on, since_ms, sent_ms = self._binary.get((device, name), (not is_on, now_ms, 0))
        since_ms = since_ms if was_on == is_on else now_ms
        if was_on != is_on or now_ms - sent_ms >= _BINARY_KEEP_ALIVE_MS:
            message = json.dumps(binary_message(is_on=is_on, since_ms=since_ms)).encode()
            if self._publish(home_value_topic(device, name), message, retain=False):
                self._binary[device, name] = is_on, since_ms, now_ms

    def _publish(self, topic: str, message: bytes, *, retain: bool) -> bool:
        sent = self._client.publish(topic, message, qos=1, retain=retain)
        self._unanswered[sent.mid] = topic
        while len(self._unanswered) > _MAX_UNANSWERED:
            self._unanswered.pop(next(iter(self._unanswered)))
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            self._counts["dropped"] += 1
        return sent.rc == mqtt.MQTT_ERR_SUCCESS

    def _publish_if_connected(self) -> None:
        # mosquitto ends the connection with each refusal: one attempt a minute is enough.
        is_refused = self._refused_topic is not None and time.monotonic() - self._refused_s < _REFUSED_WAIT_S
        if self._client.is_connected() and not is_refused:
            self.publish_changes()

    def _make_client(self, broker: IngestSettings) -> mqtt.Client:
        client: mqtt.Client = broker_client(broker, f"home-{self._organisation}", most_queued=_MAX_QUEUED)
        client.will_set(home_status_topic(), OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        # An exception of a callback would end the network thread.
        client.suppress_exceptions = True
        return client

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            _LOGGER.warning("The broker refused the connection of the Home Assistant bridge: %s", reason)
        else:
            self._is_reconnected.set()

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        topic = self._unanswered.pop(mid, None)
        if not reason.is_failure:
            if topic == self._refused_topic:
                self._refused_topic = None
            return
        self._counts["refused"] += 1
        self._refused_s = time.monotonic()
        if self._refused_topic is None:
            self._refused_topic = topic or "its topics"
            _LOGGER.warning("The broker refused a message of the Home Assistant bridge on %s: %s", topic, reason)
