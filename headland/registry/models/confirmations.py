"""Words of people: that a doubted value is right, and that something was done."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from headland.registry.models.models import Note, Text, VersionedRecord


class DoubtTarget(StrEnum):
    """Kind of a record about which there can be a doubt."""

    SITE = "site"
    GREENHOUSE = "greenhouse"
    SEASON = "season"
    DEVICE = "device"
    CHANNEL = "channel"


class SubjectKind(StrEnum):
    """Kind of a row of the first page."""

    GREENHOUSE = "greenhouse"
    FIELD = "field"


class Confirmation(VersionedRecord, frozen=True, kw_only=True):
    """A person's word that a doubted value is right. It holds while the value is the same: another one is asked again.

    `author` said it; the audit log has whose access it was.
    """

    target: Annotated[DoubtTarget, "Kind of the record that the doubt is about."]
    target_id: Annotated[str, Meta(min_length=1, max_length=200), "Id of the record; of a channel device/channel."]
    cause: Annotated[str, Meta(min_length=1, max_length=100), "The doubt, such as zone_elsewhere."]
    value: Annotated[str, Meta(max_length=500), "The doubted value, as the doubt has it."]
    author: Text
    note: Note = ""


class DoneAction(VersionedRecord, frozen=True, kw_only=True):
    """A person's word that an action of the first page was done at `time_ms`: never that an actuator applied it.

    The texts are those that the person saw. `author` said it, as the audit log names them.
    """

    time_ms: Annotated[int, Meta(ge=0, le=253_402_300_799_999), "When it was said."]
    subject_kind: Annotated[SubjectKind, "greenhouse or field."]
    subject: Annotated[str, Meta(min_length=1, max_length=200), "Id of the greenhouse or field."]
    action: Annotated[str, Meta(min_length=1, max_length=200), "Name of the action."]
    text: Annotated[str, Meta(max_length=500), "Order in English."]
    text_zh: Annotated[str, Meta(max_length=500), "Order in Chinese."]
    author: Text
