"""Port from the API to the administration of a store that this process holds open."""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from headland.files.damage_notes import FileDamage


class StoreWork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    raw_days: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    minute_days: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    hour_days: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    event_days: Annotated[int, Meta(ge=1, le=100_000)] | None = None


class StoreJob(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of a maintenance task, with its result or its error."""

    id: int
    state: Literal["running", "done", "failed"] = "running"
    words: str = ""
    fraction: float = 0.0
    sentences: list[str] = []
    error: str | None = None


class RetentionDays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days for which samples, rollups and events are kept; null is for ever."""

    raw_days: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    minute_days: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    hour_days: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    event_days: Annotated[int, Meta(ge=1, le=100_000)] | None = None


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


class DamageList(msgspec.Struct, frozen=True, kw_only=True):
    """Damage of the store's files, oldest first."""

    items: list[FileDamage]


class StoreAdmin(Protocol):
    """Runs maintenance tasks on a store. Every call may come from any thread."""

    def admits(self, token: str) -> bool:
        """Tell whether a token permits maintenance."""
        ...

    def damage(self) -> list[FileDamage]:
        """Return the damage of the store's files, oldest first."""
        ...

    def acknowledge(self, by: str) -> list[FileDamage]:
        """Acknowledge all damage; return what was not acknowledged before."""
        ...

    def preview(self, days: RetentionDays | None) -> RetentionPreview:
        """Return what a retention would delete, or the one in force deletes; raises SettingsError."""
        ...

    def keep(self, days: RetentionDays) -> RetentionPreview:
        """Set the retention, and accept what a shorter one refused; return what it deletes. Raises SettingsError."""
        ...

    def start(self, work: StoreWork) -> StoreJob:
        """Start a task; raises RetryLater while another one runs."""
        ...

    def job(self, number: int) -> StoreJob | None:
        """Return the progress of a task; None for an unknown one."""
        ...
