"""One source of a gateway on a thread of its own, run again whenever it ends."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal

from edge.agent.plugin_loader import tag_of
from edge.agent.settings import EdgeSettings, SourceSettings
from edge.agent.sources.factory import SharedParts, build_source
from edge.agent.status import SourceStatus
from edge.plugins import PluginSettings
from edge.sources.connection.reconnect import Backoff
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.source import NotingSource, Sink, Source
from headland.contract.records import SourceReport
from headland.contract.texts import displayable
from headland.errors import HeadlandError
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

_LOGGER = logging.getLogger(__name__)

#: For so long a source that ended by itself is reported with its reason.
_FAILED_FOR_S: Final = 120.0
_SOURCE_BACKOFF: Final = Backoff(1.0, 60.0)


class SourceRunner:
    """One source and its thread `source-<name>`; restarts the source, with a growing wait, whenever it fails."""

    def __init__(
        self, settings: SourceSettings | PluginSettings, edge: EdgeSettings, parts: SharedParts | None = None
    ) -> None:
        """Build the source. Raises SettingsError."""
        self._settings = settings
        self._build: Callable[[], Source] = lambda: build_source(settings, edge, parts)
        self._source = self._build()
        self._restarts = 0
        self._last_error = ""
        self._failed_s = -math.inf
        self._sink: Sink | None = None
        self._counts_read: Mapping[str, int] = {}
        self._thread = SupervisedThread(
            f"source-{settings.name}", self._run_once, overdue_after_s=None, reports_success=True
        )
        self._stopping = self._thread.stopping

    @property
    def name(self) -> str:
        """The source's name in edge.toml."""
        return self._settings.name

    @property
    def is_vehicle(self) -> bool:
        """Whether the source reads vehicles, to which only limits of edge.toml apply."""
        return isinstance(self._settings, MavlinkSettings)

    def start(self, sink: Sink) -> None:
        """Start the thread."""
        self._sink = sink
        self._thread.start()

    def request_stop(self) -> None:
        """Make the thread end within a second."""
        self._stopping.set()
        self._stop_source()

    def join(self, wait_s: float) -> None:
        """Wait for the thread's end."""
        self._thread.join(wait_s)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread; its last success is the last look at which the source had counted more."""
        counts = self._counters()
        if counts != self._counts_read:
            self._counts_read = counts
            self._thread.succeed()
        return [self._thread.status()]

    def status(self) -> SourceStatus:
        """Return the status of the source."""
        counters = self._counters()
        return SourceStatus(
            name=self._settings.name,
            type=tag_of(self._settings),
            running=self._thread.is_alive(),
            restarts=self._restarts,
            last_error=self._last_error,
            counters=counters,
            notes=self._sentences("notes"),
            warnings=self._sentences("warnings"),
        )

    def report(self) -> SourceReport:
        """Return the source for the gateway's status at the station: what prevents it from reading, where known."""
        warnings = self._sentences("warnings")
        failed = time.monotonic() - self._failed_s < _FAILED_FOR_S
        trouble = warnings[0] if warnings else self._last_error if failed else ""
        return SourceReport(
            name=self._settings.name,
            type=tag_of(self._settings),
            restarts=self._restarts,
            trouble=displayable(trouble),
        )

    def _sentences(self, of: Literal["notes", "warnings"]) -> list[str]:
        """Return the source's sentences; an exception of a plug-in there must not end the gateway."""
        source = self._source
        if not isinstance(source, NotingSource):
            return []
        try:
            return [str(sentence) for sentence in (source.notes() if of == "notes" else source.warnings())]
        except Exception as error:
            self._last_error = f"{type(error).__name__}: {error}"
            return []

    def _counters(self) -> Mapping[str, int]:
        """Return the source's counters; an exception of a plug-in there must not end the gateway."""
        try:
            return dict(self._source.counters())
        except Exception as error:
            self._last_error = f"{type(error).__name__}: {error}"
            return {}

    def _run_once(self) -> None:
        """Run the source until it ends or fails, wait, and build it again: one source must never end the others."""
        try:
            if self._sink is not None:
                self._source.run(self._sink)
            reason = "it ended by itself"
        except HeadlandError as error:
            reason = str(error)
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            self._thread.note_failure(error)
        if self._stopping.is_set():
            return
        self._last_error, self._failed_s = reason, time.monotonic()
        self._restarts += 1
        wait_s = _SOURCE_BACKOFF.wait_s(self._restarts, random.random())  # noqa: S311 - jitter, not a secret
        _LOGGER.warning("source %s stopped, restart in %.1f s: %s", self._settings.name, wait_s, reason)
        if not self._stopping.wait(wait_s):
            self._rebuild()

    def _rebuild(self) -> None:
        """Replace the source by a new one; where that fails the old one runs again."""
        try:
            self._source = self._build()
        except HeadlandError as error:
            self._last_error = str(error)
        if self._stopping.is_set():
            self._stop_source()

    def _stop_source(self) -> None:
        """Stop the source; an exception here must not keep the other sources running."""
        try:
            self._source.stop()
        except Exception:
            _LOGGER.warning("source %s cannot be stopped", self._settings.name, exc_info=True)
