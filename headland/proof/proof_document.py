"""Proof document: a released text, its entry in the log, the path to a signed checkpoint; and its verification."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from headland.errors import HeadlandError
from headland.proof.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    InvalidCheckpoint,
    PublicKey,
    SignedCheckpoint,
    is_signed_by,
    read_checkpoint,
    read_key,
)
from headland.proof.leaves import LedgerLeaf
from headland.proof.merkle import hash_leaf, verify_consistency, verify_inclusion

FORMAT: Final = "headland-proof/1"
#: Longest proof document that is read.
MOST_BYTES: Final = 1024 * 1024

Path = Annotated[tuple[bytes, ...], msgspec.Meta(max_length=64)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

#: All that decides has passed; something failed; or no verdict, since the reader has stated too little.
Verdict = Literal["ok", "failed", "none"]
#: What is verified, in this order.
CheckName = Literal["text", "entry", "inclusion", "checkpoint", "witness", "kept"]

_NOT_GIVEN: Final = "only the document names: ask the issuer for its key by another way, and give it"


class InvalidProof(HeadlandError):  # noqa: N818 - named as InvalidCheckpoint
    """A file that is not a proof document."""


class ConsistencyPath(msgspec.Struct, frozen=True, kw_only=True):
    """Path that proves the tree of `old_size` leaves to be the beginning of the checkpoint's."""

    old_size: Annotated[int, msgspec.Meta(ge=0)]
    path: Path


class ProofDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Proof that a text stands in a log; hashes in a path are base64, all others hexadecimal.

    `body` is the entry's body as it was written: JSON whose `sha256` is the hash of `text`. `consistency` leads from
    a checkpoint that the reader kept to this one.
    """

    format: Literal["headland-proof/1"] = FORMAT
    text: str
    kind: str
    body: str
    entry_sha256: Sha256
    index: Annotated[int, msgspec.Meta(ge=0)]
    inclusion: Path
    checkpoint: str
    keys: Annotated[tuple[str, ...], msgspec.Meta(max_length=16)]
    consistency: ConsistencyPath | None = None


class ProofCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one check: True, False, or None where what it needs was not given.

    The verdict rests on those that `decides`: what every proof needs, and what the reader has asked for.
    """

    name: CheckName
    passed: bool | None
    detail: str
    decides: bool = True


def read_proof(raw: bytes) -> ProofDocument:
    """Return the proof document in a file; raises InvalidProof."""
    if len(raw) > MOST_BYTES:
        raise InvalidProof(f"The file has more than {MOST_BYTES} bytes: it is not a proof document.")
    try:
        return msgspec.json.decode(raw, type=ProofDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidProof(f"The file is not a proof document: {error}") from error


def verify_proof(
    proof: ProofDocument,
    log_keys: Sequence[PublicKey] = (),
    kept: SignedCheckpoint | None = None,
    witness_keys: Sequence[PublicKey] = (),
) -> list[ProofCheck]:
    """Return the result of each check of a proof; none of them needs a network.

    Only what the reader states is trusted: `log_keys` of the issuer, `witness_keys`, and a checkpoint that the reader
    `kept`, to detect a log that was written anew. The document's own keys say whose it claims to be.
    """
    leaf = LedgerLeaf(kind=proof.kind, body_sha256=sha256_of(proof.body), entry_sha256=proof.entry_sha256)
    named = _text_hash(proof.body)
    checks = [
        ProofCheck(name="text", passed=named == sha256_of(proof.text), detail=f"SHA-256 {sha256_of(proof.text)}"),
        ProofCheck(name="entry", passed=proof.kind == "release", detail=f"entry {proof.index + 1}, kind {proof.kind}"),
    ]
    try:
        signed = read_checkpoint(proof.checkpoint)
        own_keys = [read_key(text) for text in proof.keys]
    except InvalidCheckpoint as error:
        return [*checks, ProofCheck(name="checkpoint", passed=False, detail=str(error))]
    now = signed.checkpoint
    included = verify_inclusion(proof.index, now.size, hash_leaf(leaf.content()), proof.inclusion, now.root)
    checks.append(ProofCheck(name="inclusion", passed=included, detail=f"in a log of {now.size} entries"))
    checks.append(_check_signature(signed, own_keys, log_keys))
    checks.append(_check_witnesses(signed, own_keys, witness_keys))
    checks.append(_check_kept(proof, signed, kept))
    return checks


def has_failed(checks: Sequence[ProofCheck]) -> bool:
    """Tell whether one check failed."""
    return any(check.passed is False for check in checks)


def verdict_of(checks: Sequence[ProofCheck]) -> Verdict:
    """Return the verdict over the checks of a proof. Without a key that the reader gave there is none."""
    if has_failed(checks):
        return "failed"
    return "ok" if all(check.passed for check in checks if check.decides) else "none"


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a text as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def _text_hash(body: str) -> str | None:
    try:
        decoded: Any = msgspec.json.decode(body.encode())
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return decoded.get("sha256") if isinstance(decoded, dict) else None


def _check_signature(signed: SignedCheckpoint, own: Sequence[PublicKey], trusted: Sequence[PublicKey]) -> ProofCheck:
    logs = [key for key in (trusted or own) if key.kind == LOG_KEY]
    signer = next((key for key in logs if is_signed_by(signed, key)), None)
    if signer is None:
        return ProofCheck(name="checkpoint", passed=False, detail="no valid signature of the log")
    if not trusted:
        return ProofCheck(name="checkpoint", passed=None, detail=f"signed by {signer.text()}, which {_NOT_GIVEN}")
    if signer not in own:
        return ProofCheck(
            name="checkpoint", passed=False, detail="the document names another key than the one you gave"
        )
    return ProofCheck(name="checkpoint", passed=True, detail=f"signed by {signer.text()}, a key that you gave")


def _check_witnesses(signed: SignedCheckpoint, own: Sequence[PublicKey], given: Sequence[PublicKey]) -> ProofCheck:
    signers = {key for key in given if key.kind == WITNESS_KEY and is_signed_by(signed, key)}
    others = sorted(
        {key.name for key in own if key.kind == WITNESS_KEY and key not in signers and is_signed_by(signed, key)}
    )
    said = [f"co-signed by {', '.join(sorted(key.name for key in signers))}, whose key you gave"] if signers else []
    absent = sorted(key.name for key in given if key not in signers)
    said += [f"{', '.join(absent)} did not co-sign it"] if absent else []
    said += [f"co-signed by {', '.join(others)}, whose key you did not give"] if others else []
    return ProofCheck(
        name="witness",
        passed=True if signers else None,
        detail="; ".join(said) or "no key of a witness was given",
        decides=bool(given),
    )


def _check_kept(proof: ProofDocument, signed: SignedCheckpoint, kept: SignedCheckpoint | None) -> ProofCheck:
    if kept is None:
        return ProofCheck(name="kept", passed=None, detail="no checkpoint that you kept was given", decides=False)
    old, now = kept.checkpoint, signed.checkpoint
    if old.origin != now.origin:
        return ProofCheck(name="kept", passed=False, detail=f"the kept checkpoint is of another log, {old.origin}")
    if old.size == now.size:
        return ProofCheck(name="kept", passed=old.root == now.root, detail=f"both of {now.size} entries")
    if proof.consistency is None or proof.consistency.old_size != old.size:
        detail = f"the document has no path from {old.size} entries: ask the issuer for one with old_size={old.size}"
        return ProofCheck(name="kept", passed=None, detail=detail)
    path = proof.consistency.path
    passed = verify_consistency(old.size, now.size, old.root, now.root, path)
    return ProofCheck(name="kept", passed=passed, detail=f"the log grew from {old.size} to {now.size} entries")
