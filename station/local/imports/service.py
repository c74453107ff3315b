"""Imports of files over the API, with the farm in a folder: received, looked at, chosen, queued."""

from __future__ import annotations

from typing import Final

import msgspec

from edge.imports.sentences import Sentence
from edge.imports.status import tell
from edge.imports.table.loggers.logger_table import recognise
from edge.imports.table.map import LoadedMap, TableMap, check_map
from edge.imports.table.preview import ConvertedRows, convert_rows, look_at
from headland.clock import wall_clock_ms
from headland.contract.file_imports import ConvertedTable, FileImport, FileImportList, ImportChoice, TablePreview
from headland.contract.records import Descriptor
from headland.errors import DataDamaged, ImportRefused, SettingsError
from headland.i18n import Language
from headland.runtime.supervised_thread import ThreadStatus
from station.local.folder import IMPORT_GATEWAY, FarmFolder
from station.local.imports.answers import show_converted, show_import
from station.local.imports.gateway import find_password
from station.local.imports.import_files import ImportFiles, not_now
from station.local.imports.job import ImportJob
from station.local.imports.worker import ImportWorker, Start, start_process
from station.local.past.progress import read_progress

#: Ignored columns need a reason; on the page it is the choice itself.
_WHY: Final = "not chosen"


class FolderImports:
    """Implements `api.ops.file_imports.FileImports` with the farm in a folder."""

    def __init__(self, folder: FarmFolder, start: Start = start_process) -> None:
        self._folder = folder
        self._files = ImportFiles(folder.import_dir / "files", wall_clock_ms)
        self._worker = ImportWorker(folder, self._files, start)

    def start(self) -> None:
        """Go on with what is queued."""
        self._worker.start()

    def stop(self) -> None:
        """End the import under way; the next start goes on with it."""
        self._worker.stop()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the worker."""
        return self._worker.threads()

    def list(self, language: Language) -> FileImportList:
        """Return the imports, the newest first."""
        items = tuple(self._show(job, language) for job in self._files.all())
        past = read_progress(self._folder, wall_clock_ms())
        return FileImportList(items=items, free_bytes=self._files.free_bytes(), next=None, past=past)

    def get(self, id: str, language: Language) -> FileImport:  # noqa: A002 - it is the import's id
        """Return an import."""
        return self._show(self._files.get(id), language)

    def begin(self, name: str, bytes: int, by: str) -> FileImport:  # noqa: A002 - it is the file's size
        """Begin an import."""
        return self._show(self._files.begin(name, bytes, by), "en")

    def put_part(self, id: str, number: int, content: bytes) -> FileImport:  # noqa: A002
        """Keep a part."""
        return self._show(self._files.put_part(id, number, content), "en")

    def finish(self, id: str, sha256: str, language: Language) -> FileImport:  # noqa: A002
        """Check the whole file; queue a log, ask for the columns of a table, refuse what is neither."""
        job = self._files.check(id, sha256)
        if job.state != "receiving":
            return self._show(job, language)
        kind = _kind_of(self._files, job)
        if isinstance(kind, Sentence):
            job = self._files.change(id, sha256=sha256, state="failed", error=tell(kind))
        elif kind == "table":
            job = self._files.change(id, sha256=sha256, state="needs_map", kind="table")
        else:
            job = self._files.change(id, sha256=sha256, state="queued", kind="log")
            self._worker.wake()
        return self._show(job, language)

    def preview(self, id: str, encoding: str | None, delimiter: str | None) -> TablePreview:  # noqa: A002
        """Return the beginning of a table."""
        job = self._files.get(id)
        if job.state != "needs_map":
            raise not_now(job)
        return look_at(self._files.file_of(job), encoding, delimiter)

    def choose(
        self,
        id: str,  # noqa: A002
        choice: ImportChoice,
        device: Descriptor | None,
        owner: str,
        language: Language,
    ) -> FileImport:
        """Take what a file does not say, and queue it."""
        job = self._files.get(id)
        if job.state == "needs_start" and choice.start_ms is not None:
            job = self._files.change(id, state="queued", start_ms=choice.start_ms, result=None)
        else:
            gateway, loaded, _ = self._converted(job, choice, device, owner)
            job = self._files.change(
                id, state="queued", table=msgspec.to_builtins(loaded.map), device=loaded.map.device, gateway=gateway
            )
        self._worker.wake()
        return self._show(job, language)

    def convert(
        self,
        id: str,  # noqa: A002
        choice: ImportChoice,
        device: Descriptor | None,
        owner: str,
        language: Language,
    ) -> ConvertedTable:
        """Return what a choice makes of the first rows of a table."""
        gateway, _, converted = self._converted(self._files.get(id), choice, device, owner)
        return show_converted(converted, gateway, device is None, language)

    def _converted(
        self, job: ImportJob, choice: ImportChoice, device: Descriptor | None, owner: str
    ) -> tuple[str, LoadedMap, ConvertedRows]:
        """Return the gateway of a table, its columns, and its first rows by them."""
        if job.state != "needs_map" or choice.table is None:
            raise not_now(job)
        gateway = owner or IMPORT_GATEWAY
        if find_password(self._folder, gateway) is None:
            detail = (
                f"{choice.table.device} belongs to the gateway {gateway}: import the file there, with its settings."
            )
            raise ImportRefused("device-elsewhere", 409, "Device of another gateway", detail)
        loaded = _load_map(choice, device)
        try:
            return gateway, loaded, convert_rows(self._files.file_of(job), loaded)
        except DataDamaged as damage:
            raise _bad_map(str(damage)) from damage

    def drop(self, id: str) -> None:  # noqa: A002
        """Forget an import."""
        self._files.drop(id)

    def _show(self, job: ImportJob, language: Language) -> FileImport:
        return show_import(job, self._worker.progress_of(job) if job.state == "running" else None, language)


def _kind_of(files: ImportFiles, job: ImportJob) -> str | Sentence:
    """Return log or table by the content of a file, or the sentence of what it is instead."""
    # What reads logs is 6 MB of code, and most stations are never given one.
    from edge.imports.file_content import KIND_BY_SUFFIX, kind_of
    from edge.imports.file_types import DATABASES, TABLES

    path = files.file_of(job)
    try:
        if recognise(path) is not None:
            return "table"
    except DataDamaged as damage:
        told = damage.args[0]
        return told if isinstance(told, Sentence) else Sentence("refused_log", name=path.name, why=str(told))
    kind = kind_of(path)
    suffix = path.suffix.lower()
    if suffix in DATABASES and kind is None:
        return Sentence("other_database", name=path.name)
    if isinstance(kind, Sentence):
        # A text that is called like a log, but is none, may be a table.
        return "table" if kind == Sentence("not_known", name=path.name) and suffix in TABLES else kind
    if kind is not None or suffix in KIND_BY_SUFFIX:
        return "log"
    with path.open("rb") as file:
        head = file.read(4096)
    if b"\0" in head or (suffix not in TABLES and not look_at(path).is_utf8):
        return Sentence("not_known", name=path.name)
    return "table" if len(look_at(path).columns) > 1 else Sentence("no_table", name=path.name)


def _load_map(choice: ImportChoice, device: Descriptor | None) -> LoadedMap:
    """Return the map that somebody has chosen. Raises ImportRefused."""
    table = choice.table
    assert table is not None  # noqa: S101 - the caller has looked
    try:
        return check_map(
            msgspec.convert(
                {
                    "device": table.device,
                    "kind": table.kind if device is None else device.kind,
                    "site": table.site if device is None else device.site,
                    "simulated": False if device is None else device.simulated,
                    # The source that reads the device now describes it.
                    "describes": device is None,
                    "time": {"name": table.time.column, "format": table.time.format, "zone": table.time.zone},
                    "column": [{"name": c.column, "channel": c.channel, "unit": c.unit} for c in table.columns],
                    "ignored": [{"name": name, "why": _WHY} for name in table.ignored],
                    "delimiter": table.delimiter,
                    "decimal": table.decimal,
                    "encoding": table.encoding,
                    "lines_before": table.lines_before,
                    "lines_below": table.lines_below,
                    "missing": table.missing,
                    "coordinates": table.coordinates,
                    "layout": table.layout,
                },
                TableMap,
            )
        )
    except (SettingsError, msgspec.ValidationError) as error:
        raise _bad_map(str(error)) from error


def _bad_map(detail: str) -> ImportRefused:
    return ImportRefused("bad-table-map", 400, "The columns do not fit", detail)
