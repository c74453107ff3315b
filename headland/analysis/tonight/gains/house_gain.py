"""Gain of the plan of a greenhouse by its own climate model, or why none is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from headland.agronomy.house_model.course import run_plans
from headland.analysis.greenhouse.house import find_house, local_hour_start
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.tonight.cards.card import Card
from headland.analysis.tonight.gains.gain import PlanGain, gain_of
from headland.analysis.tonight.gains.moves import moves_of
from headland.analysis.weather.house_what_if import compartment_of
from headland.analysis.weather.outdoors.driving_weather import driving_weather, model_place
from headland.registry.models.house_model import HeldOut, HouseModel
from headland.registry.models.models import Greenhouse
from headland.units_of_time import DAY_MS

#: Why no gain is told: in this order the first that holds.
Untold = Literal[
    "no_plan", "no_model", "declared", "yesterday_not_known", "no_better", "no_place", "no_forecast",
    "no_weather", "dry",
]  # fmt: skip
#: What of the weather lacks, by the note of what drives the model.
_LACKING: Final[dict[str, Untold]] = {"no_forecast": "no_forecast"}


@dataclass(frozen=True, slots=True)
class HouseGain:
    """The gain of a plan, or why none is told."""

    gain: PlanGain | None = None
    untold: Untold | None = None


class Gains:
    """Gains of the plans of some greenhouses; at most `most_runs` are computed that no request had yet."""

    def __init__(self, scope: OrgScope, most_runs: int) -> None:
        self._scope, self._runs_left = scope, most_runs

    def of(self, card: Card) -> HouseGain | None:
        """Return the gain of a card's plan; None where it is left to a later request."""
        scope, model = self._scope, model_of(card)
        untold = _untold(card, model)
        if untold is not None or model is None or model.held_out is None or card.forecast is None:
            return HouseGain(untold=untold or "no_model")
        moves, made_ms = moves_of(card.plan.orders, scope.now_ms), card.forecast.made_ms
        family = ("plan-gain", scope.organisation, card.subject.id)
        key = (*family, made_ms, moves, card.place_deg, msgspec.json.encode(model))
        if self._runs_left < 1 and not scope.cache.holds(key):
            return None
        if not scope.cache.holds(key):
            self._runs_left -= 1
        held_out = model.held_out
        return scope.cache.get(key, lambda: _run(scope, card, model, held_out), family)


def model_of(card: Card) -> HouseModel | None:
    """Return the climate model of a card's greenhouse; None where nobody gave one."""
    record = card.subject.record
    return record.climate_model if isinstance(record, Greenhouse) else None


def _untold(card: Card, model: HouseModel | None) -> Untold | None:
    """Return why no gain can be told before anything is computed; None where nothing is against it."""
    if not moves_of(card.plan.orders, 0) or card.forecast is None:
        return "no_plan"
    if model is None:
        return "no_model"
    errors = model.held_out
    if errors is None:
        return "declared"
    yesterday = (errors.temperature_yesterday_rmse_k, errors.humidity_yesterday_rmse_pct)
    if yesterday[0] is None or yesterday[1] is None:
        return "yesterday_not_known"
    if errors.temperature_rmse_k >= yesterday[0] or errors.humidity_rmse_pct >= yesterday[1]:
        return "no_better"
    return None


def _run(scope: OrgScope, card: Card, model: HouseModel, errors: HeldOut) -> HouseGain:
    try:
        house = find_house(scope, card.subject.forecast_id)
    except AnalysisError:  # its devices went away meanwhile
        return HouseGain(untold="no_weather")
    start_ms = local_hour_start(house.place, scope.now_ms)
    window = Window(start_ms, start_ms + DAY_MS)
    stands = model_place(house.place, window.end_ms)
    if stands is None:
        return HouseGain(untold="no_place")
    weather = driving_weather(scope, house, window, scope.now_ms)
    if weather.hours is None:
        return HouseGain(untold=next((_LACKING[note] for note in weather.notes if note in _LACKING), "no_weather"))
    moves = moves_of(card.plan.orders, scope.now_ms)
    (course,) = run_plans([compartment_of(model)], [moves], weather.hours, stands, window.start_ms)
    gain = gain_of(course, errors, start_ms)
    if not gain.wet_before.any() and not gain.wet_after.any():
        return HouseGain(untold="dry")
    return HouseGain(gain)
