"""Maintenance of a store that one process holds open: tasks, their progress, and the days of its retention."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

_Days = Annotated[int, Meta(ge=1, le=100_000)]


class RetentionDays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days for which samples, rollups and events are kept; null is for ever."""

    raw_days: Annotated[_Days | None, "Days of samples; null: for ever."] = None
    minute_days: Annotated[_Days | None, "Days of the rollup by minute; null: for ever."] = None
    hour_days: Annotated[_Days | None, "Days of the rollup by hour; null: for ever."] = None
    event_days: Annotated[_Days | None, "Days of events; null: for ever."] = None


class StoreWork(RetentionDays, frozen=True, kw_only=True):
    """A maintenance task; paths are absolute and on the station's machine, days of None mean for ever.

    `preview` of `keep` and `compact` tells what they would delete, and changes nothing.
    """

    kind: Literal["info", "keep", "compact", "backup", "export", "repair", "acknowledge", "clock", "accept_clock"]
    preview: bool = False
    path: str | None = None
    layout: Literal["long", "wide"] = "long"
    organisation: str | None = None
    device: str | None = None
    channels: list[str] | None = None
    start_ms: int = -(2**62)
    end_ms: int = 2**62


class StoreJob(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of a maintenance task, with its result or its error."""

    id: int
    state: Literal["running", "done", "failed"] = "running"
    words: str = ""
    fraction: float = 0.0
    sentences: list[str] = []
    error: str | None = None


class RetentionPreview(RetentionDays, frozen=True, kw_only=True):
    """A retention, what it deletes of what is stored now, and what retention has deleted so far."""

    samples: Annotated[int, "Samples that are due to be deleted."]
    before_ms: Annotated[int | None, "They are before this instant; null for none."] = None
    events: Annotated[int, "Events that are due to be deleted."] = 0
    events_before_ms: Annotated[int | None, "They are before this instant; null for none."] = None
    deleted_samples: Annotated[int, "Samples that retention has deleted so far."] = 0
    deleted_events: Annotated[int, "Events that retention has deleted so far."] = 0
    deleted_before_ms: Annotated[int | None, "The deleted samples were before this instant."] = None
    deleted_events_before_ms: Annotated[int | None, "The deleted events were before it."] = None
    night_days: Annotated[int, "Days that each night deletes at most."]
    held_back: Annotated[str, "Why nothing is deleted now."] = ""
