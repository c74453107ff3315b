"""Context of the repositories of one organisation: database, actor and clock."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headland.registry.db import audit
from headland.registry.db.database import Database
from headland.registry.db.ids import IdMaker
from headland.registry.db.last_read import LastRead
from headland.registry.models.access_table import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryContext:
    """Organisation and actor of all changes; `by` is the actor in the audit log, such as `key:hl_7f3a`.

    `person` is the member to whose own rows everything is limited; None sees the whole organisation, of which `role`
    closes kinds of records. `answers` are those of the organisation, of all its accesses.
    """

    database: Database
    organisation: str
    by: str
    ids: IdMaker
    now_ms: Callable[[], int]
    person: str | None = None
    role: Role = Role.MANAGER
    answers: LastRead[Any]

    def question(self, *parts: Hashable) -> Hashable:
        """Return a question as this access asks it: whoever sees other rows, or less of a record, asks another one."""
        return self.person, self.role, *parts


def log(
    context: RepositoryContext, connection: sa.Connection, kind: str, record: str, action: audit.Action = "change"
) -> None:
    """Log, in an open transaction, a change of something that is no record itself: a secret, a refused message."""
    change = audit.AuditChange(time_ms=context.now_ms(), who=context.by, action=action, kind=kind, record=record)
    audit.append(connection, context.organisation, change)
