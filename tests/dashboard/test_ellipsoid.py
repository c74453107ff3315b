"""Areas and lengths that the dashboard measures on maps, against the API's and geodesics of another library."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from headland.registry.models.geometry import Geometry
from headland.registry.validation.geometry import area_of
from tests.machine import find_program

pytestmark = pytest.mark.services("node", "typescript")

SOURCE = Path(__file__).parents[2] / "dashboard" / "src"
RUN = """
import { readFileSync } from "node:fs";
const { lineLength, ringArea } = await import(process.argv[2]);
const rings = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(rings.map((ring) => [ringArea(ring), lineLength(ring)])));
"""
MU_M2 = 2000.0 / 3.0


def rings_at(latitude_deg: float, seed: int) -> list[list[list[float]]]:
    """Return fields of a tenth of a mu to some hundred mu around a latitude."""
    random = np.random.default_rng(seed)
    rings = []
    for radius_m in (5.0, 50.0, 150.0, 400.0, 5000.0):
        angle = np.sort(random.uniform(0.0, 2.0 * np.pi, 7))
        reach_deg = radius_m * random.uniform(0.5, 1.0, 7) / 111_000.0
        east_deg = reach_deg * np.cos(angle) / np.cos(np.radians(latitude_deg))
        corners = np.column_stack((119.0 + east_deg, latitude_deg + reach_deg * np.sin(angle)))
        rings.append([*corners.tolist(), corners[0].tolist()])
    return rings


def test_the_map_measures_the_ground_that_the_api_names(tmp_path: Path) -> None:
    node, compiler = find_program("node"), find_program("typescript")
    assert node is not None
    assert compiler is not None
    options = ["--target", "es2022", "--module", "es2022", "--outDir", str(tmp_path), "--ignoreConfig"]
    source = SOURCE / "api" / "ellipsoid.ts"
    subprocess.run([node, compiler, *options, str(source)], check=True, timeout=120)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.mjs").write_text(RUN)
    rings = [
        ring
        for number, at in enumerate((18.0, 32.0, 47.0, -35.0, 0.0, 70.0, -78.0, 88.0))
        for ring in rings_at(at, number)
    ]
    asked = [node, str(tmp_path / "run.mjs"), str(tmp_path / "ellipsoid.js")]
    told = subprocess.run(asked, input=json.dumps(rings), capture_output=True, text=True, check=True, timeout=120)
    ellipsoid = Geod(ellps="WGS84")
    for ring, (area_m2, length_m) in zip(rings, json.loads(told.stdout), strict=True):
        geometry: Geometry = ((tuple((x, y) for x, y in ring),),)
        assert area_m2 == pytest.approx(area_of(geometry), rel=1e-9)
        longitude, latitude = np.array(ring).T
        geodesic_m2, geodesic_m = ellipsoid.polygon_area_perimeter(longitude, latitude)
        # The library's area is exact to about 1e-4 m2.
        assert area_m2 == pytest.approx(abs(geodesic_m2), rel=1e-5, abs=1e-3)
        assert length_m == pytest.approx(
            geodesic_m, rel=1e-7 if max(abs(latitude)) < 60.0 and geodesic_m < 5000.0 else 1e-3
        )


#: The axis of GCJ-02's shift is a part of its definition; nothing is measured with it (`test_tile_warp`).
NO_MEASURE = {"tile_warp.ts"}


def test_no_module_of_the_dashboard_measures_by_a_formula_of_its_own() -> None:
    own = [
        str(path.relative_to(SOURCE))
        for path in sorted(SOURCE.rglob("*.ts*"))
        if path.name not in {"ellipsoid.ts", *NO_MEASURE}
        and any(radius in path.read_text() for radius in ("6_371", "6371", "6_378", "6378"))
    ]
    assert own == []
