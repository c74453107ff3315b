"""Settings of the spool: its owner, its bounds, and the policy for data beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from edge.toml.settings import Settings
from headland.contract.records import Clock


@dataclass(frozen=True, slots=True)
class SpoolOwner:
    """The gateway that fills a spool; its identity goes into the messages and into the spool's own events.

    `clock` is the quality of the gateway's clock.
    """

    gateway: str
    site: str
    clock: Clock = Clock.RTC


@dataclass(frozen=True, slots=True)
class SpoolRetention:
    """Age limit and overflow policy of a spool.

    `thin`: when the bytes are used up or telemetry is older than `max_age_s`, every `thin_every`-th row of each device
    is kept from the oldest telemetry; telemetry is dropped only when that is not enough, or at twice that age.
    `drop`: telemetry is dropped at once. Age counts while the gateway runs. Events are never thinned or dropped.
    """

    max_age_s: float = 30 * 86_400.0
    policy: Literal["thin", "drop"] = "thin"
    thin_every: int = 10


class SpoolSettings(Settings, frozen=True, kw_only=True):
    """The `[spool]` table: how much the spool holds, for how long, and what is removed beyond that.

    `thin`: every `thin_every`-th row of each device is kept from the oldest telemetry, which is dropped only where that
    is not enough; telemetry older than `max_age_s` is thinned, and dropped at twice that age. `drop`: it is dropped at
    once. Everything removed is counted and reported. Events always remain.
    """

    max_bytes: Annotated[int, Meta(ge=1_000_000, le=1_000_000_000_000)] = 10_000_000_000
    max_age_s: Annotated[float, Meta(ge=60, le=315_360_000)] = 2_592_000.0
    policy: Literal["thin", "drop"] = "thin"
    thin_every: Annotated[int, Meta(ge=2, le=50)] = 10

    @property
    def retention(self) -> SpoolRetention:
        """The age limit and overflow policy."""
        return SpoolRetention(self.max_age_s, self.policy, self.thin_every)
