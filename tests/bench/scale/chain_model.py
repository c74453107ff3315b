"""Model of one station as a chain of servers: broker, batch builder and store, on some cores, event by event.

A server is a thread of the real station. Work of servers that are busy at once is stretched where they are more than
the cores. The builder gathers what waits into one transaction while another is committed, as `ingest.writer` does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ingest.settings import IngestSettings
from ingest.writer import MAX_BATCH_POINTS
from station.simulation.agenda import Agenda

_SETTINGS: Final = IngestSettings(quarantine_path=Path())
BATCH_MESSAGES: Final = _SETTINGS.batch_messages
BATCH_WAIT_S: Final = _SETTINGS.batch_wait_s


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """Processor seconds of each part, as measured on one machine; a commit also waits for the disk."""

    publish_message_s: float
    broker_message_s: float
    build_message_s: float
    build_point_s: float
    commit_batch_s: float
    commit_point_s: float
    commit_wait_s: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """Messages of `points` samples that reach the broker at some instants [s], ascending."""

    points: int
    at_s: Iterable[float]


@dataclass(slots=True)
class ChainResult:
    """What a run showed: seconds from publish to commit of each message, and each server's busy seconds."""

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
        """Return a quantile of the time from publish to commit [ms]."""
        return float(np.quantile(self.took_s, share)) * 1000.0 if self.took_s else float("nan")


class Cores:
    """Some cores that servers share; work that starts while more servers are busy than there are cores is stretched."""

    def __init__(self, agenda: Agenda, cores: float) -> None:
        self._agenda = agenda
        self._cores = cores
        self.busy = 0
        self.busy_s: dict[str, float] = {}

    def work(self, name: str, seconds: float) -> float:
        """Begin some work; return how long it takes now."""
        self.busy += 1
        self.busy_s[name] = self.busy_s.get(name, 0.0) + seconds
        return seconds * max(1.0, self.busy / self._cores)

    def end(self) -> None:
        """End the work of one server."""
        self.busy -= 1


class ChainModel:
    """A station that takes messages; `window` is how many a publisher has under way, None for an open load."""

    def __init__(self, times: ServiceTimes, cores: float, window: int | None = None) -> None:
        self._times = times
        self._agenda = Agenda()
        self._cores = Cores(self._agenda, cores)
        self._window = window
        self._at_broker: deque[tuple[float, int]] = deque()
        self._inbox: deque[tuple[float, int]] = deque()
        self._built: tuple[list[tuple[float, int]], int] | None = None
        self._is_brokering = self._is_building = self._is_gathering = self._is_committing = False
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
        took_s = self._cores.work("publisher", self._times.publish_message_s)
        self._agenda.after(took_s, self._published, points)

    def _published(self, points: int) -> None:
        self._cores.end()
        self._is_publishing = False
        self._arrive(points)
        self._publish()

    def _arrive(self, points: int) -> None:
        self._at_broker.append((self._agenda.now_s, points))
        self._note_waiting()
        self._forward()

    def _forward(self) -> None:
        if self._is_brokering or not self._at_broker:
            return
        self._is_brokering = True
        self._agenda.after(self._cores.work("broker", self._times.broker_message_s), self._forwarded)

    def _forwarded(self) -> None:
        self._cores.end()
        self._is_brokering = False
        self._inbox.append(self._at_broker.popleft())
        if self._is_gathering and len(self._inbox) >= BATCH_MESSAGES:
            self._take(self._turn)
        self._build()
        self._forward()

    def _build(self) -> None:
        """Take what waits, up to a batch, as soon as the builder is free and something is there."""
        if self._is_building or not self._inbox:
            return
        self._is_building = self._is_gathering = True
        self._turn += 1
        self._agenda.after(BATCH_WAIT_S if len(self._inbox) < BATCH_MESSAGES else 0.0, self._take, self._turn)

    def _take(self, turn: int) -> None:
        if turn != self._turn or not self._is_gathering:
            return
        self._is_gathering = False
        batch: list[tuple[float, int]] = []
        points = 0
        while self._inbox and len(batch) < BATCH_MESSAGES and points < MAX_BATCH_POINTS:
            batch.append(self._inbox.popleft())
            points += batch[-1][1]
        seconds = len(batch) * self._times.build_message_s + points * self._times.build_point_s
        self._agenda.after(self._cores.work("builder", seconds), self._hand_over, batch, points)

    def _hand_over(self, batch: list[tuple[float, int]], points: int) -> None:
        self._cores.end()
        self._built = (batch, points)
        self._commit()

    def _commit(self) -> None:
        """Commit the built batch once the one before is committed; the next is built meanwhile."""
        if self._is_committing or self._built is None:
            return
        (batch, points), self._built = self._built, None
        self._is_committing = True
        seconds = self._times.commit_batch_s + points * self._times.commit_point_s
        self._agenda.after(self._cores.work("store", seconds), self._written, batch, points)
        self._is_building = False
        self._build()

    def _written(self, batch: list[tuple[float, int]], points: int) -> None:
        self._cores.end()
        self._agenda.after(self._times.commit_wait_s, self._committed, batch, points)

    def _committed(self, batch: list[tuple[float, int]], points: int) -> None:
        self._is_committing = False
        now_s = self._agenda.now_s
        self.result.took_s += [now_s - began_s for began_s, _ in batch]
        self.result.points += points
        self.result.commits += 1
        self.result.ended_s = now_s
        self._under_way -= len(batch)
        self._commit()
        self._publish()

    def _note_waiting(self) -> None:
        waiting = len(self._at_broker) + len(self._inbox)
        self.result.most_waiting = max(self.result.most_waiting, waiting)
