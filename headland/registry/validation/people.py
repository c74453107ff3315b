"""Validation of people and of the fields that they hold."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.tables.people_tables import holdings, people
from headland.registry.models.errors import InvalidRecord, RecordConflict
from headland.registry.models.models import Member, Scope
from headland.registry.models.people import Holding, Person

_EVER_MS: Final = 2**53


def check_person(person: Person, connection: sa.Connection, organisation: str) -> Person:
    """Validate that no other person has the same number, and that the person is not erased: that is for good."""
    mine = people.c.organisation == organisation, people.c.id == person.id
    erased = connection.execute(sa.select(people.c.erased).where(*mine)).scalar_one_or_none()
    if erased is not None:
        raise RecordConflict("The data of this person was erased: add a new person instead.")
    person = msgspec.structs.replace(person, erased=None)
    if not person.number:
        return person
    same = sa.select(people.c.id).where(
        people.c.organisation == organisation,
        people.c.number == person.number,
        people.c.id != person.id,
        people.c.deleted_ms.is_(None),
    )
    if connection.execute(same.limit(1)).first() is not None:
        raise RecordConflict(f"A person with the number {person.number!r} exists already: choose another number.")
    return person


def check_member(member: Member, _connection: sa.Connection, _organisation: str) -> Member:
    """Validate that a person who signs in has a role of people: a sender has a key."""
    if member.role is Scope.SAMPLES:
        raise InvalidRecord("A member reads, writes or administers: make a key with the scope samples for a sender.")
    return member


def check_person_exists(person: str, connection: sa.Connection, organisation: str) -> None:
    """Validate that an id is that of a person of the organisation who was not deleted."""
    mine = people.c.organisation == organisation, people.c.id == person, people.c.deleted_ms.is_(None)
    if connection.execute(sa.select(people.c.id).where(*mine)).first() is None:
        raise InvalidRecord(f"There is no person {person!r}: choose one of the list of people.")


def check_holding(holding: Holding, connection: sa.Connection, organisation: str) -> Holding:
    """Validate a share's fraction and time, and that the shares of a kind are at no instant more than the field."""
    if holding.parts > holding.of_parts:
        raise InvalidRecord(f"{holding.parts} of {holding.of_parts} parts are more than the field: give a fraction.")
    start_ms, end_ms = _span(holding.start_ms, holding.end_ms)
    if end_ms <= start_ms:
        raise InvalidRecord("A share of a field must end after its start.")
    others = connection.execute(
        sa.select(holdings).where(
            holdings.c.organisation == organisation,
            holdings.c.field == holding.field,
            holdings.c.kind == holding.kind.value,
            holdings.c.id != holding.id,
            holdings.c.deleted_ms.is_(None),
        )
    ).all()
    spans = [(*_span(row.start_ms, row.end_ms), Fraction(row.parts, row.of_parts)) for row in others]
    spans = [span for span in spans if span[0] < end_ms and start_ms < span[1]]
    own = Fraction(holding.parts, holding.of_parts)
    # The sum is largest at a start of one of them.
    for instant_ms in {start_ms, *(max(start_ms, span[0]) for span in spans)}:
        held = own + sum((share for start, end, share in spans if start <= instant_ms < end), Fraction(0))
        if held > 1:
            raise InvalidRecord(
                f"The shares by {holding.kind.value} would add up to {held} of the field: "
                "end a share before the next one begins, or give smaller parts."
            )
    return holding


def _span(start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
    return (0 if start_ms is None else start_ms), (_EVER_MS if end_ms is None else end_ms)
