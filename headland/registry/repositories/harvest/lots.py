"""Harvests, lots and lot operations of one organisation: added in one transaction with their masses, never changed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.lot_tables import harvests, lot_flows, lot_links, lot_operations, lots
from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict
from headland.registry.models.lots import Harvest, Lot, LotMass, LotOperation, OperationKind
from headland.registry.models.plant_protection import EvidenceClass
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.harvest.lot_lineage import LotLineage
from headland.registry.repositories.repository import Repository
from headland.registry.validation.lots import check_balance, check_harvest, check_remaining, flows_of

#: Ids in one query: SQLite takes 32,766 values, and fewer are as fast.
_AT_ONCE: Final = 1000


class LotRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """An operation with the lots that it made."""

    operation: LotOperation
    lots: tuple[Lot, ...]


class LotRepository:
    """Append-only repository of harvests, lots and operations."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self.lineage = LotLineage(context)
        #: The repositories of the records, for reading and for the check of the audit log.
        self.harvests = Repository(context, Harvest, harvests, check_harvest)
        self.lots = Repository(context, Lot, lots)
        self.operations = Repository(context, LotOperation, lot_operations)

    def record_harvest(self, harvest: Harvest, lot: Lot) -> tuple[Harvest, LotRecorded]:
        """Record a harvest and its lot, which has the harvest's mass and time; raises as `Repository.add` does."""
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            made = self.harvests.add_within(connection, harvest, now_ms)
            simulated = lot.simulated or harvest.evidence is EvidenceClass.SIMULATED
            lot = msgspec.structs.replace(lot, time_ms=harvest.time_ms, grams=harvest.grams, simulated=simulated)
            operation = LotOperation(
                kind=OperationKind.HARVEST, time_ms=harvest.time_ms, author=harvest.author, harvest=made.id
            )
            return made, self._record(connection, operation, (lot,), {made.id: harvest.grams}, now_ms)

    def operate(self, operation: LotOperation, made: Sequence[Lot] = ()) -> LotRecorded:
        """Record an operation on lots, and the lots that it makes; its `outputs` follow from `made`.

        Raises InvalidRecord where its masses differ, RecordConflict where a lot has less than is taken, and as
        `Repository.add` does.
        """
        if operation.kind in {OperationKind.HARVEST, OperationKind.CORRECT} or operation.harvest or operation.corrects:
            raise InvalidRecord("A harvest and a correction have requests of their own.")
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            parents = self._lots_within(connection, [mass.lot for mass in operation.inputs])
            early = [lot.code for lot in parents.values() if lot.time_ms > operation.time_ms]
            if early:
                raise InvalidRecord(f"Lot {early[0]} was made after this operation: check the time of both.")
            simulated = any(lot.simulated for lot in parents.values())
            fresh = [
                msgspec.structs.replace(lot, time_ms=operation.time_ms, simulated=lot.simulated or simulated)
                for lot in made
            ]
            check_remaining(
                operation,
                self._remaining_within(connection, list(parents)),
                {lot.id: lot.code for lot in parents.values()},
            )
            masses = {mass.lot: mass.grams for mass in operation.inputs}
            return self._record(connection, operation, fresh, masses, now_ms)

    def correct(self, operation: str, time_ms: int, author: str, note: str) -> LotOperation:
        """Take back an operation.

        Raises RecordConflict where a lot that it made was used since, or where it was taken back already.
        """
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            wrong = self.operations.find_within(connection, id=operation)
            if wrong is None:
                raise NotFound("lot operation", operation)
            if wrong.kind is OperationKind.CORRECT:
                raise RecordConflict("A correction is not corrected: record the operation again.")
            if self.operations.find_within(connection, corrects=operation) is not None:
                raise RecordConflict("This operation was corrected already.")
            remaining_g = self._remaining_within(connection, [mass.lot for mass in wrong.outputs])
            used = [mass.lot for mass in wrong.outputs if remaining_g[mass.lot] != mass.grams]
            if used:
                code = self._lots_within(connection, used)[used[0]].code
                raise RecordConflict(f"Lot {code}, which it made, was used since: correct what was done with it first.")
            reverse = LotOperation(
                kind=OperationKind.CORRECT,
                time_ms=time_ms,
                author=author,
                inputs=wrong.outputs,
                outputs=wrong.inputs,
                note=note,
                corrects=operation,
            )
            self.lineage.take_back_within(connection, [mass.lot for mass in wrong.outputs])
            return self._add_operation(connection, reverse, now_ms)

    def find(self, code: str) -> Lot:
        """Return the lot of a batch number; raises NotFound."""
        with self._context.database.reading() as connection:
            found = self.lots.find_within(connection, code=code)
        if found is None:
            raise NotFound("lot", code)
        return found

    def newest(self, *, before: str = "", limit: int = 100) -> list[Lot]:
        """Return lots, the newest first, those before the id `before`."""
        query = sa.select(lots).where(lots.c.organisation == self._context.organisation)
        if before:
            query = query.where(lots.c.id < before)
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(lots.c.id.desc()).limit(limit)).mappings().all()
        return [_lot(row) for row in rows]

    def get_all(self, ids: Sequence[str]) -> dict[str, Lot]:
        """Return lots by their ids; raises NotFound."""
        with self._context.database.reading() as connection:
            return self._lots_within(connection, ids)

    def remaining_g(self, ids: Sequence[str]) -> dict[str, int]:
        """Return what remains of lots [g]; of a lot whose making was taken back, nothing."""
        with self._context.database.reading() as connection:
            return self._remaining_within(connection, ids)

    def parties_of(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return who got something of lots, by lot: the parties of operations that were not taken back, by name."""
        mine = self._context.organisation
        newer = lot_operations.alias()
        own = (newer.c.organisation == mine) & (newer.c.corrects == lot_operations.c.id)
        same = (lot_operations.c.organisation == lot_flows.c.organisation) & (
            lot_operations.c.id == lot_flows.c.operation
        )
        parties: dict[str, list[str]] = {}
        with self._context.database.reading() as connection:
            for some in _parts(ids):
                query = (
                    sa.select(lot_flows.c.lot, lot_operations.c.party)
                    .join(lot_operations, same)
                    .where(lot_flows.c.organisation == mine, lot_flows.c.lot.in_(some), lot_flows.c.grams < 0)
                    .where(lot_operations.c.party != "", ~sa.select(newer.c.id).where(own).exists())
                    .order_by(lot_flows.c.lot, lot_operations.c.party)
                    .distinct()
                )
                for row in connection.execute(query):
                    parties.setdefault(row.lot, []).append(row.party)
        return parties

    def operations_of(self, lot: str) -> list[LotOperation]:
        """Return the operations that made a lot or took from it, corrections included, in the order of their entry."""
        mine = self._context.organisation
        # By their ids: joined to the flows, SQLite would read every operation for its order.
        own = sa.select(lot_flows.c.operation).where(lot_flows.c.organisation == mine, lot_flows.c.lot == lot)
        query = (
            sa.select(lot_operations)
            .where(lot_operations.c.organisation == mine, lot_operations.c.id.in_(own))
            .order_by(lot_operations.c.id)
        )
        with self._context.database.reading() as connection:
            names = LotOperation.__struct_fields__
            rows = connection.execute(query).mappings()
            return [msgspec.convert({name: row[name] for name in names}, LotOperation) for row in rows]

    def harvests_of(self, *, field: str | None = None, zone: str | None = None) -> list[Harvest]:
        """Return the harvests of a place in the order of their entry."""
        where = {"field": field} if field is not None else {"zone": zone}
        return list(self.harvests.all(**where))

    def harvested(self, field: str | None, zone: str | None, from_ms: int, until_ms: int) -> list[Harvest]:
        """Return the harvests of a place with a time in [from_ms, until_ms], in the order of their entry."""
        place = harvests.c.field == field if field is not None else harvests.c.zone == zone
        query = (
            sa.select(harvests)
            .where(harvests.c.organisation == self._context.organisation, place)
            .where(harvests.c.time_ms >= from_ms, harvests.c.time_ms <= until_ms)
            .order_by(harvests.c.id)
        )
        with self._context.database.reading() as connection:
            names = Harvest.__struct_fields__
            rows = connection.execute(query).mappings()
            return [msgspec.convert({name: row[name] for name in names}, Harvest) for row in rows]

    def free_codes(self, day: str, count: int) -> list[str]:
        """Return batch numbers of a day that no lot has: the day, and the next numbers."""
        # Only rows that are not deleted are in the index of codes; lots never are.
        mine = lots.c.organisation == self._context.organisation, lots.c.deleted_ms.is_(None)
        with self._context.database.reading() as connection:

            def is_used(number: int) -> bool:
                query = sa.select(lots.c.id).where(*mine, lots.c.code == f"{day}-{number:03d}")
                return connection.execute(query).first() is not None

            free = (number for number in itertools.count(find_free_number(is_used)) if not is_used(number))
            return [f"{day}-{number:03d}" for number in itertools.islice(free, count)]

    def _record(
        self,
        connection: sa.Connection,
        operation: LotOperation,
        made: Sequence[Lot],
        parents: Mapping[str, int],
        now_ms: int,
    ) -> LotRecorded:
        fresh = tuple(self.lots.add_within(connection, lot, now_ms) for lot in made)
        outputs = tuple(LotMass(lot=lot.id, grams=lot.grams) for lot in fresh)
        recorded = self._add_operation(connection, msgspec.structs.replace(operation, outputs=outputs), now_ms)
        links = [
            {
                "organisation": self._context.organisation,
                "parent": parent,
                "child": lot.id,
                "operation": recorded.id,
                "grams": grams,
            }
            for parent, grams in parents.items()
            for lot in fresh
        ]
        if links:
            connection.execute(lot_links.insert(), links)
        self.lineage.add_within(connection, list(parents), [lot.id for lot in fresh])
        return LotRecorded(operation=recorded, lots=fresh)

    def _add_operation(self, connection: sa.Connection, operation: LotOperation, now_ms: int) -> LotOperation:
        check_balance(operation)
        recorded = self.operations.add_within(connection, operation, now_ms)
        flows = [
            {"organisation": self._context.organisation, "lot": lot, "operation": recorded.id, "grams": grams}
            for lot, grams in flows_of(recorded).items()
        ]
        connection.execute(lot_flows.insert(), flows)
        return recorded

    def _lots_within(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, Lot]:
        found: dict[str, Lot] = {}
        for some in _parts(ids):
            query = sa.select(lots).where(lots.c.organisation == self._context.organisation, lots.c.id.in_(some))
            found.update((row["id"], _lot(row)) for row in connection.execute(query).mappings())
        for id_ in ids:
            if id_ not in found:
                raise NotFound("lot", id_)
        return found

    def _remaining_within(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
        remaining_g = dict.fromkeys(ids, 0)
        for some in _parts(ids):
            query = (
                sa.select(lot_flows.c.lot, sa.func.sum(lot_flows.c.grams).label("grams"))
                .where(lot_flows.c.organisation == self._context.organisation, lot_flows.c.lot.in_(some))
                .group_by(lot_flows.c.lot)
            )
            remaining_g.update((row.lot, int(row.grams)) for row in connection.execute(query))
        return remaining_g


def _lot(row: sa.RowMapping) -> Lot:
    return msgspec.convert({name: row[name] for name in Lot.__struct_fields__}, Lot)


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]


def find_free_number(is_used: Callable[[int], bool]) -> int:
    """Return a number from 1 on that is not used, where all below it are: the next; with gaps, one of those.

    It asks some twenty times for a thousand numbers. Whether one is used, an index of the numbers answers on every
    database; how many begin with a day it does not.
    """
    low, high = 0, 1
    while is_used(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if is_used(middle) else (low, middle)
    return high
