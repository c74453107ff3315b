"""All tables of the registry: the metadata to which each module of tables adds its own."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from headland.registry.db import table_forms
from headland.registry.db.tables import (
    access_tables,
    alarm_tables,
    confirmation_tables,
    cooperative_tables,
    crop_band_tables,
    farm_tables,
    irrigation_tables,
    lot_tables,
    map_tables,
    people_tables,
    proof_tables,
    trial_tables,
    weather_tables,
)

#: A module that is not named here adds nothing to a new registry.
MODULES: Final = (
    access_tables,
    alarm_tables,
    confirmation_tables,
    cooperative_tables,
    crop_band_tables,
    farm_tables,
    irrigation_tables,
    lot_tables,
    map_tables,
    people_tables,
    proof_tables,
    trial_tables,
    weather_tables,
)
METADATA: Final[sa.MetaData] = table_forms.METADATA
