"""Response models of tonight's cards, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from api.schemas.model import fill
from headland.agronomy.series.answer import Method
from headland.analysis.tonight.cards import Card, CardPage
from headland.analysis.tonight.done import Done
from headland.analysis.tonight.order_texts import advice_text, withheld_text
from headland.analysis.tonight.orders import HouseOrder, Order, Withheld
from headland.analysis.tonight.recalls import Recall
from headland.analysis.tonight.statements import LEAST_STATEMENTS, MOST_STATEMENTS, OutlookStatement
from headland.i18n import Language, find_term


class StatementSkill(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the last such statements. A chance is told from `least` on; `n` says how many there are."""

    n: Annotated[int, f"Statements that can be compared, at most {MOST_STATEMENTS}; hours of a window."]
    least: int
    right: int
    missed: Annotated[int, "It came and was not said."]
    false_alarms: Annotated[int, "It was said and did not come."]
    mean_abs_error: Annotated[float | None, "Of the value, in the statement's unit."]
    chance: Annotated[Annotated[float, Meta(ge=0, le=1)] | None, "That it comes, by the errors of the past values."]


class WithheldBody(msgspec.Struct, frozen=True, kw_only=True):
    """An order that yields to another one of the same actuator, and why, in both languages."""

    actuator: str
    direction: Annotated[str, "What it asked for."]
    start_ms: int
    end_ms: int
    by: Annotated[str, "The statement's kind that it yields to, or alarm: and the name of an alarm's rule."]
    holds: Annotated[str, "The direction that holds instead."]
    reason_ms: Annotated[int, "When what that is for begins."]
    resumes_ms: Annotated[int | None, "When its turn comes; null where it does not."]
    text: str
    text_zh: str


class AdviceBody(msgspec.Struct, frozen=True, kw_only=True):
    """What to do, in both languages, with its source; `until_ms` null: now, or at any time.

    The text of a greenhouse is made of `orders` and `withheld`, by the clock of the card's `time_zone`.
    """

    rule: str
    until_ms: int | None
    orders: list[Order]
    withheld: list[WithheldBody]
    text: str
    text_zh: str
    source: str
    source_zh: str


class StatementBody(msgspec.Struct, frozen=True, kw_only=True):
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
    basis: Annotated[str, "forecast, or as_yesterday where nothing forecasts it: as the last 24 hours."]
    estimated: Annotated[bool, "The surface has no sensor: it is estimated."]
    reason: Annotated[str | None, "no_forecast or insufficient_data; null with a value."]
    method: Method
    record: StatementSkill
    advice: AdviceBody | None


class CardAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An active alarm of a card."""

    id: str
    rule: str
    severity: str
    raised_ms: int
    text: str
    text_zh: str
    acknowledged_ms: int | None
    acknowledged_by: str | None
    withheld: Annotated[list[WithheldBody], "What of its remedy yields to another alarm."]


class RecallBody(msgspec.Struct, frozen=True, kw_only=True):
    """Lots to recall: a treatment with lots that were harvested within its pre-harvest interval, entered late or not.

    `lots` counts them, `codes` and `ids` are the newest; `/v1/lots/holding` with the treatment has all.
    """

    treatment: str
    field: str | None
    zone: str | None
    place: str
    product: str
    treated_on: Annotated[str, "Local day of the place."]
    harvested_on: str
    ends_on: Annotated[str | None, "First local day on which the crop might be harvested."]
    lots: int
    ids: list[str]
    codes: list[str]
    alarm: Annotated[str | None, "The alarm about it; null until the station has raised it."]
    acknowledged_ms: int | None
    acknowledged_by: str | None


class CardBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the next 24 hours bring to a greenhouse or field."""

    kind: Annotated[str, "greenhouse or field."]
    id: str
    name: str
    site: str
    simulated: bool
    level: Annotated[str, "The highest level of its statements and active alarms."]
    forecast_ms: Annotated[int | None, "When its forecast was made."]
    time_zone: Annotated[str, "IANA; by its clock texts tell times."]
    time_zone_known: Annotated[bool, "false: no site tells it, so it is UTC."]
    orders: Annotated[list[HouseOrder], "Of a greenhouse: one at a time for each actuator."]
    statements: list[StatementBody]
    alarms: list[CardAlarm]
    recalls: list[RecallBody]
    done: list[Done]


class TonightBody(msgspec.Struct, frozen=True, kw_only=True):
    """Cards, most trouble first; `total` counts all, `next` is the cursor of the next page, null on the last.

    `recalls` are those of all places, also of places without a card, on every page.
    """

    now_ms: int
    total: int
    recalls: list[RecallBody]
    items: list[CardBody]
    next: str | None


def tonight_of(page: CardPage, now_ms: int, following: str | None) -> TonightBody:
    """Return a page of cards as the API answers it."""
    return TonightBody(
        now_ms=now_ms,
        total=page.total,
        recalls=[_recall_of(recall) for recall in page.recalls],
        items=[_card_of(card, now_ms) for card in page.cards],
        next=following,
    )


def _recall_of(recall: Recall) -> RecallBody:
    review, alarm = recall.review, recall.alarm
    worst = review.worst
    return RecallBody(
        treatment=review.treatment.id,
        field=review.treatment.field,
        zone=review.treatment.zone,
        place=review.place.name,
        product=worst.interval.product,
        treated_on=worst.interval.treated_on.isoformat(),
        harvested_on=worst.harvested_on.isoformat(),
        ends_on=None if worst.interval.ends_on is None else worst.interval.ends_on.isoformat(),
        lots=review.lot_count,
        ids=[lot.id for lot in review.lots],
        codes=[lot.code for lot in review.lots],
        alarm=None if alarm is None else alarm.id,
        acknowledged_ms=None if alarm is None else alarm.acknowledged_ms,
        acknowledged_by=None if alarm is None else alarm.acknowledged_by,
    )


def _card_of(card: Card, now_ms: int) -> CardBody:
    subject, zone = card.subject, card.time_zone
    return fill(
        CardBody,
        subject,
        level=("low", "unknown", "moderate", "high")[min(3, card.rank // 10)],
        forecast_ms=card.forecast_ms,
        time_zone=zone.key,
        time_zone_known=card.time_zone_known,
        orders=list(card.plan.orders),
        statements=[
            _statement_of(one, zone, now_ms, estimated=one.value is not None and one.kind in card.estimated)
            for one in card.plan.statements
        ],
        alarms=[
            fill(
                CardAlarm,
                alarm,
                withheld=[_withheld_of(each, zone, now_ms) for each in card.plan.withheld.get(alarm.rule, ())],
            )
            for alarm in card.alarms
        ],
        recalls=[_recall_of(recall) for recall in card.recalls],
        done=list(card.done),
    )


def _statement_of(statement: OutlookStatement, zone: ZoneInfo, now_ms: int, *, estimated: bool) -> StatementBody:
    record, method, advice = statement.record, statement.method, statement.advice
    return fill(
        StatementBody,
        statement,
        estimated=estimated,
        method=method,
        record=fill(StatementSkill, record, least=LEAST_STATEMENTS),
        advice=None
        if advice is None
        else AdviceBody(
            rule=advice.rule,
            until_ms=advice.until_ms,
            orders=list(advice.orders),
            withheld=[_withheld_of(each, zone, now_ms) for each in advice.withheld],
            text=advice_text(advice, zone, now_ms, "en"),
            text_zh=advice_text(advice, zone, now_ms, "zh"),
            source=_text("tonight_sources", advice.rule, "en"),
            source_zh=_text("tonight_sources", advice.rule, "zh"),
        ),
    )


def _withheld_of(withheld: Withheld, zone: ZoneInfo, now_ms: int) -> WithheldBody:
    order = withheld.order
    return fill(
        WithheldBody,
        order,
        by=withheld.by,
        holds=withheld.holds,
        reason_ms=withheld.reason_ms,
        resumes_ms=withheld.resumes_ms,
        text=withheld_text(withheld, zone, now_ms, "en"),
        text_zh=withheld_text(withheld, zone, now_ms, "zh"),
    )


def _text(group: str, rule: str, language: Language) -> str:
    return find_term(group, rule, language) or rule
