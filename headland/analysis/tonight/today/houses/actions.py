"""Actions of a greenhouse: the orders of its plan as things that a person does, one after another. Pure.

Nothing is judged here: the orders are those of the plan of the next 24 hours, which are weighed against each other. An
order not to do something, and one that only holds where something is due anyway, is in the plan and no action.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from headland.analysis.greenhouse.rule_limits import CONDENSATION
from headland.analysis.tonight.order_texts import withheld_text
from headland.analysis.tonight.orders import PLACES, HouseOrder, Withheld
from headland.analysis.tonight.plan import HousePlan
from headland.analysis.tonight.statements import OutlookStatement
from headland.analysis.tonight.today.answer import TodayAction, TodayAmount, TodayLink, TodayText
from headland.analysis.tonight.today.clock_words import PhoneClock, instant, said, span_text
from headland.i18n import find_term
from headland.plain_numbers import is_digits
from headland.registry.models.alarms import Alarm, Severity
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: Statements whose orders make a greenhouse one that needs somebody: a wet cover and daily watering do not.
URGENT: Final = ("frost", "disease", "leaf_condensation")
#: Orders that a person carries out; the others say what not to do, or hold only for what is due anyway.
_DONE_BY_HAND: Final = frozenset(
    {
        ("vents", "open"), ("vents", "close"), ("screens", "close"), ("heating", "on"), ("heating", "off"),
        ("water", "give"),
    }
)  # fmt: skip
#: Orders that are to be carried out by their start: what is closed in time stays closed.
_BY_START: Final = frozenset({("vents", "close"), ("screens", "close")})
#: Orders of one span in the order in which a person carries them out.
_HANDS: Final = ("vents", "screens", "heating", "water")
_IRRIGATION: Final = "irrigation"
_ALARM: Final = "alarm:"
#: An order that begins so soon is for now.
_NOW_MS: Final = 5 * MINUTE_MS
#: Two spans of an order that are so near belong together: a forecast of another hour moves them.
_NEAR_MS: Final = 2 * HOUR_MS


@dataclass(frozen=True, slots=True)
class DoneSpan:
    """What a person said to have done of one action: its actuator and order with their span, or its name."""

    action: str
    time_ms: int

    def covers(self, action: TodayAction) -> bool:
        """Return whether it is that action, also as another hour's forecast has it."""
        if self.action == action.id:
            return True
        mine, other = span_of_action(self.action), span_of_action(action.id)
        if mine is None or other is None or mine[0] != other[0]:
            return False
        return mine[1] - _NEAR_MS <= other[2] and other[1] - _NEAR_MS <= mine[2]


def action_id(order: HouseOrder) -> str:
    """Return the name of the action of an order, which an hour does not change."""
    start_ms = order.start_ms // HOUR_MS * HOUR_MS
    return f"{order.actuator}-{order.direction}-{start_ms}-{order.end_ms}"


def span_of_action(action: str) -> tuple[str, int, int] | None:
    """Return what an action of an order is, and its span; None for one that is no order."""
    parts = action.split("-")
    if len(parts) != 4 or not (is_digits(parts[2]) and is_digits(parts[3])):
        return None
    return f"{parts[0]}-{parts[1]}", int(parts[2]), int(parts[3])


def house_actions(plan: HousePlan, alarms: Iterable[Alarm], clock: PhoneClock) -> list[TodayAction]:
    """Return what a person is to do in a greenhouse, the first first: orders of what is grave, then other alarms."""
    by_kind = {statement.kind: statement for statement in plan.statements}
    rows = [order for order in plan.orders if _is_urgent(order, by_kind) and _by_hand(order)]
    rows.sort(key=lambda order: (max(order.start_ms, clock.now_ms), _place(order), _HANDS.index(order.actuator)))
    actions = [order_action(order, plan, by_kind, clock) for order in rows]
    told = {reason.removeprefix(_ALARM) for order in rows for reason in order.reasons}
    if "leaf_condensation" in told or "disease" in told:
        told.add(CONDENSATION)
    return [*actions, *alarm_actions(alarms, clock, told)]


def alarm_actions(alarms: Iterable[Alarm], clock: PhoneClock, told: Collection[str]) -> list[TodayAction]:
    """Return the active alarms that nobody has acknowledged, without those whose rules have an order already."""
    open_ = [alarm for alarm in alarms if alarm.acknowledged_ms is None and alarm.severity is not Severity.INFO]
    return [alarm_action(alarm, clock) for alarm in open_ if alarm.rule not in told]


def daily_action(plan: HousePlan, clock: PhoneClock) -> TodayAction | None:
    """Return the watering of the day, which is done every day and makes nothing urgent."""
    by_kind = {statement.kind: statement for statement in plan.statements}
    rows = [order for order in plan.orders if order.actuator == "water" and order.direction == "give"]
    daily = next((order for order in rows if order.reasons == (_IRRIGATION,)), None)
    return None if daily is None else order_action(daily, plan, by_kind, clock)


def order_action(
    order: HouseOrder, plan: HousePlan, by_kind: Mapping[str, OutlookStatement], clock: PhoneClock
) -> TodayAction:
    """Return an order as an action: what, until when, and why."""
    text, reason = order_text(order, by_kind, clock), reason_text(order, by_kind, clock)
    is_by_start = (order.actuator, order.direction) in _BY_START and order.start_ms > clock.now_ms + _NOW_MS
    amount = by_kind.get(_IRRIGATION) if order.reasons == (_IRRIGATION,) else None
    return TodayAction(
        id=action_id(order),
        actuator=order.actuator,
        order=order.direction,
        from_ms=clock.now_ms if is_by_start else order.start_ms,
        until_ms=order.start_ms if is_by_start else order.end_ms,
        text=text.text,
        text_zh=text.text_zh,
        reason=reason.text,
        reason_zh=reason.text_zh,
        cost=None if amount is None or amount.value is None else TodayAmount(value=amount.value, unit=amount.unit),
        gives_up=_given_up(order, plan, clock),
    )


def order_text(order: HouseOrder, by_kind: Mapping[str, OutlookStatement], clock: PhoneClock) -> TodayText:
    """Return what to do and until when, in few words."""
    slug = f"{order.actuator}_{order.direction}"
    if order.reasons[:1] == ("alarm:heat",) and order.direction == "open":
        slug = f"{slug}_wide"
    what: dict[str, object] = {}
    if order.reasons == (_IRRIGATION,):
        water = by_kind.get(_IRRIGATION)
        if water is not None and water.value is not None:
            slug, what = f"{slug}_amount", {"amount": f"{water.value:.1f}"}
    when = "now" if order.start_ms <= clock.now_ms + _NOW_MS else "later"
    return said(f"{slug}_{when}", start=instant(clock, order.start_ms), end=instant(clock, order.end_ms), **what)


def reason_text(order: HouseOrder, by_kind: Mapping[str, OutlookStatement], clock: PhoneClock) -> TodayText:
    """Return why an order holds, by the gravest of its reasons, with figures."""
    first = min(order.reasons, key=PLACES.index)
    if first.startswith(_ALARM):
        rule = first.removeprefix(_ALARM)
        return said("because_alarm", rule=rule_name(rule))
    statement = by_kind[first]
    return statement_text(statement, clock)


def statement_text(statement: OutlookStatement, clock: PhoneClock) -> TodayText:
    """Return what a statement says, in one line with its figures."""
    value = "" if statement.value is None else f"{statement.value:.1f}"
    values: dict[str, object] = {"value": value, "hours": statement.hours}
    if statement.kind == "disease" and statement.value is not None:
        values["hours"] = f"{statement.value:.0f}"
    if statement.start_ms is not None and statement.end_ms is not None:
        values["span"] = span_text(clock, statement.start_ms, statement.end_ms)
        return said(f"because_{statement.kind}", **values)
    return said(f"because_{statement.kind}_near", **values)


def alarm_action(alarm: Alarm, clock: PhoneClock) -> TodayAction:
    """Return an active alarm without an order of the plan as something to look at."""
    name = rule_name(alarm.rule)
    text, reason = said("look_at_alarm", rule=name), said("since", time=instant(clock, alarm.raised_ms))
    return TodayAction(
        id=f"alarm-{alarm.id}", actuator=None, order=None, from_ms=alarm.raised_ms, until_ms=None,
        text=text.text, text_zh=text.text_zh, reason=reason.text, reason_zh=reason.text_zh,
        href=TodayLink(kind="alarm", id=alarm.id),
    )  # fmt: skip


def left_of(actions: Sequence[TodayAction], done: Sequence[DoneSpan]) -> list[TodayAction]:
    """Return the actions that nobody has said to have done."""
    return [action for action in actions if not any(one.covers(action) for one in done)]


def _is_urgent(order: HouseOrder, by_kind: Mapping[str, OutlookStatement]) -> bool:
    return any(
        reason.startswith(_ALARM) or (reason in URGENT and by_kind[reason].level == "high") for reason in order.reasons
    )


def _by_hand(order: HouseOrder) -> bool:
    return (order.actuator, order.direction) in _DONE_BY_HAND


def _place(order: HouseOrder) -> int:
    return min(PLACES.index(reason) for reason in order.reasons)


def rule_name(rule: str) -> TodayText:
    """Return the name of an alarm rule in both languages."""
    names = {language: find_term("alarm_rules", rule, language) or rule for language in ("en", "zh")}
    return TodayText(text=names["en"], text_zh=names["zh"])


def _given_up(order: HouseOrder, plan: HousePlan, clock: PhoneClock) -> TodayText | None:
    """Return what yields to an order; None for nothing."""
    cut: list[Withheld] = [
        each
        for statement in plan.statements
        if statement.advice is not None
        for each in statement.advice.withheld
        if each.order.actuator == order.actuator and each.holds == order.direction
        if each.order.start_ms < order.end_ms and order.start_ms < each.order.end_ms
    ]
    if not cut:
        return None
    texts = [withheld_text(cut[0], clock.zone, clock.now_ms, language) for language in ("en", "zh")]
    return TodayText(text=texts[0], text_zh=texts[1])
