"""Forecast hours for tests: each value said, with an interval or without."""

from __future__ import annotations

from headland.analysis.weather.hourly_forecast import ForecastAmount, ForecastHour, ForecastValue
from headland.units_of_time import HOUR_MS

Said = float | tuple[float, float, float] | None


def value(said: Said) -> ForecastValue | None:
    """Return a value, or one with the bounds of its interval."""
    if said is None:
        return None
    middle, low, high = said if isinstance(said, tuple) else (said, None, None)
    return ForecastValue(value=middle, low=low, high=high, basis="provider")


def amount(said: float | None, start_ms: int, hours: int = 1, high: float | None = None) -> ForecastAmount | None:
    """Return an amount of a step."""
    if said is None:
        return None
    low = None if high is None else 0.0
    return ForecastAmount(
        value=said, low=low, high=high, basis="provider", start_ms=start_ms, end_ms=start_ms + hours * HOUR_MS
    )


def hour(
    start_ms: int, *, degc: Said = 22.0, pct: Said = 60.0, wind: Said = 3.3, gust: Said = 5.0, cloud: Said = 50.0,
    rain: ForecastAmount | float | None = 0.0, chance: ForecastAmount | float | None = None,
) -> ForecastHour:  # fmt: skip
    """Return an hour; wind at 10 m."""
    return ForecastHour(
        start_ms=start_ms,
        lead_h=1.0,
        temperature_degc=value(degc),
        humidity_pct=value(pct),
        wind_speed_m_s=value(wind),
        wind_gust_m_s=value(gust),
        cloud_cover_pct=value(cloud),
        global_radiation_w_m2=None,
        rain_mm=amount(rain, start_ms) if isinstance(rain, float) else rain,
        rain_chance_pct=amount(chance, start_ms) if isinstance(chance, float) else chance,
    )
