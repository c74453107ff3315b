"""Repository of records with a secret that signs their posts; no record shows it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TypeVar

import sqlalchemy as sa

from headland.registry.db import audit
from headland.registry.models.errors import NotFound
from headland.registry.models.models import VersionedRecord
from headland.registry.repositories.context import log
from headland.registry.repositories.repository import Repository

R = TypeVar("R", bound=VersionedRecord)


class SecretRepository(Repository[R]):
    """A `Repository` whose new records get a secret of 256 random bits."""

    def add_within(
        self, connection: sa.Connection, record: R, now_ms: int, more: Mapping[str, object] | None = None
    ) -> R:
        """Add a record and its secret in an open transaction, as `Repository.add_within` does."""
        return super().add_within(connection, record, now_ms, {"secret": make_secret(), **(more or {})})

    def secret(self, id: str) -> str:  # noqa: A002 - it is the record's id
        """Return a record's secret; raises NotFound."""
        query = sa.select(self._table.c.secret).where(*self._not_deleted(id))
        with self._context.database.reading() as connection:
            secret = connection.execute(query).scalar_one_or_none()
        if secret is None:
            raise NotFound(self._name, id)
        return str(secret)

    def renew_secret(self, id: str) -> str:  # noqa: A002
        """Make a new secret of a record and return it; raises NotFound."""
        secret = make_secret()
        statement = self._table.update().where(*self._not_deleted(id)).values(secret=secret)
        with self._context.database.writing() as connection:
            audit.lock_organisation(connection, self._context.organisation)
            if connection.execute(statement).rowcount == 0:
                raise NotFound(self._name, id)
            log(self._context, connection, f"{self._name} secret", id)
        return secret

    def _not_deleted(self, id: str) -> tuple[sa.ColumnElement[bool], ...]:  # noqa: A002
        mine = self._table.c.organisation == self._context.organisation
        return mine, self._table.c.id == id, self._table.c.deleted_ms.is_(None)


def make_secret() -> str:
    """Return a new secret of 256 random bits."""
    return f"whsec_{secrets.token_urlsafe(32)}"
