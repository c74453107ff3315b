"""Papers of a played season: statements, spreadsheets, a claim pack, a dispute and a trial, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from headland.analysis.inputs.scope import OrgScope
from headland.i18n import Language
from headland.registry.models.cooperative import SeasonStatement
from headland.reports.csv import write_report_csv
from headland.reports.document import Report
from headland.reports.html import write_html
from headland.reports.pdf import write_pdf
from headland.reports.rendering import ReportLocale
from headland.reports.statement_report import make_statement_document
from headland.reports.statement_sheets import write_statement_xlsx

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_FORMS: Final[dict[str, Callable[[Report, ReportLocale], bytes]]] = {
    "pdf": write_pdf,
    "html": write_html,
    "csv": write_report_csv,
}


def write_document(folder: Path, name: str, document: Report) -> list[Path]:
    """Write a document in both languages as PDF, HTML and CSV; return the files."""
    written = []
    for language in LANGUAGES:
        locale = ReportLocale(language, document.zone)
        for form, write in _FORMS.items():
            path = folder / f"{name}-{language}.{form}"
            path.write_bytes(write(document, locale))
            written.append(path)
    return written


def write_statements(folder: Path, scope: OrgScope, statements: Sequence[SeasonStatement], papers: int) -> list[Path]:
    """Write the spreadsheet of all statements, and the first `papers` of them as documents; return the files."""
    written = []
    for language in LANGUAGES:
        path = folder / f"statements-{language}.xlsx"
        path.write_bytes(write_statement_xlsx(scope, statements, language))
        written.append(path)
    for number, statement in enumerate(statements[:papers], 1):
        written += write_document(folder, f"statement-{number:03}", make_statement_document(scope, statement))
    return written
