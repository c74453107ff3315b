"""Row of a greenhouse: its state, its next action, its picture, and the sentence where there is nothing to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.agronomy.series.answer import COVER_NOT_KNOWN
from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.cards.card import Card
from headland.analysis.tonight.gains.house_gain import Gains, HouseGain
from headland.analysis.tonight.orders import daylight
from headland.analysis.tonight.statements import OutlookStatement
from headland.analysis.tonight.today.answer import (
    HazardSpans,
    HouseStrip,
    RowState,
    Span,
    TodayAction,
    TodayDone,
    TodayLink,
    TodayQuestion,
    TodayRecord,
    TodayRow,
    TodayStrip,
    TodayText,
    TodayValue,
)
from headland.analysis.tonight.today.clock_words import PhoneClock, instant, joined, said, span_text
from headland.analysis.tonight.today.houses.actions import (
    URGENT,
    DoneSpan,
    daily_action,
    house_actions,
    left_of,
    statement_text,
)
from headland.analysis.tonight.today.houses.gain_text import avoided_wet, told_gain
from headland.analysis.tonight.today.houses.strip import AHEAD_MS, BACK_MS, find_seen, house_strip
from headland.contract.freshness import limits_of_device
from headland.contract.quantities import unit_of_channel
from headland.store.port import Latest
from headland.units_of_time import DAY_MS, HOUR_MS

#: Somebody looks again so long before what is watched begins, and at least so long from now.
_LOOK_BEFORE_MS: Final = 3 * HOUR_MS
_LOOK_AFTER_MS: Final = HOUR_MS
_LEVELS: Final = {"high": 3, "moderate": 2, "unknown": 1, "low": 0}


@dataclass(frozen=True, slots=True)
class RowInputs:
    """What rows are made of besides their cards: newest samples by device, crops, what was said as done, gains."""

    newest: Mapping[str, Mapping[str, Latest]]
    crops: Mapping[str, str]
    done: Mapping[str, Sequence[TodayDone]]
    gains: Gains | None = None


def house_row(scope: OrgScope, card: Card, inputs: RowInputs, targets: CropTargets) -> TodayRow:
    """Return the row of a greenhouse's card."""
    subject, clock = card.subject, PhoneClock(card.time_zone, scope.now_ms)
    confirmed = list(inputs.done.get(subject.id, ()))
    actions = house_actions(card.plan, card.alarms, clock)
    left = left_of(actions, [DoneSpan(one.action, one.time_ms) for one in confirmed])
    silent_ms = _silent_since(card, scope.now_ms)
    state, since_ms = _state_of(card, left, silent_ms)
    if state == "recalled":
        left = [recall_action(card, clock), *left]
    elif state == "silent":
        left = [action for action in left if action.actuator is None]
    watched = _watched(card.plan.statements)
    look_ms = _look_again(watched, clock) if state == "watch" else None
    quiet = _quiet(card, state, watched, look_ms, silent_ms, clock)
    strip = _strip_of(scope, card, left[0] if left else None, quiet, clock, targets)
    if inputs.gains is not None:
        found = inputs.gains.of(card)
        left = [_with_gain(left[0], found), *left[1:]] if left else left
        strip = _with_avoided(strip, found)
    return TodayRow(
        kind="greenhouse",
        id=subject.id,
        name=subject.name,
        crop=inputs.crops.get(subject.id),
        site=subject.site,
        simulated=subject.simulated,
        state=state,
        state_since_ms=since_ms,
        current=_current(card, inputs.newest),
        action=left[0] if left else None,
        next_action=left[1] if len(left) > 1 else None,
        look_again_ms=look_ms,
        quiet=quiet,
        questions=_questions(card),
        record=_record(card.plan.statements),
        strip=strip,
        confirmed=lately(confirmed, scope.now_ms),
        remaining=None,
    )


def _with_gain(action: TodayAction, found: HouseGain | None) -> TodayAction:
    """Return the first action with the gain of its plan; what is no order of a plan has none."""
    return action if action.actuator is None else msgspec.structs.replace(action, gain=told_gain(found)[0])


def _with_avoided(strip: TodayStrip | None, found: HouseGain | None) -> TodayStrip | None:
    """Return a picture with the wet hours that go away with the plan."""
    if strip is None or strip.house is None or found is None:
        return strip
    avoided = HazardSpans(wet=avoided_wet(found.gain, strip.house.hazards.wet), frost=[], heat=[])
    return msgspec.structs.replace(strip, house=msgspec.structs.replace(strip.house, avoided=avoided))


def lately(done: Sequence[TodayDone], now_ms: int) -> TodayDone | None:
    """Return what was said last, where it is of the last day; None for nothing."""
    return next((one for one in done if now_ms - one.time_ms <= DAY_MS), None)


def nights_of(place_deg: tuple[float, float] | None, now_ms: int, window: Span) -> list[Span]:
    """Return the nights within a window; none where the place is not known."""
    lit = daylight(place_deg, now_ms)
    if lit is None:
        return []
    start_ms, end_ms = window
    edges = [start_ms, *(edge for span in lit for edge in span), end_ms]
    dark = [(max(first, start_ms), min(last, end_ms)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
    return [(first, last) for first, last in dark if first < last]


def _state_of(card: Card, left: Sequence[TodayAction], silent_ms: int | None) -> tuple[RowState, int | None]:
    recall = next((each for each in card.recalls if each.is_open), None)
    if recall is not None:
        return "recalled", None if recall.alarm is None else recall.alarm.raised_ms
    if silent_ms is not None:
        return "silent", silent_ms or None
    if left:
        return "act", None
    levels = [one.level for one in card.plan.statements if one.kind in URGENT]
    if levels and all(level == "unknown" for level in levels):
        return "unknown", None
    return ("watch" if any(level in ("moderate", "high") for level in levels) else "calm"), None


def _silent_since(card: Card, now_ms: int) -> int | None:
    """Return since when none of its devices has reported, 0 where none ever did; None where any does."""
    newest = [record.last_seen_ms for record in card.subject.devices if record.last_seen_ms is not None]
    if not card.subject.devices:
        return None
    if not newest:
        return 0
    for record in card.subject.devices:
        descriptor = record.descriptor
        limits = limits_of_device((info.interval_s for info in descriptor.channels.values()), descriptor.kind)
        seen_ms = record.last_seen_ms
        if seen_ms is not None and limits.verdict((now_ms - seen_ms) / 1000.0) != "silent":
            return None
    return max(newest)


def _watched(statements: Sequence[OutlookStatement]) -> OutlookStatement | None:
    """Return the gravest statement that is said of a greenhouse without anything to do."""
    said_ones = [one for one in statements if one.kind in URGENT and one.level in ("high", "moderate")]
    return max(said_ones, key=lambda one: (_LEVELS[one.level], -URGENT.index(one.kind)), default=None)


def _look_again(watched: OutlookStatement | None, clock: PhoneClock) -> int:
    begins_ms = clock.now_ms + AHEAD_MS if watched is None or watched.start_ms is None else watched.start_ms
    advice = None if watched is None else watched.advice
    if advice is not None and advice.spans and (watched is None or watched.start_ms is None):
        begins_ms = advice.spans[0][0]
    at_ms = max(begins_ms - _LOOK_BEFORE_MS, clock.now_ms + _LOOK_AFTER_MS)
    return -(-at_ms // HOUR_MS) * HOUR_MS


def _quiet(
    card: Card,
    state: RowState,
    watched: OutlookStatement | None,
    look_ms: int | None,
    silent_ms: int | None,
    clock: PhoneClock,
) -> TodayText:
    if state == "silent":
        return said("quiet_silent", time=instant(clock, silent_ms)) if silent_ms else said("quiet_never")
    if state == "unknown":
        return said("quiet_unknown")
    if state == "watch" and look_ms is not None:
        look = said("look_again", time=instant(clock, look_ms))
        return look if watched is None else joined([look, statement_text(watched, clock)], "stop")
    daily = daily_action(card.plan, clock)
    calm = said("quiet_calm")
    return calm if daily is None else joined([calm, TodayText(text=daily.text, text_zh=daily.text_zh)], "stop")


def recall_action(card: Card, clock: PhoneClock) -> TodayAction:
    """Return the first recall of a card as an action."""
    review = next(each for each in card.recalls if each.is_open).review
    text, reason = said("recall", lots=review.lot_count), said("because_recall", product=review.worst.interval.product)
    return TodayAction(
        id=f"recall-{review.treatment.id}", actuator=None, order=None, from_ms=clock.now_ms, until_ms=None,
        text=text.text, text_zh=text.text_zh, reason=reason.text, reason_zh=reason.text_zh,
        href=TodayLink(kind="lot", id=review.lots[0].id) if review.lots else None,
    )  # fmt: skip


def _questions(card: Card) -> list[TodayQuestion]:
    if not any(one.reason == COVER_NOT_KNOWN for one in card.plan.statements):
        return []
    text = said("ask_cover")
    link = TodayLink(kind="greenhouse", id=card.subject.id, part="cover")
    return [TodayQuestion(kind="cover", text=text.text, text_zh=text.text_zh, href=link)]


def _record(statements: Sequence[OutlookStatement]) -> TodayRecord | None:
    """Return the record of the statement that the row is about: the gravest one, else that of wet leaves."""
    told = [one for one in statements if one.kind in URGENT and one.level != "unknown"]
    if not told:
        return None
    first = max(told, key=lambda one: (_LEVELS[one.level], -URGENT.index(one.kind)))
    return TodayRecord(right=first.record.right, n=first.record.n, least=first.record.least)


def _current(card: Card, newest: Mapping[str, Mapping[str, Latest]]) -> TodayValue | None:
    found = [
        sample
        for record in card.subject.devices
        if (sample := newest.get(record.descriptor.device, {}).get(AIR_TEMPERATURE)) is not None
    ]
    last = max(found, key=lambda sample: sample.time_ms, default=None)
    if last is None:
        return None
    unit = unit_of_channel(AIR_TEMPERATURE) or ""
    return TodayValue(value=round(last.value, 1), unit=unit, channel=AIR_TEMPERATURE, time_ms=last.time_ms)


def _strip_of(
    scope: OrgScope,
    card: Card,
    action: TodayAction | None,
    quiet: TodayText,
    clock: PhoneClock,
    targets: CropTargets,
) -> TodayStrip | None:
    seen = find_seen(scope, card.subject, targets)
    if seen is None:
        return None
    limits = card.limits.of_rules
    strip = house_strip(
        scope.now_ms, seen, card.forecast, limits, is_estimated="leaf_condensation" in card.estimated,
        ahead_ms=AHEAD_MS,
    )  # fmt: skip
    window = (scope.now_ms - BACK_MS, scope.now_ms + AHEAD_MS)
    label = _label(strip, action, quiet, clock)
    return TodayStrip(
        start_ms=window[0],
        end_ms=window[1],
        house=strip,
        field=None,
        night=nights_of(card.place_deg, scope.now_ms, window),
        act=act_of(action, scope.now_ms),
        label=label.text,
        label_zh=label.text_zh,
    )


def act_of(action: TodayAction | None, now_ms: int) -> Span | None:
    """Return when an action is to be done, from now on; None without one, or where any time is as good."""
    if action is None or action.until_ms is None:
        return None
    return (max(action.from_ms, now_ms), action.until_ms)


def _label(strip: HouseStrip, action: TodayAction | None, quiet: TodayText, clock: PhoneClock) -> TodayText:
    """Return what one would say of a picture by phone: the lowest value, the hazards, and what is to be done."""
    parts: list[TodayText] = []
    is_frost = strip.limit is not None and strip.limit.kind == "frost"
    if strip.lowest is not None:
        low, time = f"{strip.lowest.value_degc:.1f}", instant(clock, strip.lowest.time_ms // HOUR_MS * HOUR_MS)
        parts.append(said("label_lowest_air" if is_frost else "label_lowest_leaf", value=low, time=time))
    for name, spans in (("frost", strip.hazards.frost), ("heat", strip.hazards.heat), ("wet", strip.hazards.wet)):
        if spans:
            parts.append(said(f"label_{name}", span=span_text(clock, spans[0][0], spans[-1][1])))
    parts.append(quiet if action is None else TodayText(text=action.text, text_zh=action.text_zh))
    return joined(parts)
