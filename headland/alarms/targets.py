"""What there is to watch: devices with what they measured last, zones of them, gateways with what they said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from headland.alarms.rule_conditions import OWN, RuleInputs, devices_of, is_of_gateways, is_of_zones, wants_of
from headland.alarms.rule_values import ANY, Column, needs_of
from headland.alarms.samples import MAX_QUALITY, newest_by_device
from headland.registry.models.alarms import AlarmRule, AlarmTest, Group
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.alarm_rules import tests_of
from headland.store.port import Latest, SeriesFilter, Store

GATEWAY: Final = "gateway"
#: The kind of a zone of a greenhouse as the subject of an alarm.
ZONE: Final = "zone"
#: What each gateway says of itself, by its name: `headland.registry.validation.alarm_rules.GATEWAY_VALUES`.
GatewayValues = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Subject:
    """A device, a zone of a greenhouse or a gateway that rules may be for; a zone's `members` are its devices."""

    name: str
    kind: str
    site: str
    gateway: str
    zone: str | None = None
    simulated: bool = False
    newest: Mapping[str, Latest] = field(default_factory=dict)
    told: Mapping[str, float] = field(default_factory=dict)
    title: str = ""
    members: tuple[str, ...] = ()

    @property
    def heard_ms(self) -> int | None:
        """When its newest sample is from; None where there is none."""
        return max((one.time_ms for one in self.newest.values()), default=None)

    def newest_columns(self) -> dict[str, Column]:
        """Return its newest sample of each channel; one that is not fit has a time and no value."""
        return {
            channel: Column(
                np.array([one.time_ms], np.int64), np.array([one.value if one.quality <= MAX_QUALITY else np.nan])
            )
            for channel, one in self.newest.items()
        }


@dataclass(frozen=True, slots=True)
class EvaluationTargets:
    """Everything that rules may be for, and the time zones of its sites."""

    devices: Mapping[str, Subject]
    gateways: Mapping[str, Subject]
    zones: Mapping[str, ZoneInfo]
    compartments: Mapping[str, Subject] = field(default_factory=dict)

    def subjects_of(self, rule: AlarmRule) -> list[Subject]:
        """Return what a rule is for: what fits it and has all channels of at least one of its groups."""
        if is_of_gateways(rule):
            return [one for one in self.gateways.values() if _fits(rule, one)]
        if is_of_zones(rule):
            found = [self._with_members(rule, one) for one in self.compartments.values() if _fits(rule, one)]
        else:
            found = [one for one in self.devices.values() if _fits(rule, one)]
        return [one for one in found if any(self._can_tell(group, one) for group in rule.any_of)]

    def newest_of(self, device: str) -> Mapping[str, Latest]:
        """Return the newest sample of each channel of a device; none of one that is not there."""
        known = self.devices.get(device)
        return {} if known is None else known.newest

    def newest_sight(self, rule: AlarmRule, subject: Subject) -> RuleInputs:
        """Return what a rule sees on a subject of the newest samples alone."""
        others = {
            device: self.devices[device].newest_columns()
            for device in wants_of(rule, subject.name, subject.members)
            if device != subject.name and device in self.devices
        }
        return RuleInputs(subject.newest_columns(), others, subject.members)

    def _with_members(self, rule: AlarmRule, zone: Subject) -> Subject:
        members = tuple(name for name in zone.members if rule.kind in (None, self.devices[name].kind))
        return replace(zone, members=members, simulated=any(self.devices[name].simulated for name in members))

    def _can_tell(self, group: Group, subject: Subject) -> bool:
        """Return whether there is all that a group needs, somewhere in the zone for what looks across it."""
        return all(
            any(self._has(test, subject, device) for device in devices_of(test, subject.members))
            for test in tests_of((group,))
        )

    def _has(self, test: AlarmTest, subject: Subject, device: str) -> bool:
        newest = subject.newest if device == OWN else self.newest_of(device)
        return all(need in newest or (need == ANY and bool(newest)) for need in needs_of(test))

    def zone_of(self, site: str) -> tzinfo:
        """Return a site's time zone, UTC where nobody said it."""
        return self.zones.get(site, UTC)

    def utc_offset_ms(self, site: str, time_ms: int) -> int:
        """Return how far local clocks of a site are ahead of UTC at an instant."""
        zone = self.zones.get(site)
        offset = None if zone is None else datetime.fromtimestamp(time_ms / 1000, zone).utcoffset()
        return 0 if offset is None else round(offset.total_seconds() * 1000)

    def gateway_heard_ms(self, subject: str) -> int | None:
        """Return when anything of the gateway of a device was last measured."""
        device = self.devices.get(subject)
        if device is None:
            return None
        times = [one.heard_ms for one in self.devices.values() if one.gateway == device.gateway]
        return max((time_ms for time_ms in times if time_ms is not None), default=None)


def look(
    store: Store, repositories: OrganisationRepositories, organisation: str, gateways: GatewayValues
) -> EvaluationTargets:
    """Return what there is now; raises RetryLater where store or registry are away."""
    newest = newest_by_device(store.last(SeriesFilter(organisation)))
    zones = {device.name: device.zone for device in repositories.devices.all() if device.zone is not None}
    devices = {}
    sites: dict[str, str] = {}
    for record in store.devices(organisation):
        told = record.descriptor
        devices[told.device] = Subject(
            told.device,
            told.kind,
            told.site,
            record.gateway,
            zones.get(told.device),
            told.simulated,
            newest.get(told.device, {}),
        )
        sites.setdefault(record.gateway, told.site)
    compartments = _compartments(repositories, devices)
    heard = {name: Subject(name, GATEWAY, sites.get(name, ""), name, told=values) for name, values in gateways.items()}
    return EvaluationTargets(
        devices, heard, {site.name: ZoneInfo(site.time_zone) for site in repositories.sites.all()}, compartments
    )


def _compartments(repositories: OrganisationRepositories, devices: Mapping[str, Subject]) -> dict[str, Subject]:
    """Return the zones of greenhouses that have devices, by id."""
    inside: dict[str, list[Subject]] = {}
    for device in devices.values():
        if device.zone is not None:
            inside.setdefault(device.zone, []).append(device)
    if not inside:
        return {}
    houses = {house.id: house for house in repositories.greenhouses.all()}
    found = {}
    for zone in repositories.zones.all():
        members = sorted(inside.get(zone.id, []), key=lambda one: one.name)
        if members:
            title = f"{houses[zone.greenhouse].name}, {zone.name}" if zone.greenhouse in houses else zone.name
            found[zone.id] = Subject(
                zone.id, ZONE, members[0].site, members[0].gateway, zone.id, title=title,
                members=tuple(one.name for one in members),
            )  # fmt: skip
    return found


def _fits(rule: AlarmRule, subject: Subject) -> bool:
    return (
        rule.device in (None, subject.name)
        and (rule.kind in (None, subject.kind) or subject.kind == ZONE)
        and rule.site in (None, subject.site)
        and rule.zone in (None, subject.zone)
    )
