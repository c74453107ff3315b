"""One-time code of a gateway: 20 letters that a person can type; the first four name it, the others are secret."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from headland.errors import SettingsError

#: Crockford's base 32: no letter looks like another or like a digit.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPED: Final = str.maketrans("OIL", "011")
_ID_LETTERS: Final = 4
#: 16 letters of five bits: 80 bits, out of reach also for who overheard an enrolment.
_SECRET_LETTERS: Final = 16
_GROUP: Final = 5
_NONCE_BYTES: Final = 12
_REQUEST: Final = b"enrolment request of Headland 1\n"
_ANSWER: Final = b"enrolment answer of Headland 1\n"


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """A code: its name, and its secret, which never leaves the two machines."""

    id: str
    secret: str = field(repr=False)

    def text(self) -> str:
        """Return the code as a person types it: four groups of five letters."""
        whole = self.id + self.secret
        return "-".join(whole[start : start + _GROUP] for start in range(0, len(whole), _GROUP))

    def sign(self, request: bytes) -> str:
        """Return the signature of a request: 64 hexadecimal digits."""
        return hmac.new(self._key(_REQUEST), request, hashlib.sha256).hexdigest()

    def has_signed(self, request: bytes, signature: str) -> bool:
        """Tell whether a signature of a request is this code's."""
        return hmac.compare_digest(self.sign(request).encode(), signature.encode())

    def seal(self, answer: bytes, request: bytes) -> bytes:
        """Return an answer that only who knows the code can read, bound to its request."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key(_ANSWER)).encrypt(nonce, answer, request)

    def open_sealed(self, sealed: bytes, request: bytes) -> bytes | None:
        """Return a sealed answer; None where it was sealed with another code, or for another request."""
        try:
            return AESGCM(self._key(_ANSWER)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], request)
        except (InvalidTag, ValueError):
            return None

    def _key(self, purpose: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt=self.id.encode(), info=purpose).derive(self.secret.encode())


def make_code() -> EnrolmentCode:
    """Return a new code."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_ID_LETTERS + _SECRET_LETTERS))
    return EnrolmentCode(letters[:_ID_LETTERS], letters[_ID_LETTERS:])


def read_code(text: str) -> EnrolmentCode:
    """Return the code that a person typed, in any case and with or without dashes. Raises SettingsError."""
    letters = re.sub(r"[\s-]", "", text).upper().translate(_TYPED)
    if len(letters) != _ID_LETTERS + _SECRET_LETTERS or not set(letters) <= set(_LETTERS):
        raise SettingsError(f"{text[:60]!r} is not a code: it has four groups of five letters and digits.")
    return EnrolmentCode(letters[:_ID_LETTERS], letters[_ID_LETTERS:])
