"""Weather of a site by local day: temperature, rain, radiation, reference evapotranspiration, degree days, chill."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headland.agronomy.climate.air import Air, Thresholds, degree_day_indices, hours_beyond
from headland.agronomy.climate.blight import RUN_IN_DAYS, blitecast_indices
from headland.agronomy.climate.disease import VALIDITY, disease_indices
from headland.agronomy.climate.evapotranspiration import (
    et0_from_weather_mm,
    et_hargreaves_mm,
    extraterrestrial_daily_mj_m2,
    wind_at_2m_m_s,
)
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa
from headland.agronomy.climate.thermal_time import chill_indices
from headland.agronomy.series.answer import Answer, Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import Index, mean_index, precomputed_index
from headland.agronomy.series.sensor_health import find_blocked_gauge
from headland.agronomy.series.time_grid import (
    STEP_MS,
    Periods,
    average,
    count_true,
    highest,
    lowest,
    make_periods,
    sum_up,
)
from headland.analysis.greenhouse.house import House, day_starts, hour_starts
from headland.analysis.greenhouse.house_grid import DeviceFinding, HouseGrid, answers_of
from headland.analysis.greenhouse.samples import read_grid
from headland.analysis.outdoor_weather import OUTSIDE, RAIN, RAIN_ON, Gauge, is_outdoors, read_rain
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.units_of_time import DAY_MS, HOUR_MS

_SUN, _WIND = "global_radiation_w_m2", "wind_speed_m_s"


@dataclass(frozen=True, slots=True)
class SiteWeather:
    """The answers of each local day, with left out samples and notes."""

    house: House
    days: list[tuple[tuple[int, int], dict[str, Answer]]]
    left_out: list[DeviceFinding]
    notes: dict[str, str]


def answer_weather(
    scope: OrgScope, house: House, window: Window, thresholds: Thresholds, wind_height_m: float
) -> SiteWeather:
    """Return the weather of the local days that a window touches, from the site's devices as `house`.

    Sums over weeks include days before the window; chill is summed from the window's first day on.
    """
    first_ms = day_starts(house.place, window)[0]
    early = Window(first_ms - RUN_IN_DAYS * DAY_MS, window.end_ms)
    periods = make_periods(day_starts(house.place, early), early.end_ms)
    # A vehicle measures the air where it flies, not at the site.
    stations = replace(house, records=[r for r in house.records if is_outdoors(r.descriptor.kind, _WIND)])
    grid = read_grid(
        scope, stations, (*OUTSIDE["temperature"], *OUTSIDE["humidity"], _SUN, _WIND, RAIN, RAIN_ON), periods
    )
    notes: dict[str, str] = {}
    indices: list[Index] = []
    t_name, t = _outside(stations, grid, *OUTSIDE["temperature"])
    rh_name, rh = _outside(stations, grid, *OUTSIDE["humidity"])
    if t is None:
        notes["temperature"] = "No device of the site measures the outside temperature."
    else:
        indices += _extremes(periods, t_name, t)
        indices += hours_beyond(periods, t_name, t, thresholds)
        indices += degree_day_indices(periods, t_name, t, thresholds)
    blocked = _blocked_gauges(grid)
    gauges = [r for r in stations.records if r.descriptor.device not in {each.device for each in blocked}]
    gauge = read_rain(scope, gauges, Window(periods.start_ms, periods.window(len(periods) - 1)[1]))
    if gauge.device is None and blocked:
        notes["rain"] = f"{blocked[0].device} {blocked[0].finding.detail}: the rain is not known."
    elif gauge.device is None:
        notes["rain"] = f"No device of the site measures rain: {RAIN} is missing."
    else:
        rain = _rain(periods, gauge)
        indices.append(rain)
        notes["rain"] = f"Counted by {gauge.device}."
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
        indices += _evapotranspiration(house, periods, t, rh, sun, wind, wind_height_m, notes, (t_name, rh_name))
    if t is not None:
        indices += _chill(house, periods, first_ms, t_name, t)
    windows = [periods.window(at) for at in range(len(periods))]
    columns = {index.name: answers_of(grid, index, windows) for index in indices}
    days = [
        (window, {name: column[at] for name, column in columns.items()})
        for at, window in enumerate(windows)
        if window[1] > first_ms
    ]
    return SiteWeather(house, days, [*grid.left_out, *blocked], notes)


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
            found.append(DeviceFinding(name, finding))
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
    rule = Method("average_temperature", 1, "mean of five-minute means; coverage from 50 % on")
    return [mean_index("temperature_degc", "degC", rule, (name,), periods, value)]


def _blight(periods: Periods, t: Values, rh: Values, rain: Index, names: tuple[str, ...]) -> list[Index]:
    """Return Wallin's severity, the periods of two days, and Blitecast's advice by severity and rain."""
    wanted = ("late_blight_severity", "smith_period", "hutton_period")
    by_name = {index.name: index for index in disease_indices(periods, Air(t, rh), {})}
    rule = Method("average_temperature", 1, "mean of five-minute means")
    mean = mean_index("temperature_degc", "degC", rule, names[:1], periods, t)
    local = [replace(by_name[name], inputs=names[:2]) for name in wanted]
    return [*local, *blitecast_indices(local[0], mean, rain, names)]


def _chill(house: House, periods: Periods, first_ms: int, channel: str, t: Values) -> list[Index]:
    """Return the chill of the days from `first_ms` on, unknown for those before."""
    skipped = (first_ms - periods.start_ms) // STEP_MS
    end_ms = periods.window(len(periods) - 1)[1]
    hours = make_periods(hour_starts(house.place, Window(first_ms, end_ms)), end_ms)
    before = int(np.searchsorted(periods.edges, skipped))
    days = Periods(first_ms, np.searchsorted(hours.edges, periods.edges[before:] - skipped))
    return [_later(index, before) for index in chill_indices(days, hours, channel, t[skipped:])]


def _later(index: Index, days: int) -> Index:
    """Return an index that begins so many days earlier, with unknown values."""
    return replace(
        index,
        value=np.concatenate((np.full(days, np.nan), index.value)),
        coverage=np.concatenate((np.zeros(days), index.coverage)),
        known=np.concatenate((np.zeros(days, np.int64), index.known)),
    )


def _rain(periods: Periods, gauge: Gauge) -> Index:
    """Return the rain of each day."""
    sums = [gauge.sum(*periods.window(at)) for at in range(len(periods))]
    coverage = np.array([rain.coverage for rain in sums])
    rule = "rise of a gauge's total, across its restarts; a gap counts only within one day; coverage from 90 % on"
    value = np.array([rain.mm for rain in sums])
    known = np.round(coverage * periods.lengths).astype(np.int64)
    return precomputed_index("rain_mm", "mm", Method("rain_total", 1, rule), (RAIN,), value, coverage, known)


def _evapotranspiration(
    house: House,
    periods: Periods,
    t: Values,
    rh: Values | None,
    sun: Values | None,
    wind: Values | None,
    wind_height_m: float,
    notes: dict[str, str],
    names: tuple[str, str],
) -> list[Index]:
    place = house.place
    if place.latitude_deg is None or abs(place.latitude_deg) > 66.0:
        notes["et0"] = "Reference evapotranspiration needs the site's latitude, up to 66 degrees."
        return []
    # A day of the year by the middle of the local day.
    middle_ms = periods.start_ms + STEP_MS * (periods.edges[:-1] + periods.edges[1:]) // 2
    dates = (middle_ms // 1000).astype("datetime64[s]").astype("datetime64[D]")
    day_of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64) + 1
    low, high = lowest(periods, t), highest(periods, t)
    known = count_true(periods, np.isfinite(t))
    whole = known / (DAY_MS // STEP_MS)
    top = extraterrestrial_daily_mj_m2(place.latitude_deg, day_of_year)
    indices = [
        precomputed_index(
            "et0_hargreaves_mm",
            "mm",
            Method("et0_hargreaves", 1, "FAO-56 eq 52, from temperatures alone; whole days from 90 % on"),
            (names[0],),
            et_hargreaves_mm(low, high, top),
            np.minimum(whole, 1.0),
            known,
        )
    ]
    if rh is None or sun is None or wind is None:
        notes["et0_fao56_mm"] = "FAO-56 eq 6 also needs humidity, global radiation and wind outside."
        return indices
    altitude_m = 0.0 if place.altitude_m is None else place.altitude_m
    if place.altitude_m is None:
        notes["altitude"] = "The site's altitude is not known: sea level is assumed; 100 m change ET0 by less than 1 %."
    known = count_true(periods, np.isfinite(t + rh + sun + wind))
    et0 = et0_from_weather_mm(
        low,
        high,
        average(periods, actual_vapour_pressure_kpa(t, rh)),
        sum_up(periods, np.maximum(sun, 0.0)) * STEP_MS / 1e9,
        wind_at_2m_m_s(average(periods, wind), wind_height_m),
        latitude_deg=place.latitude_deg,
        altitude_m=altitude_m,
        day_of_year=day_of_year,
    )
    rule = f"FAO-56 eq 6, wind from {wind_height_m:g} m by eq 47, mean vapour pressure; whole days from 90 % on"
    inputs = (*names, _SUN, _WIND)
    coverage = np.minimum(known / (DAY_MS // STEP_MS), 1.0)
    indices.append(precomputed_index("et0_fao56_mm", "mm", Method("et0_fao56", 1, rule), inputs, et0, coverage, known))
    return indices
