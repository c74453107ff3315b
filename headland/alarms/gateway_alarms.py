"""Alarms that gateways raised themselves, from their events: each once, in whatever order the events arrive. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from headland.contract.records import ALARM_CLEARED, ALARM_RAISED, Event
from headland.registry.models.alarms import Alarm, Severity


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
    """Return the alarms in some events by the time of their raising; other events are left out."""
    alarms: dict[tuple[str, str, int], GatewayAlarm] = {}
    for event in sorted(events, key=lambda event: event.t):
        rule, raised_ms = event.data.get("rule"), event.data.get("raised_ms")
        if event.kind not in (ALARM_RAISED, ALARM_CLEARED) or not isinstance(rule, str) or not _is_time(raised_ms):
            continue
        key = (rule[:64], event.device, int(raised_ms or 0))
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
        began_ms=int(since_ms or 0) if _is_time(since_ms) else gateway_alarm.raised_ms,
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


def _is_time(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: Any, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""
