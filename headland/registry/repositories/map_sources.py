"""Repository of map sources, which keeps their keys beside the records."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from headland.registry.db.tables.map_tables import map_sources
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.models.map_sources import HIDDEN_KEY, MapSource
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.repository import Repository
from headland.registry.validation.map_sources import check_map_source


class MapSourceRepository(Repository[MapSource]):
    """Map sources of an organisation; no record, answer or entry of the log has a key."""

    def __init__(self, context: RepositoryContext) -> None:
        super().__init__(context, MapSource, map_sources, check_map_source)

    def key_of(self, id: str) -> str:  # noqa: A002 - it is the record's id
        """Return the key of a source, empty where it has none; raises NotFound."""
        query = sa.select(self._table.c.secret).where(self._visible(), self._table.c.id == id)
        with self._context.database.reading() as connection:
            secret = connection.execute(query.where(self._table.c.deleted_ms.is_(None))).scalar_one_or_none()
        if secret is None:
            raise NotFound(self._name, id)
        return str(secret)

    def add_within(
        self, connection: sa.Connection, record: MapSource, now_ms: int, more: Mapping[str, object] | None = None
    ) -> MapSource:
        """Add a source in an open transaction; its key is kept where nothing shows it."""
        if record.key == HIDDEN_KEY:
            raise InvalidRecord("Enter the key itself, not the stars that stand for it.")
        hidden = _without_key(record)
        return super().add_within(connection, hidden, now_ms, {"secret": record.key, **(more or {})})

    def change_within(self, connection: sa.Connection, record: MapSource, now_ms: int) -> MapSource:
        """Change a source in an open transaction; a key goes to no other host than that for which it was given."""
        before = self._get(connection, record.id)
        keeps = record.key == HIDDEN_KEY == before.key
        if record.key == HIDDEN_KEY and (not keeps or _origin(before) != _origin(record)):
            raise InvalidRecord("Enter the key again: the host of the address is another one.")
        made = super().change_within(connection, _without_key(record), now_ms)
        if not keeps:
            connection.execute(self._by_id(made.id, self._table.update()).values(secret=record.key))
        return made


def _without_key(record: MapSource) -> MapSource:
    return msgspec.structs.replace(record, key=HIDDEN_KEY if record.key else "")


def _origin(source: MapSource) -> tuple[str, str]:
    parts = urlsplit(source.url)
    return parts.scheme, parts.netloc.lower()
