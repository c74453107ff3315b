"""What apps are told by webhook: looks for what is new, and puts it where the courier of the alarms delivers from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.schemas.gateways import Gateway
from headland.analysis.passes.detection import list_passes
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.errors import RetryLater
from headland.registry.models.alarms import Notice
from headland.registry.models.webhooks import Webhook, WebhookEvent
from headland.units_of_time import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from headland.contract.records import Event
    from headland.registry.registry import Registry
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories
    from headland.store.port import Store

#: Events are looked for so far back: what comes later than that is history, and told by the API alone.
BACK_MS: Final = HOUR_MS
#: A pass is told when nothing was added to it for so long, and looked for so far back.
SETTLED_MS: Final = 300_000
PASS_BACK_MS: Final = 12 * HOUR_MS
_PASSES_EVERY_MS: Final = MINUTE_MS
#: At most so many events are told at once; the others come in the rounds after.
_MOST: Final = 500

Said = tuple[WebhookEvent, dict[str, Any]]


class Mark(msgspec.Struct, kw_only=True):
    """How far was told: what of the events and passes of late, and how alarms and gateways stood."""

    began_ms: int
    events: dict[str, int] = {}
    passes: dict[str, int] = {}
    alarms: dict[str, int] = {}
    alarms_noted_ms: int = 0
    gateways: dict[str, bool] = {}


class WebhookPublisher:
    """Tells each new thing once to each webhook that asks for it. One process at a time: whoever judges the alarms."""

    def __init__(
        self,
        registry: Registry,
        store: Store,
        handle: str,
        repositories: OrganisationRepositories,
        gateways: Callable[[], Sequence[Gateway]] | None,
    ) -> None:
        self._store = store
        self._handle = handle
        self._repositories = repositories
        self._gateways = gateways
        self._registry = registry
        self._passes_looked_ms = 0
        self._told = True

    def round(self, now_ms: int) -> int:
        """Look once; return how many posts are to be made. Raises HeadlandError."""
        hooks = [hook for hook in self._repositories.webhooks.all() if hook.enabled]
        wanted = {event for hook in hooks for event in hook.events}
        if not wanted:
            if self._told:
                self._repositories.webhook_book.forget()
                self._told = False
            return 0
        self._told = True
        kept = self._repositories.webhook_book.mark()
        first = kept is None
        if kept is None:
            began_ms = max(now_ms - BACK_MS, min(hook.created_ms for hook in hooks))
            mark = Mark(began_ms=began_ms, alarms_noted_ms=began_ms)
        else:
            mark = msgspec.convert(kept, Mark)
        said: list[Said] = []
        said += self._new_events(mark, now_ms)
        said += self._new_alarms(mark)
        said += self._changed_gateways(mark, first=first)
        if WebhookEvent.PASS_DETECTED in wanted and now_ms - self._passes_looked_ms >= _PASSES_EVERY_MS:
            said += self._new_passes(mark, now_ms)
            self._passes_looked_ms = now_ms
        notices = [
            notice_of(self._repositories, hook, event, data, now_ms)
            for event, data in said
            for hook in hooks
            if event in hook.events
        ]
        after = msgspec.to_builtins(mark)
        if first or notices or after != kept:
            self._repositories.webhook_book.keep(after, notices)
        return len(notices)

    def _new_events(self, mark: Mark, now_ms: int) -> list[Said]:
        start_ms = max(mark.began_ms, now_ms - BACK_MS)
        found = self._store.events(self._handle, start_ms, now_ms + 1)
        fresh = [event for event in found if _key(event) not in mark.events][:_MOST]
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

    def _new_alarms(self, mark: Mark) -> list[Said]:
        book = self._repositories.alarms
        said: list[Said] = []
        noted_ms = mark.alarms_noted_ms
        for alarm in [*book.active(), *book.newest(limit=200, active=False)]:
            if alarm.is_active and alarm.id not in mark.alarms and alarm.noted_ms >= mark.began_ms:
                said.append((WebhookEvent.ALARM_RAISED, _alarm(alarm)))
                mark.alarms[alarm.id] = alarm.raised_ms
            elif not alarm.is_active and (alarm.id in mark.alarms or alarm.noted_ms > mark.alarms_noted_ms):
                if mark.alarms.pop(alarm.id, None) is None:
                    said.append((WebhookEvent.ALARM_RAISED, _alarm(alarm)))  # it came and went between two rounds
                said.append((WebhookEvent.ALARM_ENDED, _alarm(alarm)))
            noted_ms = max(noted_ms, alarm.noted_ms)
        mark.alarms_noted_ms = noted_ms
        return said

    def _changed_gateways(self, mark: Mark, *, first: bool) -> Iterable[Said]:
        if self._gateways is None:
            return []
        told: Sequence[Gateway] = []
        with suppress(RetryLater):
            told = self._gateways()
        said: list[Said] = []
        for gateway in told:
            if gateway.online is None:
                continue
            before = mark.gateways.get(gateway.id)
            mark.gateways[gateway.id] = gateway.online
            if before is not None and before != gateway.online and not first:
                event = WebhookEvent.GATEWAY_ONLINE if gateway.online else WebhookEvent.GATEWAY_OFFLINE
                said.append((event, {"gateway": gateway.id, "last_status_ms": gateway.last_status_ms}))
        return said

    def _new_passes(self, mark: Mark, now_ms: int) -> list[Said]:
        scope = OrgScope(self._store, self._registry, self._handle, now_ms, by="station")
        window = Window(now_ms - PASS_BACK_MS, now_ms)
        said: list[Said] = []
        for field in self._repositories.fields.all():
            for one in list_passes(scope, field.id, window):
                key = f"{field.id}:{one.device}:{one.start_ms}"
                settled = mark.began_ms <= one.end_ms <= now_ms - SETTLED_MS
                if not settled or key in mark.passes or one.declared is not None:
                    continue
                mark.passes[key] = one.end_ms
                told = {"field": field.id, "field_name": field.name, "device": one.device}
                said.append((WebhookEvent.PASS_DETECTED, {**told, "start_ms": one.start_ms, "end_ms": one.end_ms}))
        mark.passes = {key: end_ms for key, end_ms in mark.passes.items() if end_ms >= now_ms - 2 * PASS_BACK_MS}
        return said


def notice_of(
    repositories: OrganisationRepositories, hook: Webhook, event: WebhookEvent, data: Mapping[str, Any], now_ms: int
) -> Notice:
    """Return the post of one thing to one webhook: its body is the same however often it is tried."""
    made = repositories.alarms.new_id()
    body = {"v": 1, "id": made, "webhook": hook.id, "event": event.value, "time_ms": now_ms, "data": data}
    return Notice(
        id=made, recipient=hook.id, rule=f"webhook:{event.value}", what="event", about=(),
        body=msgspec.json.encode(body).decode(), created_ms=now_ms, due_ms=now_ms,
    )  # fmt: skip


def _alarm(alarm: Any) -> dict[str, Any]:
    names = ("id", "rule", "subject", "site", "severity", "raised_ms", "ended_ms", "what", "value", "unit", "simulated")
    told: dict[str, Any] = msgspec.to_builtins({name: getattr(alarm, name) for name in names})
    return told


def _key(event: Event) -> str:
    text = msgspec.json.encode([event.t, event.device, event.kind, event.data])
    return hashlib.blake2b(text, digest_size=12).hexdigest()
