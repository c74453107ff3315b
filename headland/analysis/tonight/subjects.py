"""Subjects of tonight's cards: the greenhouses and fields of an organisation, read at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from headland.analysis.greenhouse.rule_limits import RuleLimits, house_limits
from headland.analysis.inputs.scope import OrgScope
from headland.plain_numbers import is_digits
from headland.registry.models.alarms import Alarm, AlarmRule
from headland.registry.models.models import Field, Greenhouse
from headland.registry.repositories.house_devices import read_house_devices
from headland.registry.repositories.inactive_places import InactivePlaces, find_inactive_places
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord

SubjectKind = Literal["greenhouse", "field"]
#: Numbers in a name, of a length that is one.
_NUMBER: Final = re.compile("([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class OutlookSubject:
    """A greenhouse or field: its id in the API, name and site, its devices and the names that alarms give it.

    `id` is that of its record in the registry, and the name of a device that is in no greenhouse of it. `record` is
    that record, None for such a device. `forecast_id` is the name under which the station keeps its forecasts: that of
    the device where the greenhouse has one. `zones` are those of its devices.
    """

    kind: SubjectKind
    id: str
    name: str
    site: str
    devices: tuple[DeviceRecord, ...] = ()
    alarm_subjects: frozenset[str] = frozenset()
    record: Greenhouse | Field | None = None
    zones: frozenset[str] = frozenset()

    @property
    def forecast_id(self) -> str:
        """The id under which its forecasts are recorded."""
        return self.devices[0].descriptor.device if len(self.devices) == 1 else self.id

    @property
    def simulated(self) -> bool:
        """Whether its devices are simulated."""
        return bool(self.devices) and all(device.descriptor.simulated for device in self.devices)

    @property
    def key(self) -> tuple[str, list[tuple[int, str]], str]:
        """The order of subjects without trouble: greenhouses before fields, by name, numbers in it by their value."""
        parts = [(int(part), "") if is_digits(part) else (-1, part) for part in _NUMBER.split(self.name)]
        return "0" if self.kind == "greenhouse" else "1", parts, self.id


def list_subjects(scope: OrgScope, repositories: OrganisationRepositories) -> list[OutlookSubject]:
    """Return all greenhouses in use, of one device or several, and all fields but those of deactivated sites."""
    devices = list(scope.store.devices(scope.organisation))
    inactive = find_inactive_places(repositories)
    houses = _greenhouses([each for each in devices if not _is_inactive(each, inactive)], repositories)
    return [*houses, *(field for field in _fields(devices, repositories) if field.site not in inactive.sites)]


def _is_inactive(device: DeviceRecord, inactive: InactivePlaces) -> bool:
    return inactive.has_device(device.descriptor.device, device.descriptor.site)


def alarms_of(subject: OutlookSubject, alarms: Iterable[Alarm]) -> list[Alarm]:
    """Return the alarms about a subject: of its devices and zones, or of a field's weather, also of that to come."""
    if subject.kind == "field":
        return [alarm for alarm in alarms if alarm.kind in ("weather", "site") and alarm.site == subject.site]
    return [alarm for alarm in alarms if alarm.subject in subject.alarm_subjects]


def rule_limits(subject: OutlookSubject, rules: Iterable[AlarmRule]) -> RuleLimits:
    """Return the limits of a house by the rules of a farm."""
    return house_limits(rules, subject.site, {device.descriptor.device for device in subject.devices}, subject.zones)


def _greenhouses(devices: list[DeviceRecord], repositories: OrganisationRepositories) -> list[OutlookSubject]:
    registered = {greenhouse.id: greenhouse for greenhouse in repositories.greenhouses.all()}
    house_of_zone = {zone.id: zone.greenhouse for zone in repositories.zones.all()}
    belonging = read_house_devices(repositories)
    zone_of = {device.name: device.zone for device in repositories.devices.all() if device.zone is not None}
    members: dict[str, list[DeviceRecord]] = {}
    for record in devices:
        name = record.descriptor.device
        house = belonging.house_of(name)
        if house is not None:
            members.setdefault(house, []).append(record)
    subjects = []
    shared: set[str] = set()
    zones = _zones_by_house(house_of_zone)
    for house, records in members.items():
        names = frozenset(record.descriptor.device for record in records)
        if len(records) > 1:
            shared |= names
            site = records[0].descriptor.site
            greenhouse = registered.get(house)
            if greenhouse is not None:
                known_by = names | zones.get(house, frozenset())
                subjects.append(
                    OutlookSubject(
                        "greenhouse",
                        house,
                        greenhouse.name,
                        site,
                        tuple(records),
                        known_by,
                        greenhouse,
                        frozenset(zone_of[name] for name in names if name in zone_of),
                    )
                )
    for record in devices:
        descriptor = record.descriptor
        if descriptor.kind != "greenhouse" or descriptor.device in shared:
            continue
        house = belonging.house_of(descriptor.device)
        greenhouse = None if house is None else registered.get(house)
        own_id, name = descriptor.device, descriptor.name or descriptor.device
        if greenhouse is not None:
            own_id, name = greenhouse.id, greenhouse.name
        known_by = frozenset((descriptor.device,)) | (frozenset() if house is None else zones.get(house, frozenset()))
        own_zones = frozenset(zone_of[one] for one in (descriptor.device,) if one in zone_of)
        subjects.append(
            OutlookSubject("greenhouse", own_id, name, descriptor.site, (record,), known_by, greenhouse, own_zones)
        )
    return subjects


def _fields(devices: list[DeviceRecord], repositories: OrganisationRepositories) -> list[OutlookSubject]:
    sites = {site.id: site.name for site in repositories.sites.all()}
    by_site: dict[str, list[DeviceRecord]] = {}
    for record in devices:
        by_site.setdefault(record.descriptor.site, []).append(record)
    subjects = []
    for field in repositories.fields.all():
        site = "" if field.site is None else sites.get(field.site, "")
        subjects.append(OutlookSubject("field", field.id, field.name, site, tuple(by_site.get(site, ())), record=field))
    return subjects


def _zones_by_house(house_of_zone: Mapping[str, str]) -> dict[str, frozenset[str]]:
    zones: dict[str, set[str]] = {}
    for zone, house in house_of_zone.items():
        zones.setdefault(house, set()).add(zone)
    return {house: frozenset(names) for house, names in zones.items()}
