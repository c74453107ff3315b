"""Everything that one organisation has. Nothing here can reach another organisation's records."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from headland.contract.records import Descriptor
from headland.registry.auth import api_keys
from headland.registry.db import audit, tables
from headland.registry.db.audit import AuditCheck, AuditEntry
from headland.registry.models import alarms, models
from headland.registry.models.errors import NotFound
from headland.registry.models.models import ApiKey, Device
from headland.registry.models.prescriptions import Prescription
from headland.registry.repositories.alarms import AlarmRepository
from headland.registry.repositories.context import RepositoryContext
from headland.registry.repositories.forecasts import ForecastRepository
from headland.registry.repositories.ledger import Ledger
from headland.registry.repositories.passes import PassRepository
from headland.registry.repositories.recipients import RecipientRepository, make_secret
from headland.registry.repositories.repository import Repository
from headland.registry.repositories.webhooks import WebhookCursors, WebhookRepository
from headland.registry.validation import records
from headland.registry.validation.alarm_rules import check_recipient, check_rule, check_window


class OrganisationRepositories:
    """The shelves of one organisation, for one who acts: `by` of the binding goes into the audit log."""

    def __init__(self, binding: RepositoryContext) -> None:
        self._binding = binding
        self.members = Repository(binding, models.Member, tables.members)
        self.farms = Repository(binding, models.Farm, tables.farms, records.check_farm)
        self.sites = Repository(binding, models.Site, tables.sites, records.check_site)
        self.fields = Repository(binding, models.Field, tables.fields, records.check_field)
        self.greenhouses = Repository(binding, models.Greenhouse, tables.greenhouses)
        self.zones = Repository(binding, models.GreenhouseZone, tables.greenhouse_zones)
        self.gateways = Repository(binding, models.Gateway, tables.gateways, records.check_gateway)
        self.devices = Repository(binding, models.Device, tables.devices)
        self.products = Repository(binding, models.Product, tables.products, records.check_product)
        self.implements = Repository(binding, models.Implement, tables.implements, records.check_implement)
        self.seasons = Repository(binding, models.Season, tables.seasons, records.check_season)
        self.prescriptions = Repository(binding, Prescription, tables.prescriptions)
        self.passes = PassRepository(Repository(binding, models.Pass, tables.passes, records.check_pass))
        self.ledger = Ledger(binding)
        self.notes = Repository(binding, models.GrowerNote, tables.notes, records.check_note)
        self.forecasts = ForecastRepository(binding)
        self.alarm_rules = Repository(binding, alarms.AlarmRule, tables.alarm_rules, check_rule)
        self.alarm_recipients = RecipientRepository(
            binding, alarms.AlarmRecipient, tables.alarm_recipients, check_recipient
        )
        self.maintenance = Repository(binding, alarms.MaintenanceWindow, tables.maintenance_windows, check_window)
        self.alarms = AlarmRepository(binding)
        self.webhooks = WebhookRepository(binding)
        self.webhook_book = WebhookCursors(binding)
        self.keys = Repository(binding, ApiKey, tables.api_keys)

    @property
    def organisation(self) -> str:
        """The organisation's id."""
        return self._binding.organisation

    def mint_key(self, name: str, scope: models.Scope, expires_ms: int | None = None) -> tuple[ApiKey, str]:
        """Make an API key; return what is kept of it and the key itself, which nobody can ask for again."""
        key = api_keys.make_key()
        record = ApiKey(name=name, scope=scope, prefix=api_keys.prefix_of(key), expires_ms=expires_ms)
        return self.keys.add(record, {"secret_sha256": api_keys.hash_key(key)}), key

    def recipient_secret(self, recipient: str) -> str:
        """Return what signs the webhooks of a recipient; raises NotFound."""
        table = tables.alarm_recipients
        mine = table.c.organisation == self.organisation, table.c.id == recipient, table.c.deleted_ms.is_(None)
        with self._binding.database.reading() as connection:
            found = connection.execute(sa.select(table.c.secret).where(*mine)).scalar_one_or_none()
        if found is None:
            raise NotFound("alarm recipient", recipient)
        return str(found)

    def renew_recipient_secret(self, recipient: str) -> str:
        """Make a new secret that signs the webhooks of a recipient and return it; raises NotFound."""
        secret = make_secret()
        table = tables.alarm_recipients
        mine = table.c.organisation == self.organisation, table.c.id == recipient, table.c.deleted_ms.is_(None)
        with self._binding.database.writing() as connection:
            if connection.execute(table.update().where(*mine).values(secret=secret)).rowcount == 0:
                raise NotFound("alarm recipient", recipient)
        return secret

    def observe(self, gateway: str, descriptor: Descriptor) -> Device:
        """Keep what a descriptor says of its device; what people said of it stays. Unchanged, it writes nothing.

        A device that was ever described as simulated stays so.
        """
        with self._binding.database.reading() as connection:
            known = self._find_device(connection, descriptor.device)
        if known is not None and _described(known, gateway, descriptor) == known:
            return known
        now_ms = self._binding.now_ms()
        with self._binding.database.writing() as connection:
            audit.lock_organisation(connection, self.organisation)
            known = self._find_device(connection, descriptor.device)
            blank = Device(name=descriptor.device, kind=descriptor.kind, gateway=gateway, site=descriptor.site)
            told = _described(known or blank, gateway, descriptor)
            if known is None:
                return self.devices.add_within(connection, told, now_ms)
            return known if told == known else self.devices.change_within(connection, told, now_ms)

    def history(
        self, record: str | None = None, *, before_seq: int | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """Return audit entries, the newest first: of one record's id or of all, those before `before_seq`."""
        with self._binding.database.reading() as connection:
            return audit.read(connection, self.organisation, record, before_seq, limit)

    def check_history(self) -> AuditCheck:
        """Read the whole audit log and tell whether it is as it was written."""
        # As a writer, so that no entry is added while it is looked through.
        with self._binding.database.writing() as connection:
            return audit.check(connection, self.organisation)

    def _find_device(self, connection: sa.Connection, name: str) -> Device | None:
        return self.devices.find_within(connection, name=name)


def _described(device: Device, gateway: str, descriptor: Descriptor) -> Device:
    return msgspec.structs.replace(
        device,
        kind=descriptor.kind,
        gateway=gateway,
        site=descriptor.site,
        title=descriptor.name[:500],
        model=descriptor.model[:500],
        software=descriptor.software[:500],
        longitude_deg=descriptor.longitude_deg,
        latitude_deg=descriptor.latitude_deg,
        altitude_m=descriptor.altitude_m,
        clock=descriptor.clock,
        channels=descriptor.channels,
        simulated=device.simulated or descriptor.simulated,
    )
