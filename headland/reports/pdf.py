"""Reports as PDF, A4, with the sections of the page, drawn by ReportLab without font files and network.

Latin text is in Helvetica, all other text in STSong-Light, the Chinese font of PDF readers: neither is in the file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any, Final
from xml.sax.saxutils import escape

from headland.analysis.inputs.errors import AnalysisError
from headland.contract.palette import PALETTE
from headland.reports.document import (
    Chart,
    Figure,
    Map,
    Note,
    Part,
    Report,
    ReportTable,
    Section,
    has_own_unit,
)
from headland.reports.rendering import LINE_COLOURS, ReportLocale, chart_scale, column_widths, scale_bar_m
from headland.runtime.cancellation import check_cancelled

_LATIN, _HAN = "Helvetica", "STSong-Light"
#: Characters outside of Helvetica's encoding, which are in the other font.
_OTHER: Final = re.compile("[^\u0020-\u007e\u00a0-\u00ff]+")
_WIDTH_PT: Final = 510.0
#: What is right of a cell's text, and half a point that a line needs to be no narrower than its word.
_CELL_BESIDE_PT: Final = 6.5
#: The height up to which a map fits on the first page.
_MAP_MOST_PT: Final = 215.0
_GREEN, _GREY, _BROWN = PALETTE.lot["field_edge"], "#4c5449", PALETTE.paper["simulated"]


def write_pdf(document: Report, locale: ReportLocale) -> bytes:
    """Return the report as PDF; raises AnalysisError (no-pdf) where ReportLab is not installed."""
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.platypus import SimpleDocTemplate
    except ImportError as error:
        sentence = (
            "PDF output is not installed: run pip install 'headland[reports]', or request format=html and print it."
        )
        raise AnalysisError("no-pdf", "PDF output not installed", sentence) from error
    if _HAN not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_HAN))
    pen = _Pen(locale)
    file = io.BytesIO()

    class Template(SimpleDocTemplate):  # type: ignore[misc] # ReportLab has no types
        def afterFlowable(self, _flowable: Any) -> None:  # noqa: N802 - ReportLab's name
            check_cancelled()

    made = Template(
        file, pagesize=A4, leftMargin=42, rightMargin=42, topMargin=42, bottomMargin=48,
        title=f"{locale.word(document.title)}: {document.subject}", author="Headland",
        lang="zh-CN" if locale.language == "zh" else "en", invariant=1,
    )  # fmt: skip
    foot = f"{locale.word(document.title)} · {document.subject}"
    if document.is_simulated:
        foot = f"{foot} · {locale.word('simulated')}"

    def draw_foot(canvas: Any, template: Any) -> None:
        canvas.saveState()
        from reportlab.platypus import Paragraph

        text = Paragraph(pen.mark(f"{foot} · {locale.word('page').format(number=template.page)}"), pen.small)
        text.wrap(_WIDTH_PT, 40)
        text.drawOn(canvas, 42, 26)
        canvas.restoreState()

    made.build(list(_story(document, locale, pen)), onFirstPage=draw_foot, onLaterPages=draw_foot)
    return file.getvalue()


class _Pen:
    """The styles of a document, and texts marked with the font of their characters."""

    def __init__(self, locale: ReportLocale) -> None:
        from reportlab.lib.styles import ParagraphStyle

        wrap = "CJK" if locale.language == "zh" else None

        def style(name: str, size: float, **more: Any) -> Any:
            return ParagraphStyle(
                name, fontName=_LATIN, fontSize=size, leading=size * 1.35, wordWrap=wrap, splitLongWords=1, **more
            )

        self.title = style("title", 18)
        self.lead = style("lead", 9.5, textColor=_GREY)
        self.heading = style("heading", 12.5, spaceBefore=12, spaceAfter=4, textColor=_GREEN, keepWithNext=1)
        self.caption = style("caption", 9.5, spaceBefore=6, spaceAfter=2, keepWithNext=1)
        self.text = style("text", 9)
        self.cell = style("cell", 8.5)
        self.head = style("head", 8, textColor=_GREY)
        self.small = style("small", 7.5, textColor=_GREY)
        self.warning = style("warning", 10, textColor=_BROWN, borderColor=_BROWN, borderWidth=1, borderPadding=4,
                             spaceBefore=8, spaceAfter=6)  # fmt: skip

    def mark(self, text: str) -> str:
        """Return a text for a paragraph: escaped, with the font of each run of characters."""
        check_cancelled()
        marked = escape(text).replace("\u2212", "-")
        return _OTHER.sub(lambda run: f'<font name="{_HAN}">{run[0]}</font>', marked)

    def word_width_pt(self, text: str) -> float:
        """Return the width of the longest word of a cell with what is beside it; Chinese breaks at any character."""
        from reportlab.pdfbase.pdfmetrics import stringWidth

        words = _OTHER.sub(" ", text).split()
        return max((stringWidth(word, _LATIN, self.cell.fontSize) for word in words), default=0.0) + _CELL_BESIDE_PT

    def write(self, text: str, style: Any) -> Any:
        """Return a paragraph."""
        from reportlab.platypus import Paragraph

        return Paragraph(self.mark(text), style)


def _story(document: Report, locale: ReportLocale, pen: _Pen) -> Iterable[Any]:
    yield pen.write(document.subject, pen.title)
    yield pen.write(locale.word(document.title), pen.lead)
    for line in locale.head(document):
        yield pen.write(line, pen.lead)
    if document.is_simulated:
        yield pen.write(locale.word("simulated"), pen.warning)
    for section in document.sections:
        yield from _section(section, locale, pen)
    yield pen.write(locale.word("sources"), pen.heading)
    for method in document.sources:
        yield pen.write(f"{method.id} {locale.method(method)}", pen.small)
    if document.addresses:
        yield pen.write(locale.word("addresses"), pen.heading)
    for address in document.addresses:
        yield pen.write(address, pen.small)


def _section(section: Section, locale: ReportLocale, pen: _Pen) -> Iterable[Any]:
    yield pen.write(locale.word(section.name), pen.heading)
    figures: list[Figure] = []
    for part in section.parts:
        if isinstance(part, Figure):
            figures.append(part)
            continue
        if figures:
            yield _figures(figures, locale, pen)
            figures = []
        yield from _part(part, locale, pen)
    if figures:
        yield _figures(figures, locale, pen)


def _part(part: Part, locale: ReportLocale, pen: _Pen) -> Iterable[Any]:
    from reportlab.platypus import KeepTogether

    match part:
        case ReportTable():
            yield pen.write(locale.word(part.name), pen.caption)
            yield _table(part, locale, pen)
        case Map():
            caption = pen.write(locale.word(part.name), pen.caption)
            yield KeepTogether([caption, _map(part, locale), *_key(part, locale, pen)])
        case Chart():
            name = f"{locale.word(part.name)} [{locale.unit(part.unit)}]"
            yield KeepTogether([pen.write(name, pen.caption), _chart(part, locale)])
        case Note():
            yield pen.write(locale.note(part), pen.text)


def _figures(figures: list[Figure], locale: ReportLocale, pen: _Pen) -> Any:
    rows = []
    for figure in figures:
        cells = [pen.write(locale.cell(figure, with_unit=True), pen.cell)]
        if provenance := locale.provenance(figure):
            cells.append(pen.write(provenance, pen.small))
        rows.append([pen.write(locale.word(figure.name), pen.cell), cells])
    return _grid(rows, [_WIDTH_PT * 0.42, _WIDTH_PT * 0.58], heads=0)


def _table(table: ReportTable, locale: ReportLocale, pen: _Pen) -> Any:
    heads = []
    for name, unit in table.columns:
        shown_unit = locale.unit(unit)
        heads.append(f"{locale.word(name)} [{shown_unit}]" if shown_unit else locale.word(name))
    units = [unit for _, unit in table.columns]
    texts = [
        [locale.cell(cell, with_unit=has_own_unit(cell, unit)) for cell, unit in zip(row, units, strict=True)]
        for row in table.rows
    ]
    rows = [[pen.write(text, pen.cell) for text in row] for row in texts]
    widths_pt = column_widths(texts, heads, _WIDTH_PT, _width, pen.word_width_pt)
    return _grid([[pen.write(head, pen.head) for head in heads], *rows], widths_pt, heads=1)


def _width(text: str) -> float:
    """Return the width of a text in letters; a Chinese character counts two."""
    return float(len(text) + sum(len(run) for run in _OTHER.findall(text)))


def _grid(rows: list[list[Any]], widths_pt: list[float], *, heads: int) -> Any:
    from reportlab.platypus import Table as Grid

    style: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, "#d9ddd5"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if heads:
        style.append(("LINEBELOW", (0, 0), (-1, 0), 0.9, "#9aa394"))
    return Grid(rows, colWidths=widths_pt, repeatRows=heads, style=style, hAlign="LEFT")


def _map(drawn: Map, locale: ReportLocale) -> Any:
    from reportlab.graphics.shapes import Drawing, Image, Line, PolyLine
    from reportlab.lib.colors import HexColor

    scale = min(_WIDTH_PT / drawn.width_m, _MAP_MOST_PT / drawn.height_m)
    width, height, foot = drawn.width_m * scale, drawn.height_m * scale, 16.0
    picture = Drawing(width, height + foot)
    picture.add(Image(0, foot, width, height, _flatten(drawn.png)))
    for rings, colour, dash in (
        (drawn.outlines, PALETTE.outline, None),
        (drawn.buffers, PALETTE.untreated_zone, [3, 2]),
    ):
        for ring in rings:
            points = [value for x, y in ring for value in (x * scale, y * scale + foot)]
            picture.add(PolyLine(points, strokeColor=HexColor(colour), strokeWidth=0.9, strokeDashArray=dash))
    bar_m = scale_bar_m(drawn.width_m)
    picture.add(Line(0, 5, bar_m * scale, 5, strokeColor=HexColor(PALETTE.outline), strokeWidth=2))
    picture.add(_label(bar_m * scale + 5, 2, locale.word("scale").format(metres=f"{bar_m:g}"), 8))
    picture.add(_label(width - 10, 2, "N", 8))
    picture.add(Line(width - 14, 0, width - 14, 11, strokeColor=HexColor(PALETTE.outline), strokeWidth=1))
    picture.add(PolyLine([width - 17, 7, width - 14, 12, width - 11, 7], strokeColor=HexColor(PALETTE.outline)))
    return picture


def _flatten(png: bytes) -> Any:
    """Return a picture without transparent pixels."""
    from PIL import Image as Pictures

    clear = Pictures.open(io.BytesIO(png)).convert("RGBA")
    white = Pictures.new("RGBA", clear.size, (255, 255, 255, 255))
    return Pictures.alpha_composite(white, clear).convert("RGB")


def _key(drawn: Map, locale: ReportLocale, pen: _Pen) -> list[Any]:
    """Return the legend of the colours, three in a row."""
    from reportlab.graphics.shapes import Drawing, Rect
    from reportlab.lib.colors import Color

    cells: list[Any] = []
    for band in drawn.bands:
        patch = Drawing(9, 9)
        red, green, blue = (part / 255.0 for part in band.colour)
        patch.add(Rect(0, 1, 8, 8, fillColor=Color(red, green, blue), strokeWidth=0.3))
        cells += [patch, pen.write(locale.band(band, drawn.unit), pen.small)]
    cells += [""] * (-len(cells) % 6)
    rows = [cells[start : start + 6] for start in range(0, len(cells), 6)]
    if not rows:
        return []
    from reportlab.platypus import Table as Grid

    widths = [14.0, _WIDTH_PT / 3.0 - 14.0] * 3
    tight = [(f"{side}PADDING", (0, 0), (-1, -1), 1) for side in ("TOP", "BOTTOM")]
    return [Grid(rows, colWidths=widths, style=tight)]


def _chart(chart: Chart, locale: ReportLocale) -> Any:
    from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect
    from reportlab.lib.colors import HexColor

    width, height, left, base, top = _WIDTH_PT, 132.0, 30.0, 26.0, 128.0
    picture = Drawing(width, height)
    ticks, low, high = chart_scale(chart)
    grey = HexColor(PALETTE.grid)

    def x_of(time_ms: int) -> float:
        return left + (time_ms - chart.start_ms) / (chart.end_ms - chart.start_ms) * (width - left)

    def y_of(value: float) -> float:
        return base + (value - low) / (high - low) * (top - base)

    if chart.target is not None:
        first, last = (y_of(min(max(edge, low), high)) for edge in chart.target)
        picture.add(
            Rect(left, first, width - left, last - first, fillColor=HexColor(PALETTE.target_band), strokeColor=None)
        )
    for tick in ticks:
        picture.add(Line(left, y_of(tick), width, y_of(tick), strokeColor=grey, strokeWidth=0.5))
        picture.add(_label(0, y_of(tick) - 3, f"{tick:g}", 7.5))
    for day in chart.days_ms[:-1]:
        picture.add(Line(x_of(day), base, x_of(day), top, strokeColor=grey, strokeWidth=0.5))
        picture.add(_label(x_of(day) + 2, base - 10, locale.day(day), 7.5))
    at = left
    for line, colour in zip(chart.lines, LINE_COLOURS, strict=False):
        for run in locale.runs(line):
            points = [point for time_ms, value in run for point in (x_of(time_ms), y_of(value))]
            picture.add(PolyLine(points, strokeColor=HexColor(colour), strokeWidth=1.1))
        picture.add(Line(at, 5, at + 14, 5, strokeColor=HexColor(colour), strokeWidth=2))
        label = locale.word(line.name)
        picture.add(_label(at + 18, 2, label, 7.5))
        at += 40.0 + 8.0 * len(label)
    if chart.target is not None:
        picture.add(Rect(at, 2, 10, 7, fillColor=HexColor(PALETTE.target_band), strokeWidth=0.3))
        picture.add(_label(at + 14, 2, locale.word("target_band"), 7.5))
    return picture


def _label(x: float, y: float, text: str, size: float) -> Any:
    """Return a short text of a picture in the font of its characters."""
    from reportlab.graphics.shapes import String

    return String(x, y, text, fontName=_HAN if _OTHER.search(text) else _LATIN, fontSize=size)
