"""Records of people: members of the cooperative, their contacts, and the fields that they hold."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from headland.registry.models.models import Note, Scope, Text, VersionedRecord

#: A share is a fraction of whole numbers, so that shares of a third add up.
Parts = Annotated[int, Meta(ge=1, le=1_000_000)]
Instant = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class PersonRole(StrEnum):
    """Role of a person: what their keys may do, whatever scope a key has."""

    MANAGER = "manager"  # everything
    AGRONOMIST = "agronomist"  # reads everything, changes what is not of access or money
    PILOT = "pilot"  # reads the farm's work, declares passes and writes notes; no people, no money
    MEMBER = "member"  # reads the own fields, passes and statements, and nothing else

    @property
    def scope(self) -> Scope:
        """The largest scope of this role's keys."""
        return _SCOPES[self]


_SCOPES = {
    PersonRole.MANAGER: Scope.ADMIN,
    PersonRole.AGRONOMIST: Scope.WRITE,
    PersonRole.PILOT: Scope.WRITE,
    PersonRole.MEMBER: Scope.READ,
}


class ContactChannel(StrEnum):
    """Channel by which a person is reached."""

    PHONE = "phone"
    SMS = "sms"
    EMAIL = "email"
    WECHAT = "wechat"
    POST = "post"


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a person on one channel."""

    channel: ContactChannel
    address: Annotated[Text, "Number or address."]


class Person(VersionedRecord, frozen=True, kw_only=True):
    """A person of the cooperative. `number` is the cooperative's own number of a member, unique where it is given.

    One that is not `active` has left: the record and what names it remain, keys and members of the person are refused.
    `erased` is the number of a person whose data was erased; nothing but an erasure sets it.
    """

    name: Text
    number: Annotated[str, Meta(max_length=64), "The cooperative's own number of the member; may be empty."] = ""
    role: Annotated[PersonRole, "What the person may do."] = PersonRole.MEMBER
    language: Literal["zh", "en"] = "zh"
    contacts: Annotated[tuple[Contact, ...], Meta(max_length=10), "Ways to reach the person."] = ()
    note: Note = ""
    active: Annotated[bool, "False: the person has left, and keys are refused."] = True
    erased: int | None = None


class HoldingKind(StrEnum):
    """Right by which a person holds a field."""

    OWNERSHIP = "ownership"
    LEASE = "lease"


class Holding(VersionedRecord, frozen=True, kw_only=True):
    """A person's share of a field in [start_ms, end_ms): `parts` of `of_parts`, without a limit where there is none."""

    field: str
    person: str
    kind: Annotated[HoldingKind, "ownership or lease."]
    parts: Annotated[Parts, "Parts that the person holds."] = 1
    of_parts: Annotated[Parts, "Parts of the whole."] = 1
    start_ms: Instant | None = None
    end_ms: Instant | None = None
