"""Audit of a ledger against checkpoints that were kept: every way to alter it that they exclude."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from headland.proof.checkpoint import Checkpoint
from headland.proof.merkle import RunningRoot
from headland.registry.db.redaction import Redactions
from headland.registry.repositories.ledger.entries import START, LedgerEntry, follows, leaf_hash_of, note_redaction


class LedgerAudit(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an audit.

    `broken_at` is the first entry that does not follow from the one before; `contradicted` are the sizes of the kept
    checkpoints that the entries do not agree with: the ledger was written anew, or cut.
    """

    entries: int
    root: bytes
    broken_at: int | None
    contradicted: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was found."""
        return self.broken_at is None and not self.contradicted


def audit_entries(organisation: str, entries: Iterable[LedgerEntry], kept: Sequence[Checkpoint]) -> LedgerAudit:
    """Audit the entries of an organisation in their order, in bounded memory.

    What a sealed or redacted entry says cannot be compared with its hash: its hash and its leaf are taken as they are,
    and proven by the entry that follows and by the checkpoints; what a redacted one says, by the erasure.
    """
    running, previous, redactions = RunningRoot(), START, Redactions()
    broken_at: int | None = None
    roots_by_size: dict[int, bytes] = {}
    wanted = {checkpoint.size for checkpoint in kept}
    if 0 in wanted:
        roots_by_size[0] = running.root()
    for entry in entries:
        seq = running.size + 1
        if broken_at is None and (entry.seq != seq or not follows(organisation, entry, previous)):
            broken_at = seq
        note_redaction(redactions, entry)
        previous = entry.hash
        running.append(leaf_hash_of(entry))
        if running.size in wanted:
            roots_by_size[running.size] = running.root()
    contradicted = {each.size for each in kept if roots_by_size.get(each.size) != each.root}
    broken_at = redactions.broken_at() if broken_at is None else broken_at
    return LedgerAudit(
        entries=running.size, root=running.root(), broken_at=broken_at, contradicted=tuple(sorted(contradicted))
    )
