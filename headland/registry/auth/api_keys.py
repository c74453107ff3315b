"""API keys: created once, shown once, stored as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

#: Prefix of every key, so that a search finds leaked ones.
_MARK: Final = "hl_"
_SHOWN: Final = 8
_SECRET_BYTES: Final = 32
_KEY: Final = re.compile(rf"{_MARK}[A-Za-z0-9_-]{{{_SHOWN}}}\.[A-Za-z0-9_-]{{43}}")


def make_key() -> str:
    """Return a new key: a readable beginning, a dot, and 256 random bits."""
    shown = secrets.token_hex(_SHOWN // 2)
    return f"{_MARK}{shown}.{secrets.token_urlsafe(_SECRET_BYTES)}"


def prefix_of(key: str) -> str:
    """Return the part of a key that may be displayed."""
    return key.partition(".")[0]


def hash_key(key: str) -> str:
    """Return the stored hash of a key. Its bits are random, so a slow hash would not protect it better."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_key(text: str) -> bool:
    """Return whether a text has the form of a key."""
    return _KEY.fullmatch(text) is not None
