"""Active alarms of one evaluation round, by the station's rules, the gateways' own, and the farm's records. Pure.

An alarm is a rule's name on a subject. Where a gateway has a rule with the name of one here, the two are one alarm: it
is active as long as either source says so, and is notified once. `standing` of an alarm lists these sources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

import msgspec

from headland.alarms.rounds.gateway_alarms import GatewayAlarm, to_alarm
from headland.alarms.rules.rule_state import Transition
from headland.clock.station_clock.record import AGREE_MS
from headland.registry.models.alarms import Alarm, Severity

Key = tuple[str, str]  # the rule's name, the subject
Source = Literal["station", "gateway", "records"]

#: What an alarm of records says, which a later record changes.
_SAID_OF_RECORDS: Final = ("name", "text", "text_zh", "began_ms", "simulated")


class ActiveAlarms:
    """Not safe to call from several threads at once. `changed` has the alarms to store."""

    def __init__(self, active: Iterable[Alarm], new_id: Callable[[], str], now_ms: int) -> None:
        self._active = {(alarm.rule, alarm.subject): alarm for alarm in active}
        self._new_id = new_id
        self._now_ms = now_ms
        self.changed: dict[str, Alarm] = {}
        for alarm in self.active():
            if is_ahead(alarm, now_ms):
                self.put(bring_back(alarm, now_ms))

    def active(self) -> list[Alarm]:
        """Return the active alarms."""
        return list(self._active.values())

    def is_active(self, key: Key, source: Source) -> bool:
        """Return whether an alarm is active by a source."""
        alarm = self._active.get(key)
        return alarm is not None and source in alarm.standing

    def raise_by_station(self, alarm: Alarm) -> None:
        """Add an alarm that a rule here has raised; it joins one that a gateway has raised."""
        known = self._active.get((alarm.rule, alarm.subject))
        if known is None:
            self.put(msgspec.structs.replace(alarm, id=self._new_id(), noted_ms=self._now_ms))
        elif "station" not in known.standing:
            joined = {"by_station": True, "standing": (*known.standing, "station")}
            self.put(msgspec.structs.replace(known, severity=_worse(known, alarm.severity), **joined))

    def end_by_station(self, key: Key, transition: Transition) -> None:
        """End an alarm for the station, as cleared or without data."""
        self.end(key, "station", transition.time_ms, transition.kind)

    def end(self, key: Key, source: Source, time_ms: int, why: str) -> None:
        """End an alarm for a source; it ends altogether where no other source keeps it active."""
        known = self._active.get(key)
        if known is None or source not in known.standing:
            return
        others = tuple(other for other in known.standing if other != source)
        if others:
            self.put(msgspec.structs.replace(known, standing=others))
            return
        ended_ms = max(time_ms, known.raised_ms)
        late = known.fresh_ms is None
        self.put(msgspec.structs.replace(known, standing=(), ended_ms=ended_ms, ended_why=why, late=late))

    def mark_fresh(self, key: Key, time_ms: int) -> None:
        """Mark an alarm as active in data that is fresh enough to notify."""
        known = self._active.get(key)
        if known is not None and known.fresh_ms is None:
            self.put(msgspec.structs.replace(known, fresh_ms=time_ms))

    def apply_gateway_alarm(
        self, gateway_alarm: GatewayAlarm, is_known: Callable[[GatewayAlarm], bool], fresh_from_ms: int
    ) -> None:
        """Apply a gateway's alarm; one that `is_known` and has ended changes nothing.

        Data from before `fresh_from_ms` is not fresh enough to notify.
        """
        key = gateway_alarm.rule, gateway_alarm.device
        known = self._active.get(key)
        is_active = known is not None and "gateway" in known.standing
        if known is not None and is_active and gateway_alarm.raised_ms < max(known.gateway_raised_ms):
            return
        if not is_active:
            if is_known(gateway_alarm):
                return
            self._raise_by_gateway(gateway_alarm, known)
        newest_ms = gateway_alarm.newest.t
        if newest_ms >= fresh_from_ms and gateway_alarm.cleared_ms is None:
            self.mark_fresh(key, newest_ms)
        if gateway_alarm.cleared_ms is not None:
            self.end(key, "gateway", gateway_alarm.cleared_ms, "cleared")

    def _raise_by_gateway(self, gateway_alarm: GatewayAlarm, known: Alarm | None) -> None:
        alarm = to_alarm(gateway_alarm, self._now_ms)
        if known is None:
            self.put(msgspec.structs.replace(alarm, id=self._new_id()))
        elif gateway_alarm.cleared_ms is None:
            joined = {
                "by_gateway": True,
                "standing": (*known.standing, "gateway"),
                "gateway_raised_ms": (*known.gateway_raised_ms, gateway_alarm.raised_ms),
            }
            self.put(msgspec.structs.replace(known, severity=_worse(known, alarm.severity), **joined))

    def apply_record_alarms(self, wanted: Iterable[Alarm]) -> None:
        """Raise the alarms that stand by the farm's records, say anew what changed, and end those that do not stand."""
        standing: set[Key] = set()
        for alarm in wanted:
            key = alarm.rule, alarm.subject
            standing.add(key)
            known = self._active.get(key)
            if known is None:
                self.put(msgspec.structs.replace(alarm, id=self._new_id(), noted_ms=self._now_ms))
                continue
            said = {name: getattr(alarm, name) for name in _SAID_OF_RECORDS}
            if any(getattr(known, name) != value for name, value in said.items()):
                self.put(msgspec.structs.replace(known, **said))
        for alarm in self.active():
            if (alarm.rule, alarm.subject) not in standing:
                self.end((alarm.rule, alarm.subject), "records", self._now_ms, "cleared")

    def add_late(self, alarm: Alarm) -> None:
        """Add an alarm that has ended and was found in late data."""
        self.put(msgspec.structs.replace(alarm, id=self._new_id(), noted_ms=self._now_ms))

    def put(self, alarm: Alarm) -> None:
        """Replace an alarm, as after a notification."""
        self.changed[alarm.id] = alarm
        key = alarm.rule, alarm.subject
        if alarm.is_active:
            self._active[key] = alarm
        elif key in self._active and self._active[key].id == alarm.id:
            del self._active[key]


def is_ahead(alarm: Alarm, now_ms: int) -> bool:
    """Tell whether an alarm was recorded, or its recipients notified, later than now: the clock was set back."""
    return max([alarm.noted_ms, *(record.said_ms for record in alarm.told.values())]) > now_ms + AGREE_MS


def bring_back(alarm: Alarm, now_ms: int) -> Alarm:
    """Return an alarm that is ahead of now as of now: it escalates and is repeated from now on."""
    told = {
        recipient: msgspec.structs.replace(record, said_ms=min(record.said_ms, now_ms - 1))
        for recipient, record in alarm.told.items()
    }
    return msgspec.structs.replace(alarm, noted_ms=min(alarm.noted_ms, now_ms), told=told)


def _worse(alarm: Alarm, severity: Severity) -> Severity:
    return max(alarm.severity, severity, key=lambda level: level.rank)
