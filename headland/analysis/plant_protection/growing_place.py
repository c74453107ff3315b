"""Place where a crop grows: a field, or a zone of a greenhouse, with its names, its local days and its growth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from headland.registry.models.errors import InvalidRecord
from headland.registry.models.lots import Harvest
from headland.registry.models.models import Device, Field, Greenhouse, GreenhouseZone
from headland.registry.repositories.local_time import find_local_time
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.lots import LONGEST_GROWTH_MS


@dataclass(frozen=True, slots=True)
class GrowingPlace:
    """A field, or a zone with its greenhouse; `farm` and `name` are for people.

    `time_zone` is that of `find_local_time`.
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

    @property
    def site_id(self) -> str | None:
        """The id of the site of the field or greenhouse; None without one."""
        if self.field is not None:
            return self.field.site
        return None if self.greenhouse is None else self.greenhouse.site

    def day_of(self, time_ms: int) -> date:
        """Return the local day of an instant."""
        return datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(self.time_zone).date()


def find_place(repositories: OrganisationRepositories, field: str | None, zone: str | None) -> GrowingPlace:
    """Return a place by the id of its field or zone, also of a deleted one; raises NotFound, InvalidRecord."""
    if field is not None and zone is None:
        ground = repositories.fields.get(field, also_deleted=True)
        farm = repositories.farms.get(ground.farm, also_deleted=True)
        return GrowingPlace(
            ground, None, None, farm.name, ground.name, find_local_time(repositories, ground.site, farm.id).zone
        )
    if zone is None or field is not None:
        raise InvalidRecord("Name the field or the greenhouse zone, one of the two.")
    part = repositories.zones.get(zone, also_deleted=True)
    house = repositories.greenhouses.get(part.greenhouse, also_deleted=True)
    farm = repositories.farms.get(house.farm, also_deleted=True)
    return GrowingPlace(
        None,
        part,
        house,
        farm.name,
        f"{house.name} · {part.name}",
        find_local_time(repositories, house.site, farm.id).zone,
    )


def devices_of(repositories: OrganisationRepositories, place: GrowingPlace) -> list[Device]:
    """Return the registered devices of a place: those in the zone, or those assigned to the field."""
    if place.zone is not None:
        return list(repositories.devices.all(zone=place.zone.id))
    return [] if place.field is None else list(repositories.devices.all(field=place.field.id))


def grown_from_ms(repositories: OrganisationRepositories, harvest: Harvest) -> int:
    """Return when a harvest's growth began: as declared, by its season's sowing, else 13 months before the harvest.

    Without a declared beginning the lot rather inherits too much than too little.
    """
    if harvest.grown_from_ms is not None:
        return harvest.grown_from_ms
    earliest_ms = max(0, harvest.time_ms - LONGEST_GROWTH_MS)
    if harvest.season is None:
        return earliest_ms
    sown = repositories.seasons.get(harvest.season, also_deleted=True).sowing_date
    if sown is None:
        return earliest_ms
    place = find_place(repositories, harvest.field, harvest.zone)
    start = datetime(sown.year, sown.month, sown.day, tzinfo=place.time_zone)
    return max(earliest_ms, round(start.timestamp() * 1000))
