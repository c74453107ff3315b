"""Witness of other logs: co-signs a checkpoint after a proof that the log only grew, and compares two checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from headland.proof.checkpoint import PublicKey, SignedCheckpoint, SigningKey, is_signed_by
from headland.proof.merkle import verify_consistency

#: A wrong signature, a proof from another size than the last one seen, or a log that was changed.
Refusal = Literal["signature", "size", "fork"]


def refusal_of(
    signed: SignedCheckpoint, log_key: PublicKey, last: SignedCheckpoint | None, old_size: int, path: Sequence[bytes]
) -> Refusal | None:
    """Return why a witness does not sign a checkpoint, None where it does; `last` is the newest one it signed.

    "fork" means that the log's owner signed two histories that exclude each other: keep both texts as evidence.
    """
    if not is_signed_by(signed, log_key):
        return "signature"
    before = last.checkpoint if last is not None else None
    if old_size != (0 if before is None else before.size) or old_size > signed.checkpoint.size:
        return "size"
    if before is None:
        return None if not path else "size"
    now = signed.checkpoint
    is_grown = verify_consistency(before.size, now.size, before.root, now.root, path)
    return None if is_grown else "fork"


def cosign(signed: SignedCheckpoint, key: SigningKey, time_s: int) -> str:
    """Return the line by which a witness co-signs."""
    return key.sign_note(signed.body, time_s)


def are_of_one_log(one: SignedCheckpoint, other: SignedCheckpoint, path: Sequence[bytes]) -> bool:
    """Tell whether of two checkpoints the smaller is the beginning of the larger: two witnesses saw one log."""
    older, newer = sorted((one.checkpoint, other.checkpoint), key=lambda each: each.size)
    same = older.origin == newer.origin
    return same and verify_consistency(older.size, newer.size, older.root, newer.root, path)
