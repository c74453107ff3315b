"""Ingest writer: one store transaction a batch, then the MQTT acks, then the commit acks. Always in this order."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from headland.contract.records import Ack
from headland.contract.refusals import Reason, Refused
from headland.errors import DataDamaged, QuarantineUnavailable, RetryLater
from headland.runtime.supervised_thread import SupervisedThread
from headland.store.port import DeviceRecord, SeriesFilter, Store, WriteBatch, WriteResult
from ingest.accounting.gateway_stats import GatewayStats
from ingest.accounting.ledger import DispositionEntry
from ingest.admission.ingest_clock import IngestClock
from ingest.commit.batch_builder import CommitBatchBuilder
from ingest.commit.batch_storage import BatchStorage
from ingest.commit.batch_wait import BatchWait
from ingest.commit.commit_batch import CommitBatch
from ingest.commit.handed_over import HandedOver
from ingest.commit.pending_acks import PendingAcks
from ingest.commit.traces import IngestTraces
from ingest.commit.waiting_messages import WaitingMessages, Waits, numbers_of
from ingest.machine import MACHINE, IngestMachine
from ingest.mqtt.inbox import InboundMessage, Inbox
from ingest.quarantine.quarantine import Quarantine
from ingest.quarantine.refused_messages import QuarantinedMessage
from ingest.quarantine.rejected import summarise_rejections
from ingest.quarantine.replays import replay_numbers
from ingest.quarantine.saved_marks import SavedMarks
from ingest.settings import ALL_SHARDS, IngestSettings

_LOGGER = logging.getLogger(__name__)

#: Samples of one transaction at most, except for its last message: bounds memory whatever a message inflates to.
MAX_BATCH_POINTS: Final = 200_000
_IDLE_S: Final = 0.2
_OVERDUE_S: Final = 120.0
_RETRY_MIN_S: Final = 0.05
_RETRY_MAX_S: Final = 5.0
#: Interval of looking for replay requests in quarantine, and the number of messages handled at once.
_REPLAY_EVERY_S: Final = 1.0
_MAX_REPLAYS: Final = 20
#: Interval of reading the owners of devices again, which another process may have changed.
_REFRESH_EVERY_S: Final = 30.0
#: Interval of saving how far spools are committed.
_SAVE_MARKS_EVERY_S: Final = 10.0
#: Interval of looking for the owner of a new device, where other workers describe devices in the same store.
_LOOK_UP_EVERY_S: Final = 1.0
#: Errors of a store or disk that is not available now; they never mean that a message is bad.
_TRANSIENT: Final = (RetryLater, DataDamaged, OSError, sqlite3.Error)
#: Errors that no commit waits for: only the messages that need the quarantine do.
_NOT_AWAITED: Final = (QuarantineUnavailable,)

T = TypeVar("T")


class AckSender(Protocol):
    """Sends acknowledgements to the broker."""

    def acknowledge(self, messages: Sequence[InboundMessage]) -> None:
        """Send the PUBACK of messages."""
        ...

    def publish_ack(self, gateway: str, ack: Ack) -> bool:
        """Publish a commit ack; return False where that failed."""
        ...

    def redeliver(self) -> None:
        """Let the broker send again what was not acknowledged."""
        ...


@dataclass(frozen=True, slots=True)
class _CommitInFlight:
    """A batch in the commit thread; `done` is False where the writer stopped before the commit."""

    batch: CommitBatch
    started_s: float
    done: Future[bool]


class IngestWriter:
    """Owns the thread that builds batches and the thread that commits one while the next is built.

    A message is acknowledged only after its commit; the writer never drops one. The thread only calls `load`, `turn`
    and `finish`; a simulation calls them itself.
    """

    def __init__(
        self,
        settings: IngestSettings,
        store: Store,
        inbox: Inbox,
        ack_sender: AckSender,
        machine: IngestMachine = MACHINE,
    ) -> None:
        self._settings = settings
        self._store = store
        self._inbox = inbox
        self._ack_sender = ack_sender
        self._clock = IngestClock(machine.clock.now_ms, machine.station_clock)
        self._now_ms = machine.clock.now_ms
        self._monotonic_s = machine.clock.monotonic_s
        self.quarantine = Quarantine(
            settings.quarantine_path, settings.quarantine_max_bytes, settings.quarantine_max_records
        )
        self.saved_marks = SavedMarks(self.quarantine)
        #: How far each spool was committed to any store; the owner of the writer may know more than ingest's own file.
        self.former_marks: Callable[[], Mapping[tuple[str, str], int]] = self.saved_marks.known
        self._next_save_s = self._monotonic_s() + _SAVE_MARKS_EVERY_S
        self._builder = self._make_builder()
        self._pending_acks = PendingAcks(settings.ack_secret)
        #: What needs the quarantine while it cannot be written.
        self.waiting = WaitingMessages(settings.receive_maximum)
        #: What this process's API handed over, and who waits for its commit.
        self.handed_over = HandedOver(inbox)
        self._next_replay_s = 0.0
        self._next_refresh_s = self._monotonic_s() + _REFRESH_EVERY_S
        self._next_look_up_s = 0.0
        self._devices_changed = threading.Event()
        self._resend_acks = threading.Event()
        self._stopping = threading.Event()
        self._commits = machine.make_commits()
        self._wait = machine.make_wait(self._stopping)
        self._batch_wait = BatchWait(settings.batch_wait_s)
        #: Whether anybody follows the live values, for whom a commit is made at once; gateways learn it by their acks.
        self.is_followed: Callable[[], bool] = lambda: True
        self._in_flight: _CommitInFlight | None = None
        self._is_loaded = False
        self._lacks_quarantine = False
        self.thread = SupervisedThread("ingest-writer", self._work, overdue_after_s=_OVERDUE_S, finish=self._end)
        #: Called in the commit thread with each committed batch; must return at once and raise nothing.
        self.on_commit: Callable[[WriteBatch, WriteResult], None] = lambda _batch, _result: None
        #: None where traces are off.
        self.traces: IngestTraces | None = None
        self.counts: Counter[str] = Counter()
        self.gateway_stats = GatewayStats(self._now_ms())
        self.storage_error = ""
        self.waiting_since_s: float | None = None
        self.commit_latency_ms = 0
        self.last_message_ms: int | None = None

    def start(self) -> None:
        """Start the thread."""
        self.thread.start()

    def stop(self) -> None:
        """Finish the batch in flight and end the thread; uncommitted messages remain with the broker."""
        self._stopping.set()
        self.thread.stopping.set()
        self._inbox.close()
        self.thread.join(15)
        self.handed_over.abandon()

    def resend_acks(self) -> None:
        """Publish each spool's last commit ack again: a restarted broker may have lost the retained acks."""
        self._resend_acks.set()

    def replay_soon(self) -> None:
        """Look for replay requests in quarantine at once."""
        self._next_replay_s = 0.0

    def refresh_devices(self) -> None:
        """Read the owners of devices again before the next replay, which is at once."""
        self._devices_changed.set()
        self.replay_soon()

    def _work(self) -> None:
        """Do one turn; after an error that no message explains, begin again from what the store has."""
        try:
            if not self._is_loaded:
                self._is_loaded = self.load()
                return
            self.turn()
        except BaseException:
            self._begin_again()
            raise

    def _begin_again(self) -> None:
        """Forget what is in memory; the broker sends again what was not acknowledged, and the marks skip the rest."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is not None:
            wait([in_flight.done])
        self._builder = self._make_builder()
        self._is_loaded = False
        self.waiting_since_s = None
        self.handed_over.abandon()
        self._ack_sender.redeliver()

    def _make_builder(self) -> CommitBatchBuilder:
        settings = self._settings
        is_alone = settings.shards == ALL_SHARDS
        look_up = None if is_alone else self._look_up_devices
        return CommitBatchBuilder(
            settings.organisation, settings.shards, settings.quotas, self._clock, look_up, self._is_full
        )

    def _is_full(self, gateway: str) -> bool:
        return gateway in self.quarantine.full

    def _look_up_devices(self) -> Sequence[DeviceRecord]:
        """Return the devices in the store, which other workers describe, too; none where that was just asked."""
        if self._monotonic_s() < self._next_look_up_s:
            return ()
        self._next_look_up_s = self._monotonic_s() + _LOOK_UP_EVERY_S
        with suppress(*_TRANSIENT):
            return self._store.devices(self._settings.organisation)
        return ()

    def _end(self) -> None:
        try:
            if self._is_loaded:
                self._finish_commit()
        finally:
            self.finish()

    def load(self) -> bool:
        """Read the committed state from the store; return False where the writer stopped before."""
        return self._retry(self._load)

    def finish(self) -> None:
        """End the commits and close the quarantine."""
        with suppress(RuntimeError):  # a second call
            self._save_marks()
        self._commits.shutdown()
        self.quarantine.close()

    def turn(self) -> None:
        """Take messages and commit them, finish the commit before, and publish what is due."""
        wait_s = _IDLE_S if self._in_flight is None else 0.0
        more_wait_s, gap_s = self._batch_wait.waits_s(self._monotonic_s(), is_followed=self.is_followed())
        messages = self._inbox.take(
            self._settings.batch_messages, wait_s, more_wait_s, gap_s, until=self._has_acks_to_send
        )
        if messages:
            self._batch_wait.note([message.topic for message in messages], self._monotonic_s())
            self.waiting_since_s = self.waiting_since_s or self._monotonic_s()
            self.last_message_ms = self._now_ms()
            self.counts["received"] += len(messages)
            self._write(messages)
        else:
            self._finish_commit()
            self.waiting_since_s = None
        if self._resend_acks.is_set():
            self._resend_acks.clear()
            self._pending_acks.add_all_again()
        self._publish_acks()
        if self._monotonic_s() >= self._next_replay_s:
            self._next_replay_s = self._monotonic_s() + _REPLAY_EVERY_S
            if self._devices_changed.is_set() or self._monotonic_s() >= self._next_refresh_s:
                self._devices_changed.clear()
                self._next_refresh_s = self._monotonic_s() + _REFRESH_EVERY_S
                self._refresh_devices()
            self._replay()

    @property
    def commit_under_way(self) -> Future[bool] | None:
        """The commit that has not been acknowledged yet, or None."""
        return None if self._in_flight is None else self._in_flight.done

    def _has_acks_to_send(self) -> bool:
        """Return whether the commit under way has ended: its acks do not wait with the next batch."""
        return self._in_flight is not None and self._in_flight.done.done()

    def _load(self) -> None:
        organisation = self._settings.organisation
        self._commits.submit(self.quarantine.take_moved, self._settings.shards).result()
        self._lacks_quarantine = False
        self._ask_quarantine(self.saved_marks.load)
        former = self.former_marks()  # before the store's own, which only grow
        marks = self._store.marks()
        self._builder.load_marks(marks)
        records = self._store.devices(organisation)
        series = self._store.series(SeriesFilter(organisation))
        owners = self._ask_quarantine(self.quarantine.device_owners) or {}
        self.saved_marks.note(self._builder.marks)
        self._builder.load(owners, records, series)
        replaced = self._builder.find_replaced(former)
        note = partial(self.quarantine.note_replaced, replaced, replay_numbers(marks))
        known = self._ask_quarantine(note)
        if known is None:
            # What comes of their spools could not be told from what the replaced store had.
            known = self._ask_quarantine(self.quarantine.replaced) or {}
            self.waiting.require(spool for spool, ranges in (*replaced.items(), *known.items()) if ranges)
        if known:
            self._builder.load_replaced(known, self._ask_quarantine(self.quarantine.digests) or {})
        self._lacks_quarantine |= bool(self.quarantine.error)

    def _ask_quarantine(self, ask: Callable[[], T]) -> T | None:
        """Return what the quarantine answers; None where its file cannot be used: then it is asked again later."""
        try:
            return self._commits.submit(ask).result()
        except QuarantineUnavailable as error:
            _LOGGER.warning("started without all of the quarantine: %s", error)
            self._lacks_quarantine = True
            return None

    def _load_again(self) -> None:
        """Read the committed state with the quarantine, which could not be used at the start."""
        self._finish_commit()
        self._builder = self._make_builder()
        self._retry(self._load)

    def _save_marks(self) -> None:
        digests = self._builder.dump_digests(self.saved_marks.unsaved())
        self._commits.submit(self.saved_marks.save, digests)

    def _refresh_devices(self) -> None:
        """Read the owners of devices again: an administrator, or another worker, may have changed them."""
        self._finish_commit()
        try:
            self._builder.update_devices(self._store.devices(self._settings.organisation))
        except _TRANSIENT as error:
            _LOGGER.debug("the devices were not read: %s", error)

    def _write(self, messages: Sequence[InboundMessage]) -> None:
        """Commit messages in order, in as many batches as their size requires; the last batch is left in flight."""
        pending = list(messages)
        while pending and not self._stopping.is_set():
            batch = self._build(pending)
            must_wait = batch is not None and batch.needs_quarantine and bool(self.quarantine.error)
            if batch is None or not self._finish_commit() or must_wait:
                # This batch was built on top of one that failed, or building it raised.
                self._finish_commit()
                self._write_singly(pending)
                return
            if batch.counts["duplicate"]:
                self._batch_wait.note_repeated(self._monotonic_s())
            if self._stopping.is_set():
                # The batch before may not be stored, and this one is built on top of it.
                return
            done = self._commits.submit(self._retry, partial(self._store_batch, batch), _TRANSIENT, _NOT_AWAITED)
            done.add_done_callback(lambda _: self._inbox.wake())
            self._in_flight = _CommitInFlight(batch, self._monotonic_s(), done)
            self._builder.committing = batch
            del pending[: len(batch.messages)]

    def _build(self, messages: Sequence[InboundMessage]) -> CommitBatch | None:
        """Return a batch of the first messages, as many as one transaction may hold; None where building it raised."""
        batch = self._builder.new_batch()
        try:
            for message in messages:
                self._add(batch, message)
                if len(batch.columns) >= MAX_BATCH_POINTS:
                    break
        except Exception:
            _LOGGER.exception("a batch could not be built")
            return None
        return batch

    def _add(self, batch: CommitBatch, message: InboundMessage) -> None:
        mark = numbers_of(message) if self.waiting.is_due else None
        if mark is not None and self.waiting.must_wait(mark):
            # Not accounted for: it has no commit ack, and its gateway sends it again.
            batch.messages.append(message)
            batch.counts["left_for_quarantine"] += 1
            self.waiting.leave(mark.gateway)
            return
        if self.traces is None:
            self._builder.add(batch, message)
            return
        record = self.traces.decode(message, partial(self._builder.add, batch, message))
        if record is not None:
            batch.traced.append(record)

    def _finish_commit(self) -> bool:
        """Wait for the batch in flight and acknowledge it; False where it failed and was written message by message."""
        in_flight, self._in_flight, self._builder.committing = self._in_flight, None, None
        if in_flight is None:
            return True
        try:
            committed = in_flight.done.result()
        except QuarantineUnavailable as error:
            _LOGGER.warning("what needs the quarantine waits: %s", error)
            self._write_singly(in_flight.batch.messages)
            return False
        except Exception:
            _LOGGER.exception("a batch failed; its messages are written one by one")
            self._write_singly(in_flight.batch.messages)
            return False
        if committed:
            self._acknowledge(in_flight.batch, in_flight.started_s)
        return True

    def _write_singly(self, messages: Sequence[InboundMessage]) -> None:
        """Commit each message alone: a message that cannot be written is quarantined and blocks no other."""
        for message in messages:
            if self._stopping.is_set():
                return
            batch = self._builder.new_batch()
            try:
                self._add(batch, message)
                self._commit_or_hold(batch, message, _TRANSIENT)
            except Exception as error:
                self.counts["isolated"] += 1
                why = Refused(Reason.STORE_REFUSED, f"{type(error).__name__}: {error}"[:500])
                batch = self._builder.new_batch()
                self._builder.add_refused(batch, message, why)
                # A store that refuses even a mark is not available, whatever it raises: wait for it.
                self._commit_or_hold(batch, message, (Exception,))

    def _commit_or_hold(
        self, batch: CommitBatch, message: InboundMessage, transient: tuple[type[Exception], ...]
    ) -> None:
        """Commit a message alone; where it needs the quarantine, which cannot be written now, it waits."""
        if not (batch.needs_quarantine and self.quarantine.error):
            try:
                self._commit(batch, transient)
            except QuarantineUnavailable as error:
                _LOGGER.debug("a message waits for the quarantine: %s", error)
            else:
                return
        where = self.waiting.hold(message)
        self.counts["held_for_quarantine"] += where is Waits.HERE
        self.counts["left_for_quarantine"] += where is Waits.AT_GATEWAY
        self.counts["lost_for_quarantine"] += where is Waits.NOWHERE
        if where is not Waits.HERE:
            self._ack_sender.acknowledge([message])

    def _end_waiting(self) -> None:
        """Give the quarantine what it lacks, once it can be written again."""
        refusals, dispositions, lasting = self.waiting.owed()
        add = partial(self.quarantine.add, refusals, self._now_ms(), dispositions, None, lasting)
        try:
            if refusals or dispositions or lasting:
                self._commits.submit(add).result()
        except RetryLater as error:
            _LOGGER.debug("the quarantine cannot be written again: %s", error)
            return
        settled, spools = self.waiting.settle()
        self._ack_sender.acknowledge(settled)
        for spool in spools:
            if spool in self._builder.marks:
                self._add_ack(spool, self._builder.marks[spool].high_water)
        self._publish_acks()
        self._write_singly(self.waiting.take())

    def _commit(self, batch: CommitBatch, transient: tuple[type[Exception], ...]) -> bool:
        """Commit a batch and wait for it; return False where the writer stopped before."""
        started_s = self._monotonic_s()
        work = partial(self._store_batch, batch)
        if not self._commits.submit(self._retry, work, transient, _NOT_AWAITED).result():
            return False
        self._acknowledge(batch, started_s)
        return True

    def _replay(self) -> None:
        """Replay the requested messages of the quarantine; each is removed only once it is in the store."""
        # The quarantine's connection belongs to the commit thread.
        self._commits.submit(self._keep_quarantine)
        if self._lacks_quarantine and not self.quarantine.error:
            self._load_again()
        if self.waiting.is_due and not self.quarantine.error:
            self._finish_commit()
            self._end_waiting()
        if self._monotonic_s() >= self._next_save_s:
            self._next_save_s = self._monotonic_s() + _SAVE_MARKS_EVERY_S
            self._save_marks()
        if self.quarantine.error:
            return  # the end of a replay could not be recorded
        try:
            requested = self.quarantine.replay_requests(_MAX_REPLAYS)
        except RetryLater as error:
            _LOGGER.debug("no replays: %s", error)
            return
        if requested:
            self._finish_commit()
        for message in requested:
            if self._stopping.is_set():
                return
            self._replay_one(message)

    def _keep_quarantine(self) -> None:
        try:
            self.quarantine.keep_file()
        except RetryLater as error:
            _LOGGER.debug("the quarantine was not checked: %s", error)

    def _replay_one(self, message: QuarantinedMessage) -> None:
        batch = self._builder.new_batch()
        try:
            refused = self._builder.replay(batch, message)
            if not self._commit(batch, _TRANSIENT):
                return
            is_refused = batch.result is not None and bool(batch.result.refused)
            number = None if batch.is_empty or is_refused else batch.replay_number
            refused = (*refused, *summarise_rejections(Counter(rejection.reason for rejection in batch.rejections)))
        except Exception as error:
            refused, number = (Refused(Reason.STORE_REFUSED, f"{type(error).__name__}: {error}"[:500]),), None
        self.counts["replayed_in_vain" if refused else "replayed"] += 1
        finish = partial(self.quarantine.finish_replay, message, refused, number)
        # What cannot be recorded now is replayed again later: the store has its samples once.
        with suppress(*_NOT_AWAITED):
            self._commits.submit(self._retry, finish, _TRANSIENT, _NOT_AWAITED).result()

    def _acknowledge(self, batch: CommitBatch, started_s: float) -> None:
        """Advance the state by a committed batch, then acknowledge to the broker and the gateways."""
        self._builder.commit(batch)
        self.gateway_stats.record(batch.activity, self._now_ms(), self._monotonic_s())
        self.counts.update(batch.counts)
        self.commit_latency_ms = round((self._monotonic_s() - started_s) * 1000)
        self.waiting_since_s = self._monotonic_s()
        self._ack_sender.acknowledge(self.waiting.owe(batch) if batch.is_owed else batch.messages)
        self.handed_over.settle(batch)
        self.saved_marks.note(batch.marks)
        if batch.stored_again:
            self._commits.submit(self._remove_replaced, batch.stored_again)
        for epoch, state in batch.marks.items():
            self._add_ack(epoch, state.high_water)
        for gateway, status in batch.activity.statuses.items():
            self.saved_marks.note_told(status)
            # A gateway that reconnected without its last ack: the retained one may belong to its other spool.
            known = self._builder.marks.get((gateway, status.epoch))
            if status.online and known is not None and known.high_water > (status.acked_seq or 0):
                self._add_ack((gateway, status.epoch), known.high_water)
        self._publish_acks()
        if self.traces is not None and batch.traced:
            self.traces.committed(batch.traced, batch.store_ns)

    def _add_ack(self, epoch: tuple[str, str], high_water: int) -> None:
        self._pending_acks.add(epoch, self.waiting.limit(epoch, high_water), self._builder.sums)

    def _remove_replaced(self, entries: Sequence[DispositionEntry]) -> None:
        try:
            self.quarantine.remove_replaced(entries)
        except RetryLater as error:
            _LOGGER.warning("records that are stored again still count as lost: %s", error)

    def _store_batch(self, batch: CommitBatch) -> None:
        limits = self._clock.limits()
        storage = BatchStorage(self._settings.organisation, self._store, self.quarantine, self._builder, limits)
        began_ns = 0 if self.traces is None else time.time_ns()
        stored = storage.store(batch)
        if began_ns:
            batch.store_ns = (began_ns, time.time_ns())
        if stored is not None:
            self.on_commit(*stored)

    def _retry(
        self,
        work: Callable[[], None],
        transient: tuple[type[Exception], ...] = _TRANSIENT,
        raised: tuple[type[Exception], ...] = (),
    ) -> bool:
        """Repeat the work until it succeeds or raises one of `raised`; return False where the writer stopped before."""
        wait_s = _RETRY_MIN_S
        while True:
            try:
                work()
            except raised:
                self.storage_error = ""
                raise
            except transient as error:
                self.counts["retries"] += 1
                if not self.storage_error:
                    _LOGGER.warning("nothing can be stored: %s", error)
                self.storage_error = f"nothing can be stored: {error}"
            else:
                self.storage_error = ""
                return True
            if self._wait(wait_s):
                return False
            wait_s = min(wait_s * 2, _RETRY_MAX_S)

    def _publish_acks(self) -> None:
        self.counts["commit_acks"] += self._pending_acks.publish(
            self._ack_sender.publish_ack, is_followed=self.is_followed()
        )
