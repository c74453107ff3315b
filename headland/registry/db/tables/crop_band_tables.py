"""Table of an organisation's own target bands of crops."""

from __future__ import annotations

from headland.registry.db.table_forms import record_table
from headland.registry.models.crop_bands import CropBand

crop_bands = record_table("crop_bands", CropBand)
