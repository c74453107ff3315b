"""Context of the repositories of one organisation: database, actor, clock, and answers kept until anybody commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import sqlalchemy as sa

from headland.registry.db import audit
from headland.registry.db.database import Database
from headland.registry.db.ids import IdMaker
from headland.registry.models.access_table import Role

T = TypeVar("T")
#: Questions that are remembered; with one more the one that was asked least lately is forgotten.
MOST_QUESTIONS: Final = 256


class LastRead(Generic[T]):
    """Answers of a database by question. What they hold must not be changed: it is handed out again.

    Whoever looks every few seconds for what seldom changes asks SQLite for its change count instead, a tenth of the
    time. Servers have no such count: they are read each time. From any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._answers: dict[Hashable, tuple[object, T]] = {}

    def read(self, question: Hashable, read: Callable[[], T], *, keeps: Callable[[T], bool] = lambda _: True) -> T:
        """Return what `read` returns or did since the last commit; `keeps` is whether an answer is to be remembered."""
        # Asked first: what is committed while `read` runs changes it again.
        count = self._database.change_count()
        with self._lock:
            known = self._answers.pop(question, None)
            if count is not None and known is not None and known[0] == count:
                self._answers[question] = known
                return known[1]
        answer = read()
        if count is not None and keeps(answer):
            with self._lock:
                self._answers[question] = count, answer
                if len(self._answers) > MOST_QUESTIONS:
                    del self._answers[next(iter(self._answers))]
        return answer


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
