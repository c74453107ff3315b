"""Sentences of orders in both languages, from the orders themselves: what to do when, and what yields and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from headland.analysis.tonight.orders import Order, Withheld
from headland.analysis.tonight.statements import Advice
from headland.i18n import Language, find_term, load_terms

_STOP: Final[dict[Language, str]] = {"en": ".", "zh": "。"}
_SPACE: Final[dict[Language, str]] = {"en": " ", "zh": ""}
_COMMA: Final[dict[Language, str]] = {"en": ", ", "zh": "，"}


def advice_text(advice: Advice, zone: tzinfo, now_ms: int, language: Language) -> str:
    """Return what to do and when, what yields to something graver, and the remark of the advice."""
    remark = find_term("tonight_advice", advice.rule, language) or advice.rule
    sentences = [
        *_orders(advice.orders, zone, now_ms, language),
        *(withheld_text(each, zone, now_ms, language) for each in advice.withheld),
        remark,
    ]
    return _SPACE[language].join(sentence + _STOP[language] for sentence in sentences if sentence)


def withheld_text(withheld: Withheld, zone: tzinfo, now_ms: int, language: Language) -> str:
    """Return why an order is not given now, and when its turn comes."""
    order = withheld.order
    kept = _term("tonight_kept", f"{order.actuator}_{withheld.holds}", language)
    by, _, rule = withheld.by.partition(":")
    name = (find_term("alarm_rules", rule, language) or rule) if rule else ""
    when = "now" if withheld.reason_ms <= now_ms else "from"
    reason = _term("tonight_reasons", by if rule else f"{by}_{when}", language)
    text = reason.format(rule=name, time=_clock(withheld.reason_ms, zone, language))
    resumes = ""
    if withheld.resumes_ms is not None:
        phrase = _term("tonight_resumes", f"{order.actuator}_{order.direction}", language)
        resumes = _term("tonight_order_parts", "then", language).format(
            phrase=phrase.format(time=_clock(withheld.resumes_ms, zone, language))
        )
    return _term("tonight_order_parts", "kept", language).format(kept=kept, reason=text) + resumes


def _orders(orders: Sequence[Order], zone: tzinfo, now_ms: int, language: Language) -> list[str]:
    """Return a sentence for each span of time with what is to be done in it."""
    by_span: dict[tuple[int, int], list[str]] = {}
    for order in sorted(orders, key=lambda each: (each.start_ms, each.end_ms)):
        phrase = _term("tonight_orders", f"{order.actuator}_{order.direction}", language)
        by_span.setdefault((order.start_ms, order.end_ms), []).append(phrase)
    pattern = _term("tonight_order_parts", "order", language)
    return [
        pattern.format(span=_span(start, end, zone, now_ms, language), what=_COMMA[language].join(phrases))
        for (start, end), phrases in by_span.items()
    ]


def _span(start_ms: int, end_ms: int, zone: tzinfo, now_ms: int, language: Language) -> str:
    end = _clock(end_ms, zone, language)
    if start_ms <= now_ms:
        return _term("tonight_order_parts", "until", language).format(end=end)
    if _local(start_ms, zone).date() == _local(end_ms, zone).date():
        end = f"{_local(end_ms, zone):%H:%M}"
    return _term("tonight_order_parts", "span", language).format(start=_clock(start_ms, zone, language), end=end)


def _clock(time_ms: int, zone: tzinfo, language: Language) -> str:
    moment = _local(time_ms, zone)
    return f"{_term('report_page', f'weekday_{moment.isoweekday()}', language)} {moment:%H:%M}"


def _local(time_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, zone)


def _term(group: str, identifier: str, language: Language) -> str:
    return load_terms()[group][identifier][language]
