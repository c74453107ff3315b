"""Drawing of a certificate on A4, A7 and a thermal label of 60 x 40 mm, in Chinese with the terms in English on A4.

The fonts are those of the reports. The QR code is drawn as squares, so that it is sharp at any resolution.
"""

from __future__ import annotations

import io
import re
from typing import Any, Final

from headland.analysis.errors import AnalysisError
from headland.i18n import Language, find_term
from headland.registry.models.lots import CertificateBasis
from headland.reports.certificate.sheet import CertificateSheet, Form

_LATIN, _HAN = "Helvetica", "STSong-Light"
_RUNS: Final = re.compile("[\u0020-\u007e\u00a0-\u00ff]+|[^\u0020-\u007e\u00a0-\u00ff]+")
_MM: Final = 72.0 / 25.4
_SIZE_MM: Final[dict[Form, tuple[float, float]]] = {
    "a4": (210.0, 297.0),
    "a7": (74.0, 105.0),
    "label_60x40": (60.0, 40.0),
}
_GROUP: Final = "certificate_sheet"
_LINE: Final = 1.3


def draw_certificate(sheet: CertificateSheet, form: Form) -> bytes:
    """Return a certificate as PDF; raises AnalysisError (no-pdf) where ReportLab is not installed."""
    try:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.pdfgen.canvas import Canvas
    except ImportError as error:
        sentence = (
            "PDF output is not installed: run pip install 'headland[reports]', or request format=html and print it."
        )
        raise AnalysisError("no-pdf", "PDF output not installed", sentence) from error
    if _HAN not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_HAN))
    file = io.BytesIO()
    width_mm, height_mm = _SIZE_MM[form]
    canvas = Canvas(file, pagesize=(width_mm * _MM, height_mm * _MM), invariant=1, lang="zh-CN")
    canvas.setTitle(f"{_word('title', 'zh')} {sheet.number}")
    canvas.setAuthor(sheet.issuer)
    pen = _Pen(canvas)
    if form == "a4":
        _draw_page(sheet, pen, width_mm, height_mm)
    elif form == "a7":
        _draw_card(sheet, pen, width_mm, height_mm)
    else:
        _draw_label(sheet, pen, width_mm, height_mm)
    if sheet.is_specimen or sheet.is_void:
        _stamp(sheet, pen, width_mm, height_mm)
    canvas.save()
    return file.getvalue()


class _Pen:
    """A canvas that takes millimetres from the lower left corner, and texts of both scripts."""

    def __init__(self, canvas: Any) -> None:
        self.canvas = canvas

    def width(self, text: str, size_pt: float) -> float:
        """Return the width of a text [mm]."""
        return sum(
            float(self.canvas.stringWidth(run, _font(run), size_pt)) for run in _RUNS.findall(text)
        ) / _MM  # fmt: skip

    def write(self, text: str, x_mm: float, y_mm: float, size_pt: float, *, centred: bool = False) -> None:
        """Write a text on one line from its left end, or around its middle."""
        x_pt = (x_mm - (self.width(text, size_pt) / 2.0 if centred else 0.0)) * _MM
        for run in _RUNS.findall(text):
            self.canvas.setFont(_font(run), size_pt)
            self.canvas.drawString(x_pt, y_mm * _MM, run)
            x_pt += float(self.canvas.stringWidth(run, _font(run), size_pt))

    def fit(self, text: str, x_mm: float, y_mm: float, size_pt: float, width_mm: float) -> None:
        """Write a text on one line, smaller where it is wider than `width_mm`, and cut below half of its size."""
        size = max(size_pt * min(1.0, width_mm / max(self.width(text, size_pt), 0.1)), size_pt * 0.5)
        while text and self.width(text, size) > width_mm + 0.01:
            text = text[:-1]
        self.write(text, x_mm, y_mm, size)

    def wrap(self, text: str, x_mm: float, y_mm: float, size_pt: float, width_mm: float, most: int) -> float:
        """Write a text on at most `most` lines; return the height below the last [mm]."""
        line = ""
        lines: list[str] = []
        for piece in re.findall(r"[!-~\u00a1-\u00ff]+|.", text):
            if line and self.width(line + piece, size_pt) > width_mm:
                lines.append(line)
                line = ""
            line += piece if line or piece != " " else ""
        lines.append(line)
        step = size_pt * _LINE / _MM
        for shown in lines[: most - 1]:
            self.write(shown, x_mm, y_mm, size_pt)
            y_mm -= step
        if lines[most - 1 :]:
            self.fit("".join(lines[most - 1 :]), x_mm, y_mm, size_pt, width_mm)
            y_mm -= step
        return y_mm

    def qr(self, text: str, x_mm: float, y_mm: float, side_mm: float) -> None:
        """Draw a QR code with its quiet zone, lower left corner at x, y."""
        import segno

        code = segno.make_qr(text, error="m")
        matrix = [list(row) for row in code.matrix_iter(scale=1, border=4)]
        cell = side_mm * _MM / len(matrix)
        self.canvas.setFillGray(0)
        for down, row in enumerate(matrix):
            for across, dark in enumerate(row):
                if dark:
                    left, low = x_mm * _MM + across * cell, y_mm * _MM + (len(matrix) - 1 - down) * cell
                    # A hair wider than the cell: no white line between two squares.
                    self.canvas.rect(left, low, cell * 1.02, cell * 1.02, stroke=0, fill=1)

    def box(self, x_mm: float, y_mm: float, side_mm: float, *, ticked: bool) -> None:
        """Draw a box to tick."""
        self.canvas.setLineWidth(0.6)
        self.canvas.rect(x_mm * _MM, y_mm * _MM, side_mm * _MM, side_mm * _MM, stroke=1, fill=0)
        if ticked:
            x, y, side = x_mm * _MM, y_mm * _MM, side_mm * _MM
            self.canvas.setLineWidth(1.2)
            self.canvas.lines(
                [
                    (x + side * 0.15, y + side * 0.5, x + side * 0.4, y + side * 0.2),
                    (x + side * 0.4, y + side * 0.2, x + side * 0.9, y + side * 0.9),
                ]
            )


def _draw_page(sheet: CertificateSheet, pen: _Pen, width_mm: float, height_mm: float) -> None:
    middle, left = width_mm / 2.0, 25.0
    pen.write(_word("title", "zh"), middle, height_mm - 40.0, 34, centred=True)
    pen.write(_word("title", "en"), middle, height_mm - 50.0, 12, centred=True)
    y = height_mm - 68.0
    y = pen.wrap(_word("promise", "zh"), left, y, 13, width_mm - 2 * left, 2)
    for name in ("promise_banned", "promise_residues", "promise_true"):
        pen.box(left, y, 4.2, ticked=True)
        y = pen.wrap(_word(name, "zh"), left + 7.0, y + 0.6, 13, width_mm - 2 * left - 7.0, 2)
        y = pen.wrap(_word(name, "en"), left + 7.0, y + 0.8, 8.5, width_mm - 2 * left - 7.0, 2) - 1.5
    y -= 3.0
    pen.write(f"{_word('basis', 'zh')}  {_word('basis', 'en')}", left, y, 12)
    y -= 8.0
    for basis in CertificateBasis:
        pen.box(left, y, 4.2, ticked=basis in sheet.basis)
        pen.write(f"{_word(basis, 'zh')}  {_word(basis, 'en')}", left + 7.0, y + 0.6, 11)
        y -= 7.5
    if sheet.tested:
        y = pen.wrap(f"{_word('tested', 'zh')} {sheet.tested}", left + 7.0, y, 10, width_mm - 2 * left - 7.0, 3)
    y -= 6.0
    pen.canvas.setLineWidth(0.5)
    pen.canvas.line(left * _MM, (y + 5.0) * _MM, (width_mm - left) * _MM, (y + 5.0) * _MM)
    for name, value in _facts(sheet):
        pen.write(_word(name, "zh"), left, y - 2.0, 12)
        pen.write(_word(name, "en"), left, y - 6.0, 7.5)
        y = min(pen.wrap(value, left + 32.0, y - 2.0, 12, 80.0, 2), y - 6.0) - 5.0
    pen.qr(sheet.address, width_mm - left - 48.0, 62.0, 50.0)
    pen.write(_word("title", "zh"), width_mm - left - 23.0, 58.0, 15, centred=True)
    pen.write(_word("scan", "zh"), width_mm - left - 23.0, 52.5, 8.5, centred=True)
    pen.write(_word("scan", "en"), width_mm - left - 23.0, 48.5, 7, centred=True)


def _draw_card(sheet: CertificateSheet, pen: _Pen, width_mm: float, height_mm: float) -> None:
    left, inner = 5.0, width_mm - 10.0
    pen.write(_word("title", "zh"), width_mm / 2.0, height_mm - 10.5, 19, centred=True)
    y = pen.wrap(_word("promise", "zh"), left, height_mm - 17.0, 7.5, inner, 2)
    for name in ("promise_banned", "promise_residues", "promise_true"):
        pen.box(left, y - 0.2, 2.4, ticked=True)
        y = pen.wrap(_word(name, "zh"), left + 3.8, y, 7.5, inner - 3.8, 2)
    y -= 1.0
    pen.write(_word("basis", "zh"), left, y, 7.5)
    x = left + pen.width(_word("basis", "zh"), 7.5) + 2.0
    for basis in CertificateBasis:
        pen.box(x, y - 0.2, 2.4, ticked=basis in sheet.basis)
        pen.write(_word(basis, "zh"), x + 3.0, y, 7)
        x += 4.6 + pen.width(_word(basis, "zh"), 7)
    y -= 5.0
    for name, value in _facts(sheet):
        pen.write(_word(name, "zh"), left, y, 7.5)
        width = inner - 18.0 if y > 33.0 else inner - 18.0 - 30.0
        pen.fit(value, left + 18.0, y, 7.5, width)
        y -= 4.6
    pen.qr(sheet.address, width_mm - 33.0, 6.5, 28.0)
    pen.write(_word("title", "zh"), width_mm - 19.0, 3.2, 9, centred=True)


def _draw_label(sheet: CertificateSheet, pen: _Pen, width_mm: float, height_mm: float) -> None:
    side = 23.0
    pen.write(_word("title", "zh"), width_mm / 2.0, height_mm - 6.0, 14, centred=True)
    pen.qr(sheet.address, width_mm - side - 0.5, 6.3, side)
    pen.write(_word("title", "zh"), width_mm - side / 2.0 - 0.5, 4.2, 6.5, centred=True)
    y = height_mm - 10.5
    for name, value in _facts(sheet):
        text = f"{_word(name, 'zh')} {value}"
        pen.fit(text, 1.8, y, 6.5, width_mm - side - 2.8)
        y -= 3.15
    pen.fit(_word("promise_short", "zh"), 1.8, 1.4, 5.5, width_mm - 3.6)


def _facts(sheet: CertificateSheet) -> list[tuple[str, str]]:
    return [
        ("product", sheet.product),
        ("quantity", sheet.quantity),
        ("origin", sheet.origin),
        ("issuer", sheet.issuer),
        ("contact", sheet.contact),
        ("issued_on", sheet.issued_on),
        ("lot", sheet.lot),
        ("number", sheet.number),
    ]


def _stamp(sheet: CertificateSheet, pen: _Pen, width_mm: float, height_mm: float) -> None:
    """Write across the form that it is no certificate."""
    name = "specimen" if sheet.is_specimen else "void"
    text = f"{_word(name, 'zh')} {_word(name, 'en')}"
    size = 30.0 * min(1.0, width_mm / 150.0) + 4.0
    pen.canvas.saveState()
    pen.canvas.translate(width_mm / 2.0 * _MM, height_mm / 2.0 * _MM)
    pen.canvas.rotate(30)
    pen.canvas.setFillColorRGB(0.75, 0.1, 0.1, alpha=0.55)
    size = min(size, size * width_mm * 1.05 / max(pen.width(text, size), 1.0))
    pen.write(text, 0.0, -size * 0.3 / _MM, size, centred=True)
    pen.canvas.restoreState()


def _font(run: str) -> str:
    return _LATIN if ord(run[0]) < 0x100 else _HAN


def _word(name: str, language: Language) -> str:
    return find_term(_GROUP, name, language) or name
