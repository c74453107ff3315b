"""Place where a crop grows: a field, or a zone of a greenhouse, with its names and its local days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from headland.registry.models.errors import InvalidRecord
from headland.registry.models.models import Device, Field, Greenhouse, GreenhouseZone
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


@dataclass(frozen=True, slots=True)
class GrowingPlace:
    """A field, or a zone with its greenhouse; `farm` and `name` are for people.

    `time_zone` is the site's, UTC where no site is declared.
    """

    field: Field | None
    zone: GreenhouseZone | None
    greenhouse: Greenhouse | None
    farm: str
    name: str
    time_zone: ZoneInfo

    @property
    def id(self) -> str:
        """The id of the field or zone."""
        return self.field.id if self.field is not None else self.zone.id if self.zone is not None else ""

    def day_of(self, time_ms: int) -> date:
        """Return the local day of an instant."""
        return datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(self.time_zone).date()


def find_place(repositories: OrganisationRepositories, field: str | None, zone: str | None) -> GrowingPlace:
    """Return a place by the id of its field or zone, also of a deleted one; raises NotFound, InvalidRecord."""
    if field is not None and zone is None:
        ground = repositories.fields.get(field, also_deleted=True)
        farm = repositories.farms.get(ground.farm, also_deleted=True)
        return GrowingPlace(ground, None, None, farm.name, ground.name, _zone_of(repositories, ground.site))
    if zone is None or field is not None:
        raise InvalidRecord("Name the field or the greenhouse zone, one of the two.")
    part = repositories.zones.get(zone, also_deleted=True)
    house = repositories.greenhouses.get(part.greenhouse, also_deleted=True)
    farm = repositories.farms.get(house.farm, also_deleted=True)
    return GrowingPlace(None, part, house, farm.name, f"{house.name} · {part.name}", _zone_of(repositories, house.site))


def devices_of(repositories: OrganisationRepositories, place: GrowingPlace) -> list[Device]:
    """Return the registered devices of a place: those in the zone, or those assigned to the field."""
    if place.zone is not None:
        return list(repositories.devices.all(zone=place.zone.id))
    return [] if place.field is None else list(repositories.devices.all(field=place.field.id))


def _zone_of(repositories: OrganisationRepositories, site: str | None) -> ZoneInfo:
    return ZoneInfo("UTC" if site is None else repositories.sites.get(site, also_deleted=True).time_zone)
