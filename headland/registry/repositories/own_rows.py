"""Rows that a member of the cooperative sees: the own ones, and of a table without a rule none.

The repositories ask here for every statement, so no route, export or page can forget it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from headland.registry.db.tables.people_tables import holdings
from headland.registry.repositories.context import RepositoryContext

Rule = Callable[[sa.Table, str, str], sa.ColumnElement[bool]]


def _mine(organisation: str, person: str) -> tuple[sa.ColumnElement[bool], ...]:
    return holdings.c.organisation == organisation, holdings.c.person == person, holdings.c.deleted_ms.is_(None)


def _fields_held(organisation: str, person: str) -> sa.Select[tuple[str]]:
    return sa.select(holdings.c.field).where(*_mine(organisation, person))


def _own_fields(table: sa.Table, organisation: str, person: str) -> sa.ColumnElement[bool]:
    return table.c.id.in_(_fields_held(organisation, person))


def holds_at(
    field: sa.ColumnElement[str], time_ms: sa.ColumnElement[int], organisation: str, person: str
) -> sa.ColumnElement[bool]:
    """Return whether a person holds a field at an instant, as a condition."""
    return (
        sa.select(holdings.c.id)
        .where(
            *_mine(organisation, person),
            holdings.c.field == field,
            sa.or_(holdings.c.start_ms.is_(None), holdings.c.start_ms <= time_ms),
            sa.or_(holdings.c.end_ms.is_(None), holdings.c.end_ms > time_ms),
        )
        .exists()
    )


def held_fields(table: sa.Table, organisation: str, person: str, now_ms: int) -> sa.ColumnElement[bool]:
    """Return which fields a person holds at an instant, or will hold, as a condition."""
    standing = sa.or_(holdings.c.end_ms.is_(None), holdings.c.end_ms > now_ms)
    return table.c.id.in_(_fields_held(organisation, person).where(standing))


def _own_passes(table: sa.Table, organisation: str, person: str) -> sa.ColumnElement[bool]:
    return holds_at(table.c.field, table.c.start_ms, organisation, person)


def _own_harvests(table: sa.Table, organisation: str, person: str) -> sa.ColumnElement[bool]:
    return holds_at(table.c.field, table.c.time_ms, organisation, person)


def _of_person(table: sa.Table, _organisation: str, person: str) -> sa.ColumnElement[bool]:
    return table.c.person == person


def _of_own_field(table: sa.Table, organisation: str, person: str) -> sa.ColumnElement[bool]:
    return table.c.field.in_(_fields_held(organisation, person))


def _self(table: sa.Table, _organisation: str, person: str) -> sa.ColumnElement[bool]:
    return table.c.id == person


def _all(_table: sa.Table, _organisation: str, _person: str) -> sa.ColumnElement[bool]:
    return sa.true()


#: Rules by table. Machines, products and sites are what a pass is computed with; no path of a member lists them.
_RULES: Final[dict[str, Rule]] = {
    "people": _self,
    "holdings": _of_person,
    "fields": _own_fields,
    "account_entries": _of_person,
    "statements": _of_person,
    "passes": _own_passes,
    # The weight of the own yield; no path of a member lists them.
    "harvests": _own_harvests,
    # What a pass is compared with; no path of a member lists them.
    "prescriptions": _of_own_field,
    "seasons": _of_own_field,
    "devices": _all,
    "implements": _all,
    "products": _all,
    "sites": _all,
}


def visible_rows(table: sa.Table, organisation: str, person: str | None) -> sa.ColumnElement[bool]:
    """Return which rows of a table an access sees: all where `person` is None, else the person's own."""
    if person is None:
        return sa.true()
    rule = _RULES.get(table.name)
    return sa.false() if rule is None else rule(table, organisation, person)


def sees_field_at(connection: sa.Connection, context: RepositoryContext, field: str, time_ms: int) -> bool:
    """Return whether an access sees what was done on a field at an instant: a member, where they held it then."""
    if context.person is None:
        return True
    at = holds_at(sa.literal(field), sa.literal(time_ms, sa.BigInteger), context.organisation, context.person)
    return bool(connection.execute(sa.select(at)).scalar_one())
