"""Paper: a page of PDF with texts of both scripts, QR codes and boxes, for certificates and cards.

The fonts are those of the reports. A QR code is drawn as squares, so that it is sharp at any resolution.
"""

from __future__ import annotations

import io
import re
from typing import Final

from headland.analysis.inputs.errors import AnalysisError

_LATIN, _HAN = "Helvetica", "STSong-Light"
_RUNS: Final = re.compile("[\u0020-\u007e\u00a0-\u00ff]+|[^\u0020-\u007e\u00a0-\u00ff]+")
_MM: Final = 72.0 / 25.4
_LINE: Final = 1.3


class Paper:
    """A page of PDF, measured in millimetres from the lower left corner."""

    def __init__(self, width_mm: float, height_mm: float, *, title: str, author: str) -> None:
        """Open a page; raises AnalysisError (no-pdf) where ReportLab is not installed."""
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
        self._file = io.BytesIO()
        self._size_mm = width_mm, height_mm
        self._canvas = Canvas(self._file, pagesize=(width_mm * _MM, height_mm * _MM), invariant=1, lang="zh-CN")
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)

    def finish(self) -> bytes:
        """Return the file."""
        self._canvas.save()
        return self._file.getvalue()

    def width(self, text: str, size_pt: float) -> float:
        """Return the width of a text [mm]."""
        return sum(
            float(self._canvas.stringWidth(run, _font(run), size_pt)) for run in _RUNS.findall(text)
        ) / _MM  # fmt: skip

    def write(self, text: str, x_mm: float, y_mm: float, size_pt: float, *, centred: bool = False) -> None:
        """Write a text on one line from its left end, or around its middle."""
        x_pt = (x_mm - (self.width(text, size_pt) / 2.0 if centred else 0.0)) * _MM
        for run in _RUNS.findall(text):
            self._canvas.setFont(_font(run), size_pt)
            self._canvas.drawString(x_pt, y_mm * _MM, run)
            x_pt += float(self._canvas.stringWidth(run, _font(run), size_pt))

    def fit(self, text: str, x_mm: float, y_mm: float, size_pt: float, width_mm: float) -> None:
        """Write a text on one line, smaller where it is wider than `width_mm`, and cut below half of its size."""
        size = max(size_pt * min(1.0, width_mm / max(self.width(text, size_pt), 0.1)), size_pt * 0.5)
        while text and self.width(text, size) > width_mm + 0.01:
            text = text[:-1]
        self.write(text, x_mm, y_mm, size)

    def wrap(self, text: str, x_mm: float, y_mm: float, size_pt: float, width_mm: float, most: int) -> float:
        """Write a text on at most `most` lines, smaller where it needs more; return the height below the last [mm].

        Below half of its size it is cut.
        """
        least_pt = size_pt * 0.5
        lines = self._lines(text, size_pt, width_mm)
        while len(lines) > most and size_pt > least_pt:
            size_pt = max(least_pt, size_pt * 0.93)
            lines = self._lines(text, size_pt, width_mm)
        for shown in lines[:most]:
            self.fit(shown, x_mm, y_mm, size_pt, width_mm)
            y_mm -= size_pt * _LINE / _MM
        return y_mm

    def _lines(self, text: str, size_pt: float, width_mm: float) -> list[str]:
        line = ""
        lines: list[str] = []
        for piece in re.findall(r"[!-~\u00a1-\u00ff]+|.", text):
            if line and self.width(line + piece, size_pt) > width_mm:
                lines.append(line)
                line = ""
            line += piece if line or piece != " " else ""
        return [*lines, line]

    def qr(self, text: str, x_mm: float, y_mm: float, side_mm: float) -> None:
        """Draw a QR code with its quiet zone, lower left corner at x, y."""
        import segno

        code = segno.make_qr(text, error="m")
        matrix = [list(row) for row in code.matrix_iter(scale=1, border=4)]
        cell = side_mm * _MM / len(matrix)
        self._canvas.setFillGray(0)
        for down, row in enumerate(matrix):
            for across, dark in enumerate(row):
                if dark:
                    left, low = x_mm * _MM + across * cell, y_mm * _MM + (len(matrix) - 1 - down) * cell
                    # A hair wider than the cell: no white line between two squares.
                    self._canvas.rect(left, low, cell * 1.02, cell * 1.02, stroke=0, fill=1)

    def box(self, x_mm: float, y_mm: float, side_mm: float, *, ticked: bool) -> None:
        """Draw a box to tick."""
        self._canvas.setLineWidth(0.6)
        self._canvas.rect(x_mm * _MM, y_mm * _MM, side_mm * _MM, side_mm * _MM, stroke=1, fill=0)
        if ticked:
            x, y, side = x_mm * _MM, y_mm * _MM, side_mm * _MM
            self._canvas.setLineWidth(1.2)
            self._canvas.lines(
                [
                    (x + side * 0.15, y + side * 0.5, x + side * 0.4, y + side * 0.2),
                    (x + side * 0.4, y + side * 0.2, x + side * 0.9, y + side * 0.9),
                ]
            )

    def line(self, left_mm: float, right_mm: float, y_mm: float) -> None:
        """Draw a line across."""
        self._canvas.setLineWidth(0.5)
        self._canvas.line(left_mm * _MM, y_mm * _MM, right_mm * _MM, y_mm * _MM)

    def frame(self, margin_mm: float) -> None:
        """Draw a round frame within the edge of the page."""
        width_mm, height_mm = self._size_mm
        self._canvas.setLineWidth(1.0)
        self._canvas.setStrokeColorRGB(0.18, 0.42, 0.18)
        inner = (width_mm - 2 * margin_mm) * _MM, (height_mm - 2 * margin_mm) * _MM
        self._canvas.roundRect(margin_mm * _MM, margin_mm * _MM, *inner, 3.0 * _MM, stroke=1, fill=0)
        self._canvas.setStrokeGray(0)

    def stamp(self, text: str, size_pt: float) -> None:
        """Write a text across the page in transparent red, smaller where it is longer than the page is wide."""
        width_mm, height_mm = self._size_mm
        self._canvas.saveState()
        self._canvas.translate(width_mm / 2.0 * _MM, height_mm / 2.0 * _MM)
        self._canvas.rotate(30)
        self._canvas.setFillColorRGB(0.75, 0.1, 0.1, alpha=0.55)
        size_pt = min(size_pt, size_pt * width_mm * 1.05 / max(self.width(text, size_pt), 1.0))
        self.write(text, 0.0, -size_pt * 0.3 / _MM, size_pt, centred=True)
        self._canvas.restoreState()


def _font(run: str) -> str:
    return _LATIN if ord(run[0]) < 0x100 else _HAN
