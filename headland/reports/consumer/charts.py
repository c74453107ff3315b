"""Pictures of a lot's page as SVG: map of a pass, its replay, and the weeks of a greenhouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise
from typing import Final

from headland.contract.palette import PALETTE
from headland.registry.models.releases import Points, ReleasedClaim, ReleasedPass

_WIDTH: Final = 640.0
_GREEN: Final = PALETTE.lot["field_edge"]
_BLUE: Final = PALETTE.track
_FIELD: Final = PALETTE.lot["field"]
#: Length of the replay of a pass [s].
REPLAY_S: Final = 15.0


def draw_pass(drawn: ReleasedPass, title: str) -> str:
    """Return the map of a pass: the field's outline and the track."""
    scale, height = _scale_of(drawn)
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"{_field(drawn, scale, height)}"
        f'<path d="{_line(drawn.track, scale, height)}" fill="none" stroke="{_BLUE}" stroke-width="2"/></svg>'
    )


def draw_replay(drawn: ReleasedPass, title: str) -> str:
    """Return the pass as an animation of 15 seconds: the vehicle moves as it did, its track grows behind it."""
    scale, height = _scale_of(drawn)
    line = _line(drawn.track, scale, height)
    span_s = max(drawn.time_s[-1] - drawn.time_s[0], 1e-9)
    lengths = _lengths(drawn.track)
    times = ";".join(f"{(each - drawn.time_s[0]) / span_s:.4f}" for each in drawn.time_s)
    shares = [each / max(lengths[-1], 1e-9) for each in lengths]
    points = ";".join(f"{each:.4f}" for each in shares)
    dashes = ";".join(f"{1.0 - each:.4f}" for each in shares)
    clock = f'dur="{REPLAY_S:g}s" calcMode="linear" keyTimes="{times}" repeatCount="indefinite"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" role="img">'
        f"<title>{escape(title)}</title>{_field(drawn, scale, height)}"
        f'<path d="{line}" fill="none" stroke="{_BLUE}" stroke-opacity=".2" stroke-width="2"/>'
        f'<path d="{line}" fill="none" stroke="{_BLUE}" stroke-width="3" pathLength="1" stroke-dasharray="1 1">'
        f'<animate attributeName="stroke-dashoffset" values="{dashes}" {clock}/></path>'
        f'<circle r="9" fill="{PALETTE.vehicle}" stroke="#fff" stroke-width="3">'
        f'<animateMotion path="{line}" keyPoints="{points}" {clock}/></circle></svg>'
    )


def draw_weeks(
    weeks: Sequence[ReleasedClaim], mean: str, low: str | None, high: str | None, title: str, colour: str = _GREEN
) -> str:
    """Return the weeks of a figure as a line of means, with a band from the lowest to the highest value.

    A week without the figure is a gap; it is never drawn over.
    """
    means = [week.figures.get(mean) for week in weeks]
    lows = means if low is None else [week.figures.get(low) for week in weeks]
    highs = means if high is None else [week.figures.get(high) for week in weeks]
    known = [value for value in (*means, *lows, *highs) if value is not None]
    if not known:
        return ""
    bottom, top = min(known), max(known)
    margin = max((top - bottom) * 0.08, 0.5)
    bottom, top = bottom - margin, top + margin
    height, left, right, base = 220.0, 58.0, _WIDTH - 10.0, 205.0
    step = (right - left) / max(len(weeks) - 1, 1)

    def x(index: int) -> float:
        return left + step * index if len(weeks) > 1 else (left + right) / 2

    def y(value: float) -> float:
        return 8.0 + (base - 8.0) * (top - value) / (top - bottom)

    parts = [
        f'<path d="M{left:g} {y(tick):.1f}H{right:g}" stroke="{PALETTE.grid}"/>'
        f'<text x="{left - 8:g}" y="{y(tick) + 7:.1f}" text-anchor="end">{tick:g}</text>'
        for tick in _ticks(bottom, top)
    ]
    for index, (lowest, highest) in enumerate(zip(lows, highs, strict=True)):
        if low is not None and lowest is not None and highest is not None:
            parts.append(
                f'<path d="M{x(index):.1f} {y(lowest):.1f}V{y(highest):.1f}" stroke="{colour}" stroke-opacity=".3" '
                f'stroke-width="8" stroke-linecap="round"/>'
            )
    parts += [
        f'<path d="{run}" fill="none" stroke="{colour}" stroke-width="3"/>' for run in _runs(means, x, y)
    ]  # fmt: skip
    parts += [
        f'<circle cx="{x(index):.1f}" cy="{y(value):.1f}" r="4" fill="{colour}"/>'
        for index, value in enumerate(means)
        if value is not None
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{escape(title)}" font-size="21" '
        f'fill="#4c5449">{"".join(parts)}</svg>'
    )


def _runs(means: Sequence[float | None], x: Callable[[int], float], y: Callable[[float], float]) -> list[str]:
    runs: list[str] = []
    is_open = False
    for index, value in enumerate(means):
        if value is None:
            is_open = False
            continue
        point = f"{x(index):.1f} {y(value):.1f}"
        if is_open:
            runs[-1] += f"L{point}"
        else:
            runs.append(f"M{point}")
        is_open = True
    return runs


def _ticks(bottom: float, top: float) -> list[float]:
    step = next(
        each for each in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1e2, 1e3, 1e4, 1e6, 1e9) if (top - bottom) / each <= 5
    )
    first = int(-(-bottom // step))
    return [each * step for each in range(first, int(top // step) + 1)]


def _scale_of(drawn: ReleasedPass) -> tuple[float, float]:
    """Return pixels a metre and the height; a long field is drawn no higher than wide."""
    scale = min(_WIDTH / drawn.width_m, _WIDTH / drawn.height_m)
    return scale, round(drawn.height_m * scale, 1)


def _field(drawn: ReleasedPass, scale: float, height: float) -> str:
    return "".join(
        f'<path d="{_line(ring, scale, height)}Z" fill="{_FIELD}" stroke="{_GREEN}" stroke-width="2"/>'
        for ring in drawn.outlines
    )


def _line(points: Points, scale: float, height: float) -> str:
    return "M" + "L".join(f"{east * scale:.1f} {height - north * scale:.1f}" for east, north in points)


def _lengths(points: Points) -> list[float]:
    total, lengths = 0.0, [0.0]
    for (east, north), (next_east, next_north) in pairwise(points):
        total += ((next_east - east) ** 2 + (next_north - north) ** 2) ** 0.5
        lengths.append(total)
    return lengths
