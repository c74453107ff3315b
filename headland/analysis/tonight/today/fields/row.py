"""Row of a field: its flight, the strips that were missed, and the hours to come that suit its work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headland.agronomy.prescription.forecast_window import ForecastVerdict, suitable_runs
from headland.agronomy.prescription.weather_window import USUAL_RAINFAST_H, Hour, Kind, wind_limit_m_s
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.verdict.strips import MissedStrips
from headland.analysis.tonight.cards.card import Card
from headland.analysis.tonight.field_statements import site_forecast
from headland.analysis.tonight.statements import OutlookStatement
from headland.analysis.tonight.today.answer import (
    Column,
    FieldStrip,
    RowState,
    Span,
    TodayAction,
    TodayLink,
    TodayRecord,
    TodayRow,
    TodayStrip,
    TodayText,
)
from headland.analysis.tonight.today.clock_words import PhoneClock, instant, joined, said, span_text
from headland.analysis.tonight.today.fields.work import FieldWork
from headland.analysis.tonight.today.houses.actions import DoneSpan, alarm_actions, left_of, statement_text
from headland.analysis.tonight.today.houses.row import RowInputs, act_of, lately, nights_of, recall_action
from headland.analysis.tonight.today.houses.strip import AHEAD_MS, BACK_MS
from headland.analysis.weather.outdoors.application_windows import judge_forecast
from headland.analysis.weather.outdoors.measured_hours import site_hours
from headland.analysis.weather.spray_window import altitude_of
from headland.i18n import LANGUAGES, vehicle_name
from headland.registry.models.models import Field
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: Ground in mu, as Chinese growers count it [m2].
_MU_M2: Final = 10_000.0 / 15.0
_M2_PER_HA: Final = 10_000.0
_FRESH_MS: Final = 10 * MINUTE_MS
_WINDOWS: Final = {"liquid": "spray_window", "granular": "spread_window"}


@dataclass(frozen=True, slots=True)
class WorkWeather:
    """Wind and rain of the hours about now, and the spans to come that suit the work; None without any of it."""

    strip: FieldStrip
    fit: Sequence[Span]


def field_row(scope: OrgScope, card: Card, inputs: RowInputs, work: FieldWork | None) -> TodayRow:
    """Return the row of a field's card."""
    subject, clock = card.subject, PhoneClock(card.time_zone, scope.now_ms)
    kind: Kind = "liquid" if work is None else work.kind
    weather = _work_weather(scope, card, kind)
    confirmed = list(inputs.done.get(subject.id, ()))
    actions = _actions(card, work, weather, clock)
    left = left_of(actions, [DoneSpan(one.action, one.time_ms) for one in confirmed])
    state, since_ms = _state_of(card, work, left)
    if state == "recalled":
        left = [recall_action(card, clock), *left]
    action = left[0] if left else None
    quiet = _quiet(card, state, work, kind, clock)
    missed = None if work is None else work.missed
    return TodayRow(
        kind="field",
        id=subject.id,
        name=subject.name,
        crop=inputs.crops.get(subject.id),
        site=subject.site,
        simulated=subject.simulated,
        state=state,
        state_since_ms=since_ms,
        current=None,
        action=action,
        next_action=left[1] if len(left) > 1 else None,
        look_again_ms=_look_again(card, clock) if state == "watch" else None,
        quiet=quiet,
        questions=[],
        record=_record(card, kind),
        strip=_strip_of(scope, card, weather, action, quiet),
        confirmed=lately(confirmed, scope.now_ms),
        remaining=None if missed is None else TodayLink(kind="pass", id=missed.pass_id, part="remaining"),
    )


def _actions(card: Card, work: FieldWork | None, weather: WorkWeather, clock: PhoneClock) -> list[TodayAction]:
    """Return what is to be done on a field: missed strips, frost, then alarms of its weather that nobody looked at."""
    actions = []
    if work is not None and work.missed is not None:
        actions.append(_missed_action(work.missed, weather, clock))
    if work is not None and work.state == "interrupted":
        actions.append(_interrupted_action(work, weather, clock))
    frost = _statement(card, "frost")
    if frost is not None and frost.level == "high" and frost.advice is not None:
        until_ms = frost.start_ms
        when = "now" if until_ms is None or until_ms <= clock.now_ms else "later"
        text = said(f"field_frost_{when}", end=instant(clock, until_ms or clock.now_ms))
        reason = statement_text(frost, clock)
        actions.append(
            TodayAction(
                id=f"field-frost-{clock.midnight_ms()}-{until_ms or 0}", actuator=None, order=None,
                from_ms=clock.now_ms, until_ms=until_ms, text=text.text, text_zh=text.text_zh,
                reason=reason.text, reason_zh=reason.text_zh,
            )
        )  # fmt: skip
    return [*actions, *alarm_actions(card.alarms, clock, {"field-frost"} if frost is not None else set())]


def _missed_action(missed: MissedStrips, weather: WorkWeather, clock: PhoneClock) -> TodayAction:
    fit = next(iter(weather.fit), None)
    when = {} if fit is None else {"span": span_text(clock, *fit)}
    text = said("fly_missed" if fit is None else "fly_missed_in", strips=missed.strips, **when)
    reason = said("because_missed", ha=f"{missed.area_m2 / _M2_PER_HA:.2f}", mu=f"{missed.area_m2 / _MU_M2:.1f}")
    if fit is None:
        reason = joined([reason, said("no_window")])
    return TodayAction(
        id=f"missed-{missed.pass_id}", actuator=None, order=None,
        from_ms=clock.now_ms if fit is None else fit[0], until_ms=None if fit is None else fit[1],
        text=text.text, text_zh=text.text_zh, reason=reason.text, reason_zh=reason.text_zh,
        href=TodayLink(kind="pass", id=missed.pass_id, part="remaining"),
    )  # fmt: skip


def _interrupted_action(work: FieldWork, weather: WorkWeather, clock: PhoneClock) -> TodayAction:
    fit = next(iter(weather.fit), None)
    text = said("fly_on" if fit is None else "fly_on_in", **({} if fit is None else {"span": span_text(clock, *fit)}))
    reason = said("because_interrupted", device=work.device, time=instant(clock, work.end_ms))
    return TodayAction(
        id=f"resume-{work.pass_id}", actuator=None, order=None,
        from_ms=clock.now_ms if fit is None else fit[0], until_ms=None if fit is None else fit[1],
        text=text.text, text_zh=text.text_zh, reason=reason.text, reason_zh=reason.text_zh,
        href=TodayLink(kind="pass", id=work.pass_id, part="remaining"),
    )  # fmt: skip


def _state_of(card: Card, work: FieldWork | None, left: Sequence[TodayAction]) -> tuple[RowState, int | None]:
    recall = next((each for each in card.recalls if each.is_open), None)
    if recall is not None:
        return "recalled", None if recall.alarm is None else recall.alarm.raised_ms
    if work is not None and work.state == "flying":
        return "flying", work.start_ms
    if work is not None and work.state == "interrupted" and any(one.id == f"resume-{work.pass_id}" for one in left):
        return "interrupted", work.end_ms
    if left:
        return "act", None
    if all(one.level == "unknown" for one in card.plan.statements):
        return "unknown", None
    frost = _statement(card, "frost")
    return ("watch" if frost is not None and frost.level in ("moderate", "high") else "calm"), None


def _look_again(card: Card, clock: PhoneClock) -> int:
    frost = _statement(card, "frost")
    begins_ms = clock.now_ms + AHEAD_MS if frost is None or frost.start_ms is None else frost.start_ms
    return -(-max(begins_ms - 3 * HOUR_MS, clock.now_ms + HOUR_MS) // HOUR_MS) * HOUR_MS


def _quiet(card: Card, state: RowState, work: FieldWork | None, kind: Kind, clock: PhoneClock) -> TodayText:
    if state == "unknown":
        return said("quiet_field_unknown")
    if state == "flying" and work is not None:
        device = {language: vehicle_name(work.device, language) for language in LANGUAGES}
        return said("quiet_flying", device=device, time=instant(clock, work.start_ms))
    frost = _statement(card, "frost")
    if state == "watch" and frost is not None:
        look = said("look_again", time=instant(clock, _look_again(card, clock)))
        return joined([look, statement_text(frost, clock)], "stop")
    window = _statement(card, _WINDOWS[kind])
    if window is None or window.occurs is None:
        return said("quiet_calm")
    if not window.occurs or window.start_ms is None or window.end_ms is None:
        return joined([said("quiet_calm"), said(f"no_{_WINDOWS[kind]}")], "stop")
    span = span_text(clock, window.start_ms, window.end_ms)
    return joined([said("quiet_calm"), said(f"fit_{_WINDOWS[kind]}", span=span)], "stop")


def _record(card: Card, kind: Kind) -> TodayRecord | None:
    frost, window = _statement(card, "frost"), _statement(card, _WINDOWS[kind])
    one = frost if frost is not None and frost.level in ("moderate", "high") else window
    if one is None or one.level == "unknown":
        return None
    return TodayRecord(right=one.record.right, n=one.record.n, least=one.record.least)


def _statement(card: Card, kind: str) -> OutlookStatement | None:
    return next((one for one in card.plan.statements if one.kind == kind), None)


def _work_weather(scope: OrgScope, card: Card, kind: Kind) -> WorkWeather:
    field = card.subject.record
    forecast = site_forecast(scope, card.subject.site)
    family = ("today-field", scope.organisation, card.subject.id)
    version = field.version if isinstance(field, Field) else 0
    key = (*family, kind, version, forecast.fetched_ms, scope.now_ms // _FRESH_MS)
    return scope.cache.get(key, lambda: _read_weather(scope, card, kind), family)


def _read_weather(scope: OrgScope, card: Card, kind: Kind) -> WorkWeather:
    subject, now_ms = card.subject, scope.now_ms
    verdicts: list[ForecastVerdict] = []
    if isinstance(subject.record, Field):
        forecast, field = site_forecast(scope, subject.site), subject.record
        site = None if field.site is None else scope.repositories.sites.get(field.site)
        altitude_m = altitude_of(site, subject.devices)
        _, verdicts = judge_forecast(forecast.hours, field, kind, USUAL_RAINFAST_H[kind], altitude_m)
    hour_ms = now_ms // HOUR_MS * HOUR_MS
    seen = [hour for hour in site_hours(scope, subject.site, subject.devices) if hour.start_ms >= hour_ms - BACK_MS]
    ahead = [each for each in verdicts if hour_ms <= each.likely.hour.start_ms < now_ms + AHEAD_MS]
    hours: list[Hour] = [*seen, *(each.likely.hour for each in ahead)]
    fit = [
        (max(ahead[run.first].likely.hour.start_ms, now_ms), ahead[run.end - 1].likely.hour.start_ms + HOUR_MS)
        for run in suitable_runs(ahead)
    ]
    strip = FieldStrip(
        kind=kind,
        time_ms=[hour.start_ms + HOUR_MS // 2 for hour in hours],
        wind_m_s=_rounded([hour.wind_m_s for hour in hours]),
        rain_mm=_rounded([hour.rain_mm for hour in hours]),
        limit_m_s=round(wind_limit_m_s(kind), 2),
        fit=fit,
    )
    return WorkWeather(strip, fit)


def _rounded(values: list[float | None]) -> Column:
    return [None if value is None else round(value, 2) for value in values]


def _strip_of(
    scope: OrgScope,
    card: Card,
    weather: WorkWeather,
    action: TodayAction | None,
    quiet: TodayText,
) -> TodayStrip | None:
    if not weather.strip.time_ms:
        return None
    window = (scope.now_ms - BACK_MS, scope.now_ms + AHEAD_MS)
    parts: list[TodayText] = []
    winds = [value for value in weather.strip.wind_m_s if value is not None]
    if winds:
        parts.append(said("label_wind", least=f"{min(winds):.0f}", most=f"{max(winds):.0f}"))
    rain = sum(value for value in weather.strip.rain_mm if value is not None)
    if rain > 0:
        parts.append(said("label_rain", value=f"{rain:.1f}"))
    parts.append(quiet if action is None else TodayText(text=action.text, text_zh=action.text_zh))
    label = joined(parts)
    return TodayStrip(
        start_ms=window[0],
        end_ms=window[1],
        house=None,
        field=weather.strip,
        night=nights_of(card.place_deg, scope.now_ms, window),
        act=act_of(action, scope.now_ms),
        label=label.text,
        label_zh=label.text_zh,
    )
