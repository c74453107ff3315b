"""Alarm notifications as text in English or Simplified Chinese for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import msgspec

from headland.alarms.notification.notification_policy import Notification
from headland.i18n import CatalogText, Language, channel_name, find_term
from headland.i18n.durations import duration_text
from headland.registry.models.alarms import Alarm, AlarmForecast, AlarmRecipient, Severity

#: A notification lists so many alarms; of the others it gives the number.
MOST_LISTED: Final = 50
#: Fields of an alarm that are the station's own, not part of the contract.
_INTERNAL: Final = frozenset({"told", "noted_ms", "fresh_ms", "standing", "level", "text", "text_zh"})

#: What a notification is that tests a recipient.
TEST: Final = "test"
#: Values whose sentence names what they are.
_SAID_WITHOUT_NAME: Final = frozenset(("age_s", "overdue_s", "gateway_spool_age_s", "gateway_offline"))
#: Digits of a value; those before its point are never left out.
_DIGITS: Final = 4

#: The time zone of a site by its name.
ZoneOf = Callable[[str], tzinfo]


def everywhere_utc(_site: str) -> tzinfo:
    """Return UTC, for callers that do not know the sites' places."""
    return UTC


def title_of(notification: Notification, language_tag: str) -> str:
    """Return one line: severity, rule and place, with the rule's advice while the alarm is active."""
    language = _language_of(language_tag)
    alarms = notification.alarms
    first = alarms[0]
    where = first.name or first.subject if len(alarms) == 1 else _say("places", language, count=str(len(alarms)))
    advice = first.text_zh if language == "zh" else first.text
    known_rule = find_term("alarm_rules", notification.rule, language)
    # A rule of the farm's own is called by its text; its name is an identifier.
    rule, advice = (known_rule, advice) if known_rule else (advice or notification.rule, "")
    is_known = any(alarm.ended_why in (None, "cleared") for alarm in alarms)
    title = _say(
        notification.what if is_known else "ended",
        language,
        severity=find_term("severities", _worst(notification).value, language) or "",
        rule=rule,
        where=where,
    )
    mark = _say("simulated", language) if all(alarm.simulated for alarm in alarms) else ""
    return f"{mark}{title}{f' - {advice}' if advice and notification.what != 'cleared' else ''}"


def text_of(notification: Notification, language_tag: str, zone_of: ZoneOf = everywhere_utc) -> str:
    """Return a line for each alarm, at most `MOST_LISTED`."""
    language = _language_of(language_tag)
    lines = [_line(alarm, language, zone_of(alarm.site)) for alarm in notification.alarms[:MOST_LISTED]]
    more = len(notification.alarms) - len(lines)
    return "\n".join(lines + ([_say("more", language, count=str(more))] if more else []))


def body_of(notification: Notification, organisation: str, id: str, now_ms: int, zone_of: ZoneOf) -> str:  # noqa: A002
    """Return the JSON of a notification: docs/reference/protocol.md lists its fields."""
    language_tag = notification.recipient.language
    body = {
        "v": 1,
        "id": id,
        "organisation": organisation,
        "time_ms": now_ms,
        "what": notification.what,
        "rule": notification.rule,
        "severity": _worst(notification),
        "language": language_tag,
        "title": title_of(notification, language_tag),
        "text": text_of(notification, language_tag, zone_of),
        "count": len(notification.alarms),
        "alarms": [alarm_fields(alarm) for alarm in notification.alarms[:MOST_LISTED]],
    }
    return msgspec.json.encode(body).decode()


def brief_body_of(notification: Notification, organisation: str, id: str, now_ms: int) -> str:  # noqa: A002
    """Return the JSON of a notification that `body_of` cannot write: the rule and how many alarms, without values."""
    language_tag = notification.recipient.language
    language = _language_of(language_tag)
    title = _say(
        notification.what,
        language,
        severity=find_term("severities", _worst(notification).value, language) or "",
        rule=notification.rule,
        where=_say("places", language, count=str(len(notification.alarms))),
    )
    body = {
        "v": 1,
        "id": id,
        "organisation": organisation,
        "time_ms": now_ms,
        "what": notification.what,
        "rule": notification.rule,
        "severity": _worst(notification),
        "language": language_tag,
        "title": title,
        "text": _say("no_text", language),
        "count": len(notification.alarms),
        "alarms": [],
    }
    return msgspec.json.encode(body).decode()


def alarm_fields(alarm: Alarm) -> dict[str, Any]:
    """Return the fields of an alarm that are for programs."""
    return {name: value for name, value in msgspec.structs.asdict(alarm).items() if name not in _INTERNAL}


def _language_of(language_tag: str) -> Language:
    return "zh" if language_tag.startswith("zh") else "en"


def _worst(notification: Notification) -> Severity:
    return max((alarm.severity for alarm in notification.alarms), key=lambda severity: severity.rank)


def _say(identifier: str, language: Language, **values: str) -> str:
    return CatalogText("alarm_messages", identifier, values).text(language)


def _line(alarm: Alarm, language: Language, zone: tzinfo) -> str:
    subject = alarm.name or alarm.subject
    if alarm.forecast is not None:
        subject = _say("forecast_subject", language)
    if alarm.measured_by:
        subject = _say("measured_by", language, subject=subject, device=alarm.measured_by)
    if alarm.ended_ms is not None:
        ended = _clock(alarm.ended_ms, zone, language)
        return _say(f"line_{alarm.ended_why}", language, subject=subject, site=alarm.site, ended=ended)
    if alarm.forecast is not None:
        return _forecast_line(alarm, alarm.forecast, subject, language, zone)
    since = _clock(alarm.began_ms, zone, language)
    return _say("line", language, subject=subject, site=alarm.site, value=_value(alarm, language), since=since)


def _forecast_line(alarm: Alarm, forecast: AlarmForecast, subject: str, language: Language, zone: tzinfo) -> str:
    """Return the line of an alarm on the weather to come: what, when, its chance, who said so and when."""
    issued = "forecast_read" if forecast.issued_ms is None else "forecast_issued"
    said_ms = forecast.fetched_ms if forecast.issued_ms is None else forecast.issued_ms
    attribution = forecast.attribution
    credit = "" if attribution is None else attribution.text_zh if language == "zh" else attribution.text
    return _say(
        "line_forecast",
        language,
        subject=subject,
        site=alarm.site,
        name=channel_name(alarm.what, language) or alarm.what,
        value="" if alarm.value is None else _figure(alarm.value, alarm.unit, language),
        condition=find_term("alarm_conditions", alarm.condition.removeprefix("forecast_"), language) or "",
        threshold="" if alarm.threshold is None else _figure(alarm.threshold, alarm.unit, language),
        start=_clock(forecast.start_ms, zone, language),
        end=_clock(forecast.end_ms, zone, language),
        chance=_chance(forecast, language),
        source=_say(f"forecast_{forecast.basis}", language, title=forecast.title),
        issued=_say(
            issued,
            language,
            time=_say("unknown_time", language) if said_ms is None else _clock(said_ms, zone, language),
        ),
        attribution=credit,
    ).strip()


def _chance(forecast: AlarmForecast, language: Language) -> str:
    """Return the chance of an alarm, and why there is none."""
    if forecast.least_chance_pct is None:
        return _say("forecast_by_value", language)
    if forecast.chance_pct is None:
        return _say("forecast_no_chance", language)
    figures = {"chance": f"{forecast.chance_pct:.0f}", "least": f"{forecast.least_chance_pct:g}"}
    return _say("forecast_least_chance", language, **figures)


def _value(alarm: Alarm, language: Language) -> str:
    """Return the value and threshold of an alarm; empty for one without a value."""
    if alarm.value is None or alarm.threshold is None or not alarm.condition:
        return ""
    # The margin of a rule is that of the leaves, that of an answer the coldest surface's.
    what = f"leaf_{alarm.what}" if alarm.what == "condensation_margin_k" else alarm.what
    name = channel_name(what, language) or alarm.what
    said = f"value_{alarm.what}" if alarm.what in _SAID_WITHOUT_NAME else f"value_{alarm.condition}"
    if find_term("alarm_messages", said, language) is None:
        return ""
    return _say(
        said,
        language,
        name=name + (_say("estimated", language) if alarm.estimated else ""),
        value=_figure(alarm.value, alarm.unit, language),
        threshold=_figure(alarm.threshold, alarm.unit, language),
    )


def _figure(value: float, unit: str, language: Language) -> str:
    """Return a value with its unit; a duration in words, and no figure with an exponent."""
    if unit == "s":
        return duration_text(value, language)
    term = find_term("units", unit, language)
    figure = f"{value:.{max(0, _DIGITS - len(str(int(abs(value)))))}f}"
    figure = figure.rstrip("0").rstrip(".") if "." in figure else figure
    return f"{figure} {unit if term is None else term}".rstrip()


def _clock(time_ms: int, zone: tzinfo, language: Language) -> str:
    """Return a time of day at a place; a time that no calendar has is said to be unknown."""
    try:
        return datetime.fromtimestamp(time_ms / 1000, zone).strftime("%Y-%m-%d %H:%M %Z").strip()
    except (ValueError, OverflowError, OSError):
        return _say("unknown_time", language)


def trial_body_of(recipient: AlarmRecipient, organisation: str, id: str, now_ms: int) -> str:  # noqa: A002
    """Return the JSON of a notification that tests a recipient: it has the form of any other, without alarms."""
    language = _language_of(recipient.language)
    body = {
        "v": 1,
        "id": id,
        "organisation": organisation,
        "time_ms": now_ms,
        "what": TEST,
        "rule": "",
        "severity": Severity.INFO,
        "language": recipient.language,
        "title": _say("test", language),
        "text": _say("test_text", language, recipient=recipient.name),
        "count": 0,
        "alarms": [],
    }
    return msgspec.json.encode(body).decode()
