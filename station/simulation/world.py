"""One simulated farm: gateways, broker and station under faults from one seed, then the verdict."""

from __future__ import annotations

import logging
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from station.simulation.agenda import Agenda
from station.simulation.answers import DropReports
from station.simulation.faults.catalogue import FAULTS
from station.simulation.inspection import find_contradictions, find_wrong_health
from station.simulation.machines.broker import Broker
from station.simulation.machines.gateway import SimulatedGateway
from station.simulation.machines.network import Network
from station.simulation.machines.numbers import device_of
from station.simulation.machines.receiver import CLIENT_ID, StationMachine
from station.simulation.machines.store import StoreEngine
from station.simulation.truth import GatewayTruth, GatewayVerdict, judge

_HOUR_S: Final = 3600.0
#: The length of one run of a campaign.
RUN_HOURS: Final = 24.0
#: Within this time after the last fault everything must be delivered.
_DRAIN_S: Final = 12 * _HOUR_S
_DRAIN_STEP_S: Final = 120.0
#: A farm that delivers does it in some hundred actions; one that does more turns in a circle.
_MOST_DRAIN_ACTIONS: Final = 20_000
#: The answers are compared with the truth so often, where nothing is being written then.
_LOOK_EVERY_S: Final = 3 * _HOUR_S
#: The mean time between two faults.
_FAULT_EVERY_S: Final = (0.5 * _HOUR_S, 4.0 * _HOUR_S)
#: The faults after which no place may know of a record: others never leave one without a trace.
_TRACELESS: Final = frozenset(
    ("lying-disk", "restore-spool", "restore-store", "restore-station", "delete-spool-in-use")
)
#: The same in a dense run, and how many kinds of fault most of them have.
_DENSE_EVERY_S: Final = (0.1 * _HOUR_S, 0.8 * _HOUR_S)
_DENSE_KINDS: Final = 5


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of one run; `faults` are the names of those that may happen, `is_dense` makes them follow closely."""

    seed: int
    hours: float = RUN_HOURS
    faults: Sequence[str] = tuple(FAULTS)
    engine: StoreEngine = "memory"
    is_dense: bool = False


@dataclass(slots=True)
class RunResult:
    """Result of one run: `chosen` are the faults that could happen, `faults` counts those that did.

    `trouble` is what is wrong beyond the verdicts.
    """

    seed: int
    hours: float
    digest: str = ""
    chosen: Sequence[str] = ()
    faults: Counter[str] = field(default_factory=Counter)
    verdicts: list[GatewayVerdict] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    last_lines: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether the delivery guarantee held."""
        return not self.trouble and all(verdict.is_sound for verdict in self.verdicts)

    def sentences(self) -> list[str]:
        """Return what is wrong."""
        wrong = list(self.trouble)
        for verdict in self.verdicts:
            for count, what in (
                (len(verdict.unsaid), f"lost and not said, of {len(verdict.lost)} lost: {verdict.unsaid[:5]}"),
                (len(verdict.doubled), f"stored twice: {verdict.doubled[:5]}"),
                (len(verdict.unknown), f"stored and never accepted: {verdict.unknown[:5]}"),
            ):
                if count:
                    wrong.append(f"{verdict.gateway}: {count} {what}")
        return wrong


def run_world(settings: RunSettings, lines_to: TextIO | None = None) -> RunResult:
    """Run a farm for `hours` and return the verdict; the same settings give the same result."""
    with _quiet(), tempfile.TemporaryDirectory(prefix="headland-simulation-", dir=_memory_folder()) as name:
        return _World(settings, Path(name), lines_to).run()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the parts from logging each fault that they meet."""
    loggers = [logging.getLogger(part) for part in ("edge", "ingest", "headland")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _memory_folder() -> str | None:
    """Return the folder of a file system in memory, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a new folder in it


class _World:
    """The farm of one run."""

    def __init__(self, settings: RunSettings, root: Path, lines_to: TextIO | None) -> None:
        self._settings = settings
        self._root = root
        self.rng = random.Random(settings.seed)  # noqa: S311 - repeatable chance is the point
        self.agenda = Agenda(lines_to)
        self.broker = Broker(self.agenda, max_queued=self.rng.choice((0, 0, 100, 1000)))
        self.network = Network(self.agenda, self._dice(), self.broker)
        self.receiver = StationMachine(self.agenda, self._dice(), self.network, root / "station", settings.engine)
        self.truths: dict[str, GatewayTruth] = {}
        self.gateways: list[SimulatedGateway] = []
        for number in range(self.rng.choice((1, 2, 3))):
            self.add_gateway(f"g{number}")
        # Half of the runs have one fault alone: their figures are its row in the report.
        names = list(settings.faults)
        self._chosen = [self.rng.choice(names)] if names and self.rng.random() < 0.5 else names
        if settings.is_dense:  # a few kinds that meet one another, or all of them
            self._chosen = self.rng.sample(names, min(_DENSE_KINDS, len(names))) if self.rng.random() < 0.7 else names
        self._result = RunResult(settings.seed, settings.hours, chosen=self._chosen)

    def add_gateway(self, origin: str) -> SimulatedGateway:
        """Add a machine of the gateway that was called `origin` at first, switched off."""
        truth = self.truths.setdefault(origin, GatewayTruth({origin}))
        index = len(self.gateways)
        folder = self._root / f"gateway-{index}"
        gateway = SimulatedGateway(self.agenda, self._dice(), self.network, folder, origin, index, truth)
        self.gateways.append(gateway)
        return gateway

    def run(self) -> RunResult:
        """Run, heal, drain and judge."""
        self.receiver.start()
        for gateway in self.gateways:
            gateway.start()
        end_s = self._settings.hours * _HOUR_S
        every_s = self.rng.uniform(*(_DENSE_EVERY_S if self._settings.is_dense else _FAULT_EVERY_S))
        self.agenda.after(_LOOK_EVERY_S, self._look, end_s)
        if self._chosen:
            self.agenda.after(self.rng.expovariate(1 / every_s), self._inject, every_s, end_s)
        self.agenda.run(end_s)
        self._heal()
        self._drain()
        self._judge()
        self._end()
        self._result.digest = self.agenda.digest()
        self._result.last_lines = list(self.agenda.last_lines)
        return self._result

    def _dice(self) -> random.Random:
        return random.Random(self.rng.getrandbits(64))  # noqa: S311 - repeatable chance is the point

    def _inject(self, every_s: float, end_s: float) -> None:
        name = self.rng.choice(self._chosen)
        self._result.faults[name] += 1
        self.agenda.note("fault", name)
        FAULTS[name](self)
        due_s = self.agenda.now_s + self.rng.expovariate(1 / every_s)
        if due_s < end_s:
            self.agenda.at(due_s, self._inject, every_s, end_s)

    def _look(self, end_s: float) -> None:
        """Compare the answers with the truth at a quiet moment."""
        if self.agenda.now_s < end_s:
            self.agenda.after(_LOOK_EVERY_S, self._look, end_s)
        if self.receiver.is_quiet():
            self._compare_answers("")

    def _compare_answers(self, when: str) -> None:
        reports = {origin: DropReports() for origin in self.truths}
        for gateway in self.gateways:
            of_origin = reports[gateway.origin]
            for key in gateway.dropped:
                epoch, first, last = key
                kind = of_origin.thinned if key in gateway.thinned else of_origin.dropped
                kind.setdefault(epoch, set()).update(range(first, last + 1))
        for sentence in find_contradictions(self.receiver, self.truths, reports):
            hour = self.agenda.now_s / _HOUR_S
            self._result.trouble.append(f"{sentence} ({when or f'at {hour:.1f} h'})")

    def _heal(self) -> None:
        """End every fault."""
        self.agenda.note("world", "heals")
        self.receiver.store.fault = ""
        self.receiver.store.refuses_before_ms = None
        self.receiver.clock.correct()
        self.receiver.frozen_until_s = 0.0
        for line in (self.receiver.line, *(gateway.line for gateway in self.gateways)):
            line.is_up = True
            line.speak()
            line.least_s, line.most_s = 0.02, 0.2
        self.broker.start()
        self.receiver.start()
        for gateway in self.gateways:
            gateway.disk.trouble = ""
            gateway.frozen_until_s = 0.0
            gateway.dies_in_append = gateway.dies_in_turn = None
            gateway.is_silenced = True

    def _drain(self) -> None:
        """Wait until every spool is empty; of machines with one name, one at a time runs."""
        end_s = self.agenda.now_s + _DRAIN_S
        most = self.agenda.done + _MOST_DRAIN_ACTIONS
        for gateway in self.gateways:
            for other in self.gateways:
                if other.name == gateway.name and other is not gateway:
                    other.stop()
            gateway.start()
            while gateway.waiting() or self.broker.queued(CLIENT_ID):
                if self.agenda.now_s > end_s:
                    self._result.trouble.append(
                        f"{gateway.name}: not delivered {_DRAIN_S / _HOUR_S:g} h after the last fault"
                    )
                    return
                if self.agenda.done > most:
                    what = f"{_MOST_DRAIN_ACTIONS} messages and turns after the last fault, and it is not delivered"
                    self._result.trouble.append(f"{gateway.name}: {what}")
                    return
                self.agenda.run(self.agenda.now_s + _DRAIN_STEP_S)

    def _judge(self) -> None:
        for gateway in self.gateways:
            gateway.stop()
        self._compare_answers("at the end")
        names = sorted(name for truth in self.truths.values() for name in truth.names)
        self._result.trouble += self.receiver.clock_trouble
        self._result.trouble += find_wrong_health(self.receiver, names)
        said = self.receiver.said(self.truths)
        for name, truth in self.truths.items():
            # The station's books had it and lost it, and the gateway's own has lost it as well.
            truth.untraced |= self.receiver.doubted(truth) | (truth.said_once & truth.forgotten)
            taken = truth.taken_by_power & truth.certain
            if taken:
                self._result.trouble.append(
                    f"{name}: a power cut took {len(taken)} accepted records: {min(taken)}, ..."
                )
            gateways = [gateway for gateway in self.gateways if gateway.origin == name]
            verdict = judge(
                name,
                truth,
                self.receiver.stored_numbers(device_of(name)),
                on_disk=set().union(*(gateway.numbers_on_disk() for gateway in gateways)),
                quarantined=self.receiver.quarantined_numbers(truth),
                dropped=set().union(*(self.receiver.arrived(truth, gateway.dropped) for gateway in gateways)),
                said=said[name],
            )
            self._result.verdicts.append(verdict)
            if verdict.untraced and not _TRACELESS & self._result.faults.keys():
                what = f"{verdict.untraced} records left no trace"
                self._result.trouble.append(f"{name}: {what}, and no fault happened that takes every trace")
            without_cause = set(verdict.lost) - truth.taken - truth.in_damaged
            if without_cause:
                some = sorted(without_cause)[:5]
                self._result.trouble.append(f"{name}: {len(without_cause)} records are lost that no fault took: {some}")
            self.agenda.note("verdict", str(verdict))

    def _end(self) -> None:
        self.receiver.kill()
        self.receiver.store.end()
