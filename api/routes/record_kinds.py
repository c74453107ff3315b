"""Kinds of registry records that everybody may list, add and change: path, JSON, repository and example of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from api.schemas.model import EXAMPLE_ID, body_of_record, fill
from api.schemas.registry import FieldResource, read_field, show_field
from headland.analysis.inputs.doubts import DoubtQuestion, Judge
from headland.network.map_tiles import tile_address
from headland.registry.models.access_table import KindOfRecord, Right, right_to_read
from headland.registry.models.confirmations import Confirmation
from headland.registry.models.cooperative import SubsidyRule, TariffRecord
from headland.registry.models.crop_bands import CropBand
from headland.registry.models.irrigation import IrrigationRecord, IrrigationZone
from headland.registry.models.map_sources import MapSource
from headland.registry.models.models import (
    Farm,
    Greenhouse,
    GreenhouseZone,
    GrowerNote,
    Implement,
    Product,
    Season,
    Site,
    VersionedRecord,
)
from headland.registry.models.people import Holding, Person
from headland.registry.models.plant_protection import PlantProtectionProduct
from headland.registry.models.trials import Germplasm, TrialVariable
from headland.registry.models.weather import ForecastProviderSetting
from headland.registry.registry import Access
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.repositories.repository import Repository


@dataclass(frozen=True, slots=True)
class RecordResource:
    """A kind of record: its path, its name in the singular, its JSON, its repository, and the filters of its list."""

    path: str
    noun: str
    wire: type[VersionedRecord]
    repository: Callable[[OrganisationRepositories], Repository[Any]]
    example: dict[str, Any]
    within: tuple[str, ...] = ()
    read: Callable[[Any], VersionedRecord] = lambda thing: thing
    show: Callable[[Any], VersionedRecord] = lambda record: record
    #: The part that roles may not read though they read the record, and a record without it.
    part: KindOfRecord = KindOfRecord.ACCESS
    mask: Callable[[Any], VersionedRecord] = lambda record: record
    #: The URL in a record to which something will be posted.
    target: Callable[[Any], str | None] = lambda _record: None

    def show_to(self, records: Sequence[Any], access: Access, judge: Judge) -> list[VersionedRecord]:
        """Return records as JSON resources for an access, with the doubts about them where the resource has any."""
        right, has_doubts = right_to_read(access.acts_as, self.part), "doubts" in self.wire.__struct_fields__
        shown = []
        for record in records:
            is_own = right is Right.OWN and access.person == record.id
            resource = self.show(record if right is Right.ALL or is_own else self.mask(record))
            doubts = judge.about(record) if has_doubts else ()
            shown.append(msgspec.structs.replace(resource, doubts=tuple(doubts)) if doubts else resource)
        return shown


def _with_doubts(record: type[VersionedRecord]) -> Any:
    """Return a record as a resource that also has the doubts about it."""
    doubts = Annotated[tuple[DoubtQuestion, ...], "What is improbable in it, computed; each is a question to a person."]
    shape = msgspec.defstruct(
        f"{record.__name__}Resource",
        [("doubts", doubts, ())],
        bases=(VersionedRecord,),
        module=__name__,
        namespace={"__doc__": record.__doc__},
        frozen=True,
        kw_only=True,
    )
    return body_of_record(record)(shape)


_SITE: Final = _with_doubts(Site)
_GREENHOUSE: Final = _with_doubts(Greenhouse)
_SEASON: Final = _with_doubts(Season)
_OUTLINE: Final = [[[119.17, 31.95], [119.172, 31.95], [119.172, 31.952], [119.17, 31.952], [119.17, 31.95]]]

FARMS: Final = RecordResource(
    "farms",
    "farm",
    Farm,
    lambda repositories: repositories.farms,
    {"name": "Home farm", "longitude_deg": 119.17, "latitude_deg": 31.95},
)
SITES: Final = RecordResource(
    "sites",
    "site",
    _SITE,
    lambda repositories: repositories.sites,
    {"farm": EXAMPLE_ID, "name": "home", "time_zone": "Asia/Shanghai", "longitude_deg": 119.17, "latitude_deg": 31.95},
    within=("farm",),
    read=lambda thing: fill(Site, thing),
    show=lambda site: fill(_SITE, site),
)
FIELDS: Final = RecordResource(
    "fields",
    "field",
    FieldResource,
    lambda repositories: repositories.field_records,
    {"farm": EXAMPLE_ID, "name": "North", "geometry": {"type": "Polygon", "coordinates": _OUTLINE}},
    within=("farm",),
    read=read_field,
    show=show_field,
)
PRODUCTS: Final = RecordResource(
    "products",
    "product",
    Product,
    lambda repositories: repositories.products,
    {"name": "Urea", "kind": "granular", "n_pct": 46, "p2o5_pct": 0, "k2o_pct": 0, "density_kg_l": 0.75},
    within=("kind",),
)
IMPLEMENTS: Final = RecordResource(
    "implements",
    "implement",
    Implement,
    lambda repositories: repositories.implements,
    {"name": "T40 spreader", "kind": "spreader", "swath_m": 6, "tank_l": 70, "max_flow_kg_min": 60},
    within=("kind",),
)
SEASONS: Final = RecordResource(
    "seasons",
    "season",
    _SEASON,
    lambda repositories: repositories.seasons,
    {"field": EXAMPLE_ID, "name": "2026 wheat", "crop": "winter wheat", "sowing_date": "2026-10-25"},
    within=("field",),
    read=lambda thing: fill(Season, thing),
    show=lambda season: fill(_SEASON, season),
)
GREENHOUSES: Final = RecordResource(
    "greenhouses",
    "greenhouse",
    _GREENHOUSE,
    lambda repositories: repositories.greenhouses,
    {"farm": EXAMPLE_ID, "site": EXAMPLE_ID, "name": "House 1", "cover": "double film", "floor_area_m2": 960},
    within=("farm",),
    read=lambda thing: fill(Greenhouse, thing),
    show=lambda house: fill(_GREENHOUSE, house),
)
GREENHOUSE_ZONES: Final = RecordResource(
    "greenhouse-zones",
    "greenhouse zone",
    GreenhouseZone,
    lambda repositories: repositories.zones,
    {"greenhouse": EXAMPLE_ID, "name": "east", "crop": "tomato", "stage": "fruiting"},
    within=("greenhouse",),
)
NOTES: Final = RecordResource(
    "notes",
    "note",
    GrowerNote,
    lambda repositories: repositories.notes,
    {"greenhouse": EXAMPLE_ID, "time_ms": 1_795_507_200_000, "author": "Li", "text": "first ripe truss"},
    within=("greenhouse", "field", "zone", "site", "alarm"),
)


def _hide_contacts(person: Person) -> Person:
    return msgspec.structs.replace(person, contacts=(), note="")


PEOPLE: Final = RecordResource(
    "people",
    "person",
    Person,
    lambda repositories: repositories.people,
    {
        "name": "Wang Fang",
        "number": "017",
        "language": "zh",
        "contacts": [{"channel": "sms", "address": "13800000000"}],
    },
    part=KindOfRecord.CONTACTS,
    mask=_hide_contacts,
)
HOLDINGS: Final = RecordResource(
    "holdings",
    "holding",
    Holding,
    lambda repositories: repositories.holdings,
    {"field": EXAMPLE_ID, "person": EXAMPLE_ID, "kind": "lease", "parts": 1, "of_parts": 3},
    within=("field", "person"),
)
PLANT_PROTECTION_PRODUCTS: Final = RecordResource(
    "plant-protection-products",
    "plant-protection product",
    PlantProtectionProduct,
    lambda repositories: repositories.plant_protection,
    {
        "name": "Sample fungicide A",
        "registration_number": "SAMPLE-001",
        "unit": "l",
        "active_ingredients": [{"name": "azoxystrobin", "content": 250, "unit": "g_l"}],
        "uses": [{"crop": "tomato", "most_dose_ha": 0.9, "pre_harvest_interval_days": 5, "most_uses_season": 3}],
        "is_sample": True,
    },
)
CROP_BANDS: Final = RecordResource(
    "crop-bands",
    "crop band",
    CropBand,
    lambda repositories: repositories.crop_bands,
    {"crop": "tomato", "stage": "fruiting", "index": "vpd_kpa", "low": 0.6, "high": 1.1, "author": "Li Na"},
)
CONFIRMATIONS: Final = RecordResource(
    "confirmations",
    "confirmation",
    Confirmation,
    lambda repositories: repositories.confirmations,
    {
        "target": "site",
        "target_id": EXAMPLE_ID,
        "cause": "zone_elsewhere",
        "value": "Europe/Berlin 119.17 31.95",
        "author": "Li Na",
    },
    within=("target",),
)
FORECAST_PROVIDERS: Final = RecordResource(
    "forecast-providers",
    "forecast provider",
    ForecastProviderSetting,
    lambda repositories: repositories.forecast_providers,
    {"provider": "met-norway", "enabled": True, "contact": "office@farm.example"},
    target=lambda setting: setting.url or None,
)
MAP_SOURCES: Final = RecordResource(
    "map-sources",
    "map source",
    MapSource,
    lambda repositories: repositories.map_sources,
    {
        "name": "OpenStreetMap",
        "url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        "attribution": "© OpenStreetMap contributors",
        "system": "wgs84",
        "max_zoom": 19,
    },
    target=lambda source: tile_address(source.url, source.subdomains, "", 0, 0, 0),
)
IRRIGATION_ZONES: Final = RecordResource(
    "irrigation-zones",
    "irrigation zone",
    IrrigationZone,
    lambda repositories: repositories.irrigation_zones,
    {"field": EXAMPLE_ID, "name": "all", "texture": "loam", "method": "drip", "efficiency": 0.9, "flow_m3_h": 20},
    within=("field",),
)
IRRIGATIONS: Final = RecordResource(
    "irrigations",
    "irrigation record",
    IrrigationRecord,
    lambda repositories: repositories.irrigations,
    {"field": EXAMPLE_ID, "day": "2026-07-01", "volume_m3": 60, "author": "Li"},
    within=("field", "zone"),
)
KINDS: Final = (
    FARMS,
    SITES,
    FIELDS,
    PRODUCTS,
    IMPLEMENTS,
    SEASONS,
    GREENHOUSES,
    GREENHOUSE_ZONES,
    NOTES,
    PEOPLE,
    HOLDINGS,
    PLANT_PROTECTION_PRODUCTS,
    CROP_BANDS,
    CONFIRMATIONS,
    FORECAST_PROVIDERS,
    MAP_SOURCES,
    IRRIGATION_ZONES,
    IRRIGATIONS,
)
TARIFFS: Final = RecordResource(
    "tariffs",
    "tariff",
    TariffRecord,
    lambda repositories: repositories.tariffs,
    {"name": "2026 spraying", "per_mu_fen": 800, "minimum_fen": 5000, "night_pct": 20},
)
SUBSIDY_RULES: Final = RecordResource(
    "subsidy-rules",
    "subsidy rule",
    SubsidyRule,
    lambda repositories: repositories.subsidy_rules,
    {"name": "2026 plant protection", "fen_per_mu": 1500, "least_coverage_pct": 90, "repeat_days": 30, "cap_mu": 200},
)
ACCOUNT_KINDS: Final = (TARIFFS, SUBSIDY_RULES)
GERMPLASM: Final = RecordResource(
    "germplasm",
    "germplasm record",
    Germplasm,
    lambda repositories: repositories.germplasm,
    {"name": "Yangmai 25", "crop": "wheat", "pui": "CNA2016", "pedigree": "Yangmai 17*2/Yang 11-28"},
    within=("crop",),
)
TRIAL_VARIABLES: Final = RecordResource(
    "trial-variables",
    "trial variable",
    TrialVariable,
    lambda repositories: repositories.trial_variables,
    {"name": "Grain yield", "trait": "grain yield", "method": "plot combine, 13 % moisture", "unit": "t/ha"},
)
TRIAL_KINDS: Final = (GERMPLASM, TRIAL_VARIABLES)
