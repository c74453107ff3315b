"""Signatures of what ingest sends to a gateway: only who knows a farm's ack secret can make it delete records.

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
    return msgspec.structs.replace(ack, mac=mac_of(_signed(ack, gateway), key))


def is_genuine(ack: Ack, gateway: str, key: str) -> bool:
    """Return whether an ack of a gateway carries the signature of this key."""
    return is_of_key(ack.mac, _signed(ack, gateway), key)


def mac_of(text: str, key: str) -> str:
    """Return the signature of a text by a gateway's key. `key` is as `derive_ack_key` returns it."""
    if re.fullmatch(KEY_PATTERN, key) is None:
        raise ValueError("an ack key has 64 hexadecimal digits")
    return hmac.new(bytes.fromhex(key), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def is_of_key(mac: str, text: str, key: str) -> bool:
    """Return whether a signature of a text is by this key."""
    return hmac.compare_digest(mac.encode("utf-8", "surrogatepass"), mac_of(text, key).encode())


def _signed(ack: Ack, gateway: str) -> str:
    return f"{gateway}\n{ack.epoch}\n{ack.seq}"
