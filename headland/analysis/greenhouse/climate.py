"""What a greenhouse did to its crop: the indices of a window by hour, local day or crop stage, from judged samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from headland.agronomy.climate.air import Air
from headland.agronomy.climate.air_indices import Thresholds, air_indices, day_indices
from headland.agronomy.climate.chill_indices import chill_indices
from headland.agronomy.climate.condensation import WetEvent
from headland.agronomy.climate.condensation_indices import condensation_indices, wet_events
from headland.agronomy.climate.disease import BOTRYTIS_LEVELS, DOWNY_MILDEWS, MILDEW_LEVELS, level_of
from headland.agronomy.climate.disease_indices import VALIDITY, disease_indices
from headland.agronomy.climate.light_indices import light_indices, rolling_light
from headland.agronomy.series.answer import Answer, Method
from headland.agronomy.series.indicator import Index, answer_of, told_index
from headland.agronomy.series.time_grid import Periods, cut_periods
from headland.analysis.greenhouse.crop_targets import Band, Crop, CropBands
from headland.analysis.greenhouse.derived import AIR, LEAF, LIGHT, SURFACES, air_of, by_day_of, light_of, margin_of
from headland.analysis.greenhouse.house import House, cut_days, cut_hours, cut_stages
from headland.analysis.greenhouse.samples import HouseGrid, LeftOut, gather
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.units_of_time import DAY_MS

By = Literal["hour", "day", "stage"]

#: Powdery mildew's index needs the days before; the rules of two days the day before.
_RUN_IN_DAYS: Final = 14


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
class ClimateQuery:
    """What is asked of which house."""

    scope: OrgScope
    house: House
    window: Window
    by: By
    bands: CropBands

    @property
    def crop(self) -> Crop:
        """What the formulas need of the house's crop."""
        return self.bands.crop(self.house.crop)

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds of its crop."""
        return Thresholds(self.crop.base_degc, self.crop.upper_degc)


def answer_air(ask: ClimateQuery, told: Thresholds | None = None) -> HouseAnswers:
    """Return the means of air, and of whole days DIF, hours of heat and cold, chill, and degree days by named methods.

    `told` are thresholds in the place of the crop's.
    """
    periods, stages = cut_periods_of(ask)
    grid = gather(ask.scope, ask.house, (*AIR, LEAF, *LIGHT[:1]), periods)
    air = Air(*air_of(grid), grid.mean(LEAF), by_day_of(ask.house, periods))
    indices = air_indices(periods, air)
    if ask.by == "day":
        indices += day_indices(periods, air, told or ask.thresholds)
        indices += chill_of(ask.house, periods, air)
    return tell(ask, grid, indices, stages)


def chill_of(house: House, days: Periods, air: Air) -> list[Index]:
    """Return the winter chill of local days."""
    whole = Window(days.start_ms, days.window(len(days) - 1)[1])
    hours = cut_periods(cut_hours(house.place, whole), whole.end_ms)
    in_hours = Periods(days.start_ms, np.searchsorted(hours.edges, days.edges))
    return chill_indices(in_hours, hours, AIR[0], air.temperature_degc)


def answer_condensation(ask: ClimateQuery) -> HouseAnswers:
    """Return the margins, hours and events of condensation on the most critical surface, and on each."""
    periods, stages = cut_periods_of(ask)
    grid = gather(ask.scope, ask.house, SURFACES, periods)
    margin = margin_of(ask.house, ask.bands, grid, by_day_of(ask.house, periods))
    found = tell(ask, grid, condensation_indices(periods, margin), stages)
    notes = {s.name: f"estimated: {s.estimated}" if s.estimated else "measured" for s in margin.surfaces}
    return replace(found, notes=notes, events=wet_events(periods, margin))


def answer_light(ask: ClimateQuery, transmission: float | None, lamp: str | None) -> HouseAnswers:
    """Return light sums by local day, or fluxes by hour, with the factor that made photons of what was measured."""
    periods, stages = cut_periods_of(ask)
    grid = gather(ask.scope, ask.house, (*LIGHT, AIR[0]), periods)
    light, missing = light_of(ask.house, grid, transmission, lamp, by_day_of(ask.house, periods))
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


def answer_disease(ask: ClimateQuery) -> HouseAnswers:
    """Return the indices of disease of each local day with their drivers; the days before the window run them in."""
    early = Window(ask.window.start_ms - _RUN_IN_DAYS * DAY_MS, ask.window.end_ms)
    whole = replace(ask, window=early, by="day")
    periods, _ = cut_periods_of(whole)
    grid = gather(ask.scope, ask.house, (*AIR, *LIGHT[:1]), periods)
    names = ask.crop.downy
    downy = {name: each for name, each in DOWNY_MILDEWS.items() if names is None or name in names}
    found = tell(whole, grid, disease_indices(periods, Air(*air_of(grid)), downy), None, ask.window.start_ms)
    spans = [replace(s, levels=_disease_levels(s)) for s in found.spans]
    notes = {name: text for name, text in VALIDITY.items() if name != "downy_mildew_share" or downy}
    notes["crop"] = ask.house.crop or "not declared: every downy mildew is told"
    return HouseAnswers(ask.house, "day", spans, found.left_out, notes=notes)


def cut_periods_of(ask: ClimateQuery) -> tuple[Periods, list[str] | None]:
    """Return the periods that the window is cut into, and the crop stage of each where stages cut it."""
    stages = None
    if ask.by == "hour":
        starts = cut_hours(ask.house.place, ask.window)
    elif ask.by == "day":
        starts = cut_days(ask.house.place, ask.window)
    else:
        spans = cut_stages(ask.scope, ask.house, ask.window)
        starts, stages = [start for start, _ in spans], [stage for _, stage in spans]
    # An hour or day that is under way is told as the part that has been.
    return cut_periods(starts, ask.window.end_ms), stages


def tell(
    ask: ClimateQuery, grid: HouseGrid, indices: list[Index], stages: list[str] | None, since_ms: int | None = None
) -> HouseAnswers:
    """Return the indices as answers by period, held against the targets of the crop and its stage.

    Periods that end by `since_ms` are left out: they only ran the others in.
    """
    targets = ask.bands.targets(ask.house.crop, ask.house.stage)
    spans = []
    periods = grid.periods
    for at in range(len(periods)):
        if since_ms is not None and periods.window(at)[1] <= since_ms:
            continue
        stage = None if stages is None else stages[min(at, len(stages) - 1)]
        held = targets if stages is None else ask.bands.targets(ask.house.crop, stage or "")
        answers = {
            index.name: answer_of(
                index,
                at,
                periods.window(at),
                n=grid.counts_of(index.inputs)[at],
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
