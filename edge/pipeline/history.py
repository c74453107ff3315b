"""Sink for samples of the past that are read while the gateway runs: checked like an import, without alarms."""

from __future__ import annotations

from collections.abc import Sequence

from edge.pipeline.factory import make_import_processor
from edge.pipeline.settings import ProcessorSettings
from edge.sources.source import Reading, Readings, Sink
from headland.contract.records import Descriptor, Event


class HistoryOutput:
    """Channels of the past of one source: what is calibrated or tested has its own state, beside that of live rows."""

    def __init__(self, settings: ProcessorSettings, source: str, behind: Sink) -> None:
        self._settings = settings
        self._source = source
        self._behind = behind
        self._begin()

    def reading(self, reading: Reading) -> None:
        """Process a row."""
        self._sink.reading(reading)

    def runs(self, runs: Sequence[Readings]) -> None:
        """Process rows by column."""
        self._sink.runs(runs)

    def event(self, event: Event) -> None:
        """Pass an event on."""
        self._sink.event(event)

    def describe(self, descriptor: Descriptor) -> None:
        """Pass a descriptor on."""
        self._sink.describe(descriptor)

    def finish(self) -> None:
        """Release rows that wait for a next one, and begin anew."""
        self._processor.finish(self._behind)
        self._begin()

    def _begin(self) -> None:
        self._processor = make_import_processor(self._settings)
        self._sink = self._processor.sink(self._source, self._behind, has_limits=False)
