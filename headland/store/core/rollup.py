"""Rollup tiers, retention, and the choice of tiers for a request: pure arithmetic on instants.

A rollup row holds, for one series, one span of a tier and one quality flag, everything from which a wider bucket can be
made exactly: count, sum, lowest, highest, and the newest value with its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from headland.store.core.batch_rows import note_refused
from headland.store.port import Mark, Rejection, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Earlier than any window: the cut of rows that are never deleted.
ALWAYS_MS: Final = -(2**63)


@dataclass(frozen=True, slots=True)
class Tier:
    """Rollups of one length; `table` is their table in the DuckDB engine."""

    table: str
    step_ms: int


DAYS: Final = Tier("rollup_days", DAY_MS)
HOURS: Final = Tier("rollup_hours", HOUR_MS)
FIVE_MINUTES: Final = Tier("rollup_five_minutes", 5 * MINUTE_MS)
MINUTES: Final = Tier("rollup_minutes", MINUTE_MS)
#: From coarse to fine; each step is a multiple of the next.
TIERS: Final = (DAYS, HOURS, FIVE_MINUTES, MINUTES)
#: Those whose rows are stored only where they replace many samples.
DENSE_TIERS: Final = (FIVE_MINUTES, MINUTES)


@dataclass(frozen=True, slots=True)
class RetentionCuts:
    """Instants before which each kind of row is deleted; all are starts of hours. Rollups of days are never deleted.

    Rollups of five minutes are deleted with those of minutes. New samples before `refused_ms` are refused: at most the
    deleted ones, and fewer where a person has taken that back. Events before `events_ms` are deleted, and not refused.
    """

    raw_ms: int = ALWAYS_MS
    minutes_ms: int = ALWAYS_MS
    hours_ms: int = ALWAYS_MS
    refused_ms: int = ALWAYS_MS
    events_ms: int = ALWAYS_MS

    def since_ms(self, tier: Tier | None) -> int:
        """Return the first instant at which a tier, or the samples (None), can be read."""
        since_ms = {None: self.raw_ms, MINUTES: self.minutes_ms, FIVE_MINUTES: self.minutes_ms, HOURS: self.hours_ms}
        return since_ms.get(tier, ALWAYS_MS)


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which samples, rollups and events are kept; None is for ever. Rollups of days are always kept.

    Events are kept as long as samples, at least: a record may have both.
    """

    raw_days: int | None = None
    minute_days: int | None = None
    hour_days: int | None = None
    event_days: int | None = None

    def __post_init__(self) -> None:
        spans = [2**31 if days is None else days for days in (self.raw_days, self.minute_days, self.hour_days)]
        if spans[0] < 1 or sorted(spans) != spans:
            raise ValueError(
                "keep samples for at least a day, and no longer than minutes, and minutes no longer than hours"
            )
        if self.event_days is not None and self.event_days < spans[0]:
            raise ValueError("keep events for as long as samples, or longer")

    def cuts(self, now_ms: int) -> RetentionCuts:
        """Return the cuts that are due at `now_ms`."""

        def cut(days: int | None) -> int:
            return ALWAYS_MS if days is None else max(ALWAYS_MS, floor_ms(now_ms, DAY_MS) - days * DAY_MS)

        days = (self.raw_days, self.minute_days, self.hour_days, self.raw_days, self.event_days)
        return RetentionCuts(*map(cut, days))


@dataclass(frozen=True, slots=True)
class WindowPiece:
    """A part of a window that is read from one tier, or from the samples (None)."""

    tier: Tier | None
    start_ms: int
    end_ms: int


def floor_ms(time_ms: int, step_ms: int) -> int:
    """Return the last multiple of `step_ms` that is not after `time_ms`."""
    return time_ms // step_ms * step_ms


def align_buckets(start_ms: int, end_ms: int, most: int, *, only_rollups: bool = False) -> tuple[int, int]:
    """Return a start and a step for at most `most` buckets of a window that rollups can answer.

    The start moves back, and the step is rounded up, by at most a sixth of a step; by at most a minute with
    `only_rollups`. Where steps are too short for that, the window is divided without rounding.
    """
    step_ms = max(1, -(-(end_ms - start_ms) // most))
    tier = next((tier for tier in TIERS if step_ms >= 6 * tier.step_ms), MINUTES if only_rollups else None)
    if tier is None:
        return start_ms, step_ms
    start_ms = floor_ms(start_ms, tier.step_ms)
    least_ms = -(-(end_ms - start_ms) // most)
    return start_ms, -(-least_ms // tier.step_ms) * tier.step_ms


def plan_buckets(start_ms: int, end_ms: int, step_ms: int, cuts: RetentionCuts) -> list[WindowPiece]:
    """Return the parts to read, in time order, for buckets of `step_ms` from `start_ms` to `end_ms`.

    The coarsest tier whose bounds include all bucket bounds is used; the end of a shortened last bucket is made of
    finer ones, its last five minutes of samples where these are left. Buckets of deleted rows are left out.
    """
    fit = next((tier for tier in TIERS if step_ms % tier.step_ms == 0 and start_ms % tier.step_ms == 0), None)
    missing_ms = max(0, cuts.since_ms(fit) - start_ms)
    start_ms += -(-missing_ms // step_ms) * step_ms
    pieces = _cover(fit, start_ms, end_ms, cuts.raw_ms)
    if any(piece.start_ms < cuts.since_ms(piece.tier) for piece in pieces):
        pieces = _cover(fit, start_ms, start_ms + (end_ms - start_ms) // step_ms * step_ms, cuts.raw_ms)
    return pieces


def _cover(fit: Tier | None, start_ms: int, end_ms: int, raw_ms: int) -> list[WindowPiece]:
    pieces, at_ms = [], start_ms
    for tier in TIERS[TIERS.index(fit) :] if fit else ():
        if tier == MINUTES != fit and at_ms >= raw_ms:
            break
        until_ms = floor_ms(end_ms, tier.step_ms)
        if until_ms > at_ms:
            pieces.append(WindowPiece(tier, at_ms, until_ms))
            at_ms = until_ms
    if end_ms > at_ms:
        pieces.append(WindowPiece(None, at_ms, end_ms))
    return pieces


def reject_expired(batch: WriteBatch, cut_ms: int) -> tuple[WriteBatch, tuple[Rejection, ...], tuple[Mark, ...]]:
    """Return a batch without its samples before `cut_ms`, these as rejections, and the records that have no others.

    The stored samples before `cut_ms`, the start of a day, are deleted: a new one cannot be distinguished from a
    duplicate.
    """
    points = batch.points
    if not len(points) or int(points.time_ms.min()) >= cut_ms:
        return batch, (), ()
    keep = points.time_ms >= cut_ms
    day = datetime.fromtimestamp(cut_ms / 1000, UTC).strftime("%Y-%m-%d")
    reason = f"samples before {day} were deleted, and only their rollups are kept"
    rejections = tuple(
        Rejection(points.series[points.index[at]], int(points.time_ms[at]), float(points.value[at]), int(flag), reason)
        for at, flag in zip(np.flatnonzero(~keep).tolist(), points.quality[~keep].tolist(), strict=True)
    )
    batch, refused = note_refused(batch, points.choose(keep))
    return batch, rejections, refused
