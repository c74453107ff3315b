"""Witnesses of logs: one co-signs a checkpoint after a proof that the log only grew; a log keeps those of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from headland.proof.checkpoint import (
    InvalidCheckpoint,
    PublicKey,
    SignedCheckpoint,
    SigningKey,
    is_signed_by,
    lines_by,
    note_of,
    read_checkpoint,
)
from headland.proof.merkle import verify_consistency

OTHER_CHECKPOINT: Final = "The signatures are of another checkpoint: send one that this log has signed."
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


def keep_signatures(note: str, log_key: PublicKey, witnesses: Sequence[PublicKey]) -> str:
    """Return a checkpoint with the log's signature and the newest of each witness, and nothing else below it.

    Raises InvalidCheckpoint.
    """
    signed = read_checkpoint(note)
    # The log's own line is the first, also where its key is not the one of then: it is not ours to judge here.
    own = lines_by(signed, log_key)[-1:] or signed.lines[:1]
    return note_of(signed, [*own, *(line for key in witnesses for line in lines_by(signed, key)[-1:])])


def add_signatures(own: str, given: str, log_key: PublicKey, witnesses: Sequence[PublicKey]) -> str:
    """Return a log's own checkpoint with the signatures of witnesses below the given copy of it.

    Raises InvalidCheckpoint where a line below it is of nobody whom the log's owner has named.
    """
    signed, more = read_checkpoint(own), read_checkpoint(given)
    if signed.body != more.body:
        raise InvalidCheckpoint(OTHER_CHECKPOINT)
    valid = {line for key in (log_key, *witnesses) for line in lines_by(more, key)}
    unknown = next((name for name, *rest in more.lines if (name, *rest) not in valid), None)
    if unknown is not None:
        raise InvalidCheckpoint(
            f"The line of {unknown} is no signature of a witness that this organisation has named: an administrator"
            " names a witness by its public key first."
        )
    # What is no longer shown takes no room.
    kept = read_checkpoint(keep_signatures(own, log_key, witnesses)).lines
    merged = note_of(signed, dict.fromkeys((*kept, *more.lines)))
    return keep_signatures(merged, log_key, witnesses)


def are_of_one_log(one: SignedCheckpoint, other: SignedCheckpoint, path: Sequence[bytes]) -> bool:
    """Tell whether of two checkpoints the smaller is the beginning of the larger: two witnesses saw one log."""
    older, newer = sorted((one.checkpoint, other.checkpoint), key=lambda each: each.size)
    same = older.origin == newer.origin
    return same and verify_consistency(older.size, newer.size, older.root, newer.root, path)
