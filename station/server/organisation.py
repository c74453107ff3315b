"""The organisation of a farm in the registry: its first records, its bootstrap key, its demo farm, its gateways."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from headland.errors import SettingsError
from headland.i18n import LANGUAGES
from headland.registry.models.errors import NotFound, RecordConflict
from headland.registry.models.models import Farm, Field, Gateway, Greenhouse, Implement, ImplementKind, Scope, Site
from headland.registry.models.weather import ForecastProviderSetting
from station.server.files import write_whole
from station.server.place_names import first_name, implement_name, place_name, place_names
from station.server.scenarios import farm_named
from station.server.storage.registries import open_registry

if TYPE_CHECKING:
    from pathlib import Path

    from headland.i18n import Language
    from headland.registry.registry import Registry
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories
    from headland.registry.repositories.repository import Repository

_LOGGER = logging.getLogger(__name__)

#: Handle of the organisation of a farm that runs on one machine.
FIRST_ORGANISATION: Final = "local"
#: Name of the bootstrap key in the registry. There is one; it is in the farm's folder.
BOOTSTRAP_KEY: Final = "this machine"
#: Time zone of all simulated farms.
DEMO_TIME_ZONE: Final = "Asia/Shanghai"


@contextmanager
def open_first_organisation(url: str, by: str) -> Iterator[OrganisationRepositories]:
    """Open a registry for the length of the block; yield the repositories of the organisation on this machine."""
    with closing(open_registry(url)) as registry:
        yield ensure_organisation(registry, FIRST_ORGANISATION, by)


def ensure_organisation(registry: Registry, handle: str, by: str) -> OrganisationRepositories:
    """Return the repositories of an organisation; where it is missing, create it with a first farm.

    What is created has its name in the registry's first language; what is there keeps its own.
    """
    try:
        organisation = registry.organisation(handle)
    except NotFound:
        try:
            name = first_name("organisation", registry.first_language) if handle == FIRST_ORGANISATION else handle
            organisation = registry.add_organisation(handle, name, by)
        except RecordConflict:  # another process created it meanwhile
            organisation = registry.organisation(handle)
    repositories = registry.repositories(organisation.id, by)
    farms = repositories.farms
    if not farms.list(limit=1) and all(farms.deleted_ms(name=first_name("farm", each)) is None for each in LANGUAGES):
        with suppress(RecordConflict):
            farms.add(Farm(name=first_name("farm", registry.first_language)))
    return repositories


def ensure_bootstrap_key(registry: Registry, repositories: OrganisationRepositories, path: Path) -> None:
    """Ensure that a file holds a valid admin key of the organisation; raises SettingsError if it cannot be written.

    A key that was revoked, has expired, or is no longer in the file is replaced.
    """
    try:
        key_in_file = path.read_text().strip()
    except OSError:
        key_in_file = ""
    access = registry.authenticate(key_in_file)
    if access is not None and access.organisation.id == repositories.organisation and access.scope is Scope.ADMIN:
        return
    for lost in repositories.keys.list(name=BOOTSTRAP_KEY):
        repositories.keys.delete(lost.id, lost.version)
    _, key = repositories.add_key(BOOTSTRAP_KEY, Scope.ADMIN)
    try:
        write_whole(path, f"{key}\n".encode())
    except OSError as error:
        raise SettingsError(f"The bootstrap key cannot be written to {path}: {error.strerror}.") from error
    _LOGGER.info("Created an admin key in %s", path)


def add_demo(
    repositories: OrganisationRepositories, scenario: str, scale: int | None = None, language: Language = "en"
) -> None:
    """Add the records of a simulated farm, with its provider of forecasts; edited or deleted records stay so.

    `scale` is the number of compartments of its large greenhouses; None means the scenario's own number. Fields and
    houses have names in the language, those that are there keep theirs.
    """
    from firmware_sim.drone.scenarios import FIELDS
    from firmware_sim.greenhouse.scenarios import house_named

    farm = next(iter(repositories.farms.list(limit=1)), None)
    if farm is None:
        return
    simulated = farm_named(scenario, scale)
    sites = {site.name: site for site in repositories.sites.all()}
    fields = {drone.site: FIELDS[drone.scenario] for drone in simulated.drones}
    houses = {house.site: house_named(house.scenario).place for house in simulated.houses}
    places = {name: (place.longitude_deg, place.latitude_deg) for name, place in houses.items()}
    places |= {name: (field.longitude_deg, field.latitude_deg) for name, field in fields.items()}
    for name, (longitude_deg, latitude_deg) in places.items():
        if name not in sites:
            site = Site(
                farm=farm.id,
                name=name,
                time_zone=DEMO_TIME_ZONE,
                longitude_deg=longitude_deg,
                latitude_deg=latitude_deg,
            )
            sites[name] = repositories.sites.add(site)
    asked = "open-meteo"
    providers = repositories.forecast_providers
    if not providers.list(provider=asked) and providers.deleted_ms(provider=asked) is None:
        providers.add(ForecastProviderSetting(provider=asked, enabled=True))
    for drone in simulated.drones:
        plots = FIELDS[drone.scenario].corners_deg()
        rings = tuple(tuple((longitude, latitude) for latitude, longitude in (*plot, plot[0])) for plot in plots)
        geometry = tuple((ring,) for ring in rings)
        name = place_name(drone.scenario, language)
        if _is_unknown(repositories.fields, drone.scenario):
            repositories.fields.add(Field(farm=farm.id, name=name, geometry=geometry, site=sites[drone.site].id))
        _add_demo_implement(repositories, drone.scenario, language)
    for house in simulated.houses:
        for device in house.devices if house.kind == "greenhouse" else ():
            if _is_unknown(repositories.greenhouses, device):
                name = place_name(device, language)
                repositories.greenhouses.add(Greenhouse(farm=farm.id, site=sites[house.site].id, name=name))


def _is_unknown(records: Repository[Field] | Repository[Greenhouse], place: str) -> bool:
    """Tell whether no record has, or had, a name of a simulated place."""
    return all(not records.list(name=name) and records.deleted_ms(name=name) is None for name in place_names(place))


def _add_demo_implement(repositories: OrganisationRepositories, scenario: str, language: Language) -> None:
    """Add the sprayer or spreader of a simulated drone; a person assigns it to a vehicle."""
    from firmware_sim.drone.scenarios import FIELDS

    field, kind = FIELDS[scenario], _implement_kind(scenario)
    per_min, is_sprayer = field.machine.max_per_min, kind is ImplementKind.SPRAYER
    implement = Implement(
        name=implement_name(scenario, kind, language),
        kind=kind,
        swath_m=field.swath_m,
        max_flow_l_min=per_min if is_sprayer else None,
        max_flow_kg_min=None if is_sprayer else per_min,
        max_speed_m_s=field.speed_m_s,
    )
    implements = repositories.implements
    names = implement_names(scenario)
    if all(not implements.list(name=name) and implements.deleted_ms(name=name) is None for name in names):
        implements.add(implement)


def implement_names(scenario: str) -> frozenset[str]:
    """Return the names that the implement of a simulated drone may have been given."""
    kind = _implement_kind(scenario)
    return frozenset(implement_name(scenario, kind, language) for language in LANGUAGES)


def _implement_kind(scenario: str) -> ImplementKind:
    from firmware_sim.drone.field_model import SprayerPlan
    from firmware_sim.drone.scenarios import FIELDS

    return ImplementKind.SPRAYER if isinstance(FIELDS[scenario].machine, SprayerPlan) else ImplementKind.SPREADER


def add_gateway(repositories: OrganisationRepositories, name: str, site: str) -> None:
    """Add a gateway where it is missing. Raises Conflict where the login belongs to another organisation."""
    if not repositories.gateways.list(name=name):
        repositories.gateways.add(Gateway(name=name, site=site))


def delete_gateway(repositories: OrganisationRepositories, name: str) -> None:
    """Delete a gateway where it exists."""
    for gateway in repositories.gateways.list(name=name):
        repositories.gateways.delete(gateway.id, gateway.version)
