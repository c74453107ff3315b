"""Picture of growth curves as SVG: sizes and milliseconds, both by powers of ten, a frame for each that grows.

The number after the name of a measure is its exponent at the end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Final

from tests.bench.growth.exponent import last_exponent

Curves = Mapping[str, Mapping[str, Mapping[int, float]]]

_COLOURS: Final = ("#1f5fa8", "#d9480f", "#2f6b2f", "#7b3fa0", "#946200", "#0b7285", "#a61e4d")
_WIDTH: Final = 430
_HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 14, 26, 92
_ACROSS: Final = 3


def draw(curves: Curves) -> str:
    """Return the picture."""
    rows = -(-len(curves) // _ACROSS)
    frames = ""
    for place, (name, measures) in enumerate(curves.items()):
        left, top = place % _ACROSS * _WIDTH, place // _ACROSS * _HEIGHT
        frames += f'<g transform="translate({left},{top})">{_frame(name, measures)}</g>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_ACROSS * _WIDTH} {rows * _HEIGHT}"'
        f' font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>{frames}</svg>\n'
    )


def _frame(name: str, measures: Mapping[str, Mapping[int, float]]) -> str:
    sizes = [size for measured in measures.values() for size in measured]
    values = [max(value, 1e-3) for measured in measures.values() for value in measured.values()]
    low_x, high_x = math.log10(min(sizes)), math.log10(max(sizes))
    low_y, high_y = math.floor(math.log10(min(values))), max(math.ceil(math.log10(max(values))), 1)

    def x_of(size: float) -> float:
        return _LEFT + (math.log10(size) - low_x) / (high_x - low_x) * (_WIDTH - _LEFT - _RIGHT)

    def y_of(value: float) -> float:
        share = (math.log10(max(value, 1e-3)) - low_y) / (high_y - low_y)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    parts = [f'<text x="{_LEFT}" y="16" font-weight="bold">{escape(name)}</text>']
    for power in range(low_y, high_y + 1):
        y = y_of(10.0**power)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} ms</text>')
    under = _HEIGHT - _BOTTOM
    parts += [
        f'<text x="{x_of(size):.1f}" y="{under + 14}" text-anchor="middle">{_short(size)}</text>'
        for size in sorted(set(sizes))
    ]
    for place, (measure, measured) in enumerate(measures.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        line = " ".join(f"{x_of(size):.1f},{y_of(value):.1f}" for size, value in sorted(measured.items()))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x_of(size):.1f}" cy="{y_of(value):.1f}" r="3" fill="{colour}"/>'
            for size, value in measured.items()
        ]
        x, y = 20 + place % 2 * 205, under + 32 + place // 2 * 15
        label = f"{measure}: {last_exponent(measured):.1f}"
        parts.append(f'<text x="{x}" y="{y}" fill="{colour}">{escape(label)}</text>')
    return "".join(parts)


def _short(size: int) -> str:
    for unit, name in ((1_000_000, "M"), (1000, "k")):
        if size >= unit:
            return f"{size / unit:g}{name}"
    return str(size)
