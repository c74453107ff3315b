"""Greenhouses of the registry by their devices: what belongs to which, at every door the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headland.registry.repositories.organisation_repositories import OrganisationRepositories


@dataclass(frozen=True, slots=True)
class HouseDevices:
    """Registry ids of greenhouses by the names of devices in their zones, and by their own names."""

    by_zone: Mapping[str, str] = field(default_factory=dict)
    by_name: Mapping[str, str] = field(default_factory=dict)

    def house_of(self, device: str) -> str | None:
        """Return the registry id of a device's greenhouse: by its zone, without one by the name that both have."""
        return self.by_zone.get(device) or self.by_name.get(device)


def read_house_devices(repositories: OrganisationRepositories) -> HouseDevices:
    """Return which greenhouse of an organisation each device belongs to."""
    house_of_zone = {zone.id: zone.greenhouse for zone in repositories.zones.all()}
    by_zone = {
        device.name: house_of_zone[device.zone]
        for device in repositories.devices.all()
        if device.zone is not None and device.zone in house_of_zone
    }
    return HouseDevices(by_zone, {house.name: house.id for house in repositories.greenhouses.all()})
