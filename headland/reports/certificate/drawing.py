"""Drawing of a certificate on A4, A7 and a thermal label of 60 x 40 mm, in Chinese with the terms in English on A4."""

from __future__ import annotations

from typing import Final

from headland.i18n import Language, find_term
from headland.registry.models.lots import CertificateBasis
from headland.reports.certificate.sheet import CertificateSheet, Form
from headland.reports.paper import Paper

_SIZE_MM: Final[dict[Form, tuple[float, float]]] = {
    "a4": (210.0, 297.0),
    "a7": (74.0, 105.0),
    "label_60x40": (60.0, 40.0),
}
_GROUP: Final = "certificate_sheet"


def draw_certificate(sheet: CertificateSheet, form: Form) -> bytes:
    """Return a certificate as PDF; raises AnalysisError (no-pdf) where ReportLab is not installed."""
    width_mm, height_mm = _SIZE_MM[form]
    paper = Paper(width_mm, height_mm, title=f"{_word('title', 'zh')} {sheet.number}", author=sheet.issuer)
    if form == "a4":
        _draw_page(sheet, paper, width_mm, height_mm)
    elif form == "a7":
        _draw_card(sheet, paper, width_mm, height_mm)
    else:
        _draw_label(sheet, paper, width_mm, height_mm)
    if sheet.is_specimen or sheet.is_void:
        _stamp(sheet, paper, width_mm)
    return paper.finish()


def _draw_page(sheet: CertificateSheet, paper: Paper, width_mm: float, height_mm: float) -> None:
    middle, left = width_mm / 2.0, 25.0
    paper.write(_word("title", "zh"), middle, height_mm - 40.0, 34, centred=True)
    paper.write(_word("title", "en"), middle, height_mm - 50.0, 12, centred=True)
    y = height_mm - 68.0
    y = paper.wrap(_word("promise", "zh"), left, y, 13, width_mm - 2 * left, 2) - 1.5
    for name in ("promise_banned", "promise_residues", "promise_true"):
        paper.box(left, y, 4.2, ticked=True)
        y = paper.wrap(_word(name, "zh"), left + 7.0, y + 0.6, 13, width_mm - 2 * left - 7.0, 2)
        y = paper.wrap(_word(name, "en"), left + 7.0, y + 0.8, 8.5, width_mm - 2 * left - 7.0, 2) - 3.5
    y -= 3.0
    paper.write(f"{_word('basis', 'zh')}  {_word('basis', 'en')}", left, y, 12)
    y -= 8.0
    for basis in CertificateBasis:
        paper.box(left, y, 4.2, ticked=basis in sheet.basis)
        paper.write(f"{_word(basis, 'zh')}  {_word(basis, 'en')}", left + 7.0, y + 0.6, 11)
        y -= 7.5
    if sheet.tested:
        y = paper.wrap(f"{_word('tested', 'zh')} {sheet.tested}", left + 7.0, y, 10, width_mm - 2 * left - 7.0, 3)
    y -= 6.0
    paper.line(left, width_mm - left, y + 5.0)
    for name, value in _facts(sheet):
        paper.write(_word(name, "zh"), left, y - 2.0, 12)
        paper.write(_word(name, "en"), left, y - 6.0, 7.5)
        y = min(paper.wrap(value, left + 32.0, y - 2.0, 12, 80.0, 2), y - 6.0) - 5.0
    paper.qr(sheet.address, width_mm - left - 48.0, 62.0, 50.0)
    paper.write(_word("title", "zh"), width_mm - left - 23.0, 58.0, 15, centred=True)
    paper.write(_word("scan", "zh"), width_mm - left - 23.0, 52.5, 8.5, centred=True)
    paper.write(_word("scan", "en"), width_mm - left - 23.0, 48.5, 7, centred=True)


def _draw_card(sheet: CertificateSheet, paper: Paper, width_mm: float, height_mm: float) -> None:
    left, inner = 5.0, width_mm - 10.0
    paper.write(_word("title", "zh"), width_mm / 2.0, height_mm - 10.5, 19, centred=True)
    y = paper.wrap(_word("promise", "zh"), left, height_mm - 17.0, 7.5, inner, 2)
    for name in ("promise_banned", "promise_residues", "promise_true"):
        paper.box(left, y - 0.2, 2.4, ticked=True)
        y = paper.wrap(_word(name, "zh"), left + 3.8, y, 7.5, inner - 3.8, 2)
    y -= 1.0
    paper.write(_word("basis", "zh"), left, y, 7.5)
    x = left + paper.width(_word("basis", "zh"), 7.5) + 2.0
    for basis in CertificateBasis:
        paper.box(x, y - 0.2, 2.4, ticked=basis in sheet.basis)
        paper.write(_word(basis, "zh"), x + 3.0, y, 7)
        x += 4.6 + paper.width(_word(basis, "zh"), 7)
    y -= 5.0
    for name, value in _facts(sheet):
        paper.write(_word(name, "zh"), left, y, 7.5)
        width = inner - 18.0 if y > 33.0 else inner - 18.0 - 30.0
        paper.fit(value, left + 18.0, y, 7.5, width)
        y -= 4.6
    paper.qr(sheet.address, width_mm - 33.0, 6.5, 28.0)
    paper.write(_word("title", "zh"), width_mm - 19.0, 3.2, 9, centred=True)


def _draw_label(sheet: CertificateSheet, paper: Paper, width_mm: float, height_mm: float) -> None:
    side = 23.0
    paper.write(_word("title", "zh"), width_mm / 2.0, height_mm - 6.0, 14, centred=True)
    paper.qr(sheet.address, width_mm - side - 0.5, 6.3, side)
    paper.write(_word("title", "zh"), width_mm - side / 2.0 - 0.5, 4.2, 6.5, centred=True)
    y = height_mm - 10.5
    for name, value in _facts(sheet):
        text = f"{_word(name, 'zh')} {value}"
        paper.fit(text, 1.8, y, 6.5, width_mm - side - 2.8)
        y -= 3.15
    paper.fit(_word("promise_short", "zh"), 1.8, 1.4, 5.5, width_mm - 3.6)


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


def _stamp(sheet: CertificateSheet, paper: Paper, width_mm: float) -> None:
    """Write across the form that it is no certificate."""
    name = "void"
    if sheet.is_specimen:
        name = "specimen_simulated" if sheet.is_simulated else "specimen"
    paper.stamp(f"{_word(name, 'zh')} {_word(name, 'en')}", 30.0 * min(1.0, width_mm / 150.0) + 4.0)


def _word(name: str, language: Language) -> str:
    return find_term(_GROUP, name, language) or name
