"""The statements of all SQLite registries of a process, compiled once."""

from __future__ import annotations

from typing import Any, Final

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from headland.registry.db import database

#: What SQLAlchemy made of each statement; more than a registry has, as tests have statements of their own.
_COMPILED: Final[LRUCache[Any, Any]] = LRUCache(4000)


def share_compiled(patch: pytest.MonkeyPatch) -> None:
    """Let the engines of SQLite registries use one cache of compiled statements, as those of one station do.

    A cache is an engine's own, and a key in it names the engine's dialect: a test that has a registry of its own would
    compile each statement again. The dialects are of one class with the same settings, which `_engine` alone gives.
    """
    make_engine = database._engine

    def make_sharing_engine(url: sa.URL, *, is_managed: bool) -> sa.Engine:
        engine = make_engine(url, is_managed=is_managed)
        if engine.dialect.name == "sqlite":
            engine._compiled_cache = _COMPILED
        return engine

    patch.setattr(database, "_engine", make_sharing_engine)
    patch.setattr(SQLiteDialect_pysqlite, "__eq__", lambda self, other: type(self) is type(other))
    patch.setattr(SQLiteDialect_pysqlite, "__hash__", lambda self: hash(type(self)))
