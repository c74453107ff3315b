"""Climate of a greenhouse: the indices of air, condensation, light and disease by hour, local day or crop stage.

Each answer takes the same way: divide the window into periods (`divide_window`), read the checked samples on a grid
(`samples.gather`), compute indices (`headland.agronomy.climate`), and compare them to the crop's targets
(`build_answers`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from headland.agronomy.climate.air import (
    AIR_CHANNELS,
    AIR_TEMPERATURE,
    Air,
    Thresholds,
    air_indices,
    day_indices,
)
from headland.agronomy.climate.condensation import SLOWEST_MIN as EVENT_SLOWEST_MIN
from headland.agronomy.climate.condensation import CondensationMargin, WetEvent, condensation_indices, wet_events
from headland.agronomy.climate.disease import (
    BOTRYTIS_LEVELS,
    DOWNY_MILDEWS,
    MILDEW_LEVELS,
    VALIDITY,
    disease_indices,
    level_of,
    mildew_days,
)
from headland.agronomy.climate.light import light_indices, rolling_light
from headland.agronomy.climate.thermal_time import chill_indices
from headland.agronomy.series.answer import Answer, Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import Index, precomputed_index
from headland.agronomy.series.time_grid import Periods, make_periods
from headland.analysis.greenhouse.crop_targets import Crop, CropTargets, TargetBand
from headland.analysis.greenhouse.derived import (
    LEAF_CHANNELS,
    LIGHT,
    SURFACES,
    air_of,
    by_day_of,
    leaf_margin_of,
    light_of,
    margin_of,
    surface_notes,
)
from headland.analysis.greenhouse.house import House, day_starts, hour_starts, stage_spans
from headland.analysis.greenhouse.house_grid import HouseGrid, answers_of
from headland.analysis.greenhouse.mildew_history import states_before
from headland.analysis.greenhouse.rule_limits import limits_of
from headland.analysis.greenhouse.run_in import run_in
from headland.analysis.greenhouse.samples import read_grid, read_with_run_in
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.leaf import LEAF_TEMPERATURE
from headland.i18n import CatalogText
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: The periods of an answer; "window" is one period, the whole window.
By = Literal["window", "hour", "day", "stage"]

#: Leaves have been dry for once in so many days; the rules of two days need the day before.
_RUN_IN_DAYS: Final = 14
#: What grows until the day ends.
_DAY_SUMS: Final = frozenset(("dli_mol_m2",))
#: A local day is at least as long as this, that of the change to summer time included.
_SHORTEST_DAY_MS: Final = 23 * HOUR_MS


@dataclass(frozen=True, slots=True)
class PeriodAnswers:
    """The answers of one period, their levels against the targets, and the crop stage if stages divide the window."""

    window: tuple[int, int]
    answers: dict[str, Answer]
    levels: dict[str, str] = field(default_factory=dict)
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class HouseAnswers:
    """The periods of a window with their answers, the targets, the samples left out, and notes on the computation."""

    house: House
    by: str
    periods: list[PeriodAnswers]
    left_out: list[DeviceFinding]
    targets: dict[str, TargetBand] = field(default_factory=dict)
    notes: dict[str, str | CatalogText] = field(default_factory=dict)
    events: list[WetEvent] | None = None


@dataclass(frozen=True, slots=True)
class ClimateQuery:
    """A greenhouse, a window and its division into periods."""

    scope: OrgScope
    house: House
    window: Window
    by: By
    crop_targets: CropTargets

    @property
    def crop(self) -> Crop:
        """The figures of the house's crop."""
        return self.crop_targets.crop(self.house.crop)

    @property
    def thresholds(self) -> Thresholds:
        """The temperature thresholds of its crop."""
        return Thresholds(self.crop.base_degc, self.crop.upper_degc)


def answer_air(query: ClimateQuery, thresholds: Thresholds | None = None) -> HouseAnswers:
    """Return the means of air; by day also DIF, hours of heat and cold, chill, and degree days by named methods.

    `thresholds` replace those of the crop.
    """
    periods, stages = divide_window(query)
    channels = (*AIR_CHANNELS, LEAF_TEMPERATURE)
    if query.by != "day":
        within = query.window if query.by == "window" else None
        grid = read_grid(query.scope, query.house, channels, periods, within, sun=LIGHT[0])
        air = Air(*air_of(grid), grid.mean(LEAF_TEMPERATURE), by_day_of(query.house, periods))
        return build_answers(query, grid, air_indices(periods, air), stages)
    # The degree days of a day need the lowest temperature of the next.
    run = run_in(query.house.place, periods)
    whole = read_with_run_in(query.scope, query.house, channels, run, sun=LIGHT[0])
    air = Air(*air_of(whole), whole.mean(LEAF_TEMPERATURE), by_day_of(query.house, run.periods))
    following_degc = run.following_degc(air.temperature_degc)
    indices = air_indices(run.periods, air)
    indices += day_indices(run.periods, air, thresholds or query.thresholds, following_degc)
    grid = run.cut(whole)
    return build_answers(query, grid, [*run.part(indices), *chill_of(query.house, periods, air_of(grid)[0])], stages)


def chill_of(house: House, days: Periods, temperature_degc: Values) -> list[Index]:
    """Return the winter chill of local days."""
    whole = Window(days.start_ms, days.window(len(days) - 1)[1])
    hours = make_periods(hour_starts(house.place, whole), whole.end_ms)
    in_hours = Periods(days.start_ms, np.searchsorted(hours.edges, days.edges))
    return chill_indices(in_hours, hours, AIR_TEMPERATURE, temperature_degc)


def answer_condensation(query: ClimateQuery) -> HouseAnswers:
    """Return the margins, hours and events of condensation on the most critical surface, and on each."""
    periods, stages = divide_window(query)
    run = run_in(query.house.place, periods)
    whole = read_with_run_in(query.scope, query.house, SURFACES, run, sun=LIGHT[0])
    margin = margin_of(query.house, query.crop_targets, whole, by_day_of(query.house, run.periods), run.days)
    grid = run.cut(whole)
    near_k = limits_of(query.scope, query.house).near_condensation_k
    answers = build_answers(query, grid, run.part(condensation_indices(run.periods, margin, near_k)), stages)
    margin = margin.cut(run.steps)
    notes = surface_notes(margin, query.house, query.crop_targets)
    return replace(answers, notes={**notes}, events=events_of(grid, margin))


def answer_light(query: ClimateQuery, transmission: float | None, lamp: str | None) -> HouseAnswers:
    """Return light sums by local day, or fluxes by hour, with the factor from the measured unit to photons."""
    periods, stages = divide_window(query)
    # The light of 24 hours up to a period's end begins before the period.
    run = run_in(query.house.place, periods)
    whole = read_with_run_in(query.scope, query.house, (*LIGHT, AIR_TEMPERATURE), run)
    grid, periods = run.cut(whole), run.periods
    light, note = light_of(query.house, whole, transmission, lamp, by_day_of(query.house, periods))
    if light is None:
        return replace(build_answers(query, grid, [], stages), notes={"light": note})
    indices = light_indices(periods, light, query.crop.base_degc, whole.mean(AIR_TEMPERATURE))
    total, share = rolling_light(light)
    last = periods.edges[1:] - 1
    rule = Method("rolling_light_24_h", 1, f"light of the 24 h up to the period's end, from 90 % on; {light.source}")
    known = np.isfinite(light.ppfd_umol_m2_s).astype(np.int64)
    steps = np.add.reduceat(known, periods.edges[:-1])
    coverage = np.nan_to_num(share[last])
    indices.append(
        precomputed_index("light_24_h_mol_m2", "mol/m2", rule, (light.channel,), total[last], coverage, steps)
    )
    if query.by != "day":
        indices = [index for index in indices if index.name in {"ppfd_umol_m2_s", "light_24_h_mol_m2"}]
    return replace(build_answers(query, grid, run.part(indices), stages), notes={"light": note})


def answer_disease(query: ClimateQuery) -> HouseAnswers:
    """Return the indices of disease of each local day with their drivers; computed from 14 days before the window.

    Powdery mildew depends on its whole season: on as many days before as are needed to know its state.
    """
    asked, _ = divide_window(replace(query, by="day"))
    # The same day before and after as of condensation, so that both have the same hours.
    run = run_in(query.house.place, asked, days_before=_RUN_IN_DAYS)
    periods = run.periods
    grid = read_with_run_in(query.scope, query.house, LEAF_CHANNELS, run, sun=LIGHT[0])
    names = query.crop.downy
    downy = {crop: infection for crop, infection in DOWNY_MILDEWS.items() if names is None or crop in names}
    air = Air(*air_of(grid))
    leaf = leaf_margin_of(query.house, query.crop_targets, grid, by_day_of(query.house, periods))
    mildew = mildew_days(periods, air.temperature_degc)
    before = states_before(query.scope, query.house, periods.start_ms, mildew, run.before)
    indices = disease_indices(periods, air, leaf, downy, mildew_before=before, wet_before=True)
    answers = build_answers(replace(query, by="day"), grid, indices, None)
    days = [replace(day, levels=_disease_levels(day)) for day in answers.periods[run.before : run.before + len(asked)]]
    notes: dict[str, str | CatalogText] = {
        name: text for name, text in VALIDITY.items() if name != "downy_mildew_share" or downy
    }
    notes["crop"] = query.house.crop or "not declared: every downy mildew is included"
    return HouseAnswers(query.house, "day", days, answers.left_out, notes=notes)


def events_of(grid: HouseGrid, margin: CondensationMargin) -> list[WetEvent]:
    """Return the events of condensation, but for those that samples come too rarely to tell."""
    interval_ms = grid.interval_of(AIR_CHANNELS)
    if interval_ms is not None:
        too_rare = interval_ms > EVENT_SLOWEST_MIN * MINUTE_MS * 11 // 10
        margin = replace(margin, margin_k=np.where(too_rare, np.nan, margin.margin_k))
    return wet_events(grid.periods, margin)


def divide_window(query: ClimateQuery) -> tuple[Periods, list[str] | None]:
    """Return the periods of the window, and the crop stage of each where stages divide it.

    The current hour or day ends with the window.
    """
    stages = None
    if query.by == "window":
        starts = [query.window.start_ms]
    elif query.by == "hour":
        starts = hour_starts(query.house.place, query.window)
    elif query.by == "day":
        starts = day_starts(query.house.place, query.window)
    else:
        spans = stage_spans(query.scope, query.house, query.window)
        starts, stages = [start for start, _ in spans], [stage for _, stage in spans]
    return make_periods(starts, query.window.end_ms), stages


def build_answers(query: ClimateQuery, grid: HouseGrid, indices: list[Index], stages: list[str] | None) -> HouseAnswers:
    """Return the indices as answers by period, with their levels against the targets of the crop and its stage."""
    targets = query.crop_targets.bands(query.house.crop, query.house.stage)
    spans = [query.window.pair if query.by == "window" else grid.periods.window(at) for at in range(len(grid.periods))]
    columns = {index.name: answers_of(grid, index, spans) for index in indices}
    built = []
    # The last day of the window ends with it, which for the day under way is now.
    under_way = query.by == "day" and bool(spans) and spans[-1][1] - spans[-1][0] < _SHORTEST_DAY_MS
    for at, window in enumerate(spans):
        stage = None if stages is None else stages[min(at, len(stages) - 1)]
        bands = targets if stages is None else query.crop_targets.bands(query.house.crop, stage or "")
        answers = {name: column[at] for name, column in columns.items()}
        built.append(
            PeriodAnswers(
                window, answers, _levels(answers, bands, is_ended=not under_way or at + 1 < len(spans)), stage
            )
        )
    used = {index.name for index in indices}
    return HouseAnswers(
        query.house, query.by, built, grid.left_out, {name: band for name, band in targets.items() if name in used}
    )


def _levels(answers: dict[str, Answer], bands: dict[str, TargetBand], *, is_ended: bool) -> dict[str, str]:
    """Return the levels against the targets; a sum of a day under way can be above its target, but not yet below."""
    levels = {}
    for name, answer in answers.items():
        band = bands.get(name)
        if band is not None and answer.value is not None:
            if name in _DAY_SUMS and not is_ended and answer.value <= band.high:
                continue
            levels[name] = "below" if answer.value < band.low else "above" if answer.value > band.high else "within"
    return levels


def _disease_levels(day: PeriodAnswers) -> dict[str, str]:
    rules: dict[str, Callable[[float], str]] = {
        "botrytis_index": lambda value: level_of(value, BOTRYTIS_LEVELS),
        "powdery_mildew_index": lambda value: level_of(value, MILDEW_LEVELS),
        "late_blight_severity": lambda value: level_of(value, (1.0, 3.0)),
        "smith_period": lambda value: "high" if value else "low",
        "hutton_period": lambda value: "high" if value else "low",
    }
    levels = {}
    for name, answer in day.answers.items():
        rule = rules.get(name) or (_share_level if name.startswith("downy_mildew_share") else None)
        if rule is not None and answer.value is not None:
            levels[name] = rule(answer.value)
    return levels


def _share_level(share: float) -> str:
    return level_of(share, (0.5, 1.0))
