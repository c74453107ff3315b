"""Tables of the irrigation of fields: zones, and the water that people wrote down."""

from __future__ import annotations

from headland.registry.db.table_forms import record_table
from headland.registry.models.irrigation import IrrigationRecord, IrrigationZone

irrigation_zones = record_table(
    "irrigation_zones", IrrigationZone, references={"field": "fields"}, unique=("organisation", "field", "name")
)
irrigations = record_table("irrigations", IrrigationRecord, references={"field": "fields", "zone": "irrigation_zones"})
