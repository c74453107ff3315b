"""Records of every kind for tests of the registry."""

from __future__ import annotations

from datetime import date

import numpy as np

from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.alarms import (
    AlarmRecipient,
    AlarmRule,
    AlarmTest,
    Escalation,
    MaintenanceWindow,
    RecipientKind,
    Severity,
)
from headland.registry.models.confirmations import Confirmation, DoneAction, DoubtTarget, SubjectKind
from headland.registry.models.cooperative import SubsidyRule, TariffRecord
from headland.registry.models.crop_bands import BandIndex, CropBand
from headland.registry.models.duty import DutyRota, DutyShift
from headland.registry.models.geometry import Geometry, Ring
from headland.registry.models.irrigation import IrrigationRecord, IrrigationZone
from headland.registry.models.map_sources import MapSource
from headland.registry.models.models import (
    Farm,
    Field,
    FieldZone,
    Gateway,
    Greenhouse,
    GreenhouseZone,
    GrowerNote,
    Implement,
    ImplementKind,
    Member,
    PatternPoint,
    Product,
    ProductKind,
    Scope,
    Season,
    Site,
    VersionedRecord,
    ZoneKind,
)
from headland.registry.models.people import Contact, ContactChannel, Holding, HoldingKind, Person
from headland.registry.models.plant_protection import ActiveIngredient, PlantProtectionProduct, ProductUse
from headland.registry.models.prescriptions import PrescribedZone, Prescription, PrescriptionCheck, pack_cells
from headland.registry.models.trials import Germplasm, Trial, TrialPlot, TrialTreatment, TrialVariable
from headland.registry.models.weather import ForecastProviderSetting
from headland.registry.models.webhooks import Webhook, WebhookEvent
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

START_MS = 1_790_000_000_000


def ring(west: float, south: float, east: float, north: float) -> Ring:
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


#: A rectangle in Jurong with a known geodesic area, and a pond in it.
PLOT: Geometry = ((ring(119.17, 31.95, 119.172, 31.952),),)
POND: Geometry = ((ring(119.1705, 31.9505, 119.171, 31.951),),)


def descriptor(device: str = "greenhouse-1", **changes: object) -> Descriptor:
    values: dict[str, object] = {
        "device": device,
        "kind": "greenhouse",
        "site": "wuhan",
        "name": "House 1",
        "channels": {"air_temperature_degc": ChannelInfo(unit="degC", interval_s=1.0)},
        **changes,
    }
    return Descriptor(**values)  # type: ignore[arg-type]


def fill(repositories: OrganisationRepositories) -> dict[str, VersionedRecord]:
    """Put one record of each kind in; return them by repository."""
    farm = repositories.farms.add(Farm(name="Home farm", longitude_deg=119.2, latitude_deg=31.9))
    site = repositories.sites.add(Site(farm=farm.id, name="wuhan", time_zone="Asia/Shanghai"))
    pond = FieldZone(kind=ZoneKind.EXCLUSION, name="pond", geometry=POND)
    field = repositories.fields.add(Field(farm=farm.id, name="North", geometry=PLOT, zones=(pond,), site=site.id))
    house = repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name="House 1", floor_area_m2=960.0))
    zone = repositories.zones.add(GreenhouseZone(greenhouse=house.id, name="east", crop="tomato"))
    gateway = repositories.gateways.add(Gateway(name=f"gateway-{repositories.organisation[-4:]}", site="wuhan"))
    device = repositories.record_descriptor(gateway.name, descriptor())
    pattern = tuple(PatternPoint(offset_m=offset, rate=rate) for offset, rate in ((-5.0, 0.0), (0.0, 1.0), (5.0, 0.0)))
    person = repositories.people.add(
        Person(name="Zhao", number="9", contacts=(Contact(channel=ContactChannel.SMS, address="13899990000"),))
    )
    variety = repositories.germplasm.add(Germplasm(name="Yangmai 25", crop="wheat", pui="CNA2016", synonyms=("YM25",)))
    watered = repositories.irrigation_zones.add(
        IrrigationZone(field=field.id, name="west", area_m2=2000.0, devices=("soil-1",), efficiency=0.9, flow_m3_h=20.0)
    )
    variable = repositories.trial_variables.add(
        TrialVariable(name="Grain yield", trait="grain yield", method="combine", unit="t/ha", least=0.0, most=20.0)
    )
    return {
        "germplasm": variety,
        "trial_variables": variable,
        "trials": repositories.trials.add(
            Trial(
                field=field.id,
                name="2026 nitrogen",
                kind="imported",
                treatments=(TrialTreatment(name="N0", n_kg_ha=0.0, germplasm=variety.id),),
                plots=(TrialPlot(number=1, name="101", row=0, column=0, block=0, main_plot=0, treatment=0),),
                variables=(variable.id,),
            )
        ),
        "people": person,
        "irrigation_zones": watered,
        "irrigations": repositories.irrigations.add(
            IrrigationRecord(field=field.id, zone=watered.id, day=date(2026, 7, 1), volume_m3=60.0, author="Li")
        ),
        "tariffs": repositories.tariffs.add(
            TariffRecord(name="2026 spraying", per_mu_fen=800, slopes_pct={field.id: 12.0})
        ),
        "confirmations": repositories.confirmations.add(
            Confirmation(target=DoubtTarget.SITE, target_id=site.id, cause="zone_elsewhere", value="UTC", author="Li")
        ),
        "done_actions": repositories.done_actions.add(
            DoneAction(
                time_ms=START_MS,
                subject_kind=SubjectKind.FIELD,
                subject=field.id,
                action="missed-1",
                text="Fly 1 missed strip",
                text_zh="补飞漏施的 1 条",
                author="test",
            )
        ),
        "crop_bands": repositories.crop_bands.add(
            CropBand(crop="tomato", stage="fruiting", index=BandIndex("vpd_kpa"), low=0.6, high=1.1, author="Li")
        ),
        "subsidy_rules": repositories.subsidy_rules.add(SubsidyRule(name="2026", fen_per_mu=1500, cap_mu=200.0)),
        "holdings": repositories.holdings.add(
            Holding(field=field.id, person=person.id, kind=HoldingKind.LEASE, parts=1, of_parts=3, end_ms=START_MS)
        ),
        "farms": farm,
        "sites": site,
        "fields": field,
        "greenhouses": house,
        "zones": zone,
        "gateways": gateway,
        "devices": device,
        "members": repositories.members.add(Member(subject="idp|1", name="Li", role=Scope.ADMIN)),
        "products": repositories.products.add(
            Product(
                name="Urea",
                kind=ProductKind.GRANULAR,
                n_pct=46.0,
                p2o5_pct=0.0,
                k2o_pct=0.0,
                nitrate_n_pct=0.0,
                ammonium_n_pct=0.0,
                amide_n_pct=46.0,
                density_kg_l=0.75,
            )
        ),
        "implements": repositories.implements.add(
            Implement(name="T30", kind=ImplementKind.SPREADER, swath_m=6.0, pattern=pattern, on_latency_s=0.8)
        ),
        "seasons": repositories.seasons.add(
            Season(
                field=field.id,
                name="2026 wheat",
                crop="winter wheat",
                sowing_date=date(2026, 10, 25),
                target_yield_t_ha=6.75,
            )
        ),
        "prescriptions": repositories.prescriptions.add(
            Prescription(
                field=field.id,
                name="jointing",
                unit="kg/ha",
                south_deg=31.95,
                west_deg=119.17,
                cell_north_deg=9e-5,
                cell_east_deg=1.06e-4,
                cell_m=10.0,
                rows=1,
                columns=2,
                cells=pack_cells(np.array([[0, -1]])),
                zones=(PrescribedZone(rate_ha=98.0, area_ha=0.01, amount=0.98, n_kg_ha=45.08, index_mean=0.6),),
                total=0.98,
                checks=(PrescriptionCheck(id="maximum_rate", holds=None, detail="no limit was given"),),
                method={"zones": "quantile", "of": "ndvi"},
            )
        ),
        "notes": repositories.notes.add(
            GrowerNote(greenhouse=house.id, time_ms=START_MS, author="Li", text="first ripe truss")
        ),
        "alarm_rules": repositories.alarm_rules.add(
            AlarmRule(
                name="frost",
                any_of=((AlarmTest(what="air_temperature_degc", below=2.0, hysteresis=1.0),),),
                zone=zone.id,
                escalation=(Escalation(after_s=600.0, severity=Severity.CRITICAL, recipients=("Li",)),),
            )
        ),
        "alarm_recipients": repositories.alarm_recipients.add(
            AlarmRecipient(name="Li", kind=RecipientKind.EMAIL, address="li@example.org")
        ),
        "duty_rotas": repositories.duty_rotas.add(
            DutyRota(
                name="Nights",
                site=site.id,
                weekly=(DutyShift(days=(1, 2, 3, 4, 5, 6, 7), start="20:00", end="06:00", people=("Li",)),),
            )
        ),
        "maintenance": repositories.maintenance.add(
            MaintenanceWindow(name="new sensors", start_ms=START_MS, end_ms=START_MS + 3_600_000, kind="greenhouse")
        ),
        "forecast_providers": repositories.forecast_providers.add(
            ForecastProviderSetting(provider="met-norway", enabled=True, contact="office@farm.example")
        ),
        "map_sources": repositories.map_sources.add(
            MapSource(
                name="OpenStreetMap",
                url="https://tile.openstreetmap.org/{z}/{x}/{y}.png",
                attribution="© OpenStreetMap contributors",
            )
        ),
        "webhooks": repositories.webhooks.add(
            Webhook(name="farm app", url="https://app.example/headland", events=(WebhookEvent.ALARM_RAISED,))
        ),
        "plant_protection": repositories.plant_protection.add(
            PlantProtectionProduct(
                name="Sample fungicide",
                registration_number="SAMPLE-1",
                unit="l",
                active_ingredients=(ActiveIngredient(name="azoxystrobin", content=250.0, unit="g_l"),),
                uses=(ProductUse(crop="tomato", most_dose_ha=0.9, pre_harvest_interval_days=5, most_uses_season=3),),
                is_sample=True,
            )
        ),
        "keys": repositories.add_key("app", Scope.READ)[0],
    }
