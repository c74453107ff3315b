"""Signatures of commit acks: only who knows a farm's ack secret can make a gateway delete records.

The secret belongs to ingest. Each gateway has the key that is derived for its name, so that a stolen gateway can sign
acks for itself only. The signature covers the gateway, the epoch and the seq: an old ack that is sent again deletes
nothing that is not stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

import msgspec

from headland.contract.records import Ack

#: Hexadecimal digits of a gateway's ack key.
KEY_PATTERN: Final = "^[0-9a-f]{64}$"
_SESSION: Final = b"ingest session of Headland 1\n"
_PURPOSE: Final = b"commit ack key of Headland 1\n"


def derive_ack_key(secret: str, gateway: str) -> str:
    """Return the ack key of a gateway (64 hexadecimal digits) from the farm's ack secret.

    Raises ValueError for an empty secret: everybody could derive the keys.
    """
    if not secret:
        raise ValueError("the ack secret is empty")
    return hmac.new(secret.encode(), _PURPOSE + gateway.encode(), hashlib.sha256).hexdigest()


def session_name(secret: str, worker: str) -> str:
    """Return the MQTT client id of an ingest worker: who does not know the secret cannot take over its session."""
    return f"{worker}-{hmac.new(secret.encode(), _SESSION + worker.encode(), hashlib.sha256).hexdigest()[:16]}"


def sign_ack(ack: Ack, gateway: str, key: str) -> Ack:
    """Return the ack with the signature that a gateway's key gives it. `key` is as `derive_ack_key` returns it."""
    return msgspec.structs.replace(ack, mac=_mac(ack, gateway, key))


def is_genuine(ack: Ack, gateway: str, key: str) -> bool:
    """Return whether an ack of a gateway carries the signature of this key."""
    return hmac.compare_digest(ack.mac.encode(), _mac(ack, gateway, key).encode())


def _mac(ack: Ack, gateway: str, key: str) -> str:
    if re.fullmatch(KEY_PATTERN, key) is None:
        raise ValueError("an ack key has 64 hexadecimal digits")
    text = f"{gateway}\n{ack.epoch}\n{ack.seq}"
    return hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).hexdigest()
