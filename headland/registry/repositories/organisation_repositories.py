"""All repositories of one organisation. They cannot reach the records of another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from headland.contract.records import Descriptor
from headland.registry.auth import api_keys
from headland.registry.db import audit
from headland.registry.db.audit import AuditCheck, AuditEntry
from headland.registry.db.tables import (
    access_tables,
    alarm_tables,
    confirmation_tables,
    cooperative_tables,
    crop_band_tables,
    farm_tables,
    irrigation_tables,
    lot_tables,
    people_tables,
    trial_tables,
    weather_tables,
)
from headland.registry.models.access_table import KindOfRecord, Right, right_to_read
from headland.registry.models.alarms import AlarmRule, MaintenanceWindow
from headland.registry.models.confirmations import Confirmation
from headland.registry.models.cooperative import SubsidyRule, TariffRecord
from headland.registry.models.crop_bands import CropBand
from headland.registry.models.duty import DutyRota
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.models.irrigation import IrrigationRecord, IrrigationZone
from headland.registry.models.models import (
    ApiKey,
    Device,
    Farm,
    Field,
    Gateway,
    Greenhouse,
    GreenhouseZone,
    Implement,
    Member,
    Product,
    Scope,
    Season,
    Site,
)
from headland.registry.models.people import Holding, Person
from headland.registry.models.plant_protection import PlantProtectionProduct
from headland.registry.models.prescriptions import Prescription
from headland.registry.models.trials import Germplasm, Trial, TrialVariable
from headland.registry.models.weather import ForecastProviderSetting
from headland.registry.models.webhooks import Webhook
from headland.registry.repositories.accounts import AccountRepository
from headland.registry.repositories.alarms import AlarmRepository
from headland.registry.repositories.context import RepositoryContext, log
from headland.registry.repositories.delivery.delivery_marks import DeliveryMarkRepository
from headland.registry.repositories.delivery.recipients import RecipientRepository
from headland.registry.repositories.delivery.request_marks import RequestMarkRepository
from headland.registry.repositories.delivery.secrets import SecretRepository
from headland.registry.repositories.delivery.webhooks import WebhookCursors
from headland.registry.repositories.forecasts import ForecastRepository
from headland.registry.repositories.harvest.certificates import CertificateRepository
from headland.registry.repositories.harvest.epcis_events import EpcisRepository
from headland.registry.repositories.harvest.harvests import StandingHarvests
from headland.registry.repositories.harvest.lots import LotRepository
from headland.registry.repositories.harvest.releases import ReleaseRepository
from headland.registry.repositories.harvest.treatments import TreatmentRepository
from headland.registry.repositories.ledger.anchors import Anchors
from headland.registry.repositories.ledger.ledger import Ledger
from headland.registry.repositories.ledger.proof_log import ProofLog
from headland.registry.repositories.map_sources import MapSourceRepository
from headland.registry.repositories.notes import DoneActionRepository, NotePhotoRepository, NoteRepository
from headland.registry.repositories.own_rows import held_fields, sees_field_at
from headland.registry.repositories.passes import PassRepository
from headland.registry.repositories.person_data.author_names import AuthorNameRepository
from headland.registry.repositories.person_data.repository import PersonDataRepository
from headland.registry.repositories.plot_observations import PlotObservationRepository
from headland.registry.repositories.repository import Repository
from headland.registry.repositories.repository_row import RepositoryRow, RepositoryTable, records
from headland.registry.repositories.retention import RetentionRepository
from headland.registry.repositories.statements import StatementRepository
from headland.registry.repositories.weather import WeatherRepository
from headland.registry.validation import records as check
from headland.registry.validation.alarm_rules import check_rota, check_rule, check_window
from headland.registry.validation.crop_bands import check_crop_band
from headland.registry.validation.irrigation import check_irrigation, check_irrigation_zone
from headland.registry.validation.lots import check_plant_protection_product
from headland.registry.validation.people import check_holding, check_member, check_person
from headland.registry.validation.targets import check_webhook
from headland.registry.validation.trials import check_trial, check_variable
from headland.registry.validation.weather import check_provider

#: Records that a check of the audit log names at most.
MOST_ALTERED: Final = 100


def _person_data(context: RepositoryContext) -> PersonDataRepository:
    book = Ledger(context)
    return PersonDataRepository(context, book, Anchors(context, book), lambda: _audited(context))


def _fields(context: RepositoryContext, more_rules: sa.ColumnElement[bool] | None = None) -> Repository[Field]:
    return Repository(
        context,
        Field,
        farm_tables.fields,
        check.check_field,
        prepare=check.measure_field,
        mask=None if right_to_read(context.role, KindOfRecord.OWNERS) is not Right.NONE else _without_owner,
        more_rules=more_rules,
    )


def _without_owner(field: Field) -> Field:
    return msgspec.structs.replace(field, owner="")


class OrganisationRepositories(RepositoryTable):
    """Repositories of one organisation, for one actor, who is named in the audit log."""

    members = records(KindOfRecord.ACCESS, Member, access_tables.members, check_member)
    people = records(KindOfRecord.PEOPLE, Person, people_tables.people, check_person)
    holdings = records(KindOfRecord.PEOPLE, Holding, people_tables.holdings, check_holding)
    tariffs = records(KindOfRecord.TARIFFS, TariffRecord, cooperative_tables.tariffs)
    subsidy_rules = records(KindOfRecord.TARIFFS, SubsidyRule, cooperative_tables.subsidy_rules)
    accounts = RepositoryRow(KindOfRecord.ACCOUNTS, AccountRepository, lambda made: (made.records,))
    statements = RepositoryRow(KindOfRecord.ACCOUNTS, StatementRepository, lambda made: (made.runs, made.statements))
    crop_bands = records(KindOfRecord.FARM, CropBand, crop_band_tables.crop_bands, check_crop_band)
    confirmations = records(KindOfRecord.FARM, Confirmation, confirmation_tables.confirmations)
    done_actions = RepositoryRow(KindOfRecord.NOTES, DoneActionRepository)
    germplasm = records(KindOfRecord.FARM, Germplasm, trial_tables.germplasm)
    trial_variables = records(KindOfRecord.FARM, TrialVariable, trial_tables.trial_variables, check_variable)
    trials = records(KindOfRecord.FARM, Trial, trial_tables.trials, check_trial)
    plot_observations = RepositoryRow(KindOfRecord.FARM, PlotObservationRepository, lambda made: (made.records,))
    farms = records(KindOfRecord.FARM, Farm, farm_tables.farms, check.check_farm)
    sites = records(KindOfRecord.INPUTS, Site, farm_tables.sites, check.check_site)
    fields = RepositoryRow(KindOfRecord.FIELDS, _fields)
    greenhouses = records(KindOfRecord.FARM, Greenhouse, farm_tables.greenhouses, check.check_greenhouse)
    zones = records(KindOfRecord.FARM, GreenhouseZone, farm_tables.greenhouse_zones)
    gateways = records(KindOfRecord.GATEWAYS, Gateway, farm_tables.gateways, check.check_gateway)
    devices = records(KindOfRecord.INPUTS, Device, farm_tables.devices)
    products = records(KindOfRecord.INPUTS, Product, farm_tables.products, check.check_product)
    implements = records(KindOfRecord.INPUTS, Implement, farm_tables.implements, check.check_implement)
    seasons = records(KindOfRecord.INPUTS, Season, farm_tables.seasons, check.check_season)
    irrigation_zones = records(
        KindOfRecord.FARM, IrrigationZone, irrigation_tables.irrigation_zones, check_irrigation_zone
    )
    irrigations = records(KindOfRecord.FARM, IrrigationRecord, irrigation_tables.irrigations, check_irrigation)
    prescriptions = records(KindOfRecord.INPUTS, Prescription, farm_tables.prescriptions)
    passes = RepositoryRow(KindOfRecord.PASSES, PassRepository, lambda made: (made.records,))
    # The entries of other kinds in it are sealed, see LEDGER_ENTRIES.
    ledger = RepositoryRow(KindOfRecord.PASSES, Ledger)
    plant_protection = records(
        KindOfRecord.FARM, PlantProtectionProduct, lot_tables.plant_protection_products, check_plant_protection_product
    )
    treatments = RepositoryRow(KindOfRecord.FARM, TreatmentRepository, lambda made: (made.records,))
    harvests = RepositoryRow(KindOfRecord.HARVESTS, StandingHarvests)
    lots = RepositoryRow(KindOfRecord.FARM, LotRepository, lambda made: (made.harvests, made.lots, made.operations))
    certificates = RepositoryRow(KindOfRecord.FARM, CertificateRepository, lambda made: (made.records, made.entries))
    proof_log = RepositoryRow(KindOfRecord.PROOFS, lambda context: ProofLog(context, Ledger(context)))
    anchors = RepositoryRow(KindOfRecord.PROOFS, lambda context: Anchors(context, Ledger(context)))
    person_data = RepositoryRow(KindOfRecord.PERSON_DATA, _person_data)
    epcis = RepositoryRow(KindOfRecord.FARM, EpcisRepository)
    releases = RepositoryRow(KindOfRecord.FARM, lambda context: ReleaseRepository(context, Ledger(context)))
    notes = RepositoryRow(KindOfRecord.NOTES, NoteRepository)
    photos = RepositoryRow(KindOfRecord.NOTES, NotePhotoRepository)
    forecasts = RepositoryRow(KindOfRecord.FARM, ForecastRepository)
    weather = RepositoryRow(KindOfRecord.FARM, WeatherRepository)
    forecast_providers = records(
        KindOfRecord.FORECAST_PROVIDERS, ForecastProviderSetting, weather_tables.forecast_providers, check_provider
    )
    map_sources = RepositoryRow(KindOfRecord.MAP_SOURCES, MapSourceRepository)
    alarm_rules = records(KindOfRecord.FARM, AlarmRule, alarm_tables.alarm_rules, check_rule)
    alarm_recipients = RepositoryRow(KindOfRecord.RECIPIENTS, RecipientRepository)
    maintenance = records(KindOfRecord.FARM, MaintenanceWindow, alarm_tables.maintenance_windows, check_window)
    duty_rotas = records(KindOfRecord.FARM, DutyRota, alarm_tables.duty_rotas, check_rota)
    alarms = RepositoryRow(KindOfRecord.ALARMS, AlarmRepository)
    delivery_marks = RepositoryRow(KindOfRecord.GATEWAYS, DeliveryMarkRepository)
    request_marks = RepositoryRow(KindOfRecord.SAMPLES, RequestMarkRepository)
    webhooks = RepositoryRow(
        KindOfRecord.ACCESS, lambda context: SecretRepository(context, Webhook, access_tables.webhooks, check_webhook)
    )
    webhook_cursors = RepositoryRow(KindOfRecord.ACCESS, WebhookCursors)
    retention = RepositoryRow(KindOfRecord.ACCESS, RetentionRepository)
    keys = records(KindOfRecord.ACCESS, ApiKey, access_tables.api_keys)
    # Whoever reads alarms and notes reads who acknowledged or wrote them.
    authors = RepositoryRow(KindOfRecord.ALARMS, AuthorNameRepository)

    @property
    def field_records(self) -> Repository[Field]:
        """Fields as they are now: those that a member holds. `fields` are also those of passes in a former holding."""
        context = self._context
        if context.person is None:
            return self.fields
        held = held_fields(farm_tables.fields, context.organisation, context.person, context.now_ms())
        return _fields(context, held)

    @property
    def organisation(self) -> str:
        """The organisation's id."""
        return self._context.organisation

    def add_key(
        self,
        name: str,
        scope: Scope,
        expires_ms: int | None = None,
        person: str | None = None,
        sender: str | None = None,
    ) -> tuple[ApiKey, str]:
        """Create an API key, of an active person if one is given; return its record and the key, which is not kept.

        `sender` is the kind of sender that it is made for. That of a sender is nobody's.
        """
        if scope is Scope.SAMPLES and person is not None:
            raise InvalidRecord("A sender's key belongs to no person: leave the person out, or choose another scope.")
        if person is not None and not self.people.get(person).active:
            raise InvalidRecord("This person is deactivated: activate the person first, or name another one.")
        key = api_keys.make_key()
        prefix = api_keys.prefix_of(key)
        record = ApiKey(name=name, scope=scope, prefix=prefix, expires_ms=expires_ms, person=person, sender=sender)
        return self.keys.add(record, {"secret_sha256": api_keys.hash_key(key)}), key

    def add_address(self, name: str, sender: str, expires_ms: int | None = None) -> tuple[ApiKey, str]:
        """Create an address by which senders of one kind write samples; return its record and its unguessable part.

        It is a key that opens the paths of `sender` alone; its unguessable part is not kept.
        """
        address = api_keys.make_address()
        prefix = api_keys.prefix_of_address(sender, address)
        record = ApiKey(name=name, scope=Scope.SAMPLES, prefix=prefix, expires_ms=expires_ms)
        return self.keys.add(record, {"secret_sha256": api_keys.hash_address(sender, address)}), address

    def add_people(self, new: Sequence[Person], held: Sequence[Holding]) -> tuple[list[Person], list[Holding]]:
        """Add people and holdings, all or none; a holding's `person` is an index of `new` as text, or an id."""
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            made = [self.people.add_within(connection, person, now_ms) for person in new]
            ids = {str(index): person.id for index, person in enumerate(made)}
            holdings = [
                self.holdings.add_within(
                    connection, msgspec.structs.replace(holding, person=ids.get(holding.person, holding.person)), now_ms
                )
                for holding in held
            ]
        return made, holdings

    def record_descriptor(self, gateway: str, descriptor: Descriptor, *, unmark: bool = False) -> Device:
        """Update a device by its descriptor; the fields that people set remain. An unchanged descriptor writes nothing.

        A device that was described as simulated once remains so, except with `unmark`.
        """
        with self._context.database.reading() as connection:
            known = self._find_device(connection, descriptor.device)
        if known is not None and _described(known, gateway, descriptor, unmark=unmark) == known:
            return known
        now_ms = self._context.now_ms()
        with self._context.database.writing() as connection:
            audit.lock_organisation(connection, self.organisation)
            known = self._find_device(connection, descriptor.device)
            blank = Device(name=descriptor.device, kind=descriptor.kind, gateway=gateway, site=descriptor.site)
            device = _described(known or blank, gateway, descriptor, unmark=unmark)
            if known is None:
                return self.devices.add_within(connection, device, now_ms)
            return known if device == known else self.devices.change_within(connection, device, now_ms)

    def sees_field_at(self, field: str, time_ms: int) -> bool:
        """Return whether this access sees what was done on a field at an instant: a member, where they held it then."""
        with self._context.database.reading() as connection:
            return sees_field_at(connection, self._context, field, time_ms)

    def audit_entries(
        self, record: str | None = None, *, before_seq: int | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """Return audit entries, the newest first, of one record or all, those before `before_seq`."""
        self._refuse_closed()
        with self._context.database.reading() as connection:
            return audit.read(connection, self.organisation, record, before_seq, limit)

    def newest_change(self) -> AuditEntry | None:
        """Return the newest entry, to compare: whoever sees no log may know that something changed."""
        with self._context.database.reading() as connection:
            return next(iter(audit.read(connection, self.organisation, None, None, 1)), None)

    def states_of(self, repository: Repository[Any], id: str) -> list[AuditEntry]:  # noqa: A002 - it is the record's id
        """Return what a record was, the newest first, to whoever reads it; raises NotFound."""
        repository.get(id, also_deleted=True)
        with self._context.database.reading() as connection:
            return audit.read(connection, self.organisation, id, None, 1000)

    def log(self, kind: str, record: str, action: audit.Action = "change") -> None:
        """Log a change of something that is no record of the registry, such as a refused message."""
        with self._context.database.writing() as connection:
            log(self._context, connection, kind, record, action)

    def check_audit(self) -> AuditCheck:
        """Check the whole audit log, and that every record is as its newest entry says."""
        self._refuse_closed()
        # In a writing transaction, so that no entry is added during the check.
        with self._context.database.writing() as connection:
            checked = audit.check(connection, self.organisation)
            if checked.broken_at is not None:
                return checked
            altered = [name for part in _audited(self._context) for name in part.altered_within(connection)]
        return msgspec.structs.replace(checked, altered=tuple(altered[:MOST_ALTERED]))

    def _refuse_closed(self) -> None:
        """Raise NotFound where the role does not read the log, which is of the whole organisation."""
        if right_to_read(self._context.role, KindOfRecord.ACCESS) is Right.NONE:
            raise NotFound("audit", "of others")

    def _find_device(self, connection: sa.Connection, name: str) -> Device | None:
        return self.devices.find_within(connection, name=name)


def _audited(context: RepositoryContext) -> list[Repository[Any]]:
    """Return the repositories whose records are in the audit log."""
    return [part for row in OrganisationRepositories.rows().values() for part in row.audited(context)]


def _described(device: Device, gateway: str, descriptor: Descriptor, *, unmark: bool) -> Device:
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
        simulated=descriptor.simulated or (device.simulated and not unmark),
    )
