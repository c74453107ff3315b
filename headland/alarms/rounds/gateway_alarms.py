"""Alarms that gateways raised themselves, from their events: each once, in whatever order the events arrive. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeGuard

import msgspec

from headland.contract.records import ALARM_CLEARED, ALARM_RAISED, Event
from headland.registry.models.alarms import Alarm, AlarmRule, Severity
from headland.registry.validation.alarm_rules import tests_of

#: How far a time in an event may be after the event itself: the two may be of different clocks.
_CLOCKS_DIFFER_MS: Final = 300_000
#: A larger number is no measurement.
_MOST: Final = 1e300


class GatewayAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm in a gateway's events, identified by `rule`, `device` and `raised_ms`."""

    rule: str
    device: str
    raised_ms: int
    newest: Event
    cleared_ms: int | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """Its identity."""
        return self.rule, self.device, self.raised_ms


def collect_gateway_alarms(events: Iterable[Event]) -> list[GatewayAlarm]:
    """Return the alarms in some events by the time of their raising; other events are left out.

    So is one with a time that no event can have: it would be shown, compared and stored as if it were one.
    """
    alarms: dict[tuple[str, str, int], GatewayAlarm] = {}
    for event in sorted(events, key=lambda event: event.t):
        rule, raised_ms = event.data.get("rule"), event.data.get("raised_ms")
        if event.kind not in (ALARM_RAISED, ALARM_CLEARED) or not _is_name(rule) or not _is_time(raised_ms, event):
            continue
        key = (rule[:64], event.device, raised_ms)
        before = alarms.get(key)
        cleared_ms = event.t if event.kind == ALARM_CLEARED else before.cleared_ms if before else None
        alarms[key] = GatewayAlarm(rule=key[0], device=key[1], raised_ms=key[2], newest=event, cleared_ms=cleared_ms)
    return sorted(alarms.values(), key=lambda alarm: alarm.raised_ms)


def to_alarm(gateway_alarm: GatewayAlarm, now_ms: int) -> Alarm:
    """Return a gateway's alarm as an active alarm of the station, without an id."""
    event, data = gateway_alarm.newest, gateway_alarm.newest.data
    severity = data.get("severity")
    since_ms = data.get("since_ms")
    return Alarm(
        rule=gateway_alarm.rule,
        subject=gateway_alarm.device,
        kind=event.device_kind,
        site=event.site,
        severity=Severity(severity) if severity in list(Severity) else Severity.WARNING,
        by_gateway=True,
        standing=("gateway",),
        gateway_raised_ms=(gateway_alarm.raised_ms,),
        began_ms=since_ms if _is_time(since_ms, event) else gateway_alarm.raised_ms,
        raised_ms=gateway_alarm.raised_ms,
        what=_text(data.get("channel"), 64),
        value=_number(data.get("value")),
        unit=_text(data.get("unit"), 20),
        condition=_text(data.get("condition"), 20),
        threshold=_number(data.get("threshold")),
        estimated=data.get("estimated") is True,
        simulated=event.simulated,
        text=_text(data.get("text"), 200),
        noted_ms=now_ms,
    )


def other_limit(alarm: Alarm, rules: Iterable[AlarmRule]) -> float | None:
    """Return the limit of the farm's rule of an active alarm, where the gateway that raised it has another one.

    A gateway's rules are its own: an edited rule of the farm is not known to it.
    """
    if not alarm.by_gateway or alarm.ended_ms is not None or alarm.threshold is None:
        return None
    limits = [
        limit
        for rule in rules
        if rule.name == alarm.rule and rule.enabled
        for test in tests_of(rule.any_of)
        if test.what == alarm.what and test.hours is None
        if (limit := test.below if alarm.condition == "below" else test.above) is not None
    ]
    return limits[0] if limits and alarm.threshold not in limits else None


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value.isprintable()


def _is_time(value: Any, event: Event) -> TypeGuard[int]:
    """Tell whether a value is a time that an event may speak of: not after it, but for two clocks' difference."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= event.t + _CLOCKS_DIFFER_MS


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -_MOST <= value <= _MOST:
        return None
    return float(value)


def _text(value: Any, most: int) -> str:
    """Return a text without control characters, which no database, header or page should receive."""
    return "".join(letter for letter in value[:most] if letter.isprintable()) if isinstance(value, str) else ""
