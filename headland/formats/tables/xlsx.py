"""Spreadsheets in Office Open XML (ECMA-376): sheets of texts and numbers with a head, nothing else."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape, quoteattr

CellValue = str | int | float | Decimal | None

_MOST_ROWS: Final = 1_048_576
#: Characters that XML 1.0 cannot contain.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_NO_NAME: Final = re.compile(r"[\[\]:*?/\\]")
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
#: Style 1 is bold, for heads.
_STYLES: Final = (
    f'<styleSheet xmlns="{_SHEET}"><fonts count="2"><font/><font><b/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
#: A fixed time in the archive: the same sheets give the same bytes.
_STAMP: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, its head, and its rows. A text is a text, also where it begins with =."""

    name: str
    head: Sequence[str]
    rows: Iterable[Sequence[CellValue]]


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Return sheets as a file; raises ValueError for no sheet, and for more rows than a sheet holds."""
    if not sheets:
        raise ValueError("a spreadsheet has at least one sheet")
    names = _sheet_names(sheets)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(path: str, text: str) -> None:
            archive.writestr(zipfile.ZipInfo(path, _STAMP), _HEAD + text, zipfile.ZIP_DEFLATED)

        numbers = range(1, len(sheets) + 1)
        put("[Content_Types].xml", _content_types(len(sheets)))
        put("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        listed = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, name in zip(numbers, names, strict=True)
        )
        put("xl/workbook.xml", f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>')
        parts = [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
        put("xl/_rels/workbook.xml.rels", _relations([*parts, ("styles", "styles.xml")]))
        put("xl/styles.xml", _STYLES)
        for n, sheet in zip(numbers, sheets, strict=True):
            put(f"xl/worksheets/sheet{n}.xml", _sheet_xml(sheet))
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


def _sheet_xml(sheet: Sheet) -> str:
    rows = [_row(1, sheet.head, style=1)]
    for number, row in enumerate(sheet.rows, 2):
        if number > _MOST_ROWS:
            raise ValueError(f"a sheet has at most {_MOST_ROWS:,} rows")
        rows.append(_row(number, row))
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    views = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    return f'<worksheet xmlns="{_SHEET}">{views}<sheetData>{"".join(rows)}</sheetData></worksheet>'


def _row(number: int, values: Sequence[CellValue], style: int = 0) -> str:
    cells = "".join(_cell(f"{_letters(at)}{number}", value, style) for at, value in enumerate(values))
    return f'<row r="{number}">{cells}</row>'


def _cell(place: str, value: CellValue, style: int) -> str:
    styled = f' s="{style}"' if style else ""
    if value is None or (isinstance(value, float) and value != value) or value in (float("inf"), -float("inf")):
        return ""
    if isinstance(value, str):
        text = escape(_NO_XML.sub("", value))
        return f'<c r="{place}"{styled} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f'<c r="{place}"{styled}><v>{value}</v></c>'


def _letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _relations(parts: Sequence[tuple[str, str]]) -> str:
    entries = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(parts, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'


def _content_types(count: int) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in range(1, count + 1)
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{sheets}</Types>'
    )
