"""A sink that collects everything it receives."""

from __future__ import annotations

from collections.abc import Sequence

from edge.sources.source import Reading, Readings
from headland.contract.records import Descriptor, Event


class ListSink:
    """Readings, events and descriptors in lists."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.events: list[Event] = []
        self.descriptors: list[Descriptor] = []

    def reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def runs(self, runs: Sequence[Readings]) -> None:
        for run in runs:
            self.readings.extend(run.rows())

    def event(self, event: Event) -> None:
        self.events.append(event)

    def describe(self, descriptor: Descriptor) -> None:
        self.descriptors.append(descriptor)
