"""Weather of a site by local day or hour: temperature, rain, radiation, evapotranspiration, degree days, chill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.climate.air import Air, Thresholds, degree_day_indices, hours_beyond
from headland.agronomy.climate.blight import RUN_IN_DAYS, blitecast_indices
from headland.agronomy.climate.disease import VALIDITY, humid_indices
from headland.agronomy.climate.thermal_time import chill_indices
from headland.agronomy.plausibility.explanation import PLACE_CAUSES
from headland.agronomy.series.answer import Answer, Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import Index, mean_index, precomputed_index
from headland.agronomy.series.sensor_health import find_blocked_gauge
from headland.agronomy.series.stamps import Stamp
from headland.agronomy.series.time_grid import (
    STEP_MS,
    Periods,
    count_true,
    make_periods,
    sum_up,
)
from headland.analysis.greenhouse.house import House, HouseLocation, day_starts, hour_starts
from headland.analysis.greenhouse.house_grid import HouseGrid, answers_of
from headland.analysis.greenhouse.run_in import run_in, run_in_by_hour
from headland.analysis.greenhouse.samples import read_with_run_in
from headland.analysis.inputs.answers import DeviceFinding, finding_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.evapotranspiration import (
    OutsideCourse,
    daily_evapotranspiration,
    day_sums_of,
    hourly_evapotranspiration,
    hourly_notes,
    hours_of_days,
)
from headland.analysis.weather.outdoor_weather import (
    OUTSIDE,
    RAIN,
    RAIN_ON,
    Gauge,
    best_gauge,
    is_outdoors,
    read_gauges,
)
from headland.analysis.weather.station_stamps import declared_stamps, stamp_notes, station_stamps
from headland.i18n import CatalogText
from headland.units_of_time import HOUR_MS

_SUN, _WIND = "global_radiation_w_m2", "wind_speed_m_s"
#: Hours before the first one asked for: the brightness of the sky is held for a day.
_BRIGHTNESS_H: Final = 26
_NO_TEMPERATURE: Final = "No device of the site measures the outside temperature."
_MEAN: Final = "mean of five-minute means; coverage from 50 % on"


@dataclass(frozen=True, slots=True)
class SiteWeather:
    """The answers of each local day or hour, with left out samples and notes."""

    house: House
    days: list[tuple[tuple[int, int], dict[str, Answer]]]
    left_out: list[DeviceFinding]
    notes: dict[str, str | CatalogText]


def answer_hourly_weather(
    scope: OrgScope, house: House, window: Window, wind_height_m: float, stamp: Stamp | None = None
) -> SiteWeather:
    """Return the weather of the local hours that a window touches, with reference evapotranspiration by the hour.

    `stamp` is what the stamps of slow samples mean; None: as the stations' radiation shows.
    """
    hours = make_periods(hour_starts(house.place, window), window.end_ms)
    # The sky's brightness by night is that of the day before.
    run = run_in_by_hour(house.place, hours, _BRIGHTNESS_H)
    stations = _stations_of(house)
    channels = (*OUTSIDE["temperature"], *OUTSIDE["humidity"], _SUN, _WIND)
    stamps = station_stamps(scope, stations, window) if stamp is None else declared_stamps(stations, stamp)
    grid = read_with_run_in(scope, stations, channels, run, stamps=stamps)
    notes: dict[str, str | CatalogText] = {**stamp_notes(stamps, is_declared=stamp is not None)}
    t_name, t = _outside(stations, grid, *OUTSIDE["temperature"])
    rh_name, rh = _outside(stations, grid, *OUTSIDE["humidity"])
    sun, wind = grid.mean(_SUN), grid.mean(_WIND)
    measured = (
        ("temperature_degc", "degC", "average_temperature", t_name, t),
        ("humidity_pct", "%", "average_humidity", rh_name, rh),
        (_SUN, "W/m2", "average_radiation", _SUN, sun),
        (_WIND, "m/s", "average_wind", _WIND, wind),
    )
    indices = [
        mean_index(name, unit, Method(method, 1, _MEAN), (channel,), run.periods, value)
        for name, unit, method, channel, value in measured
        if value is not None
    ]
    if t is None:
        notes["temperature"] = _NO_TEMPERATURE
    else:
        course = OutsideCourse(t, rh, sun, wind, (t_name, rh_name, _SUN, _WIND))
        place = _trusted_place(house, grid, notes)
        notes |= hourly_notes(place, hours, course)
        indices += hourly_evapotranspiration(place, run.periods, course, wind_height_m)
    part, asked = run.cut(grid), [hours.window(at) for at in range(len(hours))]
    columns = {index.name: answers_of(part, index, asked) for index in run.part(indices)}
    items = [(hour, {name: column[at] for name, column in columns.items()}) for at, hour in enumerate(asked)]
    return SiteWeather(house, items, grid.left_out, notes)


def answer_weather(
    scope: OrgScope,
    house: House,
    window: Window,
    thresholds: Thresholds,
    wind_height_m: float,
    stamp: Stamp | None = None,
) -> SiteWeather:
    """Return the weather of the local days that a window touches, from the site's devices as `house`.

    Sums over weeks include days before the window; chill is summed from the window's first day on. `stamp` is what the
    stamps of slow samples mean; None: as the stations' radiation shows.
    """
    run = run_in(house.place, make_periods(day_starts(house.place, window), window.end_ms), RUN_IN_DAYS)
    periods = run.periods
    stations = _stations_of(house)
    channels = (*OUTSIDE["temperature"], *OUTSIDE["humidity"], _SUN, _WIND, RAIN, RAIN_ON)
    stamps = station_stamps(scope, stations, window) if stamp is None else declared_stamps(stations, stamp)
    grid = read_with_run_in(scope, stations, channels, run, stamps=stamps)
    notes: dict[str, str | CatalogText] = {**stamp_notes(stamps, is_declared=stamp is not None)}
    indices: list[Index] = []
    t_name, t = _outside(stations, grid, *OUTSIDE["temperature"])
    rh_name, rh = _outside(stations, grid, *OUTSIDE["humidity"])
    if t is None:
        notes["temperature"] = _NO_TEMPERATURE
    else:
        indices += _extremes(periods, t_name, t)
        indices += hours_beyond(periods, t_name, t, thresholds)
        indices += degree_day_indices(periods, t_name, t, thresholds, run.following_degc(t))
    blocked = _blocked_gauges(grid)
    gauges = [r for r in stations.records if r.descriptor.device not in {each.device for each in blocked}]
    rained = read_gauges(scope, gauges, Window(periods.start_ms, periods.window(len(periods) - 1)[1]))
    if not rained and blocked:
        notes["rain"] = f"{blocked[0].device} {blocked[0].detail}: the rain is not known."
    elif not rained:
        notes["rain"] = f"No device of the site measures rain: {RAIN} is missing."
    else:
        rain = _rain(periods, rained)
        indices.append(rain)
        notes["rain"] = f"Counted by {', '.join(str(gauge.device) for gauge in rained)}."
        if t is not None and rh is not None:
            indices += _blight(periods, t, rh, rain, (t_name, rh_name, RAIN))
            notes["late_blight"] = VALIDITY["late_blight_severity"]
    sun, wind = grid.mean(_SUN), grid.mean(_WIND)
    if sun is not None:
        known = count_true(periods, np.isfinite(sun))
        rule = Method("solar_radiation", 1, "integral of global radiation; coverage from 90 % on")
        value = sum_up(periods, np.maximum(sun, 0.0)) * STEP_MS / 1e9
        indices.append(
            precomputed_index("radiation_mj_m2", "MJ/m2", rule, (_SUN,), value, known / periods.lengths, known)
        )
    if t is not None:
        course = OutsideCourse(t, rh, sun, wind, (t_name, rh_name, _SUN, _WIND))
        place = _trusted_place(house, grid, notes)
        indices += daily_evapotranspiration(place, periods, course, wind_height_m, notes)
        hours, in_hours = hours_of_days(place, periods)
        indices += day_sums_of(in_hours, hourly_evapotranspiration(place, hours, course, wind_height_m))
    windows = [periods.window(at) for at in range(len(periods))]
    columns = {index.name: answers_of(grid, index, windows)[run.before :] for index in indices}
    asked = windows[run.before : run.before + len(run.asked)]
    if t is not None:
        chill = _chill(house, run.asked, t_name, t[run.steps])
        columns |= {index.name: answers_of(run.cut(grid), index, asked) for index in chill}
    days = [(day, {name: column[at] for name, column in columns.items()}) for at, day in enumerate(asked)]
    return SiteWeather(house, days, [*grid.left_out, *blocked], notes)


def _trusted_place(house: House, grid: HouseGrid, notes: dict[str, str | CatalogText]) -> HouseLocation:
    """Return the place of a site, without its position where the light shows that it is another; `notes` say so."""
    wrong = next((each for each in grid.left_out if each.cause in PLACE_CAUSES and each.left_out), None)
    if wrong is None:
        return house.place
    facts = {"en": wrong.text or wrong.detail, "zh": wrong.text_zh or wrong.detail_zh}
    notes["place"] = CatalogText("answer_notes", "place_elsewhere", facts)
    return replace(house.place, latitude_deg=None, longitude_deg=None)


def _stations_of(house: House) -> House:
    """Return the devices of a site that are outdoors: a vehicle measures the air where it flies, not at the site."""
    return replace(house, records=[r for r in house.records if is_outdoors(r.descriptor.kind, _WIND)])


def _blocked_gauges(grid: HouseGrid) -> list[DeviceFinding]:
    """Return the gauges that counted nothing while a detector or another gauge of the site had rain."""
    detector = grid.mean(RAIN_ON)
    wet_h = 0.0 if detector is None else float(np.nansum(detector)) * STEP_MS / HOUR_MS
    totals = {device.device: device.values[RAIN] for device in grid.devices if RAIN in device.values}
    counted_mm = {name: _counted(total) for name, total in totals.items()}
    found = []
    for name, total in totals.items():
        others_mm = max((mm for other, mm in counted_mm.items() if other != name), default=0.0)
        finding = find_blocked_gauge(RAIN, grid.periods.time_ms, total, wet_h, others_mm)
        if finding is not None:
            found.append(finding_of(name, finding))
    return found


def _counted(total_mm: Values) -> float:
    """Return what a gauge counted, without its restarts."""
    steps = np.diff(total_mm[np.isfinite(total_mm)])
    return float(steps[steps > 0.0].sum())


def _outside(house: House, grid: HouseGrid, outside: str, station: str) -> tuple[str, Values | None]:
    """Return the channel and values outdoors: of a greenhouse's mast, else of stations outdoors."""
    mast = grid.mean(outside)
    if mast is not None:
        return outside, mast
    outdoors = {r.descriptor.device for r in house.records if is_outdoors(r.descriptor.kind, station)}
    only = HouseGrid(grid.periods, [d for d in grid.devices if d.device in outdoors], [])
    return station, only.mean(station)


def _extremes(periods: Periods, name: str, value: Values) -> list[Index]:
    rule = Method("average_temperature", 1, _MEAN)
    return [mean_index("temperature_degc", "degC", rule, (name,), periods, value)]


def _blight(periods: Periods, t: Values, rh: Values, rain: Index, names: tuple[str, ...]) -> list[Index]:
    """Return Wallin's severity, the periods of two days, and Blitecast's advice by severity and rain."""
    wanted = ("late_blight_severity", "smith_period", "hutton_period")
    by_name = {index.name: index for index in humid_indices(periods, Air(t, rh))}
    rule = Method("average_temperature", 1, "mean of five-minute means")
    mean = mean_index("temperature_degc", "degC", rule, names[:1], periods, t)
    local = [replace(by_name[name], inputs=names[:2]) for name in wanted]
    return [*local, *blitecast_indices(local[0], mean, rain, names)]


def _chill(house: House, days: Periods, channel: str, t: Values) -> list[Index]:
    """Return the chill of days, the portions summed since the first."""
    end_ms = days.window(len(days) - 1)[1]
    hours = make_periods(hour_starts(house.place, Window(days.start_ms, end_ms)), end_ms)
    in_hours = Periods(days.start_ms, np.searchsorted(hours.edges, days.edges))
    return chill_indices(in_hours, hours, channel, t)


def _rain(periods: Periods, gauges: list[Gauge]) -> Index:
    """Return the rain of each day, by the gauge that knows the most of it."""
    days = [Window(*periods.window(at)) for at in range(len(periods))]
    sums = [best_gauge(gauges, day).sum(*day.pair) for day in days]
    coverage = np.array([rain.coverage for rain in sums])
    rule = "rise of a gauge's total, across its restarts; a gap counts only within one day; coverage from 90 % on"
    value = np.array([rain.mm for rain in sums])
    known = np.round(coverage * periods.lengths).astype(np.int64)
    return precomputed_index("rain_mm", "mm", Method("rain_total", 1, rule), (RAIN,), value, coverage, known)
