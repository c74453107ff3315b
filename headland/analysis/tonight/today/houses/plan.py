"""Plan of a greenhouse for the next 24 hours by actuator, with its reasons, its picture, and what it gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from headland.agronomy.climate.air import AIR_TEMPERATURE, RELATIVE_HUMIDITY
from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.analysis.greenhouse.house import find_house
from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import read_latest
from headland.analysis.tonight.cards.answer import CardWithheld, withheld_of
from headland.analysis.tonight.cards.card import Card
from headland.analysis.tonight.cards.page import list_cards
from headland.analysis.tonight.gains.house_gain import Gains
from headland.analysis.tonight.orders import Actuator, Direction, HouseOrder
from headland.analysis.tonight.statements import OutlookStatement
from headland.analysis.tonight.subjects import list_subjects
from headland.analysis.tonight.today.answer import (
    Column,
    TodayAmount,
    TodayGain,
    TodayQuestion,
    TodayStrip,
    TodayText,
)
from headland.analysis.tonight.today.clock_words import PhoneClock, said
from headland.analysis.tonight.today.houses.actions import action_id, order_text, rule_name, statement_text
from headland.analysis.tonight.today.houses.gain_text import told_gain
from headland.analysis.tonight.today.houses.row import RowInputs, house_row
from headland.analysis.tonight.today.houses.strip import column_of, forecast_column
from headland.i18n import find_term
from headland.registry.models.errors import NotFound
from headland.units_of_time import HOUR_MS

_ALARM: Final = "alarm:"
_COVER: Final = "cover_condensation_margin_k"
#: What an order does to its lane: it is on, it is to be off, or the time fits.
_KINDS: Final[Mapping[tuple[Actuator, Direction], Literal["on", "off", "fit"]]] = {
    ("vents", "open"): "on", ("vents", "close"): "off", ("heating", "on"): "on", ("heating", "off"): "off",
    ("screens", "close"): "on", ("screens", "open"): "off", ("spraying", "apply"): "fit", ("spraying", "wait"): "off",
    ("water", "give"): "on", ("water", "withhold"): "off",
}  # fmt: skip


class PlanReason(msgspec.Struct, frozen=True, kw_only=True):
    """A reason of an order."""

    kind: Annotated[str, "Statement, or alarm: and the name of the rule."]
    text: Annotated[str, "Reason with its figures, in English."]
    text_zh: Annotated[str, "Reason with its figures, in Chinese."]


class PlanOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What an actuator is to do in [from_ms, to_ms)."""

    id: Annotated[str, "Name of the action, which `POST /v1/today/done` takes."]
    from_ms: Annotated[int, "Start."]
    to_ms: Annotated[int, "End, not included."]
    order: Annotated[Direction, "What it is to do."]
    kind: Annotated[Literal["on", "off", "fit"], "on, off, or a time that fits what is due anyway."]
    text: Annotated[str, "Order in English."]
    text_zh: Annotated[str, "Order in Chinese."]
    reasons: Annotated[list[PlanReason], "What asks for it, the gravest first."]


class PlanLane(msgspec.Struct, frozen=True, kw_only=True):
    """The orders of one actuator, one after another: no two of them overlap."""

    actuator: Annotated[Actuator, "Actuator."]
    name: Annotated[str, "Name of it in English."]
    name_zh: Annotated[str, "Name of it in Chinese."]
    orders: Annotated[list[PlanOrder], "Orders by time."]


class PlanWithheld(CardWithheld, frozen=True, kw_only=True):
    """A part of an order that yields to another one, with what asked for it."""

    asked_by: Annotated[str, "Statement, or alarm: and the name of the rule, that asked for it."]


class PlanOfHouse(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a greenhouse for the next 24 hours."""

    greenhouse: Annotated[str, "Id of the greenhouse."]
    name: Annotated[str, "Name of the greenhouse."]
    now_ms: Annotated[int, "Time of the answer."]
    end_ms: Annotated[int, "End of what is forecast; the plan ends with it."]
    time_zone: Annotated[str, "IANA: by its clock texts tell times."]
    lanes: Annotated[list[PlanLane], "Actuators with orders; none without a forecast."]
    withheld: Annotated[list[PlanWithheld], "What yields to something graver, and why."]
    gain: Annotated[TodayGain | None, "What it changes; null where no model tells it."]
    gain_reason: Annotated[TodayText | None, "Why no gain is told; null where one is."]
    cost: Annotated[TodayAmount | None, "What it costs; null where it is not known."]
    gives_up: Annotated[TodayText | None, "What is not done because of it; null for nothing."]
    strip: Annotated[TodayStrip | None, "Picture of the next 24 hours; null where nothing is known."]
    cover_degc: Annotated[
        Column | None, "Cover at the instants of the picture; null where its material is not known, or no forecast."
    ]
    questions: Annotated[list[TodayQuestion], "What only the grower knows."]
    reason: Annotated[TodayText | None, "Why there is no plan; null where there is one."]


def answer_plan(scope: OrgScope, greenhouse: str) -> PlanOfHouse:
    """Return the plan of a greenhouse by its id, or that of a device. Raises AnalysisError, NotFound."""
    card = _card_of(scope, greenhouse)
    clock = PhoneClock(card.time_zone, scope.now_ms)
    told = Gains(scope, most_runs=1)
    row = house_row(scope, card, RowInputs(read_latest(scope), {}, {}, told), crop_targets_of(scope))
    gain, gain_reason = told_gain(told.of(card))
    lost = _withheld(card, clock)
    origin_ms = scope.now_ms if card.forecast is None else card.forecast.origin_ms
    return PlanOfHouse(
        greenhouse=card.subject.id,
        name=card.subject.name,
        now_ms=scope.now_ms,
        end_ms=origin_ms + 24 * HOUR_MS,
        time_zone=card.time_zone.key,
        lanes=plan_lanes(card.plan.orders, card.plan.statements, clock),
        withheld=lost,
        gain=gain,
        gain_reason=gain_reason,
        cost=None,
        gives_up=TodayText(text=lost[0].text, text_zh=lost[0].text_zh) if lost else None,
        strip=row.strip,
        cover_degc=_cover(card, row.strip, scope.now_ms),
        questions=row.questions,
        reason=said("quiet_unknown") if card.forecast is None else None,
    )


def plan_lanes(
    orders: Sequence[HouseOrder], statements: Sequence[OutlookStatement], clock: PhoneClock
) -> list[PlanLane]:
    """Return the orders of a plan by actuator. Raises ValueError for two orders of one that overlap."""
    by_kind = {statement.kind: statement for statement in statements}
    lanes = []
    ordered = sorted(orders, key=lambda order: (order.actuator, order.start_ms))
    for actuator, group in groupby(ordered, key=lambda order: order.actuator):
        mine = list(group)
        if any(after.start_ms < before.end_ms for before, after in pairwise(mine)):
            raise ValueError(f"overlap: {actuator}")
        names = {language: find_term("actuators", actuator, language) or actuator for language in ("en", "zh")}
        told = [_order_of(order, by_kind, clock) for order in mine]
        lanes.append(PlanLane(actuator=actuator, name=names["en"], name_zh=names["zh"], orders=told))
    return lanes


def _order_of(order: HouseOrder, by_kind: Mapping[str, OutlookStatement], clock: PhoneClock) -> PlanOrder:
    text = order_text(order, by_kind, clock)
    return PlanOrder(
        id=action_id(order),
        from_ms=order.start_ms,
        to_ms=order.end_ms,
        order=order.direction,
        kind=_KINDS[order.actuator, order.direction],
        text=text.text,
        text_zh=text.text_zh,
        reasons=[_reason_of(reason, by_kind, clock) for reason in order.reasons],
    )


def _reason_of(reason: str, by_kind: Mapping[str, OutlookStatement], clock: PhoneClock) -> PlanReason:
    if reason.startswith(_ALARM):
        text = said("because_alarm", rule=rule_name(reason.removeprefix(_ALARM)))
    else:
        text = statement_text(by_kind[reason], clock)
    return PlanReason(kind=reason, text=text.text, text_zh=text.text_zh)


def _withheld(card: Card, clock: PhoneClock) -> list[PlanWithheld]:
    asked = [(one.kind, each) for one in card.plan.statements if one.advice for each in one.advice.withheld]
    asked += [(f"{_ALARM}{rule}", each) for rule, lost in card.plan.withheld.items() for each in lost]
    return [
        PlanWithheld(asked_by=kind, **msgspec.structs.asdict(withheld_of(each, clock.zone, clock.now_ms)))
        for kind, each in asked
    ]


def _cover(card: Card, strip: TodayStrip | None, now_ms: int) -> Column | None:
    """Return the forecast of a cover whose material is known, null at the instants that have passed."""
    forecast = card.forecast
    if strip is None or strip.house is None or forecast is None or not card.limits.is_cover_known:
        return None
    air, humidity, margin = (forecast_column(forecast, name) for name in (AIR_TEMPERATURE, RELATIVE_HUMIDITY, _COVER))
    cover = dew_point_degc(air, np.clip(humidity, 1.0, 100.0)) + margin
    if not np.isfinite(cover).any():
        return None
    ahead = [(time_ms - forecast.origin_ms) // HOUR_MS for time_ms in strip.house.time_ms if time_ms > now_ms]
    seen: Column = [None] * (len(strip.house.time_ms) - len(ahead))
    return seen + column_of(cover[ahead])


def _card_of(scope: OrgScope, greenhouse: str) -> Card:
    house = find_house(scope, greenhouse)
    devices = {record.descriptor.device for record in house.records}
    subjects = [one for one in list_subjects(scope, scope.repositories) if one.kind == "greenhouse"]
    found = next(
        (one for one in subjects if one.id in (greenhouse, house.greenhouse, house.id)
         or devices & {record.descriptor.device for record in one.devices}), None,
    )  # fmt: skip
    cards = [] if found is None else list_cards(scope, 1, 0, "greenhouse", found.id).cards
    if not cards:
        raise NotFound("greenhouse", greenhouse)
    return cards[0]
