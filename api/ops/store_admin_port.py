"""Port from the API to the administration of a store that this process holds open."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from headland.files.damage_notes import FileDamage


class StoreWork(BaseModel):
    """A maintenance task; paths are absolute and on the station's machine, days of None mean for ever.

    `preview` of `keep` and `compact` tells what they would delete, and changes nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["info", "keep", "compact", "backup", "export", "repair", "acknowledge", "clock", "accept_clock"]
    preview: bool = False
    path: str | None = None
    layout: Literal["long", "wide"] = "long"
    organisation: str | None = None
    device: str | None = None
    channels: list[str] | None = None
    start_ms: int = -(2**62)
    end_ms: int = 2**62
    raw_days: int | None = Field(default=None, ge=1, le=100_000)
    minute_days: int | None = Field(default=None, ge=1, le=100_000)
    hour_days: int | None = Field(default=None, ge=1, le=100_000)
    event_days: int | None = Field(default=None, ge=1, le=100_000)


class StoreJob(BaseModel):
    """Progress of a maintenance task, with its result or its error."""

    id: int
    state: Literal["running", "done", "failed"] = "running"
    words: str = ""
    fraction: float = 0.0
    sentences: list[str] = []
    error: str | None = None


class DamageItem(BaseModel):
    """Damage of the store's files, what was lost, and who has acknowledged it when."""

    kind: Literal["log", "file", "deleted", "replaced", "note"]
    found_ms: int
    sentence: str
    kept: list[str] = Field(default=[], description="Files beside the store with the damaged bytes.")
    lost_samples: int | None = Field(default=None, description="Lost samples; null where they are not known.")
    lost_events: int = Field(default=0, description="Lost events, where the lost samples are known.")
    suspect_samples: int = Field(default=0, description="Samples that may be wrong and are flagged as suspect.")
    is_verified: bool = Field(default=True, description="False where more may be lost than is known.")
    start_ms: int | None = Field(default=None, description="Start of the times of lost samples, where known.")
    end_ms: int | None = Field(default=None, description="End of the times of lost samples, where known.")
    acknowledged_ms: int | None = None
    acknowledged_by: str = ""


class RetentionDays(BaseModel):
    """Days for which samples, rollups and events are kept; null is for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    raw_days: int | None = Field(default=None, ge=1, le=100_000)
    minute_days: int | None = Field(default=None, ge=1, le=100_000)
    hour_days: int | None = Field(default=None, ge=1, le=100_000)
    event_days: int | None = Field(default=None, ge=1, le=100_000)


class RetentionPreview(RetentionDays):
    """A retention, what it deletes of what is stored now, and what retention has deleted so far."""

    samples: int = Field(description="Samples that are due to be deleted.")
    before_ms: int | None = Field(default=None, description="They are before this instant; null for none.")
    events: int = Field(default=0, description="Events that are due to be deleted.")
    events_before_ms: int | None = Field(default=None, description="They are before this instant; null for none.")
    deleted_samples: int = Field(default=0, description="Samples that retention has deleted so far.")
    deleted_events: int = Field(default=0, description="Events that retention has deleted so far.")
    deleted_before_ms: int | None = Field(default=None, description="The deleted samples were before this instant.")
    deleted_events_before_ms: int | None = Field(default=None, description="The deleted events were before it.")
    night_days: int = Field(description="Days that each night deletes at most.")
    held_back: str = Field(default="", description="Why nothing is deleted now.")


class DamageList(BaseModel):
    """Damage of the store's files, oldest first."""

    items: list[DamageItem]


def damage_item(note: FileDamage) -> DamageItem:
    """Return a note as an item of the list."""
    return DamageItem.model_validate(msgspec.structs.asdict(note) | {"kept": list(note.kept)})


class StoreAdmin(Protocol):
    """Runs maintenance tasks on a store. Every call may come from any thread."""

    def admits(self, token: str) -> bool:
        """Tell whether a token permits maintenance."""
        ...

    def damage(self) -> list[DamageItem]:
        """Return the damage of the store's files, oldest first."""
        ...

    def acknowledge(self, by: str) -> list[DamageItem]:
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
