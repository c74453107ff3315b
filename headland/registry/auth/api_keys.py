"""API keys, and addresses that are keys of one kind of sender: created once, shown once, stored as a hash."""

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
#: An address has 128 random bits: consoles have little room for a path.
_ADDRESS_BYTES: Final = 16
_ADDRESS: Final = re.compile(rf"[0-9a-f]{{{_SHOWN}}}\.[A-Za-z0-9_-]{{22}}")


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


def make_address() -> str:
    """Return a new unguessable part of an address: a readable beginning, a dot, and 128 random bits."""
    return f"{secrets.token_hex(_SHOWN // 2)}.{secrets.token_urlsafe(_ADDRESS_BYTES)}"


def prefix_of_address(sender: str, address: str) -> str:
    """Return what may be displayed of an address: the kind of sender, and the readable beginning."""
    return f"{sender}-{address.partition('.')[0]}"


def sender_of_address(prefix: str) -> str | None:
    """Return the kind of sender whose address has a prefix; None for the prefix of a key."""
    return None if prefix.startswith(_MARK) else prefix.rpartition("-")[0] or None


def hash_address(sender: str, address: str) -> str:
    """Return the stored hash of an address, which is of one kind of sender: for another it is another hash."""
    return hashlib.sha256(f"address {sender}\n{address}".encode()).hexdigest()


def is_address(text: str) -> bool:
    """Return whether a text has the form of the unguessable part of an address."""
    return _ADDRESS.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """Return whether a text has the form of a key."""
    return _KEY.fullmatch(text) is not None
