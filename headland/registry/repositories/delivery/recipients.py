"""Repository of alarm recipients, and of the browsers that subscribed themselves: a role may change its own ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from headland.network.service_address import mask_service_url
from headland.registry.db import audit
from headland.registry.db.tables import alarm_tables
from headland.registry.models.access_table import KindOfRecord, Right, right_to_change
from headland.registry.models.alarms import AlarmRecipient, PushSubscription, RecipientKind
from headland.registry.models.errors import InvalidRecord, InvalidTarget, NotFound, NotOwn
from headland.registry.models.reach import MessageConfirmed
from headland.registry.repositories.context import RepositoryContext, log
from headland.registry.repositories.delivery.secrets import SecretRepository, make_secret
from headland.registry.validation.alarm_rules import check_recipient, subscription_of
from headland.registry.validation.targets import check_service

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

    def confirmed(self) -> dict[str, MessageConfirmed]:
        """Return by recipient the word of a person that a message came."""
        columns = self._table.c
        query = sa.select(columns.id, columns.confirmed_ms, columns.confirmed_by).where(
            self._visible(), columns.deleted_ms.is_(None), columns.confirmed_ms.is_not(None)
        )
        with self._context.database.reading() as connection:
            rows = connection.execute(query).all()
        return {row.id: MessageConfirmed(time_ms=row.confirmed_ms, by=row.confirmed_by or "") for row in rows}

    def confirm(self, id: str) -> MessageConfirmed:  # noqa: A002 - it is the record's id
        """Record that a person got a message to a recipient; raises NotFound. Another address is confirmed anew."""
        word = MessageConfirmed(time_ms=self._context.now_ms(), by=self._context.by)
        statement = self._table.update().where(*self._not_deleted(id))
        with self._context.database.writing() as connection:
            audit.lock_organisation(connection, self._context.organisation)
            values = statement.values(confirmed_ms=word.time_ms, confirmed_by=word.by)
            if connection.execute(values).rowcount == 0:
                raise NotFound(self._name, id)
            log(self._context, connection, f"{self._name} confirmation", id)
        return word

    def add_within(
        self,
        connection: sa.Connection,
        record: AlarmRecipient,
        now_ms: int,
        more: Mapping[str, object] | None = None,
    ) -> AlarmRecipient:
        """Add a recipient in an open transaction; the address of a service becomes its secret, which is not shown."""
        if record.kind is RecipientKind.APPRISE:
            url = check_service(record.address)
            record = msgspec.structs.replace(record, address=mask_service_url(url))
            more = {**(more or {}), "secret": url}
        return super().add_within(connection, record, now_ms, more)

    def change_within(self, connection: sa.Connection, record: AlarmRecipient, now_ms: int) -> AlarmRecipient:
        """Change a recipient in an open transaction: what a person confirmed of another address holds no more."""
        before = self._get(connection, record.id)
        new: dict[str, object] = {}
        if record.kind is RecipientKind.APPRISE:
            if (before.kind, before.address) != (record.kind, record.address):
                url = check_service(record.address)
                new = {"secret": url}
                record = msgspec.structs.replace(record, address=mask_service_url(url))
        elif before.kind is RecipientKind.APPRISE:
            new = {"secret": make_secret()}
        made = super().change_within(connection, record, now_ms)
        if new or (before.kind, before.address) != (made.kind, made.address):
            values = {**new, "confirmed_ms": None, "confirmed_by": None}
            connection.execute(self._table.update().where(*self._not_deleted(made.id)).values(**values))
        return made

    def renew_secret(self, id: str) -> str:  # noqa: A002 - it is the record's id
        """Make a new secret of a recipient and return it; raises NotFound, and InvalidRecord for a service."""
        if self.get(id).kind is RecipientKind.APPRISE:
            raise InvalidRecord("The secret of a service is its address: change that.")
        return super().renew_secret(id)

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
