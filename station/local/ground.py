"""Ground of a simulated farm: a base map of its place, as a survey of a village would draw it.

Fields of neighbours, lanes, a canal, a pond, a road and houses lie around the fields of the scenario. All of it is
simulated, and the file says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from shapely import affinity, transform
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box, mapping
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from firmware_sim.drone.field_model import FieldScenario, LocalFrame
from firmware_sim.drone.scenarios import FIELDS
from station.server.files import write_whole
from station.server.scenarios import FarmScenario

#: What is drawn around the fields [m], and the fields that belong to one place.
_AROUND_M: Final = 260.0
_ONE_PLACE_M: Final = 3000.0
#: A neighbour's field, and the lanes between fields [m]: small plots of lowland rice and wheat.
_PLOT_M: Final = (82.0, 27.0)
_LANE_M, _BANK_M = 2.5, 1.2
_LEAST_PLOT_M2: Final = 250.0
_CANAL_M, _ROAD_M = 7.0, 5.0
#: Of a degree: a centimetre.
_DECIMALS: Final = 7


def write_ground(path: Path, farm: FarmScenario) -> None:
    """Write the base map of a simulated farm unless there is one; a farm without fields has none."""
    document = make_ground(farm)
    if document is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def make_ground(farm: FarmScenario) -> dict[str, Any] | None:
    """Return the ground around a farm's fields as GeoJSON (WGS84); None for a farm without any.

    `kind` of a feature is plot, water, trees, building or road; `name` and `name_zh` are those of a place.
    """
    scenarios = list(dict.fromkeys(FIELDS[drone.scenario] for drone in farm.drones))
    if not scenarios:
        return None
    frame = scenarios[0].frame()
    near = [one for one in scenarios if math.hypot(*_origin_of(one, frame)) < _ONE_PLACE_M]
    features = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": mapping(transform(shape, partial(_degrees, frame))),
        }
        for properties, shape in _draw(_outlines(near, frame), scenarios[0].bearing_deg)
    ]
    return {"type": "FeatureCollection", "simulated": True, "features": features}


def _draw(own: Sequence[Polygon], bearing_deg: float) -> Iterator[tuple[dict[str, str], BaseGeometry]]:
    """Yield the features of the ground, in metres east and north, the lowest first."""
    # In a frame whose first axis runs along the rows.
    turn_deg = bearing_deg - 90.0
    middle = unary_union(own).centroid
    fields = affinity.rotate(unary_union(own), turn_deg, origin=middle)
    west, south, east, north = fields.buffer(_AROUND_M).bounds

    def back(shape: BaseGeometry) -> BaseGeometry:
        return affinity.rotate(shape, -turn_deg, origin=middle)

    canal_m, road_m = east - _AROUND_M / 2, south + _AROUND_M / 3
    canal = box(canal_m, south, canal_m + _CANAL_M, north)
    road = LineString([(west, road_m), (east, road_m)])
    pond = affinity.scale(Point(west + 90.0, north - 70.0).buffer(1.0, 24), 46.0, 30.0)
    village = box(west + 10.0, south, west + 190.0, road_m - 12.0)
    kept = unary_union([fields.buffer(_LANE_M), canal.buffer(4.0), road.buffer(_ROAD_M), pond.buffer(5.0), village])
    for plot in _plots((west, south, east, north)):
        for part in _polygons(plot.difference(kept)):
            if part.area > _LEAST_PLOT_M2:
                yield {"kind": "plot"}, back(part)
    yield {"kind": "water"}, back(canal)
    yield {"kind": "water"}, back(pond)
    for step in range(int((north - south) / 18.0)):
        yield {"kind": "trees"}, back(Point(canal_m - 4.0, south + 9.0 + 18.0 * step).buffer(2.6, 6))
    for house in _houses(village):
        yield {"kind": "building"}, back(house)
    yield {"kind": "road"}, back(road)
    yield {"kind": "road"}, back(LineString([(village.bounds[2] + 8.0, south), (village.bounds[2] + 8.0, north)]))
    for place, name, name_zh in (
        (village.centroid, "Village", "村庄"),
        (Point(canal_m + _CANAL_M / 2, (south + north) / 2 + 60.0), "Canal", "灌溉渠"),
        (pond.centroid, "Pond", "水塘"),
    ):
        yield {"kind": "place", "name": name, "name_zh": name_zh}, back(place)


def _plots(bounds: tuple[float, float, float, float]) -> Iterator[Polygon]:
    """Yield the plots of a village: rows of them, each row shifted against the one below."""
    west, south, east, north = bounds
    row = 0
    while (low := south + row * (_PLOT_M[1] + _BANK_M)) < north:
        left = west - (row * 31.0) % _PLOT_M[0]
        while left < east:
            yield box(max(left, west), low, min(left + _PLOT_M[0], east), min(low + _PLOT_M[1], north))
            left += _PLOT_M[0] + _LANE_M
        row += 1


def _houses(village: Polygon) -> Iterator[Polygon]:
    """Yield two rows of houses."""
    west, _south, east, north = village.bounds
    for row in range(2):
        for number in range(int((east - west) / 19.0)):
            left, top = west + 19.0 * number + 3.0, north - 6.0 - 24.0 * row
            yield box(left, top - 9.0, left + 12.0, top)


def _outlines(scenarios: Sequence[FieldScenario], frame: LocalFrame) -> list[Polygon]:
    return [
        Polygon([frame.to_east_north(*corner) for corner in corners])
        for scenario in scenarios
        for corners in scenario.corners_deg()
    ]


def _origin_of(scenario: FieldScenario, frame: LocalFrame) -> tuple[float, float]:
    return frame.to_east_north(scenario.latitude_deg, scenario.longitude_deg)


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    parts = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    return [part for part in parts if isinstance(part, Polygon)]


def _degrees(frame: LocalFrame, places_m: NDArray[np.float64]) -> NDArray[np.float64]:
    latitude, longitude = frame.to_degrees(places_m[:, 0], places_m[:, 1])  # type: ignore[arg-type] # sums and products
    return np.round(np.column_stack((longitude, latitude)), _DECIMALS)
