"""Deliveries of a table, matched with the people, fields and lots of the registry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from headland.formats.tables.by_hand import RowFault, midnight_ms
from headland.formats.tables.deliveries import DeliveryRow, DeliveryTable
from headland.i18n import LANGUAGES, load_terms
from headland.registry.models.cooperative import AccountEntry, AccountKind
from headland.registry.models.models import Field
from headland.registry.models.people import Person

_GROUP: Final = "crops"


@dataclass(frozen=True, slots=True)
class DeliveryImport:
    """What an import adds, in the order of the table, and the rows that were refused."""

    entries: tuple[AccountEntry, ...]
    faults: tuple[RowFault, ...]


def match_deliveries(
    table: DeliveryTable,
    people: Sequence[Person],
    fields: Sequence[Field],
    lot_codes: Iterable[str],
    zone: ZoneInfo,
    from_harvests: Collection[tuple[str, str | None]] = (),
) -> DeliveryImport:
    """Return the deliveries of a table as entries; their days begin at midnight of the zone.

    `from_harvests` are persons and lots whose delivery is in the account already, from the harvest.
    """
    finder = _Finder(people, fields, set(lot_codes))
    entries: list[AccountEntry] = []
    faults = list(table.faults)
    for row in table.rows:
        entry = finder.entry_of(row, zone)
        if isinstance(entry, RowFault):
            faults.append(entry)
        elif (entry.person, entry.lot_code) in from_harvests:
            detail = (
                f"what this member delivered to lot {entry.lot_code} is in the account from its harvest: correct that"
            )
            faults.append(RowFault(row.row, "lot", detail))
        else:
            entries.append(entry)
    return DeliveryImport(tuple(entries), tuple(sorted(faults, key=lambda fault: fault.row)))


def crop_of(text: str) -> str:
    """Return the identifier of a crop by its name in either language; another text as it is."""
    plain = text.strip().casefold()
    for name, texts in load_terms()[_GROUP].items():
        if plain in {name, *(texts[language].casefold() for language in LANGUAGES)}:
            return name
    return text


class _Finder:
    """Finds who and what a row names."""

    def __init__(self, people: Sequence[Person], fields: Sequence[Field], lot_codes: set[str]) -> None:
        self._by_number = {person.number: person for person in people if person.number}
        self._by_name: dict[str, list[Any]] = {}
        self._fields: dict[str, list[Any]] = {}
        for person in people:
            self._by_name.setdefault(person.name, []).append(person)
        for field in fields:
            self._fields.setdefault(field.name, []).append(field)
        self._lot_codes = lot_codes

    def entry_of(self, row: DeliveryRow, zone: ZoneInfo) -> AccountEntry | RowFault:
        """Return a row as an entry, or why it is none."""
        person = self._person(row)
        field = None if not row.field else self._field(row)
        for found in (person, field):
            if isinstance(found, RowFault):
                return found
        if row.lot and row.lot not in self._lot_codes:
            return RowFault(
                row.row, "lot", f"no lot has the number {row.lot!r}: record its harvest first, or leave it out"
            )
        return AccountEntry(
            person=person.id,
            kind=AccountKind.DELIVERY,
            time_ms=midnight_ms(row.day, zone),
            amount_fen=row.amount_fen,
            grams=row.grams,
            field=None if field is None else field.id,
            note=row.note,
            crop=crop_of(row.crop),
            lot_code=row.lot or None,
        )

    def _person(self, row: DeliveryRow) -> Any:
        if row.number:
            person = self._by_number.get(row.number)
            if person is None:
                return RowFault(row.row, "number", f"no person has the number {row.number!r}")
            if row.name and row.name != person.name:
                return RowFault(row.row, "name", f"the number {row.number!r} is of {person.name!r}")
            return person
        same = self._by_name.get(row.name, [])
        if len(same) > 1:
            return RowFault(row.row, "number", f"{len(same)} people are named {row.name!r}: give a number")
        return same[0] if same else RowFault(row.row, "name", f"no person is named {row.name!r}: add the person first")

    def _field(self, row: DeliveryRow) -> Any:
        found = self._fields.get(row.field, [])
        if len(found) == 1:
            return found[0]
        detail = f"{len(found)} fields are named {row.field!r}" if found else f"no field is named {row.field!r}"
        return RowFault(row.row, "field", detail)
