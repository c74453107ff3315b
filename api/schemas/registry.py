"""Registry records as JSON, by the names of `headland.registry.models.models`; fields as GeoJSON."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.schemas.model import body_of_record, fill
from headland.registry.models.geometry import MultiPolygon, Polygon, read_geometry, show_geometry
from headland.registry.models.models import (
    Field,
    FieldZone,
    VersionedRecord,
)


@body_of_record(FieldZone)
class ZoneResource(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a field that is not treated."""

    geometry: Polygon | MultiPolygon


@body_of_record(Field)
class FieldResource(VersionedRecord, frozen=True, kw_only=True):
    """A field, WGS84. The areas are computed; `usable_area_m2` excludes the `zones`."""

    geometry: Polygon | MultiPolygon
    zones: Annotated[tuple[ZoneResource, ...], "Parts of the field that are not treated."] = ()


def read_field(thing: FieldResource) -> Field:
    """Return the field of a JSON resource; its outline is not checked."""
    zones = tuple(fill(FieldZone, zone, geometry=read_geometry(zone.geometry)) for zone in thing.zones)
    return fill(Field, thing, geometry=read_geometry(thing.geometry), zones=zones)


def show_field(field: Field) -> FieldResource:
    """Return a field as JSON resource."""
    zones = tuple(fill(ZoneResource, zone, geometry=show_geometry(zone.geometry)) for zone in field.zones)
    return fill(FieldResource, field, geometry=show_geometry(field.geometry), zones=zones)
