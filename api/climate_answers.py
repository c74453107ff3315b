"""What a greenhouse did to its crop: the indices of a window by hour, local day or crop stage, from judged samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeGuard

import numpy as np

from api.crop_bands import Band, Crop, CropBands
from api.farm import Farm
from api.house_samples import HouseGrid, LeftOut, gather
from api.houses import House, cut_days, cut_hours, cut_stages
from api.instants import Window
from headland.agronomy.air_indices import Air, air_indices, day_indices
from headland.agronomy.answer import Answer, Method
from headland.agronomy.condensation import (
    Surface,
    WetEvent,
    estimate_cover_degc,
    estimate_lagging_degc,
    estimate_leaf_degc,
)
from headland.agronomy.condensation_indices import Margin, condensation_indices, weigh_surfaces, wet_events
from headland.agronomy.disease import BOTRYTIS_LEVELS, DOWNY_MILDEWS, MILDEW_LEVELS, level_of
from headland.agronomy.disease_indices import VALIDITY, disease_indices
from headland.agronomy.index import Index, answer_of, told_index
from headland.agronomy.light import SUN_UMOL_J, UMOL_PER_LUX
from headland.agronomy.light_indices import Light, light_indices, rolling_light
from headland.agronomy.psychrometrics import dew_point_degc
from headland.agronomy.steps import Flags, Periods, Values, cut_periods
from headland.agronomy.sun import is_day

By = Literal["hour", "day", "stage"]

AIR: Final = ("air_temperature_degc", "relative_humidity_pct")
_LEAF, _COVER, _SCREEN, _OUTSIDE = (
    "leaf_temperature_degc",
    "cover_temperature_degc",
    "screen_closed_pct",
    "outside_temperature_degc",
)
_LIGHT: Final = ("par_umol_m2_s", "illuminance_lx", "global_radiation_w_m2")
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 86_400_000
#: Powdery mildew's index needs the days before; the rules of two days the day before.
_RUN_IN_DAYS: Final = 14
#: A film cover's U value where nobody declared one [W/m2/K].
_FILM_U_W_M2_K: Final = 5.5
_MOST_SURFACE_HOLES: Final = 0.5


@dataclass(frozen=True, slots=True)
class Span:
    """The answers of one period, how each stands to its target, and the crop stage where that is what it is cut by."""

    window: tuple[int, int]
    answers: dict[str, Answer]
    levels: dict[str, str] = field(default_factory=dict)
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class HouseAnswers:
    """All periods of a window, the targets they are held against, what was left out and what is good to know."""

    house: House
    by: str
    spans: list[Span]
    left_out: list[LeftOut]
    targets: dict[str, Band] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    events: list[WetEvent] | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of which house."""

    farm: Farm
    house: House
    window: Window
    by: By
    bands: CropBands

    @property
    def crop(self) -> Crop:
        """What the formulas need of the house's crop."""
        return self.bands.crop(self.house.crop)


def answer_air(ask: Ask) -> HouseAnswers:
    """Return the means of air, and of whole days DIF, hours of heat and cold, and degree days by all methods."""
    periods, stages = cut_periods_of(ask)
    grid = gather(ask.farm, ask.house, (*AIR, _LEAF, *_LIGHT[:1]), periods)
    air = Air(*_air(grid), grid.mean(_LEAF), _by_day(ask.house, periods))
    indices = air_indices(periods, air)
    if ask.by == "day":
        indices += day_indices(periods, air, ask.crop.base_degc, ask.crop.upper_degc)
    return tell(ask, grid, indices, stages)


def answer_condensation(ask: Ask) -> HouseAnswers:
    """Return the margins, hours and events of condensation on the most critical surface, and on each."""
    periods, stages = cut_periods_of(ask)
    grid = gather(ask.farm, ask.house, (*AIR, _LEAF, _COVER, _SCREEN, _OUTSIDE), periods)
    margin = margin_of(ask, grid)
    found = tell(ask, grid, condensation_indices(periods, margin), stages)
    notes = {s.name: f"estimated: {s.estimated}" if s.estimated else "measured" for s in margin.surfaces}
    return replace(found, notes=notes, events=wet_events(periods, margin))


def answer_light(ask: Ask, transmission: float | None, lamp: str | None) -> HouseAnswers:
    """Return light sums by local day, or fluxes by hour, with the factor that made photons of what was measured."""
    periods, stages = cut_periods_of(ask)
    grid = gather(ask.farm, ask.house, (*_LIGHT, AIR[0]), periods)
    light, missing = _light(ask.house, grid, transmission, lamp, _by_day(ask.house, periods))
    if light is None:
        return replace(tell(ask, grid, [], stages), notes={"light": missing})
    temperature = grid.mean(AIR[0])
    indices = light_indices(periods, light, ask.crop.base_degc, temperature)
    total, share = rolling_light(light)
    last = periods.edges[1:] - 1
    rule = Method("rolling_light_24_h", 1, f"light of the 24 h up to the period's end, from 90 % on; {light.source}")
    known = np.isfinite(light.ppfd_umol_m2_s).astype(np.int64)
    steps = np.add.reduceat(known, periods.edges[:-1])
    indices.append(
        told_index(
            "light_24_h_mol_m2", "mol/m2", rule, (light.channel,), total[last], np.nan_to_num(share[last]), steps
        )
    )
    if ask.by != "day":
        kept = {"ppfd_umol_m2_s", "light_24_h_mol_m2"}
        indices = [index for index in indices if index.name in kept]
    notes = {"light": f"{light.channel} times {light.factor:g}: {light.source}"}
    return replace(tell(ask, grid, indices, stages), notes=notes)


def answer_disease(ask: Ask) -> HouseAnswers:
    """Return the indices of disease of each local day with their drivers; the days before the window run them in."""
    early = Window(ask.window.start_ms - _RUN_IN_DAYS * _DAY_MS, ask.window.end_ms)
    whole = replace(ask, window=early, by="day")
    periods, _ = cut_periods_of(whole)
    grid = gather(ask.farm, ask.house, (*AIR, *_LIGHT[:1]), periods)
    names = ask.crop.downy
    downy = {name: each for name, each in DOWNY_MILDEWS.items() if names is None or name in names}
    found = tell(whole, grid, disease_indices(periods, *_air(grid), downy), None)
    spans = [replace(s, levels=_disease_levels(s)) for s in found.spans if s.window[1] > ask.window.start_ms]
    notes = {name: text for name, text in VALIDITY.items() if name != "downy_mildew_share" or downy}
    notes["crop"] = ask.house.crop or "not declared: every downy mildew is told"
    return HouseAnswers(ask.house, "day", spans, found.left_out, notes=notes)


def margin_of(ask: Ask, grid: HouseGrid) -> Margin:
    """Return the margin of the most critical surface: measured ones, else estimates by offset, cover balance or lag."""
    air, humidity = _air(grid)
    periods = grid.periods
    surfaces: list[Surface] = []
    leaf, cover, outside = grid.mean(_LEAF), grid.mean(_COVER), grid.mean(_OUTSIDE)
    if _is_known(leaf):
        surfaces.append(Surface("leaf", leaf))
    else:
        by_day = _by_day(ask.house, periods)
        night = np.zeros(periods.steps, np.bool_) if by_day is None else by_day
        screen = grid.mean(_SCREEN)
        closed = np.zeros(periods.steps, np.bool_) if screen is None else screen > 50.0
        how = "1.5 K below the air by night, 0.5 K under a closed screen"
        surfaces.append(Surface("leaf", estimate_leaf_degc(air, night, screen_closed=closed), how))
    if _is_known(cover):
        surfaces.append(Surface("cover", cover))
    elif _is_known(outside):
        how = f"heat that passes a cover of {_FILM_U_W_M2_K:g} W/m2/K (film)"
        surfaces.append(Surface("cover", estimate_cover_degc(air, outside, _FILM_U_W_M2_K), how))
    if ask.crop.fruit_lag_s is not None:
        how = f"air behind a lag of {ask.crop.fruit_lag_s:g} s"
        surfaces.append(Surface("fruit", estimate_lagging_degc(periods.time_ms, air, ask.crop.fruit_lag_s), how))
    return weigh_surfaces(surfaces, dew_point_degc(air, humidity))


def _is_known(column: Values | None) -> TypeGuard[Values]:
    return column is not None and bool(np.isfinite(column).mean() >= _MOST_SURFACE_HOLES)


def _air(grid: HouseGrid) -> tuple[Values, Values]:
    """Return temperature and humidity by step, all NaN where nobody measures them."""
    nothing = np.full(grid.periods.steps, np.nan)
    found = [grid.mean(channel) for channel in AIR]
    return nothing if found[0] is None else found[0], nothing if found[1] is None else found[1]


def _by_day(house: House, periods: Periods) -> Flags | None:
    place = house.place
    if place.latitude_deg is None or place.longitude_deg is None:
        return None
    return is_day(periods.time_ms, place.latitude_deg, place.longitude_deg)


def _light(
    house: House, grid: HouseGrid, transmission: float | None, lamp: str | None, by_day: Flags | None
) -> tuple[Light | None, str]:
    """Return the light and how it was made; None, and what is missing, where nothing tells it without a guess."""
    par, lux, sun = (grid.mean(channel) for channel in _LIGHT)
    if par is not None:
        return Light(par, _LIGHT[0], 1.0, "quantum sensor in the house", by_day), ""
    declared = lamp or house.lamp or None
    if lux is not None and declared in UMOL_PER_LUX:
        factor = UMOL_PER_LUX[declared]
        return Light(lux * factor, _LIGHT[1], factor, f"lux under {declared}, Apogee Instruments' table", by_day), ""
    if sun is not None and transmission is not None:
        factor = SUN_UMOL_J * transmission
        source = f"{SUN_UMOL_J:g} umol/J of sun (Thimijan and Heins 1983) behind a cover that passes {transmission:g}"
        return Light(sun * factor, _LIGHT[2], factor, source, by_day), ""
    if lux is not None:
        return None, f"Only lux is measured: say lamp= one of {', '.join(UMOL_PER_LUX)}, or declare the house's lamp."
    if sun is not None:
        return None, "Only the sun outside is measured: say transmission= what the cover passes, 0 to 1."
    return None, "No light is measured."


def cut_periods_of(ask: Ask) -> tuple[Periods, list[str] | None]:
    """Return the periods that the window is cut into, and the crop stage of each where stages cut it."""
    stages = None
    if ask.by == "hour":
        starts = cut_hours(ask.window)
    elif ask.by == "day":
        starts = cut_days(ask.house.place, ask.window)
    else:
        spans = cut_stages(ask.farm, ask.house, ask.window)
        starts, stages = [start for start, _ in spans], [stage for _, stage in spans]
    # An hour or day that is under way is told as the part that has been.
    return cut_periods(starts, ask.window.end_ms), stages


def tell(ask: Ask, grid: HouseGrid, indices: list[Index], stages: list[str] | None) -> HouseAnswers:
    """Return the indices as answers by period, held against the targets of the crop and its stage."""
    targets = ask.bands.targets(ask.house.crop, ask.house.stage)
    spans = []
    periods = grid.periods
    for at in range(len(periods)):
        first, end = int(periods.edges[at]), int(periods.edges[at + 1])
        stage = None if stages is None else stages[min(at, len(stages) - 1)]
        held = targets if stages is None else ask.bands.targets(ask.house.crop, stage or "")
        answers = {
            index.name: answer_of(
                index,
                at,
                periods.window(at),
                n=grid.count(index.inputs, first, end),
                quality=grid.quality(index.inputs),
                evidence=grid.evidence(index.inputs),
            )
            for index in indices
        }
        spans.append(Span(periods.window(at), answers, _levels(answers, held), stage))
    used = {index.name for index in indices}
    shown = {name: band for name, band in targets.items() if name in used}
    return HouseAnswers(ask.house, ask.by, spans, grid.left_out, shown)


def _levels(answers: dict[str, Answer], targets: dict[str, Band]) -> dict[str, str]:
    levels = {}
    for name, answer in answers.items():
        band = targets.get(name)
        if band is not None and answer.value is not None:
            levels[name] = "below" if answer.value < band.low else "above" if answer.value > band.high else "within"
    return levels


def _disease_levels(span: Span) -> dict[str, str]:
    bars: dict[str, Callable[[float], str]] = {
        "botrytis_index": lambda value: level_of(value, BOTRYTIS_LEVELS),
        "powdery_mildew_index": lambda value: level_of(value, MILDEW_LEVELS),
        "late_blight_severity": lambda value: level_of(value, (1.0, 3.0)),
        "smith_period": lambda value: "high" if value else "low",
        "hutton_period": lambda value: "high" if value else "low",
    }
    levels = {}
    for name, answer in span.answers.items():
        bar = bars.get(name) or (_share_level if name.startswith("downy_mildew_share") else None)
        if bar is not None and answer.value is not None:
            levels[name] = bar(answer.value)
    return levels


def _share_level(share: float) -> str:
    return level_of(share, (0.5, 1.0))
