"""What every change is bound to: the organisation whose it is, who makes it, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headland.registry.db.database import Database
from headland.registry.db.ids import IdMaker


@dataclass(frozen=True, slots=True)
class RepositoryContext:
    """`by` is a word for the audit log, such as `key:hl_7f3a` or `headland up`."""

    database: Database
    organisation: str
    by: str
    ids: IdMaker
    now_ms: Callable[[], int]
