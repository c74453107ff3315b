"""Actions of a greenhouse: one next thing, short, from the plan's own orders, and not asked again once it is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headland.analysis.tonight.orders import HouseOrder
from headland.analysis.tonight.today.answer import TodayAction
from headland.analysis.tonight.today.clock_words import PhoneClock
from headland.analysis.tonight.today.houses.actions import (
    DoneSpan,
    action_id,
    house_actions,
    left_of,
    order_text,
    span_of_action,
)
from headland.i18n import load_terms
from headland.registry.models.alarms import Alarm, Severity
from headland.units_of_time import HOUR_MS
from tests.analysis.tonight.nights import OPPOSITES, START_MS, Night, generated_night

NIGHTS = range(60)


def nights() -> Iterator[tuple[Night, PhoneClock]]:
    for seed in NIGHTS:
        night = generated_night(seed)
        yield night, PhoneClock(night.place.time_zone, night.now_ms)


def test_every_action_is_an_order_of_the_plan_and_no_two_at_one_time_are_opposite() -> None:
    count = 0
    for night, clock in nights():
        plan = night.plan
        actions = house_actions(plan, [], clock)
        count += len(actions)
        orders = {action_id(order): order for order in plan.orders}
        for action in actions:
            assert action.id in orders
            for other in actions:
                if other.actuator == action.actuator and other.order == OPPOSITES[str(action.order)]:
                    one, two = orders[action.id], orders[other.id]
                    assert one.end_ms <= two.start_ms or two.end_ms <= one.start_ms
    assert count > len(NIGHTS)


def test_actions_come_in_the_order_in_which_they_are_due() -> None:
    for night, clock in nights():
        orders = {action_id(order): order for order in night.plan.orders}
        starts = [max(orders[one.id].start_ms, clock.now_ms) for one in house_actions(night.plan, [], clock)]
        assert starts == sorted(starts)


def test_a_text_is_short_has_a_verb_first_or_a_time_and_no_weekday() -> None:
    for night, clock in nights():
        for action in house_actions(night.plan, [], clock):
            letters = action.text_zh.replace(" ", "")
            assert len([one for one in letters if not one.isascii()]) <= 16, action.text_zh
            assert len(action.text) <= 46, action.text
            assert "周" not in action.text_zh
            assert action.reason
            assert action.reason_zh
            assert any(one.isdigit() for one in action.reason_zh) or "报警" in action.reason_zh


def test_every_order_of_a_plan_has_a_text_in_both_languages() -> None:
    for night, clock in nights():
        by_kind = {one.kind: one for one in night.plan.statements}
        for order in night.plan.orders:
            if order.actuator != "spraying" and order.direction != "withhold":
                assert order_text(order, by_kind, clock).text


def test_a_wet_cover_and_the_water_of_the_day_make_nothing_urgent() -> None:
    for night, clock in nights():
        plan = night.plan
        reasons = {action_id(order): order.reasons for order in plan.orders}
        levels = {one.kind: one.level for one in plan.statements}
        for action in house_actions(plan, [], clock):
            assert any(
                reason.startswith("alarm:") or (reason not in ("cover_condensation", "irrigation")
                and levels[reason] == "high") for reason in reasons[action.id]
            )  # fmt: skip


@pytest.mark.parametrize("hours", [0, 1, 2])
def test_what_was_done_is_not_asked_again_by_the_forecast_of_another_hour(hours: int) -> None:
    start_ms = START_MS + 9 * HOUR_MS
    first = HouseOrder("vents", "open", start_ms, start_ms + 6 * HOUR_MS, ("disease",))
    moved = HouseOrder("vents", "open", start_ms + hours * HOUR_MS, start_ms + 7 * HOUR_MS, ("disease",))
    done = DoneSpan(action_id(first), START_MS)
    actions = [_action(moved)]
    assert left_of(actions, [done]) == []
    tomorrow = HouseOrder("vents", "open", start_ms + 24 * HOUR_MS, start_ms + 30 * HOUR_MS, ("disease",))
    other = HouseOrder("vents", "close", start_ms, start_ms + HOUR_MS, ("frost",))
    assert len(left_of([_action(tomorrow), _action(other)], [done])) == 2


def test_an_alarm_without_an_order_is_looked_at_until_somebody_acknowledges_it() -> None:
    night, clock = next(iter(nights()))
    alarm = Alarm(
        id="0" * 26, rule="my-own", subject="gh-1", kind="greenhouse", site="home", severity=Severity.WARNING,
        by_station=True, standing=("station",), began_ms=START_MS, raised_ms=START_MS,
    )  # fmt: skip
    found = [action for action in house_actions(night.plan, [alarm], clock) if action.actuator is None]
    assert [(action.id, action.href and action.href.kind) for action in found] == [(f"alarm-{alarm.id}", "alarm")]


def test_the_name_of_an_action_says_its_order_and_span() -> None:
    order = HouseOrder("screens", "close", START_MS, START_MS + HOUR_MS, ("frost",))
    assert span_of_action(action_id(order)) == ("screens-close", START_MS, START_MS + HOUR_MS)
    assert span_of_action("alarm-x") is None
    assert span_of_action("missed-01~uav-1~2") is None


def test_every_text_of_today_is_in_both_languages() -> None:
    for slug, text in load_terms()["today"].items():
        assert text["en"] != text["zh"] or slug in ("comma", "stop"), slug


def _action(order: HouseOrder) -> TodayAction:
    return TodayAction(
        id=action_id(order), actuator=order.actuator, order=order.direction, from_ms=order.start_ms,
        until_ms=order.end_ms, text="", text_zh="", reason="", reason_zh="",
    )  # fmt: skip
