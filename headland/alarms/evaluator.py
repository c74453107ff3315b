"""One organisation's alarms at the station, round by round: what stands, what is over, and who is to hear of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from headland.alarms.active_alarms import ActiveAlarms
from headland.alarms.backfill_check import Review
from headland.alarms.evaluation import MOST_BEHIND_MS, Outcome, RuleTarget, judge_pairs, pair_up
from headland.alarms.gateway_alarms import GatewayAlarm, alarms_in
from headland.alarms.messages import body_of
from headland.alarms.notification_policy import decide
from headland.alarms.rule_state import RuleState
from headland.alarms.targets import EvaluationTargets, GatewayValues, look
from headland.contract.alarm import AlarmState
from headland.contract.records import Event
from headland.registry.models.alarms import Alarm, AlarmRule, Notice
from headland.registry.repositories.alarms import KEEP_DELIVERED_MS, Round
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import Store
from headland.units_of_time import HOUR_MS

#: A gateway's alarm ends as unknown when nothing of the gateway was measured for so long.
_GATEWAY_LOST_MS: Final = 6 * HOUR_MS
#: What is older is not said when a gateway's alarm arrives late.
_GATEWAY_FRESH_MS: Final = 900_000
#: Where rules stand is written at least so often, so that a restart has little to judge again.
_WRITE_EVERY_MS: Final = 600_000
#: Each round looks for gateways' events of so long, and now and then at all that may still come.
_EVENTS_MS: Final = 2 * HOUR_MS
_LATE_EVENTS_EVERY: Final = 10
_MOST_EVENTS: Final = 10_000
#: Every so many rounds it looks again at hours that got late samples.
_REVIEW_EVERY: Final = 40


class AlarmEvaluator:
    """Not safe to call from several threads at once; one process at a time has the organisation's alarms.

    `gateways` returns what gateways say of themselves. What a round decides is kept in one transaction with what it is
    to say, so that a process which is killed forgets nothing and says nothing twice.
    """

    def __init__(
        self, store: Store, repositories: OrganisationRepositories, handle: str, gateways: Callable[[], GatewayValues]
    ) -> None:
        self._store = store
        self._repositories = repositories
        self._handle = handle
        self._gateways = gateways
        self._kept: dict[tuple[str, str], RuleState] | None = None
        self._watches: dict[tuple[str, str], RuleState] = {}
        self._owed: dict[str, Alarm] = {}
        self._noted: set[tuple[str, str, int, int]] = set()
        self._written_ms = 0
        self._rounds = 0
        self._review = Review(store, repositories, handle)
        self.counts: Counter[str] = Counter()

    def round(self, now_ms: int) -> Round:
        """Judge, note and decide once; return what was kept. Raises RetryLater with nothing kept."""
        book = self._repositories.alarms
        self._begin()
        rules = [rule for rule in self._repositories.alarm_rules.all() if rule.enabled]
        scene = look(self._store, self._repositories, self._handle, self._gateways())
        register = ActiveAlarms(book.active(), book.new_id, now_ms)
        heard = self._hear_gateways(register, scene, now_ms)
        pairs = pair_up(rules, scene, self._watches, now_ms)
        outcomes = judge_pairs(pairs, scene, self._store, self._handle, now_ms)
        watches = {outcome.pair.key: _apply(outcome, register, now_ms) for outcome in outcomes}
        _end_unwatched(register, pairs, {rule.name for rule in rules}, now_ms)
        if self._rounds % _REVIEW_EVERY == _REVIEW_EVERY - 1:
            for alarm in self._review.look(pairs, scene, now_ms):
                register.add_history(alarm)
            book.forget_delivered(now_ms - KEEP_DELIVERED_MS)
        done = Round()
        by_name = {rule.name: rule for rule in rules}
        owed = self._say(register, by_name, scene, done, now_ms)
        done.alarms = dict(register.changed)
        self._note_watches(done, watches, now_ms)
        if not done.is_empty():
            book.keep(done)
        self._settle(done, watches, owed, heard, now_ms)
        self.counts.update(rounds=1, judged=len(pairs), notices=len(done.notices))
        return done

    def forget(self) -> None:
        """Read anew what is kept before the next round: another process was at work meanwhile."""
        self._kept = None
        self._noted = set()
        self._rounds = 0

    def write(self) -> None:
        """Keep where every rule stands, so that the next process has nothing to judge again."""
        kept = self._kept or {}
        moved = {key: _builtins(watch) for key, watch in self._watches.items() if kept.get(key) != watch}
        if moved:
            self._repositories.alarms.keep(Round(watches=moved))
            self._kept = dict(self._watches)

    def _begin(self) -> None:
        if self._kept is not None:
            return
        book = self._repositories.alarms
        self._kept = {key: msgspec.convert(state, RuleState) for key, state in book.watches().items()}
        self._watches = dict(self._kept)
        self._owed = {alarm.id: alarm for alarm in book.newest(active=False, limit=1000) if _is_owed(alarm)}

    def _hear_gateways(
        self, register: ActiveAlarms, scene: EvaluationTargets, now_ms: int
    ) -> set[tuple[str, str, int, int]]:
        """Take what gateways' own rules said; return the events that are noted with this round."""
        every = self._rounds % _LATE_EVENTS_EVERY == 0
        start_ms = now_ms - (MOST_BEHIND_MS if every else _EVENTS_MS)
        heard: set[tuple[str, str, int, int]] = set()
        for told in alarms_in(self._events(start_ms, now_ms + 300_000)):
            name = (*told.key, told.newest.t)
            if name not in self._noted:
                register.hear_gateway(told, self._was_noted, _GATEWAY_FRESH_MS)
            heard.add(name)
        for alarm in register.standing():
            if "gateway" not in alarm.standing:
                continue
            heard_ms = scene.gateway_heard_ms(alarm.subject) or alarm.noted_ms
            if now_ms - max(heard_ms, alarm.raised_ms) > _GATEWAY_LOST_MS:
                register.end((alarm.rule, alarm.subject), "gateway", heard_ms + _GATEWAY_LOST_MS, "no_data")
        return heard if every else self._noted | heard

    def _events(self, start_ms: int, end_ms: int) -> list[Event]:
        found: list[Event] = []
        while start_ms < end_ms:
            page = self._store.events(self._handle, start_ms, end_ms, limit=_MOST_EVENTS)
            found += page
            if len(page) < _MOST_EVENTS:
                break
            start_ms = max(page[-1].t, start_ms + 1)
        return found

    def _was_noted(self, told: GatewayAlarm) -> bool:
        """Return whether a gateway's alarm is known, and nothing new is said of it since it ended here."""
        return any(
            told.raised_ms in alarm.gateway_raised_ms
            and (told.cleared_ms is not None or alarm.ended_ms is None or told.newest.t <= alarm.ended_ms)
            for alarm in self._repositories.alarms.of(told.rule, told.device, told.raised_ms - 1, told.newest.t + 1)
        )

    def _say(
        self, register: ActiveAlarms, rules: dict[str, AlarmRule], scene: EvaluationTargets, done: Round, now_ms: int
    ) -> dict[str, Alarm]:
        """Decide who is to hear what; return the alarms that are over and of which somebody is still to hear that."""
        book = self._repositories.alarms
        ended = {alarm.id: alarm for alarm in register.changed.values() if _is_owed(alarm)}
        owed = {**self._owed, **ended}
        heard = Counter((one.recipient, one.rule) for one in book.notices(since_ms=now_ms - HOUR_MS, limit=10_000))
        recipients = list(self._repositories.alarm_recipients.all())
        windows = [window for window in self._repositories.maintenance.all() if window.end_ms > now_ms]
        changed, sayings = decide([*register.standing(), *owed.values()], rules, recipients, windows, heard, now_ms)
        for alarm in changed:
            register.put(alarm)
            if alarm.id in owed:
                owed[alarm.id] = alarm
        for saying in sayings:
            id_ = book.new_id()
            done.notices.append(
                Notice(
                    id=id_,
                    recipient=saying.recipient.id,
                    rule=saying.rule,
                    what=saying.what,
                    about=tuple(alarm.id for alarm in saying.alarms),
                    body=body_of(saying, self._handle, id_, now_ms, scene.zone_of),
                    created_ms=now_ms,
                    due_ms=now_ms,
                )
            )
        alive = {recipient.id for recipient in recipients if recipient.enabled}
        return {id_: alarm for id_, alarm in owed.items() if _is_owed(alarm) and alive & alarm.told.keys()}

    def _note_watches(self, done: Round, watches: dict[tuple[str, str], RuleState], now_ms: int) -> None:
        kept = self._kept or {}
        every = now_ms - self._written_ms >= _WRITE_EVERY_MS
        done.watches = {
            key: _builtins(watch)
            for key, watch in watches.items()
            if kept.get(key) != watch and (every or key not in kept or not watch.is_like(kept[key]))
        }
        done.dropped = kept.keys() - watches.keys()

    def _settle(
        self,
        done: Round,
        watches: dict[tuple[str, str], RuleState],
        owed: dict[str, Alarm],
        noted: set[tuple[str, str, int, int]],
        now_ms: int,
    ) -> None:
        kept = self._kept or {}
        self._kept = {key: watches[key] if key in done.watches else kept[key] for key in watches if key in kept or
                      key in done.watches}  # fmt: skip
        self._watches, self._owed, self._noted = watches, owed, noted
        if now_ms - self._written_ms >= _WRITE_EVERY_MS:
            self._written_ms = now_ms
        self._rounds += 1


def _apply(outcome: Outcome, register: ActiveAlarms, now_ms: int) -> RuleState:
    """Note what came of a rule on a subject; return where it stands then."""
    rule, key = outcome.pair.rule, (outcome.pair.rule.name, outcome.pair.subject.name)
    for change, alarm in outcome.changes:
        if change.turn == "raised":
            register.raise_here(alarm)
        else:
            register.end_here(key, change)
    watch = outcome.watch
    if not watch.state.is_raised:
        return watch
    if not register.stands(key, "station"):
        # Its alarm was ended otherwise, as when the rule was called something else: it begins anew.
        return RuleState(state=AlarmState(last_ms=watch.judged_until_ms), known_ms=watch.known_ms)
    if watch.known_ms is not None and now_ms - watch.known_ms <= rule.page_within_s * 1000:
        register.freshen(key, watch.known_ms)
    return watch


def _end_unwatched(register: ActiveAlarms, pairs: list[RuleTarget], names: set[str], now_ms: int) -> None:
    """End what stands by the word of a rule that is no longer there, or no longer for it."""
    watched = {(pair.rule.name, pair.subject.name) for pair in pairs}
    for alarm in register.standing():
        key = alarm.rule, alarm.subject
        if "station" in alarm.standing and key not in watched:
            register.end(key, "station", now_ms, "not_selected" if alarm.rule in names else "rule_removed")


def _is_owed(alarm: Alarm) -> bool:
    return not alarm.is_active and any(not told.cleared for told in alarm.told.values())


def _builtins(watch: RuleState) -> Mapping[str, Any]:
    made: Mapping[str, Any] = msgspec.to_builtins(watch)
    return made
