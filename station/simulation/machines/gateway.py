"""Simulated gateway: the real spool and uplink on a simulated machine, and a source whose values are numbers."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from edge.pipeline.batcher import Content
from edge.spool.identity.machine import SpoolMachine
from edge.spool.identity.place import Facts, FileId
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner, SpoolRetention
from edge.uplink.settings import BrokerSettings
from headland.contract.codec import decode_batch
from headland.contract.records import EpochReason
from headland.contract.refusals import Refused
from headland.errors import SettingsError
from station.simulation.agenda import Agenda, SimulatedClock
from station.simulation.machines.disk import Disk, Files
from station.simulation.machines.gateway_process import CHECK_FILE, SPOOL_FILE, GatewayProcess
from station.simulation.machines.network import Line, Network
from station.simulation.machines.numbers import SITE, content_of, numbers_of
from station.simulation.truth import NUMBERS_PER_MACHINE, GatewayTruth

_OTHER_FILES: Final = ("-wal", "-shm", "-journal", ".check", ".reserve")
#: A daemon that does not start is tried again.
_RETRY_S: Final = 30.0
#: The part of the gateways with a spool for some dozens of records, and the sizes.
_SMALL_SPOOLS: Final = 0.15
_SMALL_BYTES: Final = 20_000
_LARGE_BYTES: Final = 50_000_000


class SimulatedGateway:
    """A gateway's machine: disk, clock, line and source; `process` while the daemon runs.

    `index` distinguishes machines; two have the same `name` after a card was copied. `origin` was its first name.
    """

    def __init__(
        self,
        agenda: Agenda,
        rng: random.Random,
        network: Network,
        folder: Path,
        name: str,
        index: int,
        truth: GatewayTruth,
    ) -> None:
        self.agenda = agenda
        self.rng = rng
        self.network = network
        self.name = self.origin = name
        self.index = index
        self.truth = truth
        self.disk = Disk(folder, rng)
        self.clock = SimulatedClock(agenda, rng.randint(-2000, 2000))
        self.line = Line(0.02, rng.choice((0.1, 0.3, 2.0)))
        self.interval_s = rng.choice((300.0, 600.0, 1200.0, 3600.0))
        self.group = rng.choice((1, 1, 2, 3))
        self.facts: Facts = {"board": [str(index)], "machine_id": [str(index)]}
        self.has_small_spool = rng.random() < _SMALL_SPOOLS
        self.max_bytes = _SMALL_BYTES if self.has_small_spool else _LARGE_BYTES
        self.retention = SpoolRetention(policy=rng.choice(("thin", "drop")))
        self.broker = BrokerSettings(
            window=rng.choice((5, 20, 100)), backlog_share=rng.choice((0.0, 0.5, 1.0)), resend_s=rng.choice((3.0, 10.0))
        )
        self.process: GatewayProcess | None = None
        self.frozen_until_s = 0.0
        self.is_on = False
        self.is_silenced = False
        self.dies_in_append: bool | None = None
        self.dies_in_turn: bool | None = None
        self.epoch = ""
        self.records: dict[int, int] = {}
        #: The numbers that each record of each epoch of this machine's spool had, dropped ones as well.
        self.memory: dict[str, dict[int, int]] = {}
        self.copy: Files | None = None
        #: What the spool has reported as dropped, by epoch, first and last record of the report.
        self.dropped: dict[tuple[str, int, int], set[int]] = {}
        #: Those of these reports that keep a part of what they replace.
        self.thinned: set[tuple[str, int, int]] = set()
        #: Numbers that are gone from the disk, until the spool is empty: then what it knows of them has been sent.
        self.to_report: set[int] = set()
        #: Numbers that are gone from the disk for ever: what its check file has reported, or will.
        self.gone: set[int] = set()
        #: Numbers that waited when the daemon ended.
        self.waited: set[int] = set()
        self.numbers_before: set[int] = set()
        self._unprovable: set[int] = set()
        #: Whether the check file was set back since the daemon ended: it does not know of the newest records.
        self._is_check_stale = False
        self._last_number = index * NUMBERS_PER_MACHINE
        self._last_ms = 0
        self._used_ms: set[int] = set()
        self._connections = self.disk.connection_class()

    @property
    def spool_path(self) -> Path:
        """The spool's file."""
        return self.disk.folder / SPOOL_FILE

    def start(self) -> None:
        """Start the daemon; nothing happens where it runs. It is tried again where it refuses."""
        if self.process is not None:
            return
        self.is_on = True
        try:
            self.process = GatewayProcess(self, self._open_spool())
        except SettingsError as error:
            self.note(f"does not start: {str(error).rsplit(':', 1)[-1].strip()}")
            self.agenda.after(_RETRY_S, self.start)
            return
        self._is_check_stale = False
        spool = self.process.spool
        self.note(f"starts, epoch {spool.epoch}, last {spool.last_seq}")
        self._note_unprovable(spool)
        if spool.counters()["damaged"]:
            self.truth.in_damaged |= self.numbers_before
        if spool.epoch == self.epoch:  # of what it had after the folder that was put back it knows nothing any more
            self.truth.forgotten.update(number for seq, number in self.records.items() if seq > spool.last_seq)
        else:
            records = self.read_records(self.disk.read())
            self._note_gone(self.waited - set(records.values()))
            self.note_records(spool.epoch, records)
        self.waited = set()
        self.process.begin()

    def kill(self, *, with_power: bool = False) -> None:
        """Kill the daemon, or cut the machine's power."""
        process, self.process = self.process, None
        self.is_on = False
        if process is not None:
            self.note("loses power" if with_power else "is killed")
            process.die(with_power=with_power)
        if with_power:
            is_honest = not self.disk.lies
            before = self._numbers_named(self.disk.read())
            self.tamper(self.disk.cut_power, takes_check=not is_honest)
            if is_honest:
                self.truth.taken_by_power |= before - self._numbers_named(self.disk.read())

    def stop(self) -> None:
        """Switch the machine off in order."""
        process, self.process = self.process, None
        self.is_on = False
        if process is not None:
            self.note("stops")
            process.close()

    def freeze(self, for_s: float) -> None:
        """Suspend the daemon."""
        self.note(f"is frozen for {for_s:.1f} s")
        self.frozen_until_s = self.agenda.now_s + for_s
        for connection in list(self.line.connections):
            connection.expect_freeze(lambda: self.frozen_until_s > self.agenda.now_s)

    def waiting(self) -> int:
        """Return how many records wait in the spool; one where the daemon is down."""
        return 1 if self.process is None else self.process.spool.status().records

    def rename(self, name: str) -> None:
        """Give the gateway another id while the daemon is down; its device keeps its own."""
        self.note(f"is called {name} from now on")
        self.name = name
        self.truth.names.add(name)

    def take_copy(self) -> None:
        """Copy the folder, as a backup does."""
        self.copy = self.disk.read()

    def contents(self, count: int) -> list[Content]:
        """Return messages with the next numbers, one each."""
        return [self._content() for _ in range(count)]

    def numbers_on_disk(self) -> set[int]:
        """Return the numbers in the spool's file and in those that were moved aside; the daemon is down."""
        files = self.disk.read()
        names = [name for name in files if name.startswith(SPOOL_FILE) and not name.endswith(_OTHER_FILES)]
        return {number for name in names for number in self.read_numbers(files, name)}

    def read_records(self, files: Files, name: str = SPOOL_FILE) -> dict[int, int]:
        """Return the numbers of the records in a spool's file by their seqs; none where it is unreadable.

        A record that replaces others, all or a part of which the spool has dropped and reports so, covers their numbers
        also in a later epoch. It says itself which records of which epoch they were.
        """
        records: dict[int, int] = {}
        for row in self._read_rows(files, name):
            records |= self._records_of(*row)
        return records

    def _read_rows(self, files: Files, name: str = SPOOL_FILE) -> list[tuple[int, int, bytes]]:
        """Return the (first, seq, payload) of a spool's records in the numbers of its epoch.

        A row that a flipped bit has given another type is none: nothing can be sent of it.
        """
        scratch = self.disk.folder.with_name(f"scratch-{self.index}")
        scratch.mkdir(exist_ok=True)
        for suffix in ("", "-wal"):
            (scratch / f"{SPOOL_FILE}{suffix}").write_bytes(files.get(f"{name}{suffix}", b""))
        try:
            with closing(sqlite3.connect(scratch / SPOOL_FILE)) as connection:
                rows = connection.execute("SELECT first, seq, payload FROM records ORDER BY seq").fetchall()
                base = _base(connection)
        except (sqlite3.DatabaseError, UnicodeDecodeError):  # SQLite names what is damaged by the damaged bytes
            return []
        return [
            (first - base, seq - base, payload)
            for first, seq, payload in rows
            if isinstance(first, int) and isinstance(seq, int) and isinstance(payload, bytes)
        ]

    def _records_of(self, first: int, last: int, payload: bytes) -> dict[int, int]:
        """Return the numbers of the records `first`..`last` by seq: of a message, or of those that it replaces."""
        kept = sorted(numbers_of(payload))
        if len(kept) > last - first:
            return dict(enumerate(kept, start=first))
        decoded = decode_batch(payload)
        if isinstance(decoded, Refused):
            return {}
        known = self.memory.get(decoded.batch.epoch, {})
        shift = decoded.batch.seq - last
        return {seq - shift: number for seq, number in known.items() if first <= seq - shift <= last}

    def read_numbers(self, files: Files, name: str = SPOOL_FILE) -> set[int]:
        """Return the numbers in a spool's file: those of the records that were not dropped."""
        return {number for *_, payload in self._read_rows(files, name) for number in numbers_of(payload)}

    def tamper(self, change: Callable[[], object], *, takes_check: bool = True) -> None:
        """Change files while the daemon is down; what is gone with every trace of it is noted.

        Without `takes_check` what the check file has lost was written in the last second.
        """
        before = self.disk.read()
        change()
        after = self.disk.read()
        self.numbers_before = self._numbers_named(before) if after != before else set()
        if after != before:
            self._note_gone(self.numbers_before - self._numbers_named(after))
        is_check_changed = after.get(CHECK_FILE) != before.get(CHECK_FILE)
        self._is_check_stale |= is_check_changed
        if is_check_changed and takes_check:
            self.truth.forgotten |= self.gone
        if self._is_check_stale:  # whichever of the two was harmed first
            self.truth.untraced |= self.to_report
        elif CHECK_FILE not in before and after != before:
            left = b"".join(after.values())
            gone = {number for number, payload in self._payloads(before).items() if payload not in left}
            if any(after.values()):
                self._unprovable |= gone
            else:
                self.truth.untraced |= gone | self.to_report

    def note_records(self, epoch: str, records: Mapping[int, int]) -> None:
        """Note which numbers the records of this machine's spool hold."""
        self.records = {**self.records, **records} if epoch == self.epoch else dict(records)
        self.epoch = epoch
        self.memory.setdefault(epoch, {}).update(records)
        self.truth.note(epoch, records)

    def note(self, what: str) -> None:
        """Add a line to the trace."""
        self.agenda.note(f"{self.name}/{self.index}", what)

    def _note_gone(self, numbers: set[int]) -> None:
        self.to_report |= numbers
        self.gone |= numbers
        self.truth.taken |= numbers

    def _note_unprovable(self, spool: Spool) -> None:
        """Note what was lost without a trace, where the spool says that it does not know what it had."""
        status = spool.status()
        if self._unprovable and status.epoch_reason == EpochReason.UNPROVEN:
            said = (self.name, status.epoch_ms or 0)
            self.truth.unprovable.setdefault(said, set()).update(self._unprovable)
            self.truth.renewed[said] = spool.epoch
        self._unprovable = set()

    def _numbers_named(self, files: Files) -> set[int]:
        """Return the numbers of which the spool's file knows: it has them, or the report that they were dropped."""
        return set(self.read_records(files).values())

    def _payloads(self, files: Files) -> dict[int, bytes]:
        """Return the messages in the spool's file by the numbers that they have or report as dropped."""
        rows = self._read_rows(files)
        return {number: row[2] for row in rows for number in self._records_of(*row).values()}

    def _open_spool(self) -> Spool:
        return Spool(
            self.spool_path,
            SpoolOwner(self.name, SITE),
            self.max_bytes,
            retention=self.retention,
            now_ms=self.clock.now_ms,
            clock_s=self.clock.monotonic_s,
            machine=SpoolMachine(
                make_epoch=self._new_epoch,
                connection_class=self._connections,
                facts=lambda _: self.facts,
                file_id=lambda path: FileId(self.disk.identity(path)),
                sync=partial(self.disk.sync, CHECK_FILE),
            ),
        )

    def _new_epoch(self) -> str:
        return f"{self.rng.getrandbits(64):016x}"

    def _content(self) -> Content:
        self._last_number += 1
        time_ms = self.clock.now_ms()
        while time_ms in self._used_ms:
            time_ms += 1
        self._used_ms.add(time_ms)
        return content_of(self.origin, self._last_number, time_ms)


def _base(connection: sqlite3.Connection) -> int:
    """Return how much a spool's rows are above the numbers of its epoch; 0 where damage hides it."""
    try:
        row = connection.execute("SELECT base FROM state").fetchone()
    except sqlite3.DatabaseError:
        return 0
    return row[0] if row is not None and isinstance(row[0], int) else 0
