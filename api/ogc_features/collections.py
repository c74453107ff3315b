"""Collections of map features, ordered by a key for pagination."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from api.http.content_types import name_column
from api.ogc_features.query import FeatureQuery
from api.schemas.passes_mapping import pass_of
from api.sensorthings.catalog import EntityCatalog
from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.geometry.outline import PLACES
from headland.analysis.errors import AnalysisError
from headland.analysis.exports.as_applied import cells_of
from headland.analysis.passes.as_applied import compute_as_applied, fine_cell_m
from headland.analysis.passes.detection import FieldPass, list_passes
from headland.analysis.passes.telemetry import PassTelemetry, load_pass_telemetry, refer_telemetry
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.analysis.telemetry import find_device, read_latest
from headland.analysis.window import Window, utc_of
from headland.formats.geojson import geojson_of
from headland.store.port import Latest
from headland.units_of_time import DAY_MS

#: Passes are searched this far back from the end of the requested time.
LONGEST_PASSES_MS: Final = 400 * DAY_MS
#: Largest number of vertices of a track: a map shows no more detail.
_MOST_CORNERS: Final = 5000
_CELL_M: Final = 2.0


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature with its sort key and time; an `end_ms` of None means that it continues."""

    key: str
    id: str
    geometry: Mapping[str, Any] | None
    properties: Mapping[str, Any]
    start_ms: int | None
    end_ms: int | None

    def as_geojson(self) -> dict[str, Any]:
        """Return the feature as GeoJSON (RFC 7946)."""
        return {
            "type": "Feature",
            "id": self.id,
            "geometry": self.geometry,
            "properties": dict(self.properties),
        }


@dataclass(frozen=True, slots=True)
class Layer:
    """A collection; `find` yields its features by key, at least those after the query's `after`."""

    id: str
    title: str
    description: str
    find: Callable[[OrgScope, FeatureQuery], Iterator[Feature]]


def find_fields(scope: OrgScope, _query: FeatureQuery) -> Iterator[Feature]:
    """Yield the fields of the registry."""
    for field in repositories_of(scope).fields.all():
        properties = {
            "name": field.name,
            "owner": field.owner,
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


def find_greenhouses(scope: OrgScope, _query: FeatureQuery) -> Iterator[Feature]:
    """Yield the greenhouses of the registry, at their own position or else at their site's."""
    repositories = repositories_of(scope)
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


def find_devices(scope: OrgScope, _query: FeatureQuery) -> Iterator[Feature]:
    """Yield the devices at their newest positions, with newest values, quality flags and times."""
    newest = read_latest(scope)
    with EntityCatalog(scope) as catalog:
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


def find_tracks(scope: OrgScope, query: FeatureQuery) -> Iterator[Feature]:
    """Yield the tracks of the passes of all fields."""
    for key, field_pass in _passes(scope, query):
        telemetry = _load_telemetry(scope, field_pass)
        properties = pass_of(field_pass).model_dump() | {
            "start": utc_of(field_pass.start_ms),
            "end": utc_of(field_pass.end_ms),
            "field_name": field_pass.field.name,
            "planned_rate_unit": None if field_pass.unit is None else f"{field_pass.unit}/ha",
            "positions": 0 if telemetry is None else telemetry.n,
            "source": "declared" if field_pass.declared is not None else "found in telemetry",
            "quality": None if telemetry is None else telemetry.quality,
        }
        line = None
        if telemetry is not None and telemetry.n >= 2:
            track = telemetry.vehicle.track
            chosen = np.unique(
                np.linspace(0, telemetry.n - 1, min(telemetry.n, _MOST_CORNERS)).round().astype(np.int64)
            )
            spots = np.column_stack((track.longitude_deg[chosen], track.latitude_deg[chosen])).round(8)
            line = {"type": "LineString", "coordinates": spots.tolist()}
        yield Feature(key, field_pass.id, line, properties, field_pass.start_ms, field_pass.end_ms)


def find_cells(scope: OrgScope, query: FeatureQuery) -> Iterator[Feature]:
    """Yield the cells of the as-applied maps by pass; a pass without a map has none."""
    for key, field_pass in _passes(scope, query):
        try:
            applied = compute_as_applied(scope, field_pass, cell_m=max(_CELL_M, fine_cell_m(field_pass)))
        except AnalysisError:
            continue
        unit = applied.unit.lower()
        at, south, west, north, east = cells_of(applied)
        rates, amounts = applied.map.rate_ha[at], applied.map.amount[at]
        evidence, places = applied.map.evidence[at], applied.map.places[at]
        for index in range(len(south)):
            low_x, high_x, low_y, high_y = (round(float(edge[index]), 9) for edge in (west, east, south, north))
            ring = [[low_x, low_y], [high_x, low_y], [high_x, high_y], [low_x, high_y], [low_x, low_y]]
            is_known = not np.isnan(rates[index])
            properties = {
                "pass_id": field_pass.id,
                "field": field_pass.field.id,
                "device": field_pass.device,
                "start": utc_of(field_pass.start_ms),
                "end": utc_of(field_pass.end_ms),
                f"rate_{unit}_ha": round(float(rates[index]), 3) if is_known else None,
                f"amount_{unit}": round(float(amounts[index]), 6) if is_known else None,
                "evidence": EVIDENCE[evidence[index]],
                "place": PLACES[places[index]],
                "coverage": applied.amount.coverage,
                "simulated": field_pass.simulated,
                "source": applied.amount.method.id,
                "quality": applied.amount.quality,
            }
            polygon = {"type": "Polygon", "coordinates": [ring]}
            yield Feature(
                f"{key}.{index:07d}",
                f"{field_pass.id}.{index}",
                polygon,
                properties,
                field_pass.start_ms,
                field_pass.end_ms,
            )


def _passes(scope: OrgScope, query: FeatureQuery) -> Iterator[tuple[str, FieldPass]]:
    """Yield the passes that may match a query, by key: start time and id."""
    now_ms = scope.now_ms
    end_ms = now_ms if query.end_ms is None else min(query.end_ms, now_ms)
    window = Window(end_ms - LONGEST_PASSES_MS, end_ms + 1)
    fields = repositories_of(scope).fields.all()
    passes = [field_pass for field in fields for field_pass in list_passes(scope, field.id, window)]
    for key, field_pass in sorted(
        ((f"{field_pass.start_ms:015d}.{field_pass.id}", field_pass) for field_pass in passes), key=lambda item: item[0]
    ):
        is_after = f"{key}.~" > query.after
        if (
            is_after
            and query.pass_id in (None, field_pass.id)
            and query.matches_time(field_pass.start_ms, field_pass.end_ms)
        ):
            yield key, field_pass


def _load_telemetry(scope: OrgScope, field_pass: FieldPass) -> PassTelemetry | None:
    """Return the telemetry of a pass; None where its vehicle is unknown or its telemetry exceeds the limit."""
    try:
        record = find_device(scope, field_pass.device)
        ref = refer_telemetry(scope, record, Window(field_pass.start_ms, field_pass.end_ms + 1))
        return load_pass_telemetry(scope, ref)
    except AnalysisError:
        return None


def _value_of(name: str, channel: str, sample: Latest) -> dict[str, Any]:
    return {name: sample.value, f"{channel}_quality": sample.quality, f"{channel}_time": utc_of(sample.time_ms)}


LAYERS: Final = {
    layer.id: layer
    for layer in (
        Layer("fields", "Fields", "Boundaries of the fields in the registry.", find_fields),
        Layer("greenhouses", "Greenhouses", "Greenhouses of the registry as points.", find_greenhouses),
        Layer("devices", "Devices", "Devices at their newest position, with their newest values.", find_devices),
        Layer("passes", "Passes", "The tracks of passes that began in the 400 days up to `datetime`.", find_tracks),
        Layer(
            "as-applied",
            "As-applied cells",
            "Amount applied to each grid cell, from metered amounts only; `pass_id` selects a pass.",
            find_cells,
        ),
    )
}
