"""Webhook cursors of one organisation: how far events were posted, and the posts themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.access_tables import webhook_marks
from headland.registry.db.tables.alarm_tables import alarm_notices
from headland.registry.models.alarms import Notice
from headland.registry.repositories.context import RepositoryContext


class WebhookCursors:
    """Cursors of the webhooks. Every call is one transaction and raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self._mine = webhook_marks.c.organisation == context.organisation

    def load(self) -> dict[str, Any] | None:
        """Return the cursors; None before the first save."""
        with self._context.database.reading() as connection:
            return connection.execute(sa.select(webhook_marks.c.body).where(self._mine)).scalar_one_or_none()

    def save(self, cursors: Mapping[str, Any], notices: Sequence[Notice]) -> None:
        """Save notices and the cursors after them, both or neither: each event is posted once."""
        organisation = self._context.organisation
        with self._context.database.writing() as connection:
            lock_organisation(connection, organisation)
            changed = connection.execute(webhook_marks.update().where(self._mine).values(body=dict(cursors)))
            if changed.rowcount == 0:
                connection.execute(webhook_marks.insert().values(organisation=organisation, body=dict(cursors)))
            rows = [{**msgspec.to_builtins(notice), "organisation": organisation} for notice in notices]
            if rows:
                connection.execute(alarm_notices.insert(), rows)

    def reset(self) -> None:
        """Delete the cursors: posting continues with the events from now on."""
        with self._context.database.writing() as connection:
            connection.execute(webhook_marks.delete().where(self._mine))

    def posts(self, webhook: str, *, before: str = "", limit: int = 100) -> list[Notice]:
        """Return the posts of a webhook, sent or waiting, the newest first, those before the id `before`."""
        mine = alarm_notices.c.organisation == self._context.organisation, alarm_notices.c.recipient == webhook
        query = sa.select(alarm_notices).where(*mine)
        if before:
            query = query.where(alarm_notices.c.id < before)
        with self._context.database.reading() as connection:
            rows = connection.execute(query.order_by(alarm_notices.c.id.desc()).limit(limit)).mappings()
            names = Notice.__struct_fields__
            return [msgspec.convert({name: row[name] for name in names}, Notice) for row in rows]
