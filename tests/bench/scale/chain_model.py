"""Model of one station as a chain of servers: broker, network thread, writer and store, on some cores, event by event.

A server is a thread of the real station. Servers that are busy at once share the cores, and those of Python's threads
share one interpreter. The writer gathers what waits into one transaction while another is committed, as `ingest.writer`
does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from ingest.settings import IngestSettings
from ingest.writer import MAX_BATCH_POINTS
from station.simulation.agenda import Agenda

_SETTINGS: Final = IngestSettings(quarantine_path=Path())
BATCH_MESSAGES: Final = _SETTINGS.batch_messages
BATCH_WAIT_S: Final = _SETTINGS.batch_wait_s
#: Processor time that is nothing.
_NOTHING_S: Final = 1e-12


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """Processor seconds of each part, as measured on one machine; a commit also waits for the disk.

    Ingest's threads are `receive`, `build` (with acknowledgements) and `commit`; `engine` are the store's own threads,
    for which a commit waits.
    """

    publish_message_s: float
    broker_message_s: float
    receive_message_s: float
    build_batch_s: float
    build_message_s: float
    build_point_s: float
    commit_batch_s: float
    commit_message_s: float
    commit_point_s: float
    engine_batch_s: float
    engine_message_s: float
    engine_point_s: float
    commit_wait_s: float
    #: Of the broker and the network thread for a message that wakes them.
    wake_message_s: float

    def build_s(self, messages: int, points: int) -> float:
        """Return the writer's time for a batch."""
        return self.build_batch_s + messages * self.build_message_s + points * self.build_point_s

    def commit_s(self, messages: int, points: int) -> float:
        """Return the commit thread's time for a batch."""
        return self.commit_batch_s + messages * self.commit_message_s + points * self.commit_point_s

    def engine_s(self, messages: int, points: int) -> float:
        """Return the time of the store's own threads for a batch."""
        return self.engine_batch_s + messages * self.engine_message_s + points * self.engine_point_s

    def gathered_s(self, messages: int, points: int) -> float:
        """Return the processor time of a transaction whose messages come one by one."""
        of_batch_s = self.build_s(messages, points) + self.commit_s(messages, points) + self.engine_s(messages, points)
        return messages * self.wake_message_s + of_batch_s


@dataclass(frozen=True, slots=True)
class Arrival:
    """Messages of `points` samples that reach the broker at some instants [s], ascending."""

    points: int
    at_s: Iterable[float]


@dataclass(slots=True)
class ChainResult:
    """What a run showed: seconds from publish to commit ack of each message, and each server's busy seconds."""

    took_s: list[float] = field(default_factory=list)
    ended_s: float = 0.0
    points: int = 0
    commits: int = 0
    most_waiting: int = 0
    busy_s: dict[str, float] = field(default_factory=dict)

    @property
    def points_per_s(self) -> float:
        """Points committed a second, over the whole run."""
        return self.points / self.ended_s if self.ended_s else 0.0

    def quantile_ms(self, share: float) -> float:
        """Return a quantile of the time from publish to commit ack [ms]."""
        return float(np.quantile(self.took_s, share)) * 1000.0 if self.took_s else float("nan")


@dataclass(slots=True)
class _Work:
    """Work under way: what is left of it [s], and what follows."""

    left_s: float
    is_python: bool
    then: Callable[..., None]
    arguments: tuple[Any, ...]
    speed: float = 0.0


class Cores:
    """Some cores that busy servers share equally; all of Python's threads together have one of those shares."""

    def __init__(self, agenda: Agenda, cores: float) -> None:
        self._agenda = agenda
        self._cores = cores
        self._under_way: list[_Work] = []
        self._since_s = 0.0
        self._turn = 0
        self.busy_s: dict[str, float] = {}

    def work(
        self, name: str, seconds: float, then: Callable[..., None], *arguments: Any, is_python: bool = False
    ) -> None:
        """Begin some work, and call `then` at its end."""
        self.busy_s[name] = self.busy_s.get(name, 0.0) + seconds
        self._advance()
        self._under_way.append(_Work(seconds, is_python, then, arguments))
        self._plan()

    def _advance(self) -> None:
        passed_s = self._agenda.now_s - self._since_s
        self._since_s = self._agenda.now_s
        for work in self._under_way:
            work.left_s -= passed_s * work.speed

    def _plan(self) -> None:
        """Share the cores, and plan the next end of any work."""
        self._turn += 1
        if not self._under_way:
            return
        python = sum(work.is_python for work in self._under_way)
        share = min(1.0, self._cores / (len(self._under_way) - python + (python > 0)))
        for work in self._under_way:
            work.speed = share / python if work.is_python else share
        next_s = min(work.left_s / work.speed for work in self._under_way)
        self._agenda.after(max(0.0, next_s), self._end, self._turn)

    def _end(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._advance()
        least_s = max(_NOTHING_S, min(work.left_s for work in self._under_way))
        ended = [work for work in self._under_way if work.left_s <= least_s]
        self._under_way = [work for work in self._under_way if work.left_s > least_s]
        self._plan()
        for work in ended:
            work.then(*work.arguments)


class ChainModel:
    """A station that takes messages; `window` is how many a publisher has under way, None for an open load."""

    def __init__(self, times: ServiceTimes, cores: float, window: int | None = None) -> None:
        self._times = times
        self._agenda = Agenda()
        self._cores = Cores(self._agenda, cores)
        self._window = window
        self._at_broker: deque[tuple[float, int]] = deque()
        self._at_network: deque[tuple[float, int]] = deque()
        self._inbox: deque[tuple[float, int]] = deque()
        self._built: tuple[list[tuple[float, int]], int] | None = None
        #: Committed, and not yet acknowledged: the writer is busy with the next batch.
        self._to_acknowledge: list[tuple[float, int]] = []
        self._is_brokering = self._is_receiving = self._is_committing = False
        #: The writer waits for a first message, or with an empty inbox for a commit; gathers; or builds.
        self._is_gathering = self._is_building = self._awaits_commit = False
        self._turn = 0
        self._to_publish: deque[int] = deque()
        self._is_publishing = False
        self._under_way = 0
        self.result = ChainResult()

    def run_paced(self, arrivals: Iterable[Arrival], until_s: float) -> ChainResult:
        """Return the result of an open load: messages come when they come."""
        for arrival in arrivals:
            for at_s in arrival.at_s:
                self._agenda.at(at_s, self._arrive, arrival.points)
        return self._run(until_s)

    def run_closed(self, messages: int, points: int, until_s: float = 1e6) -> ChainResult:
        """Return the result of a publisher that sends as fast as its window lets it."""
        self._to_publish.extend([points] * messages)
        self._publish()
        return self._run(until_s)

    def _run(self, until_s: float) -> ChainResult:
        self._agenda.run(until_s)
        self.result.busy_s = dict(self._cores.busy_s)
        return self.result

    def _publish(self) -> None:
        is_free = self._window is None or self._under_way < self._window
        if self._is_publishing or not self._to_publish or not is_free:
            return
        self._is_publishing = True
        self._under_way += 1
        points = self._to_publish.popleft()
        self._cores.work("publisher", self._times.publish_message_s, self._published, points)

    def _published(self, points: int) -> None:
        self._is_publishing = False
        self._arrive(points)
        self._publish()

    def _arrive(self, points: int) -> None:
        self._at_broker.append((self._agenda.now_s, points))
        waiting = len(self._at_broker) + len(self._at_network) + len(self._inbox)
        self.result.most_waiting = max(self.result.most_waiting, waiting)
        self._forward()

    def _forward(self) -> None:
        if self._is_brokering or not self._at_broker:
            return
        self._is_brokering = True
        self._cores.work("broker", self._times.broker_message_s, self._forwarded)

    def _forwarded(self) -> None:
        self._is_brokering = False
        self._at_network.append(self._at_broker.popleft())
        self._receive()
        self._forward()

    def _receive(self) -> None:
        if self._is_receiving or not self._at_network:
            return
        self._is_receiving = True
        self._cores.work("network", self._times.receive_message_s, self._received, is_python=True)

    def _received(self) -> None:
        self._is_receiving = False
        self._inbox.append(self._at_network.popleft())
        if self._is_gathering and len(self._inbox) >= BATCH_MESSAGES:
            self._take(self._turn)
        self._gather()
        self._receive()

    def _gather(self) -> None:
        """Let the writer wait for more messages, where it is free and the first one is there."""
        if self._is_gathering or self._is_building or self._built or self._awaits_commit or not self._inbox:
            return
        self._is_gathering = True
        self._turn += 1
        self._agenda.after(BATCH_WAIT_S if len(self._inbox) < BATCH_MESSAGES else 0.0, self._take, self._turn)

    def _take(self, turn: int) -> None:
        """Build a batch of what waits."""
        if turn != self._turn or not self._is_gathering:
            return
        self._is_gathering, self._is_building = False, True
        batch: list[tuple[float, int]] = []
        points = 0
        while self._inbox and len(batch) < BATCH_MESSAGES and points < MAX_BATCH_POINTS:
            batch.append(self._inbox.popleft())
            points += batch[-1][1]
        seconds = self._times.build_s(len(batch), points)
        self._cores.work("writer", seconds, self._hand_over, batch, points, is_python=True)

    def _hand_over(self, batch: list[tuple[float, int]], points: int) -> None:
        self._is_building = False
        self._built = (batch, points)
        self._acknowledge()
        self._commit()

    def _commit(self) -> None:
        """Commit the built batch once the one before is committed; the next is gathered meanwhile."""
        if self._is_committing or self._built is None:
            return
        (batch, points), self._built = self._built, None
        self._is_committing = True
        seconds = self._times.commit_s(len(batch), points)
        self._cores.work("commit", seconds, self._prepared, batch, points, is_python=True)
        # Where nothing waits, the writer waits for the commit, and gathers after it.
        self._awaits_commit = not self._inbox
        self._gather()

    def _prepared(self, batch: list[tuple[float, int]], points: int) -> None:
        seconds = self._times.engine_s(len(batch), points)
        self._cores.work("engine", seconds, self._written, batch, points)

    def _written(self, batch: list[tuple[float, int]], points: int) -> None:
        self._agenda.after(self._times.commit_wait_s, self._committed, batch, points)

    def _committed(self, batch: list[tuple[float, int]], points: int) -> None:
        self._is_committing = self._awaits_commit = False
        self.result.points += points
        self.result.commits += 1
        self._to_acknowledge += batch
        if not self._is_building:
            self._acknowledge()
        self._commit()
        self._gather()

    def _acknowledge(self) -> None:
        now_s = self._agenda.now_s
        self.result.took_s += [now_s - began_s for began_s, _ in self._to_acknowledge]
        self._under_way -= len(self._to_acknowledge)
        if self._to_acknowledge:
            self.result.ended_s = now_s
        self._to_acknowledge = []
        self._publish()
