"""Validation of own target bands."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.models.crop_bands import CropBand
from headland.registry.models.errors import InvalidRecord


def check_crop_band(band: CropBand, _connection: sa.Connection, _organisation: str) -> CropBand:
    """Validate that a band and its dates begin before they end."""
    if band.low > band.high:
        raise InvalidRecord(f"The band begins above its end: {band.low:g} is above {band.high:g}.")
    if band.valid_from is not None and band.valid_until is not None and band.valid_from > band.valid_until:
        raise InvalidRecord("The band's validity ends before it begins: correct the dates.")
    return band
