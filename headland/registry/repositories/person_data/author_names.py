"""Names of the authors of records: what changes and acknowledgements call by a key or a login, as people say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.tables.access_tables import api_keys, members
from headland.registry.db.tables.people_tables import people
from headland.registry.models.access_table import KindOfRecord, Right, right_to_read
from headland.registry.repositories.context import RepositoryContext

_KEY: Final = "key:"
_MEMBER: Final = "member:"


class AuthorName(msgspec.Struct, frozen=True, kw_only=True):
    """The name of an author: of the person who uses a key, or else of the key; of a member's login."""

    by: Annotated[str, "What records call the author, such as key:hl_7f3a9c21."]
    name: Annotated[str, "Name for people."]


class AuthorNames(msgspec.Struct, frozen=True, kw_only=True):
    """Names of authors."""

    items: Annotated[list[AuthorName], "Those of the authors asked for that have a name."]


class AuthorNameRepository:
    """Names of the authors of one organisation, those whose key was revoked or whose login was deleted included."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context

    def names_of(self, authors: Iterable[str]) -> list[AuthorName]:
        """Return the names of authors, that of a key's person only to whoever reads people."""
        asked = set(authors)
        keys = {by.removeprefix(_KEY) for by in asked if by.startswith(_KEY)}
        logins = {by.removeprefix(_MEMBER) for by in asked if by.startswith(_MEMBER)}
        return [*self._of_keys(keys), *self._of_members(logins)]

    def _of_keys(self, prefixes: set[str]) -> list[AuthorName]:
        reads_people = right_to_read(self._context.role, KindOfRecord.PEOPLE) is Right.ALL
        query = sa.select(api_keys.c.prefix, api_keys.c.name, people.c.name.label("person"))
        query = query.join_from(api_keys, people, api_keys.c.person == people.c.id, isouter=True)
        query = query.where(api_keys.c.organisation == self._context.organisation, api_keys.c.prefix.in_(prefixes))
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(api_keys.c.id)).all()
        return [
            AuthorName(by=_KEY + row.prefix, name=row.person if reads_people and row.person else row.name)
            for row in rows
        ]

    def _of_members(self, subjects: set[str]) -> list[AuthorName]:
        mine = members.c.organisation == self._context.organisation
        query = sa.select(members.c.subject, members.c.name).where(mine, members.c.subject.in_(subjects))
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(members.c.id)).all()
        return [AuthorName(by=_MEMBER + row.subject, name=row.name) for row in rows]
