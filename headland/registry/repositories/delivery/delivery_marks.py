"""Marks of gateways' spools: the highest record up to which all were committed once, whatever store is in use now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import sqlalchemy as sa

from headland.registry.db import audit
from headland.registry.db.tables.farm_tables import delivery_marks, gateways
from headland.registry.repositories.context import RepositoryContext

#: Spools of one gateway at most; the ones that changed longest ago are deleted first.
MAX_EPOCHS: Final = 5000
_CHUNK: Final = 500

#: High-water mark by (gateway, epoch).
DeliveryMarks = Mapping[tuple[str, str], int]


class DeliveryMarkRepository:
    """Repository of marks. A mark only rises. Raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._mine = delivery_marks.c.organisation == context.organisation

    def load(self) -> dict[tuple[str, str], int]:
        """Return all marks."""
        table = delivery_marks.c
        with self._context.database.reading() as connection:
            rows = connection.execute(sa.select(table.gateway, table.epoch, table.high_water).where(self._mine))
            return {(row.gateway, row.epoch): row.high_water for row in rows}

    def save(self, marks: DeliveryMarks) -> None:
        """Raise marks to these; gateways that another organisation has registered are left out."""
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            others = set(
                connection.execute(
                    sa.select(gateways.c.name).where(
                        gateways.c.organisation != self._context.organisation, gateways.c.deleted_ms.is_(None)
                    )
                ).scalars()
            )
            for (gateway, epoch), high_water in marks.items():
                if gateway not in others:
                    self._raise(connection, gateway, epoch, high_water, now_ms)
            for gateway in {gateway for gateway, _ in marks} - others:
                self._prune(connection, gateway)

    def forget(self, gateway: str) -> int:
        """Delete the marks of a gateway, whose loss is accepted by this; return how many. In the audit log."""
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            audit.lock_organisation(connection, self._context.organisation)
            table = delivery_marks.c
            which = self._mine & (table.gateway == gateway)
            rows = connection.execute(sa.select(table.epoch, table.high_water).where(which)).all()
            if rows:
                connection.execute(delivery_marks.delete().where(which))
                change = audit.AuditChange(
                    time_ms=now_ms,
                    who=self._context.by,
                    action="delete",
                    kind="delivery marks",
                    record=gateway,
                    before=msgspec.json.encode({row.epoch: row.high_water for row in rows[-_CHUNK:]}).decode(),
                )
                audit.append(connection, self._context.organisation, change)
            return len(rows)

    def log_accepted(self, gateway: str, loss: int) -> None:
        """Log that the loss of a gateway was accepted."""
        change = audit.AuditChange(
            time_ms=self._context.now_ms(),
            who=self._context.by,
            action="change",
            kind="delivery loss",
            record=gateway,
            after=msgspec.json.encode({"loss_accepted": loss}).decode(),
        )
        with self._context.database.writing() as connection:
            audit.lock_organisation(connection, self._context.organisation)
            audit.append(connection, self._context.organisation, change)

    def _raise(self, connection: sa.Connection, gateway: str, epoch: str, high_water: int, now_ms: int) -> None:
        table = delivery_marks.c
        which = self._mine & (table.gateway == gateway) & (table.epoch == epoch)
        values = {"high_water": high_water, "changed_ms": now_ms}
        known = connection.execute(sa.select(table.high_water).where(which)).scalar_one_or_none()
        if known is None:
            row = {"organisation": self._context.organisation, "gateway": gateway, "epoch": epoch, **values}
            connection.execute(delivery_marks.insert().values(row))
        elif known < high_water:
            connection.execute(delivery_marks.update().where(which).values(**values))

    def _prune(self, connection: sa.Connection, gateway: str) -> None:
        table = delivery_marks.c
        which = self._mine & (table.gateway == gateway)
        excess = connection.execute(sa.select(sa.func.count()).where(which)).scalar_one() - MAX_EPOCHS
        if excess > 0:
            oldest = sa.select(table.epoch).where(which).order_by(table.changed_ms, table.epoch).limit(excess)
            epochs = connection.execute(oldest).scalars().all()
            for start in range(0, len(epochs), _CHUNK):
                connection.execute(
                    delivery_marks.delete().where(which, table.epoch.in_(epochs[start : start + _CHUNK]))
                )
