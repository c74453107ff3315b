"""Lineage of lots: what went into a lot, and which lots hold something of a harvest.

Upwards the links are followed in SQL. The search carries the organisation from link to link: with a constant in its
place SQLite reads all links of the organisation at every step.

Downwards the links are followed too, as far as they lead to few lots. For more they are read once in the order of their
numbers: a lot holds something where one of its parents does, and a parent was numbered before its children. That costs
the same for a chain, a fan and a lattice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Annotated, Final, TypeVar

import msgspec
import sqlalchemy as sa

from headland.registry.db.database import Database
from headland.registry.db.tables.lot_tables import harvests, lot_links, lot_numbers, lot_operations, lot_parents, lots
from headland.registry.models.lots import Harvest, Lot
from headland.registry.repositories.context import RepositoryContext

#: Values in one query: SQLite takes 32,766, and fewer are as fast.
_AT_ONCE: Final = 1000
#: Links are followed from few lots or harvests to few lots in few steps; for more all links are read once.
_FEW: Final = 2000
_FEW_ROOTS: Final = 100
_FEW_STEPS: Final = 8

Value = TypeVar("Value", str, int)


class LotLink(msgspec.Struct, frozen=True, kw_only=True):
    """`grams` of `parent`, a lot or a harvest, that `operation` took to make `child`."""

    parent: Annotated[str, "Id of the lot or harvest that was taken from."]
    child: Annotated[str, "Id of the lot that was made."]
    operation: Annotated[str, "Id of the operation."]
    grams: Annotated[int, "Mass that was taken."]


class LotDescendants(msgspec.Struct, frozen=True, kw_only=True):
    """The lots that hold something of given parents: how many, and a page of them, the newest first.

    `next` is the number before which the next page begins, None on the last.
    """

    count: int
    lots: tuple[Lot, ...]
    next: int | None


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

    def harvests_of_each(self, lots: Sequence[str]) -> dict[str, list[Harvest]]:
        """Return the harvests that each of some lots holds something of, by the lot's id and their time."""
        found: dict[str, list[Harvest]] = {lot: [] for lot in lots}
        known: dict[str, Harvest] = {}
        names = Harvest.__struct_fields__
        with self._context.database.reading() as connection:
            for some in _parts(lots):
                pairs = self._above_each(some)
                same = (harvests.c.id == pairs.c.parent) & (harvests.c.organisation == pairs.c.organisation)
                query = sa.select(pairs.c.lot, *(harvests.c[name] for name in names)).join(harvests, same)
                for row in connection.execute(query.order_by(harvests.c.time_ms, harvests.c.id)).mappings():
                    if row["id"] not in known:
                        known[row["id"]] = msgspec.convert({name: row[name] for name in names}, Harvest)
                    found[row["lot"]].append(known[row["id"]])
        return found

    def descendants(self, parents: Sequence[str], *, before: int | None = None, limit: int = 1000) -> LotDescendants:
        """Return the lots that hold something of lots or harvests: how many, and a page of those before a number."""
        with self._context.database.reading() as connection:
            numbers = self._descendants_within(connection, parents)
            end = len(numbers) if before is None else bisect_left(numbers, before)
            page = numbers[max(0, end - limit) : end]
            found = self._lots_within(connection, page)
        return LotDescendants(count=len(numbers), lots=tuple(found), next=page[0] if end > limit else None)

    def all_descendants(self, parents: Sequence[str]) -> Iterator[list[Lot]]:
        """Yield all lots that hold something of lots or harvests now, some at a time, the newest first."""
        with self._context.database.reading() as connection:
            numbers = self._descendants_within(connection, parents)
        for end in range(len(numbers), 0, -_AT_ONCE):
            with self._context.database.reading() as connection:
                found = self._lots_within(connection, numbers[max(0, end - _AT_ONCE) : end])
            yield found

    def descendant_ids(self, parents: Sequence[str]) -> frozenset[str]:
        """Return the ids of all lots that hold something of lots or harvests now."""
        found: set[str] = set()
        mine = lot_numbers.c.organisation == self._context.organisation
        with self._context.database.reading() as connection:
            for some in _parts(self._descendants_within(connection, parents)):
                query = sa.select(lot_numbers.c.id).where(mine, lot_numbers.c.number.in_(some))
                found.update(connection.execute(query).scalars())
        return frozenset(found)

    def add_within(self, connection: sa.Connection, parents: Sequence[str], made: Sequence[str]) -> None:
        """Number the lots that an operation makes of lots or of a harvest; the organisation must be locked."""
        if not made:
            return
        organisation = self._context.organisation
        number_of = self._numbers_within(connection, parents)
        newest = sa.select(sa.func.max(lot_numbers.c.number)).where(lot_numbers.c.organisation == organisation)
        first = (connection.execute(newest).scalar_one() or 0) + 1
        fresh = {id_: first + place for place, id_ in enumerate([*(p for p in parents if p not in number_of), *made])}
        rows = [{"organisation": organisation, "number": number, "id": id_} for id_, number in fresh.items()]
        connection.execute(lot_numbers.insert(), rows)
        number_of |= fresh
        links = [
            {"organisation": organisation, "child": number_of[child], "parent": number_of[parent]}
            for child in made
            for parent in parents
        ]
        connection.execute(lot_parents.insert(), links)

    def take_back_within(self, connection: sa.Connection, made: Sequence[str]) -> None:
        """Let lots hold nothing any more: the operation that made them is taken back."""
        numbers = list(self._numbers_within(connection, made).values())
        mine = lot_parents.c.organisation == self._context.organisation
        for some in _parts(numbers):
            connection.execute(lot_parents.delete().where(mine, lot_parents.c.child.in_(some)))

    def _descendants_within(self, connection: sa.Connection, parents: Sequence[str]) -> list[int]:
        """Return the numbers of all lots that hold something of lots or harvests, ascending."""
        roots = list(self._numbers_within(connection, parents).values())
        if not roots:
            return []
        few = self._follow_within(connection, roots) if len(roots) <= _FEW_ROOTS else None
        return self._read_within(connection, set(roots)) if few is None else few

    def _follow_within(self, connection: sa.Connection, roots: Sequence[int]) -> list[int] | None:
        """Follow the links down from roots; None where that leads to more than a few lots or steps."""
        mine = lot_parents.c.organisation == self._context.organisation
        found: set[int] = set()
        newest: Sequence[int] = roots
        for _ in range(_FEW_STEPS):
            below: set[int] = set()
            for some in _parts(newest):
                query = sa.select(lot_parents.c.child).where(mine, lot_parents.c.parent.in_(some))
                below.update(connection.execute(query.limit(_FEW + 1)).scalars())
            below -= found
            found |= below
            if not below:
                return sorted(found)
            if len(found) > _FEW:
                return None
            newest = sorted(below)
        return None

    def _read_within(self, connection: sa.Connection, holding: set[int]) -> list[int]:
        """Read the links from the oldest root on, once, and return what holds something; adds to `holding`."""
        query = (
            sa.select(lot_parents.c.child, lot_parents.c.parent)
            .where(lot_parents.c.organisation == self._context.organisation, lot_parents.c.child > min(holding))
            .order_by(lot_parents.c.child, lot_parents.c.parent)
        )
        found: list[int] = []
        last = 0
        # The driver's own rows: SQLAlchemy would make an object of each of a hundred thousand.
        for child, parent in connection.execute(query).cursor.fetchall():
            if parent in holding and child != last:
                holding.add(child)
                found.append(child)
                last = child
        return found

    def _numbers_within(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for some in _parts(ids):
            query = sa.select(lot_numbers.c.id, lot_numbers.c.number).where(
                lot_numbers.c.organisation == self._context.organisation, lot_numbers.c.id.in_(some)
            )
            numbers.update((row.id, int(row.number)) for row in connection.execute(query))
        return numbers

    def _lots_within(self, connection: sa.Connection, numbers: Sequence[int]) -> list[Lot]:
        """Return lots by ascending numbers, the newest first."""
        names = Lot.__struct_fields__
        found: list[Lot] = []
        same = (lots.c.organisation == lot_numbers.c.organisation) & (lots.c.id == lot_numbers.c.id)
        for some in reversed(_parts(numbers)):
            query = (
                sa.select(*(lots.c[name] for name in names))
                .select_from(lot_numbers)
                .join(lots, same)
                .where(lot_numbers.c.organisation == self._context.organisation, lot_numbers.c.number.in_(some))
                .order_by(lot_numbers.c.number.desc())
            )
            rows = connection.execute(query).mappings()
            found += [msgspec.convert({name: row[name] for name in names}, Lot) for row in rows]
        return found

    def _above(self, lot: str, columns: Sequence[sa.ColumnElement[object]]) -> sa.CTE:
        """Return the links above a lot, with the organisation and these columns, `parent` among them."""
        chosen = (lot_links.c.organisation, *columns)
        mine = lot_links.c.organisation == self._context.organisation
        tree = sa.select(*chosen).where(mine, lot_links.c.child == lot, _stands()).cte(recursive=True)
        same = (lot_links.c.organisation == tree.c.organisation) & (lot_links.c.child == tree.c.parent)
        return tree.union(sa.select(*chosen).join(tree, same).where(_stands()))

    def _above_each(self, lots: Sequence[str]) -> sa.CTE:
        """Return `lot` and `parent` of all that is above each of some lots, with the organisation."""
        chosen = (lot_links.c.organisation, lot_links.c.child.label("lot"), lot_links.c.parent)
        mine = lot_links.c.organisation == self._context.organisation
        tree = sa.select(*chosen).where(mine, lot_links.c.child.in_(lots), _stands()).cte(recursive=True)
        same = (lot_links.c.organisation == tree.c.organisation) & (lot_links.c.child == tree.c.parent)
        further = (lot_links.c.organisation, tree.c.lot, lot_links.c.parent)
        return tree.union(sa.select(*further).join(tree, same).where(_stands()))


def _stands() -> sa.ColumnElement[bool]:
    """Return the condition that a link's operation was not taken back."""
    newer = lot_operations.alias()
    same = (newer.c.organisation == lot_links.c.organisation) & (newer.c.corrects == lot_links.c.operation)
    return ~sa.select(newer.c.id).where(same).exists()


def _parts(values: Sequence[Value]) -> list[Sequence[Value]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]
