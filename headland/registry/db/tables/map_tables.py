"""Table of map sources; the key of a source is in a column of its own, which no record has."""

from __future__ import annotations

from headland.registry.db.table_forms import record_table, required
from headland.registry.models.map_sources import MapSource

map_sources = record_table("map_sources", MapSource, required("secret"), unique=("organisation", "name"))
