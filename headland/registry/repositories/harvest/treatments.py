"""Plant-protection treatments of one organisation: added, never changed; a correction replaces an earlier one."""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.tables.lot_tables import treatments
from headland.registry.models.errors import NotFound, RecordConflict
from headland.registry.models.plant_protection import Treatment
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository
from headland.registry.validation.lots import check_treatment

_PRODUCT: Final = "plant protection product"


class TreatmentRepository:
    """Append-only repository of treatments."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._products = sa.table("plant_protection_products", sa.column("organisation"), sa.column("id"))
        #: The repository of the records, for the check of the audit log.
        self.records = Repository(context, Treatment, treatments, check_treatment)

    def add(self, treatment: Treatment) -> Treatment:
        """Add a treatment; raises RecordConflict where the one it corrects was corrected already.

        Raises as `Repository.add` does besides.
        """
        with self._context.database.writing() as connection:
            self._check_products(connection, treatment)
            made = self.records.add_within(connection, treatment, self._context.now_ms())
            if treatment.corrects is not None:
                query = sa.select(sa.func.count()).where(
                    treatments.c.organisation == self._context.organisation, treatments.c.corrects == treatment.corrects
                )
                if connection.execute(query).scalar_one() > 1:
                    raise RecordConflict("This treatment was corrected already: correct the newest entry.")
        return made

    def get(self, id: str) -> Treatment:  # noqa: A002 - it is the record's id
        """Return a treatment, also one that was corrected; raises NotFound."""
        return self.records.get(id)

    def is_corrected(self, id: str) -> bool:  # noqa: A002 - it is the record's id
        """Return whether a later entry replaces or withdraws a treatment."""
        query = sa.select(treatments.c.id).where(
            treatments.c.organisation == self._context.organisation, treatments.c.corrects == id
        )
        with self._context.database.reading() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def list(
        self, *, field: str | None = None, zone: str | None = None, from_ms: int = 0, until_ms: int | None = None
    ) -> list[Treatment]:
        """Return the treatments that hold, by their start: those of a place, ending in [from_ms, until_ms)."""
        newer = treatments.alias()
        mine = treatments.c.organisation == self._context.organisation
        corrected = (
            sa.select(newer.c.id)
            .where(newer.c.organisation == treatments.c.organisation, newer.c.corrects == treatments.c.id)
            .exists()
        )
        query = sa.select(treatments).where(mine, ~corrected, ~treatments.c.withdrawn, treatments.c.end_ms >= from_ms)
        if field is not None:
            query = query.where(treatments.c.field == field)
        if zone is not None:
            query = query.where(treatments.c.zone == zone)
        if until_ms is not None:
            query = query.where(treatments.c.end_ms < until_ms)
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(treatments.c.start_ms, treatments.c.id)).mappings()
            names = Treatment.__struct_fields__
            return [msgspec.convert({name: row[name] for name in names}, Treatment) for row in rows]

    def _check_products(self, connection: sa.Connection, treatment: Treatment) -> None:
        for part in treatment.mix:
            mine = self._products.c.organisation == self._context.organisation
            query = sa.select(self._products.c.id).where(mine, self._products.c.id == part.product)
            if connection.execute(query).first() is None:
                raise NotFound(_PRODUCT, part.product)
