"""Request and response models of keys and the audit log."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from headland.registry.models.models import Scope

Name = Annotated[str, Field(min_length=1, max_length=200, examples=["farm app"])]
Instant = Annotated[int, Field(description="Epoch milliseconds UTC.")]


class KeyOrder(BaseModel):
    """A key to create; without `expires_ms` it is valid until it is revoked."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    scope: Literal["read", "write", "admin"] = "read"
    expires_ms: Annotated[int, Field(ge=0, le=2**53, examples=[1_893_456_000_000])] | None = None
    person: Annotated[
        str | None, Field(description="Id of the person who uses it: their role limits it.", max_length=64)
    ] = None


class KeyItem(BaseModel):
    """A key; `prefix` is its readable beginning. The key itself is not stored."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: Name
    scope: Scope
    prefix: str
    created_ms: Instant
    expires_ms: Instant | None
    last_used_ms: Annotated[int | None, Field(description="Time of last use, to the minute.")]
    person: Annotated[str | None, Field(description="Id of the person who uses it.")] = None


class NewKey(KeyItem):
    """A new key with its secret, which is returned only once."""

    key: str


class KeyList(BaseModel):
    """Keys in order of creation."""

    items: list[KeyItem]
    next: str | None


class AuditItem(BaseModel):
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
    salt: Annotated[
        str | None, Field(description="Random part of the hash; null in a redacted change and in old ones.")
    ] = None
    erasure: Annotated[
        int | None, Field(description="Number of the erased person whose names were taken out of the change.")
    ] = None


class AuditList(BaseModel):
    """Changes, the newest first."""

    items: list[AuditItem]
    next: str | None


class AuditCutItem(BaseModel):
    """What retention has deleted of the audit log: `deleted` changes up to `seq`, all before `until_ms`.

    `standing` of the changes up to `seq` are kept. The changes after it follow from `hash`.
    """

    model_config = ConfigDict(from_attributes=True)

    seq: int
    hash: str
    deleted: int
    first_ms: int
    until_ms: int
    standing: int


class AuditChecked(BaseModel):
    """Verification of the audit log: `broken_at` is the first altered change. Store `hash` elsewhere.

    `altered` are the records that are not as their newest change says: they were changed in the database. `redacted`
    is the number of changes from which erasures took names. `cut` says what retention has deleted of the log; null
    where it is whole.
    """

    model_config = ConfigDict(from_attributes=True)

    entries: int
    broken_at: int | None
    hash: str
    redacted: int = 0
    altered: list[str] = []
    cut: AuditCutItem | None = None
