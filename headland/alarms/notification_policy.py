"""Who is to hear what of which alarms now: each once, again only by the rule, never in a storm. Pure.

What is told of an alarm is kept with it, so that a restart forgets nothing and repeats nothing. A recipient who has
heard enough of a rule hears no more for a while: what waits is said together as soon as the hour allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from headland.registry.models.alarms import (
    Alarm,
    AlarmRecipient,
    AlarmRule,
    Escalation,
    MaintenanceWindow,
    NotificationRecord,
    Severity,
)

What = Literal["raised", "escalated", "repeated", "cleared"]
#: So many notices of a rule without a rule of ours, a gateway's, are said to a recipient in an hour.
MOST_AN_HOUR: Final = 6


@dataclass(frozen=True, slots=True)
class Notification:
    """What one recipient is to hear of alarms of one rule, all of them of the same news."""

    recipient: AlarmRecipient
    rule: str
    what: What
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """How alarms of a rule are said; what a gateway's alarm gets where no rule here has its name."""

    severity: Severity | None = None
    repeat_s: float | None = None
    most_an_hour: int = MOST_AN_HOUR
    recipients: tuple[str, ...] = ()
    escalation: tuple[Escalation, ...] = ()


def policy_of(rule: AlarmRule | None) -> Policy:
    """Return how a rule wants to be said."""
    if rule is None:
        return Policy()
    return Policy(rule.severity, rule.repeat_s, rule.most_an_hour, rule.recipients, rule.escalation)


def escalate(alarm: Alarm, policy: Policy, now_ms: int) -> Alarm:
    """Return an alarm at the step of escalation that it has reached: only what stands and nobody took care of."""
    if not alarm.is_active or alarm.acknowledged_ms is not None or alarm.fresh_ms is None or _is_snoozed(alarm, now_ms):
        return alarm
    level = sum(now_ms - alarm.noted_ms >= step.after_s * 1000 for step in policy.escalation)
    if level <= alarm.level:
        return alarm
    reached = [step.severity for step in policy.escalation[:level]]
    severity = max([alarm.severity, *reached], key=lambda one: one.rank)
    return msgspec.structs.replace(alarm, level=level, severity=severity)


def is_maintained(alarm: Alarm, windows: Iterable[MaintenanceWindow], now_ms: int) -> bool:
    """Return whether a maintenance window holds an alarm back now."""
    return any(
        window.start_ms <= now_ms < window.end_ms
        and window.rule in (None, alarm.rule)
        and window.device in (None, alarm.subject)
        and window.kind in (None, alarm.kind)
        and window.site in (None, alarm.site)
        for window in windows
    )


def decide(
    alarms: Iterable[Alarm],
    rules: Mapping[str, AlarmRule],
    recipients: Sequence[AlarmRecipient],
    windows: Sequence[MaintenanceWindow],
    heard: Mapping[tuple[str, str], int],
    now_ms: int,
) -> tuple[list[Alarm], list[Notification]]:
    """Return the alarms that change by what is said of them, and what is said.

    `heard` counts the notices of the last hour by recipient and rule.
    """
    news: dict[tuple[str, str, What], list[Alarm]] = {}
    known: dict[str, Alarm] = {}
    changed: set[str] = set()
    by_id = {recipient.id: recipient for recipient in recipients}
    for before in alarms:
        policy = policy_of(rules.get(before.rule))
        held_back = is_maintained(before, windows, now_ms)
        alarm = before if held_back else escalate(before, policy, now_ms)
        known[alarm.id] = alarm
        if alarm is not before:
            changed.add(alarm.id)
        for recipient in recipients:
            what = _news(alarm, policy, recipient, now_ms, held_back=held_back)
            if what is not None:
                news.setdefault((recipient.id, alarm.rule, what), []).append(alarm)
    said = Counter(heard)
    sayings: list[Notification] = []
    for (recipient_id, rule, what), listed in news.items():
        if said[recipient_id, rule] >= policy_of(rules.get(rule)).most_an_hour:
            continue
        said[recipient_id, rule] += 1
        told = [_tell(known[alarm.id], recipient_id, what, now_ms) for alarm in listed]
        for alarm in told:
            known[alarm.id] = alarm
            changed.add(alarm.id)
        sayings.append(Notification(by_id[recipient_id], rule, what, tuple(told)))
    return [known[id_] for id_ in known if id_ in changed], sayings


def _news(alarm: Alarm, policy: Policy, recipient: AlarmRecipient, now_ms: int, *, held_back: bool) -> What | None:
    """Return what is new about an alarm for a recipient, or None."""
    told = alarm.told.get(recipient.id)
    if not alarm.is_active:
        return "cleared" if told is not None and not told.cleared and recipient.enabled else None
    if held_back or alarm.fresh_ms is None or _is_snoozed(alarm, now_ms) or not _is_for(alarm, policy, recipient):
        return None
    if told is None:
        return None if alarm.acknowledged_ms is not None else "raised"
    if alarm.acknowledged_ms is not None:
        return None
    if alarm.severity.rank > told.severity.rank:
        return "escalated"
    woken = alarm.snoozed_until_ms is not None and told.said_ms < alarm.snoozed_until_ms
    due = policy.repeat_s is not None and now_ms - told.said_ms >= policy.repeat_s * 1000
    return "repeated" if woken or due else None


def _is_for(alarm: Alarm, policy: Policy, recipient: AlarmRecipient) -> bool:
    if not recipient.enabled or alarm.severity.rank < recipient.least_severity.rank:
        return False
    named = {name for step in policy.escalation[: alarm.level] for name in step.recipients}
    return not policy.recipients or recipient.name in policy.recipients or recipient.name in named


def _is_snoozed(alarm: Alarm, now_ms: int) -> bool:
    return alarm.snoozed_until_ms is not None and now_ms < alarm.snoozed_until_ms


def _tell(alarm: Alarm, recipient: str, what: What, now_ms: int) -> Alarm:
    told = NotificationRecord(said_ms=now_ms, severity=alarm.severity, cleared=what == "cleared")
    return msgspec.structs.replace(alarm, told={**alarm.told, recipient: told})
