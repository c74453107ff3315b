"""Who is told of alarms: a shelf of records, each with a secret that no record shows."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import sqlalchemy as sa

from headland.registry.models.alarms import AlarmRecipient
from headland.registry.repositories.repository import Repository


class RecipientRepository(Repository[AlarmRecipient]):
    """As every shelf; a new recipient gets a secret."""

    def add_within(
        self, connection: sa.Connection, record: AlarmRecipient, now_ms: int, more: Mapping[str, object] | None = None
    ) -> AlarmRecipient:
        """Do as `Repository.add_within` does."""
        return super().add_within(connection, record, now_ms, {"secret": make_secret(), **(more or {})})


def make_secret() -> str:
    """Return a secret of 256 random bits to sign webhooks with."""
    return f"whsec_{secrets.token_urlsafe(32)}"
