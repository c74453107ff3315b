"""Colours of data on maps and charts: one table for the page, the papers and the pictures.

`palette.json` is the table; the page reads the same file. Class and line colours can be told apart by the colour-blind
(after ColorBrewer's RdYlBu), the rates go from light to dark (YlGn).
Errors are OrRd, differences from a mean BrBG, removed samples Paired. `paper` is of what papers and pictures
say of a whole: simulated, stopped. Colours of the page's own parts are in its style sheets, for light and dark.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

Rgb = tuple[int, int, int]


class Palette(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table: colours as `#rrggbb`; `classes` by the names of a deviation's classes, `rate` from little to much."""

    classes: dict[str, str]
    rate: list[str]
    errors: list[str]
    differences: list[str]
    heat: list[str]
    not_applied: str
    no_rate: str
    no_value: str
    unknown: str
    untreated_zone: str
    lines: list[str]
    track: str
    vehicle: str
    outline: str
    target_band: str
    grid: str
    measured_distance: str
    treatments: list[str]
    removed: dict[str, str]
    lot: dict[str, str]
    paper: dict[str, str]


PALETTE: Final = msgspec.json.decode(Path(__file__).with_name("palette.json").read_bytes(), type=Palette)


def rgb(colour: str) -> Rgb:
    """Return the red, green and blue of a colour, each 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def rate_ramp(steps: int) -> tuple[Rgb, ...]:
    """Return `steps` colours of rates from little to much, evenly along the ramp; at least two."""
    stops = [rgb(colour) for colour in PALETTE.rate]
    return tuple(_between(stops, step / (steps - 1) * (len(stops) - 1)) for step in range(steps))


def _between(stops: list[Rgb], place: float) -> Rgb:
    lower = min(int(place), len(stops) - 2)
    (r0, g0, b0), (r1, g1, b1) = stops[lower], stops[lower + 1]
    share = place - lower
    return round(r0 + (r1 - r0) * share), round(g0 + (g1 - g0) * share), round(b0 + (b1 - b0) * share)
