"""Simulated sites with a provider: what really came by hour, and what issues say of it, corrected as in a farm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from firmware_sim.greenhouse.scenarios import house_named
from firmware_sim.greenhouse.weather import Weather
from firmware_sim.weather.said import SaidHour, say_forecast
from headland.agronomy.climate.evapotranspiration import wind_at_2m_m_s
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.prescription.weather_window import Hour, calm_times
from headland.agronomy.series.arrays import Values
from headland.agronomy.weather_forecast.station_correction import (
    ORIGIN_H,
    QUANTITIES,
    CorrectedBand,
    CorrectedQuantity,
    Learned,
    SaidAndMeasured,
    learn,
)
from headland.analysis.weather.hourly_forecast import ForecastAmount, ForecastHour, ForecastValue
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Days before those that are judged: what the correction and the record of nights learn from.
TAUGHT_DAYS = 30
#: Hours ahead that are looked at: a day, and those before a product is rainfast.
AHEAD_H = 33
_TO_10_M = 1.0 / float(wind_at_2m_m_s(1.0, 10.0))


class _Remembered:
    """A weather whose instants are asked for again and again."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self._known: dict[int, Outside] = {}

    def at(self, time_ms: int) -> Outside:
        found = self._known.get(time_ms)
        if found is None:
            found = self._known[time_ms] = self._weather.at(time_ms)
        return found


@dataclass
class SimulatedSite:
    """A scenario's site of a seed, for `days` days after those that teach, from `start_ms` on, a midnight of UTC."""

    scenario: str
    seed: int
    start_ms: int
    days: int

    def __post_init__(self) -> None:
        made = house_named(self.scenario)
        self.place = made.place.latitude_deg, made.place.longitude_deg
        self.weather = _Remembered(Weather(made.place, self.seed, made.frost_every_days))
        self.first_ms = self.start_ms - TAUGHT_DAYS * DAY_MS
        self.hours = (TAUGHT_DAYS + self.days) * 24
        self._said: dict[int, list[SaidHour]] = {}

    @cached_property
    def truth(self) -> list[Hour]:
        """What the station measures: hourly means of samples of ten minutes, wind at 2 m."""
        hours = []
        starts = [self.first_ms + at * HOUR_MS for at in range(self.hours + AHEAD_H)]
        for start_ms, is_calm in zip(starts, calm_times(starts, *self.place), strict=True):
            samples = [self.weather.at(start_ms + at * 10 * MINUTE_MS) for at in range(6)]
            hours.append(
                Hour(
                    start_ms=start_ms,
                    temperature_degc=sum(each.temperature_degc for each in samples) / 6,
                    humidity_pct=sum(each.humidity_pct for each in samples) / 6,
                    wind_m_s=sum(each.wind_m_s for each in samples) / 6,
                    rain_share=None,
                    is_calm_time=is_calm,
                    rain_mm=sum(each.rain_mm_h for each in samples) / 6,
                    gust_m_s=1.4 * max(each.wind_m_s for each in samples),
                )
            )
        return hours

    def said(self, origin_h: int) -> list[SaidHour]:
        """Return the instants of the issue of an hour, from that hour on."""
        if origin_h not in self._said:
            issued_ms = self.first_ms + origin_h * HOUR_MS
            told = say_forecast(self.weather, self.seed, issued_ms, issued_ms, AHEAD_H + 1)
            self._said[origin_h] = list(told.hours)
        return self._said[origin_h]

    def said_means(self, origin_h: int, quantity: CorrectedQuantity) -> Values:
        """Return what an issue says of each hour ahead: the mean of the instants at its bounds; wind at 10 m."""
        names = {"temperature_degc": "temperature_degc", "humidity_pct": "humidity_pct", "wind_speed_m_s": "wind_m_s"}
        column: Values = np.array([getattr(hour, names[quantity]) for hour in self.said(origin_h)])
        return np.asarray((column[:-1] + column[1:]) / 2)

    @cached_property
    def learned(self) -> dict[CorrectedQuantity, Learned | None]:
        """The corrections that the station teaches, day by day."""
        measured = {
            "temperature_degc": [hour.temperature_degc for hour in self.truth],
            "humidity_pct": [hour.humidity_pct for hour in self.truth],
            "wind_speed_m_s": [None if hour.wind_m_s is None else hour.wind_m_s * _TO_10_M for hour in self.truth],
        }
        origins = range(0, self.hours, ORIGIN_H)
        return {
            quantity: learn(
                SaidAndMeasured(
                    quantity,
                    np.array([self.said_means(origin, quantity) for origin in origins]),
                    np.array(measured[quantity], np.float64)[: self.hours],
                )
            )
            for quantity in QUANTITIES
        }

    def ahead(self, origin_h: int, *, corrected: bool, first: int = 0) -> list[ForecastHour]:
        """Return the hours from `first` on ahead of an origin, as the provider says them, or corrected: 3 h apart."""
        said = self.said(origin_h)
        row = origin_h // ORIGIN_H
        start_ms = self.first_ms + origin_h * HOUR_MS
        bands: dict[str, CorrectedBand] = {}
        if corrected:
            bands = {name: each.said_then for name, each in self.learned.items() if each is not None}

        def value(name: CorrectedQuantity, at: int, own: float) -> ForecastValue:
            band = bands.get(name)
            if band is None or not np.isfinite(band.low[row, at]):
                return ForecastValue(value=own, low=None, high=None, basis="provider")
            low, middle, high = (float(each[row, at]) for each in (band.low, band.value, band.high))
            return ForecastValue(value=middle, low=low, high=high, basis="corrected")

        means = {name: self.said_means(origin_h, name) for name in QUANTITIES}
        hours = []
        for at in range(first, AHEAD_H):
            instant, following = said[at], said[at + 1]
            step_ms = start_ms + at * HOUR_MS
            wind = value("wind_speed_m_s", at, float(means["wind_speed_m_s"][at]))
            gust = following.gust_m_s * wind.value / max(float(means["wind_speed_m_s"][at]), 0.5)

            def amount(of_hour: float, begin_ms: int = step_ms) -> ForecastAmount:
                return ForecastAmount(
                    value=of_hour, low=None, high=None, basis="provider", start_ms=begin_ms, end_ms=begin_ms + HOUR_MS
                )

            hours.append(
                ForecastHour(
                    start_ms=step_ms,
                    lead_h=at + 1.0,
                    temperature_degc=value("temperature_degc", at, float(means["temperature_degc"][at])),
                    humidity_pct=value("humidity_pct", at, float(means["humidity_pct"][at])),
                    wind_speed_m_s=wind,
                    wind_gust_m_s=ForecastValue(value=gust, low=None, high=None, basis=wind.basis),
                    cloud_cover_pct=ForecastValue(value=instant.cloud_pct, low=None, high=None, basis="provider"),
                    global_radiation_w_m2=None,
                    rain_mm=amount(following.rain_mm),
                    rain_chance_pct=amount(following.chance_pct),
                )
            )
        return hours
