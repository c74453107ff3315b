"""Course of the weather at a site by hour: measured up to now, forecast from now on, and which hour is which. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headland.agronomy.series.arrays import Mask, Times, Values
from headland.analysis.weather.hourly_forecast import ForecastHour
from headland.units_of_time import HOUR_MS


@dataclass(frozen=True, slots=True)
class WeatherCourse:
    """Hours from `first_ms` on; NaN where nothing is known. An hour is forecast where it was not measured."""

    first_ms: int
    temperature_degc: Values
    humidity_pct: Values
    rain_mm: Values
    is_forecast: Mask

    @property
    def starts_ms(self) -> Times:
        """The begin of each hour."""
        return self.first_ms + HOUR_MS * np.arange(len(self.is_forecast), dtype=np.int64)


def join_course(
    first_ms: int,
    now_ms: int,
    measured: Mapping[str, Mapping[int, float | None]],
    ahead: Sequence[ForecastHour],
) -> WeatherCourse:
    """Return the hours from `first_ms` to the end of a forecast: `measured` has temperature, humidity and rain.

    Rain of a longer step than an hour is spread over none of its hours: each has all of it, since it may fall in each.
    """
    now_hour_ms = now_ms // HOUR_MS * HOUR_MS
    end_ms = ahead[-1].start_ms + HOUR_MS if ahead else now_hour_ms
    count = max(0, (max(end_ms, now_hour_ms) - first_ms) // HOUR_MS)
    columns = {name: np.full(count, np.nan) for name in ("temperature", "humidity", "rain")}
    for name, column in columns.items():
        for start_ms, value in measured.get(name, {}).items():
            at = (start_ms - first_ms) // HOUR_MS
            if 0 <= at < count and start_ms < now_hour_ms and value is not None:
                column[at] = value
    for hour in ahead:
        at = (hour.start_ms - first_ms) // HOUR_MS
        said = {"temperature": hour.temperature_degc, "humidity": hour.humidity_pct, "rain": hour.rain_mm}
        for name, told in said.items():
            if told is not None and 0 <= at < count:
                columns[name][at] = told.value
    is_forecast = np.arange(count) >= (now_hour_ms - first_ms) // HOUR_MS
    return WeatherCourse(
        first_ms, columns["temperature"], np.minimum(columns["humidity"], 100.0), columns["rain"], is_forecast
    )
