"""Validation of irrigation zones and of the water that people wrote down."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import fields
from headland.registry.db.tables.irrigation_tables import irrigation_zones
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.models.irrigation import IrrigationRecord, IrrigationZone

#: A field's area is computed from its outline; a person's may be rounded up.
_ROUNDING: Final = 1.02


def check_irrigation_zone(zone: IrrigationZone, connection: sa.Connection, organisation: str) -> IrrigationZone:
    """Validate soil, area and devices, and that only one zone of a field is all of it."""
    capacity, wilting = zone.field_capacity_pct, zone.wilting_point_pct
    if (capacity is None) != (wilting is None):
        raise InvalidRecord("Give field capacity and wilting point both, or none: one alone holds no water.")
    if capacity is not None and wilting is not None and capacity <= wilting:
        raise InvalidRecord(f"The field capacity, {capacity:g} %, is not above the wilting point, {wilting:g} %.")
    if len(set(zone.devices)) < len(zone.devices):
        raise InvalidRecord("A device is named twice: name each once.")
    area_m2 = connection.execute(
        sa.select(fields.c.area_m2).where(fields.c.organisation == organisation, fields.c.id == zone.field)
    ).scalar_one_or_none()
    if zone.area_m2 is not None:
        if area_m2 is not None and zone.area_m2 > _ROUNDING * area_m2:
            raise InvalidRecord(f"The zone, {zone.area_m2:g} m2, is larger than its field, {area_m2:g} m2.")
        return zone
    table = irrigation_zones.c
    other = connection.execute(
        sa.select(table.name).where(
            table.organisation == organisation, table.field == zone.field, table.area_m2.is_(None),
            table.deleted_ms.is_(None), table.id != zone.id,
        )
    ).first()  # fmt: skip
    if other is not None:
        raise InvalidRecord(f"The zone {other.name!r} is all of the field already: give this one an area.")
    return zone


def check_irrigation(given: IrrigationRecord, connection: sa.Connection, organisation: str) -> IrrigationRecord:
    """Validate that it is a depth or a volume, and that its zone is of its field."""
    if (given.amount_mm is None) == (given.volume_m3 is None):
        raise InvalidRecord("Give a depth in millimetres or a volume in cubic metres, and not both.")
    if given.zone is None:
        return given
    table = irrigation_zones.c
    field = connection.execute(
        sa.select(table.field).where(
            table.organisation == organisation, table.id == given.zone, table.deleted_ms.is_(None)
        )
    ).scalar_one_or_none()
    if field is None:
        raise NotFound("irrigation zone", given.zone)
    if field != given.field:
        raise InvalidRecord("The irrigation zone is of another field: give one of this field.")
    return given
