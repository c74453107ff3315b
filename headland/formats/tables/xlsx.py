"""Spreadsheets in Office Open XML (ECMA-376) by XlsxWriter: sheets of texts and numbers with a head, nothing else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final

CellValue = str | int | float | Decimal | None

_MOST_ROWS: Final = 1_048_576
#: What a cell of a spreadsheet holds; a longer text ends in an ellipsis.
_MOST_CHARACTERS: Final = 32_767
#: Characters that XML 1.0 cannot contain.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_NO_NAME: Final = re.compile(r"[\[\]:*?/\\]")
#: The same sheets give the same bytes.
_MADE: Final = datetime(1980, 1, 1, tzinfo=UTC)
_OPTIONS: Final = {
    # Rows go to the disk as they come.
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, its head, and its rows. A text is a text, also where it begins with =."""

    name: str
    head: Sequence[str]
    rows: Iterable[Sequence[CellValue]]


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Return sheets as a file; raises ValueError for no sheet, and for more rows than a sheet holds."""
    from xlsxwriter import Workbook  # for this file alone

    if not sheets:
        raise ValueError("a spreadsheet has at least one sheet")
    file = io.BytesIO()
    with Workbook(file, _OPTIONS) as workbook:
        workbook.set_properties({"created": _MADE})
        bold = workbook.add_format({"bold": True})
        for sheet, name in zip(sheets, _sheet_names(sheets), strict=True):
            made = workbook.add_worksheet(name)
            made.freeze_panes(1, 0)
            _write_row(made, 0, sheet.head, bold)
            for number, row in enumerate(sheet.rows, 1):
                if number >= _MOST_ROWS:
                    raise ValueError(f"a sheet has at most {_MOST_ROWS:,} rows")
                _write_row(made, number, row)
    return file.getvalue()


def _sheet_names(sheets: Sequence[Sheet]) -> list[str]:
    """Return names that a workbook accepts: 31 characters, each once."""
    names: list[str] = []
    for sheet in sheets:
        name = _NO_NAME.sub(" ", _NO_XML.sub("", sheet.name)).strip().strip("'")[:31] or "Sheet"
        count = 1
        while name.lower() in (known.lower() for known in names):
            count += 1
            name = f"{name[: 31 - len(str(count)) - 1]} {count}"
        names.append(name)
    return names


def _write_row(sheet: Any, number: int, values: Sequence[CellValue], style: Any = None) -> None:
    for column, value in enumerate(values):
        if isinstance(value, str):
            text = _NO_XML.sub("", value)
            fits = len(text) <= _MOST_CHARACTERS
            sheet.write_string(number, column, text if fits else text[: _MOST_CHARACTERS - 1] + "…", style)
        elif value is not None and isfinite(value):
            sheet.write_number(number, column, value, style)
