"""Nights for the tests of plans: generated forecasts, and what must be true of the card of any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headland.analysis.greenhouse.house import HouseLocation
from headland.analysis.tonight.house_statements import house_statements
from headland.analysis.tonight.order_texts import advice_text
from headland.analysis.tonight.orders import Ahead, HouseOrder, Order, advice_orders, alarm_orders, daylight
from headland.analysis.tonight.outdoor_statements import irrigation_need
from headland.analysis.tonight.plan import HousePlan, plan_house
from headland.analysis.tonight.statements import OutlookStatement
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.units_of_time import HOUR_MS, MINUTE_MS
from tests.analysis.tonight.places import WUHAN

START_MS = 1_795_752_000_000
OPPOSITES = {"open": "close", "on": "off", "apply": "wait", "give": "withhold"}
OPPOSITES |= {after: before for before, after in OPPOSITES.items()}
#: The phrases by which a text orders an actuator something, for texts in English.
PHRASES = {
    ("vents", "open"): "open the vents",
    ("vents", "close"): "close the vents",
    ("spraying", "wait"): "do not spray",
}


@dataclass(frozen=True)
class Night:
    """A forecast as it was recorded, when it is looked at, where, and which alarms are active."""

    forecast: Forecast
    now_ms: int
    place: HouseLocation
    alarms: tuple[str, ...]

    @property
    def statements(self) -> list[OutlookStatement]:
        return [*house_statements(self.forecast, ()), irrigation_need([200.0] * 24)]

    @property
    def plan(self) -> HousePlan:
        return plan_house(self.statements, self.alarms, self.place, self.now_ms, self.ahead.end_ms)

    @property
    def ahead(self) -> Ahead:
        place, end_ms = self.place, self.forecast.origin_ms + 24 * HOUR_MS
        place_deg = None if place.latitude_deg is None else (place.latitude_deg, place.longitude_deg or 0.0)
        return Ahead(self.now_ms, end_ms, daylight(place_deg, self.now_ms))


def forecast_of(
    origin_ms: int, ahead: Mapping[str, Sequence[float]], before: Mapping[str, Sequence[float]]
) -> Forecast:
    """Return a recorded forecast of 24 hours; NaN is an hour that is not known."""

    def told(values: Sequence[float]) -> list[float | None]:
        return [None if np.isnan(value) else float(value) for value in values]

    nothing: list[float | None] = [None] * 24
    quantities = {
        name: QuantityForecast(
            made=told(values), low=nothing, high=nothing, as_now=None, as_yesterday=told(before[name]), measured=nothing
        )
        for name, values in ahead.items()
    }
    return Forecast(house="greenhouse-1", origin_ms=origin_ms, made_ms=origin_ms, quantities=quantities)


def generated_night(seed: int) -> Night:
    """Return a night of random weather, from frost to heat, from dry to wet all day."""
    random = np.random.default_rng(seed)
    origin_ms = START_MS + int(random.integers(0, 365 * 24)) * HOUR_MS
    hour = origin_ms // HOUR_MS % 24 + 8 + np.arange(-24, 24)
    wave = np.sin(2 * np.pi * (hour - 9) / 24)

    def walk(spread: float) -> np.ndarray:
        return np.cumsum(random.normal(0.0, spread, 48))

    air = random.uniform(-3.0, 22.0) + random.uniform(1.0, 9.0) * wave + walk(0.3)
    leaf = random.uniform(-2.0, 3.0) + random.uniform(0.0, 4.0) * wave + walk(0.3)
    cover = leaf - random.uniform(0.0, 6.0) + walk(0.2)
    columns = {
        "air_temperature_degc": air, "relative_humidity_pct": np.clip(95.0 - 5.0 * leaf, 30.0, 100.0),
        "leaf_condensation_margin_k": leaf, "cover_condensation_margin_k": cover,
    }  # fmt: skip
    if random.random() < 0.2:
        lost = random.choice(list(columns))
        columns[lost] = np.where(random.random(48) < 0.1, np.nan, columns[lost])
    alarms = tuple(rule for rule in ("frost", "heat", "condensation", "my-own") if random.random() < 0.15)
    return Night(
        forecast=forecast_of(
            origin_ms,
            {name: column[24:].tolist() for name, column in columns.items()},
            {name: column[:24].tolist() for name, column in columns.items()},
        ),
        now_ms=origin_ms + int(random.integers(0, 3 * 60)) * MINUTE_MS,
        place=WUHAN if random.random() < 0.8 else HouseLocation(),
        alarms=alarms,
    )


def check_night(night: Night) -> int:
    """Assert what must be true of a card; return how many orders yield on it."""
    plan = night.plan
    assert_one_order_at_a_time(night, plan)
    assert_wet_hours_agree(plan.statements)
    assert_what_yields_says_why(night, plan)
    assert_frost_comes_first(night, plan)
    assert_texts_order_what_holds(night, plan)
    return sum(len(one.advice.withheld) for one in plan.statements if one.advice is not None)


def assert_one_order_at_a_time(night: Night, plan: HousePlan) -> None:
    lost = {
        (rule, each.order.actuator, each.order.direction)
        for rule in night.alarms
        for each in plan.withheld.get(rule, ())
    }
    orders: list[Order | HouseOrder] = [order for one in plan.statements if one.advice for order in one.advice.orders]
    orders += [
        order
        for rule in night.alarms
        for order in alarm_orders(rule, night.now_ms)
        if (rule, order.actuator, order.direction) not in lost
    ]
    rows: list[Order | HouseOrder] = [*plan.orders]
    edges = sorted({edge for order in (*orders, *rows) for edge in (order.start_ms, order.end_ms)})
    for at in edges:
        asked = {(order.actuator, order.direction) for order in orders if order.start_ms <= at < order.end_ms}
        told = [(row.actuator, row.direction) for row in rows if row.start_ms <= at < row.end_ms]
        assert len({actuator for actuator, _ in asked}) == len(asked), asked
        assert sorted(asked) == sorted(told)


def assert_wet_hours_agree(statements: Sequence[OutlookStatement]) -> None:
    by_kind = {statement.kind: statement for statement in statements}
    leaf, disease = by_kind["leaf_condensation"], by_kind["disease"]
    if leaf.value is not None and disease.value is not None:
        assert abs(leaf.hours - disease.value) <= 1.0


def assert_what_yields_says_why(night: Night, plan: HousePlan) -> None:
    """What a statement asked for is an order, or yields with its reason and text: nothing is dropped in silence."""
    for statement in plan.statements:
        advice = statement.advice
        if advice is None:
            continue
        for wanted in advice_orders(advice.rule, advice.spans, statement.start_ms, night.ahead, advice.grave):
            lost = missing(wanted, advice.orders)
            yields = [each for each in advice.withheld if same(each.order, wanted)]
            assert all(any(each.order.start_ms <= at < each.order.end_ms for each in yields) for at in lost)
        for each in advice.withheld:
            assert OPPOSITES[each.order.direction] == each.holds
            assert any(
                (row.actuator, row.direction) == (each.order.actuator, each.holds) and each.by in row.reasons
                for row in plan.orders
            )


def assert_frost_comes_first(night: Night, plan: HousePlan) -> None:
    """In no hour of frost is a vent opened, unless an alarm of heat is active in that hour."""
    air = night.forecast.quantities["air_temperature_degc"].made
    if sum(value is not None for value in air) < 20:
        return
    opened = [row for row in plan.orders if (row.actuator, row.direction) == ("vents", "open")]
    for hour, value in enumerate(air):
        start_ms = night.forecast.origin_ms + hour * HOUR_MS
        if value is None or value >= 2.0 or start_ms < night.now_ms:
            continue
        for row in opened:
            overlaps = row.start_ms < start_ms + HOUR_MS and start_ms < row.end_ms
            assert not overlaps or (row.reasons[0] == "alarm:heat" and "heat" in night.alarms)


def assert_texts_order_what_holds(night: Night, plan: HousePlan) -> None:
    for statement in plan.statements:
        advice = statement.advice
        if advice is None:
            continue
        english, chinese = (advice_text(advice, night.place.time_zone, night.now_ms, one) for one in ("en", "zh"))
        for (actuator, direction), phrase in PHRASES.items():
            held = any((order.actuator, order.direction) == (actuator, direction) for order in advice.orders)
            assert (phrase in english) == held, (phrase, english)
        assert english.isascii() or "“" in english
        assert not any("a" <= letter <= "z" for letter in chinese)
        for each in advice.withheld:
            stays = {"close": ("stay closed", "保持关闭"), "open": ("stay open", "保持打开")}.get(each.holds)
            if each.order.actuator == "vents" and stays is not None:
                assert stays[0] in english
                assert stays[1] in chinese


def missing(wanted: Order, orders: Sequence[Order]) -> list[int]:
    """Return the beginnings of the parts of a wanted order that no order has."""
    held = [order for order in orders if same(order, wanted)]
    edges = {wanted.start_ms, *(order.end_ms for order in held), *(order.start_ms for order in held)}
    inside = sorted(edge for edge in edges if wanted.start_ms <= edge < wanted.end_ms)
    return [at for at in inside if not any(order.start_ms <= at < order.end_ms for order in held)]


def same(one: Order, other: Order) -> bool:
    return (one.actuator, one.direction) == (other.actuator, other.direction)
