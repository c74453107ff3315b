"""Context of the repositories of one organisation: database, actor and clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headland.registry.db.database import Database
from headland.registry.db.ids import IdMaker


@dataclass(frozen=True, slots=True)
class RepositoryContext:
    """Organisation and actor of all changes; `by` is the actor in the audit log, such as `key:hl_7f3a`."""

    database: Database
    organisation: str
    by: str
    ids: IdMaker
    now_ms: Callable[[], int]
