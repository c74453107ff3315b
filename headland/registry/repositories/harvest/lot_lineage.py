"""Lineage of lots: what went into a lot, and which lots hold something of a harvest.

The searches carry the organisation from link to link: with a constant in its place SQLite reads all links of the
organisation at every step.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from headland.registry.db.database import Database
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

    @property
    def database(self) -> Database:
        """The database of the links."""
        return self._context.database

    def ancestors(self, lot: str) -> list[LotLink]:
        """Return every link above a lot, up to the harvests; empty where its making was taken back."""
        names = LotLink.__struct_fields__
        tree = self._above(lot, [lot_links.c[name] for name in names])
        with self._context.database.reading() as connection:
            rows = connection.execute(sa.select(*(tree.c[name] for name in names))).mappings()
            return [LotLink(**row) for row in rows]

    def harvests_of(self, lot: str) -> list[Harvest]:
        """Return the harvests that a lot holds something of, by their time."""
        tree = self._above(lot, [lot_links.c.parent])
        same = (harvests.c.id == tree.c.parent) & (harvests.c.organisation == tree.c.organisation)
        query = sa.select(harvests).join(tree, same).order_by(harvests.c.time_ms, harvests.c.id)
        with self._context.database.reading() as connection:
            names = Harvest.__struct_fields__
            rows = connection.execute(query).mappings()
            return [msgspec.convert({name: row[name] for name in names}, Harvest) for row in rows]

    def descendants(self, parents: Sequence[str], *, limit: int = 1000) -> LotDescendants:
        """Return the lots that hold something of lots or harvests, the newest `limit` of them and their number."""
        if not parents:
            return LotDescendants(count=0, lots=())
        columns = (lot_links.c.organisation, lot_links.c.child)
        mine = lot_links.c.organisation == self._context.organisation
        tree = sa.select(*columns).where(mine, lot_links.c.parent.in_(parents), _stands()).cte(recursive=True)
        same = (lot_links.c.organisation == tree.c.organisation) & (lot_links.c.parent == tree.c.child)
        tree = tree.union(sa.select(*columns).join(tree, same).where(_stands()))
        newest = sa.select(tree.c.child, sa.func.count().over().label("count")).order_by(tree.c.child.desc())
        with self._context.database.reading() as connection:
            page = connection.execute(newest.limit(limit)).all()
            # By their ids: joined to the page, SQLite would read every lot for its order.
            mine = lots.c.organisation == self._context.organisation
            query = sa.select(lots).where(mine, lots.c.id.in_([row.child for row in page]))
            rows = connection.execute(query).mappings().all()
        names = Lot.__struct_fields__
        found = [msgspec.convert({name: row[name] for name in names}, Lot) for row in rows]
        found.sort(key=lambda lot: lot.id, reverse=True)
        return LotDescendants(count=int(page[0][1]) if page else 0, lots=tuple(found))

    def _above(self, lot: str, columns: Sequence[sa.ColumnElement[object]]) -> sa.CTE:
        """Return the links above a lot, with the organisation and these columns, `parent` among them."""
        chosen = (lot_links.c.organisation, *columns)
        mine = lot_links.c.organisation == self._context.organisation
        tree = sa.select(*chosen).where(mine, lot_links.c.child == lot, _stands()).cte(recursive=True)
        same = (lot_links.c.organisation == tree.c.organisation) & (lot_links.c.child == tree.c.parent)
        return tree.union(sa.select(*chosen).join(tree, same).where(_stands()))


def _stands() -> sa.ColumnElement[bool]:
    """Return the condition that a link's operation was not taken back."""
    newer = lot_operations.alias()
    same = (newer.c.organisation == lot_links.c.organisation) & (newer.c.corrects == lot_links.c.operation)
    return ~sa.select(newer.c.id).where(same).exists()
