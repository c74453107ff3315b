"""Lost, damaged and older books of a station: stored is what a reader counts, and nothing that is gone is unsaid."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pytest

from headland.clock import wall_clock_ms
from headland.contract.records import EndedEpoch, GatewayStatus
from headland.contract.topics import data_topic
from headland.errors import DataDamaged
from headland.files.damage_notes import acknowledge_notes, load_notes, open_sentences
from headland.registry.db.sqlite_file import RegistryDamaged
from headland.registry.registry import Registry, open_registry
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter, Store
from headland.store.victoria.store import open_victoria
from headland.units_of_time import MINUTE_MS
from ingest.accounting.delivery import STATES
from ingest.mqtt.inbox import InboundMessage
from ingest.quarantine.quarantine import Quarantine
from station.server.serve import check_books
from station.server.workers.delivery_marks_sync import DeliveryMarksSync
from station.server.workers.station_books import QuarantineBook, RegistryBook, StationBooks, StoreBook
from tests.ingest.gateway import batch_of, block_of, properties_of
from tests.ingest.writer_bench import Bench
from tests.victoria_server import VictoriaServer

START_MS = wall_clock_ms() - 30 * MINUTE_MS
#: Where the samples of an epoch are in time, and so which record a sample is of.
EPOCHS = {"ended": 0, "now": 1, "only": 2}
Number = tuple[str, int]


def at_ms(epoch: str, number: int) -> int:
    return START_MS + EPOCHS[epoch] * 5 * MINUTE_MS + number * 1000


@dataclass
class Station:
    """The files of a station, and its ingest and workers while they run."""

    folder: Path
    open_store: Callable[[], Store]
    sent: dict[str, set[Number]] = field(default_factory=lambda: defaultdict(set))

    @contextmanager
    def running(self) -> Iterator[Bench]:
        """Run ingest on the real files, and the workers of its books, until the end of the block."""
        (self.folder / "store").mkdir(exist_ok=True)
        with closing(self.open_store()) as store, closing(self._registry()) as registry:
            bench = Bench(self.folder / "store")
            bench.store = bench.writer._store = bench.service._store = store  # type: ignore[assignment]
            bench.now_ms = wall_clock_ms()
            sync = DeliveryMarksSync(registry, store, "local")
            bench.service.recorded_marks = sync.known
            books = (StoreBook(store), RegistryBook(registry, "local"), QuarantineBook(bench.writer.quarantine))
            compared = StationBooks(books, store, self.notes)
            compared.begin()
            sync.sync()
            bench.writer.load()
            # A damaged quarantine is moved aside by then: the thread does the next round.
            compared.compare()
            yield bench
            bench.settle()
            bench.writer.finish()
            sync.sync()
            compared.compare()

    @property
    def notes(self) -> Path:
        return self.folder / "store" / "quarantine.sqlite"

    def _registry(self) -> Registry:
        url = f"sqlite:///{self.folder}/registry/registry.sqlite"
        (self.folder / "registry").mkdir(exist_ok=True)
        try:
            return open_registry(url)
        except RegistryDamaged:
            # The station does not start and says so: a person moves the file away.
            shutil.rmtree(self.folder / "registry")
            (self.folder / "registry").mkdir()
            return open_registry(url)

    def send(self, bench: Bench, gateway: str, epoch: str, first: int, last: int) -> None:
        """Send records with one sample each; each seventh is refused."""
        for number in range(first, last + 1):
            self.sent[gateway].add((epoch, number))
            if number % 7 == 0:
                properties = properties_of(epoch, number)
                bench.inbox.put(InboundMessage(1, 5000 + number, 1, data_topic(gateway), b"x", False, properties))
            else:
                block = block_of({"air_temperature_degc": [20.0]}, at_ms(epoch, number), device=f"house-of-{gateway}")
                bench.put(batch_of(number, block, gateway=gateway, epoch=epoch))
        bench.settle()


def work(station: Station, rounds: int) -> None:
    """Fill the station: one gateway with an epoch that ends, and one that is retired afterwards."""
    for turn in range(rounds):
        with station.running() as bench:
            station.send(bench, "ga", "ended", turn * 10 + 1, turn * 10 + 10)
            station.send(bench, "ga", "now", turn * 8 + 1, turn * 8 + 8)
            station.send(bench, "retired", "only", turn * 9 + 1, turn * 9 + 9)


def go_on(station: Station, bench: Bench) -> None:
    """Send what comes after two rounds of work."""
    for gateway, epoch, last, more in (("ga", "ended", 20, 10), ("ga", "now", 16, 8), ("retired", "only", 18, 9)):
        station.send(bench, gateway, epoch, last + 1, last + more)


def tell(bench: Bench, rounds: int) -> None:
    """Let the gateways say what the broker has retained of them."""
    ended = (EndedEpoch(epoch="ended", acked_seq=rounds * 10),)
    now_ms = wall_clock_ms()
    bench.say(GatewayStatus(gw="ga", online=True, t=now_ms, epoch="now", acked_seq=rounds * 8, ended=ended))
    bench.say(GatewayStatus(gw="retired", online=False, t=now_ms, epoch="only", acked_seq=rounds * 9))
    bench.settle()


def read_raw(store: Store, gateway: str) -> list[Number]:
    """Return the records whose samples a reader of the store finds."""
    found = []
    for samples in store.raw(SeriesFilter("local", device=f"house-of-{gateway}"), 0, 2**60):
        for time_ms in samples.time_ms.tolist():
            passed_s = (time_ms - START_MS) // 1000
            epoch = next(name for name, place in EPOCHS.items() if place == passed_s // 300)
            found.append((epoch, passed_s % 300))
    return found


def check(station: Station, bench: Bench) -> None:
    for gateway, sent in station.sent.items():
        raw = read_raw(bench.service._store, gateway)
        report = bench.delivery(gateway)
        totals = report.totals
        assert sum(getattr(totals, name) for name in STATES) == totals.accounted
        assert totals.stored == len(raw) == len(set(raw)), (gateway, totals)
        said = {(part.epoch, number) for part in (*report.lost, *report.not_known)
                for number in range(part.first, part.last + 1)}  # fmt: skip
        waiting = [message.records for message in bench.writer.quarantine.list(1000, gateway=gateway)]
        said |= {(mark.epoch, mark.first) for mark in waiting if mark is not None}
        assert sent - set(raw) - said == set(), (gateway, "unsaid")
        assert not set(raw) & {(part.epoch, part.first) for part in report.not_known}


PLACES = {"store": "store/farm.duckdb*", "quarantine": "store/quarantine.sqlite*", "registry": "registry/*"}
#: All combinations run in CI; `make test` tries one way to lose each.
LONG = pytest.mark.long
SUBSETS = [subset for size in range(4) for subset in combinations(PLACES, size)]


def harm(folder: Path, older: Path, pattern: str, how: str) -> None:
    parent, name = pattern.split("/")
    files = [path for path in (folder / parent).glob(name) if not path.name.endswith(".damage.json")]
    for path in files:
        if how == "damaged":
            size = path.stat().st_size
            path.write_bytes(bytes((7 * at + 3) % 256 for at in range(min(size, 200_000))))
        else:
            path.unlink()
    if how == "older":
        for path in (older / parent).glob(name):
            if not path.name.endswith(".damage.json"):
                shutil.copyfile(path, folder / parent / path.name)


@pytest.mark.parametrize("how", ["lost", pytest.param("damaged", marks=LONG), pytest.param("older", marks=LONG)])
@pytest.mark.parametrize("subset", SUBSETS, ids=["-".join(subset) or "none" for subset in SUBSETS])
def test_each_subset_of_the_files_of_a_station(subset: tuple[str, ...], how: str, tmp_path: Path) -> None:
    folder, older = tmp_path / "farm", tmp_path / "older"
    folder.mkdir()

    def open_store() -> Store:
        path = folder / "store" / "farm.duckdb"
        try:
            return DuckDBStore(path)
        except DataDamaged:  # as the station does: the damaged file was moved aside
            return DuckDBStore(path)

    station = Station(folder, open_store)
    work(station, 2)
    shutil.copytree(folder, older)
    with station.running() as bench:
        go_on(station, bench)
    for place in subset:
        harm(folder, older, PLACES[place], how)
    with station.running() as bench:
        tell(bench, 3)
        check(station, bench)
        said = open_sentences(load_notes(station.notes))
        if len(subset) < len(PLACES):
            assert sorted(sentence.split()[1] for sentence in said) == sorted(subset)
        else:
            # Together they are a new station, or the one of the backup: the gateways alone know more. Where all are
            # damaged, the quarantine is so until the others have begun anew.
            assert len(said) == (how == "damaged")
        assert check_books(station.notes).ok == (not said)
        acknowledge_notes(station.notes, 1, "admin")
        assert check_books(station.notes).ok
    # It is said once, and what is lost stays said.
    with station.running() as bench:
        tell(bench, 3)
        check(station, bench)
        assert check_books(station.notes).ok


def test_a_station_that_was_killed_is_not_suspected(tmp_path: Path) -> None:
    folder = tmp_path / "farm-0"
    folder.mkdir()
    for turn in range(3):
        folder = tmp_path / f"farm-{turn}"
        path = folder / "store" / "farm.duckdb"
        station = Station(folder, lambda path=path: DuckDBStore(path))  # type: ignore[misc]
        with station.running() as bench:
            assert check_books(station.notes).ok
            station.send(bench, "ga", "ended", turn * 10 + 1, turn * 10 + 10)
            shutil.copytree(folder, tmp_path / f"farm-{turn + 1}")  # as a kill leaves it now


@pytest.mark.parametrize("behind", range(len(PLACES)))
def test_a_kill_between_two_books_is_no_loss(behind: int, tmp_path: Path) -> None:
    """Books are written one after another: whichever was not reached is one behind."""
    station = Station(tmp_path, lambda: DuckDBStore(tmp_path / "store" / "farm.duckdb"))
    work(station, 1)
    with closing(station.open_store()) as store, closing(station._registry()) as registry:
        quarantine = Quarantine(station.notes, 2**20, 100)
        books = (StoreBook(store), RegistryBook(registry, "local"), QuarantineBook(quarantine))
        ((name, number),) = books[0].read().items()
        assert [book.read() for book in books] == [{name: number}] * 3
        for book in books[:behind]:
            book.write(name, number + 1)
    with station.running():
        assert check_books(station.notes).ok


SERVER_PLACES = {
    "side tables": "store/side.sqlite*",
    "quarantine": "store/quarantine.sqlite*",
    "registry": "registry/*",
}


@pytest.mark.services("victoria-metrics")
@pytest.mark.parametrize("how", ["lost", pytest.param("older", marks=LONG)])
@pytest.mark.parametrize("with_server", [False, True], ids=["server kept", "server too"])
@pytest.mark.parametrize(
    "others",
    [("registry",), *(pytest.param(each, marks=LONG) for each in [("quarantine",), ("quarantine", "registry"), ()])],
    ids=str,
)
def test_each_subset_with_a_server(others: tuple[str, ...], with_server: bool, how: str, tmp_path: Path) -> None:
    folder, older, data = tmp_path / "farm", tmp_path / "older", tmp_path / "server" / "data"
    (folder / "store").mkdir(parents=True)
    server = VictoriaServer(tmp_path / "server")
    server.start()
    try:
        station = Station(folder, lambda: open_victoria(server.url(folder / "store" / "side.sqlite")))
        work(station, 2)
        server.kill()
        shutil.copytree(folder, older)
        shutil.copytree(data, older / "data")
        server.start()
        with station.running() as bench:
            for gateway, epoch, last, more in (
                ("ga", "ended", 20, 10),
                ("ga", "now", 16, 8),
                ("retired", "only", 18, 9),
            ):
                station.send(bench, gateway, epoch, last + 1, last + more)
        for place in others:
            harm(folder, older, SERVER_PLACES[place], how)
        if with_server:
            server.kill()
            shutil.rmtree(data)
            if how == "older":
                shutil.copytree(older / "data", data)
            server.start()
        with station.running() as bench:
            tell(bench, 3)
            check(station, bench)
            assert bool(bench.service._store.info().damage) == with_server
            assert len(open_sentences(load_notes(station.notes))) == len(others)
    finally:
        server.kill()
