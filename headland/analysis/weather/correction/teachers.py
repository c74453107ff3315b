"""Stations of a site that may correct a forecast: what each measured by hour, and why some do not teach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.evapotranspiration import wind_at_2m_m_s
from headland.agronomy.climate.sun import elevation_deg
from headland.agronomy.series.arrays import Values
from headland.agronomy.weather_forecast.station_correction import ORIGIN_H, QUANTITIES, CorrectedQuantity
from headland.agronomy.weather_forecast.teaching import (
    WATCHED_DAYS,
    TeachingFault,
    check_course,
    check_temperature,
    check_wind,
)
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.correction.said_origins import SaidDays
from headland.analysis.weather.outdoor_weather import OUTSIDE, Quantity, hourly_means, is_outdoors
from headland.registry.models.weather import ForecastPlace
from headland.store.port import DeviceRecord
from headland.units_of_time import HOUR_MS

#: The quantity of the outdoor weather that teaches a quantity of the forecast.
MEASURED: Final[Mapping[CorrectedQuantity, Quantity]] = {
    "temperature_degc": "temperature",
    "humidity_pct": "humidity",
    "wind_speed_m_s": "wind",
}
#: Height of the wind that providers say [m]; a station's is taken to be at 2 m, as elsewhere where nobody says it.
SAID_WIND_M: Final = 10.0
#: Stations of a site that are looked at, by name.
_MOST_STATIONS: Final = 6


@dataclass(frozen=True, slots=True)
class Teacher:
    """A station that measures a quantity: its hours from the first origin on, and why it does not teach, if so."""

    device: str
    measured: Values
    fault: TeachingFault | None


def read_teachers(
    scope: OrgScope, records: Iterable[DeviceRecord], said: SaidDays, place: ForecastPlace, end_ms: int
) -> dict[CorrectedQuantity, Teacher]:
    """Return for each quantity the station with the most hours of those that may teach it.

    Where none may, it is the one with the most hours; where none measures a quantity, there is none.
    """
    window = Window(said.first_ms, end_ms)
    stations = sorted(records, key=lambda each: each.descriptor.device)
    found: dict[CorrectedQuantity, list[Teacher]] = {quantity: [] for quantity in QUANTITIES}
    looked_at = 0
    for record in stations:
        quantities = [quantity for quantity in QUANTITIES if measures(record, quantity)]
        if not quantities or looked_at == _MOST_STATIONS:
            continue
        looked_at += 1
        hourly = hourly_means(scope, [record], [MEASURED[quantity] for quantity in quantities], window)
        columns = {
            quantity: _column(quantity, hourly[MEASURED[quantity]].means, said.first_ms, end_ms)
            for quantity in quantities
        }
        faults = _faults(columns, said, place)
        for quantity, column in columns.items():
            found[quantity].append(Teacher(record.descriptor.device, column, faults[quantity]))
    return {quantity: max(teachers, key=_worth) for quantity, teachers in found.items() if teachers}


def measured_hours(
    scope: OrgScope, record: DeviceRecord, quantity: CorrectedQuantity, first_ms: int, count: int
) -> Values:
    """Return what a station measured of `count` hours from `first_ms` on."""
    end_ms = first_ms + count * HOUR_MS
    hourly = hourly_means(scope, [record], [MEASURED[quantity]], Window(first_ms, end_ms))
    return _column(quantity, hourly[MEASURED[quantity]].means, first_ms, end_ms)


def _worth(teacher: Teacher) -> tuple[bool, int]:
    return teacher.fault is None, int(np.isfinite(teacher.measured).sum())


def measures(record: DeviceRecord, quantity: CorrectedQuantity) -> bool:
    """Return whether a device measures a quantity outdoors, by its descriptor."""
    kind = record.descriptor.kind
    channels = {channel.partition(":")[0] for channel in record.descriptor.channels}
    return any(channel in channels and is_outdoors(kind, channel) for channel in OUTSIDE[MEASURED[quantity]])


def _column(quantity: CorrectedQuantity, means: Mapping[int, float], first_ms: int, end_ms: int) -> Values:
    """Return means by hour; wind as that at 10 m, from the usual height of a station."""
    column = np.array([means.get(hour_ms, np.nan) for hour_ms in range(first_ms, end_ms, HOUR_MS)], np.float64)
    return column / wind_at_2m_m_s(1.0, SAID_WIND_M) if quantity == "wind_speed_m_s" else column


def _faults(
    columns: Mapping[CorrectedQuantity, Values], said: SaidDays, place: ForecastPlace
) -> dict[CorrectedQuantity, TeachingFault | None]:
    """Return why a station does not teach, by quantity, from its last days; in the sun its humidity is wrong, too."""
    hours = min(WATCHED_DAYS * 24, said.values.shape[1] * ORIGIN_H)
    near = {quantity: said.values[at, :, :ORIGIN_H].reshape(-1)[-hours:] for at, quantity in enumerate(QUANTITIES)}
    faults: dict[CorrectedQuantity, TeachingFault | None] = {}
    for quantity, column in columns.items():
        measured, forecast = column[-hours:], near[quantity]
        if quantity == "temperature_degc":
            middle_ms = said.first_ms + HOUR_MS * (np.arange(len(column))[-hours:] + 0.5)
            sine = np.sin(np.radians(elevation_deg(middle_ms, place.latitude_deg, place.longitude_deg)))
            faults[quantity] = check_temperature(measured, forecast, sine, said.cloud_pct.reshape(-1)[-hours:])
        elif quantity == "humidity_pct":
            faults[quantity] = check_course(measured, forecast)
        else:
            faults[quantity] = check_wind(measured, forecast)
    if faults.get("temperature_degc") is TeachingFault.SUN and "humidity_pct" in faults:
        faults["humidity_pct"] = TeachingFault.SUN
    return faults
