"""Answers about imports, as the API shows them: names of reasons and sentences in the language of the request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import structs

from edge.imports.status import MOST_CELL, CellRefusal, ImportedFile, ImportStatus, Stretch
from edge.imports.table.preview import ConvertedRows
from edge.imports.table.table_lines import RefusedRow
from headland.contract.file_imports import (
    ConvertedTable,
    FileImport,
    ImportProgress,
    ImportResult,
    ReasonCount,
    RefusedCell,
)
from headland.i18n import Language, find_term
from station.local.imports.job import ImportJob

_REASONS = "import_reasons"


def show_import(job: ImportJob, progress: ImportStatus | None, language: Language) -> FileImport:
    """Return an import."""
    shown = {
        "progress": None if progress is None else _show_progress(progress),
        "result": None if job.result is None else _show_result(job, job.result, language),
        "error": None if job.error is None else job.error[language],
    }
    return msgspec.convert({**structs.asdict(job), **shown}, FileImport)


def show_converted(converted: ConvertedRows, gateway: str, is_new: bool, language: Language) -> ConvertedTable:
    """Return what choices make of a table's first rows."""
    refused = _show_refused(converted.refusals, language)
    return ConvertedTable(rows=converted.rows, refused=refused, gateway=gateway, is_new=is_new)


def _show_progress(status: ImportStatus) -> ImportProgress:
    phase = status.phase if status.phase in ("reading", "storing", "waiting") else "storing"
    return msgspec.convert(
        {**structs.asdict(status), "phase": phase, "fraction": min(1.0, status.fraction)}, ImportProgress
    )


def _show_result(job: ImportJob, status: ImportStatus, language: Language) -> ImportResult:
    files = status.files or (ImportedFile(name=job.name),)
    file = files[0]  # an import has one
    flags = sorted(file.flagged.items())
    shown = {
        "left_out": _show_counts(file.left_out, language),
        "flagged": tuple(ReasonCount(reason=name, count=n, text=_flag(name, language)) for name, n in flags),
        "refused": _show_refused(file.refused, language),
        "gaps": _count(file.gaps),
        "gaps_ms": _total(file.gaps),
        "dropouts": _count(file.dropouts),
        "dropouts_ms": _total(file.dropouts),
        "notes": [note[language] for note in file.notes],
        "gateway": job.gateway,
        "epochs": status.epochs,
        "quarantined": None,
    }
    return msgspec.convert({**structs.asdict(file), **shown}, ImportResult)


def _show_refused(rows: Sequence[RefusedRow | CellRefusal], language: Language) -> tuple[RefusedCell, ...]:
    return tuple(
        RefusedCell(
            line=row.line,
            column=row.column,
            reason=row.reason,
            text=_reason(row.reason, language),
            cell=row.text[:MOST_CELL],
        )
        for row in rows
    )


def _show_counts(counts: Mapping[str, int], language: Language) -> tuple[ReasonCount, ...]:
    items: Iterable[tuple[str, int]] = sorted(counts.items(), key=lambda item: -item[1])
    return tuple(ReasonCount(reason=name, count=count, text=_reason(name, language)) for name, count in items)


def _reason(name: str, language: Language) -> str:
    """Return a reason's name; one of a sender (`lost_sys3_comp1`) is that of its kind."""
    for known in (name, name.partition("_sys")[0], "other"):
        text = find_term(_REASONS, known, language)
        if text is not None:
            return text
    return name


def _flag(name: str, language: Language) -> str:
    """Return the name of a quality test and what it flagged, as `gross_range fail`."""
    test, _, _ = name.partition(" ")
    return find_term("quality_tests", test, language) or name


def _count(stretch: Stretch | None) -> int:
    return 0 if stretch is None else stretch.count


def _total(stretch: Stretch | None) -> int:
    return 0 if stretch is None else stretch.total_ms
