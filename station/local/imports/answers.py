"""Answers about imports, as the API shows them: names of reasons and sentences in the language of the request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from api.schemas.imports import (
    ConvertedRow,
    ConvertedTable,
    FileImport,
    ImportProgress,
    ImportResult,
    LeftOut,
    QuantityChoice,
    RefusedCell,
    TableColumn,
    TablePreview,
)
from api.schemas.model import fill
from edge.imports.status import ImportedFile, ImportStatus, Stretch
from edge.imports.table import preview
from edge.imports.table.rows import RefusedRow
from headland.contract.quantities import QUANTITIES
from headland.i18n import Language, find_term
from station.local.imports.job import ImportJob

_REASONS = "import_reasons"


def show_import(job: ImportJob, progress: ImportStatus | None, language: Language) -> FileImport:
    """Return an import."""
    return fill(
        FileImport,
        job,
        parts=list(job.parts),
        progress=None if progress is None else _show_progress(progress),
        result=None if job.result is None else _show_result(job, job.result, language),
        error=None if job.error is None else job.error[language],
    )


def show_preview(seen: preview.TablePreview) -> TablePreview:
    """Return the beginning of a table."""
    return fill(
        TablePreview,
        seen,
        columns=[fill(TableColumn, c) for c in seen.columns],
        rows=[list(row) for row in seen.rows],
        quantities=[QuantityChoice(channel=name, units=preview.units_of(name)) for name in QUANTITIES],
    )


def show_converted(converted: preview.ConvertedRows, gateway: str, is_new: bool, language: Language) -> ConvertedTable:
    """Return what choices make of a table's first rows."""
    return ConvertedTable(
        rows=[ConvertedRow(time_ms=time_ms, values=values) for time_ms, values in converted.rows],
        refused=_show_refused(converted.refusals, language),
        gateway=gateway,
        is_new=is_new,
    )


def _show_progress(status: ImportStatus) -> ImportProgress:
    phase = status.phase if status.phase in ("reading", "storing", "waiting") else "storing"
    return fill(ImportProgress, status, phase=phase)


def _show_result(job: ImportJob, status: ImportStatus, language: Language) -> ImportResult:
    files = status.files or (ImportedFile(name=job.name),)
    file = files[0]  # an import has one
    return fill(
        ImportResult,
        file,
        devices=list(file.devices),
        left_out=_show_counts(file.left_out, language),
        flagged=[
            LeftOut(reason=name, count=count, text=_flag(name, language))
            for name, count in sorted(file.flagged.items())
        ],
        refused=[fill(RefusedCell, c, text=_reason(c.reason, language), cell=c.text) for c in file.refused],
        gaps=_count(file.gaps),
        gaps_ms=_total(file.gaps),
        dropouts=_count(file.dropouts),
        dropouts_ms=_total(file.dropouts),
        notes=[note[language] for note in file.notes],
        gateway=job.gateway,
        epochs=list(status.epochs),
        quarantined=None,
    )


def _show_refused(rows: Sequence[RefusedRow], language: Language) -> list[RefusedCell]:
    return [fill(RefusedCell, row, text=_reason(row.reason, language), cell=row.text[:60]) for row in rows]


def _show_counts(counts: Mapping[str, int], language: Language) -> list[LeftOut]:
    items: Iterable[tuple[str, int]] = sorted(counts.items(), key=lambda item: -item[1])
    return [LeftOut(reason=name, count=count, text=_reason(name, language)) for name, count in items]


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
