"""Repository of the data of people: what is kept of one of them, and its erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from headland.registry.db.tables.all_tables import METADATA
from headland.registry.db.tables.cooperative_tables import tariffs
from headland.registry.db.tables.farm_tables import note_photos, passes
from headland.registry.db.tables.people_tables import people
from headland.registry.models.access_table import KindOfRecord, Right, right_to_change
from headland.registry.models.errors import NotFound
from headland.registry.models.models import NotePhoto, Pass
from headland.registry.models.people import Person
from headland.registry.models.person_names import PersonNames
from headland.registry.models.personal_data import PERSON_ID_COLUMNS, PERSONAL_COLUMNS
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.ledger.anchors import Anchors
from headland.registry.repositories.ledger.ledger import Ledger
from headland.registry.repositories.notes import photo_of
from headland.registry.repositories.person_data.erasure import Erased, Erasure
from headland.registry.repositories.person_data.person_rows import NamedRow, find_names, find_rows
from headland.registry.repositories.repository import Repository


class PersonDataRepository:
    """Data of the people of one organisation, in all tables. Raises RetryLater while the database is away."""

    def __init__(
        self, context: RepositoryContext, book: Ledger, anchors: Anchors, shelves: Callable[[], list[Repository[Any]]]
    ) -> None:
        self._context = context
        self._erasure = Erasure(context, book, anchors, shelves)

    def record(self, person: str) -> Person:
        """Return the record of a person, whatever the role of the access; raises NotFound."""
        context = self._context
        if context.person not in (None, person):
            raise NotFound("person", person)
        with context.database.reading() as connection:
            found = Repository(context, Person, people).find_within(connection, id=person)
        if found is None:
            raise NotFound("person", person)
        return found

    def names(self, person: str, also: Sequence[str] = ()) -> PersonNames:
        """Return the names by which data is recognised as a person's; raises NotFound, for a member others, too."""
        if self._context.person not in (None, person):
            raise NotFound("person", person)
        with self._context.database.reading() as connection:
            return find_names(connection, self._context.organisation, person, also)

    def rows(self, person: str, names: PersonNames) -> Iterator[NamedRow]:
        """Yield the rows that hold data of a person, table by table; no transaction is open meanwhile."""
        for table in sorted(PERSONAL_COLUMNS.keys() | PERSON_ID_COLUMNS.keys()):
            with self._context.database.reading() as connection:
                found = list(find_rows(connection, self._context.organisation, person, names, only=(table,)))
            yield from found

    def flown(self, names: PersonNames) -> list[Pass]:
        """Return the declared passes of the machines that a tariff says a person works with."""
        context = self._context
        mine = sa.select(tariffs.c.operators).where(tariffs.c.organisation == context.organisation)
        with context.database.reading() as connection:
            devices = {
                device
                for operators in connection.execute(mine).scalars()
                for device, operator in operators.items()
                if names.is_in(operator)
            }
            query = sa.select(passes).where(passes.c.organisation == context.organisation, passes.c.device.in_(devices))
            rows = connection.execute(query.order_by(passes.c.start_ms)).mappings().all()
        return [msgspec.convert({name: row[name] for name in Pass.__struct_fields__}, Pass) for row in rows]

    def photos(self, ids: Sequence[str]) -> list[NotePhoto]:
        """Return photos of the organisation by their ids."""
        query = sa.select(note_photos).where(
            note_photos.c.organisation == self._context.organisation, note_photos.c.id.in_(ids)
        )
        with self._context.database.reading() as connection:
            return [photo_of(row) for row in connection.execute(query.order_by(note_photos.c.id))]

    @property
    def organisation(self) -> str:
        """The organisation's id."""
        return self._context.organisation

    def erase(self, person: str, also: Sequence[str] = ()) -> Erased:
        """Erase a person, in one transaction.

        Raises NotFound, and RecordConflict for one who is erased already. What was deleted may still be in the bytes of
        the database: see `scrub`.
        """
        if right_to_change(self._context.role, KindOfRecord.PERSON_DATA) is Right.NONE:
            raise NotFound("person", person)
        return self._erasure.erase(person, also)

    def scrub(self) -> bool:
        """Write the database again without what was deleted; return False where readers prevented it for now."""
        return self._context.database.scrub([METADATA.tables[name] for name in PERSONAL_COLUMNS])
