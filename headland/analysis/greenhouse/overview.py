"""Overview of a greenhouse for its page: chart lines, target bands, days, and a map of its places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.climate.air import AIR_CHANNELS, AIR_TEMPERATURE, Air, air_indices, day_indices
from headland.agronomy.climate.condensation import (
    CondensationMargin,
    Surface,
    WetEvent,
    condensation_indices,
)
from headland.agronomy.climate.light import light_indices
from headland.agronomy.climate.psychrometrics import dew_point_degc, vapour_pressure_deficit_kpa
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import MEAN_BAR, Index
from headland.agronomy.series.time_grid import STEP_MS, Periods, average, count_true, make_periods
from headland.analysis.greenhouse.climate import (
    ClimateQuery,
    PeriodAnswers,
    answer_disease,
    build_answers,
    chill_of,
    events_of,
)
from headland.analysis.greenhouse.crop_targets import TargetBand
from headland.analysis.greenhouse.derived import LIGHT, SURFACES, air_of, by_day_of, light_of, margin_of, surface_notes
from headland.analysis.greenhouse.house import House, day_starts, hour_starts, stage_spans
from headland.analysis.greenhouse.house_grid import DeviceGrid, HouseGrid
from headland.analysis.greenhouse.rule_limits import limits_of
from headland.analysis.greenhouse.run_in import run_in
from headland.analysis.greenhouse.samples import read_with_run_in
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.inputs.downsampling import select_rows
from headland.analysis.inputs.window import Window
from headland.contract.indices import INDICES
from headland.contract.leaf import LEAF_TEMPERATURE
from headland.i18n import CatalogText
from headland.registry.models.models import GrowerNote
from headland.store.port import Times

_CO2: Final = "co2_ppm"
#: The quantities on the map of places.
MAPPED: Final = tuple(index.name for index in INDICES.values() if index.mapped)
#: A narrow chart shows all peaks of these; of the other lines the values at the same steps.
_PEAKS: Final = tuple(index.name for index in INDICES.values() if index.peaks)


@dataclass(frozen=True, slots=True)
class ChartLines:
    """Means of steps of five minutes over one time axis, NaN where unknown; `coldest` names a surface, -1 none.

    Where the chart is narrower than the steps, of each of its pixels the steps with the lowest and highest values, and
    the first step of each gap: two rows with no NaN between them are to be joined.
    """

    time_ms: Times
    columns: dict[str, Values]
    coldest: np.ndarray[tuple[int], np.dtype[np.int64]]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class OverviewPlace:
    """A zone of the greenhouse, or a device in no zone: a row of the map, values by local hour."""

    name: str
    devices: list[str]
    crop: str
    stage: str
    columns: dict[str, Values]


@dataclass(frozen=True, slots=True)
class StageBands:
    """The target bands in the part of the window with one crop stage."""

    window: tuple[int, int]
    stage: str
    bands: dict[str, TargetBand]


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole overview; `days` are whole local days, also where the window begins within one."""

    house: House
    window: Window
    lines: ChartLines
    surfaces: list[Surface]
    bands: list[StageBands]
    events: list[WetEvent]
    days: list[PeriodAnswers]
    hours: Times
    places: list[OverviewPlace]
    left_out: list[DeviceFinding]
    notes: dict[str, str | CatalogText]
    grower_notes: list[GrowerNote]


def build_overview(query: ClimateQuery, width: int) -> Overview:
    """Return the overview of a house over the window of `query`, for a chart `width` pixels wide."""
    house, window = query.house, query.window
    days = make_periods(day_starts(house.place, window), window.end_ms)
    run = run_in(house.place, days)
    whole = read_with_run_in(query.scope, house, (*SURFACES, *LIGHT, _CO2), run)
    by_day = by_day_of(house, run.periods)
    air = Air(*air_of(whole), whole.mean(LEAF_TEMPERATURE), by_day)
    margin = margin_of(house, query.crop_targets, whole, by_day, run.days)
    light, light_note = light_of(house, whole, None, None, by_day)
    crop = query.crop
    all_indices: list[Index] = [
        *air_indices(run.periods, air),
        *day_indices(run.periods, air, query.thresholds, run.following_degc(air.temperature_degc)),
        *condensation_indices(run.periods, margin, limits_of(query.scope, house).near_condensation_k),
    ]
    if light is not None:
        all_indices += light_indices(run.periods, light, crop.base_degc, air.temperature_degc)
    grid, margin = run.cut(whole), margin.cut(run.steps)
    air = Air(air.temperature_degc[run.steps], air.humidity_pct[run.steps])
    indices = [*run.part(all_indices), *chill_of(house, days, air.temperature_degc)]
    answers = build_answers(replace(query, by="day"), grid, indices, None)
    disease = answer_disease(query)
    hours = make_periods(hour_starts(house.place, window), window.end_ms)
    columns = _columns_of(grid, air, margin)
    if light is not None:
        columns["ppfd_umol_m2_s"] = light.ppfd_umol_m2_s[run.steps]
    notes: dict[str, str | CatalogText] = {**disease.notes, **answers.notes, "light": light_note}
    # Surfaces say themselves how they are estimated; what must be declared has no other place.
    notes |= {
        name: text for name, text in surface_notes(margin, house, query.crop_targets).items() if name in margin.asked
    }
    return Overview(
        house,
        window,
        _chart_lines(days, window, columns, margin, width),
        margin.surfaces,
        _bands_of(query),
        [event for event in events_of(grid, margin) if event.end_ms > window.start_ms],
        [_join(day, disease_day) for day, disease_day in zip(answers.periods, disease.periods, strict=True)],
        hours.start_ms + STEP_MS * hours.edges[:-1],
        _places_of(house, grid, hours),
        _distinct(answers.left_out + disease.left_out),
        notes,
        _grower_notes(query),
    )


def _grower_notes(query: ClimateQuery) -> list[GrowerNote]:
    """Return the growers' notes about the house and its zones in the window, by time."""
    house, window = query.house, query.window
    if house.greenhouse is None or query.scope.registry is None:
        return []
    repositories = query.scope.repositories
    zones = repositories.zones.all(greenhouse=house.greenhouse)
    notes = [
        *repositories.notes.all(greenhouse=house.greenhouse),
        *(note for zone in zones for note in repositories.notes.all(zone=zone.id)),
    ]
    inside = [note for note in notes if window.start_ms <= note.time_ms < window.end_ms]
    return sorted(inside, key=lambda note: note.time_ms)


def _columns_of(grid: HouseGrid, air: Air, margin: CondensationMargin) -> dict[str, Values]:
    t, rh = air.temperature_degc, air.humidity_pct
    columns = {
        AIR_TEMPERATURE: t,
        AIR_CHANNELS[1]: rh,
        "vpd_kpa": vapour_pressure_deficit_kpa(t, rh),
        "dew_point_degc": margin.dew_degc,
        "coldest_surface_degc": margin.dew_degc + margin.margin_k,
        "condensation_margin_k": margin.margin_k,
    }
    for channel in (LEAF_TEMPERATURE, "outside_temperature_degc", _CO2):
        column = grid.mean(channel)
        if column is not None:
            columns[channel] = column
    return columns


def _chart_lines(
    days: Periods, window: Window, columns: dict[str, Values], margin: CondensationMargin, width: int
) -> ChartLines:
    time_ms = days.time_ms
    first = int(np.searchsorted(time_ms, window.start_ms - STEP_MS, "right"))
    rows = np.arange(first, len(time_ms))
    chosen = select_rows(time_ms[first:], [columns[name][first:] for name in _PEAKS], width, "min_max") + first
    is_chosen = len(rows) > 2 * width
    if is_chosen:
        rows = np.union1d(chosen, _gaps_of(columns, first, (len(time_ms) - first) // width))
    return ChartLines(
        time_ms[rows], {name: column[rows] for name, column in columns.items()}, margin.coldest[rows], is_chosen
    )


def _gaps_of(columns: dict[str, Values], first: int, least: int) -> NDArray[np.intp]:
    """Return the first row of every gap of at least `least` rows in any of the columns, from the row `first` on.

    Shorter ones are narrower than a pixel. Without these rows a gap would look like steps that were left out.
    """
    found = [np.empty(0, np.intp)]
    for column in columns.values():
        edges = np.diff(np.isnan(column[first:]).astype(np.int8), prepend=0, append=0)
        begin, end = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        found.append(begin[end - begin >= max(1, least)] + first)
    return np.concatenate(found)


def _bands_of(query: ClimateQuery) -> list[StageBands]:
    """Return the targets of each crop stage in the window, of the present stage where the registry has no zone."""
    window = query.window
    spans = [(window.start_ms, query.house.stage)]
    if any(record.descriptor.device in query.house.zones for record in query.house.records):
        spans = stage_spans(query.scope, query.house, window)
    ends = [start for start, _ in spans[1:]] + [window.end_ms]
    return [
        StageBands((start, end), stage, query.crop_targets.bands(query.house.crop, stage))
        for (start, stage), end in zip(spans, ends, strict=True)
    ]


def _places_of(house: House, grid: HouseGrid, hours: Periods) -> list[OverviewPlace]:
    """Return the zones, and the devices in none, with the means of each local hour of which half is known."""
    inside: dict[str, list[DeviceGrid]] = {}
    for device in grid.devices:
        zone = house.zones.get(device.device)
        inside.setdefault(device.device if zone is None else f"zone {zone.id}", []).append(device)
    # Both grids begin on whole steps, and the map's hours are within the days.
    first = (hours.start_ms - grid.periods.start_ms) // STEP_MS
    places = []
    for devices in inside.values():
        zone = house.zones.get(devices[0].device)
        part = HouseGrid(grid.periods, devices, [])
        means = {channel: part.mean(channel) for channel in MAPPED}
        t, rh = (means[channel] for channel in AIR_CHANNELS)
        if t is not None and rh is not None:
            means["vpd_kpa"] = vapour_pressure_deficit_kpa(t, rh)
            means["dew_point_degc"] = dew_point_degc(t, rh)
        columns = {
            name: _hourly(hours, column[first : first + hours.steps])
            for name, column in means.items()
            if column is not None
        }
        name, crop, stage = (
            (devices[0].device, house.crop, house.stage) if zone is None else (zone.name, zone.crop, zone.stage)
        )
        places.append(OverviewPlace(name, [device.device for device in devices], crop, stage, columns))
    return places


def _hourly(hours: Periods, column: Values) -> Values:
    enough = count_true(hours, np.isfinite(column)) >= MEAN_BAR * hours.lengths
    return np.where(enough, average(hours, column), np.nan)


def _join(day: PeriodAnswers, disease_day: PeriodAnswers) -> PeriodAnswers:
    return PeriodAnswers(day.window, {**day.answers, **disease_day.answers}, {**day.levels, **disease_day.levels})


def _distinct(findings: list[DeviceFinding]) -> list[DeviceFinding]:
    """Return each finding once, the one with the most samples."""
    largest: dict[tuple[str, str, str], DeviceFinding] = {}
    for entry in findings:
        key = (entry.device, entry.channel, entry.test)
        if key not in largest or entry.n > largest[key].n:
            largest[key] = entry
    return list(largest.values())
