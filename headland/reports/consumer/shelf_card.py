"""Shelf card of a lot, as SVG and as PDF. Its code leads to the lot's page."""

from __future__ import annotations

from html import escape
from typing import Final, Literal

from headland.analysis.plant_protection.harvest_review import HarvestBreach
from headland.contract.palette import PALETTE
from headland.i18n import Language
from headland.registry.models.releases import ReleasedLot
from headland.reports.consumer.market import draw_qr
from headland.reports.consumer.wording import Wording
from headland.reports.paper import Paper

CardSize = Literal["a6", "a5"]
#: Width and height, lying [mm].
_SIZE_MM: Final[dict[CardSize, tuple[float, float]]] = {"a6": (148.0, 105.0), "a5": (210.0, 148.0)}


def draw_card(lot: ReleasedLot, address: str, language: Language, breach: HarvestBreach | None = None) -> bytes:
    """Return a shelf card of 105 x 74 mm as SVG; `breach` is the interval within which the lot was harvested."""
    wording = Wording(language, lot.time_zone)
    size = min(9.0, 62.0 / max(len(lot.product.encode("gb18030")) * 0.52, 1))
    texts = "".join(
        f'<text x="6" y="{34 + 6 * place:g}" font-size="3.6">{escape(line[:40])}</text>'
        for place, line in enumerate(_lines(lot, wording))
    )
    warning = ""
    if lot.simulated:
        colour = PALETTE.paper["simulated"]
        warning = f'<text x="6" y="70" font-size="3.4" fill="{colour}">{escape(wording.word("is_simulated"))}</text>'
    if breach is not None:
        said = escape(wording.word("in_interval_short"))
        warning += (
            f'<rect x="1" y="55" width="103" height="9" fill="{PALETTE.paper["stopped"]}"/>'
            f'<text x="6" y="61" font-size="3.8" font-weight="700" fill="#fff">{said}</text>'
        )
    card = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="105mm" height="74mm" viewBox="0 0 105 74" '
        "font-family=\"system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif\">"
        '<rect x=".5" y=".5" width="104" height="73" rx="3" fill="#fff" stroke="#2f6b2f"/>'
        f'<text x="6" y="20" font-size="{size:.2f}" font-weight="700" fill="#1c1f1a">{escape(lot.product)}</text>'
        f'{texts}<svg x="66" y="8" width="34" height="34">{draw_qr(address)}</svg>'
        f'<text x="83" y="47" font-size="2.9" text-anchor="middle">{escape(wording.word("scan"))}</text>{warning}</svg>'
    )
    return card.encode()


def print_card(
    lot: ReleasedLot, address: str, size: CardSize, language: Language, breach: HarvestBreach | None = None
) -> bytes:
    """Return a shelf card as PDF; raises AnalysisError (no-pdf) where ReportLab is not installed."""
    wording = Wording(language, lot.time_zone)
    width_mm, height_mm = _SIZE_MM[size]
    scale = width_mm / 148.0
    paper = Paper(width_mm, height_mm, title=f"{lot.product} {lot.code}", author=lot.issuer)
    paper.frame(3.0)
    side_mm = 56.0 * scale
    left_mm, text_mm = 10.0 * scale, 74.0 * scale
    y_mm = paper.wrap(lot.product, left_mm, height_mm - 24.0 * scale, 30.0 * scale, text_mm, 2) - 3.0 * scale
    for line in _lines(lot, wording):
        y_mm = paper.wrap(line, left_mm, y_mm, 12.0 * scale, text_mm, 2) - 1.5 * scale
    code_mm = width_mm - side_mm - 8.0 * scale
    paper.qr(address, code_mm, height_mm - side_mm - 10.0 * scale, side_mm)
    below_mm = height_mm - side_mm - 16.0 * scale
    paper.write(wording.word("scan"), code_mm + side_mm / 2.0, below_mm, 11.0 * scale, centred=True)
    if lot.simulated:
        paper.fit(wording.word("is_simulated"), left_mm, 8.0 * scale, 11.0 * scale, width_mm - 2 * left_mm)
        paper.stamp(wording.word("specimen"), 44.0 * scale)
    if breach is not None:
        paper.fit(wording.stopped(breach), left_mm, 15.0 * scale, 13.0 * scale, width_mm - 2 * left_mm)
        paper.stamp(wording.word("not_for_sale"), 44.0 * scale)
    return paper.finish()


def _lines(lot: ReleasedLot, wording: Wording) -> list[str]:
    lines = [f"{wording.word('lot')} {lot.code} · {wording.mass(lot.grams)}"]
    if lot.harvests:
        lines.append(f"{wording.word('harvests')} {wording.day(lot.harvests[-1].time_ms)}")
    lines += [text for text in (lot.origin, lot.issuer) if text]
    if lot.certificate is not None:
        lines.append(f"{wording.word('certificate_name')} {lot.certificate.number}")
    return lines
