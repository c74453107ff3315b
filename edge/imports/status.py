"""Status of an import in a file, for a program that runs `headland edge import --status FILE`.

Sentences are in every language of the catalogue: who reads them is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from edge.imports.report import FileReport, Gaps, ImportReport, Progress
from edge.imports.sentences import in_language
from headland.i18n import LANGUAGES, Language

#: Refused rows of a table that a result lists; all are counted.
MOST_REFUSED: Final = 50
#: Letters of a refused cell that are shown.
MOST_CELL: Final = 60

#: A sentence in each language.
BothLanguages = Mapping[Language, str]


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Missing stretches of time: their number and total length."""

    count: int
    total_ms: int


class CellRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A refused cell of a table, or a refused row where `column` is empty."""

    line: int
    column: str
    reason: str
    text: str


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What was imported of a file and what was left out, by reason; `error` where it could not be read."""

    name: str
    messages: int = 0
    rows: int = 0
    points: int = 0
    events: int = 0
    devices: tuple[str, ...] = ()
    first_ms: int | None = None
    last_ms: int | None = None
    left_out: Mapping[str, int] = {}
    flagged: Mapping[str, int] = {}
    refused: tuple[CellRefusal, ...] = ()
    gaps: Stretch | None = None
    dropouts: Stretch | None = None
    notes: tuple[BothLanguages, ...] = ()
    error: BothLanguages | None = None


class ImportStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Status of an import. `phase` is `waiting` while nothing moves, with `waiting_for`; `files` once it has ended.

    `error` is set where the import ended without a result.
    """

    phase: Literal["reading", "storing", "waiting", "stopped", "done", "failed"]
    fraction: float = 0.0
    left_s: float | None = None
    records_total: int = 0
    records_acked: int = 0
    waiting_for: str = ""
    files: tuple[ImportedFile, ...] = ()
    epochs: tuple[str, ...] = ()
    error: BothLanguages | None = None


def status_of_progress(progress: Progress) -> ImportStatus:
    """Return the status of an import under way."""
    phase: Literal["reading", "storing", "waiting"] = "storing"
    if progress.waiting:
        phase = "waiting"
    elif progress.bytes_read < progress.bytes_total:
        phase = "reading"
    return ImportStatus(
        phase=phase,
        fraction=progress.fraction,
        left_s=progress.left_s,
        records_total=progress.records_total,
        records_acked=progress.records_acked,
        waiting_for=progress.waiting,
    )


def status_of_report(report: ImportReport) -> ImportStatus:
    """Return the status of an import that has ended; `stopped` where the store does not have all of it yet."""
    files = tuple(map(_show_file, report.files))
    failed = bool(files) and all(file.error is not None for file in files)
    return ImportStatus(
        phase="failed" if failed else "done" if report.finished else "stopped",
        fraction=1.0 if report.finished else 0.0,
        files=files,
        epochs=report.epochs,
    )


def status_of_error(error: Exception) -> ImportStatus:
    """Return the status of an import that could not be made."""
    sentence = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    return ImportStatus(phase="failed", error=tell(sentence))


def tell(sentence: str) -> BothLanguages:
    """Return a sentence in every language; one that is not of the catalogue is the same in all."""
    return {language: in_language(sentence, language) for language in LANGUAGES}


def _show_file(file: FileReport) -> ImportedFile:
    return ImportedFile(
        name=file.path.name,
        messages=file.messages,
        rows=file.rows,
        points=file.points,
        events=file.events,
        devices=file.devices,
        first_ms=file.first_ms,
        last_ms=file.last_ms,
        left_out=dict(file.ignored or {}),
        flagged=dict(file.flags or {}),
        refused=tuple(
            CellRefusal(line=row.line, column=row.column, reason=row.reason, text=row.text[:MOST_CELL])
            for row in file.refused_rows[:MOST_REFUSED]
        ),
        gaps=_stretch(file.gaps),
        dropouts=_stretch(file.dropouts),
        notes=tuple(map(tell, file.notes)),
        error=tell(file.error) if file.error else None,
    )


def _stretch(gaps: Gaps | None) -> Stretch | None:
    return None if gaps is None or not gaps.count else Stretch(count=gaps.count, total_ms=gaps.total_ms)
