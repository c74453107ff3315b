"""Repository of alarm recipients, and of the browsers that subscribed themselves: a role may change its own ones."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

from headland.registry.db.tables import alarm_tables
from headland.registry.models.access_table import KindOfRecord, Right, right_to_change
from headland.registry.models.alarms import AlarmRecipient, PushSubscription, RecipientKind
from headland.registry.models.errors import InvalidTarget, NotFound, NotOwn
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.delivery.secrets import SecretRepository
from headland.registry.validation.alarm_rules import check_recipient, subscription_of

#: Push services of the browsers: Chrome, Edge on Android and others; Firefox; Safari; Edge on Windows.
_PUSH_SERVICES: Final = re.compile(
    r"fcm\.googleapis\.com|updates\.push\.services\.mozilla\.com|(?:[a-z0-9-]+\.)*push\.apple\.com"
    r"|(?:[a-z0-9-]+\.)+notify\.windows\.com"
)


class RecipientRepository(SecretRepository[AlarmRecipient]):
    """Recipients of an organisation; a role that changes its own alone may `subscribe` and `unsubscribe`."""

    def __init__(self, context: RepositoryContext) -> None:
        super().__init__(context, AlarmRecipient, alarm_tables.alarm_recipients, check_recipient)

    def subscribe(self, recipient: AlarmRecipient, subscription: PushSubscription) -> AlarmRecipient:
        """Make a browser a recipient; the same browser again is the same recipient with what is given now.

        Raises InvalidTarget for a push service that only an administrator may name, NotOwn for somebody else's browser.
        """
        self._check_service(subscription.endpoint)
        subscription = msgspec.structs.replace(subscription, by=self._context.by)
        given = msgspec.structs.replace(recipient, address=msgspec.json.encode(subscription).decode())
        for known in self.all():
            if known.kind is not RecipientKind.PUSH:
                continue
            before = subscription_of(known.address)
            if before.endpoint == subscription.endpoint:
                # Only the browser itself knows its secret: whoever sits before it now, it is the same one.
                if before.auth != subscription.auth:
                    self._refuse_others(before)
                return self.change(msgspec.structs.replace(given, id=known.id, version=known.version))
        return self.add(given)

    def unsubscribe(self, id: str) -> None:  # noqa: A002 - it is the record's id
        """Delete the recipient of a browser. Raises NotFound where it is none, NotOwn where it is somebody else's."""
        known = self.get(id)
        if known.kind is not RecipientKind.PUSH:
            raise NotFound("alarm recipient", id)
        self._refuse_others(subscription_of(known.address))
        self.delete(known.id, known.version)

    def _refuse_others(self, subscription: PushSubscription) -> None:
        right = right_to_change(self._context.role, KindOfRecord.PUSH)
        if right is not Right.ALL and (right is not Right.OWN or subscription.by != self._context.by):
            raise NotOwn("browser")

    def _check_service(self, endpoint: str) -> None:
        host = (urlsplit(endpoint).hostname or "").rstrip(".")
        if right_to_change(self._context.role, KindOfRecord.PUSH) is not Right.ALL and not _PUSH_SERVICES.fullmatch(
            host
        ):
            host = host or endpoint
            sentence = f"{host} is not a known push service: let an administrator subscribe this browser."
            raise InvalidTarget("unknown-push-service", sentence)
