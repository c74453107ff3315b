"""Plan of a house for the next 24 hours: its statements with the orders that hold, and one order for each actuator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from headland.analysis.greenhouse.house import HouseLocation
from headland.analysis.tonight.orders import (
    Ahead,
    AskedOrders,
    HouseOrder,
    WeighedOrders,
    Withheld,
    advice_orders,
    alarm_name,
    alarm_orders,
    daylight,
    house_orders,
    weigh,
)
from headland.analysis.tonight.statements import OutlookStatement


@dataclass(frozen=True, slots=True)
class HousePlan:
    """Statements whose advice has been weighed, the orders of the house, and what of an alarm's yields, by its rule."""

    statements: Sequence[OutlookStatement]
    orders: Sequence[HouseOrder] = ()
    withheld: Mapping[str, Sequence[Withheld]] = field(default_factory=dict)


def plan_house(
    statements: Sequence[OutlookStatement], alarm_rules: Sequence[str], place: HouseLocation, now_ms: int, end_ms: int
) -> HousePlan:
    """Return the plan of a house until `end_ms` by its statements and the rules of its active alarms."""
    ahead = Ahead(now_ms, end_ms, daylight(place_deg_of(place), now_ms))
    claims = {alarm_name(rule): alarm_orders(rule, now_ms) for rule in alarm_rules}
    for statement in statements:
        advice = statement.advice
        if advice is not None:
            claims[statement.kind] = advice_orders(advice.rule, advice.spans, statement.start_ms, ahead, advice.grave)
    verdicts = weigh([AskedOrders(by, orders) for by, orders in claims.items() if orders], end_ms)
    return HousePlan(
        [_weighed(statement, verdicts) for statement in statements],
        house_orders(verdicts),
        {rule: verdicts[name].withheld for rule in alarm_rules if (name := alarm_name(rule)) in verdicts},
    )


def _weighed(statement: OutlookStatement, verdicts: Mapping[str, WeighedOrders]) -> OutlookStatement:
    verdict = verdicts.get(statement.kind)
    if statement.advice is None or verdict is None:
        return statement
    return replace(statement, advice=replace(statement.advice, orders=verdict.orders, withheld=verdict.withheld))


def place_deg_of(place: HouseLocation) -> tuple[float, float] | None:
    """Return latitude and longitude of a place; None where one is not known."""
    if place.latitude_deg is None or place.longitude_deg is None:
        return None
    return place.latitude_deg, place.longitude_deg
