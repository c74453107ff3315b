"""What is said of alarms, for people in English and Simplified Chinese and for programs as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import msgspec

from headland.alarms.notification_policy import Notification
from headland.registry.models.alarms import Alarm

#: One notice lists so many alarms by name; of the others it says how many.
MOST_LISTED: Final = 50

_WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "info": "Note",
        "warning": "Warning",
        "critical": "CRITICAL",
        "raised": "{severity}: {rule} at {where}",
        "escalated": "{severity}, worse than before: {rule} at {where}",
        "repeated": "{severity}, still so: {rule} at {where}",
        "cleared": "Over: {rule} at {where}",
        "ended": "No longer known: {rule} at {where}",
        "places": "{count} places",
        "line": "{subject} ({site}): {value}since {since}",
        "measured_by": "{subject}: {device}",
        "over": "{subject} ({site}): over since {ended}",
        "no_data": "{subject} ({site}): nothing is heard any more, so nobody can tell (since {ended})",
        "rule_removed": "{subject} ({site}): the rule was taken away",
        "not_selected": "{subject} ({site}): the rule is no longer for it",
        "value": "{name} {value} {unit}, {condition} {threshold} {unit}, ",
        "below": "below",
        "above": "above",
        "estimated": " (estimated)",
        "simulated": "[simulated] ",
        "more": "and {count} more",
    },
    "zh-CN": {
        "info": "提示",
        "warning": "警告",
        "critical": "紧急",
        "raised": "{severity}：{where} {rule}",
        "escalated": "{severity}（已升级）：{where} {rule}",
        "repeated": "{severity}（仍在持续）：{where} {rule}",
        "cleared": "已解除：{where} {rule}",
        "ended": "已结束（无法判断）：{where} {rule}",
        "places": "{count} 处",
        "line": "{subject}（{site}）：{value}自 {since} 起",
        "measured_by": "{subject}：{device}",
        "over": "{subject}（{site}）：已于 {ended} 解除",
        "no_data": "{subject}（{site}）：没有新数据，无法判断（自 {ended} 起）",
        "rule_removed": "{subject}（{site}）：规则已删除",
        "not_selected": "{subject}（{site}）：规则不再适用",
        "value": "{name} {value} {unit}，{condition} {threshold} {unit}，",
        "below": "低于",
        "above": "高于",
        "estimated": "（估算）",
        "simulated": "【模拟】",
        "more": "以及另外 {count} 处",
    },
}
_NAMES: Final[dict[str, tuple[str, str]]] = {
    "air_temperature_degc": ("air temperature", "气温"),
    "relative_humidity_pct": ("relative humidity", "相对湿度"),
    "wind_speed_m_s": ("wind", "风速"),
    "rain_on": ("rain", "降雨"),
    "rain_total_mm": ("rain counted", "累计雨量"),
    "substrate_moisture_pct": ("substrate moisture", "基质含水量"),
    "battery_voltage_v": ("battery", "电池电压"),
    "vpd_kpa": ("vapour pressure deficit", "饱和水汽压差"),
    "dew_point_degc": ("dew point", "露点"),
    "condensation_margin_k": ("condensation margin", "结露余量"),
    "dli_mol_m2": ("light of the day so far", "当日累计光照"),
    "age_s": ("age of the newest value", "最新数据距今"),
    "gateway_offline": ("gateway offline", "网关离线"),
    "gateway_spool_records": ("records waiting at the gateway", "网关待发记录"),
    "gateway_trouble": ("trouble of the spool", "网关存储故障"),
}
_UNITS: Final = {"degC": "°C", "1": "", "m2": "m²", "mol/m2": "mol/m²"}

#: The time zone of a site by its name.
ZoneOf = Callable[[str], tzinfo]


def everywhere_utc(_site: str) -> tzinfo:
    """Return UTC: for who does not know where the sites are."""
    return UTC


def title_of(saying: Notification, language: str) -> str:
    """Return one line: how bad, what, where."""
    words = _WORDS[language]
    worst = max((alarm.severity for alarm in saying.alarms), key=lambda one: one.rank)
    first = saying.alarms[0]
    text = first.text_zh if language == "zh-CN" else first.text
    where = first.name or first.subject if len(saying.alarms) == 1 else words["places"].format(count=len(saying.alarms))
    is_known = any(alarm.ended_why in (None, "cleared") for alarm in saying.alarms)
    said = words[saying.what if is_known else "ended"].format(
        severity=words[worst.value], rule=saying.rule, where=where
    )
    made = words["simulated"] if all(alarm.simulated for alarm in saying.alarms) else ""
    return f"{made}{said}{f' - {text}' if text and saying.what != 'cleared' else ''}"


def text_of(saying: Notification, language: str, zone_of: ZoneOf = everywhere_utc) -> str:
    """Return a line for each alarm, at most `MOST_LISTED`."""
    words = _WORDS[language]
    lines = [_line(alarm, language, zone_of(alarm.site)) for alarm in saying.alarms[:MOST_LISTED]]
    more = len(saying.alarms) - len(lines)
    return "\n".join(lines + ([words["more"].format(count=more)] if more else []))


def body_of(saying: Notification, organisation: str, id: str, now_ms: int, zone_of: ZoneOf) -> str:  # noqa: A002
    """Return the JSON that is sent: docs/reference/protocol.md lists its fields."""
    language = saying.recipient.language
    worst = max((alarm.severity for alarm in saying.alarms), key=lambda one: one.rank)
    body = {
        "v": 1,
        "id": id,
        "organisation": organisation,
        "time_ms": now_ms,
        "what": saying.what,
        "rule": saying.rule,
        "severity": worst,
        "language": language,
        "title": title_of(saying, language),
        "text": text_of(saying, language, zone_of),
        "count": len(saying.alarms),
        "alarms": [alarm_fields(alarm) for alarm in saying.alarms[:MOST_LISTED]],
    }
    return msgspec.json.encode(body).decode()


def alarm_fields(alarm: Alarm) -> dict[str, Any]:
    """Return what a program is told of an alarm."""
    hidden = {"told", "noted_ms", "fresh_ms", "standing", "level", "text", "text_zh"}
    return {name: value for name, value in msgspec.structs.asdict(alarm).items() if name not in hidden}


def _line(alarm: Alarm, language: str, zone: tzinfo) -> str:
    words = _WORDS[language]
    subject = alarm.name or alarm.subject
    if alarm.measured_by:
        subject = words["measured_by"].format(subject=subject, device=alarm.measured_by)
    parts = {"subject": subject, "site": alarm.site, "since": _clock(alarm.began_ms, zone)}
    if alarm.ended_ms is not None:
        why = "over" if alarm.ended_why == "cleared" else str(alarm.ended_why)
        return words[why].format(ended=_clock(alarm.ended_ms, zone), **parts)
    value = ""
    if alarm.value is not None and alarm.threshold is not None and alarm.condition in words:
        name = _NAMES.get(alarm.what, (alarm.what, alarm.what))[language == "zh-CN"]
        value = words["value"].format(
            name=name + (words["estimated"] if alarm.estimated else ""),
            value=f"{alarm.value:.4g}",
            threshold=f"{alarm.threshold:g}",
            unit=_UNITS.get(alarm.unit, alarm.unit),
            condition=words[alarm.condition],
        )
    return words["line"].format(value=value.replace("  ", " ").replace(" ,", ","), **parts)


def _clock(time_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(time_ms / 1000, zone).strftime("%Y-%m-%d %H:%M %Z").strip()
