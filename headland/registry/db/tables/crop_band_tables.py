"""Table of an organisation's own target bands of crops."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import optional, record_table, required

crop_bands = record_table(
    "crop_bands",
    *(required(name) for name in ("crop", "index")),
    *(required(name, sa.Double) for name in ("low", "high")),
    *(required(name) for name in ("author", "source", "stage")),
    *(optional(name, sa.Date) for name in ("valid_from", "valid_until")),
)
