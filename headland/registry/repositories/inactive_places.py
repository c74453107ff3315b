"""Sites and greenhouses that are deactivated, and what is there: devices, zones, fields."""

from __future__ import annotations

from dataclasses import dataclass

from headland.registry.repositories.organisation_repositories import OrganisationRepositories


@dataclass(frozen=True, slots=True)
class InactivePlaces:
    """Deactivated sites by name and greenhouses by id, with the zones and devices of these greenhouses.

    A greenhouse at a deactivated site is deactivated with it.
    """

    sites: frozenset[str] = frozenset()
    greenhouses: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()

    def has_device(self, name: str, site: str) -> bool:
        """Tell whether a device, by its name and the site that it reports, is at such a place."""
        return name in self.devices or site in self.sites


def find_inactive_places(repositories: OrganisationRepositories) -> InactivePlaces:
    """Return the deactivated places of an organisation.

    A device belongs to a greenhouse by its zone, and one without a zone by the name that both have.
    """
    sites = [site for site in repositories.sites.all() if not site.active]
    site_ids = {site.id for site in sites}
    houses = [house for house in repositories.greenhouses.all() if not house.active or house.site in site_ids]
    site_names = frozenset(site.name for site in sites)
    if not houses:
        return InactivePlaces(site_names)
    ids = frozenset(house.id for house in houses)
    zones = frozenset(zone.id for zone in repositories.zones.all() if zone.greenhouse in ids)
    placed = [device for device in repositories.devices.all() if device.zone is not None]
    inside = {device.name for device in placed if device.zone in zones}
    named = {house.name for house in houses} - {device.name for device in placed}
    return InactivePlaces(site_names, ids, zones, frozenset(inside | named))
