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
    cooperative_tables,
    crop_band_tables,
    farm_tables,
    lot_tables,
    people_tables,
    trial_tables,
)
from headland.registry.models import alarms, cooperative, models, people, trials
from headland.registry.models.access_table import KindOfRecord, Right, has_repository, right_to_read
from headland.registry.models.crop_bands import CropBand
from headland.registry.models.duty import DutyRota
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.models.models import ApiKey, Device
from headland.registry.models.plant_protection import PlantProtectionProduct
from headland.registry.models.prescriptions import Prescription
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
from headland.registry.repositories.notes import NotePhotoRepository, NoteRepository
from headland.registry.repositories.own_rows import ClosedRepository, held_fields, sees_field_at
from headland.registry.repositories.passes import PassRepository
from headland.registry.repositories.person_data.repository import PersonDataRepository
from headland.registry.repositories.plot_observations import PlotObservationRepository
from headland.registry.repositories.repository import Repository
from headland.registry.repositories.retention import RetentionRepository
from headland.registry.repositories.statements import StatementRepository
from headland.registry.validation import records
from headland.registry.validation.alarm_rules import check_rota, check_rule, check_window
from headland.registry.validation.crop_bands import check_crop_band
from headland.registry.validation.lots import check_plant_protection_product
from headland.registry.validation.people import check_holding, check_person
from headland.registry.validation.targets import check_webhook
from headland.registry.validation.trials import check_trial, check_variable

#: Records that a check of the audit log names at most.
MOST_ALTERED: Final = 100


class OrganisationRepositories:
    """Repositories of one organisation, for one actor, who is named in the audit log."""

    def __init__(self, context: RepositoryContext) -> None:
        self._context = context
        self.members = Repository(context, models.Member, access_tables.members)
        self.people = Repository(context, people.Person, people_tables.people, check_person)
        self.holdings = Repository(context, people.Holding, people_tables.holdings, check_holding)
        self.tariffs = Repository(context, cooperative.TariffRecord, cooperative_tables.tariffs)
        self.subsidy_rules = Repository(context, cooperative.SubsidyRule, cooperative_tables.subsidy_rules)
        self.accounts = AccountRepository(context)
        self.statements = StatementRepository(context)
        self.crop_bands = Repository(context, CropBand, crop_band_tables.crop_bands, check_crop_band)
        self.germplasm = Repository(context, trials.Germplasm, trial_tables.germplasm)
        self.trial_variables = Repository(context, trials.TrialVariable, trial_tables.trial_variables, check_variable)
        self.trials = Repository(context, trials.Trial, trial_tables.trials, check_trial)
        self.plot_observations = PlotObservationRepository(context)
        self.farms = Repository(context, models.Farm, farm_tables.farms, records.check_farm)
        self.sites = Repository(context, models.Site, farm_tables.sites, records.check_site)
        self.fields = _fields(context)
        self.greenhouses = Repository(context, models.Greenhouse, farm_tables.greenhouses)
        self.zones = Repository(context, models.GreenhouseZone, farm_tables.greenhouse_zones)
        self.gateways = Repository(context, models.Gateway, farm_tables.gateways, records.check_gateway)
        self.devices = Repository(context, models.Device, farm_tables.devices)
        self.products = Repository(context, models.Product, farm_tables.products, records.check_product)
        self.implements = Repository(context, models.Implement, farm_tables.implements, records.check_implement)
        self.seasons = Repository(context, models.Season, farm_tables.seasons, records.check_season)
        self.prescriptions = Repository(context, Prescription, farm_tables.prescriptions)
        self.passes = PassRepository(Repository(context, models.Pass, farm_tables.passes, records.check_pass))
        self.ledger = Ledger(context)
        self.plant_protection = Repository(
            context, PlantProtectionProduct, lot_tables.plant_protection_products, check_plant_protection_product
        )
        self.treatments = TreatmentRepository(context)
        self.harvests = StandingHarvests(context)
        self.lots = LotRepository(context)
        self.certificates = CertificateRepository(context)
        self.proof_log = ProofLog(context, self.ledger)
        self.anchors = Anchors(context, self.ledger)
        self.person_data = PersonDataRepository(context, self.ledger, self.anchors, self._audited)
        self.epcis = EpcisRepository(context)
        self.releases = ReleaseRepository(context, self.ledger)
        self.notes = NoteRepository(context)
        self.photos = NotePhotoRepository(context)
        self.forecasts = ForecastRepository(context)
        self.alarm_rules = Repository(context, alarms.AlarmRule, alarm_tables.alarm_rules, check_rule)
        self.alarm_recipients = RecipientRepository(context)
        self.maintenance = Repository(context, alarms.MaintenanceWindow, alarm_tables.maintenance_windows, check_window)
        self.duty_rotas = Repository(context, DutyRota, alarm_tables.duty_rotas, check_rota)
        self.alarms = AlarmRepository(context)
        self.delivery_marks = DeliveryMarkRepository(context)
        self.request_marks = RequestMarkRepository(context)
        self.webhooks = SecretRepository(context, Webhook, access_tables.webhooks, check_webhook)
        self.webhook_cursors = WebhookCursors(context)
        self.retention = RetentionRepository(context)
        self.keys = Repository(context, ApiKey, access_tables.api_keys)
        for name in vars(self).keys() - {"_context"}:
            if not has_repository(context.role, name):
                setattr(self, name, ClosedRepository(name))

    @property
    def field_records(self) -> Repository[models.Field]:
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
        self, name: str, scope: models.Scope, expires_ms: int | None = None, person: str | None = None
    ) -> tuple[ApiKey, str]:
        """Create an API key, of an active person if one is given; return its record and the key, which is not kept."""
        if person is not None and not self.people.get(person).active:
            raise InvalidRecord("This person is deactivated: activate the person first, or name another one.")
        key = api_keys.make_key()
        record = ApiKey(name=name, scope=scope, prefix=api_keys.prefix_of(key), expires_ms=expires_ms, person=person)
        return self.keys.add(record, {"secret_sha256": api_keys.hash_key(key)}), key

    def add_people(
        self, new: Sequence[people.Person], held: Sequence[people.Holding]
    ) -> tuple[list[people.Person], list[people.Holding]]:
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
            altered = [name for shelf in self._audited() for name in shelf.altered_within(connection)]
        return msgspec.structs.replace(checked, altered=tuple(altered[:MOST_ALTERED]))

    def _refuse_closed(self) -> None:
        """Raise NotFound where the role does not read the log, which is of the whole organisation."""
        if right_to_read(self._context.role, KindOfRecord.ACCESS) is Right.NONE:
            raise NotFound("audit", "of others")

    def _audited(self) -> list[Repository[Any]]:
        """Return the repositories whose records are in the audit log."""
        return [
            *(part for part in vars(self).values() if isinstance(part, Repository)),
            self.passes.records,
            self.accounts.records,
            self.statements.runs,
            self.statements.statements,
            self.treatments.records,
            self.plot_observations.records,
            self.lots.harvests,
            self.lots.lots,
            self.lots.operations,
            self.certificates.records,
            self.certificates.entries,
        ]

    def _find_device(self, connection: sa.Connection, name: str) -> Device | None:
        return self.devices.find_within(connection, name=name)


def _fields(context: RepositoryContext, more_rules: sa.ColumnElement[bool] | None = None) -> Repository[models.Field]:
    return Repository(
        context,
        models.Field,
        farm_tables.fields,
        records.check_field,
        prepare=records.measure_field,
        mask=None if right_to_read(context.role, KindOfRecord.OWNERS) is not Right.NONE else _without_owner,
        more_rules=more_rules,
    )


def _without_owner(field: models.Field) -> models.Field:
    return msgspec.structs.replace(field, owner="")


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
