"""HTTP source: a JSON document that is polled on a fixed grid."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from edge.sources.connection.reconnect import Attempts, troubles_of
from edge.sources.connection.schedule import PollSchedule
from edge.sources.devices.device import SourceDevice
from edge.sources.devices.device_clock import is_credible
from edge.sources.http.document import HttpDocument, read_document
from edge.sources.http.request import HttpRefusal, PollingClient
from edge.sources.http.settings import HttpSettings
from edge.sources.mapping.field_map import FieldMap
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.errors import RetryLater

_COUNTERS: Final = (
    "polls", "rows", "lost", "unchanged", "missing", "missed_slots", "out_of_range", "repeated_rows",
    "refused_json", "refused_answers", "refused_value", "clock_unset",
)  # fmt: skip


class HttpSource:
    """Polls one URL, and retries it for ever. An unchanged document (304) is no new sample.

    Rows have the document's own time (`rtc`) where the settings name it and it is plausible, else the time of their
    arrival: only the device knows how old the values are.
    """

    def __init__(self, settings: HttpSettings, gateway_id: str, site: str) -> None:
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        self.name = settings.name
        self._settings = settings
        self._counts: Counter[str] = Counter(dict.fromkeys(_COUNTERS, 0))
        self._attempts = Attempts(settings.name, self._counts)
        self._client = PollingClient(settings.url, settings.headers, settings.timeout_s)
        self._fields = FieldMap(settings.channel, self._counts)
        self._device = SourceDevice(
            settings.device,
            settings,
            site,
            self._counts,
            name=settings.name,
            channels=[field.channel for field in settings.channel],
            interval_s=settings.poll_s,
        )
        self._stopping = threading.Event()

    def run(self, sink: Sink) -> None:
        """Poll until `stop`; a server that does not answer is retried with a growing back-off."""
        schedule = PollSchedule(self._settings.poll_s, time.monotonic())
        retry_s = 0.0
        try:
            while not self._stopping.wait(max(schedule.wait_s(time.monotonic()), retry_s)):
                retry_s = 0.0
                try:
                    self._poll(sink)
                    self._attempts.succeed()
                except RetryLater as error:
                    if not self._stopping.is_set():
                        retry_s = self._attempts.fail(error)
                    if isinstance(error, HttpRefusal):
                        self._counts["refused_answers"] += 1
                        retry_s = max(retry_s, error.wait_s)
                self._counts["missed_slots"] += schedule.advance(time.monotonic())
        finally:
            self._client.close()

    def stop(self) -> None:
        """Make `run` return within a second."""
        self._stopping.set()
        self._client.interrupt()

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of read, refused and lost items so far, by name."""
        return dict(self._counts)

    def notes(self) -> list[str]:
        """Return nothing: such a source has only warnings."""
        return []

    def warnings(self) -> list[str]:
        """Return why the address cannot be reached as sentences."""
        return troubles_of(self._attempts)

    def _poll(self, sink: Sink) -> None:
        self._counts["polls"] += 1
        response = self._client.get()
        if response.body is None:
            self._counts["unchanged"] += 1
            return
        document = read_document(response.body, self._settings.channel, self._settings.time)
        if document is None:
            self._counts["refused_json"] += 1
            self._client.forget()
            return
        self._counts["missing"] += document.missing
        clock, time_ms = self._stamp(document, wall_clock_ms())
        self._device.emit(sink, clock, time_ms, self._fields.convert(document.measurements))

    def _stamp(self, document: HttpDocument, now_ms: int) -> tuple[Clock, int]:
        own_ms = document.time_ms
        if own_ms is not None and is_credible(own_ms, now_ms):
            return Clock.RTC, own_ms
        self._counts["clock_unset"] += self._settings.time is not None
        return Clock.ARRIVAL, now_ms
