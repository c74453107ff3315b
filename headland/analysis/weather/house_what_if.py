"""What another setting would have done in a greenhouse last night, or will do in the next: by its climate model.

The model runs twice over the same weather, as the house is and with one setting changed. Its intervals are those of the
errors that a fit left on measurements it never saw; a model that is only declared has none. Nothing is commanded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from headland.agronomy.house_model.compartment import Compartment
from headland.agronomy.house_model.course import run_courses
from headland.agronomy.house_model.structures import STRUCTURES
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Method
from headland.agronomy.series.arrays import Values
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.outdoors.driving_weather import (
    LEAST_SHARE,
    DrivingWeather,
    driving_weather,
    hourly_inside,
    model_place,
)
from headland.analysis.weather.what_if_figures import INSIDE, WhatIfFigure, WhatIfLimits, figures_of, not_counted
from headland.i18n import CatalogText
from headland.registry.models.house_model import HeldOut, HouseModel
from headland.units_of_time import DAY_MS, HOUR_MS

#: The settings that can be asked about, and what a house needs for each.
Setting = Literal["quilt_close_h", "quilt_open_h", "vent_above_degc", "screen_close_h", "night_degc"]
_NEEDS: Final[Mapping[Setting, str]] = {
    "quilt_close_h": "quilt_m2k_w",
    "quilt_open_h": "quilt_m2k_w",
    "vent_above_degc": "vent_area_ratio",
    "screen_close_h": "screen_saving",
    "night_degc": "heating_max_w_m2",
}
Night = Literal["last", "next"]
METHOD: Final = Method(
    "house_what_if",
    1,
    "climate model of the house run twice over the same weather, as it is and with one setting changed; low and high "
    "hold nine of ten errors by the model's errors on measurements that its fit never saw, those of a difference by "
    "the errors of both runs as if they were independent, which is the most",
)
#: The morning hour from which on a night counts as over.
_MORNING_H: Final = 7


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """What another setting would do in a greenhouse; a computation, never an order."""

    greenhouse: Annotated[str, "Id of the greenhouse."]
    setting: Annotated[Setting, "Setting that was changed."]
    as_is: Annotated[float | None, "The setting as the model has it: a clock hour or degC; null: by the light."]
    changed: Annotated[float, "The setting as changed: a clock hour or degC."]
    night: Annotated[Night, "The last night, measured, or the next 24 hours, forecast."]
    start_ms: Annotated[int, "Start of the night."]
    end_ms: Annotated[int, "End of the night."]
    time_zone: Annotated[str, "IANA: its clock is that of the hours."]
    structure: Annotated[str, "Structure of the model."]
    basis: Annotated[Literal["fitted", "declared"], "Where the model's parameters are from."]
    held_out: Annotated[HeldOut | None, "Errors of the fit on measurements that it never saw."]
    weather: Annotated[Literal["measured", "provider", "corrected", "nothing"], "Where the weather is from."]
    reason: Annotated[str | None, "Why there are no figures; null where there are."]
    text: Annotated[str, "What is to be known of it: the notes, one behind another."]
    text_zh: Annotated[str, "The same in Chinese."]
    notes: Annotated[dict[str, str], "The sentences of the text by what they are about."]
    notes_zh: Annotated[dict[str, str], "The notes in Chinese."]
    figures: Annotated[tuple[WhatIfFigure, ...], "Figures of the night; empty with a reason."]
    method: Annotated[Method, "Method of the figures."]


@dataclass(frozen=True, slots=True)
class WhatIfQuestion:
    """A question: the setting and its value, for which night, with the limits of cold and of humid air.

    `as_is` is the setting of today where it is not that of the model.
    """

    setting: Setting
    changed: float
    night: Night
    as_is: float | None
    below_degc: float
    humid_pct: float


def answer_what_if(scope: OrgScope, house: House, question: WhatIfQuestion) -> WhatIf:
    """Return what a setting would have changed in a house. Raises PreconditionError without its model or equipment."""
    model = house.climate_model
    if model is None:
        raise PreconditionError(
            "no-climate-model",
            "The greenhouse has no climate model",
            "Choose the structure of the greenhouse, or import the file of a fit.",
        )
    as_is = compartment_of(model)
    needed = _NEEDS[question.setting]
    if not getattr(as_is, needed) > 0:
        raise PreconditionError(
            "no-such-equipment",
            "The model of the greenhouse has no such equipment",
            f"Give {needed} in the parameters of the climate model, or ask about another setting.",
        )
    for value in (question.as_is, question.changed):
        if value is not None and question.setting.endswith("_h") and not 0 <= value < 24:
            raise AnalysisError(
                "no-such-hour", "There is no such hour", f"{value:g} is no hour of a clock: give 0 to below 24."
            )
    if question.as_is is not None:
        as_is = replace(as_is, **{question.setting: question.as_is})
    changed = replace(as_is, **{question.setting: question.changed})
    window = _window(house.place, scope.now_ms, question.night)
    family = ("what-if", scope.organisation, house.id)
    key = (*family, question, window.pair, scope.now_ms // HOUR_MS, msgspec.json.encode(model))
    return scope.cache.get(key, lambda: _answer(scope, house, model, (as_is, changed), question, window), family)


def compartment_of(model: HouseModel) -> Compartment[float]:
    """Return the compartment of a model: its structure with the parameters that differ."""
    return replace(STRUCTURES[model.structure.value], **model.parameters)


def _answer(
    scope: OrgScope,
    house: House,
    model: HouseModel,
    settings: tuple[Compartment[float], Compartment[float]],
    question: WhatIfQuestion,
    window: Window,
) -> WhatIf:
    place = house.place
    stands = model_place(place, window.end_ms)
    said_ms = scope.now_ms if question.night == "next" else None
    weather = DrivingWeather(None, "nothing", ("no_place",))
    if stands is not None:
        weather = driving_weather(scope, house, window, said_ms)
    figures: tuple[WhatIfFigure, ...] = ()
    if weather.hours is not None and stands is not None:
        course = run_courses(*settings, weather.hours, stands, window.start_ms)
        measured = _measured(scope, house, window) if question.night == "last" else {}
        figures = figures_of(course, measured, WhatIfLimits(question.below_degc, question.humid_pct), model.held_out)
    notes = _notes(model, weather, figures, question.night)
    english, chinese = ({note: CatalogText("what_if_notes", note).text(x) for note in notes} for x in ("en", "zh"))
    before = getattr(settings[0], question.setting)
    return WhatIf(
        greenhouse=house.id,
        setting=question.setting,
        as_is=None if math.isnan(before) else before,
        changed=question.changed,
        night=question.night,
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        time_zone=place.time_zone.key,
        structure=model.structure.value,
        basis="declared" if model.held_out is None else "fitted",
        held_out=model.held_out,
        weather=weather.basis,
        reason=None if figures else INSUFFICIENT_DATA,
        text=" ".join(english.values()),
        text_zh="".join(chinese.values()),
        notes=english,
        notes_zh=chinese,
        figures=figures,
        method=METHOD,
    )


def _notes(model: HouseModel, weather: DrivingWeather, figures: tuple[WhatIfFigure, ...], night: Night) -> list[str]:
    """Return what is to be said: where the model is from, what its intervals do not count, what was assumed."""
    is_fitted = model.held_out is not None
    notes = ["fitted" if is_fitted else "declared"]
    notes += [*not_counted(figures, is_forecast=night == "next"), *weather.notes]
    if figures and is_fitted and not any(figure.is_told for figure in figures):
        notes.append("not_told")
    return notes


def _window(place: HouseLocation, now_ms: int, night: Night) -> Window:
    """Return the hours of a night: from noon to noon, of the last one up to now, and the next 24 hours."""
    now_h_ms = now_ms // HOUR_MS * HOUR_MS
    if night == "next":
        return Window(now_h_ms, now_h_ms + DAY_MS)
    zone = place.time_zone
    now = datetime.fromtimestamp(now_h_ms / 1000, zone)
    noon = now.replace(hour=12, minute=0)
    noon_ms = round(noon.timestamp() * 1000) // HOUR_MS * HOUR_MS
    if now.hour >= 12:
        return Window(noon_ms - DAY_MS, noon_ms)
    if now.hour >= _MORNING_H:
        return Window(noon_ms - DAY_MS, now_h_ms)
    return Window(noon_ms - 2 * DAY_MS, noon_ms - DAY_MS)


def _measured(scope: OrgScope, house: House, window: Window) -> dict[str, Values]:
    """Return what the house measured by hour; a channel of which too little is known is left out."""
    found = hourly_inside(scope, house, INSIDE, window)
    return {name: column for name, column in found.items() if np.isfinite(column).mean() >= LEAST_SHARE}
