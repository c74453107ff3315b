"""HTTP source: a JSON document that is polled on a fixed grid."""

from __future__ import annotations

import time
from typing import Final

from edge.sources.connection.schedule import PollSchedule
from edge.sources.devices.device import SourceDevice
from edge.sources.http.document import read_document
from edge.sources.http.request import HttpRefusal, PollingClient
from edge.sources.http.settings import HttpSettings
from edge.sources.mapping.field_map import FieldMap
from edge.sources.retried_source import RetriedSource
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.errors import RetryLater

_COUNTERS: Final = (
    "polls", "rows", "lost", "unchanged", "missing", "missed_slots", "out_of_range", "repeated_rows",
    "refused_json", "refused_answers", "refused_value", "clock_unset",
)  # fmt: skip


class HttpSource(RetriedSource):
    """Polls one URL, and retries it for ever. An unchanged document (304) is no new sample.

    Rows have the document's own time (`rtc`) where the settings name it and it is plausible, else the time of their
    arrival: only the device knows how old the values are.
    """

    def __init__(self, settings: HttpSettings, gateway_id: str, site: str) -> None:
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        super().__init__(settings.name, _COUNTERS)
        self._settings = settings
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

    def _begin(self) -> None:
        self._schedule, self._retry_s = PollSchedule(self._settings.poll_s, time.monotonic()), 0.0

    def _work(self, sink: Sink) -> None:
        """Poll at the next slot."""
        if self._stopping.wait(max(self._schedule.wait_s(time.monotonic()), self._retry_s)):
            return
        self._retry_s = 0.0
        try:
            self._poll(sink)
            self._attempts.succeed()
        finally:
            self._counts["missed_slots"] += self._schedule.advance(time.monotonic())

    def _wait_after(self, error: RetryLater) -> None:
        asked_s = 0.0
        if isinstance(error, HttpRefusal):
            self._counts["refused_answers"] += 1
            asked_s = error.wait_s
        if not self._stopping.is_set():
            # The next poll waits: in one go, for its slot and for this.
            self._retry_s = max(self._attempts.fail(error), asked_s)

    def _interrupt(self) -> None:
        self._client.interrupt()

    def _close(self) -> None:
        self._client.close()

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
        has_clock = self._settings.time is not None
        clock, time_ms = self._stamp(document.time_ms, wall_clock_ms(), has_clock=has_clock)
        self._device.emit(sink, clock, time_ms, self._fields.convert(document.measurements))
