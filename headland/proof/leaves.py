"""Leaves of the log of a ledger: what of an entry a stranger may learn, and a hash of all the rest."""

from __future__ import annotations

import hashlib

import msgspec


class LedgerLeaf(msgspec.Struct, frozen=True, kw_only=True):
    """Leaf of an entry: its kind, the hash of its body, and the hash by which the ledger chains the whole entry.

    So an entry's kind and body can be shown without who wrote it and about which field.
    """

    kind: str
    body_sha256: str
    entry_sha256: str

    def content(self) -> bytes:
        """Return the bytes that are hashed."""
        return msgspec.json.encode([self.kind, self.body_sha256, self.entry_sha256])


def leaf_of(kind: str, body: str, entry_sha256: str) -> LedgerLeaf:
    """Return the leaf of an entry with a body."""
    return LedgerLeaf(kind=kind, body_sha256=hashlib.sha256(body.encode()).hexdigest(), entry_sha256=entry_sha256)
