"""Accounts of people of one organisation: entries are added and never changed; a correction is a later entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.cooperative_tables import account_entries
from headland.registry.db.tables.lot_tables import lots
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository


class AccountRepository:
    """Append-only repository of account entries."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self.records = Repository(context, AccountEntry, account_entries)

    def add(self, entry: AccountEntry) -> AccountEntry:
        """Add an entry; raises InvalidRecord for a correction of another person's entry, and as `Repository.add`.

        Grams below 0 are of corrections of deliveries alone. Raises RecordConflict for a delivery of a lot that is in
        the account from its harvest.
        """
        if (entry.kind.value == "correction") != (entry.corrects is not None):
            raise InvalidRecord("A correction names the entry that it corrects, and nothing else does.")
        corrected = None if entry.corrects is None else self.records.get(entry.corrects)
        if corrected is not None and corrected.person != entry.person:
            raise InvalidRecord("A correction is of the same person's account: choose an entry of this person.")
        if entry.grams < 0 and (corrected is None or corrected.kind is not AccountKind.DELIVERY):
            raise InvalidRecord("Only a correction of a delivery takes grams back: enter the grams without a sign.")
        if entry.harvest is not None:
            raise InvalidRecord("A delivery of a harvest is made from the harvest: ask for the deliveries of a period.")
        if entry.kind is not AccountKind.DELIVERY:
            if entry.crop is not None or entry.lot_code is not None:
                raise InvalidRecord("Only a delivery has a crop and a lot: leave them out.")
            return self.records.add(entry)
        return self.add_entered([entry], repeated=True)[0]

    def add_entered(self, entries: Sequence[AccountEntry], *, repeated: bool = False) -> list[AccountEntry]:
        """Add deliveries that people entered, all or none, and return the added ones; raises as `add` does.

        Unless they may be `repeated`, a delivery that is in the account is not added again: of three equal ones where
        the account has two, one is added.
        """
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            there = self.records.all_within(connection, kind=AccountKind.DELIVERY.value)
            corrections = self.records.all_within(connection, kind=AccountKind.CORRECTION.value)
            from_harvests = _standing_lots(there, corrections)
            added = []
            for entry in entries if repeated else _new_ones(entries, there):
                self._check_lot(connection, entry, from_harvests)
                added.append(self.records.add_within(connection, entry, now_ms))
            return added

    def not_there(self, entries: Sequence[AccountEntry]) -> list[AccountEntry]:
        """Return the deliveries that `add_entered` would add."""
        return _new_ones(entries, self.records.all(kind=AccountKind.DELIVERY.value))

    def lots_from_harvests(self) -> set[tuple[str, str | None]]:
        """Return persons and lots whose delivery is in the account from its harvest, and has not been taken back."""
        kinds = (AccountKind.DELIVERY, AccountKind.CORRECTION)
        deliveries, corrections = (list(self.records.all(kind=kind.value)) for kind in kinds)
        return _standing_lots(deliveries, corrections)

    def add_deliveries(self, entries: Sequence[AccountEntry]) -> list[AccountEntry]:
        """Add entries of harvests in one transaction, those that are not there yet; return the added ones."""
        now_ms = self._context.now_ms()
        mine = account_entries.c.organisation == self._context.organisation
        query = sa.select(account_entries.c.harvest, account_entries.c.person).where(
            mine, account_entries.c.harvest.is_not(None)
        )
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            known = {(row.harvest, row.person) for row in connection.execute(query)}
            return [
                self.records.add_within(connection, entry, now_ms)
                for entry in entries
                if (entry.harvest, entry.person) not in known
            ]

    def correct_delivery(
        self, id: str, grams: int, amount_fen: int, time_ms: int, note: str = ""  # noqa: A002
    ) -> AccountEntry | None:  # fmt: skip
        """Add what a delivery and its corrections lack to these grams and this amount; None where they lack nothing.

        The same request twice corrects once; 0 and 0 take the delivery back.
        """
        if grams < 0:
            raise InvalidRecord("A delivery has no grams below 0: enter 0 to take it back.")
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            entry = self.records.find_within(connection, id=id)
            if entry is None or entry.kind is not AccountKind.DELIVERY:
                raise NotFound("delivery", id)
            corrections = self.records.all_within(connection, kind=AccountKind.CORRECTION.value)
            stands = [entry, *corrections_of(corrections).get(id, ())]
            lacking_g = grams - sum(each.grams for each in stands)
            lacking_fen = amount_fen - sum(each.amount_fen for each in stands)
            if lacking_g == 0 and lacking_fen == 0:
                return None
            correction = AccountEntry(
                person=entry.person,
                kind=AccountKind.CORRECTION,
                time_ms=time_ms,
                amount_fen=lacking_fen,
                grams=lacking_g,
                field=entry.field,
                corrects=id,
                note=note,
            )
            return self.records.add_within(connection, correction, now_ms)

    def _check_lot(
        self, connection: sa.Connection, entry: AccountEntry, from_harvests: set[tuple[str, str | None]]
    ) -> None:
        if entry.lot_code is None:
            return
        query = sa.select(lots.c.id).where(
            lots.c.organisation == self._context.organisation,
            lots.c.code == entry.lot_code,
            lots.c.deleted_ms.is_(None),
        )
        if connection.execute(query).first() is None:
            raise NotFound("lot", entry.lot_code)
        if (entry.person, entry.lot_code) in from_harvests:
            raise RecordConflict(
                f"What this member delivered to lot {entry.lot_code} is in the account from its harvest: "
                "correct that delivery instead of adding another."
            )


def corrections_of(corrections: Iterable[AccountEntry]) -> dict[str, list[AccountEntry]]:
    """Return corrections by the entry that they correct, also through other corrections, each list in its order."""
    roots: dict[str, str] = {}
    found: dict[str, list[AccountEntry]] = {}
    # A correction is later than what it corrects.
    for each in sorted(corrections, key=lambda entry: entry.id):
        if each.corrects is not None:
            roots[each.id] = roots.get(each.corrects, each.corrects)
            found.setdefault(roots[each.id], []).append(each)
    return found


def _standing_lots(
    deliveries: Sequence[AccountEntry], corrections: Sequence[AccountEntry]
) -> set[tuple[str, str | None]]:
    """Return persons and lots of the deliveries from harvests that have not been taken back."""
    by_entry = corrections_of(corrections)
    return {
        (entry.person, entry.lot_code)
        for entry in deliveries
        if entry.harvest is not None and entry.grams + sum(each.grams for each in by_entry.get(entry.id, ())) > 0
    }


def _new_ones(entries: Sequence[AccountEntry], there: Iterable[AccountEntry]) -> list[AccountEntry]:
    """Return the deliveries that are not there, as many of equal ones as there are more of."""
    known = Counter(_facts(entry) for entry in there if entry.harvest is None)
    new = []
    for entry in entries:
        facts = _facts(entry)
        if known[facts] > 0:
            known[facts] -= 1
        else:
            new.append(entry)
    return new


def _facts(entry: AccountEntry) -> tuple[object, ...]:
    """Return what makes two entered deliveries the same."""
    blank = {"id": "", "version": 0, "created_ms": 0, "changed_ms": 0}
    return msgspec.structs.astuple(msgspec.structs.replace(entry, **blank))
