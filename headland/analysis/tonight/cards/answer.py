"""Cards of tonight as the API gives them: sentences in both languages, by the clock of the place."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from headland.agronomy.series.answer import Method
from headland.analysis.greenhouse.forecast_basis import BasisOfHouse
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.tonight.cards.card import Card, CardPage
from headland.analysis.tonight.done import Done
from headland.analysis.tonight.order_texts import advice_text, withheld_text
from headland.analysis.tonight.orders import HouseOrder, Order, Withheld
from headland.analysis.tonight.recalls import Recall
from headland.analysis.tonight.statements import Advice, OutlookStatement, StatementRecord
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin
from headland.i18n import Language, find_term
from headland.registry.models.alarms import Alarm

_LEVELS = ("low", "unknown", "moderate", "high")


class CardWithheld(msgspec.Struct, frozen=True, kw_only=True):
    """An order that yields to another one of the same actuator, and why, in both languages."""

    actuator: Annotated[str, "Actuator."]
    direction: Annotated[str, "What it asked for."]
    start_ms: int
    end_ms: int
    by: Annotated[str, "The statement's kind that it yields to, or alarm: and the name of an alarm's rule."]
    holds: Annotated[str, "The direction that holds instead."]
    reason_ms: Annotated[int, "When what that is for begins."]
    resumes_ms: Annotated[int | None, "When its turn comes; null where it does not."]
    text: Annotated[str, "Sentence in English."]
    text_zh: str


class CardAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """What to do, in both languages, with its source; `until_ms` null: now, or at any time.

    The text of a greenhouse is made of `orders` and `withheld`, by the clock of the card's `time_zone`.
    """

    rule: Annotated[str, "Rule of the advice."]
    until_ms: int | None
    orders: Annotated[list[Order], "Orders to actuators."]
    withheld: Annotated[list[CardWithheld], "Orders that yield to others."]
    text: Annotated[str, "Sentence in English."]
    text_zh: str
    source: Annotated[str, "Source of the advice in English."]
    source_zh: Annotated[str, "Source of the advice in Chinese."]


class CardStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement about the next 24 hours."""

    kind: Annotated[
        str,
        ("leaf_condensation, cover_condensation, frost, disease, irrigation, spray_window or spread_window."),
    ]
    level: Annotated[str, "high, moderate, low or unknown."]
    occurs: Annotated[bool | None, "Whether it will come; null with a reason."]
    value: Annotated[float | None, "The worst value, the hours or the amount."]
    unit: str
    start_ms: Annotated[int | None, "Start of the first affected hour."]
    end_ms: int | None
    hours: Annotated[int, "Affected hours."]
    basis: Annotated[
        str,
        "forecast, of the station about a greenhouse; the weather to come as its provider says it or as corrected; or "
        "as_yesterday where nothing forecasts it: as the last 24 hours.",
    ]
    source: Annotated[
        ForecastOrigin | None, "Whose weather forecast it is, or why there is none; null for a station's own."
    ]
    estimated: Annotated[bool, "The surface has no sensor: it is estimated."]
    reason: Annotated[str | None, "no_forecast or insufficient_data; null with a value."]
    method: Annotated[Method, "Method of the value."]
    record: Annotated[StatementRecord, "What came of the last such statements."]
    advice: Annotated[CardAdvice | None, "What to do; null where nothing is advised."]


class CardAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An active alarm of a card."""

    id: str
    rule: Annotated[str, "Rule of the alarm."]
    severity: str
    raised_ms: int
    text: Annotated[str, "Sentence in English."]
    text_zh: str
    acknowledged_ms: int | None
    acknowledged_by: str | None
    withheld: Annotated[list[CardWithheld], "What of its remedy yields to another alarm."]


class CardRecall(msgspec.Struct, frozen=True, kw_only=True):
    """Lots to recall: a treatment with lots that were harvested within its pre-harvest interval, entered late or not.

    `lots` counts them, `codes` and `ids` are the newest; `/v1/lots/holding` with the treatment has all.
    """

    treatment: Annotated[str, "Id of the treatment."]
    field: str | None
    zone: str | None
    place: Annotated[str, "Name of the field or zone."]
    product: Annotated[str, "Name of the product."]
    treated_on: Annotated[str, "Local day of the place."]
    harvested_on: Annotated[str, "Local day of the harvest."]
    ends_on: Annotated[str | None, "First local day on which the crop might be harvested."]
    lots: Annotated[int, "Number of lots."]
    ids: Annotated[list[str], "Ids of the newest of them."]
    codes: Annotated[list[str], "Batch numbers of the newest of them."]
    alarm: Annotated[str | None, "The alarm about it; null until the station has raised it."]
    acknowledged_ms: int | None
    acknowledged_by: str | None


class TonightCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the next 24 hours bring to a greenhouse or field."""

    kind: Annotated[str, "greenhouse or field."]
    id: str
    name: str
    site: str
    simulated: bool
    level: Annotated[str, "The highest level of its statements and active alarms."]
    forecast_ms: Annotated[int | None, "When its forecast was made."]
    forecast_basis: Annotated[BasisOfHouse | None, "What its forecast rests on; null of a field and without one."]
    time_zone: Annotated[str, "IANA; by its clock texts tell times."]
    time_zone_known: Annotated[bool, "false: no site tells it, so it is UTC."]
    orders: Annotated[list[HouseOrder], "Of a greenhouse: one at a time for each actuator."]
    statements: Annotated[list[CardStatement], "Statements about the next 24 hours."]
    alarms: Annotated[list[CardAlarm], "Active alarms."]
    recalls: Annotated[list[CardRecall], "Lots to recall after treatments of it."]
    sensors: Annotated[list[DeviceFinding], "Faults of its sensors in the last day, of a greenhouse."]
    done: Annotated[list[Done], "What was done lately, the newest first."]


class TonightCards(msgspec.Struct, frozen=True, kw_only=True):
    """Cards, most trouble first; `total` counts all, `next` is the cursor of the next page, null on the last.

    `recalls` are those of all places, also of places without a card, on every page.
    """

    now_ms: Annotated[int, "Time of the answer, epoch milliseconds UTC."]
    total: Annotated[int, "Number of cards on all pages."]
    recalls: Annotated[list[CardRecall], "Lots to recall, of all places."]
    items: list[TonightCard]
    next: str | None


def tonight_of(page: CardPage, now_ms: int, following: str | None) -> TonightCards:
    """Return a page of cards; `following` is the cursor of the next one."""
    return TonightCards(
        now_ms=now_ms,
        total=page.total,
        recalls=[_recall_of(recall) for recall in page.recalls],
        items=[_card_of(card, now_ms) for card in page.cards],
        next=following,
    )


def _card_of(card: Card, now_ms: int) -> TonightCard:
    subject, zone = card.subject, card.time_zone
    return TonightCard(
        kind=subject.kind,
        id=subject.id,
        name=subject.name,
        site=subject.site,
        simulated=subject.simulated,
        level=_LEVELS[min(3, card.rank // 10)],
        forecast_ms=card.forecast_ms,
        forecast_basis=card.basis,
        time_zone=zone.key,
        time_zone_known=card.time_zone_known,
        orders=list(card.plan.orders),
        statements=[
            _statement_of(one, zone, now_ms, estimated=one.value is not None and one.kind in card.estimated)
            for one in card.plan.statements
        ],
        alarms=[_alarm_of(alarm, card, now_ms) for alarm in card.alarms],
        recalls=[_recall_of(recall) for recall in card.recalls],
        sensors=list(card.sensors),
        done=list(card.done),
    )


def _alarm_of(alarm: Alarm, card: Card, now_ms: int) -> CardAlarm:
    names = ("id", "rule", "severity", "raised_ms", "text", "text_zh", "acknowledged_ms", "acknowledged_by")
    withheld = card.plan.withheld.get(alarm.rule, ())
    return CardAlarm(
        **{name: getattr(alarm, name) for name in names},
        withheld=[withheld_of(each, card.time_zone, now_ms) for each in withheld],
    )


def _statement_of(statement: OutlookStatement, zone: ZoneInfo, now_ms: int, *, estimated: bool) -> CardStatement:
    told = {name: getattr(statement, name) for name in CardStatement.__struct_fields__ if name != "estimated"}
    advice = None if statement.advice is None else _advice_of(statement.advice, zone, now_ms)
    return CardStatement(**{**told, "advice": advice}, estimated=estimated)


def _advice_of(advice: Advice, zone: ZoneInfo, now_ms: int) -> CardAdvice:
    return CardAdvice(
        rule=advice.rule,
        until_ms=advice.until_ms,
        orders=list(advice.orders),
        withheld=[withheld_of(each, zone, now_ms) for each in advice.withheld],
        text=advice_text(advice, zone, now_ms, "en"),
        text_zh=advice_text(advice, zone, now_ms, "zh"),
        source=_text("tonight_sources", advice.rule, "en"),
        source_zh=_text("tonight_sources", advice.rule, "zh"),
    )


def withheld_of(withheld: Withheld, zone: ZoneInfo, now_ms: int) -> CardWithheld:
    """Return an order that yields as an answer has it."""
    order = withheld.order
    return CardWithheld(
        actuator=order.actuator,
        direction=order.direction,
        start_ms=order.start_ms,
        end_ms=order.end_ms,
        by=withheld.by,
        holds=withheld.holds,
        reason_ms=withheld.reason_ms,
        resumes_ms=withheld.resumes_ms,
        text=withheld_text(withheld, zone, now_ms, "en"),
        text_zh=withheld_text(withheld, zone, now_ms, "zh"),
    )


def _recall_of(recall: Recall) -> CardRecall:
    review, alarm, worst = recall.review, recall.alarm, recall.review.worst
    treatment, interval = review.treatment, worst.interval
    return CardRecall(
        treatment=treatment.id,
        field=treatment.field,
        zone=treatment.zone,
        place=review.place.name,
        product=interval.product,
        treated_on=interval.treated_on.isoformat(),
        harvested_on=worst.harvested_on.isoformat(),
        ends_on=None if interval.ends_on is None else interval.ends_on.isoformat(),
        lots=review.lot_count,
        ids=[lot.id for lot in review.lots],
        codes=[lot.code for lot in review.lots],
        alarm=None if alarm is None else alarm.id,
        acknowledged_ms=None if alarm is None else alarm.acknowledged_ms,
        acknowledged_by=None if alarm is None else alarm.acknowledged_by,
    )


def _text(group: str, rule: str, language: Language) -> str:
    return find_term(group, rule, language) or rule
