"""Which rollups there are and which of them answer a question: pure arithmetic on instants.

A rollup row holds, for one series, one span of a tier and one quality flag, what any wider bucket can be made of
exactly: count, sum, lowest, highest, and the newest value with its time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from headland.store.port import Points, Rejection, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Earlier than any window: the instant from which everything is kept.
ALWAYS_MS: Final = -(2**63)


@dataclass(frozen=True, slots=True)
class Tier:
    """Rollups of one length; `table` is where the DuckDB engine keeps them."""

    table: str
    step_ms: int


DAYS: Final = Tier("rollup_days", DAY_MS)
HOURS: Final = Tier("rollup_hours", HOUR_MS)
MINUTES: Final = Tier("rollup_minutes", MINUTE_MS)
#: From coarse to fine; each step is a multiple of the next.
TIERS: Final = (DAYS, HOURS, MINUTES)


@dataclass(frozen=True, slots=True)
class StoredSince:
    """Instants from which each kind of row is stored; all are starts of days. Day rollups are stored for ever."""

    raw_ms: int = ALWAYS_MS
    minutes_ms: int = ALWAYS_MS
    hours_ms: int = ALWAYS_MS

    def since_ms(self, tier: Tier | None) -> int:
        """Return from when on a tier, or the samples themselves (None), can be read."""
        return {None: self.raw_ms, MINUTES: self.minutes_ms, HOURS: self.hours_ms}.get(tier, ALWAYS_MS)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days samples and rollups are kept; None is for ever. Rollups of a day always are."""

    raw_days: int | None = None
    minute_days: int | None = None
    hour_days: int | None = None

    def __post_init__(self) -> None:
        spans = [2**31 if days is None else days for days in (self.raw_days, self.minute_days, self.hour_days)]
        if spans[0] < 1 or sorted(spans) != spans:
            raise ValueError("samples are kept for a day at least, and no longer than minutes, and those than hours")

    def cuts(self, now_ms: int) -> StoredSince:
        """Return what is due to be kept at `now_ms`."""

        def cut(days: int | None) -> int:
            return ALWAYS_MS if days is None else floor_ms(now_ms, DAY_MS) - days * DAY_MS

        return StoredSince(cut(self.raw_days), cut(self.minute_days), cut(self.hour_days))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a window to be read from one tier, or from the samples (None)."""

    tier: Tier | None
    start_ms: int
    end_ms: int


def floor_ms(time_ms: int, step_ms: int) -> int:
    """Return the last multiple of `step_ms` that is not after `time_ms`."""
    return time_ms // step_ms * step_ms


def align_buckets(start_ms: int, end_ms: int, most: int, *, only_rollups: bool = False) -> tuple[int, int]:
    """Return a start and a step for at most `most` buckets of a window that rollups can answer.

    The start is moved back, and the step rounded up, by at most a sixth of a step; by at most a minute with
    `only_rollups`. Where steps are too short for that, the window is divided as it is.
    """
    step_ms = max(1, -(-(end_ms - start_ms) // most))
    tier = next((tier for tier in TIERS if step_ms >= 6 * tier.step_ms), MINUTES if only_rollups else None)
    if tier is None:
        return start_ms, step_ms
    start_ms = floor_ms(start_ms, tier.step_ms)
    least_ms = -(-(end_ms - start_ms) // most)
    return start_ms, -(-least_ms // tier.step_ms) * tier.step_ms


def plan_buckets(start_ms: int, end_ms: int, step_ms: int, kept: StoredSince) -> list[Piece]:
    """Return what to read, in time order, for buckets of `step_ms` from `start_ms` to `end_ms`.

    The coarsest tier is taken on whose bounds all bucket bounds fall; the end of a last bucket that is cut short is
    made of finer ones. Buckets for which something of that is no longer kept are left out.
    """
    fit = next((tier for tier in TIERS if step_ms % tier.step_ms == 0 and start_ms % tier.step_ms == 0), None)
    missing_ms = max(0, kept.since_ms(fit) - start_ms)
    start_ms += -(-missing_ms // step_ms) * step_ms
    pieces = _cover(fit, start_ms, end_ms)
    if any(piece.start_ms < kept.since_ms(piece.tier) for piece in pieces):
        pieces = _cover(fit, start_ms, start_ms + (end_ms - start_ms) // step_ms * step_ms)
    return pieces


def _cover(fit: Tier | None, start_ms: int, end_ms: int) -> list[Piece]:
    pieces, at_ms = [], start_ms
    for tier in TIERS[TIERS.index(fit) :] if fit else ():
        until_ms = floor_ms(end_ms, tier.step_ms)
        if until_ms > at_ms:
            pieces.append(Piece(tier, at_ms, until_ms))
            at_ms = until_ms
    if end_ms > at_ms:
        pieces.append(Piece(None, at_ms, end_ms))
    return pieces


def leave_out_expired(batch: WriteBatch, kept_ms: int) -> tuple[WriteBatch, tuple[Rejection, ...]]:
    """Return a batch without its samples before `kept_ms`, a start of a day, and those as rejections."""
    points = batch.points
    if not len(points) or int(points.time_ms.min()) >= kept_ms:
        return batch, ()
    keep = points.time_ms >= kept_ms
    day = datetime.fromtimestamp(kept_ms / 1000, UTC).strftime("%Y-%m-%d")
    why = f"samples before {day} have been let go, and only their rollups are kept"
    left_out = tuple(
        Rejection(points.series[points.index[at]], int(points.time_ms[at]), float(points.value[at]), int(flag), why)
        for at, flag in zip(np.flatnonzero(~keep).tolist(), points.quality[~keep].tolist(), strict=True)
    )
    kept = Points(points.series, points.index[keep], points.time_ms[keep], points.value[keep], points.quality[keep])
    return replace(batch, points=kept), left_out
