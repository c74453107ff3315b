"""Ingest service: MQTT session, inbox and writer together, with health and counters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from headland.contract.delivery import Delivery
from headland.contract.gateway_orders import GatewayRun, Order, OrderOutcome, offline_sentence
from headland.contract.gateway_state import RecentTrouble
from headland.contract.posts.packs import PostedPack, PostedResult
from headland.contract.posts.receipts import PostReceipt, ReceivedPosts
from headland.contract.records import GatewayStatus
from headland.contract.refusals import Reason
from headland.contract.topics import shard_of
from headland.errors import RetryLater
from headland.runtime.supervised_thread import ThreadStatus
from headland.runtime.tracing.spans import SpanSink
from headland.store.number_sets import Counts
from headland.store.port import MarkState, Store, WriteBatch, WriteResult
from ingest.accounting.delivery import STATES, reconcile
from ingest.accounting.ledger import Disposition
from ingest.commit.traces import IngestTraces
from ingest.machine import MACHINE, IngestMachine
from ingest.mqtt.order_exchange import OrderExchange
from ingest.mqtt.rules_publisher import RulesPublisher, SentRules
from ingest.mqtt.subscriber import Subscriber
from ingest.quarantine.quarantine import Quarantine
from ingest.quarantine.replays import spool_marks
from ingest.settings import IngestSettings
from ingest.writer import IngestWriter

#: Messages that wait longer than this without a commit make the service unhealthy.
_COMMIT_WITHIN_S: Final = 10.0
_LOSSES_EVERY_S: Final = 10.0
#: Contradictions that are no reason to stop, by the name of their count.
_CONTRADICTIONS: Final = {
    "conflicting": "samples that contradict stored ones",
    "foreign": "messages about devices of other gateways",
}


_ARE_LOST: Final = "are lost"
#: States of records that are neither stored nor lost, by their name.
_NOT_STORED: Final = {
    "store_refused": "were refused by the store and wait in quarantine",
    "not_known": "are not stored, and no book says where they are",
}


@dataclass(frozen=True, slots=True)
class IngestHealth:
    """Health of the service; `detail` is one sentence for people."""

    ok: bool
    detail: str


class IngestService:
    """Writes what gateways publish into a store; the caller closes the store after `stop`.

    `on_commit` receives each committed batch, in the thread that commits: it must return at once. `spans` takes the
    spans of records, where traces are on. `is_followed` tells whether anybody follows the live values; where nobody
    does, few messages are committed less often.
    """

    def __init__(
        self,
        settings: IngestSettings,
        store: Store,
        on_commit: Callable[[WriteBatch, WriteResult], None] | None = None,
        machine: IngestMachine = MACHINE,
        spans: SpanSink | None = None,
        is_followed: Callable[[], bool] | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = machine.clock
        self._inbox = machine.make_inbox(settings.receive_maximum)
        self._subscriber = Subscriber(settings, self._inbox, machine.clock, machine.make_client)
        self._writer = IngestWriter(settings, store, self._inbox, self._subscriber, machine)
        self._subscriber.on_session = self._writer.resend_acks
        self._rules = RulesPublisher(settings, machine.clock)
        self._orders = OrderExchange(settings, machine.clock)
        self._losses: tuple[float, Mapping[str, int]] = (float("-inf"), {})
        self._unstored: Mapping[str, Mapping[str, int]] = {}
        self._not_stored: Mapping[str, Mapping[str, int]] = {}
        #: Returns the marks that are recorded beside the store, which an earlier store may have had.
        self.recorded_marks: Callable[[], Mapping[tuple[str, str], int]] = dict
        self._writer.former_marks = self._recorded
        if on_commit is not None:
            self._writer.on_commit = on_commit
        if spans is not None:
            traces = IngestTraces(spans, settings.client_id)
            self._writer.traces = traces
            self._subscriber.mark_arrival = traces.mark_arrival
        if is_followed is not None:
            self._writer.is_followed = is_followed

    def start(self) -> None:
        """Start both threads; returns at once. `health` reports when the session is up."""
        self._writer.start()
        self._subscriber.start()

    def stop(self) -> None:
        """Commit the batch in flight, disconnect and end both threads; uncommitted messages are redelivered."""
        self._writer.stop()
        self._subscriber.stop()

    def health(self) -> IngestHealth:
        """Return whether messages reach the store now; what a gateway does or says changes nothing in it."""
        session = self._subscriber.state()
        waiting_since_s = self._writer.waiting_since_s
        if not self._writer.thread.is_alive():
            return IngestHealth(False, "the writer thread is not running")
        if not session.ready:
            return IngestHealth(False, session.detail)
        storage = self._health_of_storage()
        if storage is not None:
            return storage
        if waiting_since_s is not None and self._clock.monotonic_s() - waiting_since_s > _COMMIT_WITHIN_S:
            return IngestHealth(False, f"messages wait and nothing was committed for {_COMMIT_WITHIN_S:g} s")
        lost = f"; the broker forgot the session {session.sessions_lost} times" if session.sessions_lost else ""
        return IngestHealth(True, f"subscribed, nothing waits longer than it should{lost}")

    def _health_of_storage(self) -> IngestHealth | None:
        """Return what is wrong with store or quarantine; None where nothing is."""
        if self._writer.storage_error:
            return IngestHealth(False, self._writer.storage_error)
        if self._writer.quarantine.error:
            waits = self._writer.waiting.sentence()
            return IngestHealth(False, "; ".join(filter(None, (self._writer.quarantine.error, waits))))
        return None

    def threads(self) -> list[ThreadStatus]:
        """Return the status of both threads."""
        return [self._writer.thread.status(), *self._subscriber.threads()]

    def counters(self) -> Mapping[str, int]:
        """Return counts since the start, and the gauges `commit_latency_ms`, `last_message_age_ms` and `waiting`.

        `last_message_age_ms` is -1 before the first message. Messages: received = stored, duplicate, quarantined, ...;
        `points*` count samples.
        """
        session = self._subscriber.state()
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
            "session_generation": session.generation,
            "sessions_lost": session.sessions_lost,
            "callback_errors": session.callback_errors,
            "stale_acks": session.stale_acks,
            "inbox_dropped": self._inbox.dropped,
            "gateways_untracked": self._writer.gateway_stats.untracked,
            "quarantine_dropped": self._writer.quarantine.dropped,
            "quarantine_damaged_files": self._writer.quarantine.damaged_files,
            "quarantine_restored_files": self._writer.quarantine.restored_files,
            "waiting": len(self._inbox),
            "waiting_for_quarantine": len(self._writer.waiting),
            "commit_latency_ms": self._writer.commit_latency_ms,
            "last_message_age_ms": -1 if last_ms is None else self._clock.now_ms() - last_ms,
        }

    def gateways(self) -> Mapping[str, GatewayStatus]:
        """Return each gateway's last status."""
        return self._writer.gateway_stats.statuses()

    def names(self) -> list[str]:
        """Return the gateways that sent anything, or whose records a book knows, by id."""
        known = {gateway for gateway, _ in (*spool_marks(self._store.marks()), *self._recorded())}
        # Of one that is retired, whose marks an older folder lacks, the ledger alone may tell; while its file cannot be
        # read, health says that.
        with suppress(RetryLater):
            known |= {gateway for gateway, _, _ in self.quarantine.disposition_counts(None)}
        stored = {gateway for gateway in known if shard_of(gateway) in self._settings.shards}
        return sorted(self._writer.gateway_stats.names() | stored)

    def troubles(self) -> Mapping[str, RecentTrouble]:
        """Return the contradictions of each gateway that has any in the last hour."""
        return self._writer.gateway_stats.troubles(self._clock.monotonic_s())

    def losses(self) -> Mapping[str, int]:
        """Return the loss of each gateway that nobody has accepted, at most ten seconds old. Raises RetryLater."""
        now_s = self._clock.monotonic_s()
        read_s, losses = self._losses
        if now_s - read_s >= _LOSSES_EVERY_S:
            reports = self.deliveries(self.names())
            losses = {
                report.gateway: report.loss - report.loss_accepted
                for report in reports
                if report.loss > report.loss_accepted
            }
            self._not_stored = {
                state: {report.gateway: records for report in reports if (records := getattr(report.totals, state))}
                for state in _NOT_STORED
            }
            self._unstored = {
                report.gateway: {**{state: getattr(report.totals, state) for state in STATES}, "lost": report.loss}
                for report in reports
            }
            self._losses = now_s, losses
        return losses

    def unstored(self) -> Mapping[str, Mapping[str, int]]:
        """Return by gateway how many of its records are in each state, all lost ones; at most ten seconds old.

        Raises RetryLater.
        """
        self.losses()
        return self._unstored

    def gateway_faults(self) -> list[str]:
        """Return what is wrong with single gateways and must be mended there, each as a sentence without counts."""
        faults = []
        cut_off = self._writer.gateway_stats.cut_off(self._clock.monotonic_s())
        if cut_off:
            faults.append(f"{_first_of(cut_off)} is online and its spool grows, but none of its data arrives")
        twins = [name for name, trouble in self.troubles().items() if trouble.is_twin or trouble.other_content]
        if twins:
            faults.append(f"two machines use the identity of {_first_of(twins)}: stop one and give it an id of its own")
        return faults

    def describe_delivery(self) -> str:
        """Return one sentence about the faults, losses and contradictions of all gateways. Raises RetryLater.

        None of it is a reason for the station not to serve: a gateway's login may say anything about its own gateway.
        """
        notes = self.gateway_faults()
        losses = self.losses()
        if losses:
            notes.append(describe_records(losses, _ARE_LOST))
        for state, what in _NOT_STORED.items():
            records = self._not_stored.get(state, {})
            if records:
                notes.append(describe_records(records, what))
        troubles = self.troubles()
        for name, what in _CONTRADICTIONS.items():
            counts = {gateway: count for gateway, trouble in troubles.items() if (count := getattr(trouble, name))}
            if counts:
                notes.append(f"{what} from {_first_of(counts)}: {sum(counts.values())} in the last hour")
        return "; ".join(notes) or "each record of each gateway is accounted for"

    def delivery(self, gateway: str) -> Delivery | None:
        """Return the delivery report of a gateway; None where it is unknown or of other shards. Raises RetryLater."""
        return next(iter(self.deliveries([gateway])), None)

    def deliveries(self, gateways: Sequence[str]) -> list[Delivery]:
        """Return the delivery reports of those of `gateways` that are known. Raises RetryLater.

        Only the worker of a gateway's shard knows it: what another one sees of it in the store may be long past.
        """
        gateways = [gateway for gateway in gateways if shard_of(gateway) in self._settings.shards]
        stats = self._writer.gateway_stats
        seen = stats.names()
        now_s = self._clock.monotonic_s()
        figures = {gateway: stats.figures(gateway, now_s) for gateway in gateways}
        recorded: dict[str, dict[str, int]] = {}
        for (gateway, epoch), high_water in self._recorded().items():
            if gateway in figures:
                recorded.setdefault(gateway, {})[epoch] = high_water
        marks: dict[str, dict[str, MarkState]] = {}
        for (gateway, epoch), state in spool_marks(self._store.marks()).items():
            if gateway in figures:
                marks.setdefault(gateway, {})[epoch] = state
        one = gateways[0] if len(gateways) == 1 else None
        counts: dict[str, dict[tuple[str, str, Disposition], Counts]] = {}
        for key, count in self.quarantine.disposition_counts(one).items():
            counts.setdefault(key[0], {})[key] = count
        lasting = self.quarantine.gateway_counts(one)
        reports = self.quarantine.spool_reports(one)
        damage = self._store.info().losses
        return [
            reconcile(
                gateway,
                marks.get(gateway, {}),
                counts.get(gateway, {}),
                own,
                deleted=recorded.get(gateway),
                lasting=lasting.get(gateway),
                reports=reports.get(gateway, ()),
                damage=damage,
            )
            for gateway, own in figures.items()
            if gateway in seen or gateway in marks or gateway in counts or gateway in recorded
        ]

    def _recorded(self) -> dict[tuple[str, str], int]:
        """Return how far each spool was committed once, by the registry and by ingest's own file."""
        marks = self._writer.saved_marks.known()
        for spool, mark in self.recorded_marks().items():
            if mark > marks.get(spool, 0):
                marks[spool] = mark
        return marks

    def send_rules(self, gateway: str, number: int, content: bytes) -> None:
        """Publish the farm's alarm rules of a gateway, retained and signed (`headland.contract.gateway_rules`)."""
        self._rules.send(gateway, number, content)

    def order(self, gateway: str, order: Order) -> OrderOutcome:
        """Return a gateway's answer to an order. Raises RetryLater where it does not answer."""
        status = self.gateways().get(gateway)
        if status is None or not status.online:
            raise RetryLater(offline_sentence(gateway))
        return self._orders.order(GatewayRun(gateway, status.instance), order)

    def sent_rules(self) -> Mapping[str, SentRules]:
        """Return the last sending of rules to each gateway since the start."""
        return self._rules.sent()

    def hand_over(self, gateway: str, packs: Sequence[PostedPack], within_s: float) -> PostedResult | None:
        """Store SenML packs in the name of a gateway and return what became of them; None for another worker's shard.

        Raises RetryLater where they are not committed within so many seconds: the sender has them and repeats them.
        """
        if not self._writer.thread.is_alive():
            raise RetryLater("The station does not store samples now.")
        if shard_of(gateway) not in self._settings.shards:
            return None
        return self._writer.handed_over.hand_over(gateway, packs, within_s)

    def note_post(self, receipt: PostReceipt) -> bool:
        """Add the receipt of a post to those of its login; False for another worker's shard. Raises RetryLater."""
        if (shard_of(receipt.gateway) if receipt.gateway else 0) not in self._settings.shards:
            return False
        self.quarantine.note_post(receipt)
        return True

    def received_posts(self) -> Sequence[ReceivedPosts]:
        """Return what each login has posted. Raises RetryLater."""
        return self.quarantine.received_posts()

    def forget_marks(self, gateway: str) -> None:
        """Forget how far a gateway's spools were committed to an earlier store. Raises RetryLater."""
        self._writer.saved_marks.forget(gateway)
        self._writer.saved_marks.note({key: state for key, state in self._store.marks().items() if key[0] == gateway})

    def accept_loss(self, gateway: str) -> int | None:
        """Accept the loss of a gateway, which stays in its report, and return it; None for an unknown gateway."""
        report = self.delivery(gateway)
        if report is None:
            return None
        self.quarantine.accept_loss(gateway, report.loss)
        self._losses = (float("-inf"), {})
        return report.loss

    def replay(self, number: int) -> bool:
        """Request the replay of a quarantined message; return False where it does not exist."""
        is_requested = self.quarantine.request_replay(number, self._clock.now_ms())
        self._writer.replay_soon()
        return is_requested

    def replay_untimely(self) -> int:
        """Request the replay of messages that were refused for their time, after a wrong clock; return how many."""
        asked = self.quarantine.request_replays(None, Reason.BAD_TIME, self._clock.now_ms())
        if asked:
            self._writer.replay_soon()
        return asked

    def devices_moved(self, gateway: str) -> None:
        """Read the owners of devices again, and repeat what `gateway` sent about a device that was not its own then."""
        self.quarantine.request_replays(gateway, Reason.WRONG_IDENTITY, self._clock.now_ms())
        self._writer.refresh_devices()

    @property
    def subscriber(self) -> Subscriber:
        """The MQTT session."""
        return self._subscriber

    @property
    def writer(self) -> IngestWriter:
        """The writer."""
        return self._writer

    @property
    def quarantine(self) -> Quarantine:
        """The quarantine; its messages may be listed, found, replayed and dropped from any thread."""
        return self._writer.quarantine


def _first_of(gateways: Collection[str]) -> str:
    """Return the first gateway by id, and how many more there are."""
    first, more = min(gateways), len(gateways) - 1
    return first if not more else f"{first} and {_count(more, 'more gateway')}"


def describe_records(records: Mapping[str, int], what: str) -> str:
    """Return of whose records something is said: those of the first gateway by id, and those of the others together."""
    first = min(records)
    own, others = records[first], len(records) - 1
    of_first = f"{_count(own, 'record')} of gateway {first}"
    if not others:
        return f"{of_first} {'is lost' if own == 1 and what == _ARE_LOST else what}"
    rest = f"{_count(sum(records.values()) - own, 'record')} of {_count(others, 'more gateway')}"
    return f"{of_first}, and {rest}, {what}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
