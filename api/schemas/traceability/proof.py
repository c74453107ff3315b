"""Shapes of the ledger's Merkle log: checkpoint, keys, paths, and what a witness is asked."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Base64Hash = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9+/]{43}=$", examples=["n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="])
]
HashPath = Annotated[list[Base64Hash], Meta(max_length=64)]
NoteText = Annotated[str, Meta(min_length=1, max_length=16_384)]
Size = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class CheckpointBody(msgspec.Struct, frozen=True, kw_only=True):
    """Signed checkpoint of the ledger's log, as a note of C2SP tlog-checkpoint. Store it elsewhere."""

    checkpoint: NoteText
    size: Annotated[Size, "Number of entries of the log."]
    root: Annotated[Base64Hash, "Root of the log's Merkle tree, base64."]


class LogKeysBody(msgspec.Struct, frozen=True, kw_only=True):
    """Public keys of this organisation's log, and of it as a witness of others: name+hash+key."""

    log: Annotated[str, "Public key of this organisation's log."]
    witness: Annotated[str, "Public key of this organisation as a witness of others."]


class GrowthBody(msgspec.Struct, frozen=True, kw_only=True):
    """Path by RFC 9162 that proves the log of `old_size` entries to be the beginning of that of `size`."""

    old_size: Size
    size: Annotated[Size, "Size of the newer log."]
    path: Annotated[HashPath, "Hashes of the path, base64."]


class InclusionBody(msgspec.Struct, frozen=True, kw_only=True):
    """Path by RFC 9162 from an entry to the root of the log of `size` entries, and the entry's leaf.

    Of an entry that is closed to the role, `kind` is `sealed` and `body_sha256` empty.
    """

    seq: int
    size: Annotated[Size, "Number of entries of the log."]
    kind: Annotated[str, "Kind of the entry; sealed where it is closed to the role."]
    body_sha256: Annotated[str, "SHA-256 of the entry's body; empty where it is closed to the role."]
    entry_sha256: Annotated[str, "SHA-256 of the entry."]
    leaf_sha256: Annotated[str, "Hash of the leaf, from which the path leads to the root."]
    path: Annotated[HashPath, "Hashes of the path, base64."]


class WatchedLog(msgspec.Struct, frozen=True, kw_only=True):
    """Log to witness, by its public key."""

    key: Annotated[str, Meta(min_length=1, max_length=400), "Public key of the log."]


class WitnessKey(msgspec.Struct, frozen=True, kw_only=True):
    """Witness to name, by its public key."""

    key: Annotated[str, Meta(min_length=1, max_length=400), "Public key of the witness."]


class NamedWitness(msgspec.Struct, frozen=True, kw_only=True):
    """Witness whose signatures this organisation's checkpoints show, by its public key."""

    name: str
    key: Annotated[str, "Public key of the witness."]


class WitnessesBody(msgspec.Struct, frozen=True, kw_only=True):
    """Witnesses that this organisation has named."""

    items: list[NamedWitness]
    next: None = None


class WitnessRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A newer checkpoint of a witnessed log, and its path from the last one that was co-signed."""

    checkpoint: NoteText
    old_size: Size
    path: Annotated[HashPath, "Path from the last co-signed checkpoint, base64."]


class CosignatureBody(msgspec.Struct, frozen=True, kw_only=True):
    """Lines to add below a checkpoint: the witness's signature."""

    signature: Annotated[str, "Lines with the witness's signature."]


class CosignedCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint of this log with the signatures of witnesses below it."""

    checkpoint: NoteText
