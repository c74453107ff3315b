"""Thread that measures the room on the farm's disk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from headland.files.disk_space import (
    DiskForecast,
    DiskReading,
    add_reading,
    forecast,
    load_readings,
    measure,
    save_readings,
    sentence_of,
)
from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker
from headland.units_of_time import DAY_MS

_LOGGER = logging.getLogger(__name__)

_EVERY_S: Final = 900.0


class DiskWatch(SupervisedWorker):
    """Measures every quarter of an hour; while the clock is in doubt nothing is kept, as its time would be wrong."""

    def __init__(
        self, folder: Path, now_ms: Callable[[], int], in_doubt: Callable[[], bool], every_s: float = _EVERY_S
    ) -> None:
        self._folder, self._now_ms, self._in_doubt = folder, now_ms, in_doubt
        self._readings = load_readings(folder)
        self._forecast: DiskForecast | None = None
        self._was_nearly_full = False
        self._thread = SupervisedThread("disk-watch", self.look, every_s=every_s, overdue_after_s=4 * every_s)

    def look(self) -> None:
        """Measure, keep the reading and forecast; raises OSError."""
        reading = measure(self._folder, self._now_ms())
        if self._in_doubt():
            self._forecast = forecast([reading])
            return
        self._readings = add_reading(self._readings, reading)
        self._forecast = forecast(self._readings)
        self._note_change()
        save_readings(self._folder, self._readings)

    def values(self) -> dict[str, float]:
        """Return the values for alarm rules; those that are not known are left out."""
        found = self._forecast
        if found is None:
            return {}
        values = {"disk_free_share": found.free_share}
        return values if found.days_left is None else {**values, "disk_days_left": found.days_left}

    def counters(self) -> Mapping[str, float]:
        """Return the room in bytes, and for how many seconds it lasts where that is known."""
        found = self._forecast
        if found is None:
            return {}
        known = {
            "disk_free_bytes": float(found.free_bytes),
            "disk_total_bytes": float(found.total_bytes),
            "disk_farm_bytes": float(found.farm_bytes),
        }
        if found.growth_bytes_day is not None:
            known["disk_growth_a_day_bytes"] = found.growth_bytes_day
        if found.days_left is not None:
            known["disk_left_ms"] = found.days_left * DAY_MS
        return known

    def _note_change(self) -> None:
        found = self._forecast
        is_nearly_full = found is not None and found.is_nearly_full
        if found is not None and is_nearly_full and not self._was_nearly_full:
            _LOGGER.warning("the disk is nearly full: %s", sentence_of(found))
        self._was_nearly_full = is_nearly_full

    @property
    def readings(self) -> tuple[DiskReading, ...]:
        """The readings that are kept, oldest first."""
        return self._readings
