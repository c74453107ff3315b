"""What the registry is told without anybody typing it: the first organisation, the demo's fields, what is heard."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from headland.contract.records import Descriptor
from headland.errors import HeadlandError
from headland.registry.models.errors import Conflict, NotFound
from headland.registry.models.models import Farm, Field, Gateway, Greenhouse, Implement, ImplementKind, Site
from headland.registry.registry import Registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from station.server.registries import open_registry
from station.server.scenarios import farm_named

if TYPE_CHECKING:
    from headland.store.port import Store

_LOGGER = logging.getLogger(__name__)

#: The organisation of a farm that runs on one machine.
FIRST_ORGANISATION: Final = "local"
FIRST_FARM: Final = "Home farm"
_KEEP_EVERY_S: Final = 10.0
#: Where all simulated farms are.
_DEMO_TIME_ZONE: Final = "Asia/Shanghai"


@contextmanager
def farm_estate(url: str, by: str) -> Iterator[OrganisationRepositories]:
    """The estate of a farm that runs on one machine, from a registry that is open for the length of the block."""
    with closing(open_registry(url)) as registry:
        yield first_estate(registry, FIRST_ORGANISATION, by)


def first_estate(registry: Registry, handle: str, by: str) -> OrganisationRepositories:
    """Return the estate of the organisation of that handle; one that is not there is made, with a first farm."""
    try:
        found = registry.organisation(handle)
    except NotFound:
        try:
            found = registry.add_organisation(handle, handle, by)
        except Conflict:  # another part of the farm was quicker
            found = registry.organisation(handle)
    repositories = registry.repositories(found.id, by)
    if not repositories.farms.list(limit=1) and repositories.farms.deleted_ms(name=FIRST_FARM) is None:
        with suppress(Conflict):
            repositories.farms.add(Farm(name=FIRST_FARM))
    return repositories


def add_demo(repositories: OrganisationRepositories, scenario: str, scale: int | None = None) -> None:
    """Keep the sites, fields and houses that a scenario simulates; what people changed or deleted stays so.

    `scale` is how many compartments its houses have; None: as many as it says.
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
                time_zone=_DEMO_TIME_ZONE,
                longitude_deg=longitude_deg,
                latitude_deg=latitude_deg,
            )
            sites[name] = repositories.sites.add(site)
    for drone in simulated.drones:
        plots = FIELDS[drone.scenario].corners_deg()
        rings = tuple(tuple((longitude, latitude) for latitude, longitude in (*plot, plot[0])) for plot in plots)
        geometry = tuple((ring,) for ring in rings)
        field = Field(farm=farm.id, name=drone.scenario, geometry=geometry, site=sites[drone.site].id)
        if not repositories.fields.list(name=field.name) and repositories.fields.deleted_ms(name=field.name) is None:
            repositories.fields.add(field)
        _keep_machine(repositories, drone.scenario)
    for house in simulated.houses:
        for name in house.devices if house.kind == "greenhouse" else ():
            if not repositories.greenhouses.list(name=name) and repositories.greenhouses.deleted_ms(name=name) is None:
                repositories.greenhouses.add(Greenhouse(farm=farm.id, site=sites[house.site].id, name=name))


def _keep_machine(repositories: OrganisationRepositories, scenario: str) -> None:
    """Keep what a simulated drone spreads or sprays with; which vehicle carries it is for a person to say."""
    from firmware_sim.drone.field_model import SprayerPlan
    from firmware_sim.drone.scenarios import FIELDS

    field = FIELDS[scenario]
    kind = ImplementKind.SPRAYER if isinstance(field.machine, SprayerPlan) else ImplementKind.SPREADER
    name = f"{scenario} {kind.value}"
    if not repositories.implements.list(name=name) and repositories.implements.deleted_ms(name=name) is None:
        repositories.implements.add(Implement(name=name, kind=kind, swath_m=field.swath_m))


def keep_gateway(repositories: OrganisationRepositories, name: str, site: str) -> None:
    """Keep a gateway that is not known yet. Raises Conflict where the login is another organisation's."""
    if not repositories.gateways.list(name=name):
        repositories.gateways.add(Gateway(name=name, site=site))


def drop_gateway(repositories: OrganisationRepositories, name: str) -> None:
    """Take a gateway out of use; where it is not known there is nothing to do."""
    for gateway in repositories.gateways.list(name=name):
        repositories.gateways.delete(gateway.id, gateway.version)


class RegistrySync:
    """A thread that keeps in the registry which gateways and devices the store has heard of.

    It writes only what has changed, and does not bring back what was deleted until that is heard of again. Where the
    registry is away it tries again, and says so once.
    """

    def __init__(self, registry: Registry, store: Store, handle: str) -> None:
        self._registry = registry
        self._store = store
        self._handle = handle
        self._known: dict[str, tuple[str, Descriptor]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="registry-keeper", daemon=True)
        self._trouble = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the round under way."""
        self._stop.set()
        self._thread.join()

    def keep(self) -> int:
        """Do one round; return how many devices were new or changed. Raises HeadlandError."""
        changed = 0
        repositories: OrganisationRepositories | None = None
        for record in self._store.devices(self._handle):
            told = (record.gateway, record.descriptor)
            # A gateway that is not named yet has sent samples only; its descriptor is on the way.
            if not record.gateway or self._known.get(record.descriptor.device) == told:
                continue
            repositories = repositories or first_estate(self._registry, self._handle, "station")
            heard_ms = record.last_seen_ms or 0
            try:
                if heard_ms >= (repositories.gateways.deleted_ms(name=record.gateway) or 0):
                    keep_gateway(repositories, record.gateway, record.descriptor.site)
                if heard_ms >= (repositories.devices.deleted_ms(name=record.descriptor.device) or 0):
                    repositories.observe(*told)
            except Conflict as error:
                _LOGGER.warning("Device %s is not in the registry: %s", record.descriptor.device, error)
            self._known[record.descriptor.device] = told
            changed += 1
        return changed

    def _run(self) -> None:
        while True:
            try:
                self.keep()
                trouble = ""
            except HeadlandError as error:
                trouble = str(error)
            if trouble and trouble != self._trouble:
                _LOGGER.warning("The registry does not learn of devices now: %s", trouble)
            self._trouble = trouble
            if self._stop.wait(_KEEP_EVERY_S):
                return
