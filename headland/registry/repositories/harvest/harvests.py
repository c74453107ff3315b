"""Harvests of a field that stand, as an access sees them: a member those of the own plots and time."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.lot_tables import harvests, lot_operations
from headland.registry.models.lots import Harvest
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository


class StandingHarvests:
    """Reads harvests; they are recorded with their lots."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._harvests = Repository(context, Harvest, harvests)

    def of_field(self, field: str) -> list[Harvest]:
        """Return the harvests of a field that were not taken back, in the order of their time."""
        made, taken = lot_operations.alias(), lot_operations.alias()
        taken_back = (
            sa.select(made.c.harvest)
            .join(taken, (taken.c.organisation == made.c.organisation) & (taken.c.corrects == made.c.id))
            .join(harvests, (harvests.c.organisation == made.c.organisation) & (harvests.c.id == made.c.harvest))
            .where(made.c.organisation == self._context.organisation, harvests.c.field == field)
        )
        with self._context.database.reading() as connection:
            gone = {row.harvest for row in connection.execute(taken_back)}
        found = (each for each in self._harvests.all(field=field) if each.id not in gone)
        return sorted(found, key=lambda each: (each.time_ms, each.id))
