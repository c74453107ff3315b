"""Everything that one organisation has. Nothing here can reach another organisation's records."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from headland.contract.records import Descriptor
from headland.registry import alarm_records, audit, checks, keys, records, tables
from headland.registry.alarm_book import AlarmBook
from headland.registry.alarm_checks import check_recipient, check_rule, check_window
from headland.registry.alarm_recipients import RecipientShelf, make_secret
from headland.registry.audit import AuditCheck, AuditEntry
from headland.registry.binding import Binding
from headland.registry.errors import NotFound
from headland.registry.forecast_book import ForecastBook
from headland.registry.ledger import Ledger
from headland.registry.pass_book import PassBook
from headland.registry.prescription_records import Prescription
from headland.registry.records import ApiKey, Device
from headland.registry.shelf import Shelf
from headland.registry.webhook_book import WebhookBook, WebhookShelf


class Estate:
    """The shelves of one organisation, for one who acts: `by` of the binding goes into the audit log."""

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        self.members = Shelf(binding, records.Member, tables.members)
        self.farms = Shelf(binding, records.Farm, tables.farms, checks.check_farm)
        self.sites = Shelf(binding, records.Site, tables.sites, checks.check_site)
        self.fields = Shelf(binding, records.Field, tables.fields, checks.check_field)
        self.greenhouses = Shelf(binding, records.Greenhouse, tables.greenhouses)
        self.zones = Shelf(binding, records.GreenhouseZone, tables.greenhouse_zones)
        self.gateways = Shelf(binding, records.Gateway, tables.gateways, checks.check_gateway)
        self.devices = Shelf(binding, records.Device, tables.devices)
        self.products = Shelf(binding, records.Product, tables.products, checks.check_product)
        self.implements = Shelf(binding, records.Implement, tables.implements, checks.check_implement)
        self.seasons = Shelf(binding, records.Season, tables.seasons, checks.check_season)
        self.prescriptions = Shelf(binding, Prescription, tables.prescriptions)
        self.passes = PassBook(Shelf(binding, records.Pass, tables.passes, checks.check_pass))
        self.ledger = Ledger(binding)
        self.notes = Shelf(binding, records.GrowerNote, tables.notes, checks.check_note)
        self.forecasts = ForecastBook(binding)
        self.alarm_rules = Shelf(binding, alarm_records.AlarmRule, tables.alarm_rules, check_rule)
        self.alarm_recipients = RecipientShelf(
            binding, alarm_records.AlarmRecipient, tables.alarm_recipients, check_recipient
        )
        self.maintenance = Shelf(binding, alarm_records.MaintenanceWindow, tables.maintenance_windows, check_window)
        self.alarms = AlarmBook(binding)
        self.webhooks = WebhookShelf(binding)
        self.webhook_book = WebhookBook(binding)
        self.keys = Shelf(binding, ApiKey, tables.api_keys)

    @property
    def organisation(self) -> str:
        """The organisation's id."""
        return self._binding.organisation

    def mint_key(self, name: str, scope: records.Scope, expires_ms: int | None = None) -> tuple[ApiKey, str]:
        """Make an API key; return what is kept of it and the key itself, which nobody can ask for again."""
        key = keys.make_key()
        record = ApiKey(name=name, scope=scope, prefix=keys.prefix_of(key), expires_ms=expires_ms)
        return self.keys.add(record, {"secret_sha256": keys.hash_key(key)}), key

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
