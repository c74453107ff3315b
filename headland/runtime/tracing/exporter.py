"""Export of spans over OTLP/HTTP: a bounded queue and a thread of its own, so that no collector delays data."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from headland.errors import RetryLater, SettingsError
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from headland.runtime.tracing.settings import TraceSettings
from headland.runtime.tracing.spans import Span

_LOGGER = logging.getLogger(__name__)

#: Spans of one request, and how long they wait for more.
_MOST_IN_REQUEST: Final = 512
_EVERY_S: Final = 1.0
#: How long a stopping process waits for the last request.
_STOP_S: Final = 1.0

#: Function that sends spans to a collector; raises RetryLater where it does not take them.
SendSpans = Callable[[Sequence[Span]], None]
#: Function that makes one for settings, a service and the name of its instance. Raises SettingsError.
MakeSender = Callable[[TraceSettings, str, str], SendSpans]


class TraceExporter:
    """Takes the spans of a process; owns the thread `traces`. What the collector does not take is dropped and counted.

    A span is sent once: a collector that does not answer costs one request at a time, in this thread alone.
    """

    def __init__(
        self, settings: TraceSettings, service: str, instance: str, make_sender: MakeSender | None = None
    ) -> None:
        self.settings = settings
        self._make_sender = make_sender or _make_otlp_sender
        self._service = service
        self._instance = instance
        self._send: SendSpans | None = None
        self._spans: deque[Span] = deque()
        self._lock = threading.Lock()
        self._exported = self._dropped = 0
        self._thread = SupervisedThread(
            "traces",
            self._export,
            every_s=_EVERY_S,
            waits_first=True,
            overdue_after_s=None,
            retry_wait_s=_wait_s,
            finish=self._finish,
        )

    def start(self) -> None:
        """Load the exporter and start the thread. Raises SettingsError where the extra is not installed."""
        self._send = self._make_sender(self.settings, self._service, self._instance)
        self._thread.start()

    def stop(self) -> None:
        """Send what waits, within a second, and end the thread."""
        self._thread.stopping.set()
        self._thread.join(_STOP_S)
        with self._lock:
            self._dropped += len(self._spans)
            self._spans.clear()

    def add(self, span: Span) -> None:
        """Take a span; where the queue is full it is dropped and counted."""
        with self._lock:
            if len(self._spans) < self.settings.queue:
                self._spans.append(span)
                is_many = len(self._spans) == _MOST_IN_REQUEST
            else:
                self._dropped += 1
                is_many = False
        if is_many:
            self._thread.wake()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of spans that the collector took, and that were dropped."""
        return {"traces_exported": self._exported, "traces_dropped": self._dropped}

    @property
    def trouble(self) -> str:
        """Why the collector took no spans last, as a sentence; empty where it did."""
        return self._thread.status().trouble

    def _export(self) -> None:
        """Send what waits, in requests of bounded size."""
        while self._send is not None:
            with self._lock:
                spans = [self._spans.popleft() for _ in range(min(len(self._spans), _MOST_IN_REQUEST))]
            if not spans:
                return
            is_sent = False
            try:
                self._send(spans)
                is_sent = True
            finally:
                with self._lock:
                    self._exported += len(spans) * is_sent
                    self._dropped += len(spans) * (not is_sent)
            self._thread.succeed()

    def _finish(self) -> None:
        with suppress(RetryLater):
            self._export()


def _wait_s(failures: int) -> float:
    """Return how long to wait after requests that failed in a row."""
    return min(_EVERY_S * 2.0 ** min(failures, 10), 30.0)


def _make_otlp_sender(settings: TraceSettings, service: str, instance: str) -> SendSpans:
    try:
        from headland.runtime.tracing.otlp import OtlpSender
    except ModuleNotFoundError as missing:
        raise SettingsError(
            f"traces need {missing.name}, which is not installed: pip install 'headland[otel]'"
        ) from missing
    return OtlpSender(settings, service, instance).send


def start_exporter(
    settings: TraceSettings | None, service: str, instance: str, make_sender: MakeSender | None = None
) -> TraceExporter | None:
    """Return the started exporter; None where traces are off, or cannot be exported: data goes on without them."""
    if settings is None:
        return None
    exporter = TraceExporter(settings, service, instance, make_sender)
    try:
        exporter.start()
    except (SettingsError, RetryLater) as error:
        _LOGGER.warning("no traces: %s", error)
        return None
    _LOGGER.info("traces go to %s", settings.endpoint)
    return exporter
