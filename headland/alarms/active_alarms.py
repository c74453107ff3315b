"""The alarms of one round: those that stand, and what the rules here and the gateways' own say of them. Pure.

An alarm is a rule's name on a subject. Where a gateway watches by a rule of the same name as one here, the two are one
alarm: it stands as long as either says so, and is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from headland.alarms.gateway_alarms import GatewayAlarm, alarm_of
from headland.alarms.rule_state import Transition
from headland.registry.models.alarms import Alarm, Severity

Key = tuple[str, str]  # the rule's name, the subject


class ActiveAlarms:
    """Not safe to call from several threads at once. `changed` is what is to be kept."""

    def __init__(self, active: Iterable[Alarm], new_id: Callable[[], str], now_ms: int) -> None:
        self._standing = {(alarm.rule, alarm.subject): alarm for alarm in active}
        self._new_id = new_id
        self._now_ms = now_ms
        self.changed: dict[str, Alarm] = {}

    def standing(self) -> list[Alarm]:
        """Return the alarms that stand."""
        return list(self._standing.values())

    def stands(self, key: Key, who: str) -> bool:
        """Return whether an alarm stands by the word of `who`, station or gateway."""
        alarm = self._standing.get(key)
        return alarm is not None and who in alarm.standing

    def raise_here(self, alarm: Alarm) -> None:
        """Note that a rule here has raised an alarm; where the gateway's stands, the two are one."""
        key = alarm.rule, alarm.subject
        known = self._standing.get(key)
        if known is None:
            self._put(msgspec.structs.replace(alarm, id=self._new_id(), noted_ms=self._now_ms))
        elif "station" not in known.standing:
            joined = {"by_station": True, "standing": (*known.standing, "station")}
            self._put(msgspec.structs.replace(known, severity=_worse(known, alarm.severity), **joined))

    def end_here(self, key: Key, change: Transition) -> None:
        """Note that a rule here says that it is over, or that nobody can tell."""
        self.end(key, "station", change.time_ms, change.turn)

    def end(self, key: Key, who: str, time_ms: int, why: str) -> None:
        """Take back the word of `who`; where nobody else says so, the alarm ends."""
        known = self._standing.get(key)
        if known is None or who not in known.standing:
            return
        left = tuple(other for other in known.standing if other != who)
        if left:
            self._put(msgspec.structs.replace(known, standing=left))
            return
        ended_ms = max(time_ms, known.raised_ms)
        late = known.fresh_ms is None
        self._put(msgspec.structs.replace(known, standing=(), ended_ms=ended_ms, ended_why=why, late=late))

    def freshen(self, key: Key, time_ms: int) -> None:
        """Note that an alarm stands in data that is fresh enough to be said."""
        known = self._standing.get(key)
        if known is not None and known.fresh_ms is None:
            self._put(msgspec.structs.replace(known, fresh_ms=time_ms))

    def hear_gateway(self, told: GatewayAlarm, was_noted: Callable[[GatewayAlarm], bool], within_ms: int) -> None:
        """Note a gateway's alarm; one that is over already and was noted before changes nothing."""
        key = told.rule, told.device
        known = self._standing.get(key)
        if known is not None and "gateway" in known.standing and told.raised_ms < max(known.gateway_raised_ms):
            return
        if known is None or "gateway" not in known.standing:
            if was_noted(told):
                return
            self._begin(told, known)
        if self._now_ms - told.newest.t <= within_ms and told.cleared_ms is None:
            self.freshen(key, told.newest.t)
        if told.cleared_ms is not None:
            self.end(key, "gateway", told.cleared_ms, "cleared")

    def _begin(self, told: GatewayAlarm, known: Alarm | None) -> None:
        alarm = alarm_of(told, self._now_ms)
        if known is None:
            self._put(msgspec.structs.replace(alarm, id=self._new_id()))
        elif told.cleared_ms is None:
            joined = {
                "by_gateway": True,
                "standing": (*known.standing, "gateway"),
                "gateway_raised_ms": (*known.gateway_raised_ms, told.raised_ms),
            }
            self._put(msgspec.structs.replace(known, severity=_worse(known, alarm.severity), **joined))

    def add_history(self, alarm: Alarm) -> None:
        """Note an alarm that is over and was found too late."""
        self._put(msgspec.structs.replace(alarm, id=self._new_id(), noted_ms=self._now_ms))

    def put(self, alarm: Alarm) -> None:
        """Note what became of an alarm by what was said of it."""
        self._put(alarm)

    def _put(self, alarm: Alarm) -> None:
        self.changed[alarm.id] = alarm
        key = alarm.rule, alarm.subject
        if alarm.is_active:
            self._standing[key] = alarm
        elif key in self._standing and self._standing[key].id == alarm.id:
            del self._standing[key]


def _worse(alarm: Alarm, severity: Severity) -> Severity:
    return max(alarm.severity, severity, key=lambda one: one.rank)
