"""Simulated station: the real ingest service on a simulated machine, with a store that survives its crashes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from headland.contract.delivery import Delivery, SpoolReport
from headland.contract.records import SPOOL_DAMAGED, SPOOL_RENEWED, SPOOL_SHORTENED
from headland.store.number_sets import Ranges, merge
from headland.store.port import MarkState, SeriesFilter
from headland.units_of_time import DAY_MS
from ingest.accounting.ledger import Disposition
from ingest.accounting.spool_reports import GatewayReport, reports_in
from ingest.quarantine.replays import spool_marks
from ingest.settings import IngestSettings
from station.simulation.agenda import Agenda, SimulatedClock
from station.simulation.machines.disk import Disk, Files
from station.simulation.machines.ingest_process import IngestProcess
from station.simulation.machines.network import Line, Network
from station.simulation.machines.numbers import NUMBER_CHANNEL, device_of, numbers_of
from station.simulation.machines.store import SimulatedStore, StoreEngine, StoreWrite, make_store
from station.simulation.truth import GatewayTruth

ORGANISATION: Final = "local"
CLIENT_ID: Final = "ingest-0"
_ALL_TIME_MS: Final = 2**52
#: A clock that is off by more must be doubted.
_WRONG_MS: Final = 1_800_000


class StationMachine:
    """The station's machine: its line to the broker, its disk and store, and the ingest process while it runs."""

    def __init__(
        self, agenda: Agenda, rng: random.Random, network: Network, folder: Path, engine: StoreEngine = "memory"
    ) -> None:
        self.agenda = agenda
        self.rng = rng
        self.network = network
        self.line = Line(0.0005, 0.02)
        self.clock = SimulatedClock(agenda)
        self.disk = Disk(folder, rng)
        self.store = make_store(engine, self.clock, folder.with_name(f"{folder.name}-store"))
        self.settings = IngestSettings(quarantine_path=folder / "quarantine.sqlite")
        self.process: IngestProcess | None = None
        self.frozen_until_s = 0.0
        self.recorded: dict[tuple[str, str], int] = {}
        #: Numbers that a replacement of the store took, by origin, and the books that were lost.
        self.removed: dict[str, set[int]] = {}
        self.lost_books: set[str] = set()
        self.has_lost_book = False
        #: What was wrong with the station's clock: it was stepped, and nothing said so within ten seconds.
        self.clock_trouble: list[str] = []
        #: The last record of each spool in stores that were replaced by older ones.
        self.replaced: dict[tuple[str, str], int] = {}

    def start(self) -> None:
        """Start the ingest process; nothing happens where it runs."""
        if self.process is None:
            self.agenda.note("ingest", "starts")
            self.process = IngestProcess(self)
            self.process.begin()

    def kill(self, *, with_power: bool = False) -> None:
        """Kill the ingest process."""
        process, self.process = self.process, None
        if process is not None:
            self.agenda.note("ingest", "is killed")
            process.die(with_power=with_power)
            self.store = self.store.crashed()

    def replace_store(self, writes: Sequence[StoreWrite], truths: Mapping[str, GatewayTruth]) -> None:
        """Replace the store by one that had these writes alone, while the process is down.

        Some of what it had is known to nobody but a gateway that is still in the same epoch: what lies beyond the marks
        that are recorded beside it (the commits of the last seconds before a kill, and what lay ahead of a gap in an
        epoch that ended).
        """
        older = self.store.restored(writes)
        had_stored = {origin: self.stored_numbers(device_of(origin)).keys() for origin in truths}
        for truth in truths.values():
            for (gateway, epoch), state in self.store.marks().items():
                if gateway in truth.names:
                    recorded = self.recorded.get((gateway, epoch), 0)
                    ranges = ((recorded + 1, state.high_water), *state.ahead)
                    truth.untraced.update(*(truth.numbers(epoch, first, last) for first, last in ranges))
        kept = older.marks()
        for origin, truth in truths.items():
            for (gateway, epoch), state in self.store.marks().items():
                if gateway in truth.names:
                    had = kept.get((gateway, epoch), MarkState()).accounted
                    there, left = (
                        set().union(*(truth.numbers(epoch, first, last) for first, last in ranges))
                        for ranges in (state.accounted, had)
                    )
                    self.removed.setdefault(origin, set()).update(there - left)
                    truth.taken |= there - left
        self._note_unknowable(truths)
        for source, state in spool_marks(self.store.marks()).items():
            self.replaced[source] = max(state.accounted[-1][1], self.replaced.get(source, 0))
        before, self.store = self.store, older
        before.end()
        # What was replayed from quarantine has a number of its own in the books.
        for origin, numbers in had_stored.items():
            truths[origin].taken |= numbers - self.stored_numbers(device_of(origin)).keys()

    def note_lost_book(self, book: str, truths: Mapping[str, GatewayTruth]) -> None:
        """Note that a book of the station was lost.

        The marks beside the store and the file of ingest both know what a store had that was replaced. Where both are
        lost, before that or after it, nothing knows it any more of an epoch that ended: a station says which of its
        books are lost (`station_books`, which is not simulated).
        """
        self.lost_books.add(book)
        self._note_unknowable(truths)

    def _note_unknowable(self, truths: Mapping[str, GatewayTruth]) -> None:
        if {"registry", "quarantine"} <= self.lost_books:
            for origin, numbers in self.removed.items():
                truths[origin].untraced |= numbers

    def restore_folder(
        self,
        writes: Sequence[StoreWrite],
        files: Files,
        recorded: Mapping[tuple[str, str], int],
        truths: Mapping[str, GatewayTruth],
    ) -> None:
        """Replace store, file of ingest and recorded marks by those of one earlier instant, while the process is down.

        What was committed since is known to nobody but the gateways: neither what the store has now nor what the
        recorded marks say of a store that was replaced before.
        """
        for truth in truths.values():
            for (gateway, epoch), last in self.recorded.items():
                if gateway in truth.names:
                    truth.untraced |= truth.numbers(epoch, recorded.get((gateway, epoch), 0) + 1, last)
        self.recorded = dict(recorded)
        self.replace_store(writes, truths)
        self.disk.write(files)
        self.has_lost_book = True

    def remember_said(self, truths: Mapping[str, GatewayTruth]) -> None:
        """Remember what is said now, before a book that says it is lost or replaced."""
        for origin, numbers in self.said(truths).items():
            truths[origin].said_once |= numbers

    def true_ms(self) -> int:
        """Return the true time."""
        return SimulatedClock(self.agenda).now_ms()

    def expire(self, truths: Mapping[str, GatewayTruth]) -> None:
        """Delete what was measured before the last midnight by the station's clock, as its retention does at night."""
        cut_ms = self.clock.now_ms() // DAY_MS * DAY_MS
        before = {origin: self.stored_numbers(device_of(origin)).keys() for origin in truths}
        self.store.expire_before(cut_ms)
        for origin, numbers in before.items():
            truths[origin].expired |= numbers - self.stored_numbers(device_of(origin)).keys()
        self.agenda.note("ingest", f"has what is before {cut_ms} deleted")
        if cut_ms > self.true_ms():
            self.clock_trouble.append(f"a clock that is {cut_ms - self.true_ms()} ms off deleted samples")

    def note_doubt(self) -> None:
        """Note where the clock is wrong by half an hour or more, and its process does not say so."""
        process = self.process
        is_wrong = abs(self.clock.now_ms() - self.true_ms()) > _WRONG_MS
        if is_wrong and process is not None and not process.station_clock.in_doubt():
            self.clock_trouble.append(f"the clock is {self.clock.now_ms() - self.true_ms()} ms off and believed")

    def record_marks(self) -> None:
        """Record the store's marks beside it, as `DeliveryMarksSync` does in the registry."""
        for epoch, state in self.store.marks().items():
            self.recorded[epoch] = max(self.recorded.get(epoch, 0), state.high_water)

    def deliveries(self, gateways: list[str]) -> dict[str, Delivery]:
        """Return the delivery reports of the running process."""
        if self.process is None:
            return {}
        return {report.gateway: report for report in self.process.service.deliveries(gateways)}

    def stored_numbers(self, device: str) -> dict[int, int]:
        """Return how often each number of a device is stored."""
        return _stored_numbers(self.store, device)

    def quarantined_numbers(self, truth: GatewayTruth) -> set[int]:
        """Return a gateway's numbers in quarantine: those in the messages, of unreadable ones by their records."""
        numbers: set[int] = set()
        if self.process is not None:
            for message in self.process.service.quarantine.list(1_000_000):
                if message.gateway not in truth.names:
                    continue
                found = numbers_of(message.payload)
                if not found and message.epoch and message.first and message.seq:
                    found = truth.numbers(message.epoch, message.first, message.seq)
                numbers |= found
        return numbers

    def arrived(self, truth: GatewayTruth, dropped: Mapping[tuple[str, int, int], set[int]]) -> set[int]:
        """Return what was dropped and is reported by a record that arrived here; a spool may lose its report.

        The store's marks account for the record, or ingest's own file, where the store was replaced since.
        """
        known: dict[str, Ranges] = {}
        for (gateway, epoch), state in self.store.marks().items():
            if gateway in truth.names:
                known[epoch] = merge([*known.get(epoch, ()), *state.accounted])
        counts = {} if self.process is None else self.process.service.quarantine.disposition_counts(None)
        for (gateway, epoch, disposition), of_it in counts.items():
            if gateway in truth.names and disposition == Disposition.DROPPED:
                known[epoch] = merge([*known.get(epoch, ()), *of_it.ranges])
        numbers: set[int] = set()
        for (epoch, first, last), of_report in dropped.items():
            if any(low <= first and last <= high for low, high in known.get(epoch, ())):
                numbers |= of_report
        return numbers

    def said(self, truths: Mapping[str, GatewayTruth]) -> dict[str, set[int]]:
        """Return the numbers of each gateway that delivery, or an event that the store has, names as lost."""
        said: dict[str, set[int]] = {origin: set() for origin in truths}
        origins = {name: origin for origin, truth in truths.items() for name in truth.names}
        for name, report in self.deliveries(sorted(origins)).items():
            # Without a lost book, a loss is named as one.
            for lost in (*report.lost, *(report.not_known if self.has_lost_book else ())):
                said[origins[name]] |= truths[origins[name]].numbers(lost.epoch, lost.first, lost.last)
        for name, told in self._reports(sorted(origins)):
            truth = truths[origins[name]]
            if told.kind == SPOOL_DAMAGED:
                said[origins[name]] |= truth.in_damaged
            elif told.kind == SPOOL_SHORTENED:
                first, last = int(told.data["first_seq"]), int(told.data["last_seq"])
                said[origins[name]] |= truth.numbers(str(told.data["epoch"]), first, last)
        return said

    def _reports(self, gateways: list[str]) -> list[GatewayReport]:
        """Return what gateways said about their spools: by delivery, and by the events of the store."""
        events = self.store.events(ORGANISATION, 0, _ALL_TIME_MS, limit=10_000_000)
        told = [report for gateway in gateways for report in reports_in(gateway, events)]
        for gateway, delivery in self.deliveries(gateways).items():
            told += ((gateway, report) for report in delivery.spool_reports)
        return told

    def doubted(self, truth: GatewayTruth) -> set[int]:
        """Return the numbers of which a gateway says that it is not known whether they were.

        Where the event that says so was lost with the store, delivery names the event's own record as lost.
        """
        names = sorted(truth.names)
        doubts = {(name, report.time_ms) for name, report in self._reports(names) if _is_unproven(report)}
        lost_events = {
            (name, lost.epoch)
            for name, delivery in self.deliveries(names).items()
            for lost in delivery.lost
            if not truth.records.get(lost.epoch, {}).keys() >= set(range(lost.first, lost.last + 1))
        }
        doubts |= {key for key, epoch in truth.renewed.items() if (key[0], epoch) in lost_events}
        return set().union(*(truth.unprovable.get(key, set()) for key in doubts))

    def is_quiet(self) -> bool:
        """Return whether the process runs, has read what is committed, and writes nothing now."""
        return self.process is not None and self.process.is_quiet

    def move_device(self, device: str, gateway: str) -> None:
        """Give a device to another gateway, as an administrator does: what was refused of it is replayed."""
        for record in self.store.devices(ORGANISATION):
            if record.descriptor.device == device and self.process is not None:
                self.store.describe(ORGANISATION, gateway, record.descriptor)
                self.process.service.devices_moved(gateway)
                self.process.look_for_replays()

    def marks(self) -> dict[tuple[str, str], MarkState]:
        """Return the store's marks."""
        return self.store.marks()


def _is_unproven(report: SpoolReport) -> bool:
    return report.kind == SPOOL_RENEWED and report.data["reason"] == "unproven"


def _stored_numbers(store: SimulatedStore, device: str) -> dict[int, int]:
    counts: dict[int, int] = {}
    series = SeriesFilter(ORGANISATION, device=device, channels=frozenset((NUMBER_CHANNEL,)))
    for samples in store.raw(series, 0, _ALL_TIME_MS):
        for value in samples.value.tolist():
            counts[round(value)] = counts.get(round(value), 0) + 1
    return counts
