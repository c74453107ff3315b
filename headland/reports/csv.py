"""Reports as CSV: a row for each figure, with its full value, unit and provenance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from headland.formats.tables.writers import DataTable as Rows
from headland.formats.tables.writers import Kind, write_csv
from headland.i18n import CatalogText
from headland.reports.document import Cell, Figure, Note, Report, ReportInstant, ReportTable, Section
from headland.reports.rendering import ReportLocale

_COLUMNS: Final[dict[str, Kind]] = {
    "section": "text", "table": "text", "row": "text", "name": "text", "label": "text", "value": "number",
    "text": "text", "code": "text", "unit": "text", "reason": "text", "level": "text", "evidence": "text",
    "coverage": "number", "samples": "number", "quality": "number", "method": "text", "simulated": "truth",
}  # fmt: skip
_Row = dict[str, object]


def write_report_csv(document: Report, locale: ReportLocale) -> bytes:
    """Return the table in UTF-8 with a byte order mark, by which spreadsheets recognise it.

    `section`, `table`, `row`, `name` and `code` are the same in all languages, `label` and `text` are for reading.
    """
    rows = [row for section in document.sections for row in _rows(section, locale)]
    rows += [
        _row("sources", "", "", f"{each.id} {each.version}", locale.method(each), locale) for each in document.sources
    ]
    columns: dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]] = {}
    for name, kind in _COLUMNS.items():
        if kind == "truth":
            columns[name] = np.full(len(rows), document.is_simulated)
        elif kind == "number":
            columns[name] = np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)
        else:
            columns[name] = np.array([row[name] for row in rows], object)
    table = Rows(document.title, _COLUMNS, iter([columns]))
    return b"\xef\xbb\xbf" + b"".join(write_csv(table))


def _rows(section: Section, locale: ReportLocale) -> Iterator[_Row]:
    for part in section.parts:
        match part:
            case Figure():
                yield _of_cell(section.name, "", "", part, locale)
            case ReportTable():
                yield from _of_table(section.name, part, locale)
            case Note():
                yield _row(section.name, "", "", part.name, locale.note(part), locale)
            case _:
                # Maps and charts show the same figures; the cells of a map have an address of their own.
                pass


def _of_table(section: str, table: ReportTable, locale: ReportLocale) -> Iterator[_Row]:
    """Yield a row for each figure; a table's first column names its rows."""
    for number, row in enumerate(table.rows, 1):
        first = row[0]
        key = str(number)
        if isinstance(first, ReportInstant):
            key = locale.instant(first)
        elif isinstance(first, Figure) and first.value not in (None, ""):
            key = str(first.value)
        for (name, _), cell in zip(table.columns[1:], row[1:], strict=True):
            if cell is not None:
                yield _of_cell(section, table.name, key, cell, locale, name)


def _of_cell(section: str, table: str, key: str, cell: Cell, locale: ReportLocale, name: str = "") -> _Row:
    if not isinstance(cell, Figure):
        return _row(section, table, key, name, "" if cell is None else locale.instant(cell), locale)
    row = _row(section, table, key, cell.name, "", locale)
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        row["value"] = float(value)
    elif value is not None:
        row["text"] = locale.cell(cell)
        row["code"] = "" if cell.is_name or isinstance(value, CatalogText) else str(value)
    row |= {
        "unit": cell.unit, "reason": cell.reason or "", "level": cell.level or "", "evidence": cell.evidence or "",
        "coverage": cell.coverage, "samples": cell.n, "quality": cell.quality, "method": cell.method or "",
    }  # fmt: skip
    return row


def _row(section: str, table: str, key: str, name: str, text: str, locale: ReportLocale) -> _Row:
    return {
        "section": section, "table": table, "row": key, "name": name, "label": locale.heading(name), "value": None,
        "text": text, "code": "", "unit": "", "reason": "", "level": "", "evidence": "", "coverage": None,
        "samples": None, "quality": None, "method": "",
    }  # fmt: skip
