"""Request and response models of keys and the audit log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from headland.registry.models.models import Scope

Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["farm app"])]
Instant = Annotated[int, "Epoch milliseconds UTC."]


class KeyOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to create; without `expires_ms` it is valid until it is revoked."""

    name: Name
    scope: Literal["read", "write", "admin"] = "read"
    expires_ms: Annotated[int, Meta(ge=0, le=2**53, examples=[1_893_456_000_000])] | None = None
    person: Annotated[
        Annotated[str, Meta(max_length=64)] | None, "Id of the person who uses it: their role limits it."
    ] = None


class KeyItem(msgspec.Struct, frozen=True, kw_only=True):
    """A key; `prefix` is its readable beginning. The key itself is not stored."""

    id: str
    name: Name
    scope: Scope
    prefix: str
    created_ms: Instant
    expires_ms: Instant | None
    last_used_ms: Annotated[int | None, "Time of last use, to the minute."]
    person: Annotated[str | None, "Id of the person who uses it."] = None


class NewKey(KeyItem, frozen=True, kw_only=True):
    """A new key with its secret, which is returned only once."""

    key: str


class KeyList(msgspec.Struct, frozen=True, kw_only=True):
    """Keys in order of creation."""

    items: list[KeyItem]
    next: str | None


class AuditItem(msgspec.Struct, frozen=True, kw_only=True):
    """A change: who, when, and the record before and after. `hash` chains it to the previous change."""

    seq: int
    time_ms: Instant
    who: str
    action: Literal["add", "change", "delete"]
    kind: str
    record: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    hash: str
    salt: Annotated[str | None, "Random part of the hash; null in a redacted change and in old ones."] = None
    erasure: Annotated[int | None, "Number of the erased person whose names were taken out of the change."] = None


class AuditList(msgspec.Struct, frozen=True, kw_only=True):
    """Changes, the newest first."""

    items: list[AuditItem]
    next: str | None


class AuditCutItem(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that retention has deleted of the audit log: `deleted` of them up to `seq`, all before `until_ms`.

    `standing` of the changes up to `seq` are kept. The changes after it follow from `hash`.
    """

    seq: int
    hash: str
    deleted: int
    first_ms: int
    until_ms: int
    standing: int


class AuditChecked(msgspec.Struct, frozen=True, kw_only=True):
    """Verification of the audit log: `broken_at` is the first altered change. Store `hash` elsewhere.

    `altered` are the records that are not as their newest change says: they were changed in the database. `redacted`
    is the number of changes from which erasures took names. `cut` says what retention has deleted of the log; null
    where it is whole.
    """

    entries: int
    broken_at: int | None
    hash: str
    redacted: int = 0
    altered: tuple[str, ...] = ()
    cut: AuditCutItem | None = None
