"""Request and response models of keys and the audit log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from api.schemas.model import answer_of_record
from headland.registry.db.audit import AuditCheck, AuditEntry
from headland.registry.db.audit_cut import AuditCut
from headland.registry.models.models import ApiKey

Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["farm app"])]


class KeyOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key, or the key or address of a `sender`, to create; without `expires_ms` it is valid until it is revoked."""

    name: Name
    scope: Annotated[Literal["read", "write", "admin", "samples"], "What the key may do at most."] = "read"
    expires_ms: Annotated[int, Meta(ge=0, le=2**53, examples=[1_893_456_000_000])] | None = None
    person: Annotated[str, Meta(max_length=64, description="Id of who uses it: their role limits it.")] | None = None
    sender: Annotated[Annotated[str, Meta(max_length=32)] | None, "Kind of sender, whose scope is `samples`."] = None


@answer_of_record(ApiKey)
class KeyItem(msgspec.Struct, frozen=True, kw_only=True):
    """A key; `prefix` is its readable beginning. The key itself is not stored."""

    name: Name
    person: str | None = None
    sender: Annotated[str | None, "Kind of sender whose samples it posts; null for another key."] = None


class NewKey(KeyItem, frozen=True, kw_only=True):
    """A new key with its secret, which is returned only once."""

    key: Annotated[str, "The key: shown here and never again."]
    path: Annotated[str | None, "Path that its sender posts to; that of an address contains the key."] = None


class KeyList(msgspec.Struct, frozen=True, kw_only=True):
    """Keys in order of creation."""

    items: list[KeyItem]
    next: str | None


@answer_of_record(AuditEntry)
class AuditItem(msgspec.Struct, frozen=True, kw_only=True):
    """A change: who, when, and the record before and after. `hash` chains it to the previous change."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    salt: str | None = None
    erasure: int | None = None


class AuditList(msgspec.Struct, frozen=True, kw_only=True):
    """Changes, the newest first."""

    items: list[AuditItem]
    next: str | None


@answer_of_record(AuditCut, without=("digest",))
class AuditCutItem(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that retention has deleted of the audit log: `deleted` of them up to `seq`, all before `until_ms`.

    `standing` of the changes up to `seq` are kept. The changes after it follow from `hash`.
    """


@answer_of_record(AuditCheck)
class AuditChecked(msgspec.Struct, frozen=True, kw_only=True):
    """Verification of the audit log: `broken_at` is the first altered change. Store `hash` elsewhere.

    `altered` are the records that are not as their newest change says: they were changed in the database. `redacted`
    is the number of changes from which erasures took names. `cut` says what retention has deleted of the log; null
    where it is whole.
    """

    redacted: int = 0
    altered: tuple[str, ...] = ()
    cut: AuditCutItem | None = None
