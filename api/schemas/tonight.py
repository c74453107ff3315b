"""Response models of tonight's cards, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from api.schemas.answers import AnswerMethod
from api.schemas.model import Model
from headland.analysis.tonight.cards import Card, CardPage
from headland.analysis.tonight.order_texts import advice_text, withheld_text
from headland.analysis.tonight.orders import Withheld
from headland.analysis.tonight.recalls import Recall
from headland.analysis.tonight.statements import LEAST_STATEMENTS, MOST_STATEMENTS, OutlookStatement
from headland.i18n import Language, find_term


class StatementSkill(Model):
    """What came of the last such statements. A chance is told from `least` on; `n` says how many there are."""

    n: Annotated[
        int, Field(description=f"Statements that can be compared, at most {MOST_STATEMENTS}; hours of a window.")
    ]
    least: int
    right: int
    missed: Annotated[int, Field(description="It came and was not said.")]
    false_alarms: Annotated[int, Field(description="It was said and did not come.")]
    mean_abs_error: Annotated[float | None, Field(description="Of the value, in the statement's unit.")]
    chance: Annotated[float | None, Field(ge=0, le=1, description="That it comes, by the errors of the past values.")]


class OrderBody(Model):
    """What one actuator is to do from `start_ms` to before `end_ms`."""

    actuator: Annotated[str, Field(description="vents, heating, screens, spraying or water.")]
    direction: Annotated[
        str,
        Field(description="open, close (vents, screens), on, off (heating), apply, wait (spraying), give, withhold."),
    ]
    start_ms: int
    end_ms: int
    reason_ms: Annotated[int, Field(description="When what it is for begins.")]


class WithheldBody(Model):
    """An order that yields to another one of the same actuator, and why, in both languages."""

    actuator: str
    direction: Annotated[str, Field(description="What it asked for.")]
    start_ms: int
    end_ms: int
    by: Annotated[
        str, Field(description="The statement's kind that it yields to, or alarm: and the name of an alarm's rule.")
    ]
    holds: Annotated[str, Field(description="The direction that holds instead.")]
    reason_ms: Annotated[int, Field(description="When what that is for begins.")]
    resumes_ms: Annotated[int | None, Field(description="When its turn comes; null where it does not.")]
    text: str
    text_zh: str


class HouseOrderBody(Model):
    """What one actuator is to do from `start_ms` to before `end_ms`; no two orders of one overlap."""

    actuator: str
    direction: str
    start_ms: int
    end_ms: int
    reasons: Annotated[list[str], Field(description="Statements' kinds, and alarm: with the names of alarms' rules.")]


class AdviceBody(Model):
    """What to do, in both languages, with its source; `until_ms` null: now, or at any time.

    The text of a greenhouse is made of `orders` and `withheld`, by the clock of the card's `time_zone`.
    """

    rule: str
    until_ms: int | None
    orders: list[OrderBody]
    withheld: list[WithheldBody]
    text: str
    text_zh: str
    source: str
    source_zh: str


class StatementBody(Model):
    """A statement about the next 24 hours."""

    kind: Annotated[
        str,
        Field(
            description="leaf_condensation, cover_condensation, frost, disease, irrigation, spray_window or "
            "spread_window."
        ),
    ]
    level: Annotated[str, Field(description="high, moderate, low or unknown.")]
    occurs: Annotated[bool | None, Field(description="Whether it will come; null with a reason.")]
    value: Annotated[float | None, Field(description="The worst value, the hours or the amount.")]
    unit: str
    start_ms: Annotated[int | None, Field(description="Start of the first affected hour.")]
    end_ms: int | None
    hours: Annotated[int, Field(description="Affected hours.")]
    basis: Annotated[
        str, Field(description="forecast, or as_yesterday where nothing forecasts it: as the last 24 hours.")
    ]
    estimated: Annotated[bool, Field(description="The surface has no sensor: it is estimated.")]
    reason: Annotated[str | None, Field(description="no_forecast or insufficient_data; null with a value.")]
    method: AnswerMethod
    record: StatementSkill
    advice: AdviceBody | None


class CardAlarm(Model):
    """An active alarm of a card."""

    id: str
    rule: str
    severity: str
    raised_ms: int
    text: str
    text_zh: str
    acknowledged_ms: int | None
    acknowledged_by: str | None
    withheld: Annotated[list[WithheldBody], Field(description="What of its remedy yields to another alarm.")]


class DoneBody(Model):
    """What was done: a note, an acknowledged alarm (its rule), a pass (its id), water by meter in 24 hours [L]."""

    kind: str
    time_ms: int
    text: str
    by: str
    value: float | None


class RecallBody(Model):
    """Lots to recall: a treatment with lots that were harvested within its pre-harvest interval, entered late or not.

    `lots` counts them, `codes` and `ids` are the newest; `/v1/lots/holding` with the treatment has all.
    """

    treatment: str
    field: str | None
    zone: str | None
    place: str
    product: str
    treated_on: Annotated[str, Field(description="Local day of the place.")]
    harvested_on: str
    ends_on: Annotated[str | None, Field(description="First local day on which the crop might be harvested.")]
    lots: int
    ids: list[str]
    codes: list[str]
    alarm: Annotated[str | None, Field(description="The alarm about it; null until the station has raised it.")]
    acknowledged_ms: int | None
    acknowledged_by: str | None


class CardBody(Model):
    """What the next 24 hours bring to a greenhouse or field."""

    kind: Annotated[str, Field(description="greenhouse or field.")]
    id: str
    name: str
    site: str
    simulated: bool
    level: Annotated[str, Field(description="The highest level of its statements and active alarms.")]
    forecast_ms: Annotated[int | None, Field(description="When its forecast was made.")]
    time_zone: Annotated[str, Field(description="IANA; by its clock texts tell times.")]
    time_zone_known: Annotated[bool, Field(description="false: no site tells it, so it is UTC.")]
    orders: Annotated[list[HouseOrderBody], Field(description="Of a greenhouse: one at a time for each actuator.")]
    statements: list[StatementBody]
    alarms: list[CardAlarm]
    recalls: list[RecallBody]
    done: list[DoneBody]


class TonightBody(Model):
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
    return CardBody(
        kind=subject.kind,
        id=subject.id,
        name=subject.name,
        site=subject.site,
        simulated=subject.simulated,
        level=("low", "unknown", "moderate", "high")[min(3, card.rank // 10)],
        forecast_ms=card.forecast_ms,
        time_zone=zone.key,
        time_zone_known=card.time_zone_known,
        orders=[
            HouseOrderBody(
                actuator=order.actuator,
                direction=order.direction,
                start_ms=order.start_ms,
                end_ms=order.end_ms,
                reasons=list(order.reasons),
            )
            for order in card.plan.orders
        ],
        statements=[
            _statement_of(one, zone, now_ms, estimated=one.value is not None and one.kind in card.estimated)
            for one in card.plan.statements
        ],
        alarms=[
            CardAlarm(
                id=alarm.id,
                rule=alarm.rule,
                severity=alarm.severity,
                raised_ms=alarm.raised_ms,
                text=alarm.text,
                text_zh=alarm.text_zh,
                acknowledged_ms=alarm.acknowledged_ms,
                acknowledged_by=alarm.acknowledged_by,
                withheld=[_withheld_of(each, zone, now_ms) for each in card.plan.withheld.get(alarm.rule, ())],
            )
            for alarm in card.alarms
        ],
        recalls=[_recall_of(recall) for recall in card.recalls],
        done=[
            DoneBody(kind=one.kind, time_ms=one.time_ms, text=one.text, by=one.by, value=one.value) for one in card.done
        ],
    )


def _statement_of(statement: OutlookStatement, zone: ZoneInfo, now_ms: int, *, estimated: bool) -> StatementBody:
    record, method, advice = statement.record, statement.method, statement.advice
    return StatementBody(
        kind=statement.kind,
        level=statement.level,
        occurs=statement.occurs,
        value=statement.value,
        unit=statement.unit,
        start_ms=statement.start_ms,
        end_ms=statement.end_ms,
        hours=statement.hours,
        basis=statement.basis,
        estimated=estimated,
        reason=statement.reason,
        method=AnswerMethod(id=method.id, version=method.version, source=method.source),
        record=StatementSkill(
            n=record.n,
            least=LEAST_STATEMENTS,
            right=record.right,
            missed=record.missed,
            false_alarms=record.false_alarms,
            mean_abs_error=record.mean_abs_error,
            chance=record.chance,
        ),
        advice=None
        if advice is None
        else AdviceBody(
            rule=advice.rule,
            until_ms=advice.until_ms,
            orders=[
                OrderBody(
                    actuator=order.actuator,
                    direction=order.direction,
                    start_ms=order.start_ms,
                    end_ms=order.end_ms,
                    reason_ms=order.reason_ms,
                )
                for order in advice.orders
            ],
            withheld=[_withheld_of(each, zone, now_ms) for each in advice.withheld],
            text=advice_text(advice, zone, now_ms, "en"),
            text_zh=advice_text(advice, zone, now_ms, "zh"),
            source=_text("tonight_sources", advice.rule, "en"),
            source_zh=_text("tonight_sources", advice.rule, "zh"),
        ),
    )


def _withheld_of(withheld: Withheld, zone: ZoneInfo, now_ms: int) -> WithheldBody:
    order = withheld.order
    return WithheldBody(
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


def _text(group: str, rule: str, language: Language) -> str:
    return find_term(group, rule, language) or rule
