"""Thread that delivers due notices to their recipients."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import httpx

from headland.alarms.delivery_policy import DeliveryOutcome, record_attempt
from headland.clock import wall_clock_ms
from headland.errors import RetryLater
from headland.registry.models.alarms import AlarmRecipient, Notice, RecipientKind
from headland.registry.models.errors import NotFound
from headland.registry.registry import Registry
from headland.supervised_thread import SupervisedThread, ThreadStatus
from station.server.notifications.channels import MailSettings, post_webhook, publish_notice, send_mail
from station.server.organisation import ensure_organisation

if TYPE_CHECKING:
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories
    from ingest.settings import IngestSettings

_LOGGER = logging.getLogger(__name__)

_CHECK_EVERY_S: Final = 2.0


class NotificationSender:
    """Delivers each notice at least once and records the outcome. Without a `broker`, MQTT recipients are refused."""

    def __init__(
        self,
        registry: Registry,
        handle: str,
        mail: MailSettings | None,
        broker: IngestSettings | None,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._registry = registry
        self._handle = handle
        self._mail = mail
        self._broker = broker
        self._now_ms = now_ms
        self._client = httpx.Client(follow_redirects=False)
        self._thread = SupervisedThread("notification-sender", self.deliver, every_s=_CHECK_EVERY_S, waits_first=True)
        self._counts: Counter[str] = Counter(delivered=0, later=0, refused=0)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current delivery and end the thread."""
        self._thread.stop()
        self._client.close()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def counters(self) -> Mapping[str, int]:
        """Return the number of delivered, postponed and refused attempts since the start."""
        return {f"notices_{name}": count for name, count in self._counts.copy().items()}

    def deliver(self) -> int:
        """Attempt all due notices; return their number. Raises HeadlandError while the registry is not reachable."""
        repositories = ensure_organisation(self._registry, self._handle, "station")
        due = repositories.alarms.due_notices(self._now_ms())
        for notice in due:
            if self._thread.stopping.is_set():
                break
            outcome = DeliveryOutcome("later", "the attempt failed in the station; its log has the cause")
            with self._thread.items.isolate(f"A notification of {notice.rule} to {notice.recipient}"):
                try:
                    outcome = self._attempt(repositories, notice)
                except RetryLater as error:
                    outcome = DeliveryOutcome("later", str(error))
            self._counts[outcome.result] += 1
            if outcome.result == "refused":
                _LOGGER.warning("A notice of %s was refused and is not tried again: %s", notice.rule, outcome.detail)
            repositories.alarms.update_notice(record_attempt(notice, outcome, self._now_ms()))
            self._thread.succeed()
        return len(due)

    def _attempt(self, repositories: OrganisationRepositories, notice: Notice) -> DeliveryOutcome:
        try:
            recipient = repositories.alarm_recipients.get(notice.recipient)
        except NotFound:
            return self._attempt_webhook(repositories, notice)
        match recipient.kind:
            case RecipientKind.WEBHOOK:
                return post_webhook(
                    self._client, recipient.address, repositories.alarm_recipients.secret(recipient.id), notice
                )
            case RecipientKind.EMAIL:
                return self._send_mail(recipient, notice)
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
        return post_webhook(self._client, hook.url, secret, notice)

    def _send_mail(self, recipient: AlarmRecipient, notice: Notice) -> DeliveryOutcome:
        if self._mail is None:
            return DeliveryOutcome("refused", "no mail server is configured: set HEADLAND_MAIL_URL")
        return send_mail(self._mail, recipient, notice)
