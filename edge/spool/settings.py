"""Settings of the spool: its bounds and what is thinned or dropped at them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.spool.retention import Retention
from edge.toml.settings import Settings


class SpoolSettings(Settings, frozen=True, kw_only=True):
    """How much the spool may hold, for how long, and what goes when that is reached (`edge.spool.retention.Retention`).

    `thin`: of the oldest telemetry each device keeps every `thin_every`-th row, and only where that is not enough is it
    dropped; older than `max_age_s` it is thinned, and dropped at twice that age. `drop`: it is dropped at once. All
    of it is counted and reported. Events always stay.
    """

    max_bytes: Annotated[int, Meta(ge=1_000_000, le=1_000_000_000_000)] = 10_000_000_000
    max_age_s: Annotated[float, Meta(ge=60, le=315_360_000)] = 2_592_000.0
    policy: Literal["thin", "drop"] = "thin"
    thin_every: Annotated[int, Meta(ge=2, le=50)] = 10

    @property
    def retention(self) -> Retention:
        """What the spool is told of it."""
        return Retention(self.max_age_s, self.policy, self.thin_every)
