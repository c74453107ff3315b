"""The ingest service: MQTT session, inbox and writer put together, with its health and counters."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headland.contract.records import GatewayStatus
from headland.store.port import Store
from ingest.inbox import Inbox
from ingest.quarantine import Quarantine
from ingest.settings import IngestSettings
from ingest.subscriber import Subscriber
from ingest.writer import Writer

#: Messages that wait longer than this without a commit mean that something is wrong.
_COMMIT_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the service does its work, and in one sentence why not."""

    ok: bool
    detail: str


class IngestService:
    """Takes what gateways publish into a store; the store stays the caller's to close, after `stop`."""

    def __init__(self, settings: IngestSettings, store: Store) -> None:
        self._inbox = Inbox(settings.receive_maximum)
        self._subscriber = Subscriber(settings, self._inbox)
        self._writer = Writer(settings, store, self._inbox, self._subscriber)
        self._subscriber.on_session = self._writer.resend_acks

    def start(self) -> None:
        """Start both threads; returns at once, `health` tells when the session is up."""
        self._writer.start()
        self._subscriber.start()

    def stop(self) -> None:
        """Commit what is under way, leave the broker and end both threads; what was not committed is redelivered."""
        self._writer.stop()
        self._subscriber.stop()

    def health(self) -> Health:
        """Tell whether messages reach the store now."""
        link = self._subscriber.link()
        waiting_since_s = self._writer.waiting_since_s
        if not self._writer.thread.is_alive():
            return Health(False, "the writer thread is not running")
        if not link.ready:
            return Health(False, link.detail)
        if self._writer.trouble:
            return Health(False, self._writer.trouble)
        if waiting_since_s is not None and time.monotonic() - waiting_since_s > _COMMIT_WITHIN_S:
            return Health(False, f"messages wait and nothing was committed for {_COMMIT_WITHIN_S:g} s")
        lost = f"; the broker forgot the session {link.sessions_lost} times" if link.sessions_lost else ""
        return Health(True, f"subscribed, nothing waits longer than it should{lost}")

    def counters(self) -> Mapping[str, int]:
        """Return counts since the start, and the gauges `commit_latency_ms`, `last_message_age_ms` and `waiting`.

        `last_message_age_ms` is -1 before the first message. Messages: received = stored, duplicate, quarantined, ...;
        `points*` count samples.
        """
        link = self._subscriber.link()
        last_ms = self._writer.last_message_ms
        return {
            "received": 0,
            "stored": 0,
            "duplicate": 0,
            "points": 0,
            "points_duplicate": 0,
            "points_conflicting": 0,
            **dict(self._writer.counts),
            "session_generation": link.generation,
            "sessions_lost": link.sessions_lost,
            "callback_errors": link.callback_errors,
            "stale_acks": link.stale_acks,
            "inbox_dropped": self._inbox.dropped,
            "quarantine_dropped": self._writer.quarantine.dropped,
            "waiting": len(self._inbox),
            "commit_latency_ms": self._writer.commit_latency_ms,
            "last_message_age_ms": -1 if last_ms is None else time.time_ns() // 1_000_000 - last_ms,
        }

    def gateways(self) -> Mapping[str, GatewayStatus]:
        """Return each gateway's last status."""
        return dict(self._writer.statuses)

    @property
    def quarantine(self) -> Quarantine:
        """The refused messages; `list` and `count` may be called from any thread."""
        return self._writer.quarantine
