"""Collections of map features, ordered by a key for pagination."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
import orjson
import shapely

from api.http.content_types import name_column
from api.standards.ogc_features.cell_texts import write_cells
from api.standards.ogc_features.pass_maps import PassCells, find_cells, find_track, is_computed
from api.standards.ogc_features.query import FeatureQuery
from api.standards.sensorthings.catalog import EntityCatalog
from headland.agronomy.series.arrays import Mask
from headland.analysis.cooperative.owners import read_owners
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import read_latest
from headland.analysis.inputs.window import Window, utc_of
from headland.analysis.passes.detection import FieldPass, find_pass, list_passes, list_passes_of_fields
from headland.analysis.passes.pass_answer import pass_of
from headland.analysis.passes.pass_state import PassStates
from headland.formats.geojson import geojson_of
from headland.plain_numbers import is_digits
from headland.registry.models.errors import NotFound
from headland.registry.validation.records import LONGEST_PASS_MS
from headland.store.port import Latest
from headland.units_of_time import DAY_MS

#: Passes are searched this far back from the end of the requested time.
LONGEST_PASSES_MS: Final = 400 * DAY_MS
#: Maps that a request computes only to count their cells.
_MOST_COMPUTED_TO_COUNT: Final = 10


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature with its sort key and time; an `end_ms` of None means that it continues.

    One of the many cells of a map is written at once, as `text`, and has neither geometry nor properties here.
    """

    key: str
    id: str
    geometry: Mapping[str, Any] | None
    properties: Mapping[str, Any]
    start_ms: int | None
    end_ms: int | None
    text: str | None = None

    def as_json(self) -> dict[str, Any] | orjson.Fragment:
        """Return the feature as orjson writes it."""
        return self.as_geojson() if self.text is None else orjson.Fragment(self.text)

    def as_geojson(self) -> dict[str, Any]:
        """Return the feature as GeoJSON (RFC 7946)."""
        if self.text is not None:
            return dict(orjson.loads(self.text))
        return {
            "type": "Feature",
            "id": self.id,
            "geometry": self.geometry,
            "properties": dict(self.properties),
        }


class LayerRead:
    """One read of a collection by a query; the passes that match its time and id are listed once."""

    def __init__(self, scope: OrgScope, query: FeatureQuery) -> None:
        self.scope = scope
        self.query = query

    @cached_property
    def passes(self) -> list[tuple[str, FieldPass]]:
        """The matching passes, by key."""
        return _find_passes(self.scope, self.query)


@dataclass(frozen=True, slots=True)
class Layer:
    """A collection; `find` yields its features by key, at least those after the query's `after`.

    `count` returns the number of features that match a query, None where that would take long; a layer without it is
    small, and its features are counted. `finds_in_box`: `find` yields none that lie outside of the box.
    """

    id: str
    title: str
    description: str
    find: Callable[[LayerRead], Iterator[Feature]]
    count: Callable[[LayerRead], int | None] | None = None
    finds_in_box: bool = False


def find_fields(read: LayerRead) -> Iterator[Feature]:
    """Yield the fields of the registry."""
    repositories = read.scope.repositories
    fields = list(repositories.fields.all())
    owners = read_owners(repositories, fields, read.scope.now_ms)
    for field in fields:
        properties = {
            "name": field.name,
            "owner": owners[field.id],
            "farm": field.farm,
            "area_m2": field.area_m2,
            "usable_area_m2": field.usable_area_m2,
            "zones_not_treated": len(field.zones),
            "source": "registry",
            "quality": "the boundary as entered; areas are geodesic, computed from it",
            "version": field.version,
            "since": utc_of(field.created_ms),
        }
        yield Feature(field.id, field.id, geojson_of(field.geometry), properties, field.created_ms, None)


def find_greenhouses(read: LayerRead) -> Iterator[Feature]:
    """Yield the greenhouses of the registry, at their own position or else at their site's."""
    repositories = read.scope.repositories
    sites = {site.id: site for site in repositories.sites.all()}
    for house in repositories.greenhouses.all():
        site = sites.get(house.site)
        has_position = house.longitude_deg is not None and house.latitude_deg is not None
        position = (house.longitude_deg, house.latitude_deg)
        if not has_position and site is not None:
            position = (site.longitude_deg, site.latitude_deg)
        is_known = None not in position
        properties = {
            "name": house.name,
            "site": None if site is None else site.name,
            "floor_area_m2": house.floor_area_m2,
            "volume_m3": house.volume_m3,
            "cover": house.cover,
            "position_source": ("registry" if has_position else "registry, of its site") if is_known else None,
            "source": "registry",
            "quality": "as it was entered",
            "version": house.version,
            "since": utc_of(house.created_ms),
        }
        point = {"type": "Point", "coordinates": list(position)} if is_known else None
        yield Feature(house.id, house.id, point, properties, house.created_ms, None)


def find_devices(read: LayerRead) -> Iterator[Feature]:
    """Yield the devices at their newest positions, with newest values, quality flags and times."""
    newest = read_latest(read.scope)
    with EntityCatalog(read.scope) as catalog:
        for name, record in sorted(catalog.records.items()):
            location = catalog.find("Locations", name)
            point = None if location is None else location.values["location"]
            about = {} if location is None else location.values["properties"]
            properties: dict[str, Any] = {
                "name": record.descriptor.name or name,
                "kind": record.descriptor.kind,
                "site": record.descriptor.site,
                "gateway": record.gateway,
                "simulated": any(sample.key.simulated for sample in newest.get(name, {}).values())
                if newest.get(name)
                else record.descriptor.simulated,
                "position_source": about.get("source"),
                "position_time": about.get("time"),
                "last_seen": utc_of(record.last_seen_ms),
                "source": "telemetry",
                "quality": "see each value's _quality: QARTOD 1 good, 2 not evaluated, 3 suspect, 4 failed",
            }
            samples = newest.get(name, {})
            for channel, sample in sorted(samples.items()):
                properties |= _value_of(name_column(record, channel), channel, sample)
            seen_ms = max((sample.time_ms for sample in samples.values()), default=record.last_seen_ms)
            yield Feature(name, name, point, properties, seen_ms, seen_ms)


def find_tracks(read: LayerRead) -> Iterator[Feature]:
    """Yield the tracks of the passes of all fields."""
    states = PassStates(read.scope)
    for key, field_pass in read.passes:
        if f"{key}.~" <= read.query.after:
            continue
        track = find_track(read.scope, field_pass)
        properties = msgspec.structs.asdict(pass_of(field_pass, states.of(field_pass))) | {
            "start": utc_of(field_pass.start_ms),
            "end": utc_of(field_pass.end_ms),
            "field_name": field_pass.field.name,
            "planned_rate_unit": None if field_pass.unit is None else f"{field_pass.unit}/ha",
            "positions": track.positions,
            "source": "declared" if field_pass.declared is not None else "found in telemetry",
            "quality": track.quality,
        }
        line = None
        if track.positions >= 2:
            line = {"type": "LineString", "coordinates": track.spots_deg.tolist()}
        yield Feature(key, field_pass.id, line, properties, field_pass.start_ms, field_pass.end_ms)


def find_cell_features(read: LayerRead) -> Iterator[Feature]:
    """Yield the cells of the as-applied maps by pass; a pass without a map has none.

    Only the requested cells become features: those after the cursor that intersect the box.
    """
    query = read.query
    for key, field_pass in read.passes:
        if f"{key}.~" <= query.after:
            continue
        cells = find_cells(read.scope, field_pass)
        if cells is None:
            continue
        is_wanted = _in_boxes(cells, query)
        seen = query.after.removeprefix(f"{key}.")
        if seen != query.after and is_digits(seen):
            is_wanted[: int(seen) + 1] = False
        times_ms = field_pass.start_ms, field_pass.end_ms
        for index, text in write_cells(field_pass, cells, np.flatnonzero(is_wanted)):
            yield Feature(f"{key}.{index:07d}", f"{field_pass.id}.{index}", None, {}, *times_ms, text)


def count_passes(read: LayerRead) -> int:
    """Return the number of passes; with a box, of those whose track intersects it."""
    if read.query.boxes is None:
        return len(read.passes)
    tracks = (find_track(read.scope, field_pass).spots_deg for _, field_pass in read.passes)
    lines = (shapely.LineString(spots_deg) for spots_deg in tracks if len(spots_deg) >= 2)
    return sum(any(line.intersects(box) for box in read.query.boxes) for line in lines)


def count_cells(read: LayerRead) -> int | None:
    """Return the number of cells, None while many maps are not computed yet: a count must not delay a page."""
    missing = sum(not is_computed(read.scope, field_pass) for _, field_pass in read.passes)
    if missing > _MOST_COMPUTED_TO_COUNT:
        return None
    every = (find_cells(read.scope, field_pass) for _, field_pass in read.passes)
    return sum(int(_in_boxes(cells, read.query).sum()) for cells in every if cells is not None)


def _find_passes(scope: OrgScope, query: FeatureQuery) -> list[tuple[str, FieldPass]]:
    """Return the passes that match the time and the id of a query, by key: start time and id."""
    now_ms = scope.now_ms
    end_ms = now_ms if query.end_ms is None else min(query.end_ms, now_ms)
    start_ms = first_ms = end_ms - LONGEST_PASSES_MS
    if query.start_ms is not None:
        start_ms = max(first_ms, query.start_ms - LONGEST_PASS_MS)
    passes: list[FieldPass] = []
    if query.pass_id is not None:
        passes = _find_one(scope, query.pass_id)
    elif start_ms <= end_ms:
        fields = list(scope.repositories.fields.all())
        for _, found in list_passes_of_fields(scope, fields, Window(start_ms, end_ms + 1)):
            passes += found
    keyed = (
        (f"{field_pass.start_ms:015d}.{field_pass.id}", field_pass)
        for field_pass in passes
        if first_ms <= field_pass.start_ms <= end_ms and query.matches_time(field_pass.start_ms, field_pass.end_ms)
    )
    return sorted(keyed, key=lambda item: item[0])


def _find_one(scope: OrgScope, pass_id: str) -> list[FieldPass]:
    """Return the pass of an id as its field's list has it, without a search for others."""
    try:
        found = find_pass(scope, pass_id)
        listed = list_passes(scope, found.field.id, Window(found.start_ms, found.start_ms + 1))
    except (AnalysisError, NotFound):
        return []
    return [field_pass for field_pass in listed if field_pass.id == pass_id]


def _in_boxes(cells: PassCells, query: FeatureQuery) -> Mask:
    """Return which cells intersect the box of a query."""
    boxes = query.bounds_deg
    if boxes is None:
        return np.ones(len(cells), np.bool_)
    west, south, east, north = cells.edges_deg
    is_inside = np.zeros(len(cells), np.bool_)
    for low_x, low_y, high_x, high_y in boxes:
        is_inside |= (west <= high_x) & (east >= low_x) & (south <= high_y) & (north >= low_y)
    return is_inside


def _value_of(name: str, channel: str, sample: Latest) -> dict[str, Any]:
    return {name: sample.value, f"{channel}_quality": sample.quality, f"{channel}_time": utc_of(sample.time_ms)}


LAYERS: Final = {
    layer.id: layer
    for layer in (
        Layer("fields", "Fields", "Boundaries of the fields in the registry.", find_fields),
        Layer("greenhouses", "Greenhouses", "Greenhouses of the registry as points.", find_greenhouses),
        Layer("devices", "Devices", "Devices at their newest position, with their newest values.", find_devices),
        Layer(
            "passes",
            "Passes",
            "The tracks of passes that began in the 400 days up to `datetime`.",
            find_tracks,
            count_passes,
        ),
        Layer(
            "as-applied",
            "As-applied cells",
            "Amount applied to each grid cell, from metered amounts only; `pass_id` selects a pass.",
            find_cell_features,
            count_cells,
            finds_in_box=True,
        ),
    )
}
