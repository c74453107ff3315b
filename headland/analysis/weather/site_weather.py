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
from headland.analysis.greenhouse.run_in import run_in
from headland.analysis.greenhouse.samples import read_with_run_in
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
    run = run_in(house.place, make_periods(day_starts(house.place, window), window.end_ms), RUN_IN_DAYS)
    periods = run.periods
    # A vehicle measures the air where it flies, not at the site.
    stations = replace(house, records=[r for r in house.records if is_outdoors(r.descriptor.kind, _WIND)])
    channels = (*OUTSIDE["temperature"], *OUTSIDE["humidity"], _SUN, _WIND, RAIN, RAIN_ON)
    grid = read_with_run_in(scope, stations, channels, run)
    notes: dict[str, str] = {}
    indices: list[Index] = []
    t_name, t = _outside(stations, grid, *OUTSIDE["temperature"])
    rh_name, rh = _outside(stations, grid, *OUTSIDE["humidity"])
    if t is None:
        notes["temperature"] = "No device of the site measures the outside temperature."
    else:
        indices += _extremes(periods, t_name, t)
        indices += hours_beyond(periods, t_name, t, thresholds)
        indices += degree_day_indices(periods, t_name, t, thresholds, run.following_degc(t))
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
    windows = [periods.window(at) for at in range(len(periods))]
    columns = {index.name: answers_of(grid, index, windows)[run.before :] for index in indices}
    asked = windows[run.before : run.before + len(run.asked)]
    if t is not None:
        chill = _chill(house, run.asked, t_name, t[run.steps])
        columns |= {index.name: answers_of(run.cut(grid), index, asked) for index in chill}
    days = [(day, {name: column[at] for name, column in columns.items()}) for at, day in enumerate(asked)]
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


def _chill(house: House, days: Periods, channel: str, t: Values) -> list[Index]:
    """Return the chill of days, the portions summed since the first."""
    end_ms = days.window(len(days) - 1)[1]
    hours = make_periods(hour_starts(house.place, Window(days.start_ms, end_ms)), end_ms)
    in_hours = Periods(days.start_ms, np.searchsorted(hours.edges, days.edges))
    return chill_indices(in_hours, hours, channel, t)


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
