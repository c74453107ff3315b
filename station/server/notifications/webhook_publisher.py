"""Webhook events: detects what is new in store and registry, and queues a notice for each subscribed webhook."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from headland.alarms.notification.delivery_policy import retry_wait_s
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import list_passes
from headland.clock.station_clock.record import AGREE_MS
from headland.contract.gateway_state import GatewayState
from headland.errors import DataDamaged, RetryLater
from headland.registry.models.alarms import Notice
from headland.registry.models.webhooks import Webhook, WebhookEvent
from headland.registry.repositories.alarms import LONGEST_WAIT_MS
from headland.runtime.item_failures import ItemFailures
from headland.units_of_time import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from headland.contract.records import Event
    from headland.registry.registry import Registry
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories
    from headland.store.port import Store

#: Look-back for device events; later arrivals are history and available from the API only.
BACK_MS: Final = HOUR_MS
#: A pass is published when it has been quiet for this time; look-back for passes.
SETTLED_MS: Final = 300_000
PASS_BACK_MS: Final = 12 * HOUR_MS
_PASSES_EVERY_MS: Final = MINUTE_MS
#: Maximum number of events in one round; the rest follow in later rounds.
_MAX_EVENTS: Final = 500

#: Events for one webhook that could not be queued and are tried again; beyond it, the oldest is dropped and counted.
_MOST_UNQUEUED: Final = 500

#: Kind of an event and its data.
EventData = tuple[WebhookEvent, dict[str, Any]]


class UnqueuedEvent(msgspec.Struct, kw_only=True, frozen=True):
    """An event for one webhook that could not be queued, and when it is tried again."""

    webhook: str
    event: WebhookEvent
    data: dict[str, Any]
    attempts: int
    due_ms: int


class EventCursor(msgspec.Struct, kw_only=True):
    """Cursor of the published events: recent events and passes, active alarms, and the state of gateways."""

    began_ms: int
    events: dict[str, int] = {}
    passes: dict[str, int] = {}
    alarms: dict[str, int] = {}
    alarms_noted_ms: int = 0
    gateways: dict[str, bool] = {}
    unqueued: list[UnqueuedEvent] = []


class WebhookPublisher:
    """Queues each new event once for each webhook that subscribes to it. Runs in the process that evaluates alarms."""

    def __init__(
        self,
        registry: Registry,
        store: Store,
        handle: str,
        repositories: OrganisationRepositories,
        gateways: Callable[[], Sequence[GatewayState]] | None,
        failures: ItemFailures,
    ) -> None:
        self._store = store
        self._handle = handle
        self._repositories = repositories
        self._gateways = gateways
        self._registry = registry
        self._failures = failures
        self._passes_checked_ms = 0
        self._has_cursor = True
        self.unqueued = 0
        self.dropped = 0

    def round(self, now_ms: int) -> int:
        """Do one round; return the number of queued notices. Raises HeadlandError."""
        hooks = [hook for hook in self._repositories.webhooks.all() if hook.enabled]
        subscribed = {event for hook in hooks for event in hook.events}
        if not subscribed:
            if self._has_cursor:
                self._repositories.webhook_cursors.reset()
                self._has_cursor = False
            return 0
        self._has_cursor = True
        stored = self._repositories.webhook_cursors.load()
        first = stored is None
        if stored is None:
            began_ms = max(now_ms - BACK_MS, min(hook.created_ms for hook in hooks))
            mark = EventCursor(began_ms=began_ms, alarms_noted_ms=began_ms)
        else:
            mark = _brought_back(msgspec.convert(stored, EventCursor), now_ms)
        events: list[EventData] = []
        events += self._new_events(mark, now_ms)
        events += self._new_alarms(mark, now_ms)
        events += self._changed_gateways(mark, first=first)
        if WebhookEvent.PASS_DETECTED in subscribed and abs(now_ms - self._passes_checked_ms) >= _PASSES_EVERY_MS:
            events += self._new_passes(mark, now_ms)
            self._passes_checked_ms = now_ms
        due = [each for each in mark.unqueued if each.due_ms <= now_ms]
        mark.unqueued = [each for each in mark.unqueued if each.due_ms > now_ms]
        due += [
            UnqueuedEvent(webhook=hook.id, event=event, data=data, attempts=0, due_ms=now_ms)
            for event, data in events
            for hook in hooks
            if event in hook.events
        ]
        by_id = {hook.id: hook for hook in hooks}
        made = self._make_notices([each for each in due if each.webhook in by_id], by_id, mark, now_ms)
        queued = self._save(made, mark, stored, now_ms)
        self.unqueued = len(mark.unqueued)
        return queued

    def _save(
        self, made: list[tuple[UnqueuedEvent, Notice]], mark: EventCursor, stored: dict[str, Any] | None, now_ms: int
    ) -> int:
        """Store notices and the cursor together; where that fails, each notice on its own. Return their number."""
        cursors = self._repositories.webhook_cursors
        after = msgspec.to_builtins(mark)
        if not made and after == stored:
            return 0
        try:
            cursors.save(after, [notice for _, notice in made])
        except (RetryLater, DataDamaged):
            raise
        except Exception as error:
            self._failures.note("A round of webhooks", error)
        else:
            return len(made)
        queued = 0
        for each, notice in made:
            failed = self._failures.count
            with self._failures.isolate(f"The storing of a {each.event.value} for webhook {each.webhook}"):
                # With the cursor from before: a process that is killed here posts one twice rather than losing it.
                cursors.save(after if stored is None else stored, [notice])
            if self._failures.count > failed:
                self._try_later(each, mark, now_ms)
            else:
                queued += 1
        cursors.save(msgspec.to_builtins(mark), [])
        return queued

    def _make_notices(
        self, due: Sequence[UnqueuedEvent], hooks: Mapping[str, Webhook], mark: EventCursor, now_ms: int
    ) -> list[tuple[UnqueuedEvent, Notice]]:
        """Return the notices of events; an event of which none can be made is tried again later."""
        notices: list[tuple[UnqueuedEvent, Notice]] = []
        for each in due:
            made: Notice | None = None
            with self._failures.isolate(f"A {each.event.value} for webhook {hooks[each.webhook].name}"):
                made = make_notice(self._repositories, hooks[each.webhook], each.event, each.data, now_ms)
            if made is None:
                self._try_later(each, mark, now_ms)
            else:
                notices.append((each, made))
        return notices

    def _try_later(self, event: UnqueuedEvent, mark: EventCursor, now_ms: int) -> None:
        due_ms = now_ms + round(retry_wait_s(event.attempts + 1) * 1000)
        mark.unqueued.append(msgspec.structs.replace(event, attempts=event.attempts + 1, due_ms=due_ms))
        while len(mark.unqueued) > _MOST_UNQUEUED:
            mark.unqueued.pop(0)
            self.dropped += 1

    def _new_events(self, mark: EventCursor, now_ms: int) -> list[EventData]:
        start_ms = max(mark.began_ms, now_ms - BACK_MS)
        recent = self._store.events(self._handle, start_ms, now_ms + 1)
        fresh: list[Event] = []
        for event in recent:
            with self._failures.isolate(f"An event of {event.device} for webhooks"):
                if len(fresh) < _MAX_EVENTS and _key(event) not in mark.events:
                    fresh.append(event)
        mark.events = {key: time_ms for key, time_ms in mark.events.items() if time_ms >= now_ms - 2 * BACK_MS}
        mark.events.update((_key(event), event.t) for event in fresh)
        return [
            (
                WebhookEvent.DEVICE_EVENT,
                {
                    "device": event.device,
                    "kind": event.kind,
                    "time_ms": event.t,
                    "data": event.data,
                    "simulated": event.simulated,
                },
            )
            for event in fresh
        ]

    def _new_alarms(self, mark: EventCursor, now_ms: int) -> list[EventData]:
        alarms = self._repositories.alarms
        events: list[EventData] = []
        noted_ms = mark.alarms_noted_ms
        # What was noted later than now was noted, and told, before the clock was set back.
        last_ms = now_ms + AGREE_MS
        for alarm in [*alarms.active(), *alarms.newest(limit=200, active=False)]:
            if alarm.is_active and alarm.id not in mark.alarms and alarm.noted_ms >= mark.began_ms:
                events.append((WebhookEvent.ALARM_RAISED, _alarm(alarm)))
                mark.alarms[alarm.id] = alarm.raised_ms
            elif not alarm.is_active and (alarm.id in mark.alarms or mark.alarms_noted_ms < alarm.noted_ms <= last_ms):
                if mark.alarms.pop(alarm.id, None) is None:
                    events.append((WebhookEvent.ALARM_RAISED, _alarm(alarm)))  # raised and ended between two rounds
                events.append((WebhookEvent.ALARM_ENDED, _alarm(alarm)))
            noted_ms = max(noted_ms, alarm.noted_ms if alarm.noted_ms <= last_ms else 0)
        mark.alarms_noted_ms = noted_ms
        return events

    def _changed_gateways(self, mark: EventCursor, *, first: bool) -> Iterable[EventData]:
        if self._gateways is None:
            return []
        gateways: Sequence[GatewayState] = []
        with suppress(RetryLater):
            gateways = self._gateways()
        events: list[EventData] = []
        for gateway in gateways:
            if gateway.online is None:
                continue
            before = mark.gateways.get(gateway.id)
            mark.gateways[gateway.id] = gateway.online
            if before is not None and before != gateway.online and not first:
                event = WebhookEvent.GATEWAY_ONLINE if gateway.online else WebhookEvent.GATEWAY_OFFLINE
                events.append((event, {"gateway": gateway.id, "last_status_ms": gateway.last_status_ms}))
        return events

    def _new_passes(self, mark: EventCursor, now_ms: int) -> list[EventData]:
        scope = OrgScope(self._store, self._registry, self._handle, now_ms, by="station")
        window = Window(now_ms - PASS_BACK_MS, now_ms)
        events: list[EventData] = []
        for field in self._repositories.fields.all():
            with self._failures.isolate(f"The passes over field {field.name} for webhooks"):
                for field_pass in list_passes(scope, field.id, window):
                    key = f"{field.id}:{field_pass.device}:{field_pass.start_ms}"
                    settled = mark.began_ms <= field_pass.end_ms <= now_ms - SETTLED_MS
                    if not settled or key in mark.passes or field_pass.declared is not None:
                        continue
                    mark.passes[key] = field_pass.end_ms
                    data = {
                        "field": field.id,
                        "field_name": field.name,
                        "device": field_pass.device,
                        "start_ms": field_pass.start_ms,
                        "end_ms": field_pass.end_ms,
                    }
                    events.append((WebhookEvent.PASS_DETECTED, data))
        mark.passes = {key: end_ms for key, end_ms in mark.passes.items() if end_ms >= now_ms - 2 * PASS_BACK_MS}
        return events


def _brought_back(mark: EventCursor, now_ms: int) -> EventCursor:
    """Return a cursor of which nothing is later than now: the clock may have been set back since."""
    last_ms = now_ms + AGREE_MS
    return EventCursor(
        began_ms=now_ms if mark.began_ms > last_ms else mark.began_ms,
        events={key: min(time_ms, last_ms) for key, time_ms in mark.events.items()},
        passes={key: min(end_ms, last_ms) for key, end_ms in mark.passes.items()},
        alarms=mark.alarms,
        alarms_noted_ms=now_ms - 1 if mark.alarms_noted_ms > last_ms else mark.alarms_noted_ms,
        gateways=mark.gateways,
        unqueued=[
            msgspec.structs.replace(each, due_ms=now_ms) if each.due_ms > last_ms + LONGEST_WAIT_MS else each
            for each in mark.unqueued
        ],
    )


def make_notice(
    repositories: OrganisationRepositories, hook: Webhook, event: WebhookEvent, data: Mapping[str, Any], now_ms: int
) -> Notice:
    """Return the notice of one event for one webhook; every attempt sends the same body."""
    notice_id = repositories.alarms.new_id()
    body = {"v": 1, "id": notice_id, "webhook": hook.id, "event": event.value, "time_ms": now_ms, "data": data}
    return Notice(
        id=notice_id, recipient=hook.id, rule=f"webhook:{event.value}", what="event", about=(),
        body=msgspec.json.encode(body).decode(), created_ms=now_ms, due_ms=now_ms,
    )  # fmt: skip


def _alarm(alarm: Any) -> dict[str, Any]:
    names = ("id", "rule", "subject", "site", "severity", "raised_ms", "ended_ms", "what", "value", "unit", "simulated")
    fields: dict[str, Any] = msgspec.to_builtins({name: getattr(alarm, name) for name in names})
    return fields


def _key(event: Event) -> str:
    text = msgspec.json.encode([event.t, event.device, event.kind, event.data])
    return hashlib.blake2b(text, digest_size=12).hexdigest()
