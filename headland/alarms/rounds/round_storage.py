"""Storing of an evaluation round: all of it in one transaction, and where that fails, each item on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from headland.alarms.rounds.retry_schedule import RetrySchedule
from headland.errors import DataDamaged, RetryLater
from headland.registry.models.alarms import Alarm, Notice
from headland.registry.repositories.alarms import AlarmRepository, AlarmUpdate
from headland.runtime.item_failures import ItemFailures


@dataclass(frozen=True, slots=True)
class RoundStorage:
    """Stores rounds in a repository. What cannot be stored is counted, and due again later by the schedule."""

    repository: AlarmRepository
    failures: ItemFailures
    retries: RetrySchedule

    def save(self, changes: AlarmUpdate, unnotified: Mapping[str, Alarm], now_ms: int) -> set[str]:
        """Store a round; return the ids of the alarms that are not stored. `changes` keep what is.

        `unnotified` has alarms as they were before this round's notifications: a notification and the record of it in
        its alarms are stored together, or it is due again. Raises RetryLater with nothing stored.
        """
        try:
            self.repository.save(changes)
        except (RetryLater, DataDamaged):
            raise
        except Exception as error:
            self.failures.note("A round of alarms", error)
            return self._save_singly(changes, unnotified, now_ms)
        if self.retries:
            for alarm in changes.alarms.values():
                self.retries.succeed(alarm_item(alarm.rule, alarm.subject))
            for notice in changes.notices:
                self.retries.succeed(notification_item(notice.recipient, notice.rule))
            for key in changes.rule_states:
                self.retries.succeed(state_item(*key))
        return set()

    def _save_singly(self, changes: AlarmUpdate, unnotified: Mapping[str, Alarm], now_ms: int) -> set[str]:
        alarms, notices, rule_states = changes.alarms, changes.notices, changes.rule_states
        changes.alarms, changes.notices, changes.rule_states = {}, [], {}
        for alarm_id, alarm in alarms.items():
            told = unnotified.get(alarm_id, alarm).told
            before = msgspec.structs.replace(alarm, told=told)
            item = alarm_item(alarm.rule, alarm.subject)
            if self._save_item(item, AlarmUpdate(alarms={alarm_id: before}), now_ms):
                changes.alarms[alarm_id] = before
        for notice in notices:
            about = [alarms[alarm_id] for alarm_id in notice.about if alarm_id in alarms]
            if all(alarm.id in changes.alarms for alarm in about):
                self._save_notice(notice, about, changes, now_ms)
        for key, state in rule_states.items():
            if self._save_item(state_item(*key), AlarmUpdate(rule_states={key: state}), now_ms):
                changes.rule_states[key] = state
        if changes.removed:
            with self.failures.isolate("The removal of states"):
                self.repository.save(AlarmUpdate(removed=changes.removed))
        return alarms.keys() - changes.alarms.keys()

    def _save_notice(self, notice: Notice, about: list[Alarm], changes: AlarmUpdate, now_ms: int) -> None:
        alarms = {}
        for alarm in about:
            stored = changes.alarms[alarm.id]
            record = {notice.recipient: alarm.told[notice.recipient]}
            alarms[alarm.id] = msgspec.structs.replace(stored, told={**stored.told, **record})
        item = notification_item(notice.recipient, notice.rule)
        if self._save_item(item, AlarmUpdate(alarms=alarms, notices=[notice]), now_ms):
            changes.alarms.update(alarms)
            changes.notices.append(notice)

    def _save_item(self, item: tuple[str, str, str], change: AlarmUpdate, now_ms: int) -> bool:
        """Store a change on its own; return whether that succeeded."""
        failed = self.failures.count
        with self.failures.isolate(f"The storing of {' '.join(item)}"):
            self.repository.save(change)
        if self.failures.count > failed:
            self.retries.fail(item, now_ms)
            return False
        self.retries.succeed(item)
        return True


def alarm_item(rule: str, subject: str) -> tuple[str, str, str]:
    """Return the item of an alarm in the schedule."""
    return "alarm", rule, subject


def notification_item(recipient: str, rule: str) -> tuple[str, str, str]:
    """Return the item of the notifications of a rule to a recipient."""
    return "notification", recipient, rule


def state_item(rule_id: str, subject: str) -> tuple[str, str, str]:
    """Return the item of the state of a rule on a subject."""
    return "state", rule_id, subject
