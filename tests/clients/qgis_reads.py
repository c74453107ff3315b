"""QGIS of Debian reads a farm and draws its as-applied map: `make clients-test`, where python3-qgis is installed.

Not a part of `make test`: QGIS is 240 MB to fetch and 900 MB on disk.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.api.farm import OWN, START_MS, fill_farm, write_series, write_spreader_flight
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import APPLIED_KG, declaration, serve_spread_field

SESSION = Path(__file__).with_name("qgis_session.py")
PASSES = 5
SAMPLES = 2500


@dataclass(frozen=True)
class Read:
    """What QGIS found, the API that it asked, and the picture that it drew."""

    found: dict[str, Any]
    farm: RegistryApi
    picture: Path


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    store, folder = fill_farm(), tmp_path_factory.mktemp("qgis")
    times_ms = START_MS + np.arange(SAMPLES) * 1000
    flags = np.where(np.arange(SAMPLES) % 5 == 0, 3, 1).astype(np.int64)
    values = {"leaf_temperature_degc": 20.0 + (np.arange(SAMPLES) % 7).astype(np.float64)}
    write_series(store, OWN, "home", "probe", "flagged", times_ms, values, flags={"leaf_temperature_degc": flags})
    for number in range(PASSES):
        write_spreader_flight(store, f"uav-{number}", sensed=True)
    picture = folder / "cells.png"
    with serve_spread_field(folder, store) as farm:
        for number in range(PASSES):
            answer = farm.client.post("/v1/passes", json={**declaration(farm), "device": f"uav-{number}"})
            assert answer.status_code == 201, answer.text
        line = ["/usr/bin/python3", str(SESSION), str(farm.client.base_url).rstrip("/"), "any", str(picture)]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Read(json.loads(done.stdout.splitlines()[-1]), farm, picture)


def test_it_reads_every_thing_and_datastream(read: Read) -> None:
    for entity in ("Thing", "Datastream"):
        listed = read.farm.client.get(f"/sta/v1.1/{entity}s", params={"$top": 1000}).json()["value"]
        assert read.found[entity] == sorted(item["name"] for item in listed)
        assert len(listed) > 3


def test_it_reads_observations_beyond_the_first_page_each_once(read: Read) -> None:
    assert read.found["observations"] == read.found["different"] > SAMPLES


def test_it_shows_quality_flags(read: Read) -> None:
    assert {'["1"]', '["3"]'} <= set(read.found["flags"])


def test_it_reads_ten_thousand_cells_within_thirty_seconds(read: Read) -> None:
    print(f"{read.found['cells']} cells in {read.found['cells_s']:.1f} s")
    assert read.found["cells"] >= 10_000
    assert read.found["cells_s"] < 30
    assert read.found["types"]["rate_kg_ha"] in ("double", "Real")
    assert read.found["kg"] == pytest.approx(PASSES * APPLIED_KG, rel=0.03)


def test_its_map_has_the_rates_where_the_cells_are(read: Read) -> None:
    cells = [
        feature
        for feature in read.farm.client.get("/ogc/collections/as-applied/items", params={"limit": 10_000}).json()[
            "features"
        ]
        if feature["properties"]["device"] == f"uav-{PASSES - 1}"  # drawn last, so on top
    ]
    done = subprocess.run(
        ["/usr/bin/python3", "-c", _PIXELS, str(read.picture)], capture_output=True, text=True, check=True
    )
    pixels = np.array(json.loads(done.stdout))
    west, south, east, north = read.found["extent"]
    height, width = pixels.shape[:2]
    scale = min(width / (east - west), height / (north - south))
    left, top = (width - (east - west) * scale) / 2, (height - (north - south) * scale) / 2
    wrong = 0
    for feature in cells:
        ring = np.array(feature["geometry"]["coordinates"][0])
        x, y = (ring.min(0) + ring.max(0)) / 2
        red, green, blue = pixels[int(top + (north - y) * scale), int(left + (x - west) * scale)]
        rate = min(255.0, feature["properties"]["rate_kg_ha"] or 0.0)
        wrong += abs(int(red) - rate) > 1 or (green, blue) != (0, 0)
    assert len(cells) > 1500
    assert wrong < len(cells) * 0.01


_PIXELS = """
import json, sys
from qgis.PyQt.QtGui import QImage
image = QImage(sys.argv[1])
print(json.dumps([[image.pixelColor(x, y).getRgb()[:3] for x in range(image.width())] for y in range(image.height())]))
"""
