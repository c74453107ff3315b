"""Web push: messages that one browser alone can read (RFC 8291), and the station's signature (RFC 8292). Pure."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import Any, Final

import jwt
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from headland.network.http_target import parse_target
from headland.registry.models.alarms import PushSubscription

#: A push service takes 4096 bytes (RFC 8030, 7.2): 86 are the header, 17 the tag and the end of the record.
_RECORD_BYTES: Final = 4096
_MOST_TEXT_BYTES: Final = 2800
#: How long a push service keeps a message for a phone that is off.
TTL_S: Final = 4 * 3600
#: RFC 8292, 2: at most 24 hours.
_SIGNED_FOR_S: Final = 12 * 3600
_CURVE: Final = ec.SECP256R1()


@dataclass(frozen=True, slots=True)
class PushKey:
    """The key with which a station signs its messages (VAPID)."""

    private: ec.EllipticCurvePrivateKey

    @property
    def public_text(self) -> str:
        """The public key as browsers take it: an uncompressed point, base64url."""
        return encode(_point(self.private.public_key()))


def make_key() -> str:
    """Return a new key as PEM."""
    key = ec.generate_private_key(_CURVE)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def read_key(pem: str) -> PushKey:
    """Return the key in a PEM."""
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the key of web push is no key of P-256")
    return PushKey(key)


def encode(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of base64url; raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def check_keys(p256dh: str, auth: str) -> None:
    """Raise ValueError where the keys of a subscription cannot be used."""
    ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, decode(p256dh))
    if len(decode(auth)) != 16:
        raise ValueError("the secret has other than 16 bytes")


def encrypt(
    message: bytes,
    subscription: PushSubscription,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return the body for a subscription, `aes128gcm` (RFC 8188) by the keys of RFC 8291, 3.4.

    Salt and key of the sender are new for each message; given ones are for examples.
    """
    salt = os.urandom(16) if salt is None else salt
    sender = ec.generate_private_key(_CURVE) if sender is None else sender
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, decode(subscription.p256dh))
    shared = sender.exchange(ec.ECDH(), receiver)
    info = b"WebPush: info\0" + _point(receiver) + _point(sender.public_key())
    secret = HKDF(hashes.SHA256(), 32, decode(subscription.auth), info).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    point = _point(sender.public_key())
    header = salt + _RECORD_BYTES.to_bytes(4, "big") + bytes((len(point),)) + point
    # One record, the last: its padding begins with 2.
    return header + AESGCM(key).encrypt(nonce, message + b"\x02", None)


def headers_for(endpoint: str, key: PushKey, contact: str, now_s: int, *, is_urgent: bool) -> dict[str, str]:
    """Return the headers of a message to a push service, signed for it alone (RFC 8292)."""
    claims = {"aud": parse_target(endpoint).origin, "exp": now_s + _SIGNED_FOR_S, "sub": contact}
    token = jwt.encode(claims, key.private, algorithm="ES256")
    return {
        "Authorization": f"vapid t={token}, k={key.public_text}",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(TTL_S),
        "Urgency": "high" if is_urgent else "normal",
    }


def message_of(notice_body: str) -> bytes:
    """Return what the page's service worker displays: title, text, language, and a name that replaces earlier ones."""
    content: dict[str, Any] = msgspec.json.decode(notice_body)
    text = str(content["text"]).encode()[:_MOST_TEXT_BYTES].decode(errors="ignore")
    tag = f"{content['rule'] or content['what']}"
    shown = {"title": str(content["title"])[:200], "text": text, "language": content["language"], "tag": tag}
    return msgspec.json.encode(shown)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
