"""Lineage of lots: what went into a lot, and which lots hold something of a harvest."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from headland.registry.db.lot_tables import harvests, lot_links, lot_operations, lots
from headland.registry.models.lots import Harvest, Lot
from headland.registry.repositories.context import RepositoryContext


class LotLink(msgspec.Struct, frozen=True, kw_only=True):
    """`grams` of `parent`, a lot or a harvest, that `operation` took to make `child`."""

    parent: str
    child: str
    operation: str
    grams: int


class LotDescendants(msgspec.Struct, frozen=True, kw_only=True):
    """The lots that hold something of given parents: their number, and the newest of them."""

    count: int
    lots: tuple[Lot, ...]


class LotLineage:
    """Lineage of one organisation's lots. Operations that were taken back are left out."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context

    def ancestors(self, lot: str) -> list[LotLink]:
        """Return every link above a lot, up to the harvests; empty where its making was taken back."""
        mine = lot_links.c.organisation == self._context.organisation
        columns = (lot_links.c.parent, lot_links.c.child, lot_links.c.operation, lot_links.c.grams)
        tree = sa.select(*columns).where(mine, lot_links.c.child == lot, self._stands()).cte(recursive=True)
        above = sa.select(*columns).join(tree, lot_links.c.child == tree.c.parent).where(mine, self._stands())
        tree = tree.union(above)
        with self._context.database.reading() as connection:
            return [LotLink(**row) for row in connection.execute(sa.select(tree)).mappings()]

    def harvests_of(self, lot: str) -> list[Harvest]:
        """Return the harvests that a lot holds something of, by their time."""
        mine = lot_links.c.organisation == self._context.organisation
        tree = sa.select(lot_links.c.parent).where(mine, lot_links.c.child == lot, self._stands()).cte(recursive=True)
        above = sa.select(lot_links.c.parent).join(tree, lot_links.c.child == tree.c.parent)
        tree = tree.union(above.where(mine, self._stands()))
        query = (
            sa.select(harvests)
            .join(tree, harvests.c.id == tree.c.parent)
            .where(harvests.c.organisation == self._context.organisation)
        )
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(harvests.c.time_ms, harvests.c.id)).mappings()
            names = Harvest.__struct_fields__
            return [msgspec.convert({name: row[name] for name in names}, Harvest) for row in rows]

    def descendants(self, parents: Sequence[str], *, limit: int = 1000) -> LotDescendants:
        """Return the lots that hold something of lots or harvests, the newest `limit` of them and their number."""
        if not parents:
            return LotDescendants(count=0, lots=())
        mine = lot_links.c.organisation == self._context.organisation
        first = sa.select(lot_links.c.child).where(mine, lot_links.c.parent.in_(parents), self._stands())
        tree = first.cte(recursive=True)
        below = sa.select(lot_links.c.child).join(tree, lot_links.c.parent == tree.c.child).where(mine, self._stands())
        tree = tree.union(below)
        newest = sa.select(tree.c.child, sa.func.count().over().label("count")).order_by(tree.c.child.desc())
        page = newest.limit(limit).subquery()
        query = (
            sa.select(lots, page.c.count)
            .join(page, lots.c.id == page.c.child)
            .where(lots.c.organisation == self._context.organisation)
            .order_by(lots.c.id.desc())
        )
        with self._context.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        names = Lot.__struct_fields__
        found = tuple(msgspec.convert({name: row[name] for name in names}, Lot) for row in rows)
        return LotDescendants(count=rows[0]["count"] if rows else 0, lots=found)

    @staticmethod
    def _stands() -> sa.ColumnElement[bool]:
        """Return the condition that the link's operation was not taken back."""
        newer = lot_operations.alias()
        same = (newer.c.organisation == lot_links.c.organisation) & (newer.c.corrects == lot_links.c.operation)
        return ~sa.select(newer.c.id).where(same).exists()
