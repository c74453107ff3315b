"""Simulated process of ingest: the real service, its session and its writer each called when it has something to do."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Final, Protocol

from headland.clock.station_clock.station_clock import ClockSources, StationClock
from headland.store.port import WriteBatch, WriteResult
from ingest.machine import IngestMachine
from ingest.mqtt.inbox import InboundMessage, Inbox
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.simulation.agenda import Agenda, SimulatedClock
from station.simulation.machines.disk import Disk, ProcessKilled
from station.simulation.machines.links import SimulatedClient
from station.simulation.machines.network import Line, Network
from station.simulation.machines.store import SimulatedStore

#: The commit of a batch takes so long.
_COMMIT_S: Final = (0.002, 0.05)
_IDLE_S: Final = (60.0, 600.0)
#: The writer looks for requests of a replay so often.
_REPLAY_S: Final = 1.1
#: The marks are recorded beside the store so long after a commit.
_RECORD_S: Final = 10.0
#: A supervisor starts a process that ended within a commit again.
_RESTART_S: Final = (1.0, 60.0)


class _Inbox(Inbox):
    """An inbox that never waits: the simulation calls the writer when there is something."""

    def take(
        self,
        most: int,
        first_wait_s: float,
        more_wait_s: float,
        gap_s: float = 0.0,
        until: Callable[[], bool] = bool,
    ) -> list[InboundMessage]:
        """Return up to `most` messages."""
        del first_wait_s, more_wait_s, gap_s, until
        return self.take_now(most)


class Commits(Executor):
    """The commit thread: works run one after the other, in the order in which they were given.

    A work counts as under way until its result, or that of a later one, is asked for, or `run` is called.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Commit] = deque()

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """Return the result to come."""
        commit = _Commit(self, lambda: work(*arguments, **named))
        self._waiting.append(commit)
        return commit

    def run(self, before: Future[Any] | None) -> None:
        """Run the works that were given before one, or all."""
        while self._waiting and self._waiting[0] is not before:
            work = self._waiting.popleft()
            work.run()
            if isinstance(work.exception(), ProcessKilled):
                raise ProcessKilled

    @property
    def is_busy(self) -> bool:
        """Whether a work has not been done."""
        return bool(self._waiting)

    def run_with(self, last: Future[Any]) -> None:
        """Run a work, and before it those that were given before."""
        while not last.done():
            self._waiting.popleft().run()


class _Commit(Future[Any]):
    def __init__(self, commits: Commits, work: Callable[[], Any]) -> None:
        super().__init__()
        self._commits = commits
        self._work = work

    def run(self) -> None:
        """Do the work; its error is that of the result."""
        try:
            self.set_result(self._work())
        except BaseException as error:
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> Any:
        """Return the result, after the work."""
        del timeout
        self._commits.run_with(self)
        return super().result(0.0)


class IngestHost(Protocol):
    """What the process uses of its machine."""

    agenda: Agenda
    rng: random.Random
    network: Network
    line: Line
    clock: SimulatedClock
    disk: Disk
    store: SimulatedStore
    settings: IngestSettings
    frozen_until_s: float
    recorded: dict[tuple[str, str], int]

    def record_marks(self) -> None:
        """Record the store's marks beside it."""
        ...

    def start(self) -> None:
        """Start the process; nothing happens where it runs."""
        ...

    def kill(self) -> None:
        """Kill the process."""
        ...


class IngestProcess:
    """One run of the ingest service: a connection and a writer, each called when it has something to do."""

    def __init__(self, machine: IngestHost) -> None:
        self._machine = machine
        self._agenda = machine.agenda
        self._rng = machine.rng
        self._is_dead = False
        self._is_loaded = False
        self._is_writing = False
        self._client: SimulatedClient | None = None
        self._session_due = self._writer_due = float("inf")
        self._commits = Commits()
        sources = ClockSources(machine.clock.now_ms, machine.clock.monotonic_s, lambda: "boot", lambda: None)
        self.station_clock = StationClock(machine.disk.folder / "clock.json", sources=sources)
        self.service = IngestService(
            machine.settings,
            machine.store,
            machine=IngestMachine(
                clock=self.station_clock.machine(machine.clock.machine_clock()),
                station_clock=self.station_clock,
                make_client=self._make_client,
                make_inbox=self._make_inbox,
                make_commits=lambda: self._commits,
                make_wait=self._make_wait,
            ),
        )

        self.service.recorded_marks = lambda: machine.recorded
        self.service.writer.on_commit = self._plan_record
        self._is_record_planned = False

    @property
    def is_quiet(self) -> bool:
        """Whether what is committed has been read, and nothing is written now."""
        return self._is_loaded and not self._is_writing and self._machine.frozen_until_s <= self._agenda.now_s

    def begin(self) -> None:
        """Start both loops."""
        self._plan_session(0.01)
        self._plan_writer(0.01)

    def die(self, *, with_power: bool) -> None:
        """End the process; where the writer waits for the store, its wait raises ProcessKilled."""
        self._is_dead = True
        if self._client is not None:
            self._client.die(with_power=with_power)
        if not self._is_writing:
            self._close_files()

    def _plan_record(self, _: WriteBatch, __: WriteResult) -> None:
        if not self._is_record_planned:
            self._is_record_planned = True
            self._agenda.after(_RECORD_S, self._record)

    def _record(self) -> None:
        self._is_record_planned = False
        if not self._is_dead:
            self._machine.record_marks()

    def look_for_replays(self) -> None:
        """Call the writer soon."""
        self._plan_writer(1.0)

    def _close_files(self) -> None:
        files = self._machine.disk.read()
        self.service.quarantine.close()
        self._machine.disk.write(files)

    def _make_client(self, *_: Any, client_id: str, **__: Any) -> SimulatedClient:
        machine = self._machine
        self._client = SimulatedClient(machine.network, machine.line, lambda: self._plan_session(0.0), client_id)
        return self._client

    def _make_inbox(self, limit: int) -> Inbox:
        self._inbox = _Inbox(limit)
        return self._inbox

    def _make_wait(self, stopping: threading.Event) -> Callable[[float], bool]:
        """Return the wait of a failed transaction: meanwhile everything else goes on."""

        def wait(wait_s: float) -> bool:
            self._agenda.run(self._agenda.now_s + wait_s, lambda: self._is_dead)
            if self._is_dead:
                raise ProcessKilled
            return stopping.is_set()

        return wait

    def _plan_session(self, delay_s: float) -> None:
        due = max(self._agenda.now_s + delay_s, self._machine.frozen_until_s)
        if due < self._session_due:
            self._session_due = due
            self._agenda.at(due, self._run_session, due)

    def _plan_writer(self, delay_s: float) -> None:
        due = max(self._agenda.now_s + delay_s, self._machine.frozen_until_s)
        if due < self._writer_due:
            self._writer_due = due
            self._agenda.at(due, self._run_writer, due)

    def _run_session(self, due: float) -> None:
        if self._is_dead or due != self._session_due:
            return
        self._session_due = float("inf")
        if self._machine.frozen_until_s > self._agenda.now_s:
            self._plan_session(0.0)
            return
        subscriber = self.service.subscriber
        try:
            if self._client is None:
                subscriber.connect()
                self._plan_writer(1.0)
            elif not subscriber.turn(self._client):  # type: ignore[arg-type] # it has what the subscriber uses
                self._client = None
                self._plan_session(subscriber.note_end())
        except OSError as error:
            self._client = None
            self._plan_session(subscriber.note_end(error))
        if len(self._inbox):
            self._plan_writer(0.0)

    def _run_writer(self, due: float) -> None:
        if self._is_dead or due != self._writer_due:
            return
        self._writer_due = float("inf")
        if self._machine.frozen_until_s > self._agenda.now_s or self._is_writing:
            self._plan_writer(1.0 if self._is_writing else 0.0)
            return
        self._is_writing = True
        writer = self.service.writer
        received, replayed = writer.counts["received"], writer.counts["replayed"]
        try:
            if not self._is_loaded:
                self._is_loaded = writer.load()
            writer.turn()
        except ProcessKilled:
            self._end_within_commit()
            return
        finally:
            self._is_writing = False
        if self._commits.is_busy:
            self._agenda.after(self._rng.uniform(*_COMMIT_S), self._run_commits)
        is_busy = writer.counts["received"] > received
        if writer.counts["replayed"] > replayed:
            self._plan_writer(_REPLAY_S)
        self._plan_writer(self._rng.uniform(*(_COMMIT_S if is_busy else _IDLE_S)))

    def _run_commits(self) -> None:
        """Do what nobody waits for, as far as no commit is under way before it."""
        if self._is_dead:
            return
        if self._machine.frozen_until_s > self._agenda.now_s or self._is_writing:
            self._agenda.after(1.0, self._run_commits)
            return
        self._is_writing = True
        try:
            self._commits.run(self.service.writer.commit_under_way)
        except ProcessKilled:
            self._end_within_commit()
        finally:
            self._is_writing = False

    def _end_within_commit(self) -> None:
        self._agenda.note("ingest", "ends within a commit")
        self._machine.kill()
        self._close_files()
        self._agenda.after(self._rng.uniform(*_RESTART_S), self._machine.start)
