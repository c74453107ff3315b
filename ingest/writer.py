"""The writer: messages in, one store transaction, then the MQTT acks, then the commit acks. In this order, always."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from headland.clock import wall_clock_ms
from headland.contract.records import Ack
from headland.contract.refusals import Reason, Refused
from headland.errors import DataDamaged, RetryLater
from headland.store.port import Rejection, Store, WriteBatch, WriteResult
from ingest.accounting.gateway_stats import GatewayStats
from ingest.commit_batch import CommitBatch, CommitBatchBuilder
from ingest.mqtt.inbox import Inbox, Message
from ingest.pending_acks import PendingAcks
from ingest.quarantine import Quarantine, QuarantinedMessage
from ingest.rejected import reasons_of, refusals_of
from ingest.settings import IngestSettings

_LOGGER = logging.getLogger(__name__)

#: What one transaction holds at most, give or take a message; keeps memory flat whatever a message inflates to.
MAX_FLUSH_POINTS: Final = 200_000
_IDLE_S: Final = 0.2
_RETRY_MIN_S: Final = 0.05
_RETRY_MAX_S: Final = 5.0
#: How often the quarantine is asked for messages that somebody wants to be tried again, and how many at once.
_LOOK_S: Final = 1.0
_REPLAYS: Final = 20
#: What says "the store or the disk is not there now", never "this message is bad".
_TRANSIENT: Final = (RetryLater, DataDamaged, OSError, sqlite3.Error)


class Acker(Protocol):
    """The way back to the broker."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Send the PUBACK of messages."""
        ...

    def publish_ack(self, gateway: str, ack: Ack) -> bool:
        """Publish a commit ack; False where it could not be."""
        ...


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A flush that the commit thread brings to disk; `done` says False when it was told to stop before."""

    flush: CommitBatch
    started_s: float
    done: Future[bool]


class Writer:
    """Owns the thread that plans flushes and the thread that commits one while the next is planned.

    A message is acknowledged only after its commit; nothing is ever dropped here.
    """

    def __init__(
        self,
        settings: IngestSettings,
        store: Store,
        inbox: Inbox,
        acker: Acker,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._settings = settings
        self._store = store
        self._inbox = inbox
        self._acker = acker
        self._now_ms = now_ms
        self.quarantine = Quarantine(
            settings.quarantine_path, settings.quarantine_max_bytes, settings.quarantine_max_records
        )
        self._planner = CommitBatchBuilder(settings.organisation, settings.shards)
        self._owed = PendingAcks()
        self._look_s = 0.0
        self._resend_acks = threading.Event()
        self._stopping = threading.Event()
        self._commits = ThreadPoolExecutor(1, thread_name_prefix="ingest-commit")
        self._under_way: _UnderWay | None = None
        self.thread = threading.Thread(target=self._run, name="ingest-writer", daemon=True)
        #: Called in the commit thread with what the store holds now; must return at once and raise nothing.
        self.on_commit: Callable[[WriteBatch, WriteResult], None] = lambda _batch, _result: None
        self.counts: Counter[str] = Counter()
        self.gateway_stats = GatewayStats(now_ms())
        self.trouble = ""
        self.waiting_since_s: float | None = None
        self.commit_latency_ms = 0
        self.last_message_ms: int | None = None

    def start(self) -> None:
        """Start the thread."""
        self.thread.start()

    def stop(self) -> None:
        """Finish the flush under way and end the thread; what is not committed stays with the broker."""
        self._stopping.set()
        self._inbox.close()
        if self.thread.is_alive():
            self.thread.join(15)

    def resend_acks(self) -> None:
        """Publish each spool's last commit ack again: a broker that came back may have lost the retained ones."""
        self._resend_acks.set()

    def replay_soon(self) -> None:
        """Look at once for messages in quarantine that are to be tried again."""
        self._look_s = 0.0

    def _run(self) -> None:
        try:
            if self._retry(self._load):
                while not self._stopping.is_set():
                    self._turn()
                self._settle()
        finally:
            self._commits.shutdown()
            self.quarantine.close()

    def _turn(self) -> None:
        wait_s = _IDLE_S if self._under_way is None else 0.0
        messages = self._inbox.take(self._settings.batch_messages, wait_s, self._settings.batch_wait_s)
        if messages:
            self.waiting_since_s = self.waiting_since_s or time.monotonic()
            self.last_message_ms = self._now_ms()
            self.counts["received"] += len(messages)
            self._write(messages)
        else:
            self._settle()
            self.waiting_since_s = None
        if self._resend_acks.is_set():
            self._resend_acks.clear()
            self._owed.owe_again()
        self._pay_acks()
        if time.monotonic() >= self._look_s:
            self._look_s = time.monotonic() + _LOOK_S
            self._replay()

    def _load(self) -> None:
        self._planner.marks = self._store.marks()
        for record in self._store.devices(self._settings.organisation):
            if record.gateway:
                self._planner.descriptors[record.gateway, record.descriptor.device] = record.descriptor

    def _write(self, messages: Sequence[Message]) -> None:
        """Commit messages in order, in as many flushes as their size asks for; the last is left under way."""
        todo = list(messages)
        while todo and not self._stopping.is_set():
            flush = self._plan(todo)
            if flush is None or not self._settle():
                # What was planned counted on a flush that failed, or touched a defect.
                self._settle()
                self._write_singly(todo)
                return
            if self._stopping.is_set():
                # The flush before may not be stored, and this one counts on it.
                return
            done = self._commits.submit(self._retry, partial(self._store_flush, flush))
            self._under_way = _UnderWay(flush, time.monotonic(), done)
            self._planner.ahead = flush
            del todo[: len(flush.messages)]

    def _plan(self, messages: Sequence[Message]) -> CommitBatch | None:
        """Return a flush of the first messages, as many as one transaction may hold; None on a defect in planning."""
        flush = self._planner.open()
        try:
            for message in messages:
                self._planner.add(flush, message)
                if len(flush.columns) >= MAX_FLUSH_POINTS:
                    break
        except Exception:
            _LOGGER.exception("a flush could not be planned")
            return None
        return flush

    def _settle(self) -> bool:
        """Wait for the flush under way and acknowledge it; False where it failed and was written message by message."""
        under_way, self._under_way, self._planner.ahead = self._under_way, None, None
        if under_way is None:
            return True
        try:
            committed = under_way.done.result()
        except Exception:
            _LOGGER.exception("a flush failed; its messages are written one by one")
            self._write_singly(under_way.flush.messages)
            return False
        if committed:
            self._acknowledge(under_way.flush, under_way.started_s)
        return True

    def _write_singly(self, messages: Sequence[Message]) -> None:
        """Commit each message alone, so that the one that cannot be written goes to quarantine and stops nobody."""
        for message in messages:
            if self._stopping.is_set():
                return
            flush = self._planner.open()
            try:
                self._planner.add(flush, message)
                self._commit(flush, _TRANSIENT)
            except Exception as error:
                self.counts["isolated"] += 1
                why = Refused(Reason.STORE_REFUSED, f"{type(error).__name__}: {error}"[:500])
                flush = self._planner.open()
                self._planner.add_refused(flush, message, why)
                # A store that cannot even take a mark is broken, however it says so: wait for it.
                self._commit(flush, (Exception,))

    def _commit(self, flush: CommitBatch, transient: tuple[type[Exception], ...]) -> bool:
        """Commit a flush and wait for it; False when told to stop before."""
        started_s = time.monotonic()
        if not self._commits.submit(self._retry, partial(self._store_flush, flush), transient).result():
            return False
        self._acknowledge(flush, started_s)
        return True

    def _replay(self) -> None:
        """Try messages in quarantine again that somebody asked for; each leaves only once it is in the store."""
        try:
            asked = self.quarantine.asked(_REPLAYS)
        except RetryLater as error:
            _LOGGER.debug("no replays: %s", error)
            return
        if asked:
            self._settle()
        for kept in asked:
            if self._stopping.is_set():
                return
            self._replay_one(kept)

    def _replay_one(self, kept: QuarantinedMessage) -> None:
        flush = self._planner.open()
        try:
            refused = self._planner.replay(flush, kept)
            if not self._commit(flush, _TRANSIENT):
                return
            is_stored = not flush.is_empty
            refused = (*refused, *reasons_of(Counter(rejection.why for rejection in flush.rejections)))
        except Exception as error:
            refused, is_stored = (Refused(Reason.STORE_REFUSED, f"{type(error).__name__}: {error}"[:500]),), False
        self.counts["replayed_in_vain" if refused else "replayed"] += 1
        settle = partial(self.quarantine.settle, kept, refused, is_stored=is_stored)
        self._commits.submit(self._retry, settle).result()

    def _acknowledge(self, flush: CommitBatch, started_s: float) -> None:
        """The store holds the flush: advance what is known, then tell the broker and the gateways."""
        self._planner.commit(flush)
        self.gateway_stats.record(flush.activity, self._now_ms(), time.monotonic())
        self.counts.update(flush.counts)
        self.commit_latency_ms = round((time.monotonic() - started_s) * 1000)
        self.waiting_since_s = time.monotonic()
        self._acker.acknowledge(flush.messages)
        for epoch, state in flush.marks.items():
            self._owed.owe(epoch, state.high_water)
        for gateway, status in flush.activity.statuses.items():
            # One that is back and has not heard of its last commit: the retained ack may be another spool's.
            known = self._planner.marks.get((gateway, status.epoch))
            if status.online and known is not None and known.high_water > (status.acked_seq or 0):
                self._owed.owe((gateway, status.epoch), known.high_water)
        self._pay_acks()

    def _store_flush(self, flush: CommitBatch) -> None:
        if (flush.refusals or flush.fates) and not flush.is_kept:
            self.quarantine.keep(flush.refusals, self._now_ms(), flush.fates)
            flush.is_kept = True
        for (gateway, _), descriptor in flush.descriptors.items():
            self._store.describe(self._settings.organisation, gateway, descriptor)
        if not flush.is_empty:
            batch = flush.batch(self._now_ms())
            result = self._store.write(batch)
            if result.rejections:
                self._keep_rejected(flush, result.rejections)
            flush.counts["points"] += result.accepted
            flush.counts["points_duplicate"] += result.duplicate
            flush.counts["points_conflicting"] += result.conflicting
            self.on_commit(batch, result)

    def _keep_rejected(self, flush: CommitBatch, rejections: Sequence[Rejection]) -> None:
        """Quarantine the messages of samples that the store will never take, before anything is acknowledged."""
        flush.rejections = rejections
        refusals = refusals_of(flush.messages, rejections, partial(self._planner.admit, flush))
        self.quarantine.keep(refusals, self._now_ms())
        flush.counts["points_rejected"] += len(rejections)
        flush.counts[f"quarantined_{Reason.STORE_REFUSED}"] += len(refusals)
        for refusal in refusals:
            if refusal.where is not None:
                flush.activity.counts[refusal.where.gateway, "quarantined"] += 1

    def _retry(self, work: Callable[[], None], transient: tuple[type[Exception], ...] = _TRANSIENT) -> bool:
        """Do the work, again and again while what it needs is away; False when told to stop before it was done."""
        wait_s = _RETRY_MIN_S
        while True:
            try:
                work()
            except transient as error:
                self.counts["retries"] += 1
                if not self.trouble:
                    _LOGGER.warning("nothing can be stored: %s", error)
                self.trouble = f"nothing can be stored: {error}"
            else:
                self.trouble = ""
                return True
            if self._stopping.wait(wait_s):
                return False
            wait_s = min(wait_s * 2, _RETRY_MAX_S)

    def _pay_acks(self) -> None:
        self.counts["commit_acks"] += self._owed.pay(self._acker.publish_ack)
