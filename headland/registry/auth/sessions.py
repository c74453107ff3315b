"""Browser sessions that were begun with a key; each has its own secret, stored as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from headland.registry.db.tables.access_tables import sessions
from headland.units_of_time import DAY_MS

#: Longest duration of a session; it also ends with its key.
SESSION_MS: Final = 30 * DAY_MS
#: Sessions of a key at most; the oldest ends when another begins.
_MOST_OF_A_KEY: Final = 50
#: Sessions of one query.
_ASKED_AT_ONCE: Final = 500
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def begin(connection: sa.Connection, key: str, now_ms: int, expires_ms: int | None) -> tuple[str, int]:
    """Add a session of a key that is valid until `expires_ms`; return its secret and its end."""
    secret = secrets.token_urlsafe(32)
    connection.execute(sessions.delete().where(sessions.c.expires_ms <= now_ms))
    newest = sa.select(sessions.c.secret_sha256).where(sessions.c.key == key).order_by(sessions.c.created_ms.desc())
    ending = [row.secret_sha256 for row in connection.execute(newest.offset(_MOST_OF_A_KEY - 1))]
    connection.execute(sessions.delete().where(sessions.c.secret_sha256.in_(ending)))
    until_ms = now_ms + SESSION_MS if expires_ms is None else min(now_ms + SESSION_MS, expires_ms)
    values = {"key": key, "created_ms": now_ms, "expires_ms": until_ms}
    connection.execute(sessions.insert().values(secret_sha256=_hash(secret), **values))
    return secret, until_ms


def find_keys(connection: sa.Connection, secrets: Collection[str], now_ms: int) -> dict[str, str]:
    """Return the id of each session's key, by the session's secret; without unknown and expired sessions."""
    by_hash = {_hash(secret): secret for secret in secrets if _SECRET.fullmatch(secret) is not None}
    hashes, keys = list(by_hash), {}
    for first in range(0, len(hashes), _ASKED_AT_ONCE):
        some = hashes[first : first + _ASKED_AT_ONCE]
        mine = sessions.c.secret_sha256.in_(some), sessions.c.expires_ms > now_ms
        for row in connection.execute(sa.select(sessions.c.secret_sha256, sessions.c.key).where(*mine)):
            keys[by_hash[row.secret_sha256]] = row.key
    return keys


def end(connection: sa.Connection, secret: str) -> None:
    """Delete a session, if it exists."""
    connection.execute(sessions.delete().where(sessions.c.secret_sha256 == _hash(secret)))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
