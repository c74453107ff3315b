"""Import of logs and tables through the parts of the gateway: source, batcher, spool, uplink, until all is stored."""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from edge.agent.agent import software_version
from edge.agent.gc_tuning import tune_gc
from edge.agent.settings import EdgeSettings
from edge.imports.file_types import LogSource, find_files, open_source, report_file
from edge.imports.report import FileReport, ImportReport, Progress, SilenceFinder, estimate_left_s
from edge.imports.sentences import Sentence, in_language
from edge.imports.table.loggers.logger_table import LoggerChoice
from edge.imports.table.map import LoadedMap
from edge.imports.table.source import TableSource
from edge.pipeline.batcher import Batcher, Content
from edge.pipeline.factory import make_import_processor
from edge.sources.source import Reading, Readings
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.uplink import Uplink
from headland.contract.records import Descriptor, Event
from headland.errors import DataDamaged, HeadlandError, RetryLater, SettingsError
from headland.i18n import Language

__all__ = ["FileReport", "ImportReport", "NothingReadable", "Progress", "import_files"]

_LOGGER = logging.getLogger(__name__)

SPOOL_FILE: Final = "import-spool.sqlite"
#: The reader waits while so much is not sent yet: an import never makes the spool drop anything.
_MAX_WAITING_BYTES: Final = 32_000_000
_SPOOL_BYTES: Final = 128_000_000
_GROUP_RECORDS: Final = 50
_PROGRESS_S: Final = 0.2
#: After how long without progress the reason is shown, and how often that sentence changes.
_SILENCE_S: Final = 5.0
#: How often an import looks whether another one has ended.
_LOCKED_S: Final = 0.2


class NothingReadable(DataDamaged):
    """None of the files is readable; `report` says of each why."""

    def __init__(self, report: ImportReport, language: Language) -> None:
        super().__init__("; ".join(in_language(file.error, language) for file in report.files))
        self.report = report


def import_files(
    paths: Sequence[Path],
    settings: EdgeSettings,
    *,
    progress: Callable[[Progress], None],
    stop: threading.Event,
    table_map: LoadedMap | None = None,
    start_ms: int | None = None,
    language: Language = "en",
    waits: bool = True,
    choice: LoggerChoice | None = None,
) -> ImportReport:
    """Import `paths` and return when the store has all of it, or soon after `stop` is set.

    They are files, folders and patterns: of tables where `table_map` describes them, else of logs. The import waits for
    a broker or station that is not available. Records that an earlier call left in the spool go first. The same file
    gives the same points, so that repeating an import adds nothing. `choice` is what tables of loggers do not say of
    themselves. `start_ms` is the UTC of the first message of a
    single log that does not know its own. Where another import has the spool, this one begins when that has ended; if
    not `waits`, RetryLater is raised instead. Raises SettingsError for a file of an unknown type or that cannot be
    opened, before anything is read, and NothingReadable (DataDamaged), in `language`, where none of the files is
    readable; a single one that is not does not stop the others.
    """
    files = find_files(paths, tables=table_map is not None)
    if start_ms is not None and (len(files) > 1 or table_map is not None):
        raise SettingsError("--start dates a single log: name one file with it")
    bytes_total = sum(path.stat().st_size for path in files)

    def wait(sentence: str) -> bool:
        """Show why nothing moves; return whether to go on waiting."""
        progress(Progress("", 0, bytes_total, 0, 0, 0, sentence))
        return not stop.wait(_LOCKED_S)

    with _hold(settings.data_dir, wait if waits else None) as is_held:
        if not is_held:
            return ImportReport((), finished=False)
        return _import(files, settings, progress, stop, table_map, start_ms, language, choice)


@contextmanager
def _hold(data_dir: Path, wait: Callable[[str], bool] | None) -> Iterator[bool]:
    """Lock an import's folder for the length of the block: its spool and its session are of one process.

    While another process has it, `wait` is called with the sentence of that; the block has False once it returned
    False. Without `wait` RetryLater is raised. The lock of a process ends with it, however it ends.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "import.lock").open("w") as file:
        is_held = False
        while not is_held:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                is_held = True
            except BlockingIOError as error:
                if wait is None:
                    raise RetryLater(Sentence("other_import", folder=str(data_dir))) from error
                if not wait(Sentence("waits_for_import", folder=str(data_dir))):
                    break
        yield is_held


def _import(
    files: Sequence[Path],
    settings: EdgeSettings,
    progress: Callable[[Progress], None],
    stop: threading.Event,
    table_map: LoadedMap | None,
    start_ms: int | None,
    language: Language,
    choice: LoggerChoice | None,
) -> ImportReport:
    gateway = settings.gateway
    owner = SpoolOwner(gateway.id, gateway.site, settings.clock)
    spool = Spool(settings.data_dir / SPOOL_FILE, owner, _SPOOL_BYTES)
    # No record of an import is more urgent than others: they are sent in order.
    broker = msgspec.structs.replace(settings.broker, resend_s=min(settings.broker.resend_s, 3.0), backlog_share=1.0)
    # The status and will of this gateway belong to its daemon, which may run at the same time.
    uplink = Uplink(
        broker, gateway.id, spool, client_id=f"import-{gateway.id}", announce=False, software=software_version()
    )
    run = _Import(files, settings, table_map, spool, uplink, progress, stop, start_ms, language, choice)
    tune_gc()
    is_finished = False
    try:
        uplink.start()
        report = run.run()
        is_finished = report.finished
        return report
    finally:
        uplink.stop(0.0)
        # The broker keeps one commit ack of a gateway, its daemon's: no ack would prove the epoch of the next import.
        spool.close(delete_empty=is_finished)


class _Import:
    """A running import; as a sink it counts the outputs of each file."""

    def __init__(
        self,
        paths: Sequence[Path],
        settings: EdgeSettings,
        table_map: LoadedMap | None,
        spool: Spool,
        uplink: Uplink,
        progress: Callable[[Progress], None],
        stop: threading.Event,
        start_ms: int | None,
        language: Language,
        choice: LoggerChoice | None,
    ) -> None:
        self._start_ms = start_ms
        self._choice = choice
        self._language = language
        self._started_s = time.monotonic()
        self._paths = paths
        self._settings = settings
        self._table_map = table_map
        self._spool = spool
        self._uplink = uplink
        self._progress = progress
        self._stop = stop
        self._batcher = Batcher(settings.batch.max_points, settings.batch.max_age_s)
        self._source: LogSource | TableSource | None = None
        self._read_before = 0
        self._bytes_total = sum(path.stat().st_size for path in paths)
        self._appended = spool.status().records
        self._shown_s = 0.0
        self._moved: tuple[int, int, int] = (0, 0, 0)
        self._moved_s = time.monotonic()
        self._points = 0
        self._events = 0
        self._silences = SilenceFinder()
        self._epochs = {spool.epoch}

    def run(self) -> ImportReport:
        """Read all files, then wait until the store has all of it."""
        self._wait_for(lambda: self._spool.status().records == 0)
        reports = []
        for path in self._paths:
            if self._stop.is_set():
                break
            reports.append(self._read(path))
        finished = self._wait_for(lambda: self._spool.status().records == 0)
        self._show(force=True)
        if self._spool.counters()["damaged"]:
            raise DataDamaged("the import's spool was damaged and moved aside: repeat the import")
        whole = finished and len(reports) == len(self._paths) and not self._stop.is_set()
        report = ImportReport(
            tuple(reports),
            whole,
            self._spool.status().records,
            epochs=tuple(sorted({*self._epochs, self._spool.epoch})),
        )
        if reports and all(file.error for file in reports):
            raise NothingReadable(report, self._language)
        return report

    def reading(self, reading: Reading) -> None:
        """Add a row; waits while too much is not sent yet."""
        self._points += sum(value is not None for value in reading.values.values())
        self._silences.note(reading)
        self._batcher.add(reading, time.monotonic())
        self._append_closed(_GROUP_RECORDS)

    def runs(self, runs: Sequence[Readings]) -> None:
        """Add rows by column; waits while too much is not sent yet."""
        self._silences.note_all(runs)
        now_s = time.monotonic()
        for run in runs:
            self._points += sum(len(column) - column.count(None) for column in run.columns.values())
            self._batcher.add_run(run, now_s)
            self._append_closed(_GROUP_RECORDS)

    def event(self, event: Event) -> None:
        """Add an event."""
        self._events += 1
        self._batcher.add_event(event, time.monotonic())
        self._append_closed(_GROUP_RECORDS)

    def describe(self, descriptor: Descriptor) -> None:
        """Publish the descriptor of a device."""
        self._uplink.describe(descriptor)

    def _read(self, path: Path) -> FileReport:
        try:
            source = open_source(path, self._settings, self._table_map, self._start_ms, self._choice)
        except OSError as failure:
            return FileReport(path=path, error=f"it cannot be read: {failure.strerror or failure}")
        except DataDamaged as damage:
            self._read_before += path.stat().st_size
            return FileReport(path=path, error=_sentence(damage))
        except Exception as defect:
            self._read_before += path.stat().st_size
            return FileReport(path=path, error=_note_unreadable(path, defect))
        self._source = source
        self._points = self._events = 0
        self._silences = SilenceFinder()
        error = ""
        stage = make_import_processor(self._settings)
        try:
            source.run(stage.sink(source.name, self, has_limits=isinstance(source, TableSource)))
            stage.finish(self)
        except HeadlandError as damage:
            error = _sentence(damage)
        except OSError as failure:
            error = f"it cannot be read: {failure.strerror or failure}"
        except Exception as defect:
            error = _note_unreadable(path, defect)
        self._batcher.close()
        self._append_closed(1)
        self._read_before += source.size_bytes
        self._source = None
        flags: Counter[str] = Counter()
        for flag_count in stage.flags():
            flags[f"{flag_count.test} {flag_count.flag}"] += flag_count.samples
        report = report_file(path, source, error)
        gaps = self._silences.gaps
        return replace(report, points=self._points, events=self._events, flags=flags, gaps=gaps)

    def _append_closed(self, at_least: int) -> None:
        self._show()
        if self._stop.is_set() and self._source is not None:
            self._source.stop()
        if self._batcher.closed < at_least:
            return
        self._wait_for(lambda: self._spool.status().bytes < _MAX_WAITING_BYTES)
        contents = self._batcher.take()
        for start in range(0, len(contents), _GROUP_RECORDS):
            self._append(contents[start : start + _GROUP_RECORDS])

    def _append(self, contents: list[Content]) -> None:
        """Write a group to the spool, waiting while the disk is full. After `stop` it is dropped, to be read again."""
        while not self._spool.append(contents):
            if self._stop.wait(0.5):
                return
            self._show(
                waiting=f"the disk of {self._settings.data_dir} is full: free space on it, and the import goes on"
            )
        self._appended += len(contents)
        self._uplink.wake()

    def _wait_for(self, condition: Callable[[], bool]) -> bool:
        """Wait until `condition` holds; False when `stop` came first."""
        while not condition():
            if self._stop.wait(0.02):
                return False
            self._show()
        return True

    def _show(self, *, force: bool = False, waiting: str = "") -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s < _PROGRESS_S and not force:
            return
        self._shown_s = now_s
        source = self._source
        read = self._read_before
        if source is not None:  # its last records are not appended yet, however much was read
            read = max(0, min(read + source.position_bytes, self._bytes_total - 1))
        sent = self._uplink.counters()["published"]
        acked = self._appended - self._spool.status().records
        moved = (read, self._appended, acked)
        if moved != self._moved:
            self._moved, self._moved_s = moved, now_s
        silent_s = now_s - self._moved_s
        if not waiting and silent_s >= _SILENCE_S:
            waiting = self._waiting_sentence(int(silent_s // _SILENCE_S * _SILENCE_S))
        name = source.name if source is not None else ""
        shown = Progress(name, read, self._bytes_total, self._appended, min(sent, self._appended), acked, waiting)
        self._progress(replace(shown, left_s=estimate_left_s(shown, now_s - self._started_s)))

    def _waiting_sentence(self, silent_s: int) -> str:
        state = self._uplink.state()
        why = state.detail or "the broker answers, but no station has stored anything"
        return f"waiting for {silent_s} s: {why}"


def _note_unreadable(path: Path, defect: Exception) -> str:
    """Return the sentence of a file at which its reader failed in a way that nobody has foreseen: the others go on."""
    _LOGGER.warning("%s cannot be read", path, exc_info=defect)
    return Sentence("damaged", name=path.name, why=f"{type(defect).__name__}: {defect}"[:200])


def _sentence(error: HeadlandError) -> str:
    """Return an error's sentence, which may know other languages."""
    sentence = error.args[0] if error.args else ""
    return sentence if isinstance(sentence, str) else str(error)
