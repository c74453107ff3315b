"""Who is told by webhook, with which secret, and how far they were told: of one organisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from headland.registry.db.alarm_tables import alarm_notices
from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables import webhook_marks, webhooks
from headland.registry.models.alarms import Notice
from headland.registry.models.errors import NotFound
from headland.registry.models.webhooks import Webhook, check_webhook
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.recipients import make_secret
from headland.registry.repositories.repository import Repository


class WebhookRepository(Repository[Webhook]):
    """As every shelf; a new webhook gets a secret, which no record shows."""

    def __init__(self, binding: RepositoryContext) -> None:
        super().__init__(binding, Webhook, webhooks, check_webhook)

    def add_within(
        self, connection: sa.Connection, record: Webhook, now_ms: int, more: Mapping[str, object] | None = None
    ) -> Webhook:
        """Do as `Repository.add_within` does."""
        return super().add_within(connection, record, now_ms, {"secret": make_secret(), **(more or {})})

    def secret(self, webhook: str) -> str:
        """Return what signs the posts of a webhook; raises NotFound."""
        with self._binding.database.reading() as connection:
            found = connection.execute(sa.select(webhooks.c.secret).where(*self._living(webhook))).scalar_one_or_none()
        if found is None:
            raise NotFound("webhook", webhook)
        return str(found)

    def renew_secret(self, webhook: str) -> str:
        """Make a new secret and return it, this once; raises NotFound."""
        secret = make_secret()
        with self._binding.database.writing() as connection:
            if connection.execute(webhooks.update().where(*self._living(webhook)).values(secret=secret)).rowcount == 0:
                raise NotFound("webhook", webhook)
        return secret

    def _living(self, webhook: str) -> tuple[sa.ColumnElement[bool], ...]:
        mine = webhooks.c.organisation == self._binding.organisation
        return mine, webhooks.c.id == webhook, webhooks.c.deleted_ms.is_(None)


class WebhookCursors:
    """How far the webhooks were told. Every call is one transaction; RetryLater while the database is away."""

    def __init__(self, binding: RepositoryContext) -> None:
        self._binding = binding
        self._mine = webhook_marks.c.organisation == binding.organisation

    def mark(self) -> dict[str, Any] | None:
        """Return how far was told; None before the first time."""
        with self._binding.database.reading() as connection:
            return connection.execute(sa.select(webhook_marks.c.body).where(self._mine)).scalar_one_or_none()

    def keep(self, mark: Mapping[str, Any], notices: Sequence[Notice]) -> None:
        """Keep what is to be told and how far that goes, both or neither: each is told of once."""
        organisation = self._binding.organisation
        with self._binding.database.writing() as connection:
            lock_organisation(connection, organisation)
            changed = connection.execute(webhook_marks.update().where(self._mine).values(body=dict(mark)))
            if changed.rowcount == 0:
                connection.execute(webhook_marks.insert().values(organisation=organisation, body=dict(mark)))
            rows = [{**msgspec.to_builtins(notice), "organisation": organisation} for notice in notices]
            if rows:
                connection.execute(alarm_notices.insert(), rows)

    def forget(self) -> None:
        """Forget how far was told: whoever asks next is told of what comes from then on."""
        with self._binding.database.writing() as connection:
            connection.execute(webhook_marks.delete().where(self._mine))

    def posts(self, webhook: str, *, before: str = "", limit: int = 100) -> list[Notice]:
        """Return what a webhook was or is to be told, the newest first, those before the id `before`."""
        mine = alarm_notices.c.organisation == self._binding.organisation, alarm_notices.c.recipient == webhook
        query = sa.select(alarm_notices).where(*mine)
        if before:
            query = query.where(alarm_notices.c.id < before)
        with self._binding.database.reading() as connection:
            rows = connection.execute(query.order_by(alarm_notices.c.id.desc()).limit(limit)).mappings()
            names = Notice.__struct_fields__
            return [msgspec.convert({name: row[name] for name in names}, Notice) for row in rows]
