"""Overlay of a lot for live-stream software, and QR codes as SVG."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final, Literal

from headland.analysis.plant_protection.harvest_review import HarvestBreach
from headland.i18n import Language
from headland.registry.models.releases import ReleasedLot
from headland.reports.consumer.wording import Wording

Shape = Literal["16:9", "9:16"]
#: Seconds after which the overlay loads anew.
REFRESH_S: Final = 60
_STYLE: Final = """
html,body{margin:0;height:100%;background:transparent;font:600 28px/1.35 system-ui,"Noto Sans CJK SC","PingFang SC",
"Microsoft YaHei",sans-serif;color:#fff}.panel{position:absolute;display:flex;gap:20px;align-items:center;
background:#10240fe0;border-radius:18px;padding:18px 22px}.wide{left:40px;bottom:40px;max-width:60vw}
.tall{left:24px;right:24px;bottom:12vh}.qr{width:150px;height:150px;background:#fff;border-radius:10px;padding:6px;
flex:none}.qr svg{width:100%;height:100%;display:block}p{margin:0}.big{font-size:38px}small{font-size:21px;
font-weight:400}.sim{background:#8a4b00;border-radius:8px;padding:0 10px}
.stop{background:#a3231f;border-radius:8px;padding:0 10px}
"""


def write_overlay(
    lot: ReleasedLot,
    address: str,
    shape: Shape,
    language: Language,
    live: Mapping[str, float | None],
    now_ms: int,
    breach: HarvestBreach | None = None,
) -> bytes:
    """Return a transparent page for live-stream software; `live` has the present climate, None where none is known.

    `breach` is the pre-harvest interval within which the lot was harvested.
    """
    wording = Wording(language, lot.time_zone)
    lines = [f'<p class="big">{escape(lot.product)}</p>']
    if breach is not None:
        lines.append(f'<p class="stop">{wording.word("in_interval_short")}</p>')
    if lot.simulated:
        lines.append(f'<p class="sim">{wording.word("is_simulated")}</p>')
    if lot.harvests:
        lines.append(f"<p>{wording.picked(lot.harvests[-1].time_ms, now_ms)}</p>")
    if live:
        lines.append(f"<p>{wording.word('live')}: {_climate(live, wording)}</p>")
    lines.append(f"<p><small>{wording.word('scan')} · {escape(lot.issuer)}</small></p>")
    place = "wide" if shape == "16:9" else "tall"
    page = (
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="{REFRESH_S}"><meta name="robots" content="noindex">'
        f"<title>{escape(lot.product)}</title><style>{_STYLE}</style></head><body>"
        f'<div class="panel {place}"><div class="qr">{draw_qr(address)}</div><div>{"".join(lines)}</div></div>'
        "</body></html>"
    )
    return page.encode()


def overlay_policy() -> str:
    """Return the content policy of the overlay. Live-stream software may frame it."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def draw_qr(text: str) -> str:
    """Return a QR code as SVG that fills its place, with a quiet zone."""
    import segno

    code = segno.make_qr(text, error="m")
    rows = [list(row) for row in code.matrix]
    side = len(rows) + 8
    path = "".join(
        f"M{column + 4} {place + 4}h1v1h-1z"
        for place, row in enumerate(rows)
        for column, is_dark in enumerate(row)
        if is_dark
    )
    return (
        f'<svg viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img" aria-label="QR">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
    )


def _climate(live: Mapping[str, float | None], wording: Wording) -> str:
    forms = (("air_temperature_degc", "{:.1f} °C"), ("relative_humidity_pct", "{:.0f} %"))
    told = [form.format(live[name]) for name, form in forms if live.get(name) is not None]
    return " · ".join(told) or wording.word("no_live")
