"""Notes of one organisation with their photos, and what people said to have done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.confirmation_tables import done_actions
from headland.registry.db.tables.farm_tables import note_photos, notes
from headland.registry.models.confirmations import DoneAction
from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict
from headland.registry.models.models import GrowerNote, NotePhoto
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository
from headland.registry.validation.records import check_note
from headland.units_of_time import DAY_MS

#: A phone sends the photos of a note before the note; those whose note does not come are deleted.
KEEP_UNUSED_MS: Final = 7 * DAY_MS


class NoteRepository(Repository[GrowerNote]):
    """A `Repository` whose records have photos: a photo belongs to one note, and goes with it."""

    def __init__(self, context: RepositoryContext) -> None:
        super().__init__(context, GrowerNote, notes, check_note)

    def add_within(
        self, connection: sa.Connection, record: GrowerNote, now_ms: int, more: Mapping[str, object] | None = None
    ) -> GrowerNote:
        """Add a note in an open transaction and give it its photos; raises as `Repository.add_within` does."""
        made = super().add_within(connection, record, now_ms, more)
        self._attach(connection, made)
        return made

    def change_within(self, connection: sa.Connection, record: GrowerNote, now_ms: int) -> GrowerNote:
        """Change a note in an open transaction; photos that it does not have any more are unused."""
        made = super().change_within(connection, record, now_ms)
        self._detach(connection, made.id, now_ms)
        self._attach(connection, made)
        return made

    def delete_within(self, connection: sa.Connection, id: str, version: int, now_ms: int) -> None:  # noqa: A002
        """Delete a note in an open transaction; its photos are unused."""
        super().delete_within(connection, id, version, now_ms)
        self._detach(connection, id, now_ms)

    def _attach(self, connection: sa.Connection, note: GrowerNote) -> None:
        if len(set(note.photos)) < len(note.photos):
            raise InvalidRecord("A photo is named twice: name each photo of a note once.")
        mine = note_photos.c.organisation == self._context.organisation
        for photo in note.photos:
            which = (mine, note_photos.c.id == photo)
            row = connection.execute(sa.select(note_photos.c.note).where(*which)).one_or_none()
            if row is None:
                raise NotFound("photo", photo)
            if row.note is not None:
                raise InvalidRecord("A photo belongs to another note: send it again.")
            connection.execute(note_photos.update().where(*which).values(note=note.id))

    def _detach(self, connection: sa.Connection, note: str, now_ms: int) -> None:
        which = (note_photos.c.organisation == self._context.organisation, note_photos.c.note == note)
        connection.execute(note_photos.update().where(*which).values(note=None, added_ms=now_ms))


class DoneActionRepository(Repository[DoneAction]):
    """A `Repository` of what people said to have done."""

    def __init__(self, context: RepositoryContext) -> None:
        super().__init__(context, DoneAction, done_actions)

    def since(self, time_ms: int) -> list[DoneAction]:
        """Return what was said from an instant on, the newest first."""
        query = self._mine().where(done_actions.c.time_ms >= time_ms, done_actions.c.deleted_ms.is_(None))
        with self._context.database.reading() as connection:
            return [self._record(row) for row in connection.execute(query.order_by(done_actions.c.id.desc()))]


class NotePhotoRepository:
    """Photos of one organisation, without their bytes. Every call is one transaction."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._mine = note_photos.c.organisation == context.organisation

    def add(
        self, photo: NotePhoto, most_bytes: int, store: Callable[[NotePhoto], object]
    ) -> tuple[NotePhoto, list[str]]:
        """Add a photo whose bytes `store` writes; one of the same bytes without a note is that photo.

        Photos that no note has had for a week are deleted: return the photo, and their ids. All photos of the
        organisation have at most `most_bytes`; raises RecordConflict beyond.
        """
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            same = sa.select(note_photos).where(
                self._mine, note_photos.c.digest == photo.digest, note_photos.c.note.is_(None)
            )
            if (row := connection.execute(same).first()) is not None:
                return photo_of(row), []
            deleted = self._delete_unused(connection, now_ms)
            if self._used_bytes(connection) + photo.size_bytes > most_bytes:
                raise RecordConflict(
                    f"The photos of the organisation would have more than {most_bytes / 1e6:,.0f} MB: delete notes "
                    "whose photos are not needed."
                )
            made = msgspec.structs.replace(photo, id=self._context.ids.make(now_ms), added_ms=now_ms, note=None)
            # Before the transaction ends: a photo that is listed is on the disk.
            store(made)
            connection.execute(
                note_photos.insert().values(organisation=self._context.organisation, **msgspec.to_builtins(made))
            )
        return made, deleted

    def get(self, id: str) -> NotePhoto:  # noqa: A002 - it is the photo's id
        """Return a photo; raises NotFound."""
        with self._context.database.reading() as connection:
            row = connection.execute(sa.select(note_photos).where(self._mine, note_photos.c.id == id)).one_or_none()
        if row is None:
            raise NotFound("photo", id)
        return photo_of(row)

    def all(self) -> list[NotePhoto]:
        """Return all photos in the order of their arrival."""
        with self._context.database.reading() as connection:
            rows = connection.execute(sa.select(note_photos).where(self._mine).order_by(note_photos.c.id))
            return [photo_of(row) for row in rows]

    def _delete_unused(self, connection: sa.Connection, now_ms: int) -> list[str]:
        unused = (self._mine, note_photos.c.note.is_(None), note_photos.c.added_ms < now_ms - KEEP_UNUSED_MS)
        ids = [row.id for row in connection.execute(sa.select(note_photos.c.id).where(*unused))]
        if ids:
            connection.execute(note_photos.delete().where(*unused))
        return ids

    def _used_bytes(self, connection: sa.Connection) -> int:
        total = sa.select(sa.func.coalesce(sa.func.sum(note_photos.c.size_bytes), 0)).where(self._mine)
        return int(connection.execute(total).scalar_one())


def photo_of(row: sa.Row[*tuple[object, ...]]) -> NotePhoto:
    """Return the photo of a row."""
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return msgspec.convert({name: values[name] for name in NotePhoto.__struct_fields__}, NotePhoto)
