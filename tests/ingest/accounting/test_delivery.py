"""Delivery reports against a history known record by record, through the real batch builder and ledger."""

from __future__ import annotations

import sqlite3
import weakref
from dataclasses import dataclass, field, replace

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.clock.station_clock.record import trusted_limits
from headland.contract.codec import encode_batch
from headland.contract.delivery import Delivery, EpochRange
from headland.contract.gateway_state import SpoolState
from headland.contract.records import Batch, Clock, Event, GatewayStatus
from headland.contract.topics import data_topic
from headland.store import record_book
from headland.store.memory import MemoryStore
from headland.store.number_sets import Counts
from headland.store.port import Mark, MarkState
from headland.store.record_book import (
    CUT,
    EVENTS,
    EXPIRED,
    GONE,
    QUARANTINED,
    SERVER_LOST,
    UNCOUNTED,
    RecordBook,
)
from ingest.accounting import ledger
from ingest.accounting.delivery import STATES, GatewayFigures, reconcile
from ingest.accounting.ledger import Disposition, DispositionEntry
from ingest.commit.batch_builder import MAX_AHEAD, CommitBatchBuilder
from ingest.mqtt.inbox import InboundMessage
from ingest.settings import ALL_SHARDS
from tests.examples import examples
from tests.ingest.gateway import T0_MS, batch_of, properties_of

HIGHEST = 40
PARTLY_REFUSED = RecordBook().add({20_000: ((1, 1), (4, 9)), QUARANTINED: ((2, 3),)})
STEP = st.tuples(
    st.integers(1, HIGHEST),
    st.integers(0, 6),
    st.sampled_from(["stored", "poison", "gap", "empty", "based"]),
)
DROPPED = Event(t=T0_MS, device="gw-1", kind="spool_dropped", device_kind="gateway", site="home", clock=Clock.RTC)


@dataclass
class History:
    """What was sent, and what is therefore true of each record."""

    planner: CommitBatchBuilder = field(default_factory=lambda: CommitBatchBuilder("local", ALL_SHARDS))
    store: MemoryStore = field(default_factory=MemoryStore)
    connection: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))
    truth: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weakref.finalize(self, self.connection.close)
        self.connection.execute(ledger.SCHEMA)

    def send(self, first: int, last: int, kind: str) -> None:
        batch = batch_of(last, first=first)
        if kind in ("gap", "empty"):
            dropped = Event(
                t=T0_MS, device="gw-1", kind="spool_dropped", device_kind="gateway", site="s", clock=Clock.RTC
            )
            batch = Batch(gw="gw-1", epoch="e1", seq=last, first=first, v=1, events=[dropped] if kind == "gap" else [])
        properties = properties_of("e1", last, first)
        if kind == "based":
            properties["base"] = str(first)
            for number in range(1, first):
                self.truth.setdefault(number, "gone")
        payload = b"poison" if kind == "poison" else encode_batch(batch)
        for number in range(first, last + 1):
            if kind in ("stored", "based"):
                self.truth[number] = "stored"
            else:
                self.truth.setdefault(number, "dropped" if kind in ("gap", "empty") else kind)
        self.receive(InboundMessage(1, 1, 1, data_topic("gw-1"), payload, False, properties))

    def receive(self, message: InboundMessage) -> None:
        batch = self.planner.new_batch()
        self.planner.add(batch, message)
        ledger.record_dispositions(self.connection, batch.dispositions)
        self.store.write(batch.to_write_batch(trusted_limits(T0_MS)))
        self.planner.commit(batch)

    def report(self, acked_seq: int | None = None) -> Delivery:
        status = GatewayStatus(gw="gw-1", online=True, t=T0_MS, epoch="e1", acked_seq=acked_seq)
        marks = {epoch: state for (_, epoch), state in self.store.marks().items()}
        return reconcile("gw-1", marks, ledger.read_counts(self.connection), GatewayFigures(0, status=status))

    def count(self, disposition: str) -> int:
        return sum(each == disposition for each in self.truth.values())


def of_book(state: MarkState, entry: int = 20_000) -> MarkState:
    """Return a state of which every record has an entry."""
    return replace(state, book=RecordBook().add({entry: state.accounted}))


def numbers(ranges: tuple[EpochRange, ...]) -> set[int]:
    return {number for each in ranges for number in range(each.first, each.last + 1)}


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(STEP, max_size=25), st.none() | st.integers(0, HIGHEST + 10))
def test_the_report_agrees_with_the_history_of_each_record(
    steps: list[tuple[int, int, str]], acked_seq: int | None
) -> None:
    history = History()
    for first, more, kind in steps:
        history.send(first, first + more, kind)
    report = history.report(acked_seq)
    truth, deleted = history.truth, acked_seq or 0
    (epoch,) = report.epochs or (None,)
    if epoch is None:
        assert not truth
        return
    assert epoch.accounted == len(truth)
    assert epoch.stored == history.count("stored")
    assert epoch.quarantined == history.count("poison")
    assert epoch.dropped_by_gateway == history.count("dropped")
    assert epoch.gone_unseen == history.count("gone")
    top = max([deleted, *truth])
    missing = {number for number in range(1, top + 1) if number not in truth}
    assert numbers(report.missing) == missing
    lost = {number for number in missing if number <= deleted} | {
        n for n, disposition in truth.items() if disposition == "gone"
    }
    assert numbers(report.lost) == lost
    assert report.loss == len(lost)


def test_a_gateway_without_records_has_lost_nothing() -> None:
    report = reconcile("gw-1", {}, {}, GatewayFigures(7))
    assert (report.epochs, report.loss, report.missing, report.online, report.since_ms) == ((), 0, (), None, 7)
    assert report.spool == SpoolState()


def test_records_in_the_spool_are_missing_and_not_lost() -> None:
    history = History()
    history.send(1, 5, "stored")
    history.send(9, 9, "stored")
    report = history.report(acked_seq=5)
    assert (report.missing, report.loss) == ((EpochRange("e1", 6, 8),), 0)


def test_an_empty_store_reports_the_records_that_the_gateway_deleted_as_lost() -> None:
    report = History().report(acked_seq=500)
    assert (report.loss, report.lost) == (500, (EpochRange("e1", 1, 500),))


def test_another_spool_of_the_gateway_is_reported_apart() -> None:
    marks = {"e1": of_book(MarkState(3, ((5, 5),))), "e2": replace(MarkState(9), book=PARTLY_REFUSED)}
    counts = {("gw-1", "e2", Disposition.QUARANTINED): Counts(((2, 3),))}
    status = GatewayStatus(gw="gw-1", online=True, t=T0_MS, epoch="e2", acked_seq=9)
    report = reconcile("gw-1", marks, counts, GatewayFigures(0, status=status))
    assert [(each.epoch, each.accounted, each.stored) for each in report.epochs] == [("e1", 4, 4), ("e2", 9, 7)]
    assert (report.missing, report.loss) == ((EpochRange("e1", 4, 4),), 0)


def test_a_ledger_that_is_ahead_of_the_marks_counts_nothing_yet() -> None:
    history = History()
    ledger.record_dispositions(history.connection, [DispositionEntry("gw-1", "e1", Disposition.QUARANTINED, ((1, 1),))])
    history.send(2, 2, "stored")
    (epoch,) = history.report().epochs
    assert (epoch.stored, epoch.quarantined) == (1, 0)


def test_a_gateway_that_sends_every_second_record_only_does_not_fill_memory() -> None:
    history = History()
    for seq in range(2, 4 * MAX_AHEAD, 2):
        history.send(seq, seq, "stored")
    state = history.planner.marks["gw-1", "e1"]
    assert (state.high_water, len(state.ahead)) == (0, MAX_AHEAD)
    history.send(1, 1, "stored")
    assert history.planner.marks["gw-1", "e1"].high_water == 2
    # What was refused was never accounted for: it is stored when it comes again.
    again = 2 * MAX_AHEAD + 2
    history.send(again, again, "stored")
    assert history.planner.marks["gw-1", "e1"].ahead[-1] == (again, again)


def test_records_that_left_quarantine_are_lost_and_named() -> None:
    history = History()
    history.send(1, 1, "stored")
    history.send(2, 4, "poison")
    ledger.record_dispositions(history.connection, [DispositionEntry("gw-1", "e1", Disposition.LOST, ((3, 4),))])
    report = history.report()
    (epoch,) = report.epochs
    assert (epoch.stored, epoch.quarantined, epoch.lost) == (1, 1, 2)
    assert (report.loss, report.lost) == (2, (EpochRange("e1", 3, 4),))


def test_what_is_still_in_quarantine_after_a_store_was_replaced_is_not_lost() -> None:
    counts = {
        ("gw-1", "e1", Disposition.QUARANTINED): Counts(((4, 6),)),
        ("gw-1", "e1", Disposition.DROPPED): Counts(((8, 8),)),
    }
    report = reconcile("gw-1", {}, counts, GatewayFigures(0), deleted={"e1": 10})
    assert (report.loss, report.lost) == (6, tuple(EpochRange("e1", *part) for part in ((1, 3), (7, 7), (9, 10))))


def test_a_report_of_thousands_of_spools_is_short_and_counts_all_of_them() -> None:
    marks = {f"{number:016x}": of_book(MarkState(10, ((12, 12),) if number % 7 == 0 else ())) for number in range(3000)}
    marks["now"] = of_book(MarkState(0, tuple((number, number) for number in range(2, 514, 2))))
    status = GatewayStatus(gw="gw-1", online=True, t=T0_MS, epoch="now", acked_seq=0)
    report = reconcile("gw-1", marks, {}, GatewayFigures(0, status=status))
    assert len(msgspec.json.encode(report)) < 64_000
    assert (len(report.epochs), report.epochs_left_out) == (100, 2901)
    assert report.totals.stored == 3000 * 10 + 429 + 256
    assert report.totals.missing == 429 + 256
    assert (len(report.missing), report.missing_left_out) == (500, 429 + 256 - 500)
    assert "now" in {epoch.epoch for epoch in report.epochs}
    assert all(epoch.missing for epoch in report.epochs)


def test_each_accounted_record_has_one_state() -> None:
    book = RecordBook().add(
        {
            20_000: ((1, 10),),
            EVENTS: ((11, 12),),
            EXPIRED: ((13, 15),),
            SERVER_LOST: ((16, 19),),
            CUT: ((20, 20),),
            QUARANTINED: ((21, 25),),
            record_book.DROPPED: ((26, 27),),
            GONE: ((28, 28),),
            UNCOUNTED: ((30, 39),),
        }
    )
    counts = {
        ("gw-1", "e1", Disposition.QUARANTINED): Counts(((21, 22), (38, 38))),
        ("gw-1", "e1", Disposition.REFUSED): Counts(((23, 23),)),
        ("gw-1", "e1", Disposition.LOST): Counts(((24, 24),)),
    }
    report = reconcile("gw-1", {"e1": replace(MarkState(39), book=book)}, counts, GatewayFigures(0))
    (epoch,) = report.epochs
    states = {name: getattr(epoch, name) for name in STATES}
    assert states == {
        "stored": 12,
        "expired": 3,
        "lost": 5,
        "not_known": 3,
        "quarantined": 3,
        "store_refused": 1,
        "dropped_by_gateway": 2,
        "gone_unseen": 1,
        "uncounted": 9,
    }
    assert sum(states.values()) == epoch.accounted == report.totals.accounted == 39
    assert numbers(report.lost) == {16, 17, 18, 19, 24, 28}
    assert numbers(report.not_known) == {25, 29}
    assert report.loss == 6


def test_a_record_without_any_book_is_not_known_and_never_stored() -> None:
    report = reconcile("gw-1", {"e1": replace(MarkState(9), book=PARTLY_REFUSED)}, {}, GatewayFigures(0))
    (epoch,) = report.epochs
    assert (epoch.stored, epoch.quarantined, epoch.not_known) == (7, 0, 2)
    assert report.not_known == (EpochRange("e1", 2, 3),)


def test_a_quarantined_record_that_arrives_whole_is_stored() -> None:
    history = History()
    history.send(1, 1, "stored")
    history.send(2, 2, "poison")
    assert history.report().totals.stored == 1
    history.send(2, 2, "stored")
    ledger.remove_disposition(history.connection, DispositionEntry("gw-1", "e1", Disposition.QUARANTINED, ((2, 2),)))
    (epoch,) = history.report().epochs
    assert (epoch.stored, epoch.quarantined, epoch.not_known) == (2, 0, 0)


def test_what_is_in_quarantine_after_all_is_not_listed_as_gone_unseen() -> None:
    # A store that was restored with its whole folder counts 1..3 as gone; 2 came again and was refused.
    book = RecordBook().add({GONE: ((1, 3),)})
    state = replace(MarkState().add(Mark("g1", "e1", 1, 3)), book=book)
    waiting = {("g1", "e1", Disposition.QUARANTINED): Counts(((2, 2),))}
    report = reconcile("g1", {"e1": state}, waiting, GatewayFigures(0))
    assert (report.loss, report.totals.gone_unseen, report.totals.quarantined) == (2, 2, 1)
    assert numbers(report.lost) == {1, 3}
