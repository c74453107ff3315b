"""Beginning of a lot's page: a drawing, whose it is, where and when, and its season in one picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from headland.contract.palette import PALETTE
from headland.registry.models.releases import ReleasedClaim, ReleasedLot
from headland.reports.consumer.wording import Wording

_WIDTH, _LEFT, _RIGHT = 640.0, 92.0, 630.0
#: Rows of the season's picture: temperatures, water, treatments, and the line of time.
_AIR_TOP, _AIR_BASE, _WATER_TOP, _WATER_BASE, _MARKS, _LINE, _HEIGHT = 30.0, 120.0, 138.0, 180.0, 212.0, 248.0, 290.0
_INK, _RED = "#4c5449", PALETTE.paper["stopped"]
_BLUE, _WARM = PALETTE.lot["water"], PALETTE.lot["air_temperature"]
#: The most treatments with a number of their own.
_MOST_MARKS: Final = 12
_LOW, _HIGH, _WATER = "air_temperature_low_degc", "air_temperature_high_degc", "water_l"


def write_story(lot: ReleasedLot, wording: Wording, *, is_open: bool) -> str:
    """Return the drawing, the sentence and the state; `is_open` means that nothing stands against the lot."""
    state = ""
    if is_open:
        said = wording.word("no_recall", time=wording.minute(lot.released_ms))
        state = f'<p class="state"><b>✓ {wording.word("no_recall_short")}</b> {escape(said)}</p>'
    drawing = wording.word("drawing")
    return (
        f'<figure class="scene">{_scene(drawing)}<figcaption>{drawing}</figcaption></figure>'
        f'<p class="story">{escape(told_story(lot, wording))}</p>{state}'
    )


def told_story(lot: ReleasedLot, wording: Wording) -> str:
    """Return who grew the lot, where, and when it was picked, as a person says it; what is not released is left out."""
    days = sorted(each.time_ms for each in lot.harvests) or [lot.made_ms]
    first, last = wording.said_day(days[0]), wording.said_day(days[-1])
    when = wording.word("story_day", day=last) if first == last else wording.word("story_days", first=first, last=last)
    places = list(dict.fromkeys(each.place for each in lot.harvests if each.place))
    where = " ".join([lot.origin, *places[:2]]).strip()
    known = "_".join(name for name, value in (("grower", lot.grower), ("place", where)) if value)
    return wording.word(f"story_{known or 'bare'}", grower=lot.grower, place=where, when=when)


def draw_season(lot: ReleasedLot, wording: Wording) -> str:
    """Return the season in one picture, empty without a week or treatment: nothing is drawn where nothing is known."""
    climate, water, treatments = (
        [each for each in lot.claims if each.kind == kind] for kind in ("climate_week", "irrigation_week", "treatment")
    )
    if not climate and not water:
        return ""
    picked = [each.time_ms for each in lot.harvests] or [lot.made_ms]
    first_ms = min(each.start_ms for each in (*climate, *water, *treatments))
    last_ms = max(*picked, *(each.end_ms for each in (*climate, *water)))
    scale = (_RIGHT - _LEFT) / max(1, last_ms - first_ms)

    def x(time_ms: int) -> float:
        return _LEFT + (time_ms - first_ms) * scale

    def span(week: ReleasedClaim) -> tuple[float, float]:
        return x(week.start_ms) + 1.0, max(x(week.end_ms) - 1.0, x(week.start_ms) + 2.0)

    end = f"{wording.said_day(max(picked))} {wording.word('season_picked')}"
    parts = [
        *_air([(span(week), week.figures.get(_LOW), week.figures.get(_HIGH)) for week in climate], wording),
        *_water([(span(week), week.figures.get(_WATER)) for week in water], wording),
        *_marks([x(each.start_ms) for each in treatments[-_MOST_MARKS:]], wording),
        f'<path d="M{_LEFT:g} {_LINE:g}H{_RIGHT:g}" stroke="{_INK}" stroke-width="2"/>',
        *(
            f'<circle cx="{at}" cy="{_LINE:g}" r="7" fill="{_RED}"/>'
            for at in sorted({round(x(each)) for each in picked})
        ),
        f'<text x="{_LEFT:g}" y="{_HEIGHT - 8:g}">{escape(wording.said_day(first_ms))}</text>',
        f'<text x="{_RIGHT:g}" y="{_HEIGHT - 8:g}" text-anchor="end" fill="{_RED}">{escape(end)}</text>',
    ]
    title = wording.word("season")
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="{escape(title)}" font-size="20" '
        f'fill="{_INK}">{"".join(parts)}</svg>'
    )


def _air(weeks: Sequence[tuple[tuple[float, float], float | None, float | None]], wording: Wording) -> Iterator[str]:
    known = [(place, low, high) for place, low, high in weeks if low is not None and high is not None]
    if not known:
        return
    bottom, top = min(low for _, low, _ in known), max(high for _, _, high in known)
    per_degree = (_AIR_BASE - _AIR_TOP) / max(top - bottom, 1.0)
    yield _name(wording.word("season_air"), (_AIR_TOP + _AIR_BASE) / 2)
    yield _columns(
        [
            (place, _AIR_BASE - (high - bottom) * per_degree, _AIR_BASE - (low - bottom) * per_degree + 1.0)
            for place, low, high in known
        ],
        _WARM,
    )
    for value, y in ((top, _AIR_TOP - 4), (bottom, _AIR_BASE + 16)):
        yield f'<text x="{_RIGHT:g}" y="{y:g}" text-anchor="end" font-size="17">{value:.0f} °C</text>'


def _water(weeks: Sequence[tuple[tuple[float, float], float | None]], wording: Wording) -> Iterator[str]:
    known = [(place, litres) for place, litres in weeks if litres is not None]
    most = max((litres for _, litres in known), default=0.0)
    if most <= 0.0:
        return
    yield _name(wording.word("season_water"), (_WATER_TOP + _WATER_BASE) / 2)
    per_litre = (_WATER_BASE - _WATER_TOP) / most
    yield _columns([(place, _WATER_BASE - litres * per_litre, _WATER_BASE) for place, litres in known], _BLUE)


def _marks(places: Sequence[float], wording: Wording) -> Iterator[str]:
    if not places:
        return
    yield _name(wording.word("season_treatment"), _MARKS)
    for number, place in enumerate(places, 1):
        yield f'<circle cx="{place:.1f}" cy="{_MARKS:g}" r="12" fill="#fff" stroke="{_INK}" stroke-width="2"/>'
        yield f'<text x="{place:.1f}" y="{_MARKS + 6:g}" text-anchor="middle" font-size="17">{number}</text>'


def _columns(columns: Sequence[tuple[tuple[float, float], float, float]], colour: str) -> str:
    """Return columns as one shape: place, upper and lower edge of each."""
    drawn = "".join(f"M{left:.0f} {top:.1f}H{right:.0f}V{base:.1f}H{left:.0f}z" for (left, right), top, base in columns)
    return f'<path d="{drawn}" fill="{colour}"/>'


def _name(text: str, y: float) -> str:
    return f'<text x="{_LEFT - 10:g}" y="{y + 6:g}" text-anchor="end">{text}</text>'


def _scene(title: str) -> str:
    """Return a drawing of a village with houses and plots: the same for every lot, and no picture of its place."""
    houses = "".join(f"M{x} 150a38 34 0 0 1 76 0zM{x + 38} 150v-34" for x in (60, 170, 280))
    rows = "".join(f"M{x} 220L{320 + (x - 320) // 4} 150" for x in range(-160, 801, 80))
    return (
        f'<svg viewBox="0 0 640 220" role="img" aria-label="{escape(title)}" preserveAspectRatio="xMidYMid slice">'
        '<path d="M0 0H640V220H0z" fill="#dcebf3"/><circle cx="200" cy="70" r="30" fill="#fff1c9"/>'
        '<path d="M0 130Q120 70 260 118T520 96T640 118V220H0z" fill="#a9c0ae"/>'
        f'<path d="M0 150H640V220H0z" fill="#94b970"/><path d="{rows}" stroke="#7da35b" stroke-width="3"/>'
        f'<path d="{houses}" fill="#eef4ee" stroke="#8aa08a" stroke-width="2"/></svg>'
    )
