"""Tiles of shifted maps: where the page draws them, against the conversion of coordinates, at ten places of China."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest

from headland.files.chinese_coordinates import ChineseSystem, from_wgs84, to_wgs84
from tests.machine import find_program

pytestmark = pytest.mark.services("node", "typescript")

SOURCE = Path(__file__).parents[2] / "dashboard" / "src" / "components" / "tile_warp.ts"
RUN = """
import { readFileSync } from "node:fs";
const { gcj02Of, placementOf } = await import(process.argv[2]);
const { places, tiles } = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify([places.map((at) => gcj02Of(...at)), tiles.map((tile) => placementOf(...tile))]));
"""
#: Kashgar, Urumqi, Lhasa, Kunming, Chengdu, Xi'an, Guangzhou, Nanjing, Beijing, Heihe.
PLACES = (
    (75.99, 39.47), (87.62, 43.83), (91.11, 29.65), (102.71, 25.04), (104.07, 30.66),
    (108.94, 34.34), (113.26, 23.13), (118.80, 32.06), (116.41, 39.90), (127.53, 50.25),
)  # fmt: skip
OUTSIDE = ((10.0, 50.0), (-70.0, -33.0), (140.0, 36.0))
ZOOMS = range(8, 20)
EQUATOR_M = 40_075_016.686


def pixel(longitude_deg: float, latitude_deg: float, zoom: int) -> tuple[float, float]:
    """Return the pixel of a place in the world of a zoom."""
    sine = math.sin(math.radians(latitude_deg))
    world = 256 * 2**zoom
    return (longitude_deg + 180) / 360 * world, (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * world


def place_of(x_px: float, y_px: float, zoom: int) -> tuple[float, float]:
    world = 256 * 2**zoom
    return x_px / world * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y_px / world))))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], dict[tuple[int, int, int], Any]]:
    folder = tmp_path_factory.mktemp("warp")
    node, compiler = find_program("node"), find_program("typescript")
    assert node is not None
    assert compiler is not None
    options = ["--target", "es2022", "--module", "es2022", "--outDir", str(folder), "--ignoreConfig"]
    subprocess.run([node, compiler, *options, str(SOURCE)], check=True, timeout=120)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.mjs").write_text(RUN)
    tiles = [
        (zoom, int(x // 256), int(y // 256)) for zoom in ZOOMS for place in PLACES for x, y in [pixel(*place, zoom)]
    ]
    sent = json.dumps({"places": [*PLACES, *OUTSIDE], "tiles": tiles})
    command = [node, str(folder / "run.mjs"), str(folder / "tile_warp.js")]
    answer = subprocess.run(command, input=sent, capture_output=True, text=True, check=True, timeout=120)
    shifted, placements = json.loads(answer.stdout)
    return shifted, dict(zip(tiles, placements, strict=True))


def test_the_page_shifts_a_place_as_the_station_does_and_none_outside_of_china(told: Any) -> None:
    shifted, _ = told
    for place, found in zip((*PLACES, *OUTSIDE), shifted, strict=True):
        assert found == pytest.approx(from_wgs84(*place, ChineseSystem.GCJ_02), abs=1e-9)
    assert [tuple(each) for each in shifted[len(PLACES) :]] == list(OUTSIDE)


def errors(placement: Any, zoom: int, x: int, y: int) -> tuple[float, float]:
    """Return by how much a tile of the source is drawn beside its place, at most: pixels and metres."""
    a, b, c, d, e, f = placement["matrix"]
    most_px = most_m = 0.0
    for column in range(0, 257, 16):
        for row in range(0, 257, 16):
            longitude, latitude = place_of(x * 256 + column, y * 256 + row, zoom)
            u, v = pixel(*from_wgs84(longitude, latitude, ChineseSystem.GCJ_02), zoom)
            u, v = u - placement["firstX"] * 256, v - placement["firstY"] * 256
            assert 0 < u < placement["columns"] * 256
            assert 0 < v < placement["rows"] * 256
            off_px = math.hypot(a * u + c * v + e - column, b * u + d * v + f - row)
            most_px = max(most_px, off_px)
            most_m = max(most_m, off_px * EQUATOR_M * math.cos(math.radians(latitude)) / (256 * 2**zoom))
    return most_px, most_m


def test_a_shifted_tile_is_drawn_within_a_metre_of_its_place_from_zoom_14_on(told: Any) -> None:
    _, placements = told
    worst = dict.fromkeys(ZOOMS, (0.0, 0.0))
    for (zoom, x, y), placement in placements.items():
        off = errors(placement, zoom, x, y)
        worst[zoom] = max(worst[zoom][0], off[0]), max(worst[zoom][1], off[1])
    print({zoom: (round(px, 4), round(m, 4)) for zoom, (px, m) in worst.items()})
    assert all(m < 1.0 for zoom, (_, m) in worst.items() if zoom >= 14), worst
    assert all(px < 0.35 for px, _ in worst.values()), worst


def test_without_the_shift_a_tile_would_be_some_hundred_metres_beside_its_place() -> None:
    for place in PLACES:
        east, north = (
            (found - here) * 111_000 * scale
            for found, here, scale in zip(
                to_wgs84(*place, ChineseSystem.GCJ_02), place, (math.cos(math.radians(place[1])), 1.0), strict=True
            )
        )
        assert 100 < math.hypot(east, north) < 800
