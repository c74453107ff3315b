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
from edge.spool.machine import SpoolMachine
from edge.spool.place import Facts, FileId
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner, SpoolRetention
from edge.uplink.connection import Will
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.contract.codec import decode_batch
from headland.contract.records import SPOOL_DROPPED, Block, Clock
from headland.contract.refusals import Refused
from headland.errors import HeadlandError, SettingsError
from station.simulation.agenda import Agenda, SimulatedClock
from station.simulation.machines.disk import Disk, Files
from station.simulation.machines.links import SimulatedLink
from station.simulation.machines.network import Line, Network
from station.simulation.machines.receiver import NUMBER_CHANNEL
from station.simulation.truth import NUMBERS_PER_MACHINE, GatewayTruth

SPOOL_FILE: Final = "spool.sqlite"
#: What the spool knows beside its file.
CHECK_FILE: Final = f"{SPOOL_FILE}.check"
_OTHER_FILES: Final = ("-wal", "-shm", "-journal", ".check", ".reserve")
SITE: Final = "here"
#: Records that a new epoch adds: they hold no number.
RENEWAL_RECORDS: Final = 1
#: How long until the uplink's thread runs again: soon after something happened, then later and later.
_FIRST_TURN_S: Final = 0.5
_BUSY_TURN_S: Final = 30.0
_IDLE_TURN_S: Final = 600.0
_RETRY_S: Final = 30.0
#: As many messages are held in memory while the spool accepts none.
_MOST_HELD: Final = 500


def device_of(gateway: str) -> str:
    """Return the device of a gateway."""
    return f"{gateway}-counter"


class Gateway:
    """A gateway's machine: disk, clock, line and source; `process` while the daemon runs.

    `index` distinguishes machines; two of them have the same `name` after a card was copied.
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
        self.name = name
        self.index = index
        self.truth = truth
        self.disk = Disk(folder, rng)
        self.clock = SimulatedClock(agenda, rng.randint(-2000, 2000))
        self.line = Line(0.02, rng.choice((0.1, 0.3, 2.0)))
        self.interval_s = rng.choice((300.0, 600.0, 1200.0, 3600.0))
        self.group = rng.choice((1, 1, 2, 3))
        self.facts: Facts = {"board": [str(index)], "machine_id": [str(index)]}
        self.has_small_spool = False
        self.max_bytes = 50_000_000
        self.retention = SpoolRetention()
        self.broker = BrokerSettings(
            window=rng.choice((5, 20, 100)), backlog_share=rng.choice((0.0, 0.5, 1.0)), resend_s=rng.choice((3.0, 10.0))
        )
        self.process: _GatewayProcess | None = None
        self.frozen_until_s = 0.0
        self.is_on = False
        self.is_silenced = False
        self.dies_in_append: bool | None = None
        self.dies_in_turn: bool | None = None
        self.epoch = ""
        self.records: dict[int, int] = {}
        self.copy: Files | None = None
        self.dropped: set[int] = set()
        #: Numbers that are gone from the disk, until the spool is empty: then what it knows of them has been sent.
        self.to_report: set[int] = set()
        self.numbers_before: set[int] = set()
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
        files = self.disk.read()
        try:
            self.process = _GatewayProcess(self, self._open_spool())
        except SettingsError as error:
            self.note(f"does not start: {str(error).rsplit(':', 1)[-1].strip()}")
            self.agenda.after(_RETRY_S, self.start)
            return
        spool = self.process.spool
        self.note(f"starts, epoch {spool.epoch}, last {spool.last_seq}")
        if spool.counters()["damaged"]:
            self.truth.in_damaged |= self.numbers_before
            self.records = {}
        elif spool.epoch != self.epoch:
            self.note_records(spool.epoch, dict(enumerate(self.read_numbers(files), start=1)))
        self.epoch = spool.epoch
        self.process.begin()

    def kill(self, *, with_power: bool = False) -> None:
        """Kill the daemon, or cut the machine's power."""
        process, self.process = self.process, None
        self.is_on = False
        if process is not None:
            self.note("loses power" if with_power else "is killed")
            process.die(with_power=with_power)
        if with_power:
            self.tamper(self.disk.cut_power)

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

    def read_numbers(self, files: Files, name: str = SPOOL_FILE) -> list[int]:
        """Return the numbers in a spool's file, in order; none where it cannot be read."""
        scratch = self.disk.folder.with_name(f"scratch-{self.index}")
        scratch.mkdir(exist_ok=True)
        for suffix in ("", "-wal"):
            (scratch / f"{SPOOL_FILE}{suffix}").write_bytes(files.get(f"{name}{suffix}", b""))
        try:
            with closing(sqlite3.connect(scratch / SPOOL_FILE)) as connection:
                rows = connection.execute("SELECT payload FROM records ORDER BY seq").fetchall()
        except sqlite3.DatabaseError:
            return []
        return [number for (payload,) in rows for number in sorted(numbers_of(payload))]

    def tamper(self, change: Callable[[], object]) -> None:
        """Change files while the daemon is down; what is gone with every trace of it is noted."""
        before = self.disk.read()
        change()
        after = self.disk.read()
        self.numbers_before = set(self.read_numbers(before)) if after != before else set()
        if after != before:
            self.to_report |= self.numbers_before - set(self.read_numbers(after))
        if after.get(CHECK_FILE) != before.get(CHECK_FILE):
            self.truth.untraced |= self.to_report

    def note_records(self, epoch: str, records: Mapping[int, int]) -> None:
        """Note which numbers the records of this machine's spool hold."""
        self.records = {**self.records, **records} if epoch == self.epoch else dict(records)
        self.epoch = epoch
        self.truth.note(epoch, records)

    def note(self, what: str) -> None:
        """Add a line to the trace."""
        self.agenda.note(f"{self.name}/{self.index}", what)

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
        values: dict[str, list[float | None]] = {NUMBER_CHANNEL: [float(self._last_number)]}
        block = Block(
            device=device_of(self.name), kind="counter", site=SITE, clock=Clock.NTP, t0=time_ms, dt=[0], c=values
        )
        return Content([block], [], 1)


class _GatewayProcess:
    """One run of the daemon."""

    def __init__(self, machine: Gateway, spool: Spool) -> None:
        self._machine = machine
        self._agenda = machine.agenda
        self._rng = machine.rng
        self.spool = spool
        self._link: SimulatedLink | None = None
        self._held: list[Content] = []
        self._turn_due = float("inf")
        self._quiet_s = _FIRST_TURN_S
        self._is_connected = False
        self._waits = True
        self._is_dead = False
        self._last_seq = spool.last_seq
        self._damaged = spool.counters()["damaged"]
        self.uplink = Uplink(
            machine.broker,
            machine.name,
            spool,
            software="simulated",
            clock=machine.clock.machine_clock(),
            make_link=self._make_link,
            dice=machine.rng.random,
        )

    def begin(self) -> None:
        """Start source and uplink."""
        self._agenda.after(self._rng.uniform(0.0, self._machine.interval_s), self._append_next)
        self._plan_turn(self._rng.uniform(0.0, 1.0))

    def append(self, count: int) -> None:
        """Append the next `count` numbers, with those that the spool refused before."""
        machine = self._machine
        if self._is_dead:
            return
        if machine.frozen_until_s > self._agenda.now_s:
            self._agenda.at(machine.frozen_until_s, self.append, count)
            return
        self._held = (self._held + machine.contents(count))[-_MOST_HELD:]
        numbers = [_number(content) for content in self._held]
        if machine.dies_in_append is not None:
            with_power, machine.dies_in_append = machine.dies_in_append, None
            machine.truth.uncertain.update(numbers)
            self._die_within(lambda: self.spool.append(self._held), with_power=with_power)
            return
        is_accepted = self.spool.append(self._held)
        self._follow_epoch()
        if is_accepted:
            machine.truth.certain.update(numbers)
            first = self.spool.last_seq - len(numbers) + 1
            machine.note_records(self.spool.epoch, dict(enumerate(numbers, start=first)))
            self._held = []
            self._quiet_s, self._waits = _FIRST_TURN_S, True
            self.uplink.wake()
        else:
            self._agenda.after(_RETRY_S, self.append, 0)
        machine.note(f"appends {len(numbers)} up to {self.spool.last_seq}, holds {len(self._held)}")
        self.spool.tidy()
        self._follow_epoch()

    def _follow_epoch(self) -> None:
        """Note the new numbers of the records where an epoch began: they are the last ones of the old epoch."""
        machine, spool = self._machine, self.spool
        if spool.epoch != machine.epoch:
            machine.note(f"begins epoch {spool.epoch}, last {spool.last_seq}")
            known = dict(machine.records)
            carried = spool.last_seq - RENEWAL_RECORDS
            if spool.counters()["damaged"] > self._damaged:
                self._damaged += 1
                machine.truth.in_damaged.update(known.values())
                known = {}
            first = self._last_seq - carried
            machine.note_records(spool.epoch, {seq - first: number for seq, number in known.items() if seq > first})
        self._last_seq = spool.last_seq

    def die(self, *, with_power: bool) -> None:
        """End at once: the files remain as they are."""
        self._is_dead = True
        if self._link is not None:
            self._link.die(with_power=with_power)
        self._close(self._machine.disk.read())

    def close(self) -> None:
        """End in order."""
        self._is_dead = True
        self.uplink.disconnect()
        self.spool.close()

    def _close(self, files: Files) -> None:
        trouble, self._machine.disk.trouble = self._machine.disk.trouble, ""
        self.spool.close()
        self._machine.disk.trouble = trouble
        self._machine.disk.write(files)

    def _append_next(self) -> None:
        if not (self._is_dead or self._machine.is_silenced):
            self._agenda.after(self._machine.interval_s * self._rng.uniform(0.5, 1.5), self._append_next)
            self.append(self._machine.group)

    def _make_link(self, _: BrokerSettings, client_id: str, will: Will | None) -> SimulatedLink:
        machine = self._machine
        self._link = SimulatedLink(
            machine.network, machine.line, client_id, will, lambda: self._wake(0.0), self._note_publish
        )
        return self._link

    def _note_publish(self, labels: Mapping[str, str], payload: bytes) -> None:
        """Note what a record reports as dropped."""
        machine = self._machine
        if machine.has_small_spool:
            decoded = decode_batch(payload)
            if isinstance(decoded, Refused):
                return
            for event in decoded.batch.events:
                if event.kind == SPOOL_DROPPED:
                    first = int(labels.get("first", labels["seq"]))
                    machine.dropped |= machine.truth.numbers(labels["epoch"], first, int(labels["seq"]))

    def _wake(self, delay_s: float) -> None:
        # The answer to a status alone is no news: otherwise each status would be followed by the next.
        if self._waits:
            self._quiet_s = _FIRST_TURN_S
        self._plan_turn(delay_s)

    def _plan_turn(self, delay_s: float) -> None:
        due = max(self._agenda.now_s + delay_s, self._machine.frozen_until_s)
        if due < self._turn_due:
            self._turn_due = due
            self._agenda.at(due, self._turn, due)

    def _turn(self, due: float) -> None:
        machine = self._machine
        if self._is_dead or due != self._turn_due:
            return
        self._turn_due = float("inf")
        if machine.frozen_until_s > self._agenda.now_s:
            self._plan_turn(0.0)
            return
        if machine.dies_in_turn is not None and self._is_connected:
            with_power, machine.dies_in_turn = machine.dies_in_turn, None
            self._die_within(self._run_uplink, with_power=with_power)
            return
        self._run_uplink()

    def _run_uplink(self) -> None:
        uplink = self.uplink
        try:
            if not self._is_connected:
                uplink.connect()
                self._is_connected = True
                self._quiet_s = _FIRST_TURN_S
            uplink.turn()
        except HeadlandError as error:
            uplink.disconnect()
            self._is_connected = False
            self._follow_epoch()
            self._plan_turn(uplink.note_failure(error))
            return
        self._follow_epoch()
        self._waits = bool(self.spool.status().records)
        if not self._waits:
            self._machine.to_report.clear()
        longest_s = _BUSY_TURN_S if self._waits else _IDLE_TURN_S
        self._plan_turn(min(self._quiet_s, longest_s))
        self._quiet_s = min(self._quiet_s * 4, longest_s)

    def _die_within(self, call: object, *, with_power: bool) -> None:
        """Make a call of which a part remains: the process ends within it."""
        machine = self._machine
        before = machine.disk.read()
        call()  # type: ignore[operator] # a call without arguments
        if machine.process is not self:
            return
        machine.disk.tear(before, with_power=with_power)
        machine.kill(with_power=with_power)


def _number(content: Content) -> int:
    value = content.blocks[0].c[NUMBER_CHANNEL][0]
    return 0 if value is None else round(value)


def numbers_of(payload: bytes) -> set[int]:
    """Return the numbers in an encoded message; none where it cannot be read."""
    decoded = decode_batch(payload)
    if isinstance(decoded, Refused):
        return set()
    columns = [block.c.get(NUMBER_CHANNEL, []) for block in decoded.batch.blocks]
    return {round(value) for column in columns for value in column if value is not None}
