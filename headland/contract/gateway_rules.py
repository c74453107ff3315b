"""Alarm rules of a farm as a gateway gets them: the retained message on its topic `rules`.

The content is encoded once: its hash is its revision, and the signature is of gateway, number and revision. A number
that grows with each revision tells the newer of two; no clock does. One rule that a gateway cannot read costs no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from headland.contract.ack_keys import is_of_key, mac_of
from headland.contract.codec import MAX_SEQ
from headland.contract.records import Record

VERSION: Final = 1
#: Size limit of the message, and the most rules in it.
MAX_RULES_BYTES: Final = 64 * 1024
MAX_RULES: Final = 200
#: Devices of deactivated places in it.
MAX_INACTIVE: Final = 400
_HOSTILE: Final = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
_PURPOSE: Final = "alarm rules of Headland 1"


class RulesRefusal(StrEnum):
    """Reason why a gateway refuses a message of rules as a whole. A reader accepts a newer word."""

    TOO_LARGE = "too_large"
    NOT_READABLE = "not_readable"  # no JSON of this shape and version
    OTHER_GATEWAY = "other_gateway"
    NOT_SIGNED = "not_signed"  # not by the key that the gateway has
    OLDER = "older"  # another content under a number that is not above that in use


class GatewayRules(Record, frozen=True, kw_only=True):
    """The message. `content` is a `RulesContent` as it was encoded; `mac` is empty where ingest has no secret."""

    v: int
    gw: str
    number: int
    revision: str
    content: msgspec.Raw
    mac: str = ""


class RulesContent(Record, frozen=True, kw_only=True):
    """Content of the message: each rule as an `[[alarm]]` table, the place of the site, and what no rule is for.

    `inactive` are devices of deactivated places.
    """

    rules: tuple[msgspec.Raw, ...] = ()
    inactive: tuple[str, ...] = ()
    latitude_deg: float | None = None
    longitude_deg: float | None = None


def encode_content(
    rules: Sequence[Mapping[str, Any]], inactive: Sequence[str] = (), place_deg: tuple[float, float] | None = None
) -> bytes:
    """Return the content of a message; equal rules give equal bytes."""
    latitude_deg, longitude_deg = (None, None) if place_deg is None else place_deg
    raws = tuple(msgspec.Raw(msgspec.json.encode(rule, order="sorted")) for rule in rules)
    content = RulesContent(rules=raws, inactive=tuple(inactive), latitude_deg=latitude_deg, longitude_deg=longitude_deg)
    return msgspec.json.encode(content)


def is_content(content: bytes) -> bool:
    """Return whether bytes are the content of a message that is not too large."""
    try:
        return len(content) <= MAX_RULES_BYTES and _is_place(msgspec.json.decode(content, type=RulesContent))
    except _HOSTILE:
        return False


def revision_of(content: bytes) -> str:
    """Return the revision of a content: the same for the same bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def encode_rules(gateway: str, number: int, content: bytes, key: str | None) -> bytes:
    """Return the message, signed where ingest has a key for the gateway (`headland.contract.ack_keys`)."""
    revision = revision_of(content)
    mac = "" if key is None else mac_of(_signed(gateway, number, revision), key)
    return msgspec.json.encode(
        GatewayRules(v=VERSION, gw=gateway, number=number, revision=revision, content=msgspec.Raw(content), mac=mac)
    )


def decode_rules(payload: bytes, gateway: str, key: str | None) -> GatewayRules | RulesRefusal:
    """Return the message for a gateway, or why it is refused. Never raises. Without a key no signature is asked."""
    if len(payload) > MAX_RULES_BYTES:
        return RulesRefusal.TOO_LARGE
    try:
        message = msgspec.json.decode(payload, type=GatewayRules)
        content = msgspec.json.decode(message.content, type=RulesContent)
    except _HOSTILE:
        return RulesRefusal.NOT_READABLE
    if message.gw != gateway:
        return RulesRefusal.OTHER_GATEWAY
    if key is not None and not is_of_key(message.mac, _signed(gateway, message.number, message.revision), key):
        return RulesRefusal.NOT_SIGNED
    is_whole = message.v == VERSION and message.revision == revision_of(bytes(message.content))
    if not is_whole or not 0 <= message.number <= MAX_SEQ or not _is_place(content):
        return RulesRefusal.NOT_READABLE
    if len(content.rules) > MAX_RULES or len(content.inactive) > MAX_INACTIVE:
        return RulesRefusal.TOO_LARGE
    # Copied: a Raw of msgspec holds the whole payload.
    return msgspec.structs.replace(message, content=msgspec.Raw(bytes(message.content)))


def read_content(message: GatewayRules) -> RulesContent:
    """Return the content of a message that `decode_rules` returned."""
    return msgspec.json.decode(message.content, type=RulesContent)


def is_newer(number: int, revision: str, held_number: int, held_revision: str) -> bool:
    """Return whether a revision may replace the one in use; the same revision always may."""
    return revision == held_revision or number > held_number


def _is_place(content: RulesContent) -> bool:
    latitude_deg, longitude_deg = content.latitude_deg, content.longitude_deg
    if latitude_deg is None or longitude_deg is None:
        return latitude_deg is longitude_deg
    return -90 <= latitude_deg <= 90 and -180 <= longitude_deg <= 180


def _signed(gateway: str, number: int, revision: str) -> str:
    return f"{_PURPOSE}\n{gateway}\n{number}\n{revision}"
