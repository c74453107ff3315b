"""Alarms that gateways raised themselves, out of their events: each once, whatever order the events come in. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from headland.contract.records import ALARM_CLEARED, ALARM_RAISED, Event
from headland.registry.models.alarms import Alarm, Severity


class GatewayAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm as its gateway's events tell it: `rule`, `device` and `raised_ms` are its name."""

    rule: str
    device: str
    raised_ms: int
    newest: Event
    cleared_ms: int | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """Its name."""
        return self.rule, self.device, self.raised_ms


def alarms_in(events: Iterable[Event]) -> list[GatewayAlarm]:
    """Return the alarms that events tell of, by the time of their raising; events that tell of none are left out."""
    found: dict[tuple[str, str, int], GatewayAlarm] = {}
    for event in sorted(events, key=lambda one: one.t):
        rule, raised_ms = event.data.get("rule"), event.data.get("raised_ms")
        if event.kind not in (ALARM_RAISED, ALARM_CLEARED) or not isinstance(rule, str) or not _is_time(raised_ms):
            continue
        key = (rule[:64], event.device, int(raised_ms or 0))
        before = found.get(key)
        cleared_ms = event.t if event.kind == ALARM_CLEARED else before.cleared_ms if before else None
        found[key] = GatewayAlarm(rule=key[0], device=key[1], raised_ms=key[2], newest=event, cleared_ms=cleared_ms)
    return sorted(found.values(), key=lambda one: one.raised_ms)


def alarm_of(told: GatewayAlarm, now_ms: int) -> Alarm:
    """Return what a gateway's alarm is here, as it stands, still without an id."""
    event, data = told.newest, told.newest.data
    severity = data.get("severity")
    since_ms = data.get("since_ms")
    return Alarm(
        rule=told.rule,
        subject=told.device,
        kind=event.device_kind,
        site=event.site,
        severity=Severity(severity) if severity in list(Severity) else Severity.WARNING,
        by_gateway=True,
        standing=("gateway",),
        gateway_raised_ms=(told.raised_ms,),
        began_ms=int(since_ms or 0) if _is_time(since_ms) else told.raised_ms,
        raised_ms=told.raised_ms,
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
