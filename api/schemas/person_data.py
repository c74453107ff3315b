"""Request and response models of the data that is kept of a person."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from headland.registry.models.personal_data import PersonalKind

_Instant = Annotated[int | None, "Epoch milliseconds UTC; null where the records have no instant."]
#: Another spelling of the person's name, as records may have it.
Spelling = Annotated[str, Meta(min_length=2, max_length=200)]


class KeptItem(msgspec.Struct, frozen=True, kw_only=True):
    """Data of one kind that is kept of a person. Its texts are in the language of the request."""

    kind: Annotated[PersonalKind, "Kind of data."]
    label: Annotated[str, "Name of the kind."]
    purpose: Annotated[str, "Purpose for which it is kept."]
    basis: Annotated[str, "Legal basis."]
    kept: Annotated[str, "How long it is kept."]
    on_erasure: Annotated[str, "What an erasure does with it."]
    count: Annotated[int, "Records, photos or tracks."]
    first_ms: _Instant
    last_ms: _Instant


class PersonDataBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a person, by kind. `erased` is the number of a person whose data was erased.

    `blockers` say why the person cannot be erased now; `shared` are names that somebody else has, too: texts that have
    nothing else of the person are left. Both are empty for all but managers.
    """

    person: str
    erased: int | None
    items: list[KeptItem]
    blockers: Annotated[tuple[str, ...], "Why the person cannot be erased now; empty: nothing is open."] = ()
    shared: Annotated[tuple[str, ...], "Names that somebody else has, too."] = ()


class ErasureOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Confirmation of an erasure: the person's name as the record has it, and other spellings that records may have."""

    EXAMPLE: ClassVar = {"name": "Wang Fang", "also": ["Xiao Wang"]}

    name: Annotated[str, Meta(max_length=200)]
    also: Annotated[tuple[Spelling, ...], Meta(max_length=20), "Other spellings of the name."] = ()


class ErasureBody(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an erasure. The person is `number` from then on, and no answer has the name.

    `rows` counts the changed records by kind of data, `photos` the deleted files. `searched_files` were searched byte
    by byte afterwards; `found` are those that still hold one of the names, `unread` those that were not read.
    `is_scrubbed` is false where readers kept the database from being written again: send the request again.
    """

    person: str
    number: Annotated[int, "Number that stands for the person from now on."]
    rows: Annotated[
        dict[PersonalKind, int],
        Meta(extra_json_schema={"example": {"profile": 1, "notes": 3}}),
        "Number of changed records by kind of data.",
    ]
    photos: Annotated[int, "Number of deleted photos."]
    is_scrubbed: Annotated[bool, "Whether the database was written again without the names."]
    searched_files: Annotated[int, "Number of files that were searched afterwards."]
    searched_bytes: Annotated[int, "Size of the searched files in bytes."]
    found: Annotated[tuple[str, ...], "Files that still hold one of the names."]
    unread: Annotated[tuple[str, ...], "Files that were not read."]
