"""Alarm evaluation of one organisation at the station, round by round: evaluate rules, update alarms, notify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from headland.alarms.notification.duty_rota import Duty, duty_at
from headland.alarms.notification.messages import body_of, brief_body_of
from headland.alarms.notification.notification_policy import Notification, decide_notifications
from headland.alarms.rounds.active_alarms import ActiveAlarms
from headland.alarms.rounds.backfill_check import BackfillCheck
from headland.alarms.rounds.gateway_alarms import GatewayAlarm, collect_gateway_alarms
from headland.alarms.rounds.retry_schedule import RetrySchedule
from headland.alarms.rounds.round_storage import RoundStorage, alarm_item, notification_item, state_item
from headland.alarms.rules.evaluation import MOST_BEHIND_MS, RuleOutcome, RuleTarget, evaluate_targets, match_rules
from headland.alarms.rules.rule_state import RuleState
from headland.alarms.rules.subject_times import SubjectClocks
from headland.alarms.rules.targets import (
    EvaluationTargets,
    GatewayValues,
    OutlookOf,
    in_real_time,
    in_simulated_time,
    load_targets,
)
from headland.clock.station_clock.record import AGREE_MS, NEVER_MS
from headland.contract.alarm import AlarmState
from headland.contract.records import Event
from headland.registry.models.alarms import Alarm, AlarmRecipient, AlarmRule, Notice
from headland.registry.repositories.alarms import KEEP_DELIVERED_MS, AlarmUpdate
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.runtime.item_failures import ItemFailures
from headland.store.port import Store
from headland.units_of_time import HOUR_MS

#: A gateway's alarm ends without data when no device of the gateway has had a sample for so long.
_GATEWAY_LOST_MS: Final = 6 * HOUR_MS
#: A gateway's alarm that arrives later than this is not notified.
_GATEWAY_FRESH_MS: Final = 900_000
#: States of rules are stored at least this often, so that a restart has little to evaluate again.
_STORE_EVERY_MS: Final = 600_000
#: The span of gateways' events that each round reads; now and then a round reads all that may still arrive.
_EVENTS_MS: Final = 2 * HOUR_MS
_LATE_EVENTS_EVERY_MS: Final = 150_000
_MOST_EVENTS: Final = 10_000
#: The time between two checks for late samples.
_BACKFILL_EVERY_MS: Final = 600_000


StateKey = tuple[str, str]  # the rule's id, the subject
EventKey = tuple[str, str, int, int]  # a gateway alarm's rule, device and time, and the time of its newest event


class AlarmEvaluator:
    """Not safe to call from several threads at once; one process at a time evaluates an organisation.

    `gateways` returns the status values of gateways, `record_alarms` the alarms that stand by the farm's records at an
    instant, `outlook_of` the weather to come at a site, `simulated_lag_ms` how far the clock of this farm's simulators
    is behind an instant. A round stores its alarms and notifications in one transaction, so
    that a process which is killed loses none and notifies none twice. A rule, an alarm or a notification that fails
    stops no other; it is counted in `failures`.
    """

    def __init__(
        self,
        store: Store,
        repositories: OrganisationRepositories,
        handle: str,
        gateways: Callable[[], GatewayValues],
        failures: ItemFailures | None = None,
        simulated_lag_ms: Callable[[int], int] = in_real_time,
        record_alarms: Callable[[int], Sequence[Alarm]] | None = None,
        outlook_of: OutlookOf | None = None,
    ) -> None:
        self._store = store
        self._repositories = repositories
        self._handle = handle
        self._gateways = gateways
        self._simulated_lag_ms = simulated_lag_ms
        self._record_alarms = record_alarms
        self._outlook_of = outlook_of
        self.failures = ItemFailures() if failures is None else failures
        self._stored_states: dict[StateKey, RuleState] | None = None
        self._states: dict[StateKey, RuleState] = {}
        self._pending_clears: dict[str, Alarm] = {}
        self._known_events: set[EventKey] = set()
        self._stored_ms = 0
        self._clocks = SubjectClocks()
        #: When the late events were read, and when late samples are to be looked for.
        self._late_events_ms: int | None = None
        self._backfill_due_ms: int | None = None
        self._backfill = BackfillCheck(store, repositories, handle, self.failures)
        #: What could not be stored and is tried again.
        self.retries = RetrySchedule()
        self._storage = RoundStorage(repositories.alarms, self.failures, self.retries)
        self.counts: Counter[str] = Counter()

    def round(
        self, now_ms: int, *, in_doubt: bool = False, up_s: float | None = None, shown_ms: int | None = None
    ) -> AlarmUpdate:
        """Evaluate all rules once; return what was stored. Raises RetryLater with nothing stored.

        While the clock is `in_doubt`, gateways' alarms are taken whatever their times, devices are judged by the time
        of their own data, and nothing is deleted. `up_s` is any monotonic clock, which tells how long silence lasts
        where the clock does not; without it `now_ms` is taken for it, too. `shown_ms` is what the system's clock shows:
        a gateway on this machine goes by it.
        """
        repository = self._repositories.alarms
        self._load_states()
        rules = [rule for rule in self._repositories.alarm_rules.all() if rule.enabled]
        targets = load_targets(self._store, self._repositories, self._handle, self._gateways())
        targets = replace(targets, outlook_of=self._outlook_of)
        targets = in_simulated_time(targets, self._simulated_lag_ms(now_ms))
        passed_s = now_ms / 1000 if up_s is None else up_s
        targets = targets.with_times(self._clocks, now_ms, passed_s, in_doubt=in_doubt)
        active = ActiveAlarms(self._read_active(now_ms), repository.new_id, now_ms)
        local_ms = shown_ms if in_doubt and shown_ms is not None else now_ms
        events = self._apply_gateway_alarms(active, targets, now_ms, local_ms, in_doubt=in_doubt)
        rule_targets, unmatched = match_rules(rules, targets, self._states, now_ms, self.failures)
        outcomes = evaluate_targets(rule_targets, targets, self._store, self._handle, now_ms, self.failures)
        unmatched_ids = {rule.id for rule in rules if rule.name in unmatched}
        states = {key: state for key, state in self._states.items() if key[0] in unmatched_ids}
        for outcome in outcomes:
            states[outcome.target.key] = outcome.target.state
            with self.failures.isolate(f"Alarm of {outcome.target.rule.name} on {outcome.target.subject.name}"):
                fresh_now_ms = targets.fresh_now_of(outcome.target.subject, now_ms)
                states[outcome.target.key] = _apply_outcome(outcome, active, fresh_now_ms)
        _end_unmatched(active, rule_targets, {rule.name for rule in rules}, unmatched, now_ms)
        if self._record_alarms is not None:
            with self.failures.isolate("Alarms of the farm's records"):
                active.apply_record_alarms(self._record_alarms(now_ms))
        if self._is_backfill_due(now_ms):
            for alarm in self._backfill.find_missed_alarms(rule_targets, targets, now_ms):
                active.add_late(alarm)
            if not in_doubt:
                repository.delete_delivered(now_ms - KEEP_DELIVERED_MS)
        changes = AlarmUpdate()
        held = {alarm.id for alarm in active.changed.values() if not self._is_due(alarm, now_ms)}
        known = {rule.name: rule for rule in rules}
        unnotified, pending_clears = self._notify(active, held, known, targets, changes, now_ms)
        changes.alarms = {alarm_id: alarm for alarm_id, alarm in active.changed.items() if alarm_id not in held}
        unsaved = [active.changed[alarm_id] for alarm_id in held]
        self._keep_states(states, unsaved, known)
        self._select_states(changes, states, now_ms)
        if not changes.is_empty():
            failed = self._storage.save(changes, unnotified, now_ms)
            unsaved += [active.changed[alarm_id] for alarm_id in failed]
            self._keep_states(states, unsaved, known)
        keys = {(alarm.rule, alarm.subject) for alarm in unsaved}
        self._remember(
            changes,
            states,
            {
                alarm_id: changes.alarms.get(alarm_id, alarm)
                for alarm_id, alarm in pending_clears.items()
                if (alarm.rule, alarm.subject) not in keys and _is_clear_pending(changes.alarms.get(alarm_id, alarm))
            },
            {event for event in events if event[:2] not in keys},
            now_ms,
        )
        self.counts.update(rounds=1, judged=len(rule_targets), notices=len(changes.notices))
        return changes

    def forget(self) -> None:
        """Load the stored states before the next round: another process has evaluated in the meantime."""
        self._stored_states = None
        self._known_events = set()
        self._late_events_ms = self._backfill_due_ms = None

    def write(self) -> None:
        """Store the state of every rule, so that the next process has nothing to evaluate again."""
        stored = self._stored_states or {}
        moved = {key: _builtins(state) for key, state in self._states.items() if stored.get(key) != state}
        if moved:
            self._repositories.alarms.save(AlarmUpdate(rule_states=moved))
            self._stored_states = dict(self._states)

    def _read_active(self, now_ms: int) -> list[Alarm]:
        """Return the active alarms; a snooze that began later than now, before the clock was set back, is over."""
        repository = self._repositories.alarms
        active = repository.active()
        over = [alarm.id for alarm in active if alarm.snoozed_ms is not None and alarm.snoozed_ms > now_ms + AGREE_MS]
        for alarm_id in over:
            repository.snooze(alarm_id, now_ms)
        return repository.active() if over else active

    def _load_states(self) -> None:
        if self._stored_states is not None:
            return
        repository = self._repositories.alarms
        loaded: dict[StateKey, RuleState] = {}
        for key, state in repository.rule_states().items():
            with self.failures.isolate(f"The stored state of a rule on {key[1]}"):
                loaded[key] = msgspec.convert(state, RuleState)
        self._stored_states = loaded
        self._states = dict(self._stored_states)
        ended = repository.newest(active=False, limit=1000)
        self._pending_clears = {alarm.id: alarm for alarm in ended if _is_clear_pending(alarm)}

    def _apply_gateway_alarms(
        self, active: ActiveAlarms, targets: EvaluationTargets, now_ms: int, local_ms: int, *, in_doubt: bool
    ) -> set[EventKey]:
        """Apply the alarms of gateways' own rules; return the events that are known after this round.

        `local_ms` is the time of gateways on this machine.
        """
        is_late_round = self._is_late_round(now_ms)
        lag_ms = targets.simulated_lag_ms
        back_ms = MOST_BEHIND_MS if is_late_round else _EVENTS_MS + lag_ms
        spans = [(now_ms - back_ms, NEVER_MS if in_doubt else now_ms + AGREE_MS)]
        spans += [(time_ms - back_ms, time_ms + AGREE_MS) for time_ms in {local_ms, *targets.gateway_times_ms()}]
        applied: set[EventKey] = set()
        for gateway_alarm in collect_gateway_alarms(self._read_events(spans)):
            key = (*gateway_alarm.key, gateway_alarm.newest.t)
            item = alarm_item(gateway_alarm.rule, gateway_alarm.device)
            if key in self._known_events or targets.is_inactive(gateway_alarm.device):
                applied.add(key)
            elif self.retries.is_due(item, now_ms):
                failed = self.failures.count
                with self.failures.isolate(f"Alarm {gateway_alarm.rule} of a gateway on {gateway_alarm.device}"):
                    its_now_ms = targets.device_now_ms(gateway_alarm.device, min(now_ms, local_ms), is_fresh=True)
                    active.apply_gateway_alarm(gateway_alarm, self._is_recorded, its_now_ms - _GATEWAY_FRESH_MS)
                if self.failures.count == failed:
                    applied.add(key)
                else:
                    self.retries.fail(item, now_ms)
        for alarm in active.active():
            if "gateway" not in alarm.standing:
                continue
            if targets.is_inactive(alarm.subject):
                active.end((alarm.rule, alarm.subject), "gateway", now_ms, "not_selected")
                continue
            if in_doubt and targets.has_online_gateway(alarm.subject):
                # It says itself when it is over.
                continue
            its_now_ms = targets.device_now_ms(alarm.subject, now_ms)
            known_ms = targets.gateway_silence_ms(alarm.subject, now_ms)
            silence_ms = its_now_ms - alarm.noted_ms if known_ms is None else known_ms
            raised_for_ms = its_now_ms - alarm.raised_ms
            # What was raised later than now was raised by another clock.
            if min(silence_ms, raised_for_ms if raised_for_ms >= -AGREE_MS else silence_ms) > _GATEWAY_LOST_MS:
                ended_ms = its_now_ms - silence_ms + _GATEWAY_LOST_MS
                active.end((alarm.rule, alarm.subject), "gateway", ended_ms, "no_data")
        return applied if is_late_round else self._known_events | applied

    def _read_events(self, spans: Iterable[tuple[int, int]]) -> list[Event]:
        """Return the events of [start, end) of each span, each event once."""
        events: list[Event] = []
        until_ms = 0
        for first_ms, end_ms in sorted(spans):
            start_ms = max(first_ms, until_ms)
            while start_ms < end_ms:
                page = self._store.events(self._handle, start_ms, end_ms, limit=_MOST_EVENTS)
                events += page
                if len(page) < _MOST_EVENTS:
                    break
                start_ms = max(page[-1].t, start_ms + 1)
            until_ms = max(until_ms, end_ms)
        return events

    def _is_recorded(self, gateway_alarm: GatewayAlarm) -> bool:
        """Return whether a gateway's alarm is recorded, and has no news since it ended here."""
        newest_ms = gateway_alarm.newest.t
        recorded = self._repositories.alarms.find(
            gateway_alarm.rule, gateway_alarm.device, gateway_alarm.raised_ms - 1, newest_ms + 1
        )
        return any(
            gateway_alarm.raised_ms in alarm.gateway_raised_ms
            and (gateway_alarm.cleared_ms is not None or alarm.ended_ms is None or newest_ms <= alarm.ended_ms)
            for alarm in recorded
        )

    def _notify(
        self,
        active: ActiveAlarms,
        held: set[str],
        rules: dict[str, AlarmRule],
        targets: EvaluationTargets,
        changes: AlarmUpdate,
        now_ms: int,
    ) -> tuple[dict[str, Alarm], dict[str, Alarm]]:
        """Add the notifications of the round; those of alarms that are `held` wait.

        Return the alarms of which somebody is notified, as they were before, and the ended ones of which a recipient
        was to be notified.
        """
        repository = self._repositories.alarms
        ended = {alarm.id: alarm for alarm in active.changed.values() if _is_clear_pending(alarm)}
        pending = {**self._pending_clears, **ended}
        recipients = list(self._repositories.alarm_recipients.all())
        windows = [window for window in self._repositories.maintenance.all() if window.end_ms > now_ms]
        before = {alarm.id: alarm for alarm in (*active.active(), *pending.values()) if alarm.id not in held}
        # What was sent later than now was sent before the clock was set back.
        recent = repository.count_notices(now_ms - HOUR_MS, now_ms + AGREE_MS) if before else {}
        held_back = self._held_back(recipients, {alarm.rule for alarm in before.values()}, now_ms)
        notified, notifications = decide_notifications(
            before.values(), rules, recipients, windows, recent, now_ms, held_back, self._duties(targets, now_ms)
        )
        for alarm in notified:
            active.put(alarm)
            if alarm.id in pending:
                pending[alarm.id] = alarm
        changes.notices += [self._notice_of(notification, targets, now_ms) for notification in notifications]
        enabled = {recipient.id for recipient in recipients if recipient.enabled}
        still_pending = {alarm_id: alarm for alarm_id, alarm in pending.items() if enabled & alarm.told.keys()}
        return {alarm.id: before[alarm.id] for alarm in notified}, still_pending

    def _duties(self, targets: EvaluationTargets, now_ms: int) -> list[Duty]:
        """Return the rotas as they are now; without the zone of its site a rota is in UTC."""
        rotas = [rota for rota in self._repositories.duty_rotas.all() if rota.enabled]
        names = {site.id: site.name for site in self._repositories.sites.all()} if rotas else {}
        return [duty_at(rota, targets.zone_of(names.get(rota.site, "")), now_ms) for rota in rotas]

    def _held_back(
        self, recipients: Iterable[AlarmRecipient], rules: Collection[str], now_ms: int
    ) -> set[tuple[str, str]]:
        """Return the recipients and rules whose last notification could not be stored and is not due again."""
        if not self.retries:
            return set()
        pairs = {(recipient.id, rule) for recipient in recipients for rule in rules}
        return {pair for pair in pairs if not self.retries.is_due(notification_item(*pair), now_ms)}

    def _is_due(self, alarm: Alarm, now_ms: int) -> bool:
        return self.retries.is_due(alarm_item(alarm.rule, alarm.subject), now_ms)

    def _notice_of(self, notification: Notification, targets: EvaluationTargets, now_ms: int) -> Notice:
        notice_id = self._repositories.alarms.new_id()
        return Notice(
            id=notice_id,
            recipient=notification.recipient.id,
            rule=notification.rule,
            what=notification.what,
            about=tuple(alarm.id for alarm in notification.alarms),
            body=self._body_of(notification, notice_id, now_ms, targets),
            created_ms=now_ms,
            due_ms=now_ms,
        )

    def _body_of(self, notification: Notification, notice_id: str, now_ms: int, targets: EvaluationTargets) -> str:
        """Return the body of a notification; one that cannot be written names its rule and alarms only."""
        with self.failures.isolate(f"The text of a notification of {notification.rule}"):
            return body_of(notification, self._handle, notice_id, now_ms, targets.zone_of)
        return brief_body_of(notification, self._handle, notice_id, now_ms)

    def _keep_states(
        self, states: dict[StateKey, RuleState], unsaved: Iterable[Alarm], rules: Mapping[str, AlarmRule]
    ) -> None:
        """Keep the states before the alarms that are not stored, so that the same samples raise them again."""
        for alarm in unsaved:
            rule = rules.get(alarm.rule)
            if rule is None:
                continue
            key = rule.id, alarm.subject
            if key in self._states:
                states[key] = self._states[key]
            else:
                states.pop(key, None)

    def _select_states(self, changes: AlarmUpdate, states: dict[StateKey, RuleState], now_ms: int) -> None:
        """Add the states to store: those that changed, and now and then all that moved in time."""
        stored = self._stored_states or {}
        is_due = abs(now_ms - self._stored_ms) >= _STORE_EVERY_MS
        changes.rule_states = {
            key: _builtins(state)
            for key, state in states.items()
            if stored.get(key) != state
            and (is_due or key not in stored or not state.differs_only_in_time(stored[key]))
            and self.retries.is_due(state_item(*key), now_ms)
        }
        changes.removed = stored.keys() - states.keys()

    def _remember(
        self,
        changes: AlarmUpdate,
        states: dict[StateKey, RuleState],
        pending_clears: dict[str, Alarm],
        events: set[EventKey],
        now_ms: int,
    ) -> None:
        stored = self._stored_states or {}
        self._stored_states = {
            key: state if key in changes.rule_states else stored[key]
            for key, state in states.items()
            if key in stored or key in changes.rule_states
        }
        self._states, self._pending_clears, self._known_events = states, pending_clears, events
        self.retries.forget_ended(now_ms)
        if abs(now_ms - self._stored_ms) >= _STORE_EVERY_MS:
            self._stored_ms = now_ms
        if self._is_late_round(now_ms):
            self._late_events_ms = now_ms
        if self._backfill_due_ms is None or self._is_backfill_due(now_ms):
            self._backfill_due_ms = now_ms + _BACKFILL_EVERY_MS

    def _is_late_round(self, now_ms: int) -> bool:
        """Return whether this round reads all events that may still arrive."""
        return self._late_events_ms is None or abs(now_ms - self._late_events_ms) >= _LATE_EVENTS_EVERY_MS

    def _is_backfill_due(self, now_ms: int) -> bool:
        """Return whether this round looks for late samples: not the first one, which has the present to evaluate."""
        due_ms = self._backfill_due_ms
        return due_ms is not None and not due_ms - _BACKFILL_EVERY_MS <= now_ms < due_ms


def _apply_outcome(outcome: RuleOutcome, active: ActiveAlarms, now_ms: int) -> RuleState:
    """Apply the transitions of a rule on a subject to the alarms; return its state after that."""
    rule, key = outcome.target.rule, (outcome.target.rule.name, outcome.target.subject.name)
    for transition, alarm in outcome.transitions:
        if transition.kind == "raised":
            active.raise_by_station(alarm)
        else:
            active.end_by_station(key, transition)
    state = outcome.state
    if not state.state.is_raised:
        return state
    if not active.is_active(key, "station"):
        # Its alarm ended in another way, as when the rule was renamed: the rule begins again.
        return RuleState(state=AlarmState(last_ms=state.evaluated_until_ms), known_ms=state.known_ms)
    if state.known_ms is not None and now_ms - state.known_ms <= rule.page_within_s * 1000:
        active.mark_fresh(key, state.known_ms)
    return state


def _end_unmatched(
    active: ActiveAlarms, rule_targets: list[RuleTarget], names: set[str], unknown: set[str], now_ms: int
) -> None:
    """End the alarms of rules that were deleted or no longer match the subject, except of those in `unknown`."""
    matched = {(target.rule.name, target.subject.name) for target in rule_targets}
    for alarm in active.active():
        key = alarm.rule, alarm.subject
        if "station" in alarm.standing and key not in matched and alarm.rule not in unknown:
            active.end(key, "station", now_ms, "not_selected" if alarm.rule in names else "rule_removed")


def _is_clear_pending(alarm: Alarm) -> bool:
    return not alarm.is_active and any(not record.cleared for record in alarm.told.values())


def _builtins(state: RuleState) -> Mapping[str, Any]:
    builtins: Mapping[str, Any] = msgspec.to_builtins(state)
    return builtins
