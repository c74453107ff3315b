"""Checkpoints of a log as signed notes (C2SP tlog-checkpoint, signed-note and tlog-cosignature), with Ed25519."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from headland.errors import HeadlandError
from headland.plain_numbers import is_digits
from headland.proof.merkle import HASH_BYTES

#: Kinds of keys: a log signs its checkpoints, a witness co-signs those of others.
LOG_KEY: Final = 0x01
WITNESS_KEY: Final = 0x04
SEED_BYTES: Final = 32
#: Longest checkpoint that is read, and most signatures of one.
MOST_NOTE_BYTES: Final = 16 * 1024
_MOST_SIGNATURES: Final = 32
_MOST_LEAVES: Final = 2**62
_DASH: Final = "— "


class InvalidCheckpoint(HeadlandError):  # noqa: N818 - named as the registry's InvalidRecord
    """A text that is not a checkpoint, or not one of the expected log."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Name of a log, number of its leaves, and root of its tree."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Public key by which a log or a witness is known."""

    name: str
    kind: int
    raw: bytes

    @property
    def key_hash(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:4]

    def text(self) -> str:
        """Return the key as one word: name, hash, kind and key."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(bytes([self.kind]) + self.raw).decode()}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Private key of a log or a witness."""

    name: str
    kind: int
    seed: bytes

    @property
    def public(self) -> PublicKey:
        """The public key."""
        return PublicKey(self.name, self.kind, self._private().public_key().public_bytes_raw())

    def sign_note(self, body: str, time_s: int | None = None) -> str:
        """Return the signature line under a checkpoint's body; a witness names the time at which it signs."""
        signed = body if time_s is None else f"cosignature/v1\ntime {time_s}\n{body}"
        stamp = b"" if time_s is None else struct.pack(">Q", time_s)
        signature = self.public.key_hash + stamp + self._private().sign(signed.encode())
        return f"{_DASH}{self.name} {base64.b64encode(signature).decode()}\n"

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._private().sign(message)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


#: Name, hash of the key, rest of the signature.
SignatureLine = tuple[str, bytes, bytes]


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with its signature lines."""

    checkpoint: Checkpoint
    body: str
    lines: tuple[SignatureLine, ...]


def make_seed() -> bytes:
    """Return a new private key."""
    return secrets.token_bytes(SEED_BYTES)


def read_key(text: str) -> PublicKey:
    """Return the key that one word holds; raises InvalidCheckpoint."""
    # The base64 part may itself contain a plus.
    name, _, rest = text.strip().partition("+")
    key_hash, _, packed = rest.partition("+")
    raw = _decode(packed)
    if raw is None or len(raw) != 1 + SEED_BYTES or raw[0] not in (LOG_KEY, WITNESS_KEY) or not _is_key_name(name):
        raise InvalidCheckpoint(f"{text[:80]!r} is not a key: give name+hash+key as `headland ledger checkpoint` does.")
    key = PublicKey(name, raw[0], raw[1:])
    if key.key_hash.hex() != key_hash:
        raise InvalidCheckpoint(f"The key of {name} does not match its own hash: copy it again.")
    return key


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """Return a checkpoint with the log's signature."""
    return f"{checkpoint.body()}\n{key.sign_note(checkpoint.body())}"


def read_checkpoint(text: str) -> SignedCheckpoint:
    """Return what a signed note says, before any signature is verified; raises InvalidCheckpoint."""
    body, mark, tail = text.partition("\n\n")
    parts = body.split("\n")
    lines = [_read_line(line) for line in tail.splitlines()[: _MOST_SIGNATURES + 1]]
    if len(text) > MOST_NOTE_BYTES or not mark or len(parts) < 3 or not lines or None in lines:
        raise InvalidCheckpoint("The text is not a signed checkpoint: it has no origin, size, root and signature.")
    origin, size, root = parts[0], parts[1], _decode(parts[2])
    is_number = is_digits(size, 20) and str(int(size)) == size and int(size) < _MOST_LEAVES
    if not origin or not is_number or root is None or len(root) != HASH_BYTES or len(lines) > _MOST_SIGNATURES:
        raise InvalidCheckpoint("The text is not a signed checkpoint: its size or its root cannot be read.")
    return SignedCheckpoint(Checkpoint(origin, int(size), root), body + "\n", tuple(line for line in lines if line))


def is_signed_by(signed: SignedCheckpoint, key: PublicKey) -> bool:
    """Tell whether a checkpoint has a valid signature of a key. A log signs only what bears its own name."""
    return bool(lines_by(signed, key))


def lines_by(signed: SignedCheckpoint, key: PublicKey) -> tuple[SignatureLine, ...]:
    """Return the lines of a checkpoint that are valid signatures of a key, those of a witness by their time."""
    if key.kind == LOG_KEY and key.name != signed.checkpoint.origin:
        return ()
    valid = [line for line in signed.lines if line[:2] == (key.name, key.key_hash) and _is_valid(signed, line[2], key)]
    return tuple(sorted(valid, key=lambda line: line[2][:8]) if key.kind == WITNESS_KEY else valid)


def note_of(signed: SignedCheckpoint, lines: Iterable[SignatureLine]) -> str:
    """Return a checkpoint with these lines as a text."""
    texts = (f"{_DASH}{name} {base64.b64encode(key_hash + rest).decode()}\n" for name, key_hash, rest in lines)
    return f"{signed.body}\n{''.join(texts)}"


def verify_signature(raw_key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether a signature of a message is by a key."""
    try:
        Ed25519PublicKey.from_public_bytes(raw_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_valid(signed: SignedCheckpoint, rest: bytes, key: PublicKey) -> bool:
    message, signature = signed.body.encode(), rest
    if key.kind == WITNESS_KEY:
        if len(rest) != 8 + 64:
            return False
        (time_s,) = struct.unpack(">Q", rest[:8])
        message, signature = f"cosignature/v1\ntime {time_s}\n{signed.body}".encode(), rest[8:]
    return verify_signature(key.raw, signature, message)


def _read_line(line: str) -> SignatureLine | None:
    mark, name, *rest = line.split(" ") if line.count(" ") == 2 else ("", "", "")
    packed = _decode(rest[0]) if rest else None
    if mark + " " != _DASH or packed is None or len(packed) < 5 or not _is_key_name(name):
        return None
    return name, packed[:4], packed[4:]


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(letter.isspace() for letter in name) and len(name) <= 200


def _decode(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
