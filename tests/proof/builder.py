"""A small log for tests: entries, their tree, and its signed checkpoints."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from headland.proof.checkpoint import LOG_KEY, Checkpoint, SigningKey, sign_checkpoint
from headland.proof.leaves import LedgerLeaf, leaf_of
from headland.proof.merkle import NodeReader, hash_leaf, prove_consistency, prove_inclusion, root_of
from headland.proof.proof_document import ConsistencyPath, ProofDocument, sha256_of
from headland.proof.tiles import fold

ORIGIN = "headland.test/log/farm"
KEY = SigningKey(ORIGIN, LOG_KEY, bytes(range(32)))


@dataclass
class SmallLog:
    """A log of texts that were released, one entry each."""

    texts: list[str]
    key: SigningKey = KEY
    leaves: list[LedgerLeaf] = field(init=False)

    def __post_init__(self) -> None:
        self.leaves = [
            leaf_of("release", self.body(place), hashlib.sha256(b"entry %d" % place).hexdigest())
            for place in range(len(self.texts))
        ]

    def body(self, place: int) -> str:
        return json.dumps({"lot": f"L-{place}", "sha256": sha256_of(self.texts[place])})

    @property
    def read(self) -> NodeReader:
        hashes = [hash_leaf(leaf.content()) for leaf in self.leaves]
        return lambda level, index: fold(hashes[index << level : (index + 1) << level])

    def checkpoint(self, size: int | None = None) -> str:
        chosen = self.leaves[: len(self.leaves) if size is None else size]
        root = root_of(hash_leaf(leaf.content()) for leaf in chosen)
        return sign_checkpoint(Checkpoint(self.key.name, len(chosen), root), self.key)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        return prove_consistency(self.read, old, len(self.leaves) if new is None else new)

    def proof(self, place: int, old_size: int | None = None) -> ProofDocument:
        return ProofDocument(
            text=self.texts[place],
            kind="release",
            body=self.body(place),
            entry_sha256=self.leaves[place].entry_sha256,
            index=place,
            inclusion=tuple(prove_inclusion(self.read, place, len(self.leaves))),
            checkpoint=self.checkpoint(),
            keys=(self.key.public.text(),),
            consistency=None
            if old_size is None
            else ConsistencyPath(old_size=old_size, path=tuple(self.consistency(old_size))),
        )
