"""People and holdings of a table, matched with those of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from headland.formats.tables.by_hand import RowFault
from headland.formats.tables.people import PeopleTable
from headland.registry.models.models import Field
from headland.registry.models.people import Contact, ContactChannel, Holding, HoldingKind, Person, PersonRole

_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class PeopleImport:
    """What an import adds: people, and holdings whose `person` is the index of a new one as text, or an id."""

    people: tuple[Person, ...]
    holdings: tuple[Holding, ...]
    known: int
    faults: tuple[RowFault, ...]


def match_people(
    table: PeopleTable,
    people: Sequence[Person],
    fields: Sequence[Field],
    holdings: Sequence[Holding],
    zones: Mapping[str, ZoneInfo],
) -> PeopleImport:
    """Return what a table adds to a registry with these records; `zones` are the time zones of its sites by id."""
    faults = list(table.faults)
    by_number = {person.number: person.id for person in people if person.number}
    by_name: dict[str, list[str]] = {}
    for person in people:
        by_name.setdefault(person.name, []).append(person.id)
    new: list[Person] = []
    person_of: dict[str, str] = {}
    known = 0
    for row in table.people:
        same_name = by_name.get(row.name, [])
        if row.number and row.number in by_number:
            person_of[row.key] = by_number[row.number]
        elif not row.number and len(same_name) > 1:
            faults.append(RowFault(row.row, "number", f"{len(same_name)} people are named {row.name!r}: give a number"))
            continue
        elif not row.number and same_name:
            person_of[row.key] = same_name[0]
        else:
            person_of[row.key] = str(len(new))
            contacts = tuple(Contact(channel=ContactChannel(channel), address=text) for channel, text in row.contacts)
            language: Literal["zh", "en"] = "en" if row.language == "en" else "zh"
            new.append(
                Person(
                    name=row.name, number=row.number, role=PersonRole(row.role), language=language, contacts=contacts
                )
            )
            continue
        known += 1
    named: dict[str, list[Field]] = {}
    for field in fields:
        named.setdefault(field.name, []).append(field)
    there = {_facts(holding) for holding in holdings}
    added: list[Holding] = []
    for share in table.holdings:
        found = named.get(share.field, [])
        if len(found) != 1:
            detail = f"{len(found)} fields are named {share.field!r}" if found else f"no field is named {share.field!r}"
            faults.append(RowFault(share.row, "field", detail))
            continue
        if share.person not in person_of:
            continue
        start_ms, end_ms = share.span_ms(zones.get(found[0].site or "", _UTC))
        holding = Holding(
            field=found[0].id,
            person=person_of[share.person],
            kind=HoldingKind(share.kind),
            parts=share.parts,
            of_parts=share.of_parts,
            start_ms=start_ms,
            end_ms=end_ms,
        )
        if _facts(holding) in there:
            known += 1
            continue
        there.add(_facts(holding))
        added.append(holding)
    return PeopleImport(tuple(new), tuple(added), known, tuple(sorted(faults, key=lambda fault: fault.row)))


def _facts(holding: Holding) -> tuple[object, ...]:
    span = holding.start_ms, holding.end_ms
    return holding.field, holding.person, holding.kind, holding.parts, holding.of_parts, *span
