"""Extents of collections: the box and the time of their features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson
import shapely

from api.standards.ogc_features.collections import LAYERS, Layer, LayerRead
from api.standards.ogc_features.pass_maps import find_track
from api.standards.ogc_features.query import FeatureQuery
from headland.analysis.inputs.field_geometry import bounds_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import utc_of
from headland.analysis.passes.detection import FieldPass

Box = tuple[float, float, float, float]

#: The newest passes whose tracks are read; an older pass counts with the box of its field.
_MOST_TRACKS: Final = 200
#: Collections of whatever passes there are.
_OF_PASSES: Final = frozenset(("passes", "as-applied"))


def describe_extents(scope: OrgScope, layers: Iterable[Layer] = tuple(LAYERS.values())) -> dict[str, dict[str, Any]]:
    """Return the extent of each collection as the standard writes it; one of a collection without places has no box."""
    read = LayerRead(scope, FeatureQuery(None, None, None, 1, ""))
    extents: dict[str, dict[str, Any]] = {}
    for layer in layers:
        if layer.id in _OF_PASSES:
            passes = [field_pass for _, field_pass in read.passes]
            boxes = list(_boxes_of_passes(scope, passes, with_fields=layer.id == "as-applied"))
            times = [(field_pass.start_ms, field_pass.end_ms) for field_pass in passes]
            extents[layer.id] = _extent_of(boxes, times)
            continue
        features = list(layer.find(read))
        shapes = [shapely.from_geojson(orjson.dumps(item.geometry)) for item in features if item.geometry is not None]
        extents[layer.id] = _extent_of(
            [shape.bounds for shape in shapes],
            [(item.start_ms, item.end_ms) for item in features if item.start_ms is not None],
        )
    return extents


def _boxes_of_passes(scope: OrgScope, passes: list[FieldPass], *, with_fields: bool) -> Iterator[Box]:
    """Yield the boxes of the tracks of passes, and of their fields: the map of a pass has every cell of its field."""
    newest = len(passes) - _MOST_TRACKS
    for number, field_pass in enumerate(passes):
        is_read = number >= newest
        spots_deg = find_track(scope, field_pass).spots_deg if is_read else None
        if spots_deg is not None and len(spots_deg):
            (west, south), (east, north) = spots_deg.min(axis=0).tolist(), spots_deg.max(axis=0).tolist()
            yield west, south, east, north
        if with_fields or not is_read:
            yield bounds_of(field_pass.field)


def _extent_of(boxes: list[Box], times: Sequence[tuple[int, int | None]]) -> dict[str, Any]:
    extent: dict[str, Any] = {}
    if boxes:
        wests, souths, easts, norths = zip(*boxes, strict=True)
        extent["spatial"] = {"bbox": [[min(wests), min(souths), max(easts), max(norths)]]}
    if times:
        ends = [end_ms for _, end_ms in times if end_ms is not None]
        last = utc_of(max(ends)) if len(ends) == len(times) else None
        extent["temporal"] = {"interval": [[utc_of(min(start_ms for start_ms, _ in times)), last]]}
    return extent
