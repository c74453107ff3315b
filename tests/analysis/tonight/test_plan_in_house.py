"""Plans carried out in the simulated houses, beside doing nothing and beside answering the alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pytest

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.scenarios import house_named
from headland.agronomy.house_model.state import Actuators
from headland.agronomy.series.arrays import Values
from headland.analysis.tonight.orders import HouseOrder, alarm_orders
from headland.contract.alarm_rules import usual_limit
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.analysis.tonight.nights import Night, check_night, forecast_of
from tests.analysis.tonight.places import WUHAN
from tests.analysis.tonight.test_simulated_nights import READ_MS, SEASONS, hourly

#: A hand's width of the vents, and the heat that growers give with it, as shares of the most.
SMALL_VENT: Final = 0.15
SMALL_HEAT: Final = 0.3
#: The alarm of condensation rings after so long below its limit.
FOR_MS: Final = 20 * MINUTE_MS
#: A notice is repeated after so long.
REPEAT_MS: Final = 4 * HOUR_MS
RULES: Final = ("condensation", "frost")
NEAR_K: Final = usual_limit("condensation")
FROST_DEGC: Final = usual_limit("frost")
SCENARIO: Final = house_named("hubei-greenhouses")
UNITS: Final = len(SCENARIO.compartments)
Hand = Callable[[int, Actuators], Actuators]


@dataclass(frozen=True)
class Outcome:
    """Hours with leaves at or below the dew point in truth, by compartment, and the lowest air."""

    wet_h: Values
    coldest_degc: Values


@dataclass(frozen=True)
class Evening:
    """The same night four times from one evening.

    As it is; with the plans; by a person who answers each notice of an alarm for an hour, as often as it is repeated;
    and by one who watches the true margin all night and acts within twenty minutes, which no farm has.
    """

    nights: Sequence[Night]
    nothing: Outcome
    plan: Outcome
    notices: Outcome
    watched: Outcome


def evening(start_ms: int, seed: int) -> Evening:
    """Run a day, then the night that follows in four ways; its plans rest on what comes if nothing is done."""
    house = Compartments(SCENARIO, seed, start_ms, step_ms=READ_MS)
    rows: list[list[Mapping[str, float | None]]] = [[] for _ in range(UNITS)]
    run(house, DAY_MS, rows)
    as_is, planned, noticed, watched = (deepcopy(house) for _ in range(4))
    nothing = run(as_is, DAY_MS, rows)
    nights = []
    for unit in range(UNITS):
        hours = hourly(start_ms, rows[unit], has_probe=unit % 2 == 0)
        before, ahead = (
            {name: column[24 * at : 24 * (at + 1)].tolist() for name, column in hours.items()} for at in (0, 1)
        )
        nights.append(Night(forecast_of(start_ms + DAY_MS, ahead, before), start_ms + DAY_MS, WUHAN, ()))
    planned.by_hand = carry_out([night.plan.orders for night in nights])
    noticed.by_hand = AlarmHand(noticed, answers_ms=HOUR_MS).move
    watched.by_hand = AlarmHand(watched).move
    outcomes = [run(each, DAY_MS) for each in (planned, noticed, watched)]
    return Evening(nights, nothing, *outcomes)


def run(house: Compartments, for_ms: int, rows: list[list[Mapping[str, float | None]]] | None = None) -> Outcome:
    """Run a house, with its readings where rows are asked for."""
    end_ms, wet, coldest = house.time_ms + for_ms, np.zeros(UNITS), np.full(UNITS, np.inf)
    while house.time_ms < end_ms:
        if rows is not None:
            for unit in range(UNITS):
                rows[unit].append(house.readings(unit + 1))
        house.step()
        wet += margin_k(house) <= 0.0
        coldest = np.minimum(coldest, house.truth["air_temperature_degc"])
    return Outcome(wet * READ_MS / HOUR_MS, coldest)


def margin_k(house: Compartments) -> Values:
    return np.asarray(house.truth["leaf_condensation_margin_k"])


def carry_out(plans: Sequence[Sequence[HouseOrder]]) -> Hand:
    """Return the hand of somebody who does what the plans say when they say it, and nothing else."""

    def move(time_ms: int, target: Actuators) -> Actuators:
        for unit, orders in enumerate(plans):
            for order in orders:
                if order.start_ms <= time_ms < order.end_ms:
                    target = ordered(target, unit, order)
        return target

    return move


def ordered(target: Actuators, unit: int, order: HouseOrder) -> Actuators:
    match order.actuator, order.direction:
        case "vents", "open":
            return aired(target, unit)
        case "vents", "close":
            return replace(target, vent=_set(target.vent, unit, 0.0), windward=_set(target.windward, unit, 0.0))
        case "heating", "on":
            return heated(target, unit)
        case "heating", "off":
            return replace(target, boiler=_set(target.boiler, unit, 0.0))
        case "screens", "close":
            has_screen = SCENARIO.compartments[unit].screen_saving > 0
            return replace(target, screen=_set(target.screen, unit, float(has_screen)))
        case "water", "withhold":
            return replace(target, irrigating=_set(target.irrigating, unit, 0.0))
    return target


def aired(target: Actuators, unit: int) -> Actuators:
    vent = max(SMALL_VENT, float(target.vent[unit]))
    return replace(target, vent=_set(target.vent, unit, vent), windward=_set(target.windward, unit, vent))


def heated(target: Actuators, unit: int) -> Actuators:
    return replace(target, boiler=_set(target.boiler, unit, max(SMALL_HEAT, float(target.boiler[unit]))))


def _set(values: Values, unit: int, value: float) -> Values:
    changed = values.copy()
    changed[unit] = value
    return changed


class AlarmHand:
    """Somebody who airs and heats a little while condensation is near, and closes and heats in frost, by the rules.

    With `answers_ms` for so long after each notice: the first one, and each that the rule repeats.
    """

    def __init__(self, house: Compartments, answers_ms: int | None = None) -> None:
        self._house, self._answers_ms = house, answers_ms
        self._since = np.full((len(RULES), UNITS), np.nan)

    def move(self, time_ms: int, target: Actuators) -> Actuators:
        truth = self._house.truth
        rings = np.stack((margin_k(self._house) < NEAR_K, truth["air_temperature_degc"] < FROST_DEGC))
        self._since = np.where(rings, np.where(np.isnan(self._since), time_ms, self._since), np.nan)
        rung_ms = time_ms - self._since - FOR_MS
        acts = rung_ms >= 0
        if self._answers_ms is not None:
            acts &= np.nan_to_num(rung_ms) % REPEAT_MS < self._answers_ms
        is_near, is_frost = acts
        for unit in np.flatnonzero(is_near & ~is_frost).tolist():
            target = heated(aired(target, unit), unit)
        for unit in np.flatnonzero(is_frost).tolist():
            for order in alarm_orders("frost", time_ms):
                wanted = HouseOrder(order.actuator, order.direction, order.start_ms, order.end_ms, ())
                target = ordered(target, unit, wanted)
        return target


def judge(evenings: Sequence[Evening]) -> None:
    """Assert that no plan contradicts itself, and that plans leave fewer wet hours than nothing; print all figures.

    In nights of frost answered notices leave fewer than the plan, which keeps the vents closed; and one who watches all
    night leaves fewer in any: these are figures, not claims.
    """
    for each in evenings:
        for night in each.nights:
            check_night(night)
    names = ("nothing", "plan", "notices", "watched")
    wet = {name: np.concatenate([getattr(each, name).wet_h for each in evenings]) for name in names}
    cold = {name: np.concatenate([getattr(each, name).coldest_degc for each in evenings]) for name in names}
    worse = int((wet["plan"] > wet["nothing"] + 1.0).sum())
    print(f"\n{len(wet['plan'])} nights; over an hour more with the plan than without in {worse}")
    for name in names:
        print(f"{name:8} wet leaves {wet[name].mean():5.2f} h a night, coldest air {cold[name].mean():5.1f} degC")
    assert wet["nothing"].sum() > 0
    assert wet["plan"].sum() < wet["nothing"].sum()


def test_plans_leave_fewer_wet_hours_than_doing_nothing() -> None:
    judge([evening(start_ms, 0) for start_ms in SEASONS[:2]])


@pytest.mark.long
@pytest.mark.timeout(6000)
def test_plans_of_a_thousand_nights_leave_fewer_wet_hours_than_doing_nothing() -> None:
    evenings = [
        evening(start_ms + 3 * days * DAY_MS, seed) for seed in range(10) for start_ms in SEASONS for days in (0, 1)
    ]
    evenings += [evening(SEASONS[0] + 9 * DAY_MS, seed) for seed in range(4)]
    assert sum(len(each.nights) for each in evenings) >= 1000
    judge(evenings)
