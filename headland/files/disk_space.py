"""Room on the farm's disk: readings, how fast the farm grows, and how many days are left.

A reading is made each quarter of an hour; one each six hours is kept for thirty days in `space.json` beside the store.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from headland.units_of_time import DAY_MS, HOUR_MS

#: Time between two readings that are kept, and how long.
_KEPT_EVERY_MS: Final = 6 * HOUR_MS
_KEPT_FOR_MS: Final = 30 * DAY_MS
_MOST_READINGS: Final = 200
#: The growth is that of the last days, and known after the first ones.
_GROWTH_OF_MS: Final = 14 * DAY_MS
_LEAST_SPAN_MS: Final = 2 * DAY_MS
#: Below these the disk is nearly full.
LEAST_DAYS: Final = 14.0
LEAST_SHARE: Final = 0.1


class DiskReading(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of the farm's folder, and the free and all bytes of its disk, at one instant."""

    at_ms: int
    farm_bytes: int
    free_bytes: int
    total_bytes: int


class DiskForecast(msgspec.Struct, frozen=True, kw_only=True):
    """How much room is left, in bytes, and for how many days.

    `growth_bytes_day` is how much a day the farm's folder has grown, and `days_left` for how long that goes on; both
    are None before two days are known, and `days_left` where it does not grow. `days_known`: of how many days it is
    known.
    """

    free_bytes: int
    total_bytes: int
    farm_bytes: int
    days_known: float
    growth_bytes_day: float | None
    days_left: float | None

    @property
    def free_share(self) -> float:
        """The free share of the disk, from 0 to 1."""
        return self.free_bytes / self.total_bytes if self.total_bytes else 0.0

    @property
    def is_nearly_full(self) -> bool:
        """Whether somebody should make room now."""
        return self.free_share < LEAST_SHARE or (self.days_left is not None and self.days_left < LEAST_DAYS)


def add_reading(readings: Sequence[DiskReading], reading: DiskReading) -> tuple[DiskReading, ...]:
    """Return the readings with a new one, oldest first: the newest always, one each six hours of those before.

    Readings that a wrong clock made, after the new one, are left out.
    """
    first_ms = reading.at_ms - _KEPT_FOR_MS
    before = [known for known in readings if first_ms <= known.at_ms < reading.at_ms]
    # The newest one before is only kept where it is far enough from the one before it.
    if len(before) >= 2 and before[-1].at_ms - before[-2].at_ms < _KEPT_EVERY_MS:
        before.pop()
    return (*before[-_MOST_READINGS:], reading)


def forecast(readings: Sequence[DiskReading]) -> DiskForecast | None:
    """Return the forecast of readings, oldest first; None without one.

    The growth is the median of the slopes between each two readings (Theil 1950; Sen 1968, J. Am. Stat. Assoc. 63,
    1379): one import, or the nightly compaction, is no growth.
    """
    if not readings:
        return None
    newest = readings[-1]
    recent = [reading for reading in readings if newest.at_ms - reading.at_ms <= _GROWTH_OF_MS]
    span_ms = newest.at_ms - recent[0].at_ms
    growth = _growth_bytes_day(recent) if span_ms >= _LEAST_SPAN_MS else None
    return DiskForecast(
        free_bytes=newest.free_bytes,
        total_bytes=newest.total_bytes,
        farm_bytes=newest.farm_bytes,
        days_known=span_ms / DAY_MS,
        growth_bytes_day=growth,
        days_left=newest.free_bytes / growth if growth is not None and growth > 0 else None,
    )


def _growth_bytes_day(readings: Sequence[DiskReading]) -> float:
    slopes = [
        (later.farm_bytes - earlier.farm_bytes) / (later.at_ms - earlier.at_ms)
        for earlier, later in combinations(readings, 2)
        if later.at_ms > earlier.at_ms
    ]
    return median(slopes) * DAY_MS


def sentence_of(found: DiskForecast) -> str:
    """Return the room that is left, as a sentence without an end."""
    free = (
        f"{found.free_bytes / 1e9:,.1f} GB free ({found.free_share:.0%}), the farm has {found.farm_bytes / 1e9:,.2f} GB"
    )
    if found.growth_bytes_day is None:
        return f"{free}; how long it lasts is told after two days (known: {found.days_known:.1f})"
    if found.days_left is None:
        return f"{free} and does not grow"
    return f"{free} and grows by {found.growth_bytes_day / 1e6:,.1f} MB a day: room for {found.days_left:,.0f} days"


def space_path(folder: Path) -> Path:
    """Return the file with the readings of a farm's folder."""
    return folder / "store" / "space.json"


def measure(folder: Path, at_ms: int) -> DiskReading:
    """Return a reading of a farm's folder now; raises OSError."""
    disk = os.statvfs(space_path(folder).parent)
    return DiskReading(
        at_ms=at_ms,
        farm_bytes=_bytes_below(folder),
        free_bytes=disk.f_bavail * disk.f_frsize,
        total_bytes=disk.f_blocks * disk.f_frsize,
    )


def load_readings(folder: Path) -> tuple[DiskReading, ...]:
    """Return the readings that were kept; none where there is no file, or it cannot be read."""
    try:
        return msgspec.json.decode(space_path(folder).read_bytes(), type=tuple[DiskReading, ...])
    except (OSError, msgspec.MsgspecError):
        return ()


def save_readings(folder: Path, readings: Sequence[DiskReading]) -> None:
    """Save the readings; raises OSError. A file that a power cut spoils is begun anew."""
    target = space_path(folder)
    part = target.with_name(f"{target.name}.writing")
    part.write_bytes(msgspec.json.encode(readings))
    part.replace(target)


def _bytes_below(folder: Path) -> int:
    """Return the bytes that files below a folder take on the disk; what vanishes meanwhile counts nothing."""
    total = 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
    return total
