"""A simulated farm has a base map of its place, which its fields lie in and a person may replace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Polygon, shape
from shapely.ops import unary_union

from firmware_sim.drone.scenarios import FIELDS
from station.local.ground import make_ground, write_ground
from station.server.scenarios import FARMS

WITH_FIELDS = [name for name, farm in FARMS.items() if farm.drones]


@pytest.mark.parametrize("name", WITH_FIELDS)
def test_no_neighbour_and_no_water_lies_on_a_field_of_the_farm(name: str) -> None:
    document = make_ground(FARMS[name])
    assert document is not None
    assert document["simulated"] is True
    shapes: dict[str, list[Any]] = {kind: [] for kind in ("plot", "water", "trees", "building", "road", "place")}
    for feature in document["features"]:
        shapes[feature["properties"]["kind"]].append(shape(feature["geometry"]))
    assert all(one.is_valid for kind in shapes.values() for one in kind)
    assert all(shapes.values())
    scenario = FIELDS[FARMS[name].drones[0].scenario]
    own = unary_union([Polygon([(east, north) for north, east in corners]) for corners in scenario.corners_deg()])
    for kind in ("plot", "water", "building"):
        assert not any(one.intersects(own) for one in shapes[kind]), kind
    # The map of the field has neighbours on all sides.
    assert unary_union(shapes["plot"]).envelope.contains(own.buffer(0.001))


def test_a_farm_without_fields_has_no_ground_and_a_persons_map_stays(tmp_path: Path) -> None:
    assert make_ground(FARMS["hubei-greenhouses"]) is None
    path = tmp_path / "farm" / "base-map"
    write_ground(path, FARMS["jurong-farm"])
    made = path.read_bytes()
    assert json.loads(made) == json.loads(json.dumps(make_ground(FARMS["jurong-farm"])))
    path.write_bytes(b"{}")
    write_ground(path, FARMS["jurong-farm"])
    assert path.read_bytes() == b"{}"


@pytest.mark.parametrize("name", WITH_FIELDS)
def test_the_ground_is_a_small_file_with_places_in_both_languages(name: str) -> None:
    document = make_ground(FARMS[name])
    assert document is not None
    assert len(json.dumps(document)) < 250_000
    places = [one["properties"] for one in document["features"] if one["properties"]["kind"] == "place"]
    assert {(one["name"], one["name_zh"]) for one in places} == {
        ("Village", "村庄"),
        ("Canal", "灌溉渠"),
        ("Pond", "水塘"),
    }
