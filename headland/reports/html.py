"""Reports as one printable HTML page without scripts and external resources."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from typing import Final

from headland.contract.palette import PALETTE
from headland.reports.document import (
    Cell,
    Chart,
    Figure,
    Map,
    Note,
    Part,
    Report,
    ReportInstant,
    ReportTable,
    Section,
    has_own_unit,
)
from headland.reports.rendering import LINE_COLOURS, ReportLocale, chart_scale, scale_bar_m

_STYLE: Final = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  color: #1c1f1a; background: #fff; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0; } h1 small { display: block; font-size: 1rem; font-weight: normal; color: #4c5449; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; border-bottom: 2px solid #2f6b2f; padding-bottom: .2rem; }
h3 { font-size: .95rem; margin: 1.1rem 0 .3rem; }
p { margin: .4rem 0; } .lead { color: #4c5449; }
.simulated { border: 2px solid #8a4b00; background: #fff4e0; color: #5f3400; padding: .5rem .8rem; font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #d9ddd5; vertical-align: top; }
thead th { border-bottom: 2px solid #9aa394; font-weight: 600; } th.unit small { font-weight: normal; color: #4c5449; }
td.number { white-space: nowrap; } .why { color: #5b5b5b; font-style: italic; }
.rests { display: block; font-size: .82rem; color: #4c5449; }
.figures th { width: 45%; font-weight: normal; }
figure { margin: .8rem 0; } figure svg { width: 100%; height: auto; max-height: 32rem; }
figcaption { font-size: .9rem; } .key { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0;
  margin: .4rem 0; font-size: .85rem; }
.key i { display: inline-block; width: 1em; height: 1em; margin-right: .35em; border: 1px solid #555; }
.sources, .addresses { font-size: .85rem; overflow-wrap: anywhere; } code { font-size: .95em; }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt; } h2, h3 { break-after: avoid; }
  tr, figure { break-inside: avoid; } .scroll { overflow: visible; } @page { size: A4; margin: 16mm 15mm; } }
"""


def write_html(document: Report, locale: ReportLocale) -> bytes:
    """Return the page, in UTF-8."""
    language = "zh-CN" if locale.language == "zh" else "en"
    title = f"{locale.word(document.title)}: {document.subject}"
    body = "".join(_section(section, locale) for section in document.sections)
    sources = "".join(
        f"<li><code>{escape(each.id)}</code> {escape(locale.method(each))}</li>" for each in document.sources
    )
    addresses = "".join(f"<li><code>{escape(each)}</code></li>" for each in document.addresses)
    requests = f"<section><h2>{escape(locale.word('addresses'))}</h2><ul class=addresses>{addresses}</ul></section>"
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><header><h1>{escape(document.subject)}"
        f"<small>{escape(locale.word(document.title))}</small></h1>"
        + "".join(f'<p class="lead">{escape(line)}</p>' for line in locale.head(document))
        + (f'<p class="simulated">{escape(locale.word("simulated"))}</p>' if document.is_simulated else "")
        + f"</header><main>{body}"
        f"<section><h2>{escape(locale.word('sources'))}</h2><ul class=sources>{sources}</ul></section>"
        f"{requests if document.addresses else ''}</main></body></html>"
    )
    return text.encode()


def _section(section: Section, locale: ReportLocale) -> str:
    return f"<section><h2>{escape(locale.word(section.name))}</h2>{''.join(_parts(section.parts, locale))}</section>"


def _parts(parts: Iterable[Part], locale: ReportLocale) -> Iterable[str]:
    """Yield the parts; consecutive figures form one table."""
    figures: list[str] = []
    for part in parts:
        if isinstance(part, Figure):
            figures.append(_figure(part, locale))
            continue
        if figures:
            yield _figures(figures)
            figures = []
        match part:
            case ReportTable():
                yield _table(part, locale)
            case Map():
                yield _map(part, locale)
            case Chart():
                yield _chart(part, locale)
            case Note():
                yield f"<p>{escape(locale.note(part))}</p>"
    if figures:
        yield _figures(figures)


def _figures(rows: list[str]) -> str:
    return f'<table class="figures"><tbody>{"".join(rows)}</tbody></table>'


def _figure(figure: Figure, locale: ReportLocale) -> str:
    provenance = locale.provenance(figure)
    value = _value(figure, locale, with_unit=True)
    small = f'<span class="rests">{escape(provenance)}</span>' if provenance else ""
    return f'<tr><th scope="row">{escape(locale.word(figure.name))}</th><td>{value}{small}</td></tr>'


def _value(cell: Cell, locale: ReportLocale, *, with_unit: bool = False) -> str:
    if isinstance(cell, Figure) and cell.value is None and cell.reason is not None:
        return f'<span class="why">{escape(locale.cell(cell, with_unit=with_unit))}</span>'
    return escape(locale.cell(cell, with_unit=with_unit))


def _table(table: ReportTable, locale: ReportLocale) -> str:
    heads = "".join(
        f'<th scope="col" class="unit">{escape(locale.word(name))}'
        + (f" <small>{escape(locale.unit(unit))}</small>" if locale.unit(unit) else "")
        + "</th>"
        for name, unit in table.columns
    )
    rows = "".join(
        "<tr>"
        + "".join(_cell(cell, locale, unit) for cell, (_, unit) in zip(row, table.columns, strict=True))
        + "</tr>"
        for row in table.rows
    )
    return (
        f'<h3>{escape(locale.word(table.name))}</h3><div class="scroll" tabindex="0" role="group"'
        f' aria-label="{escape(locale.word(table.name))}"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(cell: Cell, locale: ReportLocale, column_unit: str) -> str:
    is_number = isinstance(cell, ReportInstant) or (isinstance(cell, Figure) and isinstance(cell.value, int | float))
    value = _value(cell, locale, with_unit=has_own_unit(cell, column_unit))
    return f"<td{' class=number' if is_number else ''}>{value}</td>"


def _map(drawn: Map, locale: ReportLocale) -> str:
    width, height = drawn.width_m, drawn.height_m
    image = base64.b64encode(drawn.png).decode()
    rings = "".join(
        f'<polygon points="{" ".join(f"{x:.2f},{height - y:.2f}" for x, y in ring)}" fill="none" stroke="{colour}"'
        f' stroke-width="{max(width, height) / 350:.2f}"{dash}/>'
        for colour, dash, group in (
            (PALETTE.outline, "", drawn.outlines),
            (PALETTE.untreated_zone, f' stroke-dasharray="{max(width, height) / 90:.2f}"', drawn.buffers),
        )
        for ring in group
    )
    bar_m, size = scale_bar_m(width), max(width, height) / 36
    low = height + size * 1.4
    bar = (
        f'<path d="M{size:.2f} {low:.2f}h{bar_m:.2f}" stroke="{PALETTE.outline}" stroke-width="{size / 5:.2f}"/>'
        f'<text x="{size * 1.5 + bar_m:.2f}" y="{low + size / 3:.2f}" font-size="{size:.2f}">'
        f"{escape(locale.word('scale').format(metres=f'{bar_m:g}'))}</text>"
        f'<text x="{width:.2f}" y="{low + size / 3:.2f}" font-size="{size:.2f}" text-anchor="end">N ▲</text>'
    )
    key = "".join(
        f'<li><i style="background:rgb{band.colour}"></i>{escape(locale.band(band, drawn.unit))}</li>'
        for band in drawn.bands
    )
    name = escape(locale.word(drawn.name))
    return (
        f'<figure><svg viewBox="0 0 {width:.2f} {height + size * 2.4:.2f}" role="img" aria-label="{name}">'
        f'<image href="data:image/png;base64,{image}" width="{width:.2f}" height="{height:.2f}"'
        f' preserveAspectRatio="none" style="image-rendering:pixelated"/>{rings}{bar}</svg>'
        f'<figcaption>{name}</figcaption><ul class="key">{key}</ul></figure>'
    )


def _chart(chart: Chart, locale: ReportLocale) -> str:
    width, height, left, top, base = 760.0, 200.0, 46.0, 8.0, 172.0
    ticks, low, high = chart_scale(chart)

    def x_of(time_ms: int) -> float:
        return left + (time_ms - chart.start_ms) / (chart.end_ms - chart.start_ms) * (width - left - 6.0)

    def y_of(value: float) -> float:
        return base - (value - low) / (high - low) * (base - top)

    parts = []
    wide = width - left - 6.0
    if chart.target is not None:
        first, last = (y_of(min(max(edge, low), high)) for edge in chart.target)
        size = f'width="{wide:.1f}" height="{first - last:.1f}"'
        parts.append(f'<rect x="{left}" y="{last:.1f}" {size} fill="{PALETTE.target_band}"/>')
    parts += [
        f'<path d="M{left} {y_of(tick):.1f}H{width - 6}" stroke="{PALETTE.grid}"/>'
        f'<text x="{left - 6}" y="{y_of(tick) + 4:.1f}" text-anchor="end" font-size="12">{tick:g}</text>'
        for tick in ticks
    ]
    parts += [
        f'<path d="M{x_of(day):.1f} {top}V{base}" stroke="{PALETTE.grid}"/>'
        f'<text x="{x_of(day) + 3:.1f}" y="{base + 16:.1f}" font-size="12">{escape(locale.day(day))}</text>'
        for day in chart.days_ms[:-1]
    ]
    for line, colour in zip(chart.lines, LINE_COLOURS, strict=False):
        for run in locale.runs(line):
            points = " ".join(f"{x_of(time_ms):.1f},{y_of(value):.1f}" for time_ms, value in run)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    key = "".join(
        f'<li><i style="background:{colour}"></i>{escape(locale.word(line.name))}</li>'
        for line, colour in zip(chart.lines, LINE_COLOURS, strict=False)
    )
    if chart.target is not None:
        key += f'<li><i style="background:{PALETTE.target_band}"></i>{escape(locale.word("target_band"))}</li>'
    name = escape(f"{locale.word(chart.name)} [{locale.unit(chart.unit)}]")
    return (
        f'<figure><figcaption>{name}</figcaption><svg viewBox="0 0 {width:g} {height:g}" role="img"'
        f' aria-label="{name}">{"".join(parts)}</svg><ul class="key">{key}</ul></figure>'
    )
