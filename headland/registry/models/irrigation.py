"""Irrigation of fields: zones with their soil and their pump, and the water that people wrote down."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from headland.registry.models.models import Note, Positive, Text, VersionedRecord, WireName


class SoilTexture(StrEnum):
    """Texture of a soil as the table of FAO-56 has it."""

    SAND = "sand"
    LOAMY_SAND = "loamy_sand"
    SANDY_LOAM = "sandy_loam"
    LOAM = "loam"
    SILT_LOAM = "silt_loam"
    SILT = "silt"
    SILTY_CLAY_LOAM = "silty_clay_loam"
    SILTY_CLAY = "silty_clay"
    CLAY = "clay"


class IrrigationMethod(StrEnum):
    """Method by which water is given."""

    DRIP = "drip"
    SPRINKLER = "sprinkler"
    FURROW = "furrow"
    BASIN = "basin"


class IrrigationZone(VersionedRecord, frozen=True, kw_only=True):
    """A field, or a part of it, that is irrigated as one: its soil, what system and pump give, its probes and meters.

    Without `area_m2` it is all of the field; without `devices` those of the field are its own. A request may say
    otherwise for one answer.
    """

    field: str
    name: Text
    area_m2: Annotated[Positive | None, "Area of a part of the field; null for all of it."] = None
    devices: Annotated[
        tuple[WireName, ...], Meta(max_length=100), "Probes and meters of the zone; empty for all of the field's."
    ] = ()
    texture: Annotated[SoilTexture | None, "Texture of the soil; null where it is not told."] = None
    field_capacity_pct: Annotated[
        Annotated[float, Meta(ge=5, le=70)] | None, "Field capacity of an analysis, of volume; null without one."
    ] = None
    wilting_point_pct: Annotated[
        Annotated[float, Meta(ge=1, le=50)] | None, "Wilting point of an analysis, of volume; null without one."
    ] = None
    method: Annotated[IrrigationMethod | None, "Method of irrigation; null where it is not told."] = None
    wetted: Annotated[
        Annotated[float, Meta(ge=0.05, le=1)] | None, "Share of the ground that irrigation wets; null: by the method."
    ] = None
    efficiency: Annotated[
        Annotated[float, Meta(ge=0.3, le=1)] | None, "Share of the water given that the soil keeps; null: all of it."
    ] = None
    most_mm: Annotated[
        Annotated[float, Meta(gt=0, le=500)] | None, "The most water that the zone takes in a turn; null: any."
    ] = None
    flow_m3_h: Annotated[
        Annotated[float, Meta(gt=0, le=100_000)] | None, "Flow of the pump; null where it is not told."
    ] = None
    hours_a_day: Annotated[
        Annotated[float, Meta(gt=0, le=24)] | None, "Hours a day that the pump may run; null: all of them."
    ] = None


class IrrigationRecord(VersionedRecord, frozen=True, kw_only=True):
    """Water that was given to a field or one of its irrigation zones on a local day, as a person wrote it down.

    It is a depth or a volume. Where a meter counted water on that day, the meter's count holds.
    """

    field: str
    zone: Annotated[str | None, "Id of the irrigation zone; null for all of the field."] = None
    day: Annotated[date, "Local day."]
    amount_mm: Annotated[Annotated[float, Meta(gt=0, le=500)] | None, "Depth over the zone; null with a volume."] = None
    volume_m3: Annotated[Annotated[float, Meta(gt=0, le=1e6)] | None, "Volume; null with a depth."] = None
    method: Annotated[IrrigationMethod | None, "Method of irrigation; null: that of the zone."] = None
    author: Annotated[str, Meta(max_length=200), "Name of who gave it."] = ""
    note: Note = ""
