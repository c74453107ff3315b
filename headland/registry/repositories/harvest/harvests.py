"""Harvests of a field that stand, as an access sees them: a member those of the own plots and time."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.lot_tables import harvests, lot_operations
from headland.registry.models.lots import Harvest
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository
from headland.registry.validation.lots import check_harvest


class HarvestRepository(Repository[Harvest]):
    """Reading repository of harvests; they are recorded with their lots."""

    def __init__(self, context: RepositoryContext) -> None:
        super().__init__(context, Harvest, harvests, check_harvest)

    def standing(self, field: str) -> list[Harvest]:
        """Return the harvests of a field that were not taken back, in the order of their time."""
        made, taken = lot_operations.alias(), lot_operations.alias()
        taken_back = (
            sa.select(made.c.id)
            .join(taken, (taken.c.organisation == made.c.organisation) & (taken.c.corrects == made.c.id))
            .where(made.c.organisation == harvests.c.organisation, made.c.harvest == harvests.c.id)
            .exists()
        )
        query = self._mine().where(harvests.c.field == field, ~taken_back)
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(harvests.c.time_ms, harvests.c.id))
            return [self._record(row) for row in rows]
