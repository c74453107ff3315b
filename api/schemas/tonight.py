"""Response models of tonight's cards, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.answers import AnswerMethod
from api.schemas.model import Model
from headland.analysis.tonight.cards import Card, CardPage
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


class AdviceBody(Model):
    """What to do, in both languages, with its source; `until_ms` null: now, or at any time."""

    rule: str
    until_ms: int | None
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


class DoneBody(Model):
    """What was done: a note, an acknowledged alarm (its rule), a pass (its id), water by meter in 24 hours [L]."""

    kind: str
    time_ms: int
    text: str
    by: str
    value: float | None


class CardBody(Model):
    """What the next 24 hours bring to a greenhouse or field."""

    kind: Annotated[str, Field(description="greenhouse or field.")]
    id: str
    name: str
    site: str
    simulated: bool
    level: Annotated[str, Field(description="The highest level of its statements and active alarms.")]
    forecast_ms: Annotated[int | None, Field(description="When its forecast was made.")]
    statements: list[StatementBody]
    alarms: list[CardAlarm]
    done: list[DoneBody]


class TonightBody(Model):
    """Cards, most trouble first; `total` counts all, `next` is the cursor of the next page, null on the last."""

    now_ms: int
    total: int
    items: list[CardBody]
    next: str | None


def tonight_of(page: CardPage, now_ms: int, following: str | None) -> TonightBody:
    """Return a page of cards as the API answers it."""
    return TonightBody(now_ms=now_ms, total=page.total, items=[_card_of(card) for card in page.cards], next=following)


def _card_of(card: Card) -> CardBody:
    subject = card.subject
    return CardBody(
        kind=subject.kind,
        id=subject.id,
        name=subject.name,
        site=subject.site,
        simulated=subject.simulated,
        level=("low", "unknown", "moderate", "high")[min(3, card.rank // 10)],
        forecast_ms=card.forecast_ms,
        statements=[_statement_of(one, estimated=one.kind in card.estimated) for one in card.statements],
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
            )
            for alarm in card.alarms
        ],
        done=[
            DoneBody(kind=one.kind, time_ms=one.time_ms, text=one.text, by=one.by, value=one.value) for one in card.done
        ],
    )


def _statement_of(statement: OutlookStatement, *, estimated: bool) -> StatementBody:
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
            text=_text("tonight_advice", advice.rule, "en"),
            text_zh=_text("tonight_advice", advice.rule, "zh"),
            source=_text("tonight_sources", advice.rule, "en"),
            source_zh=_text("tonight_sources", advice.rule, "zh"),
        ),
    )


def _text(group: str, rule: str, language: Language) -> str:
    return find_term(group, rule, language) or rule
