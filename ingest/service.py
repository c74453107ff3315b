"""The ingest service: MQTT session, inbox and writer put together, with its health and counters."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from headland.clock import wall_clock_ms
from headland.contract.records import GatewayStatus
from headland.contract.topics import shard_of
from headland.store.port import MarkState, Store, WriteBatch, WriteResult
from ingest.accounting.delivery import Delivery, reconcile
from ingest.mqtt.inbox import Inbox
from ingest.mqtt.subscriber import Subscriber
from ingest.quarantine import Quarantine
from ingest.settings import IngestSettings
from ingest.writer import Writer

#: Messages that wait longer than this without a commit mean that something is wrong.
_COMMIT_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the service does its work, and in one sentence why not."""

    ok: bool
    detail: str


class IngestService:
    """Takes what gateways publish into a store; the store stays the caller's to close, after `stop`.

    `on_commit` is given each batch that the store holds now, in the thread that commits: it must return at once.
    """

    def __init__(
        self,
        settings: IngestSettings,
        store: Store,
        on_commit: Callable[[WriteBatch, WriteResult], None] | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._inbox = Inbox(settings.receive_maximum)
        self._subscriber = Subscriber(settings, self._inbox)
        self._writer = Writer(settings, store, self._inbox, self._subscriber)
        self._subscriber.on_session = self._writer.resend_acks
        if on_commit is not None:
            self._writer.on_commit = on_commit

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
        cut_off = self._writer.gateway_stats.cut_off(time.monotonic())
        if cut_off:
            others = f" (and {len(cut_off) - 1} more)" if len(cut_off) > 1 else ""
            return Health(False, f"{cut_off[0]}{others} is online and its spool grows, but nothing of it arrives")
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
            "points_rejected": 0,
            **dict(self._writer.counts),
            "session_generation": link.generation,
            "sessions_lost": link.sessions_lost,
            "callback_errors": link.callback_errors,
            "stale_acks": link.stale_acks,
            "inbox_dropped": self._inbox.dropped,
            "gateways_untracked": self._writer.gateway_stats.untracked,
            "quarantine_dropped": self._writer.quarantine.dropped,
            "waiting": len(self._inbox),
            "commit_latency_ms": self._writer.commit_latency_ms,
            "last_message_age_ms": -1 if last_ms is None else wall_clock_ms() - last_ms,
        }

    def gateways(self) -> Mapping[str, GatewayStatus]:
        """Return each gateway's last status."""
        return self._writer.gateway_stats.statuses()

    def names(self) -> list[str]:
        """Return the gateways that were heard of or have records in the store, by id."""
        stored = {gateway for gateway, _ in self._store.marks() if shard_of(gateway) in self._settings.shards}
        return sorted(self._writer.gateway_stats.names() | stored)

    def delivery(self, gateway: str) -> Delivery | None:
        """Return what became of a gateway's records; None where nobody has heard of it. Raises RetryLater."""
        return next(iter(self.deliveries([gateway])), None)

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        """Return what became of the records of those of `gateways` that are known. Raises RetryLater."""
        stats = self._writer.gateway_stats
        seen = stats.names()
        figures = {gateway: stats.figures(gateway) for gateway in gateways}
        marks: dict[str, dict[str, MarkState]] = {}
        for (gateway, epoch), state in self._store.marks().items():
            if gateway in figures:
                marks.setdefault(gateway, {})[epoch] = state
        tallies = self.quarantine.tallies(gateways[0] if len(gateways) == 1 else None)
        return [
            reconcile(gateway, marks.get(gateway, {}), tallies, one)
            for gateway, one in figures.items()
            if gateway in seen or gateway in marks
        ]

    def replay(self, number: int) -> bool:
        """Ask for a message in quarantine to be tried again soon; False where it is not there."""
        asked = self.quarantine.ask(number, wall_clock_ms())
        self._writer.replay_soon()
        return asked

    @property
    def quarantine(self) -> Quarantine:
        """The refused messages; to be listed, found, asked for and dropped from any thread."""
        return self._writer.quarantine
