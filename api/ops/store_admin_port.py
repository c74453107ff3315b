"""What may be done to the store that a running station holds open, for the commands of the person who runs it."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field


class StoreWork(BaseModel):
    """One piece of work on a store; paths are absolute and on the station's machine, days None are for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["info", "keep", "compact", "backup", "export"]
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


class StoreJob(BaseModel):
    """How far a piece of work is; once it is done, what it has to say, else why it failed."""

    id: int
    state: Literal["running", "done", "failed"] = "running"
    words: str = ""
    fraction: float = 0.0
    sentences: list[str] = []
    error: str | None = None


class StoreAdmin(Protocol):
    """Takes work on a store. Every call may be made from any thread."""

    def admits(self, token: str) -> bool:
        """Tell whether somebody with this token may work on the store."""
        ...

    def start(self, work: StoreWork) -> StoreJob:
        """Begin a piece of work; raises RetryLater while another is under way."""
        ...

    def job(self, number: int) -> StoreJob | None:
        """Return how far a piece of work is, or None for one that is not known any more."""
        ...
