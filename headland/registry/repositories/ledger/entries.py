"""Entries of the ledger: their hashes in the chain, their leaves, and what is shown of sealed and redacted ones."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated, Any, Final

import msgspec

from headland.proof.leaves import leaf_of
from headland.proof.merkle import hash_leaf
from headland.registry.db.redaction import ERASURE, Redactions

#: Hash before the first entry.
START: Final = ""
#: Kind of an entry as a role sees it that its own kind is closed to.
SEALED: Final = "sealed"
#: Kinds of entries whose bodies may name people.
NAMING_KINDS: Final = frozenset(("dispute", "dispute_outcome", "subsidy_claim"))
#: Random part of such a body.
SALT: Final = "salt"
_SALT_BYTES: Final = 16


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry about a pass of a field; `body` is JSON as it was written, `pass_id` the pass's stable id.

    `leaf_sha256` is the hash of the leaf of a redacted entry, None of all others, from which it follows.
    """

    seq: Annotated[int, "Number in the ledger."]
    time_ms: Annotated[int, "Time of writing, epoch milliseconds UTC."]
    who: Annotated[str, "Who or what wrote it."]
    kind: Annotated[str, "Kind of fact."]
    field: Annotated[str, "Id of the field."]
    pass_id: Annotated[str, "Stable id of the pass."]
    body: Annotated[str, "Facts, JSON as written."]
    hash: Annotated[str, "Hash of the entry, which chains it to the one before."]
    leaf_sha256: Annotated[
        str | None, "Hash of the leaf of an entry from which an erasure took names; null for all others."
    ] = None


def note_redaction(redactions: Redactions, entry: LedgerEntry) -> None:
    """Add an entry to what is compared: a redacted one, or one that states what others are; a sealed one is neither."""
    if entry.kind == ERASURE:
        redactions.state(msgspec.json.decode(entry.body))
    if entry.kind != SEALED and entry.leaf_sha256 is not None:
        redactions.add(entry)


def unsalted(entry: LedgerEntry) -> str:
    """Return the body of an entry without its random part."""
    if entry.kind not in NAMING_KINDS:
        return entry.body
    body: dict[str, Any] = msgspec.json.decode(entry.body)
    body.pop(SALT, None)
    return msgspec.json.encode(body, order="sorted").decode()


def salted(body: str) -> str:
    """Return a body with a random part."""
    decoded: dict[str, Any] = msgspec.json.decode(body)
    return msgspec.json.encode({**decoded, SALT: secrets.token_hex(_SALT_BYTES)}, order="sorted").decode()


def seal_entry(entry: LedgerEntry) -> LedgerEntry:
    """Return an entry without what it says: its number, time, hash, and the hash of its leaf in the Merkle log."""
    body = msgspec.json.encode({"leaf_sha256": leaf_hash_of(entry).hex()}).decode()
    return msgspec.structs.replace(entry, who="", kind=SEALED, field="", pass_id="", body=body, leaf_sha256=None)


def leaf_hash_of(entry: LedgerEntry) -> bytes:
    """Return the hash of an entry's leaf in the Merkle log, also of a sealed one."""
    if entry.kind == SEALED:
        return bytes.fromhex(msgspec.json.decode(entry.body)["leaf_sha256"])
    if entry.leaf_sha256 is not None:
        return bytes.fromhex(entry.leaf_sha256)
    return hash_leaf(leaf_of(entry.kind, entry.body, entry.hash).content())


def follows(organisation: str, entry: LedgerEntry, previous: str) -> bool:
    """Tell whether an entry follows from the one before; of one that is sealed or redacted only the next one tells."""
    is_closed = entry.kind == SEALED or entry.leaf_sha256 is not None
    return is_closed or entry.hash == hash_entry(organisation, entry, previous)


def hash_entry(organisation: str, entry: LedgerEntry, previous: str) -> str:
    """Return SHA-256 over an entry and the hash before it, as JSON of a list: no two entries have the same text."""
    values = [getattr(entry, name) for name in LedgerEntry.__struct_fields__ if name not in ("hash", "leaf_sha256")]
    return hashlib.sha256(msgspec.json.encode([organisation, *values, previous])).hexdigest()
