"""One run of a simulated gateway's daemon: the real spool and uplink, called when they have something to do."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final, Protocol

from edge.pipeline.batcher import Content
from edge.spool.queue import Spool
from edge.uplink.connection import Will
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.contract.codec import decode_batch
from headland.contract.records import SPOOL_DROPPED
from headland.contract.refusals import Refused
from headland.errors import HeadlandError
from station.simulation.agenda import Agenda, SimulatedClock
from station.simulation.machines.disk import Disk, Files
from station.simulation.machines.links import SimulatedLink
from station.simulation.machines.network import Line, Network
from station.simulation.machines.numbers import number_in, numbers_of
from station.simulation.truth import GatewayTruth

SPOOL_FILE: Final = "spool.sqlite"
#: What the spool knows beside its file.
CHECK_FILE: Final = f"{SPOOL_FILE}.check"
#: How long until the uplink's thread runs again: soon after something happened, then later and later.
_FIRST_TURN_S: Final = 0.5
_BUSY_TURN_S: Final = 30.0
_IDLE_TURN_S: Final = 600.0
_RETRY_S: Final = 30.0
#: As many messages are held in memory while the spool accepts none.
_MOST_HELD: Final = 500


class GatewayMachine(Protocol):
    """What a daemon uses of its machine."""

    agenda: Agenda
    rng: random.Random
    network: Network
    name: str
    truth: GatewayTruth
    disk: Disk
    clock: SimulatedClock
    line: Line
    broker: BrokerSettings
    interval_s: float
    group: int
    has_small_spool: bool
    is_silenced: bool
    frozen_until_s: float
    dies_in_append: bool | None
    dies_in_turn: bool | None
    epoch: str
    records: dict[int, int]
    memory: dict[str, dict[int, int]]
    dropped: dict[tuple[str, int, int], set[int]]
    thinned: set[tuple[str, int, int]]
    to_report: set[int]
    gone: set[int]
    waited: set[int]
    process: GatewayProcess | None

    def contents(self, count: int) -> list[Content]:
        """Return messages with the next numbers, one each."""
        ...

    def read_records(self, files: Files) -> dict[int, int]:
        """Return the numbers of the records in the spool's file by their seqs."""
        ...

    def note_records(self, epoch: str, records: Mapping[int, int]) -> None:
        """Note which numbers the records of this machine's spool hold."""
        ...

    def note(self, what: str) -> None:
        """Add a line to the trace."""
        ...

    def kill(self, *, with_power: bool = False) -> None:
        """Kill the daemon, or cut the machine's power."""
        ...


class GatewayProcess:
    """One run of the daemon."""

    def __init__(self, machine: GatewayMachine, spool: Spool) -> None:
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
        numbers = [number_in(content) for content in self._held]
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
        """Note the new numbers of the records where an epoch began."""
        machine, spool = self._machine, self.spool
        if spool.epoch == machine.epoch:
            return
        machine.note(f"begins epoch {spool.epoch}, last {spool.last_seq}")
        if spool.counters()["damaged"] > self._damaged:
            self._damaged += 1
            machine.truth.in_damaged.update(machine.records.values())
        machine.note_records(spool.epoch, machine.read_records(machine.disk.read()))

    def die(self, *, with_power: bool) -> None:
        """End at once: the files remain as they are."""
        self._is_dead = True
        if self._link is not None:
            self._link.die(with_power=with_power)
        files = self._machine.disk.read()
        machine = self._machine
        machine.waited = {number for seq, number in machine.records.items() if seq > self.spool.acked_seq}
        if SPOOL_FILE not in files:
            machine.truth.taken |= machine.waited
        if CHECK_FILE not in files:  # deleted in use, and not noticed before the end
            machine.truth.forgotten |= machine.gone
            if SPOOL_FILE not in files:
                machine.truth.untraced |= machine.waited | machine.to_report
        self._close(files)

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
            self._follow_epoch()  # it may have begun in this turn
            first, last = int(labels.get("first", labels["seq"])), int(labels["seq"])
            if decoded.batch.thinned or any(event.kind == SPOOL_DROPPED for event in decoded.batch.events):
                known = machine.memory.get(labels["epoch"], {})  # of this machine alone: a copy may use the same seqs
                covered = {number for seq, number in known.items() if first <= seq <= last}
                report = (labels["epoch"], first, last)
                machine.dropped.setdefault(report, set()).update(covered - numbers_of(payload))
                if decoded.batch.thinned:
                    machine.thinned.add(report)

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
