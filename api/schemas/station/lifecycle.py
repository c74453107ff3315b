"""Shapes of the lifecycle of everything that a station keeps."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class KeptKind(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds the records of a kind, and what remains of deleted ones, in the language of the request."""

    kind: Annotated[str, "Kind of record."]
    name: str
    bound: Annotated[
        Literal["retention", "fixed", "things", "never", "person"],
        "`retention`: days that can be set; `fixed`: an age, number or size; `things`: the number of "
        "devices, people and fields; `never`: evidence, kept for ever; `person`: somebody puts it there and "
        "deletes it.",
    ]
    bound_text: Annotated[str, "What bounds them, in words."]
    remains: Annotated[str, "What remains of deleted ones, in words."]
    days: Annotated[int | None, "Days of a retention; null is for ever."] = None
    default_days: Annotated[int | None, "Days where nobody chose any."] = None
    least_days: Annotated[int | None, "The fewest days that can be set."] = None
    is_chosen: Annotated[bool, "Whether a person set the days."] = False
    command: Annotated[str, "The command that sets the days."] = ""
    deleted: Annotated[int | None, "Records that retention has deleted so far, where counted."] = None
    deleted_before_ms: Annotated[int | None, "They were before this instant."] = None
    due: Annotated[int | None, "Records that are due to be deleted; in a preview only."] = None
    due_before_ms: Annotated[int | None, "They are before this instant."] = None
    held_back: Annotated[str, "Why nothing is deleted now."] = ""


class KeptKinds(msgspec.Struct, frozen=True, kw_only=True):
    """All kinds of records that a station keeps."""

    items: list[KeptKind]


class NewDays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days to keep a kind: null is for ever; `is_default` in place of days is what applies to who chose nothing."""

    days: Annotated[Annotated[int, Meta(ge=1, le=100_000)] | None, "Days to keep them; null: for ever."] = None
    is_default: Annotated[bool, "What applies to who chose nothing, in place of `days`."] = False
