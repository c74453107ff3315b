"""Threads that deliver due notices to their recipients."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from headland.alarms.notification.delivery_policy import DeliveryOutcome, record_attempt
from headland.alarms.notification.web_push import make_key, read_key
from headland.clock import wall_clock_ms
from headland.errors import RetryLater
from headland.network.address_policy import PUBLIC_ONLY, AddressPolicy
from headland.network.http_client import OutgoingClient
from headland.registry.models.alarms import AlarmRecipient, Notice, RecipientKind
from headland.registry.models.errors import NotFound
from headland.registry.registry import Registry
from headland.runtime.readiness import Check
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus, faults_of
from station.server.notifications.channels import MailSettings, post_webhook, publish_notice, send_mail
from station.server.notifications.recipient_queues import RecipientQueues
from station.server.notifications.service_channel import has_apprise, post_service
from station.server.organisation import ensure_organisation

if TYPE_CHECKING:
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories
    from ingest.settings import IngestSettings

import msgspec

from headland.alarms.notification.web_push import PushKey, encrypt, headers_for, message_of
from headland.network.http_target import parse_target
from headland.network.name_resolver import OutgoingError
from headland.registry.models.alarms import PushSubscription

_TIMEOUT_S: Final = 10.0
#: Answers after which a later attempt may succeed, and those of a subscription that has ended.
_LATER: Final = frozenset((408, 409, 425, 429))
_GONE: Final = frozenset((404, 410))
#: Whom a push service may ask about our messages: RFC 8292 wants an address, and a farm has none that is public.
_CONTACT: Final = "mailto:operator@headland.invalid"


def post_push(
    client: OutgoingClient, address: str, key: PushKey, notice: Notice, now_s: int | None = None
) -> DeliveryOutcome:
    """Send a notice to the browser of a subscription; its push service sees neither title nor text.

    `now_s` is the time of the proof of who sends it, by default the system's: a push service refuses one that is over.
    """
    now_s = int(time.time()) if now_s is None else now_s
    try:
        subscription = msgspec.json.decode(address, type=PushSubscription)
        target = parse_target(subscription.endpoint)
        body = encrypt(message_of(notice.body), subscription)
    except (msgspec.DecodeError, ValueError) as error:
        return DeliveryOutcome("refused", f"the URL cannot be used: {error}")
    is_urgent = msgspec.json.decode(notice.body).get("severity") == "critical"
    headers = headers_for(subscription.endpoint, key, _CONTACT, now_s, is_urgent=is_urgent)
    try:
        return push_outcome(client.post(target, body, headers, _TIMEOUT_S).status)
    except OutgoingError as error:
        return DeliveryOutcome("refused" if error.is_final else "later", str(error))


def push_outcome(status: int) -> DeliveryOutcome:
    """Return what the status of a push service says of a message."""
    if 200 <= status < 300:
        return DeliveryOutcome("delivered")
    if status in _GONE:
        return DeliveryOutcome("refused", "the browser ended its subscription: subscribe there again")
    is_refusal = 400 <= status < 500 and status not in _LATER
    return DeliveryOutcome("refused" if is_refusal else "later", f"the server responded with status {status}")


_LOGGER = logging.getLogger(__name__)

_CHECK_EVERY_S: Final = 2.0
#: Workers by kind of recipient: a webhook that hangs holds up no e-mail, and no message to the farm's broker.
_WORKERS: Final[Mapping[str, int]] = {
    RecipientKind.WEBHOOK: 4,
    RecipientKind.EMAIL: 2,
    RecipientKind.MQTT: 1,
    RecipientKind.PUSH: 2,
    RecipientKind.APPRISE: 2,
}
#: Notices of one recipient that are read at once.
_EACH: Final = 20
#: An attempt ends by itself sooner; the others of a worker wait for it at its stop.
_STOP_S: Final = 3.0
#: How long a worker waits for a notice before it says that it lives.
_IDLE_S: Final = 30.0
_BROKEN: Final = DeliveryOutcome("later", "the attempt failed in the station; its log has the cause")


def unreachable_kinds(mail: MailSettings | None, *, has_broker: bool) -> Mapping[str, str]:
    """Return why a sender with these settings can send nothing to recipients of a kind, by kind."""
    faults: dict[str, str] = {}
    if mail is None:
        faults[RecipientKind.EMAIL] = "no_mail_server"
    if not has_broker:
        faults[RecipientKind.MQTT] = "no_broker"
    if not has_apprise():
        faults[RecipientKind.APPRISE] = "no_apprise"
    return faults


class NotificationSender:
    """Delivers each notice at least once and records the outcome. Without a `broker`, MQTT recipients are refused.

    One thread reads what is due, workers of each kind of recipient attempt it. `policy` has the addresses to which a
    webhook may lead.
    """

    def __init__(
        self,
        registry: Registry,
        handle: str,
        mail: MailSettings | None,
        broker: IngestSettings | None,
        now_ms: Callable[[], int] = wall_clock_ms,
        *,
        policy: AddressPolicy = PUBLIC_ONLY,
    ) -> None:
        self._registry = registry
        self._handle = handle
        self._mail = mail
        self._broker = broker
        self._now_ms = now_ms
        self._policy = policy
        self._client = OutgoingClient(policy)
        self._stopping = threading.Event()
        self._queues = RecipientQueues(_WORKERS, lambda: now_ms() / 1000.0)
        self._due: tuple[int, int | None] = (0, None)
        self._organisation: OrganisationRepositories | None = None
        self._reader = SupervisedThread("notification-sender", self.read_due, every_s=_CHECK_EVERY_S, waits_first=True)
        self._workers = [
            SupervisedThread(f"notification-{lane}-{number}", partial(self._serve, lane))
            for lane, count in _WORKERS.items()
            for number in range(1, count + 1)
        ]
        self._failures = self._reader.items
        self._counts_lock = threading.Lock()
        self._counts: Counter[str] = Counter(delivered=0, later=0, refused=0)

    def start(self) -> None:
        """Start the threads."""
        for thread in (self._reader, *self._workers):
            thread.start()

    def stop(self) -> None:
        """End the threads; an attempt that is under way and does not end at once is made again after the next start."""
        threads = (self._reader, *self._workers)
        for thread in threads:
            thread.stopping.set()
        self._queues.close()
        self._stopping.set()
        self._client.close()
        deadline_s = time.monotonic() + _STOP_S
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def wake(self) -> None:
        """Read what is due soon: there are new notices. From any thread."""
        self._reader.wake()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the threads."""
        return [thread.status() for thread in (self._reader, *self._workers)]

    def check(self) -> Check:
        """Return the readiness check: whether notices are attempted, and for how long the oldest one is due."""
        reader = self._reader.status()
        faults = faults_of(self.threads())
        if reader.trouble and not reader.fault:
            faults.append(f"the notices cannot be read: {reader.trouble}")
        count, oldest_ms = self._due
        waits = "none is due" if oldest_ms is None else f"{count} due, the oldest for {self._age_s(oldest_ms):.0f} s"
        return Check("notifications", not faults, "; ".join(faults) or waits)

    def counters(self) -> Mapping[str, float]:
        """Return the delivered, postponed and refused attempts since the start, and what is due now."""
        with self._counts_lock:
            counts = {f"notices_{name}": float(count) for name, count in self._counts.items()}
        count, oldest_ms = self._due
        age_s = 0.0 if oldest_ms is None else self._age_s(oldest_ms)
        aside = float(self._queues.put_aside())
        return {**counts, "notices_due": float(count), "notices_oldest_due_s": age_s, "recipients_put_aside": aside}

    def deliver(self) -> int:
        """Attempt all due notices in this thread; return their number. Raises RetryLater without the registry."""
        attempted = 0
        self.read_due()
        for lane in _WORKERS:
            while (notice := self._queues.take(lane, 0.0)) is not None:
                self._attempt_and_record(notice)
                attempted += 1
        return attempted

    def read_due(self) -> None:
        """Read the due notices of every recipient. Raises RetryLater without the registry."""
        repositories = self._repositories()
        notices = repositories.alarms.due_by_recipient(self._now_ms(), each=_EACH)
        kinds = {recipient.id: recipient.kind for recipient in repositories.alarm_recipients.all()} if notices else {}
        self._due = len(notices), min((notice.due_ms for notice in notices), default=None)
        self._queues.fill((kinds.get(notice.recipient, RecipientKind.WEBHOOK), notice) for notice in notices)

    def _repositories(self) -> OrganisationRepositories:
        """Return the repositories of the organisation, which is looked for once. From any thread."""
        if self._organisation is None:
            self._organisation = ensure_organisation(self._registry, self._handle, "station")
        return self._organisation

    def _serve(self, lane: str) -> None:
        """Attempt the next notice of a lane; wait for one."""
        notice = self._queues.take(lane, _IDLE_S)
        if notice is not None:
            self._attempt_and_record(notice)

    def _attempt_and_record(self, notice: Notice) -> None:
        """Attempt a notice and store the outcome; whatever the attempt raises, it is over then."""
        started_s = time.monotonic()
        outcome, is_recorded = (
            DeliveryOutcome("later", "the attempt failed in the station; its log has the cause"),
            False,
        )
        try:
            repositories = self._repositories()
            with self._failures.isolate(f"A notification of {notice.rule} to {notice.recipient}"):
                try:
                    outcome = self._attempt(repositories, notice)
                except RetryLater as error:
                    outcome = DeliveryOutcome("later", str(error))
            self._record(repositories, notice, outcome)
            is_recorded = True
        finally:
            took_s = time.monotonic() - started_s
            self._queues.finish(notice, is_over=outcome.result != "later", is_recorded=is_recorded, took_s=took_s)

    def _record(self, repositories: OrganisationRepositories, notice: Notice, outcome: DeliveryOutcome) -> None:
        with self._counts_lock:
            self._counts[outcome.result] += 1
        if outcome.result == "refused":
            _LOGGER.warning("A notice of %s was refused and is not tried again: %s", notice.rule, outcome.detail)
        repositories.alarms.update_notice(record_attempt(notice, outcome, self._now_ms()))

    def _age_s(self, time_ms: int) -> float:
        return max(0, self._now_ms() - time_ms) / 1000.0

    def _now_s(self) -> int:
        """Return the time of signatures: whoever gets them compares it with a clock that may be righter than ours."""
        return self._now_ms() // 1000

    def _attempt(self, repositories: OrganisationRepositories, notice: Notice) -> DeliveryOutcome:
        try:
            recipient = repositories.alarm_recipients.get(notice.recipient)
        except NotFound:
            return self._attempt_webhook(repositories, notice)
        match recipient.kind:
            case RecipientKind.WEBHOOK:
                secret = repositories.alarm_recipients.secret(recipient.id)
                return post_webhook(self._client, recipient.address, secret, notice, self._now_s())
            case RecipientKind.EMAIL:
                return self._send_mail(recipient, notice)
            case RecipientKind.PUSH:
                key = read_key(repositories.alarms.push_key(make_key))
                return post_push(self._client, recipient.address, key, notice, self._now_s())
            case RecipientKind.APPRISE:
                url = repositories.alarm_recipients.secret(recipient.id)
                return post_service(url, notice, self._policy, self._stopping)
            case RecipientKind.MQTT:
                if self._broker is None:
                    return DeliveryOutcome("refused", "this station has no broker")
                return publish_notice(self._broker, self._handle, notice)

    def _attempt_webhook(self, repositories: OrganisationRepositories, notice: Notice) -> DeliveryOutcome:
        try:
            hook = repositories.webhooks.get(notice.recipient)
            secret = repositories.webhooks.secret(hook.id)
        except NotFound:
            return DeliveryOutcome("refused", "the recipient was deleted")
        if not hook.enabled:
            return DeliveryOutcome("refused", "the webhook is disabled")
        return post_webhook(self._client, hook.url, secret, notice, self._now_s())

    def _send_mail(self, recipient: AlarmRecipient, notice: Notice) -> DeliveryOutcome:
        if self._mail is None:
            return DeliveryOutcome("refused", "no mail server is configured: set HEADLAND_MAIL_URL")
        return send_mail(self._mail, recipient, notice)
