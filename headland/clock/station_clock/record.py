"""Record of the station's clock: what it showed last, what time it should show, and why it is in doubt."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from headland.units_of_time import MINUTE_MS

#: Two clocks that differ by no more agree; a sample may be as far ahead of the station.
AGREE_MS: Final = 5 * MINUTE_MS
#: A time that no instant reaches.
NEVER_MS: Final = 2**62


class DoubtCause(StrEnum):
    """Why the station's clock is in doubt."""

    JUMPED = "jumped"  # it moved against the time since the boot
    BEHIND = "behind"  # it is before what it showed, or what was stored, when it was last believed
    AHEAD = "ahead"  # it is more than a day after both, and nothing proves it
    GATEWAYS = "gateways"  # gateways with clocks of their own agree with each other, and not with it


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """A doubt about the clock since `since_ms`, by the time that was believed then; `began_s` counts from the boot.

    `by_ms`: so much the clock is ahead of the time that it should show; None where nothing tells that. `witnesses` is
    the number of gateways that contradict it.
    """

    cause: DoubtCause
    since_ms: int
    began_s: float
    by_ms: int | None = None
    witnesses: int = 0

    @property
    def is_by_one(self) -> bool:
        """Whether one gateway's word alone is the cause."""
        return self.cause is DoubtCause.GATEWAYS and self.witnesses < 2

    @property
    def is_certain(self) -> bool:
        """Whether the clock is known to be wrong, or to have been: not unconfirmed, nor by one gateway's word alone."""
        return self.cause is not DoubtCause.AHEAD and not self.is_by_one


class GatewayClock(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway's clock: the time by it when this machine began, as this machine's own seconds count.

    `known_s`: since when it has been the same. `is_live`: it was seen to run, so that what it says is no earlier
    message; without that it is a lower bound. `vehicle`: whose satellites told it; empty for the gateway's own clock.
    """

    origin_ms: int
    known_s: float
    seen_s: float
    is_live: bool = False
    vehicle: str = ""


class ClockRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of the clock at the last look; it outlives the process.

    `boot_id` and `boot_s` name the boot and the seconds since it, `wall_ms` what the clock showed, and `best_ms` the
    time that it should have shown. `origin_ms` is the believed time when this machine began: with the seconds since
    then it tells the time, whatever the clock shows; None where it is not known. `anchored_s`: when it was set.
    `believed_ms`: what the clock showed when it was believed for the first time, in this boot and since the last doubt.
    `moved_s` is when it jumped last. `is_proven`: something outside has confirmed it in this boot.
    `refuted` are the origins by gateways of which a person said that they are wrong.
    """

    boot_id: str
    boot_s: float
    wall_ms: int
    best_ms: int
    origin_ms: int | None
    anchored_s: float
    believed_ms: int
    moved_s: float = 0.0
    is_proven: bool = False
    is_synchronised: bool | None = None
    gateways: dict[str, GatewayClock] = {}
    refuted: dict[str, int] = {}
    doubt: Doubt | None = None

    @property
    def in_doubt(self) -> bool:
        """Whether the clock cannot be believed now."""
        return self.doubt is not None


class TimeLimits(msgspec.Struct, frozen=True):
    """How instants of samples and events are judged now.

    `now_ms` is the believed time. A sample after `flag_after_ms` is flagged as failed, an event after it is refused;
    one after `latest_until_ms` is never the latest. While the clock is in doubt it judges nothing: `shown_until_ms` is
    what it would accept.
    """

    now_ms: int
    flag_after_ms: int
    latest_until_ms: int
    shown_until_ms: int

    @property
    def in_doubt(self) -> bool:
        """Whether the clock is not believed."""
        return self.flag_after_ms == NEVER_MS


def trusted_limits(now_ms: int) -> TimeLimits:
    """Return the limits by a clock that is believed."""
    return TimeLimits(now_ms, now_ms + AGREE_MS, now_ms + AGREE_MS, now_ms + AGREE_MS)
