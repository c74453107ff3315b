"""Notification policy: which recipients are notified of which alarms now, with repetition, escalation and limits. Pure.

An alarm records its notifications, so that a restart loses none and repeats none. A recipient gets a limited number of
notifications of a rule in an hour; what exceeds it is notified together as soon as the hour permits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from headland.alarms.notification.duty_rota import Duty
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
#: Notifications an hour and recipient for alarms of a gateway's rule that has no rule of that name here.
MOST_AN_HOUR: Final = 6


@dataclass(frozen=True, slots=True)
class Notification:
    """A message to one recipient about alarms of one rule with the same change."""

    recipient: AlarmRecipient
    rule: str
    what: What
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """How alarms of a rule are notified; the default is for a gateway's alarm without a rule of its name here."""

    severity: Severity | None = None
    repeat_s: float | None = None
    most_an_hour: int = MOST_AN_HOUR
    recipients: tuple[str, ...] = ()
    escalation: tuple[Escalation, ...] = ()


def policy_of(rule: AlarmRule | None) -> Policy:
    """Return the policy of a rule."""
    if rule is None:
        return Policy()
    return Policy(rule.severity, rule.repeat_s, rule.most_an_hour, rule.recipients, rule.escalation)


def escalate(alarm: Alarm, policy: Policy, now_ms: int) -> Alarm:
    """Return an alarm at the escalation step that it has reached; an acknowledged alarm does not escalate."""
    if not alarm.is_active or alarm.acknowledged_ms is not None or alarm.fresh_ms is None or _is_snoozed(alarm, now_ms):
        return alarm
    level = sum(now_ms - alarm.noted_ms >= step.after_s * 1000 for step in policy.escalation)
    if level <= alarm.level:
        return alarm
    reached = [step.severity for step in policy.escalation[:level]]
    severity = max([alarm.severity, *reached], key=lambda level: level.rank)
    return msgspec.structs.replace(alarm, level=level, severity=severity)


def is_in_maintenance(alarm: Alarm, windows: Iterable[MaintenanceWindow], now_ms: int) -> bool:
    """Return whether a maintenance window suppresses an alarm now."""
    return any(
        window.start_ms <= now_ms < window.end_ms
        and window.rule in (None, alarm.rule)
        and window.device in (None, alarm.subject)
        and window.kind in (None, alarm.kind)
        and window.site in (None, alarm.site)
        for window in windows
    )


def decide_notifications(
    alarms: Iterable[Alarm],
    rules: Mapping[str, AlarmRule],
    recipients: Sequence[AlarmRecipient],
    windows: Sequence[MaintenanceWindow],
    recent_counts: Mapping[tuple[str, str], int],
    now_ms: int,
    held_back: Collection[tuple[str, str]] = (),
    duties: Sequence[Duty] = (),
) -> tuple[list[Alarm], list[Notification]]:
    """Return the alarms that change by being notified or escalated, and the notifications.

    Recipients of a rota are notified by it, see `headland.alarms.notification.duty_rota`; all others are always
    on duty.
    `recent_counts` has the notifications of the last hour by recipient and rule; those `held_back` wait.
    """
    changes: dict[tuple[str, str, What], list[Alarm]] = {}
    known: dict[str, Alarm] = {}
    changed: set[str] = set()
    by_id = {recipient.id: recipient for recipient in recipients}
    known_names = {recipient.name for recipient in recipients}
    reachable = {recipient.name for recipient in recipients if recipient.enabled}
    for before in alarms:
        policy = policy_of(rules.get(before.rule))
        suppressed = is_in_maintenance(before, windows, now_ms)
        alarm = before if suppressed else escalate(before, policy, now_ms)
        known[alarm.id] = alarm
        if alarm is not before:
            changed.add(alarm.id)
        names = _names_for(alarm, policy, duties, reachable, known_names, now_ms)
        for recipient in recipients:
            is_called = recipient.name in names and _is_for(alarm, recipient)
            what = _change_for(recipient, alarm, policy, now_ms, is_called=is_called, suppressed=suppressed)
            if what is not None:
                changes.setdefault((recipient.id, alarm.rule, what), []).append(alarm)
    counts = Counter(recent_counts)
    notifications: list[Notification] = []
    for (recipient_id, rule, what), listed in changes.items():
        if (recipient_id, rule) in held_back or counts[recipient_id, rule] >= policy_of(rules.get(rule)).most_an_hour:
            continue
        counts[recipient_id, rule] += 1
        notified = [_record(known[alarm.id], recipient_id, what, now_ms) for alarm in listed]
        for alarm in notified:
            known[alarm.id] = alarm
            changed.add(alarm.id)
        notifications.append(Notification(by_id[recipient_id], rule, what, tuple(notified)))
    return [known[id_] for id_ in known if id_ in changed], notifications


def _change_for(
    recipient: AlarmRecipient, alarm: Alarm, policy: Policy, now_ms: int, *, is_called: bool, suppressed: bool
) -> What | None:
    """Return the change of an alarm that a recipient is not notified of yet, or None."""
    record = alarm.told.get(recipient.id)
    if not alarm.is_active:
        return "cleared" if record is not None and not record.cleared and recipient.enabled else None
    if suppressed or alarm.fresh_ms is None or _is_snoozed(alarm, now_ms) or not is_called:
        return None
    if record is None:
        return None if alarm.acknowledged_ms is not None else "raised"
    if alarm.acknowledged_ms is not None:
        return None
    if alarm.severity.rank > record.severity.rank:
        return "escalated"
    snooze_ended = alarm.snoozed_until_ms is not None and record.said_ms < alarm.snoozed_until_ms
    due = policy.repeat_s is not None and now_ms - record.said_ms >= policy.repeat_s * 1000
    return "repeated" if snooze_ended or due else None


def _is_for(alarm: Alarm, recipient: AlarmRecipient) -> bool:
    return recipient.enabled and alarm.severity.rank >= recipient.least_severity.rank


def _names_for(
    alarm: Alarm,
    policy: Policy,
    duties: Sequence[Duty],
    reachable: Collection[str],
    known_names: Collection[str],
    now_ms: int,
) -> set[str]:
    """Return the names of the recipients of an alarm: those that its rule names, else all that are not off duty.

    A rule that names nobody who exists, as after a rota was deleted, is one without recipients of its own.
    """
    named = {name for step in policy.escalation[: alarm.level] for name in step.recipients} | {*policy.recipients}
    called = {duty.name: set(duty.called(alarm, reachable, now_ms)) for duty in duties if alarm.is_active}
    # A rule that names a rota means whoever is called by it.
    names = (named - called.keys()).union(*(called[name] for name in named & called.keys()))
    if policy.recipients and any(name in known_names for name in names):
        return names
    off_duty = {name for duty in duties for name in duty.people}
    return names | (set(reachable) - off_duty).union(*called.values())


def _is_snoozed(alarm: Alarm, now_ms: int) -> bool:
    return alarm.snoozed_until_ms is not None and now_ms < alarm.snoozed_until_ms


def _record(alarm: Alarm, recipient: str, what: What, now_ms: int) -> Alarm:
    record = NotificationRecord(said_ms=now_ms, severity=alarm.severity, cleared=what == "cleared")
    return msgspec.structs.replace(alarm, told={**alarm.told, recipient: record})
