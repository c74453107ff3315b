"""One palette: what a colour means on the maps of a pass is written in one place, for page, paper and picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headland.agronomy.application.deviation import CLASSES
from headland.analysis.exports.as_applied import COMMANDED, MISSED, RAMP
from headland.contract.palette import PALETTE, rate_ramp, rgb
from headland.reports.pass_map import _CLASS_COLOURS
from headland.reports.rendering import LINE_COLOURS

ROOT = Path(__file__).parents[2]
OWN = [*PALETTE.classes.values(), PALETTE.not_applied, PALETTE.unknown, PALETTE.untreated_zone, *PALETTE.lines]
#: Parts of the page itself, and not of data: its mark, and a code that is black on white.
CHROME = {"dashboard/src/app/shell.tsx", "dashboard/src/ui/qr_code.tsx"}
LITERAL = re.compile(r"""["'`](#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3}))["'`]|\brgba?\((?!0,0,0,0\))\d""")
#: Channels within this of a colour are one with it, to the eye.
NEAR = 6
HEX = re.compile(r"#([0-9a-fA-F]{6})\b")
TRIPLE = re.compile(r"\((\d{1,3}), (\d{1,3}), (\d{1,3})(?:, 255)?\)")


def colours_in(text: str) -> list[tuple[int, int, int]]:
    found = [rgb(f"#{each}") for each in HEX.findall(text)]
    return found + [(int(red), int(green), int(blue)) for red, green, blue in TRIPLE.findall(text)]


def test_no_other_place_writes_a_colour_of_the_maps_of_a_pass() -> None:
    own = [rgb(colour) for colour in OWN]
    wrong = []
    files = [
        *(path for part in ("headland", "api") for path in (ROOT / part).rglob("*.py")),
        *(path for kind in ("ts", "tsx", "css") for path in (ROOT / "dashboard/src").rglob(f"*.{kind}")),
    ]
    assert len(files) > 500
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if name.endswith("schema.d.ts"):
            continue
        wrong += [
            f"{name}: {found}"
            for found in colours_in(path.read_text("utf-8"))
            if any(all(abs(a - b) <= NEAR for a, b in zip(found, colour, strict=True)) for colour in own)
        ]
    assert wrong == []


def test_no_code_of_the_page_writes_a_colour_of_data() -> None:
    files = [path for kind in ("ts", "tsx") for path in (ROOT / "dashboard/src").rglob(f"*.{kind}")]
    wrong = {path.relative_to(ROOT).as_posix() for path in files if LITERAL.search(path.read_text("utf-8"))}
    assert wrong == CHROME


def test_a_removed_sample_has_a_colour_for_each_filter() -> None:
    text = (ROOT / "dashboard/src/yields/cleaning.tsx").read_text("utf-8")
    reasons = re.findall(r'^  (\w+): "yield_reason_', text, re.MULTILINE)
    assert reasons == list(PALETTE.removed)
    assert len(set(PALETTE.removed.values())) == len(reasons)


def test_paper_and_picture_have_the_colours_of_the_page() -> None:
    assert list(PALETTE.classes) == list(CLASSES[1:])
    assert list(_CLASS_COLOURS) == [rgb(colour) for colour in PALETTE.classes.values()]
    assert ((*rgb(PALETTE.not_applied), 255), (*rgb(PALETTE.unknown), 255)) == (MISSED, COMMANDED)
    assert tuple(PALETTE.lines) == LINE_COLOURS
    assert (RAMP[0], RAMP[5], RAMP[-1]) == (rgb(PALETTE.rate[0]), rgb(PALETTE.rate[2]), rgb(PALETTE.rate[-1]))


@pytest.mark.parametrize("steps", [2, 5, 11])
def test_a_ramp_goes_evenly_from_light_to_dark(steps: int) -> None:
    light = [sum(colour) for colour in rate_ramp(steps)]
    assert light == sorted(light, reverse=True)
    assert len(set(light)) == steps
